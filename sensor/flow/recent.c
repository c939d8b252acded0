/* A direct-mapped table of digests. The digest is keyed by a secret of this run, so that nobody can
 * find other bytes with the same one; a place is chosen by the stream, which is keyed too. */
#include <sensor/flow/recent.h>
#include <stdlib.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#define XXH_NO_INLINE_HINTS 1 /* gcc -Og does not manage what they ask for */
#include <xxhash.h>

enum {
	PIECES = 1 << 14,
	STEPS = 64, /* pieces that one repetition is compared with at most */
	WORDS = 8,  /* of a piece that are looked at */
	LOOKED_AT = WORDS * sizeof(uint64_t),
};

struct piece {
	uint32_t tag, len; /* len 0: none */
	uint64_t digest;
};

struct sl_recent {
	uint8_t secret[XXH3_SECRET_SIZE_MIN];
	uint32_t where[WORDS]; /* of a long piece's words: the part of its length, in 2^-32 */
	struct piece piece[PIECES];
};

int sl_recent_new(struct sl_recent **out, struct sl_err *err)
{
	struct sl_recent *r = calloc(1, sizeof *r);
	if (!r || getrandom(r->secret, sizeof r->secret, 0) != sizeof r->secret ||
	    getrandom(r->where, sizeof r->where, 0) != sizeof r->where) {
		free(r);
		return sl_fail(err, SL_ENOMEM, "TCP reassembly: out of memory");
	}
	r->where[0] = 0;
	r->where[WORDS - 1] = UINT32_MAX;
	*out = r;
	return SL_OK;
}

void sl_recent_free(struct sl_recent *r)
{
	free(r);
}

/* Where a piece that begins there has its place, and what tells it from others there. */
static size_t place_of(uint64_t stream, uint32_t seq, uint32_t *tag)
{
	uint64_t key = (stream ^ seq) * 0x9E3779B97F4A7C15u;
	*tag = (uint32_t)(key >> 18);
	return key >> 50; /* the upper 14 bits */
}

/* Of as many bytes each time, a short piece's with zeros behind, so that the hash has no branches. */
static uint64_t digest_of(const struct sl_recent *r, const uint8_t *at, size_t n)
{
	uint8_t words[LOOKED_AT] = { 0 };
	if (n <= LOOKED_AT)
		memcpy(words, at, n);
	else
		for (size_t i = 0; i < WORDS; i++)
			memcpy(words + 8 * i, at + ((uint64_t)r->where[i] * (n - 7) >> 32), 8);
	return XXH3_64bits_withSecret(words, sizeof words, r->secret, sizeof r->secret);
}

void sl_recent_note(struct sl_recent *r, uint64_t stream, uint32_t seq, struct sl_span bytes)
{
	uint32_t tag;
	struct piece *p = &r->piece[place_of(stream, seq, &tag)];
	*p = (struct piece){ tag, (uint32_t)bytes.len, digest_of(r, bytes.at, bytes.len) };
}

size_t sl_recent_differing(const struct sl_recent *r, uint64_t stream, uint32_t seq,
			   struct sl_span bytes)
{
	size_t differing = 0;
	for (unsigned step = 0; step < STEPS && bytes.len; step++) {
		uint32_t tag;
		const struct piece *p = &r->piece[place_of(stream, seq, &tag)];
		if (p->tag != tag || !p->len || p->len > bytes.len)
			break;
		if (digest_of(r, bytes.at, p->len) != p->digest)
			differing += p->len;
		seq += p->len;
		bytes = sl_span_of(bytes.at + p->len, bytes.len - p->len);
	}
	return differing;
}
