/* Conditions into indicators: the events of one packet and one flow, in order, each indicator once in
 * its scope. What has `not` or `absent` waits until its scope ends; of what holds, settle.c says which
 * may at this packet. */
#include <netinet/in.h>
#include <sensor/detect/detect_internal.h>

struct run {
	struct sl_detect *d;
	struct sl_flow *flow;
	struct sl_detect_slot *slot;
	const struct sl_hit *event; /* the one at hand */
	struct sl_ledger packet;     /* of it; `all`: the datagram's own fields */
};

static void transaction_end(struct run *r, struct sl_ledger *s);

/* --- which scope --- */

static struct sl_ledger *oldest_transaction(const struct run *r)
{
	struct sl_ledger *oldest = NULL;
	for (uint32_t i = r->slot->scopes; i;) {
		struct sl_ledger *s = sl_pool_at(&r->d->scopes, i);
		if (s->tx != SL_TX_FLOW && !s->ended)
			oldest = s;
		i = s->next;
	}
	return oldest;
}

static unsigned open_transactions(const struct run *r)
{
	unsigned n = 0;
	for (uint32_t i = r->slot->scopes; i;) {
		const struct sl_ledger *s = sl_pool_at(&r->d->scopes, i);
		n += s->tx != SL_TX_FLOW && !s->ended;
		i = s->next;
	}
	return n;
}

/* Of too many that are open the oldest ends now. */
static struct sl_ledger *transaction_get(struct run *r, uint32_t tx)
{
	struct sl_ledger *s = sl_scope_get(r->d, r->slot, tx, false);
	if (!s && tx != SL_TX_FLOW && open_transactions(r) >= SL_SCOPES_MAX - 1)
		transaction_end(r, oldest_transaction(r));
	return s ? s : sl_scope_get(r->d, r->slot, tx, true);
}

static struct sl_ledger *scope_of(struct run *r, const struct sl_ruleset_indicator *ind, const struct sl_hit *hit)
{
	if (ind->scope == SL_SCOPE_PACKET)
		return hit->crosses ? NULL : &r->packet;
	if (ind->scope == SL_SCOPE_FLOW)
		return transaction_get(r, SL_TX_FLOW);
	return hit->tx == SL_TX_DATAGRAM ? &r->packet : transaction_get(r, hit->tx);
}

/* --- what holds --- */

/* Bits of groups, and the same by side. */
struct held {
	uint32_t any, side[2];
};

static void held_join(struct held *h, const struct sl_partial *p)
{
	if (!p)
		return;
	h->any |= p->held;
	h->side[0] |= p->side_held[0];
	h->side[1] |= p->side_held[1];
}

/* The bits of the run of conditions of one group that has a bit for each; 0: it has one for all. */
static uint32_t run_of_bits(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind, uint32_t first)
{
	uint32_t bits = 0, end = ind->condition + ind->conditions_n;
	for (uint32_t c = first; c < end && (c == first || rs->conditions[c].flags & SL_COND_SAME); c++)
		if (!(rs->conditions[c].flags & SL_COND_NOT))
			bits |= 1u << rs->conditions[c].bit;
	return bits & (bits - 1) ? bits : 0;
}

static bool all_hold(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind, const struct held *h)
{
	for (uint32_t i = 0; i < ind->conditions_n; i++) {
		uint32_t c = ind->condition + i;
		const struct sl_ruleset_condition *cond = &rs->conditions[c];
		if (cond->flags & SL_COND_NOT || cond->op == SL_OP_ABSENT)
			continue;
		if (!(h->any >> cond->bit & 1))
			return false;
		uint32_t bits = cond->flags & SL_COND_SAME ? 0 : run_of_bits(rs, ind, c);
		if (bits && (h->side[0] & bits) != bits && (h->side[1] & bits) != bits)
			return false;
	}
	return true;
}

