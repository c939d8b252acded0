/* What a match does beside its alert: marks in the flow, and how often it is told. */
#include <rules/reader.h>

#include <stdlib.h>
#include <string.h>

enum { MARK_BYTES = 128, COUNT_MAX = 1000000000, SECONDS_MAX = 7 * 24 * 3600 };

void sl_action_free(struct sl_action *action)
{
	if (!action)
		return;
	free(action->set);
	free(action->unset);
	free(action->toggle);
	free(action);
}

struct marks {
	const char **name;
	size_t n;
};

static bool mark_add(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:/@+-";
	struct marks *marks = into;
	const char *name;
	if (!sl_reader_text(r, key, value, MARK_BYTES, false, &name))
		return false;
	if (name[strspn(name, allowed)])
		return sl_reader_fail(
			r, key, "\"%s\" is no mark: use letters, digits and \"._:/@+-\"", name);
	for (size_t i = 0; i < marks->n; i++)
		if (strcmp(marks->name[i], name) == 0)
			return sl_reader_fail(r, key, "\"%s\" is there twice", name);
	marks->name[marks->n++] = name;
	return true;
}

bool sl_marks_read(struct sl_reader *r, const char *key, const json_t *value, const char ***out,
		   size_t *n)
{
	struct marks marks = { .name = calloc(SL_MARKS_MAX, sizeof *marks.name) };
	if (!marks.name)
		return sl_reader_fail(r, key, "out of memory");
	bool ok = sl_reader_each(r, key, value, SL_MARKS_MAX, mark_add, &marks);
	free(*out);
	*out = marks.name;
	*n = marks.n;
	return ok;
}

/* The indicator's action, made when the first key needs it; NULL after a complaint. */
static struct sl_action *action_of(struct sl_reader *r, const char *key, struct sl_indicator *ind)
{
	if (!ind->action)
		ind->action = calloc(1, sizeof *ind->action);
	if (!ind->action)
		sl_reader_fail(r, key, "out of memory");
	return ind->action;
}

bool sl_mark_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_action *a = action_of(r, key, into);
	return a && sl_marks_read(r, key, value, &a->set, &a->sets);
}

bool sl_unmark_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_action *a = action_of(r, key, into);
	return a && sl_marks_read(r, key, value, &a->unset, &a->unsets);
}

bool sl_toggle_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_action *a = action_of(r, key, into);
	return a && sl_marks_read(r, key, value, &a->toggle, &a->toggles);
}

static bool type_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const types[] = { "from", "limit", "both", "every", NULL };
	int i = sl_reader_choice(r, key, value, types);
	if (i >= 0)
		((struct sl_action *)into)->threshold = (uint8_t)(SL_THRESHOLD_FROM + i);
	return i >= 0;
}

static bool count_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	int64_t n;
	if (!sl_reader_integer(r, key, value, 1, COUNT_MAX, &n))
		return false;
	((struct sl_action *)into)->count = (uint32_t)n;
	return true;
}

static bool seconds_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	int64_t n;
	if (!sl_reader_integer(r, key, value, 1, SECONDS_MAX, &n))
		return false;
	((struct sl_action *)into)->seconds = (uint32_t)n;
	return true;
}

static bool by_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const keys[] = { "source",    "destination", "pair",
					    "indicator", "flow",        NULL };
	int i = sl_reader_choice(r, key, value, keys);
	if (i >= 0)
		((struct sl_action *)into)->by = (uint8_t)(SL_BY_SOURCE + i);
	return i >= 0;
}

bool sl_threshold_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const struct sl_key keys[] = {
		{ "type", type_read }, { "count", count_read }, { "seconds", seconds_read },
		{ "by", by_read },     { NULL, NULL },
	};
	static const char *const needed[] = { "type", "count", "by", NULL };
	struct sl_action *a = action_of(r, key, into);
	if (!a)
		return false;
	if (!json_is_object(value))
		return sl_reader_fail(
			r, key,
			"must be an object: { type: limit, count: 1, seconds: 60, by: source }");
	size_t before = sl_reader_enter(r, key), errors = r->problems->errors;
	for (size_t i = 0; needed[i]; i++)
		if (!json_object_get(value, needed[i]))
			sl_reader_fail(r, NULL, "the threshold's key \"%s\" is missing", needed[i]);
	sl_reader_object(r, value, keys, a);
	if (a->threshold != SL_THRESHOLD_EVERY && !json_object_get(value, "seconds"))
		sl_reader_fail(r, NULL, "the threshold's key \"seconds\" is missing");
	sl_reader_leave(r, before);
	return r->problems->errors == errors;
}
