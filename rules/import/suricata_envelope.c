/* SMTP's envelope: Suricata's values are "<user@example.org>", Selat's have no angle brackets. What
 * a rule says of the one is said of the other: a bracket at a content's end is the value's end, and
 * places are counted from one byte later. */
#include <rules/import/suricata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void first_drop(struct suri_match *m)
{
	memmove(m->bytes, m->bytes + 1, m->len);
	m->len--;
}

/* Where Suricata's value has the bracket nothing else can be: such a rule is for values without one, which
 * break the grammar (RFC 5321, section 4.1.2) and which Selat does not tell from the others. */
static void bracket_miss(struct suri_rule *r, struct suri_match *m, bool first)
{
	char why[80];
	snprintf(why, sizeof why, "%s: a content stands where the angle bracket does", m->field->name);
	suri_never(r, why);
	if (first)
		m->offset = m->depth = SURI_NONE; /* a bracket inside of a value has no counterpart */
}

/* The room that offset and depth leave, in Selat's value. */
static void room_shift(struct suri_rule *r, struct suri_match *m, bool first, bool last)
{
	int64_t offset = m->offset == SURI_NONE ? 0 : m->offset;
	int64_t end = m->depth == SURI_NONE ? -1 : offset + m->depth - 1 - last;
	int64_t begin = offset > 0 && !first ? offset - 1 : 0;
	if ((first && offset > 0) || (end >= 0 && end - begin < (int64_t)m->len)) {
		bracket_miss(r, m, first);
		return;
	}
	if (m->offset != SURI_NONE || begin > 0)
		m->offset = (int32_t)begin;
	if (end >= 0)
		m->depth = (int32_t)(end - begin);
}

static void literal_shift(struct suri_rule *r, struct suri_match *m)
{
	bool relative = m->distance != SURI_NONE || m->within != SURI_NONE;
	bool first = m->len && m->bytes[0] == '<', last = m->len && m->bytes[m->len - 1] == '>';
	if (m->len < (size_t)first + last + 1) {
		suri_refuse(r, "%s: a content of angle brackets alone has no counterpart",
			    m->field->name);
		return;
	}
	if (first)
		first_drop(m);
	if (last)
		m->bytes[--m->len] = 0;
	if (!relative)
		room_shift(r, m, first, last);
	if (last && m->within != SURI_NONE)
		m->within--;
	m->starts = m->starts || (first && !relative);
	m->ends = m->ends || last;
	if (m->starts && m->depth != SURI_NONE)
		m->depth = m->offset = SURI_NONE; /* it is where it begins */
}

/* An expression's bracket at either end, in any of these spellings, is the value's end. */
static void regex_shift(struct suri_rule *r, struct suri_match *m)
{
	static const char *const firsts[] = { "^\\x3c", "^<", "\\x3c", "<" };
	static const char *const lasts[] = { "\\x3e$", ">$", "\\x3e", ">" };
	char *text = (char *)m->bytes;
	size_t flags = text[0] == '(' && text[1] == '?' ? strspn(text + 2, "smx)") + 2 : 0;
	size_t from = flags, to = m->len;
	for (size_t i = 0; i < 4 && from == flags; i++)
		if (strncasecmp(text + flags, firsts[i], strlen(firsts[i])) == 0)
			from += strlen(firsts[i]);
	for (size_t i = 0; i < 4 && to == m->len; i++) {
		size_t len = strlen(lasts[i]);
		if (m->len >= from + len && strcasecmp(text + m->len - len, lasts[i]) == 0)
			to = m->len - len;
	}
	char *made;
	if (asprintf(&made, "%.*s%s%.*s%s", (int)flags, text, from > flags ? "^" : "",
		     (int)(to - from), text + from, to < m->len ? "$" : "") < 0) {
		r->failed = true;
		return;
	}
	free(m->bytes);
	m->bytes = (uint8_t *)made;
	m->len = strlen(made);
}

void suri_envelope_shift(struct suri_rule *r, struct suri_match *m)
{
	if (m->kind == SURI_LITERAL)
		literal_shift(r, m);
	else if (m->kind == SURI_REGEX)
		regex_shift(r, m);
	else if (m->kind == SURI_LENGTH && m->min > 0)
		m->min = m->min > 2 ? m->min - 2 : 0;
	if (m->kind == SURI_LENGTH && m->max >= 0)
		m->max = m->max > 2 ? m->max - 2 : 0;
	if (m->after_min > 0)
		m->after_min--;
	if (m->after_max > 0)
		m->after_max--;
}
