/* Frames that are lines (a command of SMTP, a reply): their beginning and end are a line's in the
 * stream, which an expression tells. */
#include <rules/import/suricata.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_line(const struct suri_match *m)
{
	return m->len && m->bytes[m->len - 1] == '\n';
}

/* The literal as an expression at a line's beginning. */
static void expression_make(struct suri_rule *r, struct suri_match *m)
{
	static const char begin[] = "(?m)^";
	char *text = malloc(sizeof begin + 4 * m->len + sizeof "\\r?$");
	if (!text) {
		r->failed = true;
		return;
	}
	size_t n = (size_t)sprintf(text, "%s", begin);
	for (size_t i = 0; i < m->len; i++) {
		if (isalnum(m->bytes[i]))
			text[n++] = (char)m->bytes[i];
		else
			n += (size_t)sprintf(text + n, "\\x%02x", m->bytes[i]);
	}
	if (m->ends && !ends_line(m))
		n += (size_t)sprintf(text + n, "\\r?$");
	text[n] = '\0';
	free(m->bytes);
	m->bytes = (uint8_t *)text;
	m->len = n;
	m->kind = SURI_REGEX;
	m->starts = m->ends = false;
}

void suri_line_shift(struct suri_rule *r, struct suri_match *m)
{
	if (m->kind == SURI_LENGTH || m->offset != SURI_NONE || m->depth != SURI_NONE)
		suri_refuse(r, "places in a frame have no counterpart, but its beginning and end");
	else if (m->kind == SURI_LITERAL && m->starts)
		expression_make(r, m);
	else if (m->ends && ends_line(m))
		m->ends = false; /* a line's end, and nothing of the line follows */
}
