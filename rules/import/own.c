/* Packs that come back from their own export. A head is checked as a pack's is; an indicator is
 * checked where it is added. */
#include <rules/import/own.h>

#include <rules/import/build.h>
#include <rules/reader.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_BYTES = 128 }; /* of a list's name */

void sl_own_head(struct sl_own *own, const json_t *head)
{
	if (own->heads++ == 0)
		own->head = json_deep_copy(head);
}

void sl_own_fini(struct sl_own *own)
{
	json_decref(own->head);
	*own = (struct sl_own){ 0 };
}

/* Is it what a pack begins with? `head` gets "indicators", so that nothing is missing. */
static bool head_check(json_t *head, struct sl_import *im, const struct sl_place *at)
{
	struct sl_problems problems = { 0 };
	struct sl_lists lists = { 0 };
	struct sl_reader r = { .file = at->file,
			       .problems = &problems,
			       .lists = &lists,
			       .indicator = SL_NO_INDICATOR };
	json_object_set_new(head, "indicators", json_pack("[n]"));
	sl_pack_head_check(&r, head);
	if (problems.errors)
		sl_import_note(im, at, "the pack's own keys are not used: %s",
			       problems.n ? problems.problem[0].text : "no memory");
	bool fine = problems.errors == 0;
	sl_problems_fini(&problems);
	sl_lists_fini(&lists);
	return fine;
}

/* May another's list have this name beside the new pack? What lies there is not written over. */
static bool list_is_free(const struct sl_import *im, const char *name, const json_t *text)
{
	const char *output = im->options->output, *slash = strrchr(output, '/');
	char *path, *there = NULL;
	size_t len;
	if (!json_is_string(text) || strchr(name, '/') || name[0] == '.' || !name[0] ||
	    strlen(name) > NAME_BYTES || strcmp(name, slash ? slash + 1 : output) == 0)
		return false;
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	if (asprintf(&path, "%.*s%s", slash ? (int)(slash + 1 - output) : 0, output, name) < 0)
		return false;
	bool fine = access(path, F_OK) < 0 && errno == ENOENT;
	if (!fine && sl_import_load(path, &there, &len, NULL) == SL_OK)
		fine = len == json_string_length(text) &&
		       memcmp(there, json_string_value(text), len) == 0;
	free(there);
	free(path);
	return fine;
}

/* The pack's lists, to be written beside the new one. */
static void lists_take(json_t *lists, struct sl_import *im, const struct sl_place *at)
{
	const char *name;
	json_t *text;
	json_object_foreach(lists, name, text)
	{
		if (list_is_free(im, name, text))
			json_object_set(im->lists, name, text);
		else
			sl_import_leave(im, at,
					"the list \"%.128s\" cannot be written: another file has that "
					"name, or it is none",
					name);
	}
}

bool sl_own_use(struct sl_own *own, struct sl_import *im, const struct sl_place *at)
{
	if (own->heads != 1 || own->foreign || !json_is_object(own->head))
		return false;
	json_t *lists = json_incref(json_object_get(own->head, "lists"));
	json_object_del(own->head, "lists");
	bool fine = head_check(own->head, im, at);
	if (fine)
		lists_take(lists, im, at);
	json_decref(lists);
	if (!fine)
		return false;
	json_object_del(own->head, "indicators");
	if (im->options->name)
		json_object_set_new(own->head, "pack", json_string(im->options->name));
	json_object_clear(im->root);
	json_object_update(im->root, own->head);
	return true;
}

void sl_own_rename(const struct sl_own *own, json_t *indicator, const char *pack)
{
	const char *id = json_string_value(json_object_get(indicator, "id"));
	char *text, made[SL_BUILD_ID + 1];
	if (own->heads < 2 || !pack || !id || asprintf(&text, "%s:%s", pack, id) < 0)
		return;
	sl_build_id(made, text, 1);
	json_object_set_new(indicator, "id", json_string(made));
	free(text);
}

void sl_own_fill(json_t *indicator, const json_t *meta)
{
	if (json_is_object(meta))
		json_object_update_missing(indicator, (json_t *)(uintptr_t)meta);
}
