/* The bytes of an exact table: what table_build.c writes and table.c reads in place.
 *
 *   head (64 bytes) | filter: u64[] | slots, four a bucket | keys: u16 length, bytes | postings:
 * u32[]
 *
 * Each part begins at a multiple of 64. The hash's low twelve bits choose two bits in a filter
 * word; the bits above them choose the word, the upper half the bucket. */
#ifndef SELAT_COMMON_TABLE_LAYOUT_H
#define SELAT_COMMON_TABLE_LAYOUT_H

#include <selat/table.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SL_TABLE_ALIGN = 64, SL_TABLE_WAYS = 4, SL_TABLE_MAX = 1 << 30 };

struct sl_table_head {
	uint64_t n;            /* distinct keys: used slots */
	uint64_t filter_words; /* a power of two */
	uint64_t buckets;      /* a power of two */
	uint64_t keys_size;    /* bytes */
	uint64_t postings_n;
	uint64_t seed;
	uint64_t unused[2];
};

_Static_assert(sizeof(struct sl_table_head) == SL_TABLE_ALIGN, "no padding on disk");
_Static_assert(sizeof(struct sl_table_slot) == 16, "no padding on disk");
_Static_assert(sizeof(struct sl_table_slot) * SL_TABLE_WAYS == SL_TABLE_ALIGN, "a line a bucket");

struct sl_table_layout {
	uint64_t filter, slots, keys, postings, size; /* offsets from the head; size of all */
};

static inline uint64_t sl_table_align(uint64_t n)
{
	return (n + SL_TABLE_ALIGN - 1) & ~(uint64_t)(SL_TABLE_ALIGN - 1);
}

/* The head's counts must be bounded before: they are added and multiplied here. */
static inline struct sl_table_layout sl_table_layout(const struct sl_table_head *head)
{
	struct sl_table_layout at = { .filter = SL_TABLE_ALIGN };
	at.slots = sl_table_align(at.filter + head->filter_words * sizeof(uint64_t));
	at.keys = at.slots + head->buckets * SL_TABLE_WAYS * sizeof(struct sl_table_slot);
	at.postings = sl_table_align(at.keys + head->keys_size);
	at.size = at.postings + head->postings_n * sizeof(uint32_t);
	return at;
}

/* Never 0: that is an empty slot. */
static inline uint64_t sl_table_hash(uint64_t seed, struct sl_span key)
{
	uint64_t hash = XXH3_64bits_withSeed(key.at, key.len, seed);
	return hash ? hash : 1;
}

static inline uint64_t sl_table_filter_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
}

static inline uint64_t sl_table_filter_word(uint64_t hash)
{
	return hash >> 12;
}

static inline uint64_t sl_table_bucket(uint64_t hash)
{
	return hash >> 32;
}

#endif
