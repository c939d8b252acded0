/* Checks packs, indicators and conditions, and the lists of those that need a look of their own. */
#include "ruleset_check.h"

enum { CONDITIONS_MAX = 32, BASE_DIGEST = 32 };

static int packs_check(struct sl_ruleset *rs, struct sl_err *err)
{
	for (uint32_t i = 0; i < rs->packs_n; i++)
		if (!sl_ruleset_string_valid(rs, rs->packs[i].name) ||
		    !sl_ruleset_string_valid(rs, rs->packs[i].author))
			return sl_fail(err, SL_EFORMAT, "pack %u has a string out of range", i);
	return SL_OK;
}

static bool indicator_valid(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind)
{
	enum {
		FLAGS = SL_IND_SUBDOMAINS | SL_IND_SHADOW | SL_IND_SILENT | SL_IND_PASS |
			SL_IND_ENDWISE
	};
	return ind->pack < rs->packs_n && sl_ruleset_string_valid(rs, ind->id) &&
	       sl_ruleset_string_valid(rs, ind->value) && ind->meta < rs->metas_n &&
	       ind->where < rs->wheres_n && ind->action < rs->actions_n &&
	       ind->kind > SL_IND_NONE && ind->kind < SL_IND_KINDS &&
	       ind->scope <= SL_SCOPE_PACKET && ind->flags <= FLAGS;
}

static bool condition_valid(const struct sl_ruleset *rs, const struct sl_ruleset_condition *c)
{
	enum {
		FLAGS = SL_COND_NOCASE | SL_COND_HEX | SL_COND_NOT | SL_COND_SAME |
			SL_COND_CONFIRM | SL_COND_PCRE
	};
	return c->field < SL_FIELD_COUNT + rs->derived_n && c->op >= SL_OP_EQUALS &&
	       c->op <= SL_OP_ABSENT && c->flags <= FLAGS &&
	       sl_ruleset_string_valid(rs, c->value) && c->bytes <= rs->strings_size &&
	       c->len <= rs->strings_size - c->bytes && c->position < rs->positions_n;
}

/* Bits count up from 0, a new one with each group; in a group all look at one field. */
static bool follows(const struct sl_ruleset_condition *c, const struct sl_ruleset_condition *before)
{
	bool same = c->flags & SL_COND_SAME;
	if (!before)
		return c->bit == 0 && !same;
	if (same && c->field != before->field)
		return false;
	return c->bit == before->bit + 1 || (same && c->bit == before->bit);
}

/* An indicator and its conditions point at each other. Adds their number to *used. */
static int indicator_check(const struct sl_ruleset *rs, uint32_t index, uint64_t *used,
			   struct sl_err *err)
{
	const struct sl_ruleset_indicator *ind = &rs->indicators[index];
	if (!indicator_valid(rs, ind))
		return sl_fail(err, SL_EFORMAT, "indicator %u has a number out of range", index);
	if (ind->conditions_n > CONDITIONS_MAX ||
	    (ind->conditions_n && ind->kind != SL_IND_MATCH) ||
	    (uint64_t)ind->condition + ind->conditions_n > rs->conditions_n)
		return sl_fail(err, SL_EFORMAT, "indicator %u has conditions out of range", index);
	const struct sl_ruleset_condition *before = NULL;
	for (uint32_t i = 0; i < ind->conditions_n; i++) {
		const struct sl_ruleset_condition *c = &rs->conditions[ind->condition + i];
		if (c->indicator != index || !condition_valid(rs, c) || !follows(c, before))
			return sl_fail(err, SL_EFORMAT, "condition %u has a number out of range",
				       ind->condition + i);
		before = c;
	}
	*used += ind->conditions_n;
	return SL_OK;
}

static int indicators_check(struct sl_ruleset *rs, struct sl_err *err)
{
	uint64_t used = 0;
	int rc = SL_OK;
	for (uint32_t i = 0; i < rs->indicators_n && rc == SL_OK; i++)
		rc = indicator_check(rs, i, &used, err);
	if (rc == SL_OK && used != rs->conditions_n)
		return sl_fail(err, SL_EFORMAT, "it has conditions that belong to no indicator");
	return rc;
}

static int always_check(struct sl_ruleset *rs, struct sl_err *err)
{
	const void *at;
	int rc = sl_section_array(rs, SL_SECTION_ALWAYS, 0, sizeof *rs->always, &at, &rs->always_n,
				  err);
	rs->always = at;
	for (uint32_t i = 0; i < rs->always_n && rc == SL_OK; i++) {
		const struct sl_ruleset_always *a = &rs->always[i], *last = i ? a - 1 : NULL;
		bool sorted = !last || last->field < a->field ||
			      (last->field == a->field && last->condition < a->condition);
		if (!sorted || a->condition >= rs->conditions_n ||
		    rs->conditions[a->condition].field != a->field)
			rc = sl_fail(err, SL_EFORMAT,
				     "row %u of what is always judged is out of range", i);
	}
	return rc;
}

