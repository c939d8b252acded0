/* Tally: chains of 32-bit numbers over two arrays, and a ring through all entries by age. Entry 0 is
 * the ring's head and no entry. All memory is reserved at the start and touched as it fills.
 *
 * Keys are digests under a secret of this run, so no traffic can choose its chain; what goes first
 * depends on the order of calls alone, so that a replay gives the same result each time. */
#include "tally.h"

#include <assert.h>
#include <stdlib.h>

enum { HEAD = 0 };

struct entry {
	struct sl_tally_key key;
	uint32_t next;         /* in its chain, or in the list of free ones; HEAD: the last */
	uint32_t older, younger;
};

struct sl_tally {
	struct entry *entry;
	uint32_t *chain; /* the first entry of each; HEAD: none */
	uint32_t mask, most, n;
	uint32_t fresh; /* the first that was never used */
	uint32_t free;
};

int sl_tally_new(struct sl_tally **out, uint32_t entries, struct sl_err *err)
{
	struct sl_tally *t = calloc(1, sizeof *t);
	uint32_t chains = 1;

	assert(entries >= 1 && entries < SL_TALLY_NONE / 2);
	while (chains < entries)
		chains *= 2;
	if (t) {
		t->entry = calloc((size_t)entries + 1, sizeof *t->entry);
		t->chain = calloc(chains, sizeof *t->chain);
	}
	if (!t || !t->entry || !t->chain) {
		sl_tally_free(t);
		return sl_fail(err, SL_ENOMEM, "out of memory for a table of %u entries", entries);
	}
	t->mask = chains - 1;
	t->most = entries;
	t->fresh = 1;
	*out = t;
	return SL_OK;
}

void sl_tally_free(struct sl_tally *t)
{
	if (!t)
		return;
	free(t->entry);
	free(t->chain);
	free(t);
}

static uint32_t *chain_of(const struct sl_tally *t, struct sl_tally_key key)
{
	return &t->chain[key.word[0] & t->mask];
}

uint32_t sl_tally_find(const struct sl_tally *t, struct sl_tally_key key)
{
	for (uint32_t i = *chain_of(t, key); i != HEAD; i = t->entry[i].next) {
		const struct sl_tally_key *k = &t->entry[i].key;
		if (k->word[0] == key.word[0] && k->word[1] == key.word[1])
			return i - 1;
	}
	return SL_TALLY_NONE;
}

static void ring_leave(struct sl_tally *t, uint32_t i)
{
	t->entry[t->entry[i].older].younger = t->entry[i].younger;
	t->entry[t->entry[i].younger].older = t->entry[i].older;
}

static void ring_join(struct sl_tally *t, uint32_t i)
{
	uint32_t youngest = t->entry[HEAD].older;

	t->entry[i].older = youngest;
	t->entry[i].younger = HEAD;
	t->entry[youngest].younger = i;
	t->entry[HEAD].older = i;
}

uint32_t sl_tally_add(struct sl_tally *t, struct sl_tally_key key)
{
	uint32_t *chain = chain_of(t, key), i = t->free;

	assert(t->n < t->most);
	if (i != HEAD)
		t->free = t->entry[i].next;
	else
		i = t->fresh++;
	t->entry[i].key = key;
	t->entry[i].next = *chain;
	*chain = i;
	ring_join(t, i);
	t->n++;
	return i - 1;
}

void sl_tally_touch(struct sl_tally *t, uint32_t entry)
{
	ring_leave(t, entry + 1);
	ring_join(t, entry + 1);
}

void sl_tally_drop(struct sl_tally *t, uint32_t entry)
{
	uint32_t i = entry + 1, *at = chain_of(t, t->entry[i].key);

	while (*at != i)
		at = &t->entry[*at].next;
	*at = t->entry[i].next;
	ring_leave(t, i);
	t->entry[i].next = t->free;
	t->free = i;
	t->n--;
}

uint32_t sl_tally_oldest(const struct sl_tally *t)
{
	return t->n ? t->entry[HEAD].younger - 1 : SL_TALLY_NONE;
}

bool sl_tally_full(const struct sl_tally *t)
{
	return t->n == t->most;
}
