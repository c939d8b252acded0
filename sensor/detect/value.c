/* One whole value: looked up, scanned, judged, and the same for what transforms make of it. */
#include <sensor/detect/detect_internal.h>

bool sl_group_was_judged(struct sl_detect *d, unsigned lane, uint32_t first, uint32_t value)
{
	uint32_t *judged = &d->lane[lane].judged[first];
	if (*judged == value)
		return true;
	*judged = value;
	return false;
}

/* Others may have used the steps up: their number is the author's. These are enough to look once for a literal
 * and for an expression, however long the value is. */
static uint32_t least_steps(size_t bytes)
{
	size_t twice = 2 * (SL_VERIFY_PCRE + bytes / SL_VERIFY_BYTES);
	return twice < SL_VERIFY_LEAST ? SL_VERIFY_LEAST : (uint32_t)twice;
}

bool sl_group_holds(struct sl_detect *d, unsigned lane, uint32_t first, struct sl_span value,
		    uint32_t number, uint64_t base, bool open, struct sl_found *found)
{
	struct sl_verifier *v = &d->verifier;
	if (d->verified != number) {
		d->verified = number;
		v->steps = SL_VERIFY_STEPS;
	}
	if (v->steps < least_steps(value.len))
		v->steps = least_steps(value.len);
	v->limited = false;
	v->base = base;
	v->open = open;
	bool holds = sl_verify(v, d->lane[lane].e, first, value, found);
	if (v->limited)
		sl_count(d->config.counters, SL_COUNT_VERIFY_LIMITED);
	return holds;
}

void sl_value_confirm(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v, uint32_t condition)
{
	const struct sl_lane *lane = &d->lane[l->lane];
	uint32_t first = sl_group_first(lane->rs, condition), indicator = lane->rs->conditions[first].indicator;
	struct sl_found found;
	if (sl_group_was_judged(d, l->lane, first, d->value) || !sl_where_may(lane, indicator, l->flow))
		return;
	if (sl_group_holds(d, l->lane, first, v->bytes, d->value, 0, false, &found))
		sl_hit_field(d, l, v, indicator, first, found.from, found.len);
}

/* What several indicators deny in the same words: where does not matter yet. */
static void judge_atom(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v, const struct sl_judged *j)
{
	struct sl_found found;
	if (sl_group_holds(d, l->lane, j->condition, v->bytes, d->value, 0, false, &found))
		sl_hit_atom(d, l, v, j->atom, found.from, found.len);
}

static void judge_always(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	const struct sl_engine *e = d->lane[l->lane].e;
	for (uint32_t i = e->always[v->field]; i < e->always[v->field + 1]; i++) {
		const struct sl_judged *j = &e->judged[i];
		if (j->atom)
			judge_atom(d, l, v, j);
		else
			sl_value_confirm(d, l, v, j->condition);
	}
}

static void look_at_whole(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v, unsigned look)
{
	if (look & SL_LOOK_EXACT)
		sl_exact_value(d, l, v);
	if (look & SL_LOOK_PATTERNS)
		sl_field_scan(d, l, v);
	if (look & SL_LOOK_ALWAYS)
		judge_always(d, l, v);
}

static void look_at_derived(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	const struct sl_ruleset *rs = d->lane[l->lane].rs;
	for (uint32_t i = 0; i < rs->derived_n; i++) {
		struct sl_value derived = { .field = (enum sl_field)(SL_FIELD_COUNT + i) };
		if (rs->derived[i].field != v->field)
			continue;
		if (!sl_transform(&rs->derived[i], v->bytes, d->derived, &derived.bytes)) {
			sl_count(d->config.counters, SL_COUNT_TRANSFORMS_FAILED);
			continue;
		}
		d->value++;
		look_at_whole(d, l, &derived, d->lane[l->lane].e->look[derived.field]);
	}
}

void sl_value_look(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		unsigned look = d->lane[lane].e->look[v->field];
		if (!look)
			continue;
		l->lane = (uint8_t)lane;
		d->value++;
		look_at_whole(d, l, v, look);
		if (look & SL_LOOK_DERIVED)
			look_at_derived(d, l, v);
	}
}
