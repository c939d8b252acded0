/* The plan of a ruleset.
 *
 *   whole values   exact values in tables, else the rarest literal of the group, else its
 * expression streams        groups of positive conditions as chains, exact (chain.c); else the last
 * positive condition of each chain, since what stands before it has come by then the rest `not`,
 * `absent`, length, number, and what has no trigger: judged on every value */
#include <rules/plan.h>

#include <rules/chain.h>
#include <rules/expression.h>
#include <rules/rarity.h>
#include <stdlib.h>
#include <string.h>

struct planner {
	struct sl_plan *plan;
	struct sl_problems *problems;
	const struct sl_pack *pack;
	size_t indicator; /* in the pack */
	uint32_t first;   /* condition of the indicator, in the plan */
};

static void complain(struct planner *p, size_t index, const char *text)
{
	const struct sl_condition *c = &p->pack->indicator[p->indicator].condition[index];
	char keys[64];
	snprintf(keys, sizeof keys, "match\n%zu\n%s\n", index, sl_condition_key(c));
	size_t first = p->problems->n;
	sl_pack_problem(p->pack, p->indicator, keys, NULL, p->problems, "%s: %s",
			sl_condition_key(c), text);
	sl_packfile_locate(&p->pack->source, p->problems, first);
}

/* --- fields --- */

static uint8_t field_number(struct planner *p, const struct sl_condition *c, size_t index)
{
	struct sl_plan *plan = p->plan;
	struct sl_ruleset_derived want = { .field = (uint8_t)c->field, .n = c->transforms };
	if (!c->transforms)
		return (uint8_t)c->field;
	memcpy(want.transform, c->transform, c->transforms);
	for (size_t i = 0; i < plan->derived_n; i++)
		if (memcmp(&plan->derived[i], &want, sizeof want) == 0)
			return (uint8_t)(SL_FIELD_COUNT + i);
	if (plan->derived_n == SL_DERIVED_MAX) {
		char text[80];
		snprintf(text, sizeof text, "more than %d different transforms of fields in one ruleset",
			 SL_DERIVED_MAX);
		complain(p, index, text);
		return (uint8_t)c->field;
	}
	plan->derived[plan->derived_n++] = want;
	return (uint8_t)(SL_FIELD_COUNT + plan->derived_n - 1);
}

/* --- groups --- */

struct group {
	const struct sl_condition *c;
	struct sl_plan_condition *out;
	size_t n;
	size_t at; /* of its first in the indicator */
	bool stream;
};

static void always_add(struct planner *p, const struct group *g)
{
	struct sl_plan *plan = p->plan;
	plan->always[plan->always_n++] = (struct sl_ruleset_always){
		g->out->field,
		p->first + (uint32_t)g->at,
	};
}

static void table_all(const struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		g->out[i].table = g->out[i].table || g->c[i].op == SL_OP_IN;
}

/* A condition by itself whose trigger says it all. */
static bool lone_exact(const struct group *g)
{
	const struct sl_condition *c = g->c;
	if (g->n != 1 || c->positioned || c->flags & SL_COND_NOT || c->op > SL_OP_REGEX)
		return g->n == 1 && c->op == SL_OP_IN && !(c->flags & SL_COND_NOT);
	if (c->op == SL_OP_REGEX && c->search != SL_SEARCH_EXACT)
		return false;
	if (c->op == SL_OP_EQUALS && !g->stream)
		g->out->table = true;
	else
		g->out->chain = 1;
	return true;
}

static size_t chain_end(const struct group *g, size_t i)
{
	do
		i++;
	while (i < g->n && sl_chain_follows(&g->c[i]));
	return i;
}

/* Every chain gets its own bit: the engine wants all of them from one side. */
static bool chains_exact(const struct group *g)
{
	if (!g->stream)
		return false;
	for (size_t i = 0; i < g->n; i++)
		if (g->c[i].flags & SL_COND_NOT)
			return false;
	for (size_t i = 0; i < g->n; i = chain_end(g, i))
		if (!sl_chain_fits(&g->c[i], chain_end(g, i) - i))
			return false;
	uint8_t bit = g->out->bit;
	for (size_t i = 0, end; i < g->n; i = end, bit++) {
		end = chain_end(g, i);
		g->out[i].chain = (uint8_t)(end - i);
		for (size_t k = i; k < end; k++)
			g->out[k].bit = bit;
	}
	return true;
}

