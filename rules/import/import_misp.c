/* MISP: events in files, and feeds (a folder with manifest.json and a file an event). Two passes: what
 * belongs to a pack of this program's own export has to be known before the first indicator is
 * added. */
#include <rules/import/misp.h>
#include <rules/misp.h>
#include <rules/uuid.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct source { /* a file's JSON */
	char *path;
	json_t *root;
};

struct sources {
	struct source *source;
	size_t n, room;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_named(const json_t *object, const char *name)
{
	const char *text = text_of(object, "name");
	return text && strcmp(text, name) == 0;
}

static int file_add(struct sources *s, const char *path, struct sl_err *err)
{
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 16;
		struct source *grown = reallocarray(s->source, room, sizeof *grown);
		if (!grown)
			return sl_fail(err, SL_ENOMEM, "out of memory");
		s->source = grown;
		s->room = room;
	}
	struct source *one = &s->source[s->n++];
	*one = (struct source){ .path = strdup(path) };
	return one->path ? sl_build_json(path, &one->root, err)
			 : sl_fail(err, SL_ENOMEM, "out of memory");
}

/* The events that the manifest names; a name that is no UUID is no file's. */
static int folder_add(struct sources *s, const char *folder, struct sl_err *err)
{
	char *path;
	json_t *manifest = NULL, *value;
	const char *uuid;
	if (asprintf(&path, "%s/manifest.json", folder) < 0)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	int rc = sl_build_json(path, &manifest, err);
	if (rc == SL_OK && !json_is_object(manifest))
		rc = sl_fail(err, SL_EFORMAT, "%s: is no feed's manifest", path);
	free(path);
	json_object_foreach(manifest, uuid, value)
	{
		if (rc < 0)
			break;
		if (!sl_uuid_valid(uuid))
			rc = sl_fail(err, SL_EFORMAT, "%s/manifest.json: \"%.64s\" is no event",
				     folder, uuid);
		else if (asprintf(&path, "%s/%s.json", folder, uuid) < 0)
			rc = sl_fail(err, SL_ENOMEM, "out of memory");
		else {
			rc = file_add(s, path, err);
			free(path);
		}
	}
	json_decref(manifest);
	return rc;
}

typedef void event_fn(struct sl_misp *m, const char *file, const json_t *event);

/* {"Event": …}, {"response": [ … ]}, a list of either, or an event itself. */
static void events_each(struct sl_misp *m, const char *file, const json_t *root, event_fn *fn)
{
	const json_t *list = json_object_get(root, "response");
	list = list ? list : root;
	size_t n = json_is_array(list) ? json_array_size(list) : 1;
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_is_array(list) ? json_array_get(list, i) : list;
		const json_t *event = json_object_get(one, "Event");
		fn(m, file, event ? event : one);
	}
}

static size_t detecting(const json_t *holder)
{
	const json_t *list = json_object_get(holder, "Attribute");
	size_t n = 0;
	for (size_t i = 0; i < json_array_size(list); i++)
		n += sl_misp_flag(json_array_get(list, i), "to_ids") &&
		     !sl_misp_flag(json_array_get(list, i), "deleted");
	return n;
}

/* The own keys of the pack that the event was: a new reference, or NULL. */
static json_t *head_of(const json_t *event)
{
	const json_t *objects = json_object_get(event, "Object");
	for (size_t i = 0; i < json_array_size(objects); i++)
		if (is_named(json_array_get(objects, i), SL_MISP_PACK))
			return sl_misp_own_json(json_array_get(objects, i));
	return NULL;
}

static void event_scan(struct sl_misp *m, const char *file, const json_t *event)
{
	const json_t *objects = json_object_get(event, "Object");
	(void)file;
	m->own.foreign += detecting(event);
	for (size_t i = 0; i < json_array_size(objects); i++) {
		const json_t *object = json_array_get(objects, i);
		if (!is_named(object, SL_MISP_PACK) && !is_named(object, SL_MISP_OBJECT))
			m->own.foreign += detecting(object);
	}
	json_t *head = head_of(event);
	if (head)
		sl_own_head(&m->own, head);
	json_decref(head);
}

static json_t *links_of(const json_t *event)
{
	const json_t *list = json_object_get(event, "Attribute");
	json_t *links = json_array();
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);
		const char *type = text_of(a, "type");
		if (type && strcmp(type, "link") == 0 && !sl_misp_flag(a, "deleted") &&
		    text_of(a, "value"))
			json_array_append(links, json_object_get(a, "value"));
	}
	return links;
}

static void attributes_add(struct sl_misp *m, struct sl_misp_event *e, const json_t *object)
{
	const json_t *list = json_object_get(object ? object : e->event, "Attribute");
	for (size_t i = 0; i < json_array_size(list); i++)
		sl_misp_attribute(m, e, object, json_array_get(list, i));
}

static void event_add(struct sl_misp *m, const char *file, const json_t *event)
{
	struct sl_misp_event e = {
		.file = file, .event = event, .links = links_of(event), .head = head_of(event)
	};
	struct sl_place at = { .file = file, .id = text_of(event, "uuid") };
	const json_t *objects = json_object_get(event, "Object");
	if (!json_object_get(event, "Attribute") && !objects)
		sl_import_leave(m->im, &at, "is no event: it has neither attributes nor objects");
	attributes_add(m, &e, NULL);
	for (size_t i = 0; i < json_array_size(objects); i++) {
		const json_t *object = json_array_get(objects, i);
		if (sl_misp_flag(object, "deleted") || is_named(object, SL_MISP_PACK))
			continue;
		if (is_named(object, SL_MISP_OBJECT))
			sl_misp_own(m, &e, object);
		else
			attributes_add(m, &e, object);
	}
	if (e.not_ids)
		sl_import_note(m->im, &at,
			       "%zu attributes are not for detection (to_ids): left out (--all "
			       "takes them over)",
			       e.not_ids);
	json_decref(e.links);
	json_decref(e.head);
}

int sl_import_misp(struct sl_import *im, char *const *paths, size_t n, struct sl_err *err)
{
	struct sl_misp m = { .im = im };
	struct sources s = { 0 };
	struct stat st;
	int rc = SL_OK;
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		rc = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode)
			     ? folder_add(&s, paths[i], err)
			     : file_add(&s, paths[i], err);
	for (size_t i = 0; i < s.n && rc == SL_OK; i++)
		events_each(&m, s.source[i].path, s.source[i].root, event_scan);
	if (rc == SL_OK)
		m.own_pack = sl_own_use(&m.own, im, &(struct sl_place){ .file = paths[0] });
	for (size_t i = 0; i < s.n && rc == SL_OK; i++)
		events_each(&m, s.source[i].path, s.source[i].root, event_add);
	for (size_t i = 0; i < s.n; i++) {
		json_decref(s.source[i].root);
		free(s.source[i].path);
	}
	free(s.source);
	sl_own_fini(&m.own);
	return rc;
}
