/* A small deterministic generator (xorshift-multiply): the same seed gives the same numbers on
 * every machine. Not for secrets. */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static inline uint64_t random_next(struct random *r)
{
	r->state += 0x9e3779b97f4a7c15ULL;
	return random_mix(r->state);
}

/* From 0 to below - 1; below > 0. */
static inline uint32_t random_below(struct random *r, uint32_t below)
{
	return (uint32_t)((random_next(r) >> 32) * below >> 32);
}

/* From low to high, both included. */
static inline uint32_t random_between(struct random *r, uint32_t low, uint32_t high)
{
	return low + random_below(r, high - low + 1);
}

/* True `per_million` times in a million. */
static inline int random_chance(struct random *r, uint32_t per_million)
{
	return random_below(r, 1000000) < per_million;
}

#endif
