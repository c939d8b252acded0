/* Conditions that are judged on every value of their field: each field's rows, and of those that are
 * denied in the same words by several indicators ("the agent is not Mozilla") one for all, which makes an
 * atom that each of them asks for. */
#include <sensor/detect/verify.h>
#include <stdlib.h>

/* A denial that stands by itself: one answer does for all that say the same. */
static bool may_share(const struct sl_ruleset *rs, uint32_t c)
{
	const struct sl_ruleset_condition *cond = &rs->conditions[c];
	return cond->flags & SL_COND_NOT && !(cond->flags & SL_COND_SAME) &&
	       !sl_ruleset_field_streams(cond->field) && sl_group_size(rs, c) == 1;
}

static int by_words(const void *left, const void *right, void *ruleset)
{
	const struct sl_ruleset *rs = ruleset;
	const struct sl_judged *a = left, *b = right;
	const struct sl_ruleset_condition *x = &rs->conditions[a->condition], *y = &rs->conditions[b->condition];
	const uint32_t of_x[] = { x->field, may_share(rs, a->condition), x->op, x->flags, x->position, x->len };
	const uint32_t of_y[] = { y->field, may_share(rs, b->condition), y->op, y->flags, y->position, y->len };
	for (unsigned i = 0; i < sizeof of_x / sizeof of_x[0]; i++)
		if (of_x[i] != of_y[i])
			return of_x[i] < of_y[i] ? -1 : 1;
	int order = memcmp(rs->strings + x->bytes, rs->strings + y->bytes, x->len);
	return order ? order : (a->condition > b->condition) - (a->condition < b->condition);
}

static bool same_words(const struct sl_ruleset *rs, uint32_t a, uint32_t b)
{
	const struct sl_ruleset_condition *x = &rs->conditions[a], *y = &rs->conditions[b];
	return may_share(rs, a) && may_share(rs, b) && x->field == y->field && x->op == y->op &&
	       x->flags == y->flags && x->position == y->position && x->len == y->len && x->op != SL_OP_IN &&
	       memcmp(rs->strings + x->bytes, rs->strings + y->bytes, x->len) == 0;
}

/* Leaves one row of those that say the same; their conditions get its atom. */
static void share(struct sl_engine *e, struct sl_judged *row, uint32_t n)
{
	const struct sl_ruleset *rs = e->rs;
	uint32_t *atom = e->crowds.atom;
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && same_words(rs, row[i].condition, row[end].condition);)
			end++;
		struct sl_judged *kept = &e->judged[e->judged_n++];
		*kept = row[i];
		if (end - i == 1)
			continue;
		kept->atom = ++e->crowds.atoms;
		for (uint32_t k = i; k < end; k++) {
			atom[row[k].condition] = kept->atom;
			e->crowds.flows |= rs->indicators[rs->conditions[row[k].condition].indicator].scope ==
					   SL_SCOPE_FLOW;
		}
	}
}

/* Where each field's rows begin. */
static void index_fields(struct sl_engine *e)
{
	uint32_t row = 0;
	for (unsigned f = 0; f <= SL_FIELDS_ALL; f++) {
		while (row < e->judged_n && e->rs->conditions[e->judged[row].condition].field < f)
			row++;
		e->always[f] = row;
	}
}

int sl_always_init(struct sl_engine *e)
{
	const struct sl_ruleset *rs = e->rs;
	struct sl_judged *row = calloc(rs->always_n + 1, sizeof *row);
	uint32_t n = 0;
	e->judged = calloc(rs->always_n + 1, sizeof *e->judged);
	if (rs->always_n && !e->crowds.atom)
		e->crowds.atom = calloc(rs->conditions_n + 1, sizeof *e->crowds.atom);
	bool ok = row && e->judged && (e->crowds.atom || !rs->always_n);
	for (uint32_t i = 0; ok && i < rs->always_n; i++)
		if (rs->conditions[rs->always[i].condition].op != SL_OP_ABSENT && /* it is never there */
		    !sl_length_waits(rs, rs->always[i].condition))
			row[n++].condition = rs->always[i].condition;
	if (ok) {
		qsort_r(row, n, sizeof *row, by_words, (void *)rs);
		share(e, row, n);
		index_fields(e);
	}
	free(row);
	return ok ? SL_OK : SL_ENOMEM;
}
