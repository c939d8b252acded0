/* Digests by OpenSSL's EVP, hex and base64.
 *
 * The only ways for a digest to fail are a libcrypto that lacks the algorithm and the end of
 * memory for some hundred bytes. A wrong digest would be worse than no program: it ends. */
#include <selat/digest.h>

#include <selat/log.h>

#include <openssl/evp.h>
#include <stdlib.h>

struct sl_sha256 {
	EVP_MD_CTX *context;
};

static void must(int done)
{
	if (done == 1)
		return;
	sl_log(SL_ERROR, "digest", "libcrypto could not compute a digest; check its installation");
	abort();
}

void sl_sha256(struct sl_span bytes, uint8_t out[SL_SHA256_SIZE])
{
	must(EVP_Digest(bytes.at, bytes.len, out, NULL, EVP_sha256(), NULL));
}

void sl_sha1(struct sl_span bytes, uint8_t out[SL_SHA1_SIZE])
{
	must(EVP_Digest(bytes.at, bytes.len, out, NULL, EVP_sha1(), NULL));
}

void sl_md5(struct sl_span bytes, uint8_t out[SL_MD5_SIZE])
{
	must(EVP_Digest(bytes.at, bytes.len, out, NULL, EVP_md5(), NULL));
}

struct sl_sha256 *sl_sha256_new(void)
{
	struct sl_sha256 *d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->context = EVP_MD_CTX_new();
	if (!d->context || EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) != 1) {
		sl_sha256_free(d);
		return NULL;
	}
	return d;
}

void sl_sha256_free(struct sl_sha256 *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->context);
	free(d);
}

void sl_sha256_add(struct sl_sha256 *d, struct sl_span bytes)
{
	must(EVP_DigestUpdate(d->context, bytes.at, bytes.len));
}

void sl_sha256_end(struct sl_sha256 *d, uint8_t out[SL_SHA256_SIZE])
{
	must(EVP_DigestFinal_ex(d->context, out, NULL));
	sl_sha256_free(d);
}

void sl_hex(char *out, struct sl_span bytes)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < bytes.len; i++) {
		*out++ = digits[bytes.at[i] >> 4];
		*out++ = digits[bytes.at[i] & 15];
	}
	*out = '\0';
}

static void base64_put(char *out, uint32_t three)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	out[0] = digits[three >> 18 & 63];
	out[1] = digits[three >> 12 & 63];
	out[2] = digits[three >> 6 & 63];
	out[3] = digits[three & 63];
}

size_t sl_base64(char *out, struct sl_span bytes)
{
	const uint8_t *at = bytes.at;
	size_t len = 0, left = bytes.len;
	for (; left >= 3; left -= 3, at += 3, len += 4)
		base64_put(out + len, (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2]);
	if (left) {
		uint32_t last = (uint32_t)at[0] << 16 | (left == 2 ? (uint32_t)at[1] << 8 : 0);
		base64_put(out + len, last);
		if (left == 1)
			out[len + 2] = '=';
		out[len + 3] = '=';
		len += 4;
	}
	out[len] = '\0';
	return len;
}
