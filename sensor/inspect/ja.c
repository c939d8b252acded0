/* JA3 and JA3S: MD5 of "version,ciphers,extensions,groups,formats" in decimal, values joined by "-", as
 * the hello has them. JA4: "t13d1516h2" and SHA-256, cut, of the sorted ciphers and of the sorted
 * extensions with the signature algorithms. All leave GREASE out. The texts go into the digests piece by
 * piece: a hello of any length needs no more memory. Per worker, no state. */
#include <openssl/evp.h>
#include <selat/digest.h>
#include <sensor/inspect/ja.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	EXTENSION_SNI = 0,
	EXTENSION_ALPN = 16,
	CUT_DIGITS = 12, /* of JA4's hashes */
	COUNT_MOST = 99,
};

/* --- text on its way into a digest --- */

struct text {
	EVP_MD_CTX *digest;
	size_t n;
	bool failed;
	char at[512];
};

static void text_begin(struct text *x, const EVP_MD *kind)
{
	x->digest = EVP_MD_CTX_new();
	x->n = 0;
	x->failed = !x->digest || EVP_DigestInit_ex(x->digest, kind, NULL) != 1;
}

static void text_flush(struct text *x)
{
	if (!x->failed && EVP_DigestUpdate(x->digest, x->at, x->n) != 1)
		x->failed = true;
	x->n = 0;
}

static void text_char(struct text *x, char c)
{
	if (x->n == sizeof x->at)
		text_flush(x);
	x->at[x->n++] = c;
}

static void text_decimal(struct text *x, unsigned value)
{
	char digit[10];
	size_t n = 0;
	do {
		digit[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		text_char(x, digit[--n]);
}

static void text_hex(struct text *x, unsigned value)
{
	for (unsigned shift = 16; shift; shift -= 4)
		text_char(x, "0123456789abcdef"[value >> (shift - 4) & 15]);
}

/* The digest, and the text's end. */
static bool text_end(struct text *x, uint8_t digest[EVP_MAX_MD_SIZE], unsigned *len)
{
	text_flush(x);
	bool ok = !x->failed && EVP_DigestFinal_ex(x->digest, digest, len) == 1;
	EVP_MD_CTX_free(x->digest);
	return ok;
}

/* --- JA3 --- */

/* Values of `size` bytes, joined by '-'. */
static void ja3_list(struct text *x, struct sl_span list, size_t size)
{
	struct sl_cur c = sl_cur_of(list.at, list.len);
	bool more = false;
	while (sl_cur_left(&c) >= size) {
		unsigned value = size == 2 ? sl_cur_be16(&c) : sl_cur_u8(&c);
		if (size == 2 && sl_is_grease(value))
			continue;
		if (more)
			text_char(x, '-');
		text_decimal(x, value);
		more = true;
	}
}

static void ja3_extensions(struct text *x, struct sl_span list)
{
	struct sl_cur c = sl_cur_of(list.at, list.len);
	bool more = false;
	while (sl_cur_left(&c) >= 4) {
		unsigned type = sl_cur_be16(&c);
		sl_cur_take(&c, sl_cur_be16(&c));
		if (sl_is_grease(type))
			continue;
		if (more)
			text_char(x, '-');
		text_decimal(x, type);
		more = true;
	}
}

static bool ja3_end(struct text *x, char out[SL_JA3_SIZE])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (!text_end(x, digest, &len) || len * 2 + 1 != SL_JA3_SIZE)
		return false;
	sl_hex(out, sl_span_of(digest, len));
	return true;
}

static void ja3_begin(struct text *x, const struct sl_hello *h)
{
	text_begin(x, EVP_md5());
	text_decimal(x, h->version);
	text_char(x, ',');
	ja3_list(x, h->ciphers, 2);
	text_char(x, ',');
	ja3_extensions(x, h->extensions);
}

bool sl_ja3(const struct sl_hello *h, char out[SL_JA3_SIZE])
{
	struct text x;
	ja3_begin(&x, h);
	text_char(&x, ',');
	ja3_list(&x, h->groups, 2);
	text_char(&x, ',');
	ja3_list(&x, h->formats, 1);
	return ja3_end(&x, out);
}

bool sl_ja3s(const struct sl_hello *h, char out[SL_JA3_SIZE])
{
	struct text x;
	ja3_begin(&x, h);
	return ja3_end(&x, out);
}

/* --- JA4 --- */

/* The later of two versions; DTLS counts downwards (RFC 9147, section 5.3). */
static bool later(uint16_t a, uint16_t b)
{
	return a >> 8 == 0xfe && b >> 8 == 0xfe ? a < b : a > b;
}

uint16_t sl_hello_version(const struct sl_hello *h)
{
	uint16_t highest = 0;
	struct sl_cur c = sl_cur_of(h->versions.at, h->versions.len);
	if (!h->has_versions)
		return h->version;
	while (sl_cur_left(&c) >= 2) {
		uint16_t v = sl_cur_be16(&c);
		if (!sl_is_grease(v) && later(v, highest))
			highest = v;
	}
	return highest;
}

static const char *ja4_version(uint16_t version)
{
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	case 0xfeff:
		return "d1";
	case 0xfefd:
		return "d2";
	case 0xfefc:
		return "d3";
	default:
		return "00";
	}
}

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first protocol; of its hex form where either is no letter or digit. */
static void ja4_alpn(struct sl_span alpn, char out[2])
{
	static const char hex[] = "0123456789abcdef";
	out[0] = out[1] = '0';
	if (!alpn.len)
		return;
	uint8_t first = alpn.at[0], last = alpn.at[alpn.len - 1];
	bool plain = is_alnum(first) && is_alnum(last);
	out[0] = plain ? (char)first : hex[first >> 4];
	out[1] = plain ? (char)last : hex[last & 15];
}

