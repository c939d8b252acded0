/* Typed values out of JSON, with complaints. A complaint holds the key and the way out; the place
 * is added here. No state but the reader's. */
#include <rules/reader.h>

#include <selat/text.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 64 };

bool sl_reader_fail(struct sl_reader *r, const char *key, const char *fmt, ...)
{
	char text[1024];
	int used = key ? snprintf(text, sizeof text, "%.128s: ", key) : 0;
	va_list args;
	va_start(args, fmt);
	vsnprintf(text + used, sizeof text - (size_t)used, fmt, args);
	va_end(args);
	struct sl_problem *p = sl_problems_add(r->problems, r->file, NULL, text);
	if (!p)
		return false;
	p->indicator = r->indicator;
	if (r->id)
		p->id = strdup(r->id);
	if (asprintf(&p->keys, "%s%s%s", r->inside, key ? key : "", key ? "\n" : "") < 0)
		p->keys = NULL;
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
	if (!p)
		return;
	p->indicator = r->indicator;
	if (r->id)
		p->id = strdup(r->id);
	if (asprintf(&p->keys, "%s%s\n", r->inside, name) < 0)
		p->keys = NULL;
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
