/* A new ruleset takes the place of the one before, between batches. What flows have half seen is kept by
 * what succession.c found out, or forgotten and counted; Hyperscan's streams belong to a database and
 * begin anew, but for those of a base that stays. Work is as much as is half seen. */
#include <sensor/detect/direction.h>

/* Where the indicator is now; SL_NOWHERE: it is not. */
static uint32_t now_of(const struct sl_detect *d, const struct sl_succession *s, unsigned lane,
		       uint32_t indicator)
{
	return s->to[lane] && s->from[lane] == d->lane[lane].e ? s->to[lane][indicator] : SL_NOWHERE;
}

static void move_partials(struct sl_detect *d, const struct sl_succession *s, struct sl_ledger *scope)
{
	uint32_t kept = 0;
	for (uint32_t i = scope->partials, next; i; i = next) {
		struct sl_partial *p = sl_pool_at(&d->partials, i);
		uint32_t to = now_of(d, s, p->lane, p->indicator);
		next = p->next;
		if (to != SL_NOWHERE) {
			p->lane = (uint8_t)(to >> 31);
			p->indicator = to & INT32_MAX;
			p->next = kept;
			kept = i;
			continue;
		}
		sl_count_add(d->config.counters, SL_COUNT_PARTIALS_DROPPED, !p->fired);
		if (p->memo)
			sl_pool_give(&d->memos, p->memo);
		sl_pool_give(&d->partials, i);
	}
	scope->partials = kept;
}

/* A condition keeps its place among its indicator's. */
static uint32_t moved_fact(const struct sl_detect *d, const struct sl_succession *s,
			   const struct sl_lane *next, uint32_t fact)
{
	const struct sl_ruleset *rs = d->lane[fact >> 31].rs;
	if (fact & SL_FACT_ATOM) /* of the engine that it is of */
		return d->lane[fact >> 31].e == next[fact >> 31].e ? fact : SL_NOWHERE;
	uint32_t c = fact & INT32_MAX, indicator = rs->conditions[c].indicator;
	uint32_t to = now_of(d, s, fact >> 31, indicator);
	if (to == SL_NOWHERE)
		return SL_NOWHERE;
	const struct sl_ruleset_indicator *now = &next[to >> 31].rs->indicators[to & INT32_MAX];
	return sl_fact_of(to >> 31, now->condition + c - rs->indicators[indicator].condition);
}

static void move_facts(struct sl_detect *d, const struct sl_succession *s, const struct sl_lane *next,
		       const struct sl_ledger *scope)
{
	for (uint32_t i = scope->facts; i; i = sl_pool_next(&d->facts, i)) {
		struct sl_facts *f = sl_pool_at(&d->facts, i);
		for (uint32_t k = 0; k < f->n; k++)
			if (f->value[k] != SL_NOWHERE)
				f->value[k] = moved_fact(d, s, next, f->value[k]);
	}
}

static void move_scopes(struct sl_detect *d, const struct sl_succession *s, const struct sl_lane *next)
{
	for (uint32_t i = 1; i < d->scopes.fresh; i++) {
		struct sl_ledger *scope = sl_pool_at(&d->scopes, i);
		if (!scope->used)
			continue;
		move_facts(d, s, next, scope);
		move_partials(d, s, scope);
	}
}

/* The lane's streams and what it has of its own go, unless the new one looks for the same. */
static void replace_lane(struct sl_detect *d, unsigned lane, struct sl_lane *next)
{
	if (d->lane[lane].e && d->lane[lane].e != next->e) {
		sl_direction_close_lane(d, lane);
		sl_pieces_close_lane(d, lane);
	}
	sl_lane_fini(&d->lane[lane]);
	d->lane[lane] = *next;
}

int sl_detect_swap(struct sl_detect *d, struct sl_loaded_ruleset *loaded, struct sl_err *err)
{
	struct sl_lane next[SL_LANES] = { { .e = NULL } };
	if (sl_lanes_init(d, next, loaded) != SL_OK) {
		for (unsigned lane = 0; lane < SL_LANES; lane++)
			sl_lane_fini(&next[lane]);
		return sl_fail(err, SL_ENOMEM, "detect: out of memory for the new ruleset");
	}
	sl_detect_flush(d);
	move_scopes(d, &loaded->succession, next);
	for (unsigned lane = 0; lane < SL_LANES; lane++)
		replace_lane(d, lane, &next[lane]);
	sl_lanes_join(d);
	sl_loaded_retain(loaded);
	sl_loaded_release(d->config.loaded);
	d->config.loaded = loaded;
	d->generation = d->generation % SL_GENERATION_MAX + 1;
	return SL_OK;
}
