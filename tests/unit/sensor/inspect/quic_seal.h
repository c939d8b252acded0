/* QUIC packets for tests: Initials sealed as RFC 9001, section 5 says, from frames written by hand. */
#ifndef SELAT_TEST_INSPECT_QUIC_SEAL_H
#define SELAT_TEST_INSPECT_QUIC_SEAL_H

#include "../wire.h"
#include <openssl/evp.h>
#include <sensor/inspect/quic_keys.h>

enum { V1 = 1, SEAL_PLAIN_MAX = 60000 };

/* How an Initial is to be made. */
struct seal {
	uint32_t version;
	struct sl_span origin; /* the id that the keys come from */
	struct sl_span to, from, token;
	enum sl_quic_role role;
	uint32_t number;
	size_t least; /* frames are padded to that */
};

static inline void wire_int(struct wire *w, uint64_t v)
{
	if (v < 64)
		wire_u8(w, (unsigned)v);
	else if (v < 16384)
		wire_u16(w, 0x4000 | (unsigned)v);
	else
		wire_u32(w, 0x80000000 | (uint32_t)v);
}

static inline void wire_id(struct wire *w, struct sl_span id)
{
	wire_u8(w, (unsigned)id.len);
	wire_put(w, id.at, id.len);
}

static inline void seal_header(struct wire *w, const struct seal *s, size_t plain)
{
	wire_u8(w, s->version == 0x6b3343cf ? 0xd3 : 0xc3); /* a packet number of four bytes */
	wire_u32(w, s->version);
	wire_id(w, s->to);
	wire_id(w, s->from);
	wire_int(w, s->token.len);
	wire_put(w, s->token.at, s->token.len);
	wire_u16(w, 0x4000 | (unsigned)(4 + plain + SL_QUIC_TAG));
	wire_u32(w, s->number);
}

/* Adds the packet to w; others may stand before it. */
static inline void seal(struct wire *w, const struct seal *s, const struct wire *frames)
{
	static uint8_t plain[SEAL_PLAIN_MAX], sealed[SEAL_PLAIN_MAX + SL_QUIC_TAG];
	uint8_t secret[SL_QUIC_SECRET], nonce[12], block[32];
	struct sl_quic_keys keys;
	size_t n = frames->n < s->least ? s->least : frames->n, start = w->n;
	int len;
	const struct sl_quic_version *v = sl_quic_version(s->version);
	assert_true(n <= sizeof plain && v && sl_quic_secret(v, s->origin, secret) &&
		    sl_quic_keys(v, secret, s->role, &keys));
	memset(plain, 0, n);
	memcpy(plain, frames->at, frames->n);
	seal_header(w, s, n);
	memcpy(nonce, keys.iv, sizeof nonce);
	for (unsigned i = 0; i < 4; i++)
		nonce[8 + i] ^= (uint8_t)(s->number >> (24 - 8 * i));
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
	assert_true(EVP_EncryptInit_ex(aes, EVP_aes_128_gcm(), NULL, keys.key, nonce) == 1);
	assert_true(EVP_EncryptUpdate(aes, NULL, &len, w->at + start, (int)(w->n - start)) == 1);
	assert_true(EVP_EncryptUpdate(aes, sealed, &len, plain, (int)n) == 1);
	assert_true(EVP_EncryptFinal_ex(aes, sealed + n, &len) == 1);
	assert_true(EVP_CIPHER_CTX_ctrl(aes, EVP_CTRL_AEAD_GET_TAG, SL_QUIC_TAG, sealed + n) == 1);
	assert_true(EVP_EncryptInit_ex(aes, EVP_aes_128_ecb(), NULL, keys.mask, NULL) == 1);
	assert_true(EVP_EncryptUpdate(aes, block, &len, sealed, 16) == 1);
	EVP_CIPHER_CTX_free(aes);
	w->at[start] ^= block[0] & 0x0f;
	for (unsigned i = 0; i < 4; i++)
		w->at[w->n - 4 + i] ^= block[1 + i];
	wire_put(w, sealed, n + SL_QUIC_TAG);
}

static inline void wire_crypto(struct wire *w, size_t offset, const uint8_t *bytes, size_t n)
{
	wire_u8(w, 6);
	wire_int(w, offset);
	wire_int(w, n);
	wire_put(w, bytes, n);
}

#endif
