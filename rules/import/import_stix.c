/* STIX 2.1 bundles: the indicator objects whose patterns are STIX patterns, with what is said of them.
 * Other objects say nothing that a sensor looks for. Two passes: what belongs to a pack of this
 * program's own export has to be known before the first indicator is added. */
#include <rules/import/build.h>
#include <rules/import/own.h>
#include <rules/import/stix.h>
#include <rules/stix.h>

#include <selat/time.h>
#include <stdlib.h>
#include <string.h>

struct bundle {
	struct sl_import *im;
	struct sl_own own;
	bool own_pack; /* the new pack has the old one's keys */
	json_t *tlp;    /* ids of marking definitions that are none of the standard's: label */
	json_t *newest; /* ids of indicators: when their newest version was modified */
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_type(const json_t *object, const char *type)
{
	const char *text = text_of(object, "type");
	return text && strcmp(text, type) == 0;
}

/* "definition": { "tlp": "amber" }, or TLP 2.0's extension. */
static void marking_note(struct bundle *b, const json_t *object)
{
	const char *id = text_of(object, "id");
	const char *word = text_of(json_object_get(object, "definition"), "tlp");
	const json_t *extensions = json_object_get(object, "extensions");
	if (!word)
		word = text_of(json_object_get(extensions, SL_STIX_TLP2_EXTENSION), "tlp_2_0");
	enum sl_tlp tlp = word ? sl_stix_word_tlp(word) : SL_TLP_NONE;
	if (id && tlp)
		json_object_set_new(b->tlp, id, json_integer(tlp));
}

/* Nanoseconds since 1970; 0: none is said. */
static json_int_t modified_of(const json_t *object)
{
	const char *text = text_of(object, "modified");
	uint64_t ns;
	return text && sl_time_parse(text, &ns, NULL) == 0 ? (json_int_t)ns : 0;
}

/* Of several versions of an object the newest counts (STIX 2.1, 3.6). */
static void version_note(struct bundle *b, const json_t *object)
{
	const char *id = text_of(object, "id");
	const json_t *old = id ? json_object_get(b->newest, id) : NULL;
	json_int_t modified = modified_of(object);
	if (id && (!old || json_integer_value(old) < modified))
		json_object_set_new(b->newest, id, json_integer(modified));
}

/* Once it is taken no other of that id is. */
static bool version_take(struct bundle *b, const struct sl_place *at, const json_t *object)
{
	json_t *newest = json_object_get(b->newest, at->id);
	if (json_is_integer(newest) && json_integer_value(newest) == modified_of(object))
		return json_object_set_new(b->newest, at->id, json_true()) == 0;
	sl_import_note(b->im, at, "another version of it, or the same again, is taken: left out");
	return false;
}

static void object_scan(struct bundle *b, const json_t *object)
{
	const json_t *head = json_object_get(object, "x_selat_pack");
	if (is_type(object, "marking-definition"))
		marking_note(b, object);
	else if (is_type(object, "grouping") && head)
		sl_own_head(&b->own, head);
	if (!is_type(object, "indicator"))
		return;
	version_note(b, object);
	b->own.foreign += !json_object_get(object, "x_selat_indicator");
}

/* The strictest of its labels; a marking that is no label of TLP is told: it may forbid something. */
static void tlp_set(struct bundle *b, const struct sl_place *at, const json_t *object, json_t *meta)
{
	const json_t *refs = json_object_get(object, "object_marking_refs");
	enum sl_tlp strictest = SL_TLP_NONE;
	for (size_t i = 0; i < json_array_size(refs); i++) {
		const char *id = json_string_value(json_array_get(refs, i));
		enum sl_tlp tlp = id ? sl_stix_marking_tlp(id) : SL_TLP_NONE;
		if (id && !tlp)
			tlp = (enum sl_tlp)json_integer_value(json_object_get(b->tlp, id));
		if (id && !tlp)
			sl_import_note(b->im, at, "the marking %s is no TLP label: read it yourself",
				       id);
		strictest = tlp > strictest ? tlp : strictest;
	}
	if (strictest)
		json_object_set_new(meta, "tlp", json_string(sl_tlp_text(strictest)));
}

/* Labels of this program's exports, for what STIX has no property. */
static void label_set(json_t *meta, const char *label)
{
	if (strncmp(label, "rsit:", 5) == 0)
		sl_build_class(meta, label + 5);
	else if (strncmp(label, "severity:", 9) == 0 && sl_severity_parse(label + 9))
		json_object_set_new(meta, "severity", json_string(label + 9));
	else if (strcmp(label, "status:shadow") == 0 || strcmp(label, "status:off") == 0)
		json_object_set_new(meta, "status", json_string(label + strlen("status:")));
	else if (strncmp(label, "drill:", 6) == 0)
		json_object_set_new(meta, "drill", json_string(label + 6));
}

/* Is the word among its types? STIX 2.0 has them as labels. */
static bool has_type(const json_t *object, const char *type)
{
	static const char *const keys[] = { "indicator_types", "labels" };
	for (size_t k = 0; k < 2; k++) {
		const json_t *list = json_object_get(object, keys[k]);
		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *word = json_string_value(json_array_get(list, i));
			if (word && strcmp(word, type) == 0)
				return true;
		}
	}
	return false;
}

