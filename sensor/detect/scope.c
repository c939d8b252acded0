/* What a flow remembers while a scope lasts: of each transaction that is open and of the flow itself,
 * the indicators half held, the conditions that must not hold and do, the fields seen, and the flow's
 * marks. All from bounded pools: what has no room is forgotten, and counted. */
#include <sensor/detect/detect_internal.h>

/* --- scopes --- */

static bool chain_find(const struct sl_detect *d, const struct sl_detect_slot *slot, uint32_t tx,
		       struct sl_ledger **found, unsigned *n)
{
	*n = 0;
	for (uint32_t i = slot->scopes; i; i = (*found)->next) {
		*found = sl_pool_at(&d->scopes, i);
		if ((*found)->tx == tx && !(*found)->ended)
			return true;
		*n += !(*found)->ended;
	}
	return false;
}

struct sl_ledger *sl_scope_get(struct sl_detect *d, struct sl_detect_slot *slot, uint32_t tx, bool make)
{
	struct sl_ledger *s = NULL;
	unsigned n;
	if (!slot->scopes && !make)
		return NULL;
	if (chain_find(d, slot, tx, &s, &n))
		return s;
	/* the flow's own has always a place */
	uint32_t i = make && n < SL_SCOPES_MAX + (tx == SL_TX_FLOW) ? sl_pool_take(&d->scopes) : 0;
	if (!i) {
		sl_count_add(d->config.counters, SL_COUNT_PARTIALS_FULL, make);
		return NULL;
	}
	s = sl_pool_at(&d->scopes, i);
	*s = (struct sl_ledger){ .next = slot->scopes, .tx = tx, .used = true };
	slot->scopes = i & SL_SCOPE_MAX;
	return s;
}

void sl_scope_empty(struct sl_detect *d, struct sl_ledger *s)
{
	for (uint32_t i = s->partials; i; i = sl_pool_next(&d->partials, i)) {
		const struct sl_partial *p = sl_pool_at(&d->partials, i);
		if (p->memo)
			sl_pool_give(&d->memos, p->memo);
	}
	sl_pool_give_chain(&d->partials, s->partials);
	sl_pool_give_chain(&d->facts, s->facts);
	sl_pool_give_chain(&d->facts, s->marks);
	s->partials = s->facts = s->marks = 0;
}

void sl_scopes_drop(struct sl_detect *d, struct sl_detect_slot *slot, bool all)
{
	struct sl_ledger *before = NULL;
	for (uint32_t i = slot->scopes, next; i; i = next) {
		struct sl_ledger *s = sl_pool_at(&d->scopes, i);
		next = s->next;
		if (!all && !s->ended) {
			before = s;
			continue;
		}
		sl_scope_empty(d, s);
		s->used = false;
		sl_pool_give(&d->scopes, i);
		if (before)
			before->next = next;
		else
			slot->scopes = next & SL_SCOPE_MAX;
	}
}

/* --- partials --- */

struct sl_partial *sl_partial_get(struct sl_detect *d, struct sl_ledger *s, unsigned lane,
				  uint32_t indicator, bool make)
{
	unsigned n = 0;
	for (uint32_t i = s->partials; i; i = sl_pool_next(&d->partials, i), n++) {
		struct sl_partial *p = sl_pool_at(&d->partials, i);
		if (p->indicator == indicator && p->lane == lane)
			return p;
	}
	uint32_t i = make && n < SL_PARTIALS_MAX ? sl_pool_take(&d->partials) : 0;
	if (!i) {
		sl_count_add(d->config.counters, SL_COUNT_PARTIALS_FULL, make);
		return NULL;
	}
	struct sl_partial *p = sl_pool_at(&d->partials, i);
	*p = (struct sl_partial){ .next = s->partials, .indicator = indicator, .lane = (uint8_t)lane };
	s->partials = i;
	return p;
}

/* --- facts and marks --- */

static uint32_t *number_find(const struct sl_detect *d, uint32_t chain, uint32_t number)
{
	for (uint32_t i = chain; i; i = sl_pool_next(&d->facts, i)) {
		struct sl_facts *f = sl_pool_at(&d->facts, i);
		for (uint32_t k = 0; k < f->n; k++)
			if (f->value[k] == number)
				return &f->value[k];
	}
	return NULL;
}

static unsigned chain_length(const struct sl_detect *d, uint32_t chain)
{
	unsigned n = 0;
	for (uint32_t i = chain; i; i = sl_pool_next(&d->facts, i))
		n++;
	return n;
}

static bool number_add(struct sl_detect *d, uint32_t *chain, uint32_t number)
{
	struct sl_facts *f = *chain ? sl_pool_at(&d->facts, *chain) : NULL;
	if (!f || f->n == SL_FACTS) {
		uint32_t i = sl_pool_take(&d->facts);
		if (!i)
			return false;
		f = sl_pool_at(&d->facts, i);
		f->next = *chain;
		*chain = i;
	}
	f->value[f->n++] = number;
	return true;
}

void sl_scope_note(struct sl_detect *d, struct sl_ledger *s, uint32_t fact)
{
	if (number_find(d, s->facts, fact))
		return;
	if (s->facts_n < SL_FACTS_MAX && number_add(d, &s->facts, fact)) {
		s->facts_n++;
		return;
	}
	s->full = true;
	sl_count(d->config.counters, SL_COUNT_PARTIALS_FULL);
}

bool sl_scope_knows(const struct sl_detect *d, const struct sl_ledger *s, uint32_t fact)
{
	return number_find(d, s->facts, fact) != NULL;
}

bool sl_mark_is_set(const struct sl_detect *d, const struct sl_ledger *flow, uint32_t mark)
{
	return flow && number_find(d, flow->marks, mark);
}

bool sl_atom_holds(const struct sl_detect *d, const struct sl_ledger *s, unsigned lane,
		   uint32_t condition)
{
	const struct sl_engine *e = d->lane[lane].e;
	uint32_t atom = e->crowds.atom ? e->crowds.atom[condition] : 0;
	if (!atom)
		return false;
	uint32_t fact = sl_fact_of(lane, SL_FACT_ATOM | atom);
	bool over_all = e->rs->indicators[e->rs->conditions[condition].indicator].scope == SL_SCOPE_FLOW;
	return sl_scope_knows(d, s, fact) ||
	       (over_all && sl_scope_knows(d, s, fact | SL_FACT_ELSEWHERE));
}

/* True: it was otherwise before; what has no room is not set. A mark's number is never 0: a 0 is a free
 * place. */
bool sl_mark_change(struct sl_detect *d, struct sl_ledger *flow, uint32_t mark, bool set)
{
	uint32_t *at = number_find(d, flow->marks, mark);
	if ((at != NULL) == set)
		return false;
	if (!set) {
		*at = 0;
		return true;
	}
	at = number_find(d, flow->marks, 0);
	if (at)
		*at = mark;
	if (at || (chain_length(d, flow->marks) <= SL_FLOW_MARKS_MAX / SL_FACTS &&
		   number_add(d, &flow->marks, mark)))
		return true;
	sl_count(d->config.counters, SL_COUNT_PARTIALS_FULL);
	return false;
}
