/* What a condition compares with: a literal, an expression, bytes in hex, a range of numbers, a
 * list. Names are brought to the form that travels. */
#include <rules/expression.h>
#include <rules/idn.h>
#include <rules/reader.h>

#include <ctype.h>
#include <selat/name.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *sl_hex_read(const char *text, uint8_t *out, size_t *len)
{
	*len = 0;
	for (const char *s = text; *s; s += 2) {
		while (*s == ' ')
			s++;
		if (!*s)
			break;
		int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);
		if (low < 0)
			return s;
		out[(*len)++] = (uint8_t)(high << 4 | low);
	}
	return NULL;
}

static bool hex_decode(struct sl_reader *r, struct sl_condition *c)
{
	const char *wrong = sl_hex_read(c->text, c->bytes, &c->len);
	if (wrong)
		return sl_reader_fail(r, "hex",
				      "\"%.64s\" at position %zu is no pair of hex digits", wrong,
				      (size_t)(wrong - c->text) + 1);
	c->bytes[c->len] = 0;
	return c->len || sl_reader_fail(r, "hex", "is empty");
}

static bool text_read(struct sl_reader *r, const char *key, const json_t *value,
		      struct sl_condition *c)
{
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
	int search = c->op == SL_OP_REGEX
			     ? sl_expression_check(c->text, c->flags & SL_COND_NOCASE, &why)
			     : 0;
	c->search = (uint8_t)search;
	return search >= 0 || sl_reader_fail(r, key, "%s", why.text);
}

/* What `show` and alerts print of a range: "5", "5 to 10", "at least 5", "at most 10". */
static char *range_text(const struct sl_position *p)
{
	char *text = NULL;
	int rc;
	if (p->min == p->max)
		rc = asprintf(&text, "%llu", (unsigned long long)p->min);
	else if (p->max == INT64_MAX)
		rc = asprintf(&text, "at least %llu", (unsigned long long)p->min);
	else if (p->min == 0)
		rc = asprintf(&text, "at most %llu", (unsigned long long)p->max);
	else
		rc = asprintf(&text, "%llu to %llu", (unsigned long long)p->min,
			      (unsigned long long)p->max);
	return rc < 0 ? NULL : text;
}

static bool range_read(struct sl_reader *r, const char *key, const json_t *value,
		       struct sl_condition *c)
{
	if (!sl_reader_range(r, key, value, INT64_MAX, &c->position.min, &c->position.max))
		return false;
	char *text = range_text(&c->position);
	if (!text)
		return sl_reader_fail(r, key, "out of memory");
	c->bytes = (uint8_t *)text;
	c->text = text;
	return true;
}

static bool in_read(struct sl_reader *r, const char *key, const json_t *value,
		    struct sl_condition *c)
{
	enum { PATH_BYTES = 1024 };
	return sl_reader_text(r, key, value, PATH_BYTES, false, &c->text) &&
	       sl_list_find(r, key, c);
}

static bool absent_read(struct sl_reader *r, const char *key, const json_t *value,
			struct sl_condition *c)
{
	c->text = "true";
	return json_is_true(value) ||
	       sl_reader_fail(
		       r, key,
		       "can only be true; a condition that must hold shows that it occurred");
}

bool sl_pattern_read(struct sl_reader *r, const json_t *value, struct sl_condition *c)
{
	const char *key = sl_condition_key(c);
	switch (c->op) {
	case SL_OP_LENGTH:
	case SL_OP_NUMBER:
		return range_read(r, key, value, c);
	case SL_OP_IN:
		return in_read(r, key, value, c);
	case SL_OP_ABSENT:
		return absent_read(r, key, value, c);
	default:
		return text_read(r, key, value, c);
	}
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
		return sl_reader_fail(r, key, "names are compared in ASCII: write it as \"%.64s\"",
				      ascii);
	uint8_t *bytes = (uint8_t *)strdup(ascii);
	if (!bytes)
		return sl_reader_fail(r, key, "out of memory");
	free(c->bytes);
	c->bytes = bytes;
	c->len = strlen(ascii);
	return true;
}

static bool is_literal(const struct sl_condition *c)
{
	return c->op == SL_OP_EQUALS || c->op == SL_OP_CONTAINS || c->op == SL_OP_STARTS ||
	       c->op == SL_OP_ENDS;
}

bool sl_pattern_finish(struct sl_reader *r, struct sl_condition *c)
{
	if (!sl_field_is_name(c->field) || c->transforms)
		return true;
	if (is_literal(c) || c->op == SL_OP_REGEX || c->op == SL_OP_IN)
		c->flags |= SL_COND_NOCASE;
	bool plain = is_literal(c) && !(c->flags & SL_COND_HEX) && strlen(c->text) < SL_NAME_MAX;
	if (plain && !name_to_ascii(r, c))
		return false;
	if (c->op == SL_OP_EQUALS && c->len > 1 && c->bytes[c->len - 1] == '.')
		c->bytes[--c->len] = 0;
	return true;
}
