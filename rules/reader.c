/* Typed values out of JSON, with complaints. A complaint holds the key and the way out; the place
 * is added here. No state but the reader's. */
#include <rules/reader.h>

#include <selat/text.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 64 };

/* The keys from the indicator down, for sl_packfile_locate. */
static void place_set(struct sl_problem *p, const struct sl_reader *r, const char *key)
{
	char item[32] = "";
	if (key && r->item)
		snprintf(item, sizeof item, "%zu\n", r->item - 1);
	p->indicator = r->indicator;
	if (r->id)
		p->id = strdup(r->id);
	if (asprintf(&p->keys, "%s%s%s%s", r->inside, key ? key : "", key ? "\n" : "", item) < 0)
		p->keys = NULL;
}

bool sl_reader_fail(struct sl_reader *r, const char *key, const char *fmt, ...)
{
	char text[1024];
	int used = key ? snprintf(text, sizeof text, "%.128s: ", key) : 0;
	va_list args;
	va_start(args, fmt);
	vsnprintf(text + used, sizeof text - (size_t)used, fmt, args);
	va_end(args);
	struct sl_problem *p = sl_problems_add(r->problems, r->file, NULL, text);
	if (p)
		place_set(p, r, key);
	return false;
}

static void unknown_key(struct sl_reader *r, const char *name, const struct sl_key *keys)
{
	const char *known[KEYS_MAX + 1] = { NULL };
	for (size_t i = 0; keys[i].name && i < KEYS_MAX; i++)
		known[i] = keys[i].name;
	const char *nearest = sl_text_nearest(name, known);
	char text[512];
	if (nearest)
		snprintf(text, sizeof text, "unknown key \"%.128s\", did you mean \"%s\"?", name,
			 nearest);
	else
		snprintf(text, sizeof text, "unknown key \"%.128s\"", name);
	struct sl_problem *p = sl_problems_add(r->problems, r->file, NULL, text);
	if (p)
		place_set(p, r, name);
}

size_t sl_reader_enter(struct sl_reader *r, const char *key)
{
	size_t before = strlen(r->inside);
	if (r->item)
		snprintf(r->inside + before, sizeof r->inside - before, "%s\n%zu\n", key, r->item - 1);
	else
		snprintf(r->inside + before, sizeof r->inside - before, "%s\n", key);
	return before;
}

void sl_reader_leave(struct sl_reader *r, size_t before)
{
	r->inside[before] = '\0';
}

size_t sl_reader_count(const json_t *value)
{
	return json_is_array(value) ? json_array_size(value) : 1;
}

bool sl_reader_each(struct sl_reader *r, const char *key, const json_t *value, size_t max,
		    sl_key_fn *one, void *into)
{
	if (!json_is_array(value))
		return one(r, key, value, into);
	size_t n = json_array_size(value);
	if (n == 0)
		return sl_reader_fail(r, key, "is empty");
	if (n > max)
		return sl_reader_fail(r, key, "has %zu items; at most %zu are possible", n, max);
	bool ok = true;
	for (size_t i = 0; i < n; i++) {
		r->item = i + 1;
		ok = one(r, key, json_array_get(value, i), into) && ok;
	}
	r->item = 0;
	return ok;
}

void sl_reader_object(struct sl_reader *r, const json_t *object, const struct sl_key *keys,
		      void *into)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		const struct sl_key *key = keys;
		while (key->name && strcmp(key->name, name) != 0)
			key++;
		if (!key->name)
			unknown_key(r, name, keys);
		else if (key->read)
			key->read(r, name, value, into);
	}
}

static bool has_control(const char *s, size_t len, bool lines)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c == 0x7f || (c < 0x20 && !(lines && (c == '\n' || c == '\t'))))
			return true;
	}
	return false;
}