/* What was found outside of transactions counts in each of them. */
static bool partial_holds(struct run *r, const struct sl_ledger *s, const struct sl_partial *p)
{
	const struct sl_ruleset *rs = r->d->lane[p->lane].rs;
	const struct sl_ruleset_indicator *ind = &rs->indicators[p->indicator];
	struct held h = { 0 };
	if (!ind->conditions_n)
		return true;
	held_join(&h, p);
	if (all_hold(rs, ind, &h))
		return true;
	struct sl_ledger *flow = s->tx != SL_TX_FLOW ? sl_scope_get(r->d, r->slot, SL_TX_FLOW, false) : NULL;
	if (ind->scope != SL_SCOPE_TRANSACTION || s == &r->packet)
		return false;
	if (flow)
		held_join(&h, sl_partial_get(r->d, flow, p->lane, p->indicator, false));
	held_join(&h, sl_partial_get(r->d, &r->packet, p->lane, p->indicator, false));
	return all_hold(rs, ind, &h);
}

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

static void memo_make(struct sl_detect *d, struct sl_partial *p, const struct sl_hit *hit)
{
	enum { VALUE = 256 };
	p->memo = sl_pool_take(&d->memos);
	if (!p->memo)
		return;
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

static void partial_judge(struct run *r, struct sl_ledger *s, struct sl_partial *p, const struct sl_hit *hit)
{
	const struct sl_ruleset_indicator *ind = &r->d->lane[p->lane].rs->indicators[p->indicator];
	if (p->fired || p->pending || !partial_holds(r, s, p))
		return;
	if (ind->flags & SL_IND_ENDWISE) {
		p->pending = true;
		memo_make(r->d, p, hit);
		return;
	}
	sl_ready_add(r->d, hit, p);
}

/* A condition outside of transactions may be the last of one that waits in some of them. */
static void transactions_judge(struct run *r, const struct sl_hit *hit)
{
	for (uint32_t i = r->slot->scopes; i;) {
		struct sl_ledger *s = sl_pool_at(&r->d->scopes, i);
		struct sl_partial *p = s->tx == SL_TX_FLOW || s->ended ? NULL :
				       sl_partial_get(r->d, s, hit->lane, hit->indicator, false);
		if (p)
			partial_judge(r, s, p, hit);
		i = s->next;
	}
}

static void hit_judge(struct run *r, const struct sl_hit *hit)
{
	const struct sl_ruleset *rs = r->d->lane[hit->lane].rs;
	const struct sl_ruleset_indicator *ind = &rs->indicators[hit->indicator];
	const struct sl_ruleset_condition *c = hit->condition == UINT32_MAX ? NULL : &rs->conditions[hit->condition];
	struct sl_ledger *s = scope_of(r, ind, hit);
	if (!s)
		return;
	if (c && c->flags & SL_COND_NOT) {
		if (sl_condition_is_own(rs, hit->condition))
			sl_scope_note(r->d, s, sl_fact_of(hit->lane, hit->condition));
		return;
	}
	struct sl_partial *p = sl_partial_get(r->d, s, hit->lane, hit->indicator, true);
	if (!p)
		return;
	if (c) {
		p->held |= 1u << c->bit;
		p->side_held[hit->side] |= 1u << c->bit;
	}
	partial_judge(r, s, p, hit);
	if (ind->scope == SL_SCOPE_TRANSACTION && s->tx == SL_TX_FLOW && s != &r->packet && ind->conditions_n > 1)
		transactions_judge(r, hit);
}

/* --- the end of a scope --- */

static struct sl_field_set seen_in(const struct run *r, const struct sl_ledger *s, uint8_t scope)
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

static bool refused(struct run *r, const struct sl_ledger *s, uint32_t fact)
{
	const struct sl_ledger *flow = s->tx != SL_TX_FLOW ? sl_scope_get(r->d, r->slot, SL_TX_FLOW, false) : NULL;
	return s->full || sl_scope_knows(r->d, s, fact) ||
	       (flow && (flow->full || sl_scope_knows(r->d, flow, fact)));
}

/* Do all its `not` and `absent` hold? */
static bool denials_hold(struct run *r, const struct sl_ledger *s, unsigned lane,
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
		if (cond->op == SL_OP_ABSENT || !(cond->flags & SL_COND_NOT) || !sl_condition_is_own(rs, c))
			continue;
		if (!occurred || refused(r, s, sl_fact_of(lane, c)))
			return false;
	}
	return true;
}