/* Labels say more than the types: they are read last. */
static void class_set(const json_t *object, json_t *meta)
{
	const json_t *list = json_object_get(object, "labels");
	if (has_type(object, "compromised"))
		sl_build_class(meta, "intrusions");
	if (has_type(object, "malicious-activity"))
		sl_build_class(meta, "malicious-code");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *label = json_string_value(json_array_get(list, i));
		if (label)
			label_set(meta, label);
	}
}

static void references_set(struct bundle *b, const struct sl_place *at, const json_t *object,
			   json_t *meta)
{
	const json_t *list = json_object_get(object, "external_references");
	for (size_t i = 0; i < json_array_size(list); i++)
		sl_build_reference(b->im, at, meta, text_of(json_array_get(list, i), "url"));
}

/* What STIX says of the indicator, but its pattern, as a pack's keys. */
static json_t *meta_of(struct bundle *b, const struct sl_place *at, const json_t *object)
{
	static const char *const times[] = { "valid_from", "valid_until" };
	json_t *meta = json_object();
	sl_build_name(b->im, at, meta, text_of(object, "name"));
	sl_build_description(b->im, at, meta, text_of(object, "description"));
	for (size_t i = 0; i < 2; i++)
		if (json_object_get(object, times[i]))
			json_object_set(meta, times[i], json_object_get(object, times[i]));
	if (json_object_get(object, "confidence"))
		json_object_set(meta, "confidence", json_object_get(object, "confidence"));
	class_set(object, meta);
	references_set(b, at, object, meta);
	tlp_set(b, at, object, meta);
	return meta;
}

/* The pack's name: our own reference is "PACK:ID". malloc'd; NULL: it has none. */
static char *own_pack_name(const json_t *object, const char *id)
{
	const json_t *list = json_object_get(object, "external_references");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *source = text_of(json_array_get(list, i), "source_name");
		const char *own = text_of(json_array_get(list, i), "external_id");
		size_t len = own ? strlen(own) : 0, tail = strlen(id) + 1;
		if (source && strcmp(source, "selat") == 0 && len > tail &&
		    own[len - tail] == ':' && strcmp(own + len - tail + 1, id) == 0)
			return strndup(own, len - tail);
	}
	return NULL;
}

/* The pattern is what others look for: an object whose pattern was changed is no longer what its
 * author's own JSON says. */
