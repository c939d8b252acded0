/* Transforms: what derived fields are made of. Each reads one room and writes the other, or, where the
 * result is no longer than what it is made of, in place. As Suricata's of the same names. */
#include <ctype.h>
#include <openssl/evp.h>
#include <sensor/detect/detect_internal.h>

static bool digest(const EVP_MD *md, const uint8_t *in, size_t n, uint8_t *out, size_t *out_n)
{
	unsigned len = 0;
	if (EVP_Digest(in, n, out, &len, md, NULL) != 1)
		return false;
	*out_n = len;
	return true;
}

static int hex_of(uint8_t c)
{
	if (isdigit(c))
		return c - '0';
	c = (uint8_t)tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t url_decode(const uint8_t *in, size_t n, uint8_t *out)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		bool escape =
			in[i] == '%' && n - i > 2 && hex_of(in[i + 1]) >= 0 && hex_of(in[i + 2]) >= 0;
		if (escape) {
			out[k++] = (uint8_t)(hex_of(in[i + 1]) << 4 | hex_of(in[i + 2]));
			i += 2;
		} else {
			out[k++] = in[i] == '+' ? ' ' : in[i];
		}
	}
	return k;
}

static size_t whitespace(const uint8_t *in, size_t n, uint8_t *out, bool keep_one)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (!isspace(in[i]))
			out[k++] = in[i];
		else if (keep_one && (i == 0 || !isspace(in[i - 1])))
			out[k++] = in[i];
	return k;
}

/* The names alone: what stands before the colon of each line. */
static size_t header_lowercase(const uint8_t *in, size_t n, uint8_t *out)
{
	bool name = true;
	for (size_t i = 0; i < n; i++) {
		out[i] = name ? (uint8_t)tolower(in[i]) : in[i];
		if (in[i] == '\n')
			name = true;
		else if (in[i] == ':')
			name = false;
	}
	return n;
}

/* HTTP/2's: lines that begin with a colon. */
static size_t strip_pseudo_headers(const uint8_t *in, size_t n, uint8_t *out)
{
	size_t k = 0;
	for (size_t i = 0; i < n;) {
		const uint8_t *end = memchr(in + i, '\n', n - i);
		size_t len = end ? (size_t)(end - (in + i)) + 1 : n - i;
		if (in[i] != ':') {
			memcpy(out + k, in + i, len);
			k += len;
		}
		i += len;
	}
	return k;
}

static size_t dotprefix(const uint8_t *in, size_t n, uint8_t *out)
{
	out[0] = '.';
	n = n < SL_DERIVED_BYTES ? n : SL_DERIVED_BYTES - 1;
	memcpy(out + 1, in, n);
	return n + 1;
}

static int base64_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648, 4; ends at what is no part of it, and passes over white space (RFC 2045, 6.8). */
static size_t base64_decode(const uint8_t *in, size_t n, uint8_t *out)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		int six = base64_of(in[i]);
		if (isspace(in[i]))
			continue;
		if (six < 0)
			break;
		bits = bits << 6 | (uint32_t)six;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[k++] = (uint8_t)(bits >> have);
		}
	}
	return k;
}

static size_t change_case(const uint8_t *in, size_t n, uint8_t *out, bool upper)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(upper ? toupper(in[i]) : tolower(in[i]));
	return n;
}

static bool transform(enum sl_transform how, struct sl_span in, uint8_t *out, size_t *n)
{
	switch (how) {
	case SL_TO_MD5:
		return digest(EVP_md5(), in.at, in.len, out, n);
	case SL_TO_SHA1:
		return digest(EVP_sha1(), in.at, in.len, out, n);
	case SL_TO_SHA256:
		return digest(EVP_sha256(), in.at, in.len, out, n);
	case SL_URL_DECODE:
		*n = url_decode(in.at, in.len, out);
		return true;
	case SL_STRIP_WHITESPACE:
	case SL_COMPRESS_WHITESPACE:
		*n = whitespace(in.at, in.len, out, how == SL_COMPRESS_WHITESPACE);
		return true;
	case SL_HEADER_LOWERCASE:
		*n = header_lowercase(in.at, in.len, out);
		return true;
	case SL_STRIP_PSEUDO_HEADERS:
		*n = strip_pseudo_headers(in.at, in.len, out);
		return true;
	case SL_DOTPREFIX:
		*n = dotprefix(in.at, in.len, out);
		return true;
	case SL_TO_LOWERCASE:
	case SL_TO_UPPERCASE:
		*n = change_case(in.at, in.len, out, how == SL_TO_UPPERCASE);
		return true;
	case SL_BASE64_DECODE:
		*n = base64_decode(in.at, in.len, out);
		return true;
	}
	return false;
}

bool sl_transform(const struct sl_ruleset_derived *how, struct sl_span in, uint8_t *const room[2],
		  struct sl_span *out)
{
	*out = in;
	if (out->len > SL_DERIVED_BYTES)
		out->len = SL_DERIVED_BYTES;
	for (unsigned i = 0; i < how->n; i++) {
		uint8_t *to = room[i & 1];
		size_t n = 0;
		if (!transform((enum sl_transform)how->transform[i], *out, to, &n))
			return false;
		*out = sl_span_of(to, n);
	}
	return true;
}
