/* Which condition goes to which of Hyperscan's databases, and as what expression.
 *
 *   a value scanned whole    block    literals unanchored: the sensor checks start and end by
 * length a stream, short literal  gather   the same, over a batch of payloads a stream, all others
 * stream   anchors are in the expression, since a stream's end comes late; block    the same for
 * datagrams
 *
 * What the plan says is exact is found by the pattern alone; else the pattern is a trigger. */
#include <rules/chain.h>
#include <rules/expression.h>
#include <rules/patterns.h>

#include <hs_compile.h>
#include <stdlib.h>
#include <string.h>

void sl_patterns_fini(struct sl_patterns *p)
{
	free(p->pattern);
	free(p->text);
	free(p->at);
	*p = (struct sl_patterns){ 0 };
}

static bool patterns_grow(struct sl_patterns *p, size_t len)
{
	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 256;
		struct sl_pattern *pattern = reallocarray(p->pattern, room, sizeof *pattern);
		if (!pattern)
			return false;
		p->pattern = pattern;
		p->room = room;
	}
	if (!p->text || p->text_room - p->text_len < len) {
		size_t room = p->text_room * 2 + len + 4096;
		char *text = realloc(p->text, room);
		if (!text)
			return false;
		p->text = text;
		p->text_room = room;
	}
	return true;
}

/* A regex reported once a value is enough; a literal's every place must be seen, since the sensor
 * checks places; in streams the flag would cost state. */
static uint32_t hs_flags(const struct sl_condition *c, enum sl_database_mode mode)
{
	uint32_t flags = c->flags & SL_COND_NOCASE ? HS_FLAG_CASELESS : 0;
	if (c->op == SL_OP_REGEX && mode == SL_MODE_BLOCK)
		flags |= HS_FLAG_SINGLEMATCH;
	if (c->op == SL_OP_REGEX && c->search == SL_SEARCH_ROUGH)
		flags |= HS_FLAG_PREFILTER;
	return flags;
}

/* What is looked for, and how. */
struct wanted {
	const struct sl_condition *c;
	const struct sl_plan_condition *plan;
	uint32_t condition;
};

/* Takes the expression that was written behind the text. */
static void pattern_take(struct sl_patterns *p, const struct wanted *w, enum sl_database_mode mode,
			 const struct sl_pattern *like)
{
	struct sl_pattern pattern = *like;
	pattern.database = SL_DATABASE(w->plan->field, mode);
	pattern.condition = w->condition;
	pattern.expression = p->text_len;
	p->text_len += strlen(p->text + p->text_len) + 1;
	p->pattern[p->n++] = pattern;
}

/* A condition by itself. anchored: starts and ends are in the expression, and not left to the
 * sensor. */
static bool pattern_add(struct sl_patterns *p, const struct wanted *w, enum sl_database_mode mode,
			bool anchored)
{
	const struct sl_condition *c = w->c;
	bool regex = c->op == SL_OP_REGEX;
	bool starts = c->op == SL_OP_STARTS || c->op == SL_OP_EQUALS;
	bool ends = c->op == SL_OP_ENDS || c->op == SL_OP_EQUALS;
	if (!patterns_grow(p, regex ? c->len + 1 : sl_literal_room(c->len)))
		return false;
	struct sl_pattern pattern = {
		.hs_flags = hs_flags(c, mode),
		.len = regex ? 0 : (uint16_t)c->len,
	};
	if (!anchored && starts)
		pattern.flags |= SL_PATTERN_STARTS;
	if (!anchored && ends)
		pattern.flags |= SL_PATTERN_ENDS;
	char *text = p->text + p->text_len;
	if (regex)
		memcpy(text, c->bytes, c->len + 1);
	else
		sl_literal_escape(text, sl_span_of(c->bytes, c->len), anchored && starts,
				  anchored && ends);
	pattern_take(p, w, mode, &pattern);
	return true;
}

/* A chain: case is said inside of the expression, condition by condition. */
static bool chain_add(struct sl_patterns *p, const struct wanted *w, enum sl_database_mode mode)
{
	if (!patterns_grow(p, sl_chain_room(w->c, w->plan->chain)))
		return false;
	sl_chain_write(p->text + p->text_len, w->c, w->plan->chain);
	pattern_take(p, w, mode, &(struct sl_pattern){ .hs_flags = 0 });
	return true;
}