static void pending_decide(struct run *r, const struct sl_ledger *s, struct sl_partial *p)
{
	const struct sl_memo *m = p->memo ? sl_pool_at(&r->d->memos, p->memo) : NULL;
	struct sl_hit hit = { .at = r->event->at, .flow = r->flow, .indicator = p->indicator, .lane = p->lane,
			      .condition = UINT32_MAX, .tx = s->tx, .side = r->event->side,
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
static void endwise_decide(struct run *r, struct sl_ledger *s, unsigned lane)
{
	const struct sl_ruleset *rs = r->d->lane[lane].rs;
	bool packet = s == &r->packet, flow = !packet && s->tx == SL_TX_FLOW;
	for (uint32_t i = 0; i < rs->endwise_n; i++) {
		const struct sl_ruleset_indicator *ind = &rs->indicators[rs->endwise[i]];
		struct sl_field_set seen = seen_in(r, s, ind->scope);
		bool any = seen.bit[0] | seen.bit[1];
		/* packets and flows are transactions for what they have outside of transactions */
		bool mine = ind->scope == (packet ? SL_SCOPE_PACKET : flow ? SL_SCOPE_FLOW : SL_SCOPE_TRANSACTION);
		if (!(mine && (any || !packet)) && !(ind->scope == SL_SCOPE_TRANSACTION && any && (packet || flow)))
			continue;
		if (!denials_hold(r, s, lane, ind))
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

static void scope_decide(struct run *r, struct sl_ledger *s)
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

static void transaction_end(struct run *r, struct sl_ledger *s)
{
	scope_decide(r, s);
	s->ended = true;
}

static void transactions_end(struct run *r)
{
	struct sl_ledger *s;
	while ((s = oldest_transaction(r)))
		transaction_end(r, s);
}

static void flow_end(struct run *r)
{
	transactions_end(r);
	struct sl_ledger *s = sl_scope_get(r->d, r->slot, SL_TX_FLOW, r->d->bare);
	if (s) {
		scope_decide(r, s);
		s->ended = true;
	}
}

/* --- events --- */

static bool watched_in(const struct run *r, unsigned scope, const struct sl_field_set *fields)
{
	for (unsigned lane = 0; lane < r->d->lanes; lane++)
		if (sl_field_sets_meet(&r->d->lane[lane].e->watched[scope], fields))
			return true;
	return false;
}

static void fields_seen(struct run *r, const struct sl_hit *event)
{
	struct sl_field_set fields;
	struct sl_ledger *s;
	memcpy(&fields, event->value.at, sizeof fields);
	sl_field_set_join(&r->packet.seen, &fields);
	if (event->tx == SL_TX_DATAGRAM)
		sl_field_set_join(&r->packet.all, &fields);
	if (watched_in(r, SL_SCOPE_FLOW, &fields) && (s = transaction_get(r, SL_TX_FLOW)))
		sl_field_set_join(&s->all, &fields);
	if (event->tx == SL_TX_DATAGRAM || !(r->d->bare || watched_in(r, SL_SCOPE_TRANSACTION, &fields)))
		return;
	s = transaction_get(r, event->tx);
	if (s)
		sl_field_set_join(&s->seen, &fields);
}

static void event_judge(struct run *r, const struct sl_hit *event)
{
	struct sl_ledger *s;
	r->event = event;
	switch ((enum sl_event)event->event) {
	case SL_EVENT_HIT:
		hit_judge(r, event);
		return;
	case SL_EVENT_SEEN:
		fields_seen(r, event);
		return;
	case SL_EVENT_FLOWWISE:
		sl_flowwise_ready(r->d, event, false);
		return;
	case SL_EVENT_END:
		s = event->tx == SL_TX_FLOW ? NULL : sl_scope_get(r->d, r->slot, event->tx, false);
		if (s)
			transaction_end(r, s);
		else if (event->tx == SL_TX_FLOW)
			transactions_end(r);
		return;
	case SL_EVENT_FLOW_END:
		flow_end(r);
		return;
	}
}

void sl_judge(struct sl_detect *d, const struct sl_hit *event, uint32_t n)
{
	struct run r = { .d = d, .flow = event->flow, .slot = sl_detect_slot_of(d, event->flow) };
	for (uint32_t i = 0; i < n; i++)
		event_judge(&r, &event[i]);
	scope_decide(&r, &r.packet);
	sl_settle(d, r.slot);
	sl_scope_empty(d, &r.packet);
	sl_scopes_drop(d, r.slot, false);
}
