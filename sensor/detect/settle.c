/* Settling: of the indicators whose conditions hold at this packet, which hold with their `where`.
 * Those that ask for no marks come first, then the others again and again until nothing changes, so
 * that a mark is seen by what asks for it at the same packet, whatever the order of their finding. Only
 * then are matches handed on: one that says `pass` silences all of its packet. */
#include <sensor/detect/detect_internal.h>

enum { ROUNDS_MAX = 16 };

void sl_ready_add(struct sl_detect *d, const struct sl_hit *hit, struct sl_partial *p)
{
	if (p && p->ready)
		return;
	if (d->ready_n == SL_READY_MAX) {
		sl_count(d->config.counters, SL_COUNT_MATCHES_LIMITED);
		return;
	}
	if (p)
		p->ready = true;
	d->ready[d->ready_n++] = (struct sl_ready){ .hit = *hit, .partial = p };
}

/* --- indicators that hold by where alone --- */

struct found {
	struct sl_detect *d;
	const struct sl_hit *event;
	unsigned lane;
};

static void flowwise_found(const struct found *f, uint32_t indicator)
{
	struct sl_hit hit = *f->event;
	if (sl_is_gone(f->d->lane[f->lane].gone, indicator))
		return;
	hit.event = SL_EVENT_HIT;
	hit.indicator = indicator;
	hit.lane = (uint8_t)f->lane;
	hit.tx = SL_TX_FLOW;
	hit.field = SL_FIELD_NONE;
	hit.value = hit.around = hit.fields = sl_span_of(NULL, 0);
	if (sl_where_fits(f->d, &hit))
		sl_ready_add(f->d, &hit, NULL);
}

static void look_up_networks(const struct found *f, const struct sl_flowwise *w, const uint8_t *address)
{
	bool six = f->event->flow->key.family == 6;
	struct sl_address masked = { .family = six ? 6 : 4 };
	memcpy(masked.bytes, address, six ? 16 : 4);
	const uint64_t *lengths = w->lengths[six];
	for (int bits = sl_prefix_below(lengths, six ? 129 : 33); bits >= 0; bits = sl_prefix_below(lengths, bits)) {
		uint8_t key[17] = { (uint8_t)bits };
		sl_address_mask(&masked, (unsigned)bits);
		memcpy(key + 1, masked.bytes, 16);
		struct sl_postings found = sl_table_get(&w->networks, sl_span_of(key, six ? 17 : 5));
		for (uint32_t i = 0; i < found.n; i++)
			flowwise_found(f, found.value[i]);
	}
}

static void flowwise_look(const struct found *f, const struct sl_flowwise *w, bool marked_only)
{
	const uint32_t *list = marked_only ? w->marked : w->rest;
	uint32_t n = marked_only ? w->marked_n : w->rest_n;
	for (uint32_t i = 0; i < n; i++)
		flowwise_found(f, list[i]);
	if (marked_only || !w->networks.n)
		return;
	look_up_networks(f, w, f->event->flow->key.low);
	look_up_networks(f, w, f->event->flow->key.high);
}

void sl_flowwise_ready(struct sl_detect *d, const struct sl_hit *event, bool packets_only, bool marked_only)
{
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		const struct found f = { d, event, lane };
		if (!packets_only)
			flowwise_look(&f, &d->lane[lane].e->flowwise, marked_only);
		flowwise_look(&f, &d->lane[lane].e->packetwise, marked_only);
	}
}

/* --- marks --- */

static bool change_marks(struct sl_detect *d, struct sl_ledger *flow, const struct sl_ruleset *rs,
			 const struct sl_ruleset_action *a)
{
	bool changed = false;
	for (uint32_t i = 0; i < a->set.n; i++)
		changed |= sl_mark_change(d, flow, rs->marks[a->set.first + i], true);
	for (uint32_t i = 0; i < a->unset.n; i++)
		changed |= sl_mark_change(d, flow, rs->marks[a->unset.first + i], false);
	for (uint32_t i = 0; i < a->toggle.n; i++) {
		uint32_t mark = rs->marks[a->toggle.first + i];
		changed |= sl_mark_change(d, flow, mark, !sl_mark_is_set(d, flow, mark));
	}
	return changed;
}

