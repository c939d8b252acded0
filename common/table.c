/* Looking up in exact tables, in place. sl_table_open checks every number of the bytes once, so
 * that a look-up needs no check but its own key's. Immutable: any thread may read. */
#include "table_layout.h"

static bool is_power_of_two(uint64_t n)
{
	return n && (n & (n - 1)) == 0;
}

/* The counts, and that they add up to exactly the bytes there are. */
static int head_check(const struct sl_table_head *head, size_t size, struct sl_err *err)
{
	if (head->n == 0 || head->n > SL_TABLE_MAX || head->keys_size > UINT32_MAX ||
	    head->postings_n > UINT32_MAX)
		return sl_fail(err, SL_EFORMAT, "a table's counts are out of range");
	if (!is_power_of_two(head->filter_words) || head->filter_words > SL_TABLE_MAX ||
	    !is_power_of_two(head->buckets) || head->buckets > SL_TABLE_MAX)
		return sl_fail(err, SL_EFORMAT, "a table's sizes are no powers of two");
	if (head->n > head->buckets * SL_TABLE_WAYS / 2)
		return sl_fail(err, SL_EFORMAT, "a table is too full");
	if (sl_table_layout(head).size != size)
		return sl_fail(err, SL_EFORMAT, "a table's parts do not add up to its size");
	return SL_OK;
}

/* The postings a slot uses, its count included; 0: key or postings are out of bounds. */
static uint64_t slot_check(const struct sl_table *t, const struct sl_table_slot *slot)
{
	uint16_t len;
	if (slot->key >= t->keys_size || t->keys_size - slot->key < sizeof len)
		return 0;
	memcpy(&len, t->keys + slot->key, sizeof len);
	if (t->keys_size - slot->key - sizeof len < len)
		return 0;
	if (slot->posting >= t->postings_n)
		return 0;
	uint64_t count = t->postings[slot->posting];
	return count && count < t->postings_n - slot->posting ? count + 1 : 0;
}

/* That the lists together are no longer than the postings bounds what a reader of all has to do. */
static int slots_check(const struct sl_table *t, struct sl_err *err)
{
	uint64_t used = 0, postings = 0;
	for (uint64_t i = 0; i < (t->bucket_mask + 1) * SL_TABLE_WAYS; i++) {
		if (!t->slots[i].hash)
			continue;
		uint64_t n = slot_check(t, &t->slots[i]);
		if (!n)
			return sl_fail(err, SL_EFORMAT, "a table's slot points outside of it");
		used++;
		postings += n;
	}
	if (used != t->n || postings != t->postings_n)
		return sl_fail(err, SL_EFORMAT, "a table's slots are not as many as it says");
	return SL_OK;
}

int sl_table_open(struct sl_table *t, struct sl_span bytes, struct sl_err *err)
{
	*t = (struct sl_table){ 0 };
	if (bytes.len == 0)
		return SL_OK;
	struct sl_table_head head;
	if (bytes.len < sizeof head || (uintptr_t)bytes.at % SL_TABLE_ALIGN)
		return sl_fail(err, SL_EFORMAT, "a table is too short or not aligned");
	memcpy(&head, bytes.at, sizeof head);
	int rc = head_check(&head, bytes.len, err);
	if (rc < 0)
		return rc;
	struct sl_table_layout at = sl_table_layout(&head);
	struct sl_table open = {
		.filter = (const uint64_t *)(const void *)(bytes.at + at.filter),
		.slots = (const struct sl_table_slot *)(const void *)(bytes.at + at.slots),
		.keys = bytes.at + at.keys,
		.postings = (const uint32_t *)(const void *)(bytes.at + at.postings),
		.filter_mask = head.filter_words - 1,
		.bucket_mask = head.buckets - 1,
		.seed = head.seed,
		.keys_size = head.keys_size,
		.postings_n = head.postings_n,
		.n = head.n,
	};
	rc = slots_check(&open, err);
	if (rc == SL_OK)
		*t = open;
	return rc;
}

static bool slot_is(const struct sl_table *t, const struct sl_table_slot *slot, struct sl_span key)
{
	uint16_t len;
	memcpy(&len, t->keys + slot->key, sizeof len);
	return sl_span_eq(sl_span_of(t->keys + slot->key + sizeof len, len), key);
}

struct sl_postings sl_table_get_hashed(const struct sl_table *t, struct sl_span key, uint64_t hash)
{
	const struct sl_postings miss = { NULL, 0 };
	if (!t->n)
		return miss;
	uint64_t bits = sl_table_filter_bits(hash);
	if ((t->filter[sl_table_filter_word(hash) & t->filter_mask] & bits) != bits)
		return miss;
	uint64_t bucket = sl_table_bucket(hash) & t->bucket_mask;
	/* At most half of the slots are used (head_check), so an empty one ends this. */
	for (;; bucket = (bucket + 1) & t->bucket_mask) {
		const struct sl_table_slot *slot = &t->slots[bucket * SL_TABLE_WAYS];
		for (size_t i = 0; i < SL_TABLE_WAYS; i++) {
			if (!slot[i].hash)
				return miss;
			if (slot[i].hash == hash && slot_is(t, &slot[i], key)) {
				const uint32_t *list = &t->postings[slot[i].posting];
				return (struct sl_postings){ list + 1, list[0] };
			}
		}
	}
}

uint64_t sl_table_prefetch(const struct sl_table *t, struct sl_span key)
{
	uint64_t hash = sl_table_hash(t->seed, key);
	if (t->n)
		__builtin_prefetch(&t->filter[sl_table_filter_word(hash) & t->filter_mask]);
	return hash;
}

struct sl_postings sl_table_get(const struct sl_table *t, struct sl_span key)
{
	if (!t->n)
		return (struct sl_postings){ NULL, 0 };
	return sl_table_get_hashed(t, key, sl_table_hash(t->seed, key));
}
