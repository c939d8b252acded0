/* Which condition goes to which of Hyperscan's databases, and as what expression.
 *
 *   a field scanned whole   block    literals unanchored: the sensor checks start and end by length
 *   payload, short literal  gather   the same, over a batch of payloads
 *   payload, all others     stream   anchors are in the expression, since a stream's end comes
 * late; block    the same for datagrams
 *
 * `equals` on a field scanned whole is in a table and not here. */
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
	return flags;
}

/* anchored: starts and ends are in the expression, and not left to the sensor. */
static bool pattern_add(struct sl_patterns *p, const struct sl_condition *c, uint32_t condition,
			enum sl_database_mode mode, bool anchored)
{
	bool regex = c->op == SL_OP_REGEX;
	bool starts = c->op == SL_OP_STARTS || c->op == SL_OP_EQUALS;
	bool ends = c->op == SL_OP_ENDS || c->op == SL_OP_EQUALS;
	size_t room = regex ? c->len + 1 : sl_literal_room(c->len);
	if (!patterns_grow(p, room))
		return false;
	struct sl_pattern pattern = {
		.database = SL_DATABASE(c->field, mode),
		.hs_flags = hs_flags(c, mode),
		.len = regex ? 0 : (uint16_t)c->len,
		.condition = condition,
		.expression = p->text_len,
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
	p->text_len += strlen(text) + 1;
	p->pattern[p->n++] = pattern;
	return true;
}

static bool condition_add(struct sl_patterns *p, const struct sl_condition *c, uint32_t condition)
{
	if (!sl_field_info(c->field)->stream)
		return c->op == SL_OP_EQUALS || pattern_add(p, c, condition, SL_MODE_BLOCK, false);
	bool literal = c->op == SL_OP_CONTAINS || c->op == SL_OP_STARTS;
	if (literal && c->len <= SL_TAIL_MAX + 1)
		return pattern_add(p, c, condition, SL_MODE_GATHER, false);
	return pattern_add(p, c, condition, SL_MODE_STREAM, true) &&
	       pattern_add(p, c, condition, SL_MODE_BLOCK, true);
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

static bool indicator_add(struct sl_patterns *p, const struct sl_pack *pack, size_t indicator,
			  uint32_t *condition)
{
	const struct sl_indicator *ind = &pack->indicator[indicator];
	for (size_t i = 0; i < ind->conditions; i++, ++*condition) {
		p->at[*condition] =
			(struct sl_condition_at){ pack, (uint32_t)indicator, (uint32_t)i };
		if (!condition_add(p, &ind->condition[i], *condition))
			return false;
	}
	return true;
}

int sl_patterns_collect(struct sl_patterns *p, const struct sl_packs *packs, size_t conditions)
{
	*p = (struct sl_patterns){ .at = calloc(conditions + 1, sizeof *p->at) };
	if (!p->at)
		return SL_ENOMEM;
	uint32_t condition = 0;
	for (size_t i = 0; i < packs->n; i++)
		for (size_t k = 0; k < packs->pack[i].n; k++)
			if (!indicator_add(p, &packs->pack[i], k, &condition))
				return SL_ENOMEM;
	if (p->n)
		qsort_r(p->pattern, p->n, sizeof *p->pattern, pattern_compare, p);
	return SL_OK;
}
