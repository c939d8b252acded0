/* A UDP flow as QUIC: datagrams as they are, and the same bytes as the frames of sealed Initials. */
#include "fuzz_parser.h"
#include <openssl/evp.h>
#include <sensor/inspect/quic_keys.h>

enum { HEADER = 22, NUMBER_AT = 18, PLAIN_MAX = 1400 };

/* The packet is sealed with the keys of an id of zeros, version 1. */
static size_t seal(uint8_t *out, enum sl_quic_role role, uint8_t number, const uint8_t *plain, size_t n)
{
	static const uint8_t id[8];
	const struct sl_quic_version *v = sl_quic_version(1);
	uint8_t secret[SL_QUIC_SECRET], nonce[12], mask[32];
	struct sl_quic_keys keys;
	int len;
	REQUIRE(sl_quic_secret(v, sl_span_of(id, sizeof id), secret) &&
		sl_quic_keys(v, secret, role, &keys));
	memset(out, 0, HEADER);
	out[0] = 0xc3;
	out[4] = 1;
	out[5] = sizeof id;
	out[NUMBER_AT - 2] = (uint8_t)(0x40 | (4 + n + SL_QUIC_TAG) >> 8);
	out[NUMBER_AT - 1] = (uint8_t)(4 + n + SL_QUIC_TAG);
	out[HEADER - 1] = number;
	memcpy(nonce, keys.iv, sizeof nonce);
	nonce[11] ^= number;
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
	REQUIRE(EVP_EncryptInit_ex(aes, EVP_aes_128_gcm(), NULL, keys.key, nonce) == 1 &&
		EVP_EncryptUpdate(aes, NULL, &len, out, HEADER) == 1 &&
		EVP_EncryptUpdate(aes, out + HEADER, &len, plain, (int)n) == 1 &&
		EVP_EncryptFinal_ex(aes, out + HEADER + n, &len) == 1 &&
		EVP_CIPHER_CTX_ctrl(aes, EVP_CTRL_AEAD_GET_TAG, SL_QUIC_TAG, out + HEADER + n) == 1 &&
		EVP_EncryptInit_ex(aes, EVP_aes_128_ecb(), NULL, keys.mask, NULL) == 1 &&
		EVP_EncryptUpdate(aes, mask, &len, out + HEADER, 16) == 1);
	EVP_CIPHER_CTX_free(aes);
	out[0] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < 4; i++)
		out[NUMBER_AT + i] ^= mask[1 + i];
	return HEADER + n + SL_QUIC_TAG;
}

/* Pieces behind a length of a byte and a bit for the side. */
static void sealed_flow(struct sl_inspect *i, struct sl_flow *flow, void *slot, const uint8_t *data,
			size_t size)
{
	uint8_t out[HEADER + PLAIN_MAX + SL_QUIC_TAG];
	for (size_t at = 0, number = 0; at + 2 < size && number < 40; number++) {
		size_t n = 1 + (size_t)(data[at] & 0x7f) * 11, left = size - at - 1;
		unsigned side = data[at++] >> 7;
		n = n < left ? n : left;
		size_t len =
			seal(out, side ? SL_QUIC_SERVER : SL_QUIC_CLIENT, (uint8_t)number, data + at, n);
		fuzz_feed(i, flow, slot, side, out, len, 0);
		at += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sl_counters counters;
	uint64_t sum = 0;
	struct sl_inspect_config config = { .gather_bytes = 1 << 20, .state_bytes = 8 << 20,
					    .sink = { &sum, fuzz_transaction, fuzz_piece, NULL },
					    .counters = &counters };
	struct sl_flow flow = { .key = { .proto = IPPROTO_UDP, .low_port = 1025, .high_port = 443 } };
	struct sl_inspect *i;
	if (size < 3 || data[0] & 1)
		return fuzz_flow(IPPROTO_UDP, 1500, data + (size > 0), size - (size > 0));
	memset(config.wanted, 1, sizeof config.wanted);
	void *slot = calloc(1, sl_inspect_slot_bytes());
	REQUIRE(slot && sl_inspect_new(&i, &config, NULL) == SL_OK);
	sealed_flow(i, &flow, slot, data + 1, size - 1);
	sl_inspect_forget(i, &flow, slot);
	REQUIRE(sl_inspect_held(i) == 0);
	sl_inspect_free(i);
	free(slot);
	return 0;
}
