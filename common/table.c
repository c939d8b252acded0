/* Looking up in exact tables, in place. sl_table_open checks every number of the bytes once, so
 * that a look-up needs no check but its own key's. Immutable: any thread may read. */
#include "table_layout.h"

/* The counts, and that they add up to exactly the bytes there are. */
static int head_check(const struct sl_table_head *head, size_t size, struct sl_err *err)
{
	if (head->n == 0 || head->n > SL_TABLE_MAX || head->words == 0 ||
	    head->words > UINT32_MAX || head->filter_words == 0 ||
	    head->filter_words > SL_TABLE_MAX || head->buckets == 0 || head->buckets > SL_TABLE_MAX)
		return sl_fail(err, SL_EFORMAT, "a table's counts are out of range");
	if (head->n > head->buckets * (SL_TABLE_WAYS - 1))
		return sl_fail(err, SL_EFORMAT, "a table is too full");
	if (sl_table_layout(head).size != size)
		return sl_fail(err, SL_EFORMAT, "a table's parts do not add up to its size");
	return SL_OK;
}

/* The words that a slot's entry takes; 0: it is out of bounds. */
static uint64_t slot_check(const struct sl_table *t, const struct sl_table_slot *slot)
{
	if (slot->entry >= t->words)
		return 0;
	uint32_t head = t->entries[slot->entry];
	uint64_t words = sl_table_entry_words(head);
	return sl_table_values_n(head) && words <= t->words - slot->entry ? words : 0;
}

/* That the entries together are no longer than their part bounds what a reader of all has to do. */
static int slots_check(const struct sl_table *t, struct sl_err *err)
{
	uint64_t used = 0, words = 1;
	for (uint64_t i = 0; i < t->buckets * SL_TABLE_WAYS; i++) {
		if (!t->slots[i].entry)
			continue;
		uint64_t n = slot_check(t, &t->slots[i]);
		if (!n)
			return sl_fail(err, SL_EFORMAT, "a table's slot points outside of it");
		used++;
		words += n;
	}
	if (used != t->n || words != t->words)
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
		.entries = (const uint32_t *)(const void *)(bytes.at + at.entries),
		.filter_words = head.filter_words,
		.buckets = head.buckets,
		.words = head.words,
		.seed = head.seed,
		.n = head.n,
	};
	rc = slots_check(&open, err);
	if (rc == SL_OK)
		*t = open;
	return rc;
}

struct sl_postings sl_table_next(const struct sl_table *t, uint64_t *at)
{
	uint64_t slots = t->n ? t->buckets * SL_TABLE_WAYS : 0;
	for (; *at < slots; ++*at) {
		if (!t->slots[*at].entry)
			continue;
		const uint32_t *entry = &t->entries[t->slots[(*at)++].entry];
		return (struct sl_postings){ entry + 1, sl_table_values_n(*entry) };
	}
	*at = 0;
	return (struct sl_postings){ NULL, 0 };
}

struct sl_span sl_table_key(struct sl_postings found)
{
	const uint32_t *entry = found.value - 1;
	return sl_span_of((const uint8_t *)(found.value + found.n), sl_table_key_len(*entry));
}

static bool entry_is(const uint32_t *entry, struct sl_span key)
{
	const uint8_t *bytes = (const uint8_t *)(entry + 1 + sl_table_values_n(*entry));
	return sl_span_eq(sl_span_of(bytes, sl_table_key_len(*entry)), key);
}

struct sl_postings sl_table_get(const struct sl_table *t, struct sl_span key)
{
	const struct sl_postings miss = { NULL, 0 };
	if (!t->n)
		return miss;
	uint64_t hash = sl_table_hash(t->seed, key);
	uint64_t bits = sl_table_filter_bits(hash);
	if ((t->filter[sl_table_place(hash, t->filter_words)] & bits) != bits)
		return miss;
	uint64_t bucket = sl_table_place(hash, t->buckets);
	/* There is an empty slot (head_check), and it ends this. */
	for (;; bucket = bucket + 1 == t->buckets ? 0 : bucket + 1) {
		const struct sl_table_slot *slot = &t->slots[bucket * SL_TABLE_WAYS];
		for (size_t i = 0; i < SL_TABLE_WAYS; i++) {
			if (!slot[i].entry)
				return miss;
			const uint32_t *entry = &t->entries[slot[i].entry];
			if (slot[i].tag == (uint32_t)hash && entry_is(entry, key))
				return (struct sl_postings){ entry + 1, sl_table_values_n(*entry) };
		}
	}
}
