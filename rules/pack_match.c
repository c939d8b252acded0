/* The conditions of a `match`: a field, one pattern, and how to compare. */
#include <rules/expression.h>
#include <rules/idn.h>
#include <rules/reader.h>

#include <ctype.h>
#include <selat/name.h>
#include <selat/text.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *key;
	enum sl_op op;
	uint8_t flags;
} ops[] = {
	{ "equals", SL_OP_EQUALS, 0 }, { "contains", SL_OP_CONTAINS, 0 },
	{ "starts", SL_OP_STARTS, 0 }, { "ends", SL_OP_ENDS, 0 },
	{ "regex", SL_OP_REGEX, 0 },   { "hex", SL_OP_CONTAINS, SL_COND_HEX },
};
enum { OPS = sizeof ops / sizeof ops[0] };

const char *sl_condition_key(const struct sl_condition *c)
{
	return c->flags & SL_COND_HEX ? "hex" : sl_op_text(c->op);
}

static bool field_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_condition *c = into;
	const char *name;
	if (!sl_reader_text(r, key, value, 256, false, &name))
		return false;
	c->field = sl_field_find(name);
	if (c->field == SL_FIELD_COUNT) {
		const char *nearest = sl_text_nearest(name, sl_field_names());
		if (nearest)
			return sl_reader_fail(r, key, "unknown field \"%s\", did you mean \"%s\"?",
					      name, nearest);
		return sl_reader_fail(r, key,
				      "unknown field \"%s\"; selat-sensor --list-fields lists them",
				      name);
	}
	if (sl_field_info(c->field)->kind != SL_KIND_ADDRESS)
		return true;
	return sl_reader_fail(r, key, "%s is an address: use an \"address\" indicator", name);
}

static bool nocase_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	bool nocase;
	if (!sl_reader_bool(r, key, value, &nocase))
		return false;
	if (nocase)
		((struct sl_condition *)into)->flags |= SL_COND_NOCASE;
	return true;
}

static const struct sl_key condition_keys[] = {
	{ "field", field_read }, { "equals", NULL },        { "contains", NULL },
	{ "starts", NULL },      { "ends", NULL },          { "regex", NULL },
	{ "hex", NULL },         { "nocase", nocase_read }, { NULL, NULL },
};

/* Finds the one pattern of a condition; false after a complaint. */
static bool op_find(struct sl_reader *r, const json_t *object, struct sl_condition *c,
		    const json_t **pattern)
{
	*pattern = NULL;
	for (size_t i = 0; i < OPS; i++) {
		const json_t *value = json_object_get(object, ops[i].key);
		if (!value)
			continue;
		if (*pattern)
			return sl_reader_fail(r, ops[i].key,
					      "the condition has \"%s\" too; make two of it",
					      sl_condition_key(c));
		c->op = ops[i].op;
		c->flags |= ops[i].flags;
		*pattern = value;
	}
	return *pattern || sl_reader_fail(r, NULL,
					  "a condition needs one of equals, contains, starts, "
					  "ends, regex, hex");
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "de ad be ef": pairs of digits, spaces between pairs. */
static bool hex_decode(struct sl_reader *r, struct sl_condition *c)
{
	c->len = 0;
	for (const char *s = c->text; *s; s += 2) {
		while (*s == ' ')
			s++;
		if (!*s)
			break;
		int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);
		if (low < 0)
			return sl_reader_fail(r, "hex",
					      "\"%.64s\" at position %zu is no pair of hex digits",
					      s, (size_t)(s - c->text) + 1);
		c->bytes[c->len++] = (uint8_t)(high << 4 | low);
	}
	c->bytes[c->len] = 0;
	return c->len || sl_reader_fail(r, "hex", "is empty");
}