/* Indicators by number, ascending. */
static int list_read(struct sl_ruleset *rs, uint32_t type, const uint32_t **list, uint32_t *n,
		     struct sl_err *err)
{
	const void *at;
	int rc = sl_section_array(rs, type, 0, sizeof **list, &at, n, err);
	*list = at;
	for (uint32_t i = 0; i < *n && rc == SL_OK; i++)
		if ((*list)[i] >= rs->indicators_n || (i && (*list)[i] <= (*list)[i - 1]))
			rc = sl_fail(err, SL_EFORMAT,
				     "a list of indicators is out of range or order");
	return rc;
}

static int lists_check(struct sl_ruleset *rs, struct sl_err *err)
{
	int rc = list_read(rs, SL_SECTION_FLOWWISE, &rs->flowwise, &rs->flowwise_n, err);
	if (rc == SL_OK)
		rc = list_read(rs, SL_SECTION_ENDWISE, &rs->endwise, &rs->endwise_n, err);
	for (uint32_t i = 0; i < rs->flowwise_n && rc == SL_OK; i++) {
		const struct sl_ruleset_indicator *ind = &rs->indicators[rs->flowwise[i]];
		if (ind->kind != SL_IND_MATCH || ind->conditions_n)
			rc = sl_fail(err, SL_EFORMAT, "an indicator of flows has conditions");
	}
	for (uint32_t i = 0; i < rs->endwise_n && rc == SL_OK; i++) {
		const struct sl_ruleset_indicator *ind = &rs->indicators[rs->endwise[i]];
		if (!(ind->flags & SL_IND_ENDWISE) || !ind->conditions_n)
			rc = sl_fail(err, SL_EFORMAT, "an indicator of scopes' ends is none");
	}
	return rc;
}

/* A digest, then numbers of indicators in the file that has it: those can be checked only there. */
static int base_check(struct sl_ruleset *rs, struct sl_err *err)
{
	struct sl_span s = sl_section_find(rs, SL_SECTION_BASE, 0);
	if (s.len == 0)
		return SL_OK;
	if (s.len < BASE_DIGEST || (s.len - BASE_DIGEST) % sizeof *rs->withdrawn ||
	    s.len / sizeof *rs->withdrawn > UINT32_MAX - 1)
		return sl_fail(err, SL_EFORMAT, "what it says of its base has a broken size");
	rs->base = s.at;
	rs->withdrawn = (const uint32_t *)(const void *)(s.at + BASE_DIGEST);
	rs->withdrawn_n = (uint32_t)((s.len - BASE_DIGEST) / sizeof *rs->withdrawn);
	for (uint32_t i = 1; i < rs->withdrawn_n; i++)
		if (rs->withdrawn[i] <= rs->withdrawn[i - 1])
			return sl_fail(err, SL_EFORMAT,
				       "what it withdraws of its base is out of order");
	return SL_OK;
}

static int contents_check(struct sl_ruleset *rs, struct sl_err *err)
{
	const void *at;
	uint32_t n;
	int rc = sl_section_array(rs, SL_SECTION_CONTENTS, 0, sizeof *rs->contents, &at, &n, err);
	rs->contents = at;
	if (rc == SL_OK && n && n != rs->indicators_n)
		return sl_fail(err, SL_EFORMAT, "its indicators' contents are not as many as they");
	return rc;
}

int sl_ruleset_view_records(struct sl_ruleset *rs, struct sl_err *err)
{
	const void *packs, *indicators, *conditions;
	int rc = sl_section_array(rs, SL_SECTION_PACKS, 0, sizeof *rs->packs, &packs, &rs->packs_n,
				  err);
	if (rc == SL_OK)
		rc = sl_section_array(rs, SL_SECTION_INDICATORS, 0, sizeof *rs->indicators,
				      &indicators, &rs->indicators_n, err);
	if (rc == SL_OK)
		rc = sl_section_array(rs, SL_SECTION_CONDITIONS, 0, sizeof *rs->conditions,
				      &conditions, &rs->conditions_n, err);
	if (rc < 0)
		return rc;
	rs->packs = packs;
	rs->indicators = indicators;
	rs->conditions = conditions;
	rc = contents_check(rs, err);
	return rc == SL_OK ? base_check(rs, err) : rc;
}

int sl_ruleset_check_records(struct sl_ruleset *rs, struct sl_err *err)
{
	int (*const steps[])(struct sl_ruleset *, struct sl_err *) = {
		packs_check,
		indicators_check,
		always_check,
		lists_check,
	};
	int rc = SL_OK;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == SL_OK; i++)
		rc = steps[i](rs, err);
	return rc;
}
