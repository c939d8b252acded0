/* Lengths of payloads. Those of indicators that hold at one packet wait for the indicator's other conditions;
 * the rest are ranges in order, of which a packet finds its own without looking at all. */
#include <sensor/detect/verify.h>
#include <stdlib.h>

bool sl_is_packet_length(const struct sl_ruleset *rs, uint32_t c)
{
	const struct sl_ruleset_condition *cond = &rs->conditions[c];
	return cond->op == SL_OP_LENGTH && cond->field == SL_FIELD_PAYLOAD &&
	       !(cond->flags & (SL_COND_NOT | SL_COND_SAME)) && sl_group_size(rs, c) == 1 &&
	       rs->indicators[cond->indicator].scope == SL_SCOPE_PACKET;
}

bool sl_length_waits(const struct sl_ruleset *rs, uint32_t c)
{
	const struct sl_ruleset_indicator *ind = &rs->indicators[rs->conditions[c].indicator];
	if (!sl_is_packet_length(rs, c))
		return false;
	for (uint32_t o = ind->condition; o < ind->condition + ind->conditions_n; o++) {
		const struct sl_ruleset_condition *other = &rs->conditions[o];
		if (!(other->flags & (SL_COND_NOT | SL_COND_SAME)) && other->op != SL_OP_ABSENT &&
		    !sl_is_packet_length(rs, o))
			return true;
	}
	return false;
}

static int by_least(const void *x, const void *y)
{
	const struct sl_ranged *a = x, *b = y;
	if (a->min != b->min)
		return a->min < b->min ? -1 : 1;
	return a->condition < b->condition ? -1 : a->condition > b->condition;
}

/* When the rows that are judged always are there. */
int sl_lengths_init(struct sl_engine *e)
{
	const struct sl_ruleset *rs = e->rs;
	uint32_t first = e->always[SL_FIELD_PAYLOAD], end = e->always[SL_FIELD_PAYLOAD + 1];
	e->length = calloc(end - first + 1, sizeof *e->length);
	if (!e->length)
		return SL_ENOMEM;
	for (uint32_t i = first; i < end; i++) {
		uint32_t c = e->judged[i].condition;
		const struct sl_ruleset_position *p = &rs->positions[rs->conditions[c].position];
		if (rs->conditions[c].op == SL_OP_LENGTH)
			e->length[e->lengths++] = (struct sl_ranged){ p->min, p->max, 0, c };
	}
	qsort(e->length, e->lengths, sizeof *e->length, by_least);
	for (uint32_t i = 0; i < e->lengths; i++) {
		uint64_t before = i ? e->length[i - 1].reach : 0;
		e->length[i].reach = before > e->length[i].max ? before : e->length[i].max;
	}
	return SL_OK;
}

uint32_t sl_lengths_from(const struct sl_engine *e, uint64_t length)
{
	uint32_t lo = 0, hi = e->lengths;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (e->length[mid].min <= length)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
