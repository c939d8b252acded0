/* MIME's transfer encodings, undone as the bytes come: base64 (RFC 2045, section 6.8) and
 * quoted-printable (section 6.7). State is what a cut in the middle leaves over. */
#include <sensor/inspect/mime_part.h>
#include <sensor/inspect/text.h>

enum { PIECE = 768 }; /* a multiple of three */

/* One more than a digit's value; 0: no digit (RFC 4648, section 4). */
static const uint8_t digits[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0, 64,
	53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 0,
	0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0, 0, 0, 0, 0,
};

int sl_base64_digit(uint8_t c)
{
	return digits[c] - 1;
}

/* What is left of a last group: two digits are one byte, three are two. Returns how many. */
static size_t base64_rest(struct sl_mime_code *c, uint8_t *out)
{
	size_t n = c->bits_n > 1 ? c->bits_n - 1u : 0;
	uint32_t bits = c->bits << 6 * (4 - c->bits_n);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	c->bits = 0;
	c->bits_n = 0;
	return n;
}

/* Whole groups of four digits, as far as there is nothing else. Returns how many digits; *n counts the
 * bytes put out. */
static size_t base64_groups(struct sl_span in, uint8_t *out, size_t *n)
{
	size_t i = 0;
	for (; in.len - i >= 4 && *n < PIECE; i += 4) {
		const uint8_t *p = in.at + i;
		unsigned a = digits[p[0]], b = digits[p[1]], c = digits[p[2]], d = digits[p[3]];
		if (!a || !b || !c || !d)
			break;
		uint32_t bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		out[*n] = (uint8_t)(bits >> 16);
		out[*n + 1] = (uint8_t)(bits >> 8);
		out[*n + 2] = (uint8_t)bits;
		*n += 3;
	}
	return i;
}

/* Bytes outside the alphabet are ignored. Padding ends a group, not the data: mail programs read on
 * behind it, and so must who looks for what they will show. */
static void base64_data(struct sl_mime_code *c, struct sl_span in, sl_mime_out *out, void *ctx)
{
	uint8_t piece[PIECE + 3];
	size_t n = 0;
	for (size_t i = 0; i < in.len; i++) {
		if (!c->bits_n)
			i += base64_groups(sl_span_of(in.at + i, in.len - i), piece, &n);
		if (i == in.len)
			break;
		int digit = sl_base64_digit(in.at[i]);
		if (digit < 0 && in.at[i] != '=')
			continue;
		if (digit >= 0) {
			c->bits = c->bits << 6 | (uint32_t)digit;
			c->bits_n++;
		}
		if (digit < 0 || c->bits_n == 4)
			n += base64_rest(c, piece + n);
		if (n >= PIECE) {
			out(ctx, sl_span_of(piece, n));
			n = 0;
		}
	}
	if (n)
		out(ctx, sl_span_of(piece, n));
}

static void blanks_out(struct sl_mime_code *c, sl_mime_out *out, void *ctx)
{
	if (c->blanks_n)
		out(ctx, sl_span_of(c->blanks, c->blanks_n));
	c->blanks_n = 0;
}

/* An escape that is none stands for itself. */
static void escape_out(struct sl_mime_code *c, sl_mime_out *out, void *ctx)
{
	const uint8_t raw[] = { '=', c->escape };
	if (c->bits_n)
		out(ctx, sl_span_of(raw, c->bits_n));
	c->bits_n = 0;
	blanks_out(c, out, ctx);
}

/* One byte within or behind an escape. False: it belongs to none, and is still to be looked at. */
static bool quoted_escape(struct sl_mime_code *c, uint8_t byte, sl_mime_out *out, void *ctx)
{
	int digit = sl_hex_digit(byte);
	bool blank = byte == ' ' || byte == '\t';
	if (c->bits_n == 1 && blank && c->blanks_n < SL_MIME_BLANKS_MAX) {
		c->blanks[c->blanks_n++] = byte; /* "=", white space, line's end: a soft one */
		return true;
	}
	if (digit < 0 || c->blanks_n) {
		escape_out(c, out, ctx);
		return false;
	}
	if (c->bits_n == 1) {
		c->escape = byte;
		c->bits_n = 2;
		return true;
	}
	uint8_t value = (uint8_t)(sl_hex_digit(c->escape) << 4 | digit);
	out(ctx, sl_span_of(&value, 1));
	c->bits_n = 0;
	return true;
}

static bool is_plain(uint8_t byte)
{
	return byte != '=' && byte != ' ' && byte != '\t';
}

static void quoted_data(struct sl_mime_code *c, struct sl_span in, sl_mime_out *out, void *ctx)
{
	for (size_t i = 0; i < in.len;) {
		uint8_t byte = in.at[i];
		if (c->bits_n) {
			i += quoted_escape(c, byte, out, ctx);
		} else if (byte == '=') {
			blanks_out(c, out, ctx);
			c->bits_n = 1;
			i++;
		} else if (byte == ' ' || byte == '\t') {
			if (c->blanks_n == SL_MIME_BLANKS_MAX)
				blanks_out(c, out, ctx);
			c->blanks[c->blanks_n++] = byte;
			i++;
		} else {
			size_t from = i;
			while (i < in.len && is_plain(in.at[i]))
				i++;
			blanks_out(c, out, ctx);
			out(ctx, sl_span_of(in.at + from, i - from));
		}
	}
}

void sl_mime_code_data(struct sl_mime_code *c, struct sl_span in, sl_mime_out *out, void *ctx)
{
	if (c->coding == SL_MIME_BASE64)
		base64_data(c, in, out, ctx);
	else if (c->coding == SL_MIME_QUOTED)
		quoted_data(c, in, out, ctx);
	else if (in.len)
		out(ctx, in);
}

void sl_mime_code_line(struct sl_mime_code *c, struct sl_span end, sl_mime_out *out, void *ctx)
{
	if (c->resync) {
		c->resync = false;
		c->bits = 0;
		c->bits_n = 0;
	}
	if (c->coding == SL_MIME_BASE64)
		return;
	if (c->coding == SL_MIME_QUOTED) {
		bool soft = c->bits_n == 1;
		if (c->bits_n == 2)
			escape_out(c, out, ctx);
		c->bits_n = 0;
		c->blanks_n = 0; /* white space at a line's end was added in transport */
		if (soft)
			return;
	}
	out(ctx, end);
}

void sl_mime_code_end(struct sl_mime_code *c, sl_mime_out *out, void *ctx)
{
	uint8_t rest[3];
	if (c->coding == SL_MIME_BASE64) {
		size_t n = base64_rest(c, rest);
		if (n)
			out(ctx, sl_span_of(rest, n));
	} else if (c->coding == SL_MIME_QUOTED && c->bits_n == 2) {
		escape_out(c, out, ctx);
	}
}
