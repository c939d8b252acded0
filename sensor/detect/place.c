/* A match in bytes that are a part of something longer, made into hits. */
#include <sensor/detect/detect_internal.h>

enum { AROUND = SL_MATCH_AROUND_MAX / 2, EXPRESSION_SHOWN = 64 };

void sl_place_add(struct sl_detect *d, const struct sl_ruleset_pattern *p, const struct sl_place *at,
		  enum sl_scopes scopes)
{
	size_t first = at->from > AROUND ? at->from - AROUND : 0;
	size_t last = at->bytes.len - first < SL_MATCH_AROUND_MAX ? at->bytes.len
								   : first + SL_MATCH_AROUND_MAX;
	for (uint32_t i = 0; i < p->conditions_n; i++) {
		uint32_t c = d->rs->pattern_conditions[p->condition + i];
		uint32_t indicator = d->rs->conditions[c].indicator;
		bool packet = d->rs->indicators[indicator].scope == SL_SCOPE_PACKET;
		if (scopes != SL_ALL_SCOPES && packet != (scopes == SL_PACKET_SCOPE))
			continue;
		struct sl_hit hit = {
			.at = at->at,
			.flow = at->flow,
			.condition = c,
			.indicator = indicator,
			.transaction = at->transaction,
			.offset = (uint32_t)at->offset,
			.field = at->field,
			.side = at->side,
			.crosses = at->crosses,
			.value = sl_span_of(at->bytes.at + at->from, at->to - at->from),
			.around = sl_span_of(at->bytes.at + first, last - first),
		};
		sl_hit_add(d, &hit, at->stable);
	}
}

int sl_direct_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *direct)
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
	at.to = to > s->offset && to - s->offset <= at.bytes.len ? (size_t)(to - s->offset) : at.bytes.len;
	at.from = at.to > shown ? at.to - shown : 0;
	at.crosses = p->len && at.to < p->len;
	at.offset = s->base + (p->len ? to - p->len : s->offset + at.from);
	sl_place_add(s->d, p, &at, s->scopes);
	return 0;
}
