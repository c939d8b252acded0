/* The exact table: keys of any bytes to lists of numbers, read in place from a ruleset file.
 *
 * One shape for addresses, domains, URLs and exact field values. Built once by the compiler,
 * immutable afterwards. A filter of sixteen bits a key in front answers most misses with one cache
 * line; then buckets of eight 8-byte slots, one cache line each, a full bucket going on in the next.
 * The hash is keyed XXH3; a hit is confirmed by the key's bytes, so a collision cannot lie. A key with
 * one value takes some 21 bytes and itself. */
#ifndef SELAT_TABLE_H
#define SELAT_TABLE_H

#include <selat/err.h>
#include <selat/span.h>

/* A view into the file's bytes, checked by sl_table_open. Any thread may read it. */
struct sl_table {
	const uint64_t *filter;
	const struct sl_table_slot *slots;
	const uint32_t *entries;
	uint64_t filter_words, buckets, words, seed;
	uint64_t n; /* distinct keys; 0: every look-up misses */
};

struct sl_table_slot {
	uint32_t tag;   /* of the hash */
	uint32_t entry; /* index into entries; 0: the slot is empty */
};

/* Values found: borrowed from the table. n == 0: a miss. */
struct sl_postings {
	const uint32_t *value;
	uint32_t n;
};

/* Checks the bytes' own counts and offsets against their size. bytes stay the caller's, 64-byte
 * aligned. An empty span is an empty table. */
int sl_table_open(struct sl_table *t, struct sl_span bytes, struct sl_err *err);

struct sl_postings sl_table_get(const struct sl_table *t, struct sl_span key);

/* Every key's values, in no order that matters: *at is 0 first, and 0 again behind the last. */
struct sl_postings sl_table_next(const struct sl_table *t, uint64_t *at);

/* The key of what was found, which is no miss. Borrowed from the table. */
struct sl_span sl_table_key(struct sl_postings found);

/* Building: add pairs in any order, the same key as often as needed; write gives the table's bytes. */
struct sl_table_builder;
struct sl_table_builder *sl_table_builder_new(uint64_t seed); /* NULL: memory ended */
int sl_table_builder_add(struct sl_table_builder *b, struct sl_span key, uint32_t value);
int sl_table_builder_write(struct sl_table_builder *b, uint8_t **bytes, size_t *size); /* malloc'd */
/* The same, opened; it is read in *memory, which the caller frees when it is done with it. */
int sl_table_builder_open(struct sl_table_builder *b, struct sl_table *t, void **memory, struct sl_err *err);
void sl_table_builder_free(struct sl_table_builder *b);

#endif
