/* The escapes of docs/escapes.md, and the nearest word for "did you mean".
 *
 * An escaped text is a row of units: a UTF-8 sequence as it is, or `\xHH`. A unit is written
 * whole or not at all, so that a cut text still stands for the beginning of the bytes. NUL is
 * always escaped: it would end the text. No state; any thread. */
#include <selat/text.h>

static bool is_tail(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* RFC 3629, section 4: the second byte's range depends on the first. */
static bool second_fits(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return is_tail(second);
	}
}

size_t sl_utf8_len(struct sl_span s)
{
	if (s.len == 0)
		return 0;
	uint8_t first = s.at[0];
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (s.len < len || !second_fits(first, s.at[1]))
		return 0;
	for (size_t i = 2; i < len; i++)
		if (!is_tail(s.at[i]))
			return 0;
	return len;
}

/* The value of a lower-case hex digit, or -1. */
static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Does the text begin with what unescaping takes for one byte? */
static bool is_escape(struct sl_span s)
{
	return s.len >= 4 && s.at[0] == '\\' && s.at[1] == 'x' && hex_value(s.at[2]) >= 0 &&
	       hex_value(s.at[3]) >= 0;
}

/* C0 and DEL, and C1, which UTF-8 writes as c2 80 to c2 9f. */
static bool is_control(const uint8_t *at, size_t len)
{
	if (len == 1)
		return at[0] < 0x20 || at[0] == 0x7f;
	return len == 2 && at[0] == 0xc2 && at[1] < 0xa0;
}

/* How many of the first bytes go out as they are; 0 if the first must be escaped. */
static size_t plain_len(struct sl_span s, bool shown)
{
	size_t len = sl_utf8_len(s);
	if (len == 0 || s.at[0] == '\0' || is_escape(s))
		return 0;
	return shown && is_control(s.at, len) ? 0 : len;
}

size_t sl_text_escape(char *out, size_t room, struct sl_span bytes, bool shown)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;
	for (size_t i = 0; i < bytes.len;) {
		struct sl_span rest = sl_span_of(bytes.at + i, bytes.len - i);
		size_t plain = plain_len(rest, shown);
		size_t need = plain ? plain : 4;
		if (room <= len || room - len <= need) /* the NUL wants a place too */
			break;
		if (plain) {
			memcpy(out + len, rest.at, plain);
		} else {
			out[len] = '\\';
			out[len + 1] = 'x';
			out[len + 2] = digits[rest.at[0] >> 4];
			out[len + 3] = digits[rest.at[0] & 15];
		}
		len += need;
		i += plain ? plain : 1;
	}
	if (room)
		out[len] = '\0';
	return len;
}

size_t sl_text_unescape(uint8_t *out, const char *text)
{
	struct sl_span rest = sl_span_str(text);
	size_t len = 0;
	while (rest.len) {
		bool escape = is_escape(rest);
		uint8_t byte = rest.at[0];
		if (escape)
			byte = (uint8_t)(hex_value(rest.at[2]) << 4 | hex_value(rest.at[3]));
		out[len++] = byte;
		rest.at += escape ? 4 : 1;
		rest.len -= escape ? 4 : 1;
	}
	return len;
}

enum { WORD_MAX = 64 }; /* longer words get no proposal */

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many characters to insert, delete, replace or swap with their neighbour to get from a to b;
 * upper and lower case are the same. Both have at most WORD_MAX characters. */
static unsigned word_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_len; j++)
		before[j] = last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);
			row[j] = least(last[j - 1] + (x != y), least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
				row[j] = least(row[j], before[j - 2] + 1);
		}
		unsigned *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

const char *sl_text_nearest(const char *word, const char *const *candidates)
{
	size_t len = strnlen(word, WORD_MAX + 1);
	if (len > WORD_MAX)
		return NULL;
	const char *nearest = NULL;
	unsigned nearest_by = 0;
	for (; *candidates; candidates++) {
		size_t other = strnlen(*candidates, WORD_MAX + 1);
		if (other > WORD_MAX)
			continue;
		unsigned by = word_distance(word, len, *candidates, other);
		size_t near = (len > other ? len : other) / 3; /* two thirds must be right */
		if (by <= near && (!nearest || by < nearest_by)) {
			nearest = *candidates;
			nearest_by = by;
		}
	}
	return nearest;
}
