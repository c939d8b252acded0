/* Initial secrets, header protection and AES-128-GCM of QUIC's Initial packets: RFC 9001, section 5;
 * RFC 9369, section 3.3, for version 2. HKDF of RFC 5869 is two HMACs here, because no output is
 * longer than one hash. No state; any thread. */
#include <openssl/evp.h>
#include <sensor/inspect/quic_keys.h>

enum {
	NUMBER_MOST = 4, /* bytes of a packet number */
	SAMPLE = 16,
};

static const uint8_t version_1[SL_QUIC_SALT] = {
	0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a
};
static const uint8_t version_2[SL_QUIC_SALT] = {
	0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9
};
/* To draft -07. */
static const uint8_t version_2_draft[SL_QUIC_SALT] = {
	0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
	0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3
};
static const uint8_t draft_29[SL_QUIC_SALT] = {
	0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
	0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99
};
static const uint8_t draft_23[SL_QUIC_SALT] = {
	0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
	0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02
};
static const uint8_t draft_22[SL_QUIC_SALT] = {
	0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
	0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a
};
static const uint8_t q050[SL_QUIC_SALT] = {
	0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94,
	0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45
};
static const uint8_t t050[SL_QUIC_SALT] = {
	0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
	0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10
};
static const uint8_t t051[SL_QUIC_SALT] = {
	0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
	0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d
};

/* Drafts 23 to 28, 29 to 32 and 33 on share a salt each. The versions of mvfst that were deployed are
 * drafts 22 and 27 under other numbers. */
static const struct sl_quic_version versions[] = {
	{ .first = 0x00000001, .last = 0x00000001, .salt = version_1 },
	{ .first = 0x6b3343cf, .last = 0x6b3343cf, .salt = version_2, .second = true },
	{ .first = 0x709a50c4, .last = 0x709a50c4, .salt = version_2_draft, .second = true },
	{ .first = 0xff000021, .last = 0xff000022, .salt = version_1 },
	{ .first = 0xff00001d, .last = 0xff000020, .salt = draft_29 },
	{ .first = 0xff000017, .last = 0xff00001c, .salt = draft_23 },
	{ .first = 0xff000016, .last = 0xff000016, .salt = draft_22 },
	{ .first = 0xfaceb001, .last = 0xfaceb001, .salt = draft_22 },
	{ .first = 0xfaceb002, .last = 0xfaceb013, .salt = draft_23 },
	{ .first = 0x51303530, .last = 0x51303530, .salt = q050, .google = true, .chlo = true },
	{ .first = 0x54303530, .last = 0x54303530, .salt = t050, .google = true },
	{ .first = 0x54303531, .last = 0x54303531, .salt = t051, .google = true },
};

const struct sl_quic_version *sl_quic_version(uint32_t number)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (number >= versions[i].first && number <= versions[i].last)
			return &versions[i];
	return NULL;
}

enum { BLOCK = 64, HASH = 32 }; /* SHA-256's */

static bool digest(EVP_MD_CTX *sha, const uint8_t pad[BLOCK], struct sl_span bytes, uint8_t out[HASH])
{
	return EVP_DigestInit_ex(sha, NULL, NULL) == 1 && EVP_DigestUpdate(sha, pad, BLOCK) == 1 &&
	       EVP_DigestUpdate(sha, bytes.at, bytes.len) == 1 &&
	       EVP_DigestFinal_ex(sha, out, NULL) == 1;
}

/* RFC 2104, for keys no longer than a block. By hand, because libcrypto looks the algorithm up anew in
 * each HMAC(), which takes far longer than the hashing. */
static bool hmac(EVP_MD_CTX *sha, struct sl_span key, struct sl_span bytes, uint8_t out[HASH])
{
	uint8_t inner[BLOCK], outer[BLOCK], hash[HASH];
	memset(inner, 0x36, sizeof inner);
	memset(outer, 0x5c, sizeof outer);
	for (size_t i = 0; i < key.len; i++) {
		inner[i] ^= key.at[i];
		outer[i] ^= key.at[i];
	}
	return digest(sha, inner, bytes, hash) && digest(sha, outer, sl_span_of(hash, sizeof hash), out);
}

static EVP_MD_CTX *sha_new(void)
{
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	if (sha && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1)
		return sha;
	EVP_MD_CTX_free(sha);
	return NULL;
}

bool sl_quic_secret(const struct sl_quic_version *v, struct sl_span connection,
		    uint8_t secret[SL_QUIC_SECRET])
{
	EVP_MD_CTX *sha = sha_new();
	bool ok = sha && hmac(sha, sl_span_of(v->salt, SL_QUIC_SALT), connection, secret);
	EVP_MD_CTX_free(sha);
	return ok;
}

/*  length (16) | length of label (8) | "tls13 " label | length of context (8) = 0
 *  RFC 8446, section 7.1; the byte behind it is HKDF-Expand's counter. */