/* --- groups that are confirmed --- */

static void trigger_set(const struct group *g, size_t i, unsigned wait)
{
	const struct sl_condition *c = &g->c[i];
	struct sl_plan_condition *out = &g->out[i];
	if (c->op == SL_OP_IN || (c->op == SL_OP_EQUALS && !g->stream)) {
		out->table = true;
		return;
	}
	out->chain = 1;
	out->unanchored = true;
	out->wait = (uint16_t)wait;
}

/* With a negative distance, may it end in front of what it follows? */
static bool reaches_back(const struct sl_condition *c)
{
	int32_t distance = c->position.distance;
	bool back = sl_chain_follows(c) && distance != SL_NOT_GIVEN && distance < 0;
	return back && (c->op == SL_OP_REGEX || -(int64_t)distance > (int64_t)c->len);
}

/* The last of a chain that can be looked for: all in front of it has come when it is found. Where one may
 * come before what it follows, the others are looked for too: whichever comes last, all is there. */
static bool chain_triggers(const struct group *g, size_t begin, size_t end)
{
	size_t last = end;
	bool back = false;
	while (last > begin && sl_rarity(&g->c[last - 1]) == 0)
		last--;
	for (size_t i = begin + 1; i < end; i++)
		back = back || reaches_back(&g->c[i]);
	for (size_t i = back ? begin : last - 1; last > begin && i < last; i++)
		if (sl_rarity(&g->c[i]))
			trigger_set(g, i, sl_chain_wait(&g->c[begin], end - begin, i - begin));
	return last > begin;
}

static bool stream_triggers(const struct group *g)
{
	bool any = false;
	for (size_t i = 0, end; i < g->n; i = end) {
		end = chain_end(g, i);
		any = chain_triggers(g, i, end) || any;
	}
	return any;
}

static bool rarest_trigger(const struct group *g)
{
	size_t best = 0;
	for (size_t i = 1; i < g->n; i++)
		if (sl_rarity(&g->c[i]) > sl_rarity(&g->c[best]))
			best = i;
	if (sl_rarity(&g->c[best]) == 0)
		return false;
	trigger_set(g, best, 0);
	return true;
}

static bool only_negative(const struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!(g->c[i].flags & SL_COND_NOT) && g->c[i].op != SL_OP_ABSENT)
			return false;
	return true;
}

static void unsearchable(struct planner *p, const struct group *g)
{
	complain(p, g->at, "cannot be looked for in a stream: it needs bytes to begin with");
}

/* `not` on a stream is violated when its pattern is found, and so it needs one. */
static void negative_plan(struct planner *p, const struct group *g)
{
	always_add(p, g);
	if (!g->stream || g->n != 1 || g->c->op > SL_OP_REGEX)
		return;
	if (g->c->op == SL_OP_REGEX && g->c->search == SL_SEARCH_NONE)
		unsearchable(p, g);
	g->out->chain = 1;
	if (sl_chain_fits(g->c, 1))
		return;
	g->out->unanchored = true;
	g->out->flags |= SL_COND_CONFIRM;
}

static void confirmed_plan(struct planner *p, const struct group *g)
{
	bool found = g->stream ? stream_triggers(g) : rarest_trigger(g);
	if (!found)
		always_add(p, g);
	if (!found && g->stream && g->c->op == SL_OP_REGEX)
		unsearchable(p, g);
	for (size_t i = 0; found && i < g->n; i++)
		g->out[i].flags |= SL_COND_CONFIRM;
}

static void group_plan(struct planner *p, const struct group *g)
{
	table_all(g);
	if (only_negative(g))
		negative_plan(p, g);
	else if (!lone_exact(g) && !chains_exact(g))
		confirmed_plan(p, g);
}

/* --- indicators --- */

static size_t group_end(const struct sl_indicator *ind, size_t first)
{
	size_t end = first + 1;
	while (end < ind->conditions && ind->condition[end].flags & SL_COND_SAME)
		end++;
	return end;
}

/* A body or a payload comes in packets of its own: with fields beside it the flow is the scope. */
static bool needs_flow(const struct sl_indicator *ind)
{
	bool payload = false, others = false;
	for (size_t i = 0; i < ind->conditions; i++) {
		payload = payload || ind->condition[i].field == SL_FIELD_PAYLOAD;
		others = others || ind->condition[i].field != SL_FIELD_PAYLOAD;
	}
	return payload && others;
}

