/* Conditions into indicators: the events of one packet and one flow, in order, each indicator once in
 * its scope. What has `not` or `absent` waits until its scope ends; of what holds, settle.c says which
 * may at this packet. */
#include <sensor/detect/judge.h>

/* --- which scope --- */

struct sl_ledger *sl_run_oldest(const struct sl_run *r)
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

static unsigned open_transactions(const struct sl_run *r)
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
static struct sl_ledger *transaction_get(struct sl_run *r, uint32_t tx)
{
	struct sl_ledger *s = sl_scope_get(r->d, r->slot, tx, false);
	if (!s && tx != SL_TX_FLOW && open_transactions(r) >= SL_SCOPES_MAX - 1)
		sl_transaction_end(r, sl_run_oldest(r));
	return s ? s : sl_scope_get(r->d, r->slot, tx, true);
}

static struct sl_ledger *scope_of(struct sl_run *r, const struct sl_ruleset_indicator *ind, const struct sl_hit *hit)
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

/* Does what the condition follows hold in the scope? */
static bool follows(struct sl_run *r, const struct sl_ledger *s, unsigned lane, uint32_t c)
{
	const struct sl_ledger *flow = s->tx == SL_TX_FLOW ? NULL : sl_scope_get(r->d, r->slot, SL_TX_FLOW, false);
	return sl_atom_holds(r->d, s, lane, c) || (flow && sl_atom_holds(r->d, flow, lane, c));
}

static bool length_holds(const struct sl_run *r, const struct sl_ruleset *rs, uint32_t c)
{
	uint32_t payload = r->event->at->payload;
	return payload && sl_is_packet_length(rs, c) && sl_length_fits(rs, c, payload - 1);
}

static bool all_hold(struct sl_run *r, const struct sl_ledger *s, const struct sl_partial *p, const struct held *h)
{
	const struct sl_ruleset *rs = r->d->lane[p->lane].rs;
	const struct sl_ruleset_indicator *ind = &rs->indicators[p->indicator];
	for (uint32_t i = 0; i < ind->conditions_n; i++) {
		uint32_t c = ind->condition + i;
		const struct sl_ruleset_condition *cond = &rs->conditions[c];
		if (cond->flags & SL_COND_NOT || cond->op == SL_OP_ABSENT)
			continue;
		if (!(h->any >> cond->bit & 1) && !follows(r, s, p->lane, c) && !length_holds(r, rs, c))
			return false;
		uint32_t bits = cond->flags & SL_COND_SAME ? 0 : run_of_bits(rs, ind, c);
		if (bits && (h->side[0] & bits) != bits && (h->side[1] & bits) != bits)
			return false;
	}
	return true;
}

/* What was found outside of transactions counts in each of them. */
static bool partial_holds(struct sl_run *r, const struct sl_ledger *s, const struct sl_partial *p)
{
	const struct sl_ruleset *rs = r->d->lane[p->lane].rs;
	const struct sl_ruleset_indicator *ind = &rs->indicators[p->indicator];
	struct held h = { 0 };
	if (!ind->conditions_n)
		return true;
	held_join(&h, p);
	if (all_hold(r, s, p, &h))
		return true;
	struct sl_ledger *flow = s->tx != SL_TX_FLOW ? sl_scope_get(r->d, r->slot, SL_TX_FLOW, false) : NULL;
	if (ind->scope != SL_SCOPE_TRANSACTION || s == &r->packet)
		return false;
	if (flow)
		held_join(&h, sl_partial_get(r->d, flow, p->lane, p->indicator, false));
	held_join(&h, sl_partial_get(r->d, &r->packet, p->lane, p->indicator, false));
	return all_hold(r, s, p, &h);
}

static void partial_judge(struct sl_run *r, struct sl_ledger *s, struct sl_partial *p, const struct sl_hit *hit)
{
	const struct sl_ruleset_indicator *ind = &r->d->lane[p->lane].rs->indicators[p->indicator];
	if (p->fired || p->pending || !partial_holds(r, s, p))
		return;
	if (ind->flags & SL_IND_ENDWISE) {
		p->pending = true;
		sl_memo_make(r->d, p, hit);
		return;
	}
	sl_ready_add(r->d, hit, p);
}

/* A condition outside of transactions may be the last of one that waits in some of them. */
static void transactions_judge(struct sl_run *r, const struct sl_hit *hit)
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

static uint32_t group_of(const struct sl_ruleset *rs, uint32_t c)
{
	while (rs->conditions[c].flags & SL_COND_SAME)
		c--;
	return c;
}

/* The bits that the condition brings. A datagram is a value by itself: a group with a bit for each of its
 * conditions holds there or not at all. */
