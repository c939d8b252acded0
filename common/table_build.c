/* Building exact tables. Pairs are kept in the order they came, sorted by (hash, key, value) at the
 * end, and laid out as table_layout.h says: the bytes depend on the set of pairs alone.
 *
 * One thread a builder. Memory: 32 bytes and the key a pair, twice that while writing. */
#include "table_layout.h"

#include <stdlib.h>

enum {
	FULL = 6,   /* keys a bucket, of eight slots */
	ALIGN = 64, /* of a table that is read in place */
};

struct pair {
	uint64_t hash;
	uint64_t key; /* offset into the builder's keys */
	uint32_t value;
	uint16_t len;
};

struct sl_table_builder {
	uint64_t seed;
	struct pair *pair;
	size_t n, room;
	uint8_t *keys;
	size_t keys_len, keys_room;
};

struct sl_table_builder *sl_table_builder_new(uint64_t seed)
{
	struct sl_table_builder *b = calloc(1, sizeof *b);
	if (b)
		b->seed = seed;
	return b;
}

void sl_table_builder_free(struct sl_table_builder *b)
{
	if (!b)
		return;
	free(b->pair);
	free(b->keys);
	free(b);
}

/* Makes room for one more pair and len more key bytes. */
static int builder_grow(struct sl_table_builder *b, size_t len)
{
	if (b->n == b->room) {
		size_t room = b->room ? b->room * 2 : 64;
		struct pair *pair = reallocarray(b->pair, room, sizeof *pair);
		if (!pair)
			return SL_ENOMEM;
		b->pair = pair;
		b->room = room;
	}
	if (!b->keys || b->keys_room - b->keys_len < len) {
		size_t room = b->keys_room * 2 + len + 1024;
		uint8_t *keys = realloc(b->keys, room);
		if (!keys)
			return SL_ENOMEM;
		b->keys = keys;
		b->keys_room = room;
	}
	return SL_OK;
}

int sl_table_builder_add(struct sl_table_builder *b, struct sl_span key, uint32_t value)
{
	if (key.len > SL_TABLE_KEY_MAX || b->n >= SL_TABLE_MAX)
		return SL_EFORMAT;
	int rc = builder_grow(b, key.len);
	if (rc < 0)
		return rc;
	b->pair[b->n++] = (struct pair){
		.hash = sl_table_hash(b->seed, key),
		.key = b->keys_len,
		.value = value,
		.len = (uint16_t)key.len,
	};
	if (key.len)
		memcpy(b->keys + b->keys_len, key.at, key.len);
	b->keys_len += key.len;
	return SL_OK;
}

static int key_compare(const struct pair *a, const struct pair *b, const uint8_t *keys)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(keys + a->key, keys + b->key, a->len);
}

static int pair_compare(const void *left, const void *right, void *keys)
{
	const struct pair *a = left, *b = right;
	int order = key_compare(a, b, keys);
	return order ? order : (a->value > b->value) - (a->value < b->value);
}

/* Hashes are even: one pass puts each pair where it belongs but for its few neighbours. */
static int pairs_sort(struct sl_table_builder *b)
{
	size_t parts = b->n / 8 + 1;
	struct pair *sorted = malloc(b->n * sizeof *sorted);
	uint32_t *from = calloc(parts + 1, sizeof *from);
	if (!sorted || !from) {
		free(sorted);
		free(from);
		return SL_ENOMEM;
	}
	for (size_t i = 0; i < b->n; i++)
		from[sl_table_place(b->pair[i].hash, parts) + 1]++;
	for (size_t i = 0; i < parts; i++)
		from[i + 1] += from[i];
	for (size_t i = 0; i < b->n; i++)
		sorted[from[sl_table_place(b->pair[i].hash, parts)]++] = b->pair[i];
	/* Each part's place is now its end. */
	for (size_t i = 0; i < parts; i++) {
		uint32_t begin = i ? from[i - 1] : 0;
		qsort_r(sorted + begin, from[i] - begin, sizeof *sorted, pair_compare, b->keys);
	}
	free(from);
	free(b->pair);
	b->pair = sorted;
	b->room = b->n;
	return SL_OK;
}

/* Drops repeated pairs (they are sorted) and counts what the layout needs; false: a key has more
 * values than an entry says. */
