/* The end of a scope: what has `not` or `absent` is decided, and shown as it was when its conditions
 * held. */
#include <sensor/detect/judge.h>

/* --- memos --- */

/* Whole fields alone: the last may be cut, and is left out then. */
static size_t fields_that_fit(struct sl_span fields, size_t room)
{
	size_t n = 0;
	while (fields.len - n >= 3) {
		uint16_t len;
		memcpy(&len, fields.at + n + 1, sizeof len);
		if (n + 3 + len > room || n + 3 + len > fields.len)
			break;
		n += 3u + len;
	}
	return n;
}

static size_t memo_put(struct sl_memo *m, size_t n, struct sl_span bytes)
{
	if (bytes.len)
		memcpy(m->bytes + n, bytes.at, bytes.len);
	return bytes.len;
}

void sl_memo_make(struct sl_detect *d, struct sl_partial *p, const struct sl_hit *hit)
{
	enum { VALUE = 256 };
	p->memo = sl_pool_take(&d->memos);
	if (!p->memo) {
		sl_count(d->config.counters, SL_COUNT_MEMOS_FULL);
		return;
	}
	struct sl_memo *m = sl_pool_at(&d->memos, p->memo);
	size_t value = hit->value.len < VALUE ? hit->value.len : VALUE, around = hit->around.len;
	m->condition = hit->condition;
	m->offset = hit->offset;
	m->field = (uint8_t)sl_ruleset_field(d->lane[hit->lane].rs, hit->field);
	m->side = hit->side;
	m->value_len = (uint16_t)memo_put(m, 0, sl_span_of(hit->value.at, value));
	m->around_len = (uint16_t)memo_put(m, value, sl_span_of(hit->around.at, around));
	size_t fields = fields_that_fit(hit->fields, sizeof m->bytes - value - around);
	m->fields_len = (uint16_t)memo_put(m, value + around, sl_span_of(hit->fields.at, fields));
}

/* --- the end of a scope --- */

static struct sl_field_set seen_in(const struct sl_run *r, const struct sl_ledger *s, uint8_t scope)
{
	struct sl_field_set seen = s->seen;
	if (s == &r->packet)
		return scope == SL_SCOPE_PACKET ? s->seen : s->all;
	if (scope == SL_SCOPE_FLOW)
		return s->all;
	const struct sl_ledger *flow = sl_scope_get(r->d, r->slot, SL_TX_FLOW, false);
	if (flow)
		sl_field_set_join(&seen, &flow->seen);
	return seen;
}

static bool is_known(struct sl_run *r, const struct sl_ledger *s, unsigned lane, uint32_t c)
{
	return s->full || sl_scope_knows(r->d, s, sl_fact_of(lane, c)) ||
	       sl_atom_holds(r->d, s, lane, c);
}

/* The condition holds in the scope, or outside of transactions, though it must not. */
static bool refused(struct sl_run *r, const struct sl_ledger *s, unsigned lane, uint32_t c)
{
	const struct sl_ledger *flow =
		s->tx != SL_TX_FLOW ? sl_scope_get(r->d, r->slot, SL_TX_FLOW, false) : NULL;
	return is_known(r, s, lane, c) || (flow && is_known(r, flow, lane, c));
}

/* Do all its `not` and `absent` hold? */
static bool denials_hold(struct sl_run *r, const struct sl_ledger *s, unsigned lane,
			 const struct sl_ruleset_indicator *ind)
{
	const struct sl_ruleset *rs = r->d->lane[lane].rs;
	struct sl_field_set seen = seen_in(r, s, ind->scope);
	for (uint32_t i = 0; i < ind->conditions_n; i++) {
		uint32_t c = ind->condition + i;
		const struct sl_ruleset_condition *cond = &rs->conditions[c];
		bool occurred = sl_field_set_has(&seen, sl_ruleset_field(rs, cond->field));
		if (cond->op == SL_OP_ABSENT && occurred)
			return false;
		if (cond->op == SL_OP_ABSENT || !(cond->flags & SL_COND_NOT) ||
		    !sl_condition_is_own(rs, c))
			continue;
		if (!occurred || refused(r, s, lane, c))
			return false;
	}
	return true;
}