static bool pattern_read(struct sl_reader *r, const json_t *value, struct sl_condition *c)
{
	const char *key = sl_condition_key(c);
	if (!json_is_string(value))
		return sl_reader_fail(r, key, "must be text; put it in quotes");
	c->text = json_string_value(value);
	c->len = json_string_length(value);
	size_t max = c->op == SL_OP_REGEX ? SL_REGEX_MAX : SL_LITERAL_MAX;
	if (c->len == 0)
		return sl_reader_fail(r, key, "is empty");
	if (c->len > (c->flags & SL_COND_HEX ? 3 * max : max))
		return sl_reader_fail(r, key, "is longer than %zu bytes", max);
	c->bytes = malloc(c->len + 1);
	if (!c->bytes)
		return sl_reader_fail(r, key, "out of memory");
	memcpy(c->bytes, c->text, c->len + 1);
	if (c->flags & SL_COND_HEX && !hex_decode(r, c))
		return false;
	if (c->len > max)
		return sl_reader_fail(r, key, "is longer than %zu bytes", max);
	struct sl_err why = { "" };
	int search = c->op == SL_OP_REGEX ? sl_expression_check(c->text, c->flags & SL_COND_NOCASE, &why) : 0;
	c->search = (uint8_t)search;
	return search >= 0 || sl_reader_fail(r, key, "%s", why.text);
}

/* On the wire names are ASCII. */
static bool name_to_ascii(struct sl_reader *r, struct sl_condition *c)
{
	char ascii[SL_NAME_MAX];
	struct sl_err why = { "" };
	const char *key = sl_condition_key(c);
	if (sl_idn_name(c->text, ascii, sizeof ascii, &why) < 0)
		return sl_reader_fail(r, key, "%s", why.text);
	if (strcmp(ascii, c->text) == 0)
		return true;
	if (c->op != SL_OP_EQUALS)
		return sl_reader_fail(r, key, "names are compared in ASCII: write it as \"%.64s\"", ascii);
	uint8_t *bytes = (uint8_t *)strdup(ascii);
	if (!bytes)
		return sl_reader_fail(r, key, "out of memory");
	free(c->bytes);
	c->bytes = bytes;
	c->len = strlen(ascii);
	return true;
}

/* What depends on field and pattern together. */
static bool condition_finish(struct sl_reader *r, struct sl_condition *c)
{
	if (!sl_field_is_name(c->field))
		return true;
	c->flags |= SL_COND_NOCASE;
	bool plain = c->op != SL_OP_REGEX && !(c->flags & SL_COND_HEX) && strlen(c->text) < SL_NAME_MAX;
	if (plain && c->bytes && !name_to_ascii(r, c))
		return false;
	if (c->op == SL_OP_EQUALS && c->len > 1 && c->bytes[c->len - 1] == '.')
		c->bytes[--c->len] = 0;
	return true;
}

static bool condition_read(struct sl_reader *r, const json_t *object, struct sl_condition *c)
{
	const json_t *pattern;
	c->field = SL_FIELD_COUNT;
	c->text = "";
	if (!json_is_object(object))
		return sl_reader_fail(r, NULL, "a condition must be an object");
	size_t errors = r->problems->errors;
	if (!json_object_get(object, "field"))
		sl_reader_fail(r, NULL, "a condition needs \"field\"");
	sl_reader_object(r, object, condition_keys, c);
	if (op_find(r, object, c, &pattern))
		pattern_read(r, pattern, c);
	if (c->flags & SL_COND_NOCASE && c->flags & SL_COND_HEX)
		sl_reader_fail(r, "nocase", "does not go with \"hex\"");
	if (r->problems->errors != errors)
		return false;
	return condition_finish(r, c);
}

bool sl_match_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	size_t n = json_array_size(value);
	if (!json_is_array(value))
		return sl_reader_fail(r, key, "must be a list of conditions");
	if (n == 0)
		return sl_reader_fail(r, key, "is empty");
	if (n > SL_CONDITIONS_MAX)
		return sl_reader_fail(r, key, "has %zu conditions; at most %d are possible", n,
				      SL_CONDITIONS_MAX);
	ind->condition = calloc(n, sizeof *ind->condition);
	if (!ind->condition)
		return sl_reader_fail(r, key, "out of memory");
	ind->conditions = n;
	bool ok = true;
	for (size_t i = 0; i < n; i++) {
		snprintf(r->inside, sizeof r->inside, "match\n%zu\n", i);
		ok = condition_read(r, json_array_get(value, i), &ind->condition[i]) && ok;
		r->inside[0] = '\0';
	}
	return ok;
}