static int by_value(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void text_hex_list(struct text *x, const uint16_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			text_char(x, ',');
		text_hex(x, values[i]);
	}
}

/* Twelve zeros stand for a hash of nothing. */
static bool ja4_end(struct text *x, bool nothing, char *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };
	unsigned len = 0;
	bool ok = text_end(x, digest, &len);
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	sl_hex(hex, sl_span_of(digest, sizeof digest));
	for (unsigned i = 0; i < CUT_DIGITS; i++)
		out[i] = nothing ? '0' : hex[i];
	return ok;
}

static bool ja4_ciphers(const struct sl_hello *h, uint16_t *room, size_t *count, char *out)
{
	struct sl_cur c = sl_cur_of(h->ciphers.at, h->ciphers.len);
	size_t n = 0;
	while (sl_cur_left(&c) >= 2) {
		uint16_t v = sl_cur_be16(&c);
		if (!sl_is_grease(v))
			room[n++] = v;
	}
	struct text x;
	text_begin(&x, EVP_sha256());
	qsort(room, n, sizeof *room, by_value);
	text_hex_list(&x, room, n);
	*count = n;
	return ja4_end(&x, n == 0, out);
}

static bool ja4_extensions(const struct sl_hello *h, uint16_t *room, size_t *count, char *out)
{
	struct sl_cur c = sl_cur_of(h->extensions.at, h->extensions.len);
	size_t n = 0, all = 0;
	while (sl_cur_left(&c) >= 4) {
		uint16_t type = sl_cur_be16(&c);
		sl_cur_take(&c, sl_cur_be16(&c));
		if (sl_is_grease(type))
			continue;
		all++;
		if (type != EXTENSION_SNI && type != EXTENSION_ALPN)
			room[n++] = type;
	}
	struct text x;
	text_begin(&x, EVP_sha256());
	qsort(room, n, sizeof *room, by_value);
	text_hex_list(&x, room, n);

	char before = '_';
	for (c = sl_cur_of(h->signatures.at, h->signatures.len); sl_cur_left(&c) >= 2;) {
		uint16_t v = sl_cur_be16(&c);
		if (sl_is_grease(v))
			continue;
		text_char(&x, before);
		text_hex(&x, v);
		before = ',';
	}
	*count = all;
	return ja4_end(&x, n == 0, out);
}

bool sl_ja4(const struct sl_hello *h, uint16_t *room, char out[SL_JA4_SIZE])
{
	char ciphers[CUT_DIGITS], extensions[CUT_DIGITS], alpn[2];
	size_t ciphers_n, extensions_n;
	if (!ja4_ciphers(h, room, &ciphers_n, ciphers) ||
	    !ja4_extensions(h, room, &extensions_n, extensions))
		return false;
	ja4_alpn(h->alpn, alpn);
	ciphers_n = ciphers_n < COUNT_MOST ? ciphers_n : COUNT_MOST;
	extensions_n = extensions_n < COUNT_MOST ? extensions_n : COUNT_MOST;
	snprintf(out, SL_JA4_SIZE, "%c%s%c%02zu%02zu%.2s_%.12s_%.12s", "tdq"[h->over],
		 ja4_version(sl_hello_version(h)), h->has_sni ? 'd' : 'i', ciphers_n, extensions_n, alpn,
		 ciphers, extensions);
	return true;
}