static bool expand(EVP_MD_CTX *sha, const uint8_t secret[SL_QUIC_SECRET], const char *label,
		   uint8_t *out, size_t n)
{
	uint8_t info[32], hash[HASH];
	size_t len = strlen(label), at = 0;
	info[at++] = 0;
	info[at++] = (uint8_t)n;
	info[at++] = (uint8_t)(6 + len);
	memcpy(info + at, "tls13 ", 6);
	memcpy(info + at + 6, label, len);
	at += 6 + len;
	info[at++] = 0;
	info[at++] = 1;
	if (!hmac(sha, sl_span_of(secret, SL_QUIC_SECRET), sl_span_of(info, at), hash))
		return false;
	memcpy(out, hash, n);
	return true;
}

bool sl_quic_keys(const struct sl_quic_version *v, const uint8_t secret[SL_QUIC_SECRET],
		  enum sl_quic_role from, struct sl_quic_keys *keys)
{
	uint8_t own[SL_QUIC_SECRET];
	EVP_MD_CTX *sha = sha_new();
	bool ok = sha &&
		  expand(sha, secret, from == SL_QUIC_CLIENT ? "client in" : "server in", own,
			 sizeof own) &&
		  expand(sha, own, v->second ? "quicv2 key" : "quic key", keys->key, sizeof keys->key) &&
		  expand(sha, own, v->second ? "quicv2 iv" : "quic iv", keys->iv, sizeof keys->iv) &&
		  expand(sha, own, v->second ? "quicv2 hp" : "quic hp", keys->mask, sizeof keys->mask);
	EVP_MD_CTX_free(sha);
	return ok;
}

/* RFC 9001, section 5.4.3: one block of AES-ECB over the sample. */
static bool mask_of(EVP_CIPHER_CTX *aes, const uint8_t key[16], const uint8_t *sample,
		    uint8_t mask[SAMPLE])
{
	int len;
	return EVP_EncryptInit_ex(aes, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(aes, 0) == 1 &&
	       EVP_EncryptUpdate(aes, mask, &len, sample, SAMPLE) == 1;
}

struct sealed {
	uint8_t first, number[NUMBER_MOST], number_len; /* unmasked */
	struct sl_span between, body;                   /* the body without its tag */
	uint8_t nonce[12], tag[SL_QUIC_TAG];
};

static bool unseal(EVP_CIPHER_CTX *aes, const uint8_t key[16], struct sealed *s, uint8_t *plain)
{
	int len;
	return EVP_DecryptInit_ex(aes, EVP_aes_128_gcm(), NULL, key, s->nonce) == 1 &&
	       EVP_DecryptUpdate(aes, NULL, &len, &s->first, 1) == 1 &&
	       EVP_DecryptUpdate(aes, NULL, &len, s->between.at, (int)s->between.len) == 1 &&
	       EVP_DecryptUpdate(aes, NULL, &len, s->number, s->number_len) == 1 &&
	       EVP_DecryptUpdate(aes, plain, &len, s->body.at, (int)s->body.len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(aes, EVP_CTRL_AEAD_SET_TAG, SL_QUIC_TAG, s->tag) == 1 &&
	       EVP_DecryptFinal_ex(aes, plain + len, &len) == 1;
}

/* The first byte's low four bits and the packet number are masked. A number is sent short only while
 * all before it were: an Initial's is small enough to be whole. Sections 5.3 and 5.4.1. */
static bool packet_open(EVP_CIPHER_CTX *aes, const struct sl_quic_keys *keys, struct sl_span packet,
			size_t number_at, uint8_t *plain, size_t *len)
{
	uint8_t mask[SAMPLE];
	if (packet.len > INT32_MAX || number_at < 1 || packet.len < number_at + NUMBER_MOST + SAMPLE ||
	    !mask_of(aes, keys->mask, packet.at + number_at + NUMBER_MOST, mask))
		return false;
	struct sealed s = { .first = packet.at[0] ^ (mask[0] & 0x0f),
			    .between = { packet.at + 1, number_at - 1 } };
	s.number_len = (uint8_t)((s.first & 3) + 1);
	memcpy(s.nonce, keys->iv, sizeof s.nonce);
	for (size_t i = 0; i < s.number_len; i++) {
		s.number[i] = packet.at[number_at + i] ^ mask[1 + i];
		s.nonce[sizeof s.nonce - s.number_len + i] ^= s.number[i];
	}
	size_t body = number_at + s.number_len;
	s.body = sl_span_of(packet.at + body, packet.len - body - SL_QUIC_TAG);
	memcpy(s.tag, packet.at + packet.len - SL_QUIC_TAG, SL_QUIC_TAG);
	*len = s.body.len;
	return unseal(aes, keys->key, &s, plain);
}

bool sl_quic_open(const struct sl_quic_keys *keys, struct sl_span packet, size_t number_at,
		  uint8_t *plain, size_t *len)
{
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
	bool ok = aes && packet_open(aes, keys, packet, number_at, plain, len);
	EVP_CIPHER_CTX_free(aes);
	return ok;
}
