/* What parsers say of a message, and the memory that they may keep. Per worker. */
#include <sensor/inspect/inspect_internal.h>
#include <stdlib.h>

/* --- values --- */

void sl_value_add(struct sl_talk *t, enum sl_field field, struct sl_span bytes)
{
	struct sl_inspect *i = t->inspect;
	if (i->values_n < SL_VALUES_MAX)
		i->value[i->values_n++] = (struct sl_value){ field, bytes };
	else
		sl_count(i->config.counters, SL_COUNT_VALUES_LEFT_OUT);
}

void sl_value_add_few(struct sl_talk *t, enum sl_field field, struct sl_span bytes)
{
	const struct sl_inspect *i = t->inspect;
	size_t same = 0;
	for (size_t k = 0; k < i->values_n; k++)
		same += i->value[k].field == field;
	if (same < SL_VALUES_A_FIELD)
		sl_value_add(t, field, bytes);
	else
		sl_count(i->config.counters, SL_COUNT_VALUES_LEFT_OUT);
}

uint8_t *sl_talk_room(struct sl_talk *t, size_t bytes)
{
	struct sl_inspect *i = t->inspect;
	if (bytes > sizeof i->room - i->room_used) {
		sl_count(i->config.counters, SL_COUNT_VALUES_LEFT_OUT);
		return NULL;
	}
	i->room_used += bytes;
	return i->room + i->room_used - bytes;
}

void sl_talk_done(struct sl_talk *t)
{
	struct sl_inspect *i = t->inspect;
	size_t n = i->values_n;
	i->values_n = 0;
	sl_count(i->config.counters, t->parser->messages);
	i->config.sink.transaction(i->config.sink.ctx, t->flow, t->side, t->tx, i->value, n);
}

void sl_talk_tx_end(const struct sl_talk *t, uint32_t tx)
{
	const struct sl_inspect_sink *sink = &t->inspect->config.sink;
	if (sink->transaction_end)
		sink->transaction_end(sink->ctx, t->flow, tx);
}

void sl_talk_seal(struct sl_talk *t, size_t left, bool agreed)
{
	if (t->at->sealed || (!agreed && !t->inspect->config.seal_all))
		return;
	t->sealed = left;
	t->at->sealed = true;
}

bool sl_talk_wants(const struct sl_talk *t, enum sl_field field)
{
	return t->inspect->config.wanted[field];
}

struct sl_counters *sl_talk_counters(const struct sl_talk *t)
{
	return t->inspect->config.counters;
}

/* --- memory --- */

enum { SMALL = 1000 /* bytes: glibc has these at hand for malloc, not for calloc */ };

struct held {
	size_t bytes;
	max_align_t at[];
};

static struct held *held_of(void *at)
{
	return (struct held *)(void *)((uint8_t *)at - offsetof(struct held, at));
}

/* kept: bytes that must be left over. */
static bool fits(const struct sl_inspect *i, size_t bytes, uint64_t kept)
{
	return i->hold_left >= kept && bytes <= i->hold_left - kept;
}

static void *take(struct sl_inspect *i, size_t bytes, uint64_t kept)
{
	struct held *h = NULL;
	if (fits(i, bytes, kept))
		h = bytes < SMALL ? malloc(sizeof *h + bytes) : calloc(1, sizeof *h + bytes);
	if (!h) {
		sl_count(i->config.counters, SL_COUNT_INSPECT_FULL);
		return NULL;
	}
	i->hold_left -= bytes;
	h->bytes = bytes;
	if (bytes < SMALL)
		memset(h->at, 0, bytes);
	return h->at;
}

/* A quarter is for the states of flows: bodies under way, however many, do not keep flows from being
 * begun. */
void *sl_hold_take(struct sl_inspect *i, size_t bytes)
{
	return take(i, bytes, i->config.state_bytes / 4);
}

bool sl_hold_charge(struct sl_inspect *i, size_t bytes)
{
	if (!fits(i, bytes, i->config.state_bytes / 4)) {
		sl_count(i->config.counters, SL_COUNT_INSPECT_FULL);
		return false;
	}
	i->hold_left -= bytes;
	return true;
}

void sl_hold_refund(struct sl_inspect *i, size_t bytes)
{
	i->hold_left += bytes;
}

void *sl_hold_state(struct sl_inspect *i, size_t bytes)
{
	return take(i, bytes, 0);
}

uint64_t sl_inspect_held(const struct sl_inspect *i)
{
	return i->config.state_bytes - i->hold_left;
}

void *sl_hold_grow(struct sl_inspect *i, void *at, size_t bytes)
{
	void *larger = sl_hold_take(i, bytes);
	if (!larger || !at)
		return larger;
	size_t have = held_of(at)->bytes;
	memcpy(larger, at, have < bytes ? have : bytes);
	sl_hold_give(i, at);
	return larger;
}

void sl_hold_give(struct sl_inspect *i, void *at)
{
	if (!at)
		return;
	i->hold_left += held_of(at)->bytes;
	free(held_of(at));
}
