/* A ring of hashes in the order they came, and an open-addressed index into it, half empty. The
 * oldest leaves when the ring is full; the hole it leaves in the index is closed by moving later
 * ones back, so that there are no tombstones and a look-up stays short for ever. */
#include "alerts/seen.h"

#include <assert.h>
#include <selat/time.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

struct sl_seen {
	uint32_t window, mask; /* mask: slots - 1 */
	uint32_t next;         /* place in the ring for the next one */
	bool full;
	uint64_t seed;
	XXH128_hash_t *ring;
	uint32_t *slot; /* place in the ring + 1; 0: empty */
};

struct sl_seen *sl_seen_new(uint32_t window)
{
	assert(window >= 2 && window <= 1U << 24 && (window & (window - 1)) == 0);
	struct sl_seen *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->window = window;
	s->mask = 2 * window - 1;
	s->ring = calloc(window, sizeof *s->ring);
	s->slot = calloc((size_t)window * 2, sizeof *s->slot);
	if (getrandom(&s->seed, sizeof s->seed, GRND_NONBLOCK) != (ssize_t)sizeof s->seed)
		s->seed = sl_time_now();
	if (!s->ring || !s->slot) {
		sl_seen_free(s);
		return NULL;
	}
	return s;
}

void sl_seen_free(struct sl_seen *s)
{
	if (!s)
		return;
	free(s->ring);
	free(s->slot);
	free(s);
}

/* b's hash seeds a's, so that ("ab", "c") and ("a", "bc") differ. */
static XXH128_hash_t hash_pair(const struct sl_seen *s, struct sl_span a, struct sl_span b)
{
	return XXH3_128bits_withSeed(a.at, a.len, XXH3_64bits_withSeed(b.at, b.len, s->seed));
}

/* The slot that holds the hash, or the empty one where it would be. */
static uint32_t find(const struct sl_seen *s, XXH128_hash_t hash)
{
	uint32_t i = (uint32_t)hash.low64 & s->mask;
	while (s->slot[i] && !XXH128_isEqual(s->ring[s->slot[i] - 1], hash))
		i = (i + 1) & s->mask;
	return i;
}

static void forget(struct sl_seen *s, XXH128_hash_t hash)
{
	uint32_t hole = find(s, hash);
	for (uint32_t i = (hole + 1) & s->mask; s->slot[i]; i = (i + 1) & s->mask) {
		uint32_t home = (uint32_t)s->ring[s->slot[i] - 1].low64 & s->mask;
		if (((i - home) & s->mask) >= ((i - hole) & s->mask)) {
			s->slot[hole] = s->slot[i];
			hole = i;
		}
	}
	s->slot[hole] = 0;
}

bool sl_seen_add(struct sl_seen *s, struct sl_span a, struct sl_span b)
{
	XXH128_hash_t hash = hash_pair(s, a, b);
	if (s->slot[find(s, hash)])
		return false;
	if (s->full)
		forget(s, s->ring[s->next]);
	s->ring[s->next] = hash;
	s->slot[find(s, hash)] = s->next + 1;
	s->next = (s->next + 1) % s->window;
	s->full |= s->next == 0;
	return true;
}
