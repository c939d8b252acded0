/* Which indicator of a new ruleset is which of the one before: the same pack's, of the same id, with the
 * same conditions in the same order. Made by whoever loads, so that workers need not search. */
#include <sensor/detect/loaded_internal.h>
#include <stdlib.h>
#include <xxhash.h>

/* The new ruleset's indicators by (pack, id): open addressing over numbers of rows, + 1. */
struct index {
	uint32_t *row[SL_LANES];
	uint64_t mask[SL_LANES];
	const struct sl_engine *e[SL_LANES];
	const uint64_t *gone;
	unsigned n;
};

static const char *pack_name(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind)
{
	return sl_ruleset_string(rs, rs->packs[ind->pack].name);
}

static uint64_t key_of(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind)
{
	const char *pack = pack_name(rs, ind), *id = sl_ruleset_string(rs, ind->id);
	return XXH3_64bits_withSeed(id, strlen(id), XXH3_64bits(pack, strlen(pack)));
}

static int index_fill(struct index *x, unsigned lane)
{
	const struct sl_ruleset *rs = x->e[lane]->rs;
	uint64_t room = 16;
	while (room < 2 * (uint64_t)rs->indicators_n)
		room *= 2;
	x->row[lane] = calloc(room, sizeof *x->row[lane]);
	if (!x->row[lane])
		return SL_ENOMEM;
	x->mask[lane] = room - 1;
	for (uint32_t i = 0; i < rs->indicators_n; i++) {
		uint64_t at = key_of(rs, &rs->indicators[i]) & x->mask[lane];
		while (x->row[lane][at])
			at = (at + 1) & x->mask[lane];
		x->row[lane][at] = i + 1;
	}
	return SL_OK;
}

static bool same_field(const struct sl_ruleset *a, unsigned x, const struct sl_ruleset *b, unsigned y)
{
	if (x < SL_FIELD_COUNT || y < SL_FIELD_COUNT)
		return x == y;
	return memcmp(&a->derived[x - SL_FIELD_COUNT], &b->derived[y - SL_FIELD_COUNT],
		      sizeof *a->derived) == 0;
}

static bool same_condition(const struct sl_ruleset *a, const struct sl_ruleset_condition *x,
			   const struct sl_ruleset *b, const struct sl_ruleset_condition *y)
{
	/* positions are rows: those that are equal may lie elsewhere */
	return x->op == y->op && x->flags == y->flags && x->bit == y->bit && x->len == y->len &&
	       same_field(a, x->field, b, y->field) &&
	       memcmp(a->strings + x->bytes, b->strings + y->bytes, x->len) == 0 &&
	       memcmp(&a->positions[x->position], &b->positions[y->position], sizeof *a->positions) == 0;
}

static bool same(const struct sl_ruleset *a, const struct sl_ruleset_indicator *x,
		 const struct sl_ruleset *b, const struct sl_ruleset_indicator *y)
{
	if (x->conditions_n != y->conditions_n || x->kind != y->kind || x->scope != y->scope ||
	    strcmp(sl_ruleset_string(a, x->id), sl_ruleset_string(b, y->id)) != 0 ||
	    strcmp(pack_name(a, x), pack_name(b, y)) != 0)
		return false;
	for (uint32_t i = 0; i < x->conditions_n; i++)
		if (!same_condition(a, &a->conditions[x->condition + i], b,
				    &b->conditions[y->condition + i]))
			return false;
	return true;
}

/* The delta's before the base's. */
static uint32_t find(const struct index *x, const struct sl_ruleset *rs,
		     const struct sl_ruleset_indicator *ind)
{
	uint64_t key = key_of(rs, ind);
	for (unsigned lane = x->n; lane-- > 0;) {
		const struct sl_ruleset *in = x->e[lane]->rs;
		for (uint64_t at = key & x->mask[lane]; x->row[lane][at];
		     at = (at + 1) & x->mask[lane]) {
			uint32_t row = x->row[lane][at] - 1;
			if ((lane > 0 || !sl_is_gone(x->gone, row)) &&
			    same(rs, ind, in, &in->indicators[row]))
				return (uint32_t)lane << 31 | row;
		}
	}
	return SL_NOWHERE;
}

static int map_lane(const struct index *x, const struct sl_engine *from, uint32_t **to)
{
	const struct sl_ruleset *rs = from->rs;
	*to = malloc((rs->indicators_n + 1) * sizeof **to);
	if (!*to)
		return SL_ENOMEM;
	for (uint32_t i = 0; i < rs->indicators_n; i++)
		if (from == x->e[0] && !sl_is_gone(x->gone, i)) /* the same base: where it was */
			(*to)[i] = i;
		else
			(*to)[i] = find(x, rs, &rs->indicators[i]);
	return SL_OK;
}

int sl_loaded_follow(struct sl_loaded_ruleset *next, const struct sl_loaded_ruleset *before,
		     struct sl_err *err)
{
	struct index x = { .gone = next->gone };
	const struct sl_engine *old[SL_LANES];
	unsigned lanes = sl_loaded_engines(before, old);
	int rc = SL_OK;
	x.n = sl_loaded_engines(next, x.e);
	for (unsigned i = 0; rc == SL_OK && i < x.n; i++)
		rc = index_fill(&x, i);
	for (unsigned i = 0; rc == SL_OK && i < lanes; i++) {
		free(next->succession.to[i]);
		rc = map_lane(&x, old[i], &next->succession.to[i]);
		next->succession.from[i] = old[i];
	}
	for (unsigned i = 0; i < x.n; i++)
		free(x.row[i]);
	return rc == SL_OK ? SL_OK
			   : sl_fail(err, rc, "out of memory for what a new ruleset goes on with");
}
