/* The bytes of an exact table: what table_build.c writes and table.c reads in place.
 *
 *   head (64 bytes) | filter: u64[] | slots: eight a bucket, a cache line | entries: u32[]
 *   an entry: key's length << 19 | number of values; the values; the key, zeros up to a whole word
 *
 * Each part begins at a multiple of 64. Of the hash, the upper half chooses bucket and filter word
 * (by multiplying, so that their numbers may be any), the lowest twelve bits two bits in that word,
 * the lower half is the slot's tag. Entries stand in the hash's order, so that reading all slots
 * reads them from first to last. */
#ifndef SELAT_COMMON_TABLE_LAYOUT_H
#define SELAT_COMMON_TABLE_LAYOUT_H

#include <selat/table.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SL_TABLE_ALIGN = 64, SL_TABLE_WAYS = 8, SL_TABLE_MAX = 1 << 30 };
enum { SL_TABLE_VALUES_BITS = 19, SL_TABLE_VALUES_MAX = (1 << SL_TABLE_VALUES_BITS) - 1 };
enum { SL_TABLE_KEY_MAX = (1 << 13) - 1 };

struct sl_table_head {
	uint64_t n; /* distinct keys: used slots */
	uint64_t filter_words;
	uint64_t buckets;
	uint64_t words; /* of entries; the first is none */
	uint64_t seed;
	uint64_t unused[3];
};

_Static_assert(sizeof(struct sl_table_head) == SL_TABLE_ALIGN, "no padding on disk");
_Static_assert(sizeof(struct sl_table_slot) * SL_TABLE_WAYS == SL_TABLE_ALIGN, "a line a bucket");

struct sl_table_layout {
	uint64_t filter, slots, entries, size; /* offsets from the head; size of all */
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
	at.entries = at.slots + head->buckets * SL_TABLE_ALIGN;
	at.size = at.entries + head->words * sizeof(uint32_t);
	return at;
}

static inline uint64_t sl_table_hash(uint64_t seed, struct sl_span key)
{
	return XXH3_64bits_withSeed(key.at, key.len, seed);
}

static inline uint64_t sl_table_filter_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
}

/* One of n, in the hashes' order. */
static inline uint64_t sl_table_place(uint64_t hash, uint64_t n)
{
	return (hash >> 32) * n >> 32;
}

static inline uint32_t sl_table_key_len(uint32_t head)
{
	return head >> SL_TABLE_VALUES_BITS;
}

static inline uint32_t sl_table_values_n(uint32_t head)
{
	return head & SL_TABLE_VALUES_MAX;
}

/* Words of an entry with that first word. */
static inline uint64_t sl_table_entry_words(uint32_t head)
{
	return 1 + (uint64_t)sl_table_values_n(head) + (sl_table_key_len(head) + 3) / 4;
}

#endif
