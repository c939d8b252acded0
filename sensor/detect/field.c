/* Patterns on whole values: one block scan a value, where its field has patterns at all. */
#include <sensor/detect/detect_internal.h>

struct scan {
	struct sl_detect *d;
	struct sl_looking *l;
	const struct sl_value *v;
	const struct sl_scanner *scanner;
};

/* Hyperscan found pattern `id` to end at `to`. Literals bound to an end are checked here, because an
 * anchored expression would cost more. */
static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	(void)from;
	(void)flags;
	struct scan *s = ctx;
	const struct sl_ruleset *rs = s->d->lane[s->l->lane].rs;
	if (id >= s->scanner->patterns_n)
		return 0;
	const struct sl_ruleset_pattern *p = &s->scanner->patterns[id];
	if (to < p->len || to > s->v->bytes.len || (p->flags & SL_PATTERN_STARTS && to != p->len) ||
	    (p->flags & SL_PATTERN_ENDS && to != s->v->bytes.len))
		return 0;
	size_t at = p->len ? (size_t)to - p->len : 0, len = p->len ? p->len : (size_t)to;
	const struct sl_trigger *t = s->scanner->trigger ? &s->scanner->trigger[id] : NULL;
	const uint32_t *list = t ? &s->d->lane[s->l->lane].e->crowds.leader[t->first]
				 : &rs->pattern_conditions[p->condition];
	for (uint32_t i = 0; i < (t ? t->n : p->conditions_n); i++) {
		uint32_t c = list[i];
		if (rs->conditions[c].flags & (SL_COND_CONFIRM | SL_COND_PCRE))
			sl_value_confirm(s->d, s->l, s->v, c);
		else
			sl_hit_field(s->d, s->l, s->v, rs->conditions[c].indicator, c, at, len);
	}
	if (t && t->atom)
		sl_hit_atom(s->d, s->l, s->v, t->atom, at, len);
	return 0;
}

void sl_field_scan(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	const struct sl_scanner *scanner = &d->lane[l->lane].e->scanner[v->field][SL_MODE_BLOCK];
	if (!scanner->db || !v->bytes.len)
		return;
	struct scan s = { d, l, v, scanner };
	sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, v->bytes.len);
	sl_scan_check(d, hs_scan(scanner->db, (const char *)v->bytes.at, (unsigned)v->bytes.len, 0,
				 d->scratch, on_match, &s));
}