bool sl_reader_text(struct sl_reader *r, const char *key, const json_t *value, size_t max,
		    bool lines, const char **out)
{
	if (!json_is_string(value))
		return sl_reader_fail(r, key, "must be text; put it in quotes");
	size_t len = json_string_length(value);
	if (len == 0)
		return sl_reader_fail(r, key, "is empty");
	if (len > max)
		return sl_reader_fail(r, key, "is longer than %zu bytes", max);
	if (has_control(json_string_value(value), len, lines))
		return sl_reader_fail(r, key, "holds a control character");
	*out = json_string_value(value);
	return true;
}

bool sl_reader_integer(struct sl_reader *r, const char *key, const json_t *value, int64_t min,
		       int64_t max, int64_t *out)
{
	if (!json_is_integer(value))
		return sl_reader_fail(r, key, "must be a whole number");
	int64_t n = json_integer_value(value);
	if (n < min || n > max)
		return sl_reader_fail(r, key, "must be from %lld to %lld, not %lld", (long long)min,
				      (long long)max, (long long)n);
	*out = n;
	return true;
}

struct range {
	int64_t min, max, most;
};

static bool min_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct range *range = into;
	return sl_reader_integer(r, key, value, 0, range->most, &range->min);
}

static bool max_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct range *range = into;
	return sl_reader_integer(r, key, value, 0, range->most, &range->max);
}

static void ends_read(struct sl_reader *r, const char *key, const json_t *value, struct range *range)
{
	static const struct sl_key keys[] = { { "min", min_read }, { "max", max_read }, { NULL, NULL } };
	size_t before = sl_reader_enter(r, key), item = r->item;
	r->item = 0;
	sl_reader_object(r, value, keys, range);
	r->item = item;
	sl_reader_leave(r, before);
}

bool sl_reader_range(struct sl_reader *r, const char *key, const json_t *value, uint64_t most,
		     uint64_t *min, uint64_t *max)
{
	struct range range = { .max = (int64_t)most, .most = (int64_t)most };
	size_t errors = r->problems->errors;
	if (json_is_integer(value)) {
		if (!sl_reader_integer(r, key, value, 0, range.most, &range.min))
			return false;
		range.max = range.min;
	} else if (!json_is_object(value)) {
		return sl_reader_fail(r, key, "must be a whole number or { min: …, max: … }");
	} else if (json_object_size(value) == 0) {
		return sl_reader_fail(r, key, "needs min, max or both");
	} else {
		ends_read(r, key, value, &range);
	}
	if (r->problems->errors != errors)
		return false;
	if (range.min > range.max)
		return sl_reader_fail(r, key, "min %lld is above max %lld: it would never hold",
				      (long long)range.min, (long long)range.max);
	*min = (uint64_t)range.min;
	*max = (uint64_t)range.max;
	return true;
}

bool sl_reader_bool(struct sl_reader *r, const char *key, const json_t *value, bool *out)
{
	if (!json_is_boolean(value))
		return sl_reader_fail(r, key, "must be true or false");
	*out = json_is_true(value);
	return true;
}

/* "one of low, medium, high, critical" */
static void choices_list(char *out, size_t room, const char *const *choices)
{
	int used = snprintf(out, room, "one of ");
	for (size_t i = 0; choices[i] && (size_t)used < room; i++)
		used += snprintf(out + used, room - (size_t)used, "%s%s", i ? ", " : "",
				 choices[i]);
}

int sl_reader_choice(struct sl_reader *r, const char *key, const json_t *value,
		     const char *const *choices)
{
	const char *word;
	if (!sl_reader_text(r, key, value, 256, false, &word))
		return -1;
	for (int i = 0; choices[i]; i++)
		if (strcmp(choices[i], word) == 0)
			return i;
	const char *nearest = sl_text_nearest(word, choices);
	char list[512];
	choices_list(list, sizeof list, choices);
	if (nearest)
		sl_reader_fail(r, key, "\"%s\" is not %s; did you mean \"%s\"?", word, list,
			       nearest);
	else
		sl_reader_fail(r, key, "\"%s\" is not %s", word, list);
	return -1;
}
