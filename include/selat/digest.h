/* Digests, by OpenSSL's libcrypto. */
#ifndef SELAT_DIGEST_H
#define SELAT_DIGEST_H

#include <selat/span.h>

enum { SL_SHA256_SIZE = 32, SL_SHA1_SIZE = 20, SL_MD5_SIZE = 16 };

void sl_sha256(struct sl_span bytes, uint8_t out[SL_SHA256_SIZE]);
void sl_sha1(struct sl_span bytes, uint8_t out[SL_SHA1_SIZE]);
void sl_md5(struct sl_span bytes, uint8_t out[SL_MD5_SIZE]);

/* A digest over pieces. NULL from new means memory ended. */
struct sl_sha256;
struct sl_sha256 *sl_sha256_new(void);
void sl_sha256_add(struct sl_sha256 *d, struct sl_span bytes);
void sl_sha256_end(struct sl_sha256 *d, uint8_t out[SL_SHA256_SIZE]); /* and frees d */
void sl_sha256_free(struct sl_sha256 *d);                            /* NULL is fine */

/* Lower-case hex, NUL-terminated; out has room for 2 * len + 1. */
void sl_hex(char *out, struct sl_span bytes);

/* Standard base64 (RFC 4648, padded), NUL-terminated; out has room for 4 * ((len + 2) / 3) + 1. */
size_t sl_base64(char *out, struct sl_span bytes);

#endif