/* Its marks and its silence. True: marks changed. */
static bool take_effect(struct sl_detect *d, struct sl_detect_slot *slot, const struct sl_hit *hit)
{
	const struct sl_ruleset *rs = d->lane[hit->lane].rs;
	const struct sl_ruleset_indicator *ind = sl_hit_indicator(d, hit);
	const struct sl_ruleset_action *a = &rs->actions[ind->action];
	bool pass = ind->flags & SL_IND_PASS && !(ind->flags & SL_IND_SHADOW);
	if (!(pass || a->set.n || a->unset.n || a->toggle.n) || !sl_match_valid(d, hit))
		return false;
	struct sl_ledger *flow = sl_scope_get(d, slot, SL_TX_FLOW, true);
	if (!flow)
		return false;
	flow->passed |= pass;
	return change_marks(d, flow, rs, a);
}

/* --- rounds --- */

/* One of where alone has no partial until it holds: then it is remembered in the flow. */
static bool holds_first(struct sl_detect *d, struct sl_detect_slot *slot, struct sl_ready *r)
{
	if (!r->partial) {
		struct sl_ledger *flow = sl_scope_get(d, slot, SL_TX_FLOW, true);
		r->partial = flow ? sl_partial_get(d, flow, r->hit.lane, r->hit.indicator, true) : NULL;
	}
	if (!r->partial || r->partial->fired)
		return false;
	return r->partial->fired = true;
}

/* Those that ask for marks, or those that do not. *changed: the last one that changed marks. */
static void settle_round(struct sl_detect *d, struct sl_detect_slot *slot, bool asking,
			 const struct sl_ready **changed)
{
	for (uint32_t i = 0; i < d->ready_n; i++) {
		struct sl_ready *r = &d->ready[i];
		const struct sl_ruleset *rs = d->lane[r->hit.lane].rs;
		if (r->done || sl_where_asks_marks(rs, sl_hit_indicator(d, &r->hit)) != asking)
			continue;
		if (asking && !sl_where_marks_fit(d, &r->hit, sl_scope_get(d, slot, SL_TX_FLOW, false)))
			continue;
		r->done = true;
		if (!sl_where_fits(d, &r->hit) || !holds_first(d, slot, r))
			continue;
		r->fired = true;
		if (take_effect(d, slot, &r->hit))
			*changed = r;
	}
}

static void fire_all(struct sl_detect *d, const struct sl_detect_slot *slot)
{
	struct sl_ledger *flow = NULL;
	if (slot->scopes)
		flow = sl_scope_get(d, (struct sl_detect_slot *)slot, SL_TX_FLOW, false);
	for (uint32_t i = 0; i < d->ready_n; i++) {
		const struct sl_ready *r = &d->ready[i];
		if (r->partial)
			r->partial->ready = false;
		if (!r->fired)
			continue;
		sl_count(d->config.counters, SL_COUNT_MATCHES);
		if (flow && flow->passed)
			sl_count(d->config.counters, SL_COUNT_MATCHES_PASSED);
		else
			sl_match_fire(d, &r->hit);
	}
	d->ready_n = 0;
}

void sl_settle(struct sl_detect *d, struct sl_detect_slot *slot)
{
	const struct sl_ready *changed = NULL;
	if (d->ready_n == 0)
		return;
	settle_round(d, slot, false, &changed);
	for (unsigned i = 0; i < ROUNDS_MAX && (i == 0 || changed); i++) {
		if (changed) {
			struct sl_hit event = changed->hit;
			sl_flowwise_ready(d, &event, false, true);
		}
		changed = NULL;
		settle_round(d, slot, true, &changed);
	}
	fire_all(d, slot);
}
