/* Encoded words in headers (RFC 2047): =?charset?B or Q?text?=. */
#include <sensor/inspect/mime_part.h>
#include <sensor/inspect/text.h>

struct word {
	struct sl_span charset, text;
	bool base64;
	size_t len; /* of the whole */
};

static struct sl_span until_mark(struct sl_cur *c)
{
	const uint8_t *from = c->p;
	while (sl_cur_left(c) && *c->p != '?' && *c->p != '\n')
		c->p++;
	return sl_span_of(from, (size_t)(c->p - from));
}

/* Is there one at the start of these bytes? The text may hold blanks, which RFC 2047 forbids and mail
 * programs accept. */
static bool word_cut(struct sl_span in, struct word *w)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	if (sl_cur_u8(&c) != '=' || sl_cur_u8(&c) != '?' || c.failed)
		return false;
	w->charset = until_mark(&c);
	sl_cur_u8(&c);
	uint8_t kind = sl_cur_u8(&c) | 0x20;
	if (sl_cur_u8(&c) != '?' || (kind != 'b' && kind != 'q') || c.failed)
		return false;
	w->base64 = kind == 'b';
	w->text = until_mark(&c);
	if (sl_cur_u8(&c) != '?' || sl_cur_u8(&c) != '=' || c.failed)
		return false;
	const uint8_t *star = w->charset.len ? memchr(w->charset.at, '*', w->charset.len) : NULL;
	if (star)
		w->charset.len = (size_t)(star - w->charset.at); /* RFC 2231, section 5: a language */
	w->len = (size_t)(c.p - in.at);
	return true;
}

enum charset { UNKNOWN, UTF8, LATIN1 };

static enum charset charset_of(struct sl_span name)
{
	static const struct {
		const char *name;
		enum charset charset;
	} known[] = { { "utf-8", UTF8 }, { "utf8", UTF8 }, { "us-ascii", UTF8 }, { "ascii", UTF8 },
		      { "iso-8859-1", LATIN1 }, { "latin1", LATIN1 } };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (name.len == strlen(known[i].name) &&
		    strncasecmp((const char *)name.at, known[i].name, name.len) == 0)
			return known[i].charset;
	return UNKNOWN;
}

static size_t byte_put(uint8_t *out, uint8_t c, enum charset charset)
{
	if (charset == LATIN1 && c >= 0x80) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	out[0] = c;
	return 1;
}

static size_t base64_put(uint8_t *out, struct sl_span text, enum charset charset)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	for (size_t i = 0; i < text.len && text.at[i] != '='; i++) {
		int digit = sl_base64_digit(text.at[i]);
		if (digit < 0)
			continue;
		bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			n += byte_put(out + n, (uint8_t)(bits >> have), charset);
		}
	}
	return n;
}

static size_t quoted_put(uint8_t *out, struct sl_span text, enum charset charset)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i] == '_' ? ' ' : text.at[i];
		int high = c == '=' && i + 2 < text.len ? sl_hex_digit(text.at[i + 1]) : -1;
		int low = high >= 0 ? sl_hex_digit(text.at[i + 2]) : -1;
		if (low >= 0) {
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		n += byte_put(out + n, c, charset);
	}
	return n;
}

/* How many blanks stand between here and another word that will be decoded; 0: none such. */
static size_t gap_before_word(struct sl_span in)
{
	struct word w;
	size_t n = 0;
	while (n < in.len && (in.at[n] == ' ' || in.at[n] == '\t'))
		n++;
	bool word = word_cut(sl_span_of(in.at + n, in.len - n), &w);
	return word && charset_of(w.charset) != UNKNOWN ? n : 0;
}

size_t sl_mime_words(uint8_t *out, struct sl_span in)
{
	size_t n = 0;
	for (size_t i = 0; i < in.len;) {
		struct word w;
		struct sl_span rest = sl_span_of(in.at + i, in.len - i);
		bool word = in.at[i] == '=' && word_cut(rest, &w);
		enum charset charset = word ? charset_of(w.charset) : UNKNOWN;
		if (charset == UNKNOWN) {
			out[n++] = in.at[i++];
			continue;
		}
		n += w.base64 ? base64_put(out + n, w.text, charset)
			      : quoted_put(out + n, w.text, charset);
		i += w.len;
		i += gap_before_word(sl_span_of(in.at + i, in.len - i)); /* RFC 2047, section 6.2 */
	}
	return n;
}
