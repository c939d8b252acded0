/* The JSON writer. Values are mostly runs of plain bytes: those are found eight at a time and
 * copied at once. Numbers are written by hand: printf was most of the time. The buffer doubles.
 *
 * text[len] is a NUL whenever text is there. After `failed` nothing more is written. One thread a
 * writer. */
#include <selat/json.h>

#include <selat/digest.h>
#include <selat/text.h>
#include <selat/time.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ROOM = 1024, U64_DIGITS = 20, DOUBLE_TEXT = 32, ESCAPE_MAX = 6 };

void sl_json_init(struct sl_json *j)
{
	*j = (struct sl_json){ .text = NULL };
}

void sl_json_fini(struct sl_json *j)
{
	free(j->text);
	sl_json_init(j);
}

void sl_json_reset(struct sl_json *j)
{
	j->len = 0;
	j->comma = false;
	j->failed = false;
	if (j->text)
		j->text[0] = '\0';
}

static bool fail(struct sl_json *j)
{
	j->failed = true;
	if (j->text)
		j->text[j->len] = '\0';
	return false;
}

static bool grow(struct sl_json *j, size_t more)
{
	if (more >= SIZE_MAX / 4 - j->len)
		return fail(j);
	size_t room = j->room ? j->room : FIRST_ROOM;
	while (room - j->len <= more)
		room *= 2;
	char *text = realloc(j->text, room);
	if (!text)
		return fail(j);
	j->text = text;
	j->room = room;
	return true;
}

/* Room for `more` bytes and the NUL. */
static inline bool reserve(struct sl_json *j, size_t more)
{
	if (j->failed)
		return false;
	return j->room - j->len > more || grow(j, more);
}

static inline void put(struct sl_json *j, const void *bytes, size_t len)
{
	memcpy(j->text + j->len, bytes, len);
	j->len += len;
}

static inline void put_char(struct sl_json *j, char c)
{
	j->text[j->len++] = c;
}

/* What stands before a value: the comma and the key. Leaves room for `more` bytes of value and
 * two quotes. */
static bool begin(struct sl_json *j, const char *key, size_t more)
{
	size_t len = key ? strlen(key) : 0;
	if (more > SIZE_MAX / 8)
		return fail(j);
	if (!reserve(j, len + 6 + more))
		return false;
	if (j->comma)
		put_char(j, ',');
	if (key) {
		put_char(j, '"');
		put(j, key, len);
		put(j, "\":", 2);
	}
	return true;
}

static void end(struct sl_json *j)
{
	j->comma = true;
	j->text[j->len] = '\0';
}

void sl_json_open(struct sl_json *j, const char *key, char bracket)
{
	if (!begin(j, key, 1))
		return;
	put_char(j, bracket);
	end(j);
	j->comma = false;
}

void sl_json_close(struct sl_json *j, char bracket)
{
	if (!reserve(j, 1))
		return;
	put_char(j, bracket);
	end(j);
}

#define EACH_BYTE(n) (UINT64_C(0x0101010101010101) * (n))

/* Is any of eight bytes a control, a quote, a backslash, or no ASCII? (A byte below n borrows.) */
static inline bool has_special(uint64_t eight)
{
	uint64_t quote = eight ^ EACH_BYTE('"'), backslash = eight ^ EACH_BYTE('\\');
	uint64_t low = (eight - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) |
		       (backslash - EACH_BYTE(1)) | eight;
	return (low & EACH_BYTE(0x80)) != 0;
}

static inline bool is_special(uint8_t c)
{
	return c < 0x20 || c == '"' || c == '\\' || c >= 0x80;
}

