/* Crowds: conditions that very many indicators share ("the method is POST"). In a list of one value's or
 * pattern's conditions, those of indicators that have something rarer follow: they make no hit of their
 * own. The list makes one, an atom, which its scope remembers, and it is asked for when the rarer
 * condition, the leader, holds. So a request costs what is rare in it. Found out once, at loading. */
#include <sensor/detect/verify.h>
#include <stdlib.h>

enum { CROWD = 8 }; /* conditions in one list */

struct planner {
	struct sl_engine *e;
	struct sl_crowds *to;
	uint32_t *crowding; /* by condition: how many are in its list; 0: it makes hits of its own in any case */
	bool *follows;
};

/* A group of its own whose trigger says it all. */
static bool may_follow(const struct sl_ruleset *rs, uint32_t c)
{
	const struct sl_ruleset_condition *cond = &rs->conditions[c];
	return !(cond->flags & (SL_COND_NOT | SL_COND_SAME | SL_COND_CONFIRM | SL_COND_PCRE)) &&
	       cond->op >= SL_OP_EQUALS && cond->op <= SL_OP_REGEX && !sl_ruleset_field_streams(cond->field) &&
	       sl_group_size(rs, c) == 1;
}

static struct sl_postings postings_of(const struct sl_ruleset *rs, uint32_t c)
{
	const struct sl_ruleset_condition *cond = &rs->conditions[c];
	uint8_t key[1 + 8192];
	if (cond->op != SL_OP_EQUALS || cond->len >= sizeof key)
		return (struct sl_postings){ NULL, 0 };
	key[0] = cond->field;
	memcpy(key + 1, rs->strings + cond->bytes, cond->len);
	return sl_table_get(cond->flags & SL_COND_NOCASE ? &rs->equals_nocase : &rs->equals,
			    sl_span_of(key, cond->len + 1));
}

static bool is_whole(const struct sl_ruleset_database *db)
{
	return db->mode == SL_MODE_BLOCK && !sl_ruleset_field_streams(db->field);
}

static void count_crowds(const struct planner *p)
{
	const struct sl_ruleset *rs = p->e->rs;
	for (uint32_t c = 0; c < rs->conditions_n; c++)
		if (may_follow(rs, c))
			p->crowding[c] = postings_of(rs, c).n;
	for (uint32_t i = 0; i < rs->databases_n; i++)
		for (uint32_t k = 0; is_whole(&rs->database[i]) && k < rs->database[i].patterns_n; k++) {
			const struct sl_ruleset_pattern *x = &rs->database[i].patterns[k];
			for (uint32_t n = 0; n < x->conditions_n; n++) {
				uint32_t c = rs->pattern_conditions[x->condition + n];
				if (may_follow(rs, c))
					p->crowding[c] = x->conditions_n;
			}
		}
}

/* One positive condition leads: the one with the fewest beside it. A packet's length waits for it. */
static void choose_leader(const struct planner *p, const struct sl_ruleset_indicator *ind)
{
	const struct sl_ruleset *rs = p->e->rs;
	uint32_t leader = UINT32_MAX, end = ind->condition + ind->conditions_n;
	for (uint32_t c = ind->condition; c < end; c++) {
		const struct sl_ruleset_condition *cond = &rs->conditions[c];
		bool positive = !(cond->flags & (SL_COND_NOT | SL_COND_SAME)) && cond->op != SL_OP_ABSENT &&
				!sl_is_packet_length(rs, c);
		if (positive && (leader == UINT32_MAX || p->crowding[c] < p->crowding[leader]))
			leader = c;
	}
	for (uint32_t c = ind->condition; c < end; c++)
		p->follows[c] = c != leader && p->crowding[c] >= CROWD;
}

/* --- lists without those that follow --- */

/* Takes the leaders of a list; gives it an atom if others follow. */
static struct sl_trigger list_take(const struct planner *p, const uint32_t *list, uint32_t n)
{
	struct sl_crowds *to = p->to;
	struct sl_trigger t = { .first = to->leaders_n };
	bool any = false;
	for (uint32_t i = 0; i < n; i++)
		any |= !(list[i] & SL_POSTING_INDICATOR) && p->follows[list[i]];
	t.atom = any ? ++to->atoms : 0;
	for (uint32_t i = 0; i < n; i++) {
		bool follows = !(list[i] & SL_POSTING_INDICATOR) && p->follows[list[i]];
		if (follows)
			to->atom[list[i]] = t.atom;
		else
			to->leader[to->leaders_n++] = list[i];
	}
	t.n = to->leaders_n - t.first;
	return t;
}

