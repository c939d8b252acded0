/* A match in bytes that are a part of something longer, made into hits; groups are verified first. */
#include <sensor/detect/detect_internal.h>

enum { AROUND = SL_MATCH_AROUND_MAX / 2, EXPRESSION_SHOWN = 64 };

/* bytes [from, to) hold the condition; offset: of the first one in the whole. */
static void add_hit(struct sl_detect *d, const struct sl_place *at, uint32_t condition,
		    struct sl_span bytes, size_t from, size_t to, uint64_t offset, bool stable)
{
	size_t first = from > AROUND ? from - AROUND : 0;
	size_t last = bytes.len - first < SL_MATCH_AROUND_MAX ? bytes.len : first + SL_MATCH_AROUND_MAX;
	struct sl_hit hit = {
		.at = at->at,
		.flow = at->flow,
		.condition = condition,
		.indicator = d->lane[at->lane].rs->conditions[condition].indicator,
		.step = at->step,
		.tx = at->tx,
		.offset = (uint32_t)offset,
		.field = at->field,
		.side = at->side,
		.lane = at->lane,
		.crosses = at->crosses,
		.value = sl_span_of(bytes.at + from, to - from),
		.around = sl_span_of(bytes.at + first, last - first),
	};
	sl_hit_add(d, &hit, stable);
}

/* What a window has is judged again with each piece: for that, steps come with bytes and not with pieces. */
static void steps_take(struct sl_detect *d, const struct sl_place *at)
{
	d->verified = at->value;
	d->verifier.steps = at->window->steps;
}

/* A group on a stream: in the window, where there is one. Scope packet sees the packet's bytes alone. */
static void verify(struct sl_detect *d, const struct sl_place *at, uint32_t condition)
{
	const struct sl_lane *lane = &d->lane[at->lane];
	uint32_t first = sl_group_first(lane->rs, condition),
		 indicator = lane->rs->conditions[first].indicator;
	struct sl_span bytes = sl_span_of(at->bytes.at + at->own, at->bytes.len - at->own);
	uint64_t base = at->end - bytes.len;
	bool packet = lane->rs->indicators[indicator].scope == SL_SCOPE_PACKET;
	bool open = !packet && !at->ended && at->tx != SL_TX_DATAGRAM;
	struct sl_found found;
	if (sl_group_was_judged(d, at->lane, first, at->value) ||
	    !sl_where_may(lane, indicator, at->flow))
		return;
	if (packet)
		base = 0;
	else if (at->window)
		bytes = sl_window_bytes(at->window, at->end, &base);
	if (!packet && at->window)
		steps_take(d, at);
	bool holds = sl_group_holds(d, at->lane, first, bytes, at->value, base, open, &found);
	if (!packet && at->window)
		at->window->steps = d->verifier.steps;
	if (!holds)
		return;
	struct sl_place whole = *at;
	whole.crosses = false;
	add_hit(d, &whole, first, bytes, found.from, found.from + found.len, base + found.from, false);
}

void sl_place_add(struct sl_detect *d, const struct sl_ruleset_pattern *p, const struct sl_place *at,
		  enum sl_scopes scopes)
{
	const struct sl_ruleset *rs = d->lane[at->lane].rs;
	for (uint32_t i = 0; i < p->conditions_n; i++) {
		uint32_t c = rs->pattern_conditions[p->condition + i];
		bool packet = rs->indicators[rs->conditions[c].indicator].scope == SL_SCOPE_PACKET;
		if (scopes != SL_ALL_SCOPES && packet != (scopes == SL_PACKET_SCOPE))
			continue;
		if (p->flags & SL_PATTERN_STARTS && at->inside && !(packet && at->from == at->own))
			continue; /* scope packet asks for the packet's beginning */
		if (rs->conditions[c].flags & (SL_COND_CONFIRM | SL_COND_PCRE))
			verify(d, at, c);
		else
			add_hit(d, at, c, at->bytes, at->from, at->to, at->offset, at->stable);
	}
}

int sl_direct_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *direct)
{
	(void)from;
	(void)flags;
	struct sl_direct *s = direct;
	if (id >= s->scanner->patterns_n)
		return 0;
	const struct sl_ruleset_pattern *p = &s->scanner->patterns[id];
	if (p->len && to < s->lead + p->len)
		return 0; /* made of what stands for lost bytes */
	struct sl_place at = s->place;
	size_t shown = p->len ? p->len : EXPRESSION_SHOWN;
	at.to = to > s->offset && to - s->offset <= at.bytes.len ? (size_t)(to - s->offset)
								 : at.bytes.len;
	at.from = at.to > shown ? at.to - shown : 0;
	at.crosses = p->len && at.to < p->len;
	at.offset = s->base + (p->len ? to - p->len : s->offset + at.from);
	sl_place_add(s->d, p, &at, s->scopes);
	return 0;
}