/* How many bytes from the first on need no escape. */
static size_t plain_run(struct sl_span s)
{
	size_t i = 0;
	while (i < s.len) {
		uint64_t eight;
		while (s.len - i >= sizeof(eight)) {
			memcpy(&eight, s.at + i, sizeof(eight));
			if (has_special(eight))
				break;
			i += sizeof(eight);
		}
		while (i < s.len && !is_special(s.at[i]))
			i++;
		size_t more = i < s.len && s.at[i] >= 0x80
				      ? sl_utf8_len(sl_span_of(s.at + i, s.len - i))
				      : 0;
		if (more == 0)
			break;
		i += more;
	}
	return i;
}

/* Does text.h escape the backslash that s begins with? */
static bool backslash_is_escaped(struct sl_span s)
{
	char unit[5];
	sl_text_escape(unit, sizeof(unit), sl_span_of(s.at, s.len < 4 ? s.len : 4), false);
	return strcmp(unit, "\\x5c") == 0;
}

/* Escapes the first byte of s, which is special; there is room. */
static void put_escape(struct sl_json *j, struct sl_span s)
{
	uint8_t c = s.at[0];
	char hex[3];
	if (c == '"') {
		put(j, "\\\"", 2);
		return;
	}
	if (c == '\\' && !backslash_is_escaped(s)) {
		put(j, "\\\\", 2);
		return;
	}
	if (c != 0 && c < 0x20)
		put(j, "\\u00", 4);
	else
		put(j, "\\\\x", 3);
	sl_hex(hex, sl_span_of(&c, 1));
	put(j, hex, 2);
}

void sl_json_bytes(struct sl_json *j, const char *key, struct sl_span value)
{
	if (!begin(j, key, value.len))
		return;
	put_char(j, '"');
	while (value.len) {
		size_t run = plain_run(value);
		if (!reserve(j, run + ESCAPE_MAX + 1))
			return;
		put(j, value.at, run);
		value.at += run;
		value.len -= run;
		if (value.len) {
			put_escape(j, value);
			value.at++;
			value.len--;
		}
	}
	put_char(j, '"');
	end(j);
}

void sl_json_text(struct sl_json *j, const char *key, const char *value)
{
	sl_json_bytes(j, key, sl_span_str(value));
}

void sl_json_base64(struct sl_json *j, const char *key, struct sl_span value)
{
	if (!begin(j, key, value.len / 3 * 4 + 5))
		return;
	put_char(j, '"');
	j->len += sl_base64(j->text + j->len, value);
	put_char(j, '"');
	end(j);
}

void sl_json_u64(struct sl_json *j, const char *key, uint64_t value)
{
	char digits[U64_DIGITS], *p = digits + sizeof(digits);
	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	size_t len = (size_t)(digits + sizeof(digits) - p);
	if (!begin(j, key, len))
		return;
	put(j, p, len);
	end(j);
}

void sl_json_bool(struct sl_json *j, const char *key, bool value)
{
	size_t len = value ? 4 : 5;
	if (!begin(j, key, len))
		return;
	put(j, value ? "true" : "false", len);
	end(j);
}

/* JSON has no word for what is not finite: null. */
void sl_json_double(struct sl_json *j, const char *key, double value)
{
	char text[DOUBLE_TEXT] = "null";
	if (isfinite(value))
		snprintf(text, sizeof(text), "%.6g", value);
	char *odd = text + strspn(text, "0123456789+-enul");
	if (*odd)
		*odd = '.'; /* a locale may have put a comma */
	size_t len = strlen(text);
	if (!begin(j, key, len))
		return;
	put(j, text, len);
	end(j);
}

void sl_json_time(struct sl_json *j, const char *key, uint64_t ns)
{
	if (!begin(j, key, SL_TIME_TEXT))
		return;
	put_char(j, '"');
	j->len += strlen(sl_time_format(j->text + j->len, ns));
	put_char(j, '"');
	end(j);
}

void sl_json_raw(struct sl_json *j, const char *key, struct sl_span json)
{
	if (!begin(j, key, json.len))
		return;
	if (json.len)
		put(j, json.at, json.len);
	end(j);
}