static void take_patterns(const struct planner *p)
{
	const struct sl_ruleset *rs = p->e->rs;
	uint32_t at = 0;
	for (uint32_t i = 0; i < rs->databases_n; i++) {
		const struct sl_ruleset_database *db = &rs->database[i];
		if (!is_whole(db))
			continue;
		p->e->scanner[db->field][db->mode].trigger = &p->to->trigger[at];
		for (uint32_t k = 0; k < db->patterns_n; k++)
			p->to->trigger[at++] = list_take(p, &rs->pattern_conditions[db->patterns[k].condition],
							 db->patterns[k].conditions_n);
	}
}

static int by_place(const void *x, const void *y)
{
	const struct sl_crowd *a = x, *b = y;
	return a->list < b->list ? -1 : a->list > b->list;
}

/* The lists of postings that have followers, each once. Gives how many entries they have. */
static size_t gather_postings(const struct planner *p)
{
	const struct sl_ruleset *rs = p->e->rs;
	struct sl_crowds *to = p->to;
	size_t n = 0, entries = 0;
	for (uint32_t c = 0; c < rs->conditions_n; c++) {
		struct sl_postings found = p->follows[c] ? postings_of(rs, c) : (struct sl_postings){ NULL, 0 };
		if (found.n)
			to->crowd[n++] = (struct sl_crowd){ found.value, { .n = found.n } };
	}
	qsort(to->crowd, n, sizeof *to->crowd, by_place);
	for (size_t i = 0; i < n; i++) {
		if (i && to->crowd[i].list == to->crowd[i - 1].list)
			continue;
		entries += to->crowd[i].trigger.n;
		to->crowd[to->crowds_n++] = to->crowd[i];
	}
	return entries;
}

static void take_postings(const struct planner *p)
{
	struct sl_crowds *to = p->to;
	for (size_t i = 0; i < to->crowds_n; i++)
		to->crowd[i].trigger = list_take(p, to->crowd[i].list, to->crowd[i].trigger.n);
}

const struct sl_trigger *sl_crowd_find(const struct sl_crowds *x, struct sl_postings found)
{
	if (found.n < CROWD || !x->crowds_n)
		return NULL;
	const struct sl_crowd key = { .list = found.value };
	const struct sl_crowd *at = bsearch(&key, x->crowd, x->crowds_n, sizeof key, by_place);
	return at ? &at->trigger : NULL;
}

/* --- life --- */

static bool take_room(struct planner *p, size_t followers)
{
	const struct sl_ruleset *rs = p->e->rs;
	struct sl_crowds *to = p->to;
	size_t patterns = 0;
	for (uint32_t i = 0; i < rs->databases_n; i++)
		patterns += is_whole(&rs->database[i]) ? rs->database[i].patterns_n : 0;
	to->crowd = calloc(followers + 1, sizeof *to->crowd);
	to->atom = calloc(rs->conditions_n + 1, sizeof *to->atom);
	to->trigger = calloc(patterns + 1, sizeof *to->trigger);
	if (to->crowd && to->atom && to->trigger)
		to->leader = calloc(rs->pattern_conditions_n + gather_postings(p) + 1, sizeof *to->leader);
	return to->leader;
}

static size_t count_followers(const struct planner *p)
{
	size_t n = 0;
	for (uint32_t c = 0; c < p->e->rs->conditions_n; c++)
		n += p->follows[c];
	return n;
}

static void note_flows(const struct planner *p)
{
	const struct sl_ruleset *rs = p->e->rs;
	for (uint32_t c = 0; c < rs->conditions_n; c++)
		p->to->flows |= p->to->atom[c] && rs->indicators[rs->conditions[c].indicator].scope == SL_SCOPE_FLOW;
}

int sl_crowds_init(struct sl_engine *e)
{
	const struct sl_ruleset *rs = e->rs;
	struct planner p = { .e = e, .to = &e->crowds, .crowding = calloc(rs->conditions_n + 1, sizeof *p.crowding),
			     .follows = calloc(rs->conditions_n + 1, sizeof *p.follows) };
	size_t followers = 0;
	bool ok = p.crowding && p.follows;
	if (ok) {
		count_crowds(&p);
		for (uint32_t i = 0; i < rs->indicators_n; i++)
			if (rs->indicators[i].conditions_n > 1)
				choose_leader(&p, &rs->indicators[i]);
		followers = count_followers(&p);
		ok = !followers || take_room(&p, followers);
	}
	if (ok && followers) {
		take_patterns(&p);
		take_postings(&p);
		note_flows(&p);
	}
	free(p.crowding);
	free(p.follows);
	return ok ? SL_OK : SL_ENOMEM;
}

void sl_crowds_fini(struct sl_crowds *x)
{
	free(x->crowd);
	free(x->leader);
	free(x->atom);
	free(x->trigger);
}