static void conditions_begin(struct planner *p, const struct sl_indicator *ind)
{
	for (size_t i = 0; i < ind->conditions; i++) {
		const struct sl_condition *c = &ind->condition[i];
		struct sl_plan_condition *out = &p->plan->condition[p->first + i];
		out->field = field_number(p, c, i);
		out->flags = c->flags & (SL_COND_NOCASE | SL_COND_HEX | SL_COND_NOT | SL_COND_SAME);
		if (c->op == SL_OP_REGEX && c->search != SL_SEARCH_EXACT)
			out->flags |= SL_COND_PCRE;
	}
}

static void indicator_plan(struct planner *p, const struct sl_indicator *ind, uint32_t index)
{
	struct sl_plan *plan = p->plan;
	struct sl_plan_indicator *out = &plan->indicator[index];
	unsigned bit = 0;
	bool positive = false, negative = false;
	conditions_begin(p, ind);
	for (size_t i = 0, end; i < ind->conditions; i = end) {
		end = group_end(ind, i);
		struct group g = { &ind->condition[i], &plan->condition[p->first + i], end - i, i,
				   sl_ruleset_field_streams(plan->condition[p->first + i].field) };
		for (size_t k = 0; k < g.n; k++)
			g.out[k].bit = (uint8_t)bit;
		group_plan(p, &g);
		bit = g.out[g.n - 1].bit + 1u;
		positive = positive || !only_negative(&g);
		negative = negative || only_negative(&g);
	}
	out->scope = (uint8_t)(ind->scope == SL_SCOPE_TRANSACTION && needs_flow(ind) ? SL_SCOPE_FLOW
										     : ind->scope);
	out->flags = negative ? SL_IND_ENDWISE : 0;
	if (negative && !positive)
		plan->endwise[plan->endwise_n++] = index;
	if (ind->kind == SL_IND_MATCH && !ind->conditions)
		plan->flowwise[plan->flowwise_n++] = index;
}

static int always_compare(const void *left, const void *right)
{
	const struct sl_ruleset_always *a = left, *b = right;
	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	return (a->condition > b->condition) - (a->condition < b->condition);
}

static bool plan_init(struct sl_plan *plan, const struct sl_packs *packs)
{
	*plan = (struct sl_plan){ 0 };
	for (size_t i = 0; i < packs->n; i++) {
		plan->indicators += packs->pack[i].n;
		for (size_t k = 0; k < packs->pack[i].n; k++)
			plan->conditions += packs->pack[i].indicator[k].conditions;
	}
	plan->condition = calloc(plan->conditions + 1, sizeof *plan->condition);
	plan->indicator = calloc(plan->indicators + 1, sizeof *plan->indicator);
	plan->always = calloc(plan->conditions + 1, sizeof *plan->always);
	plan->flowwise = calloc(plan->indicators + 1, sizeof *plan->flowwise);
	plan->endwise = calloc(plan->indicators + 1, sizeof *plan->endwise);
	return plan->condition && plan->indicator && plan->always && plan->flowwise &&
	       plan->endwise;
}

int sl_plan_make(struct sl_plan *plan, const struct sl_packs *packs, struct sl_problems *problems,
		 struct sl_err *err)
{
	if (!plan_init(plan, packs))
		return sl_fail(err, SL_ENOMEM, "out of memory for the plan of a ruleset");
	struct planner p = { .plan = plan, .problems = problems };
	uint32_t index = 0;
	for (size_t i = 0; i < packs->n; i++)
		for (size_t k = 0; k < packs->pack[i].n; k++) {
			p.pack = &packs->pack[i];
			p.indicator = k;
			indicator_plan(&p, &p.pack->indicator[k], index++);
			p.first += (uint32_t)p.pack->indicator[k].conditions;
		}
	qsort(plan->always, plan->always_n, sizeof *plan->always, always_compare);
	return SL_OK;
}

void sl_plan_fini(struct sl_plan *plan)
{
	free(plan->condition);
	free(plan->indicator);
	free(plan->always);
	free(plan->flowwise);
	free(plan->endwise);
	*plan = (struct sl_plan){ 0 };
}