static void own_add(struct bundle *b, const struct sl_place *at, const json_t *object)
{
	json_t *ind = json_deep_copy(json_object_get(object, "x_selat_indicator"));
	const char *given = text_of(object, "pattern");
	if (!sl_build_check(b->im, at, ind)) {
		json_decref(ind);
		return;
	}
	char *pattern = sl_stix_pattern(ind);
	if (!pattern)
		pattern = json_dumps(ind, JSON_COMPACT | JSON_SORT_KEYS);
	bool same = pattern && given && strcmp(pattern, given) == 0;
	free(pattern);
	if (!same) {
		sl_import_leave(b->im, at, "its pattern and its x_selat_indicator do not say the same");
		json_decref(ind);
		return;
	}
	if (!b->own_pack) {
		char *pack = own_pack_name(object, text_of(ind, "id"));
		json_t *meta = meta_of(b, at, object);
		sl_own_fill(ind, meta);
		sl_own_rename(&b->own, ind, pack);
		json_decref(meta);
		free(pack);
	}
	sl_build_add(b->im, at, ind);
}

static void pattern_add(struct bundle *b, const struct sl_place *at, const json_t *object)
{
	const char *type = text_of(object, "pattern_type"), *text = text_of(object, "pattern");
	struct sl_stix_pattern pattern = { 0 };
	struct sl_err why = { "" };
	if (!text || (type && strcmp(type, "stix") != 0)) {
		sl_import_leave(b->im, at, "its pattern is of the type \"%s\", not \"stix\"",
				type ? type : "");
		return;
	}
	json_t *options = NULL;
	if (sl_stix_parse(&pattern, text, &why) == SL_OK)
		options = sl_stix_indicators(&pattern, &why);
	sl_stix_fini(&pattern);
	if (!options) {
		sl_import_leave(b->im, at, "%s", why.text);
		return;
	}
	json_t *meta = meta_of(b, at, object);
	sl_build_options(b->im, at, meta, options, at->id);
	json_decref(meta);
	json_decref(options);
}

static void object_add(struct bundle *b, const char *file, const json_t *object)
{
	struct sl_place at = { .file = file, .id = text_of(object, "id") };
	if (!is_type(object, "indicator"))
		return;
	if (!at.id)
		sl_import_leave(b->im, &at, "an indicator object has no id");
	else if (!version_take(b, &at, object))
		return;
	else if (json_is_true(json_object_get(object, "revoked")))
		sl_import_note(b->im, &at, "is revoked: left out");
	else if (has_type(object, "benign")) /* known in order to be passed over */
		sl_import_leave(b->im, &at, "is of the type benign: a pack holds what is not");
	else if (json_object_get(object, "x_selat_indicator"))
		own_add(b, &at, object);
	else
		pattern_add(b, &at, object);
}

/* A bundle's objects, a list of objects, or one object alone. */
static const json_t *objects_of(const json_t *root)
{
	const json_t *objects = json_object_get(root, "objects");
	return objects ? objects : root;
}

static void objects_each(struct bundle *b, const char *file, const json_t *root, bool add)
{
	const json_t *objects = objects_of(root);
	size_t n = json_is_array(objects) ? json_array_size(objects) : 1;
	for (size_t i = 0; i < n; i++) {
		const json_t *object = json_is_array(objects) ? json_array_get(objects, i) : objects;
		if (add)
			object_add(b, file, object);
		else
			object_scan(b, object);
	}
}

int sl_import_stix(struct sl_import *im, char *const *paths, size_t n, struct sl_err *err)
{
	struct bundle b = { .im = im, .tlp = json_object(), .newest = json_object() };
	json_t *roots = json_array();
	int rc = SL_OK;
	for (size_t i = 0; i < n && rc == SL_OK; i++) {
		json_t *root = NULL;
		rc = sl_build_json(paths[i], &root, err);
		json_array_append_new(roots, root ? root : json_null());
	}
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		objects_each(&b, paths[i], json_array_get(roots, i), false);
	if (rc == SL_OK)
		b.own_pack = sl_own_use(&b.own, im, &(struct sl_place){ .file = paths[0] });
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		objects_each(&b, paths[i], json_array_get(roots, i), true);
	json_decref(roots);
	json_decref(b.tlp);
	json_decref(b.newest);
	sl_own_fini(&b.own);
	return rc;
}
