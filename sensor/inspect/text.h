/* Small things that parsers of text share. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_TEXT_H
#define SELAT_SENSOR_INSPECT_TEXT_H

#include <ctype.h>
#include <selat/span.h>
#include <strings.h>

/* Without blanks and tabs in front, and white space behind: a line's end goes too. */
static inline struct sl_span sl_line_trim(struct sl_span s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = sl_span_of(s.at + 1, s.len - 1);
	while (s.len && isspace(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* Whatever the case (ASCII). */
static inline bool sl_text_begins(struct sl_span s, const char *text)
{
	size_t n = strlen(text);
	return s.len >= n && strncasecmp((const char *)s.at, text, n) == 0;
}

/* The value of a hex digit, or -1. */
static inline int sl_hex_digit(uint8_t c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

#endif
