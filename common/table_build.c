/* Building exact tables. Pairs are kept in the order they came, sorted by (hash, key, value) at the
 * end, and laid out as table_layout.h says: the bytes depend on the set of pairs alone.
 *
 * One thread a builder. Memory: 32 bytes and the key a pair, twice that while writing. */
#include "table_layout.h"

#include <stdlib.h>

enum { KEY_MAX = UINT16_MAX };

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
	if (key.len > KEY_MAX || b->n >= SL_TABLE_MAX)
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

/* The smallest power of two that is at least n and at least least. */
static uint64_t power_of_two(uint64_t n, uint64_t least)
{
	uint64_t p = least;
	while (p < n)
		p *= 2;
	return p;
}

/* Drops repeated pairs (they are sorted) and counts what the layout needs. */
static struct sl_table_head builder_measure(struct sl_table_builder *b)
{
	struct sl_table_head head = { .seed = b->seed };
	size_t kept = 0;
	for (size_t i = 0; i < b->n; i++) {
		const struct pair *p = &b->pair[i], *last = kept ? &b->pair[kept - 1] : NULL;
		bool same_key = last && key_compare(last, p, b->keys) == 0;
		if (same_key && last->value == p->value)
			continue;
		if (!same_key) {
			head.n++;
			head.keys_size += sizeof(uint16_t) + p->len;
			head.postings_n++;
		}
		head.postings_n++;
		b->pair[kept++] = *p;
	}
	b->n = kept;
	head.filter_words = power_of_two((head.n + 3) / 4, SL_TABLE_ALIGN / sizeof(uint64_t));
	head.buckets = power_of_two((head.n + 1) / 2, 1);
	return head;
}

/* Where the parts of the table are being written. */
struct target {
	uint64_t *filter, filter_mask;
	struct sl_table_slot *slots;
	uint64_t bucket_mask;
	uint8_t *keys;
	uint32_t *postings;
	uint32_t key, posting; /* how far both are filled */
};

static void slot_put(struct target *t, uint64_t hash)
{
	t->filter[sl_table_filter_word(hash) & t->filter_mask] |= sl_table_filter_bits(hash);
	uint64_t bucket = sl_table_bucket(hash) & t->bucket_mask;
	for (;; bucket = (bucket + 1) & t->bucket_mask) {
		struct sl_table_slot *slot = &t->slots[bucket * SL_TABLE_WAYS];
		for (size_t i = 0; i < SL_TABLE_WAYS; i++) {
			if (slot[i].hash)
				continue;
			slot[i] = (struct sl_table_slot){ hash, t->key, t->posting };
			return;
		}
	}
}

static void table_fill(const struct sl_table_builder *b, struct target *t)
{
	for (size_t i = 0, end; i < b->n; i = end) {
		const struct pair *first = &b->pair[i];
		for (end = i + 1; end < b->n && key_compare(first, &b->pair[end], b->keys) == 0;)
			end++;
		slot_put(t, first->hash);
		memcpy(t->keys + t->key, &first->len, sizeof first->len);
		t->key += (uint32_t)sizeof first->len;
		memcpy(t->keys + t->key, b->keys + first->key, first->len);
		t->key += first->len;
		t->postings[t->posting++] = (uint32_t)(end - i);
		for (size_t j = i; j < end; j++)
			t->postings[t->posting++] = b->pair[j].value;
	}
}

int sl_table_builder_write(struct sl_table_builder *b, uint8_t **bytes, size_t *size)
{
	*bytes = NULL;
	*size = 0;
	if (b->n == 0)
		return SL_OK;
	qsort_r(b->pair, b->n, sizeof *b->pair, pair_compare, b->keys);
	struct sl_table_head head = builder_measure(b);
	if (head.keys_size > UINT32_MAX || head.postings_n > UINT32_MAX)
		return SL_EFORMAT;
	struct sl_table_layout at = sl_table_layout(&head);
	uint8_t *out = calloc(1, (size_t)at.size);
	if (!out)
		return SL_ENOMEM;
	memcpy(out, &head, sizeof head);
	/* calloc aligns to 16 bytes, and every part begins at a multiple of 64. */
	struct target t = {
		.filter = (uint64_t *)(void *)(out + at.filter),
		.filter_mask = head.filter_words - 1,
		.slots = (struct sl_table_slot *)(void *)(out + at.slots),
		.bucket_mask = head.buckets - 1,
		.keys = out + at.keys,
		.postings = (uint32_t *)(void *)(out + at.postings),
	};
	table_fill(b, &t);
	*bytes = out;
	*size = (size_t)at.size;
	return SL_OK;
}