static bool waiting_form(struct sl_patterns *p, const struct wanted *w, enum sl_database_mode mode,
			 const char *end)
{
	const struct sl_condition *c = w->c;
	enum { EXTRAS = 64 };
	if (!patterns_grow(p, EXTRAS + (c->op == SL_OP_REGEX ? c->len : sl_literal_room(c->len))))
		return false;
	char *text = p->text + p->text_len;
	char *at = stpcpy(text, "(?:");
	if (c->op == SL_OP_REGEX)
		strcpy(at, (const char *)c->bytes);
	else
		sl_literal_escape(at, sl_span_of(c->bytes, c->len), false, false);
	at += strlen(at);
	sprintf(at, ")(?s:.{0,%u}%s)", w->plan->wait, end);
	pattern_take(p, w, mode, &(struct sl_pattern){ .hs_flags = hs_flags(c, SL_MODE_STREAM) });
	return true;
}

/* A trigger that fires again, while what must be looked at behind it comes, and where the stream ends
 * before. The end is another pattern: of one, Hyperscan does not tell again what it told at
 * that place. */
static bool waiting_add(struct sl_patterns *p, const struct wanted *w, enum sl_database_mode mode)
{
	return waiting_form(p, w, mode, "") &&
	       (mode != SL_MODE_STREAM || waiting_form(p, w, mode, "\\z"));
}

static bool stream_add(struct sl_patterns *p, const struct wanted *w)
{
	bool (*add)(struct sl_patterns *, const struct wanted *, enum sl_database_mode) = NULL;
	bool literal = w->c->op == SL_OP_CONTAINS || w->c->op == SL_OP_STARTS;
	if (w->plan->wait)
		add = waiting_add;
	else if (!w->plan->unanchored && (w->plan->chain > 1 || w->c->positioned))
		add = chain_add;
	else if (literal && w->c->len <= SL_TAIL_MAX + 1)
		return pattern_add(p, w, SL_MODE_GATHER, false);
	if (add)
		return add(p, w, SL_MODE_STREAM) && add(p, w, SL_MODE_BLOCK);
	return pattern_add(p, w, SL_MODE_STREAM, true) && pattern_add(p, w, SL_MODE_BLOCK, true);
}

static bool condition_add(struct sl_patterns *p, const struct wanted *w)
{
	if (!w->plan->chain)
		return true;
	return sl_ruleset_field_streams(w->plan->field) ? stream_add(p, w)
							: pattern_add(p, w, SL_MODE_BLOCK, false);
}

static int pattern_order(const struct sl_patterns *p, const struct sl_pattern *a,
			 const struct sl_pattern *b)
{
	if (a->database != b->database)
		return a->database < b->database ? -1 : 1;
	int order = strcmp(p->text + a->expression, p->text + b->expression);
	if (order)
		return order;
	if (a->hs_flags != b->hs_flags)
		return a->hs_flags < b->hs_flags ? -1 : 1;
	if (a->flags != b->flags)
		return a->flags < b->flags ? -1 : 1;
	return (a->len > b->len) - (a->len < b->len);
}

bool sl_pattern_same(const struct sl_patterns *p, const struct sl_pattern *a,
		     const struct sl_pattern *b)
{
	return pattern_order(p, a, b) == 0;
}

static int pattern_compare(const void *left, const void *right, void *patterns)
{
	const struct sl_pattern *a = left, *b = right;
	int order = pattern_order(patterns, a, b);
	return order ? order : (a->condition > b->condition) - (a->condition < b->condition);
}

static bool indicator_add(struct sl_patterns *p, const struct sl_plan *plan,
			  const struct sl_pack *pack, size_t indicator, uint32_t *condition)
{
	const struct sl_indicator *ind = &pack->indicator[indicator];
	for (size_t i = 0; i < ind->conditions; i++, ++*condition) {
		p->at[*condition] =
			(struct sl_condition_at){ pack, (uint32_t)indicator, (uint32_t)i };
		struct wanted w = { &ind->condition[i], &plan->condition[*condition], *condition };
		if (!condition_add(p, &w))
			return false;
	}
	return true;
}

int sl_patterns_collect(struct sl_patterns *p, const struct sl_packs *packs,
			const struct sl_plan *plan)
{
	*p = (struct sl_patterns){ .at = calloc(plan->conditions + 1, sizeof *p->at) };
	if (!p->at)
		return SL_ENOMEM;
	uint32_t condition = 0;
	for (size_t i = 0; i < packs->n; i++)
		for (size_t k = 0; k < packs->pack[i].n; k++)
			if (!indicator_add(p, plan, &packs->pack[i], k, &condition))
				return SL_ENOMEM;
	if (p->n)
		qsort_r(p->pattern, p->n, sizeof *p->pattern, pattern_compare, p);
	return SL_OK;
}