static bool builder_measure(struct sl_table_builder *b, struct sl_table_head *head)
{
	size_t kept = 0, values = 0;
	*head = (struct sl_table_head){ .seed = b->seed, .words = 1 };
	for (size_t i = 0; i < b->n; i++) {
		const struct pair *p = &b->pair[i], *last = kept ? &b->pair[kept - 1] : NULL;
		bool same_key = last && key_compare(last, p, b->keys) == 0;
		if (same_key && last->value == p->value)
			continue;
		if (!same_key) {
			head->n++;
			head->words += 1 + (p->len + 3u) / 4;
			values = 0;
		}
		if (++values > SL_TABLE_VALUES_MAX)
			return false;
		head->words++;
		b->pair[kept++] = *p;
	}
	b->n = kept;
	head->filter_words = (head->n + 3) / 4;
	head->buckets = (head->n + FULL - 1) / FULL;
	return head->words <= UINT32_MAX;
}

/* Where the parts of the table are being written. */
struct target {
	const struct sl_table_head *head;
	uint64_t *filter;
	struct sl_table_slot *slots;
	uint32_t *entries;
	uint32_t entry; /* how far they are filled */
};

static void slot_put(struct target *t, uint64_t hash)
{
	t->filter[sl_table_place(hash, t->head->filter_words)] |= sl_table_filter_bits(hash);
	uint64_t bucket = sl_table_place(hash, t->head->buckets);
	for (;; bucket = bucket + 1 == t->head->buckets ? 0 : bucket + 1) {
		struct sl_table_slot *slot = &t->slots[bucket * SL_TABLE_WAYS];
		for (size_t i = 0; i < SL_TABLE_WAYS; i++) {
			if (slot[i].entry)
				continue;
			slot[i] = (struct sl_table_slot){ (uint32_t)hash, t->entry };
			return;
		}
	}
}

static void table_fill(const struct sl_table_builder *b, struct target *t)
{
	t->entry = 1;
	for (size_t i = 0, end; i < b->n; i = end) {
		const struct pair *first = &b->pair[i];
		for (end = i + 1; end < b->n && key_compare(first, &b->pair[end], b->keys) == 0;)
			end++;
		slot_put(t, first->hash);
		uint32_t *entry = &t->entries[t->entry];
		*entry = (uint32_t)first->len << SL_TABLE_VALUES_BITS | (uint32_t)(end - i);
		for (size_t j = i; j < end; j++)
			entry[1 + j - i] = b->pair[j].value;
		memcpy(entry + 1 + (end - i), b->keys + first->key, first->len);
		t->entry += (uint32_t)sl_table_entry_words(*entry);
	}
}

int sl_table_builder_write(struct sl_table_builder *b, uint8_t **bytes, size_t *size)
{
	*bytes = NULL;
	*size = 0;
	if (b->n == 0)
		return SL_OK;
	struct sl_table_head head;
	int rc = pairs_sort(b);
	if (rc < 0)
		return rc;
	if (!builder_measure(b, &head))
		return SL_EFORMAT;
	struct sl_table_layout at = sl_table_layout(&head);
	uint8_t *out = calloc(1, (size_t)at.size);
	if (!out)
		return SL_ENOMEM;
	memcpy(out, &head, sizeof head);
	/* calloc aligns to 16 bytes, and every part begins at a multiple of 64. */
	struct target t = {
		.head = &head,
		.filter = (uint64_t *)(void *)(out + at.filter),
		.slots = (struct sl_table_slot *)(void *)(out + at.slots),
		.entries = (uint32_t *)(void *)(out + at.entries),
	};
	table_fill(b, &t);
	*bytes = out;
	*size = (size_t)at.size;
	return SL_OK;
}

int sl_table_builder_open(struct sl_table_builder *b, struct sl_table *t, void **memory,
			  struct sl_err *err)
{
	uint8_t *bytes = NULL;
	size_t size = 0;
	*memory = NULL;
	int rc = sl_table_builder_write(b, &bytes, &size);
	if (rc == SL_OK)
		*memory = aligned_alloc(ALIGN, (size / ALIGN + 1) * ALIGN);
	if (rc == SL_OK && *memory && size)
		memcpy(*memory, bytes, size);
	free(bytes);
	if (rc == SL_OK && *memory)
		return sl_table_open(t, sl_span_of(*memory, size), err);
	return rc == SL_EFORMAT ? sl_fail(err, rc, "too many values for a table")
				: sl_fail(err, SL_ENOMEM, "out of memory");
}
