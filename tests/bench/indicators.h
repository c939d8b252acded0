/* What the sensor is to look for, and what of it was planted. Names and addresses are computed from
 * an index, so that ordinary traffic and indicators never share one. */
#ifndef BENCH_INDICATORS_H
#define BENCH_INDICATORS_H

#include "packet.h"
#include "random.h"

enum { PATTERNS = 1000, DOMAINS = 10000, ADDRESSES = 10000, ADDRESSES_V6 = 1000 };
enum { PATTERN_MIN = 6, PATTERN_MAX = 32, NAME_MAX_BYTES = 64 };

struct pattern {
	uint8_t bytes[PATTERN_MAX];
	uint8_t len;
	bool text; /* letters and digits; else any byte */
};

struct patterns {
	struct pattern at[PATTERNS];
};

void patterns_make(struct patterns *ps, uint64_t seed);

/* Names in "example": those of indicators end in an odd number, ordinary ones in an even one. */
void name_listed(char out[NAME_MAX_BYTES], uint32_t index);
void name_ordinary(char out[NAME_MAX_BYTES], uint32_t index);

struct address address_listed(uint32_t index); /* the last ADDRESSES_V6 are IPv6 */
struct address address_server(uint32_t index, bool v6);
struct address address_client(uint32_t index, bool v6);

/* Writes patterns.jsonl, domains.jsonl, addresses.jsonl (packs) and patterns.hex (for bench-floor)
 * into the folder, which is made if it is not there. 0, or -1 and a sentence on stderr. */
int packs_write(const char *folder, const struct patterns *ps);

#endif