static uint32_t bits_brought(struct sl_run *r, const struct sl_ledger *s, const struct sl_hit *hit)
{
	const struct sl_ruleset *rs = r->d->lane[hit->lane].rs;
	uint32_t bit = 1u << rs->conditions[hit->condition].bit;
	if (hit->tx != SL_TX_DATAGRAM || s == &r->packet)
		return bit;
	uint32_t all = run_of_bits(rs, &rs->indicators[hit->indicator], group_of(rs, hit->condition));
	if (!all)
		return bit;
	struct sl_partial *here = sl_partial_get(r->d, &r->packet, hit->lane, hit->indicator, true);
	if (!here)
		return 0;
	here->held |= bit;
	return (here->held & all) == all ? all : 0;
}

static void hit_judge(struct sl_run *r, const struct sl_hit *hit)
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
		uint32_t bits = bits_brought(r, s, hit), all = run_of_bits(rs, ind, group_of(rs, hit->condition));
		if (!bits)
			return;
		p->held |= bits;
		p->side_held[hit->side] |= bits;
		if ((p->side_held[hit->side] & all) != all)
			return; /* where the other side alone has all of it, this packet brought nothing */
	}
	partial_judge(r, s, p, hit);
	if (ind->scope == SL_SCOPE_TRANSACTION && s->tx == SL_TX_FLOW && s != &r->packet && ind->conditions_n > 1)
		transactions_judge(r, hit);
}

static bool follows_atom(const struct sl_run *r, const struct sl_partial *p, uint32_t atom)
{
	const struct sl_engine *e = r->d->lane[p->lane].e;
	const struct sl_ruleset_indicator *ind = &e->rs->indicators[p->indicator];
	for (uint32_t i = 0; e->crowds.atom && i < ind->conditions_n; i++)
		if (e->crowds.atom[ind->condition + i] == atom)
			return true;
	return false;
}

/* What many share holds: noted, and those that wait for it are asked again. */
static void atom_note(struct sl_run *r, struct sl_ledger *s, const struct sl_hit *event, uint32_t flags)
{
	sl_scope_note(r->d, s, sl_fact_of(event->lane, SL_FACT_ATOM | flags | event->condition));
	for (uint32_t i = s->partials; i; i = sl_pool_next(&r->d->partials, i)) {
		struct sl_partial *p = sl_pool_at(&r->d->partials, i);
		struct sl_hit hit = *event;
		hit.event = SL_EVENT_HIT;
		hit.condition = UINT32_MAX;
		hit.indicator = p->indicator;
		if (p->lane == event->lane && follows_atom(r, p, event->condition))
			partial_judge(r, s, p, &hit);
	}
}

static void atom_judge(struct sl_run *r, const struct sl_hit *event)
{
	struct sl_ledger *s = event->tx == SL_TX_DATAGRAM ? NULL : transaction_get(r, event->tx), *flow = NULL;
	atom_note(r, &r->packet, event, 0);
	if (s)
		atom_note(r, s, event, 0);
	if (event->tx != SL_TX_FLOW && r->d->lane[event->lane].e->crowds.flows &&
	    (flow = transaction_get(r, SL_TX_FLOW)))
		atom_note(r, flow, event, SL_FACT_ELSEWHERE);
}

/* --- events --- */

static bool watched_in(const struct sl_run *r, unsigned scope, const struct sl_field_set *fields)
{
	for (unsigned lane = 0; lane < r->d->lanes; lane++)
		if (sl_field_sets_meet(&r->d->lane[lane].e->watched[scope], fields))
			return true;
	return false;
}

static void fields_seen(struct sl_run *r, const struct sl_hit *event)
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

static void event_judge(struct sl_run *r, const struct sl_hit *event)
{
	struct sl_ledger *s;
	r->event = event;
	switch ((enum sl_event)event->event) {
	case SL_EVENT_HIT:
		hit_judge(r, event);
		return;
	case SL_EVENT_ATOM:
		atom_judge(r, event);
		return;
	case SL_EVENT_SEEN:
		fields_seen(r, event);
		return;
	case SL_EVENT_FLOWWISE:
	case SL_EVENT_PACKETWISE:
		sl_flowwise_ready(r->d, event, event->event == SL_EVENT_PACKETWISE, false);
		return;
	case SL_EVENT_END:
		s = event->tx == SL_TX_FLOW ? NULL : sl_scope_get(r->d, r->slot, event->tx, false);
		if (s)
			sl_transaction_end(r, s);
		else if (event->tx == SL_TX_FLOW)
			sl_transactions_end(r);
		return;
	case SL_EVENT_FLOW_END:
		sl_flow_end(r);
		return;
	}
}

void sl_judge(struct sl_detect *d, const struct sl_hit *event, uint32_t n)
{
	struct sl_run r = { .d = d, .flow = event->flow, .slot = sl_detect_slot_of(d, event->flow) };
	for (uint32_t i = 0; i < n; i++)
		event_judge(&r, &event[i]);
	sl_scope_decide(&r, &r.packet);
	sl_settle(d, r.slot);
	sl_scope_empty(d, &r.packet);
	sl_scopes_drop(d, r.slot, false);
}