static void pending_decide(struct sl_run *r, const struct sl_ledger *s, struct sl_partial *p)
{
	const struct sl_memo *m = p->memo ? sl_pool_at(&r->d->memos, p->memo) : NULL;
	struct sl_hit hit = { .at = r->event->at,
			      .flow = r->flow,
			      .indicator = p->indicator,
			      .lane = p->lane,
			      .condition = UINT32_MAX,
			      .tx = s->tx,
			      .side = r->event->side,
			      .field = SL_FIELD_NONE };
	if (!denials_hold(r, s, p->lane, &r->d->lane[p->lane].rs->indicators[p->indicator]))
		return;
	if (m) {
		hit.condition = m->condition;
		hit.offset = m->offset;
		hit.field = m->field;
		hit.side = m->side;
		hit.value = sl_span_of(m->bytes, m->value_len);
		hit.around = sl_span_of(m->bytes + m->value_len, m->around_len);
		hit.fields = sl_span_of(m->bytes + m->value_len + m->around_len, m->fields_len);
	}
	sl_ready_add(r->d, &hit, p);
}

/* Indicators that nothing but the end of a scope can make hold. */
static void endwise_decide(struct sl_run *r, struct sl_ledger *s, unsigned lane)
{
	const struct sl_ruleset *rs = r->d->lane[lane].rs;
	bool packet = s == &r->packet, flow = !packet && s->tx == SL_TX_FLOW;
	for (uint32_t i = 0; i < rs->endwise_n; i++) {
		const struct sl_ruleset_indicator *ind = &rs->indicators[rs->endwise[i]];
		struct sl_field_set seen = seen_in(r, s, ind->scope);
		bool any = seen.bit[0] | seen.bit[1];
		/* packets and flows are transactions for what they have outside of transactions */
		bool mine = ind->scope == (packet ? SL_SCOPE_PACKET
					   : flow ? SL_SCOPE_FLOW
						  : SL_SCOPE_TRANSACTION);
		if (!(mine && (any || !packet)) &&
		    !(ind->scope == SL_SCOPE_TRANSACTION && any && (packet || flow)))
			continue;
		if (sl_is_gone(r->d->lane[lane].gone, rs->endwise[i]) || !denials_hold(r, s, lane, ind))
			continue;
		struct sl_hit hit = { .at = r->event->at, .flow = r->flow, .indicator = rs->endwise[i],
				      .lane = (uint8_t)lane, .condition = ind->condition, .tx = s->tx,
				      .side = r->event->side,
				      .field = (uint8_t)rs->conditions[ind->condition].field };
		struct sl_partial *p = sl_partial_get(r->d, s, lane, hit.indicator, true);
		if (p && !p->fired)
			sl_ready_add(r->d, &hit, p);
	}
}

void sl_scope_decide(struct sl_run *r, struct sl_ledger *s)
{
	if (!r->d->ends)
		return;
	for (uint32_t i = s->partials; i; i = sl_pool_next(&r->d->partials, i)) {
		struct sl_partial *p = sl_pool_at(&r->d->partials, i);
		if (p->pending && !p->fired)
			pending_decide(r, s, p);
	}
	for (unsigned lane = 0; lane < r->d->lanes; lane++)
		endwise_decide(r, s, lane);
}

void sl_transaction_end(struct sl_run *r, struct sl_ledger *s)
{
	sl_scope_decide(r, s);
	s->ended = true;
}

void sl_transactions_end(struct sl_run *r)
{
	struct sl_ledger *s;
	while ((s = sl_run_oldest(r)))
		sl_transaction_end(r, s);
}

void sl_flow_end(struct sl_run *r)
{
	sl_transactions_end(r);
	struct sl_ledger *s = sl_scope_get(r->d, r->slot, SL_TX_FLOW, r->d->bare);
	if (s) {
		sl_scope_decide(r, s);
		s->ended = true;
	}
}
