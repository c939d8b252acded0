/* Merge: the order in which records leave the outboxes. Publisher's thread.
 *
 * Ordered, the record with the lowest (packet, worker) goes first, and only when no outbox can
 * still bring a lower one: its oldest record or the number that its worker reached says so. The
 * order then depends on the packets alone, not on how threads ran. */
#include "merge.h"

static enum sl_merge_state next_ordered(struct sl_merge *m, struct sl_outbox **from,
					uint64_t *wanted)
{
	uint64_t lowest = UINT64_MAX;
	bool lowest_has = false, any = false, open = false;

	*from = NULL;
	*wanted = 0;
	for (size_t i = 0; i < m->n; i++) {
		bool has, ended;
		uint64_t bound = sl_outbox_bound(m->outbox[i], &has, &ended);
		if (ended)
			continue;
		if (!open || bound < lowest) {
			lowest = bound;
			lowest_has = has;
			*from = m->outbox[i];
		}
		open = true;
		if (has) {
			any = true;
			if (bound > *wanted)
				*wanted = bound;
		}
	}
	if (lowest_has)
		return SL_MERGE_RECORD;
	return any ? SL_MERGE_BLOCKED : open ? SL_MERGE_IDLE : SL_MERGE_ENDED;
}

static enum sl_merge_state next_in_turn(struct sl_merge *m, struct sl_outbox **from)
{
	bool open = false;

	for (size_t i = 0; i < m->n; i++) {
		bool has, ended;
		struct sl_outbox *o = m->outbox[(m->turn + i) % m->n];
		sl_outbox_bound(o, &has, &ended);
		if (has) {
			m->turn = (m->turn + i + 1) % m->n;
			*from = o;
			return SL_MERGE_RECORD;
		}
		open = open || !ended;
	}
	return open ? SL_MERGE_IDLE : SL_MERGE_ENDED;
}

enum sl_merge_state sl_merge_next(struct sl_merge *m, struct sl_outbox **from, uint64_t *wanted)
{
	return m->ordered ? next_ordered(m, from, wanted) : next_in_turn(m, from);
}
