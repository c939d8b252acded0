/* How each condition is looked for: decided once, before records, tables and patterns are made.
 *
 * A group (conditions linked by SAME) has one trigger, the rarest thing it must contain, and is
 * confirmed on the value when that is found, unless the trigger says it all. */
#ifndef SELAT_RULES_PLAN_H
#define SELAT_RULES_PLAN_H

#include <rules/pack.h>

struct sl_plan_condition {
	uint8_t field; /* may be a derived one */
	uint8_t flags; /* SL_COND_* */
	uint8_t bit;
	uint8_t chain;   /* conditions that its pattern stands for; 0: it has no pattern */
	bool table;      /* its values stand in a table */
	bool unanchored; /* its pattern is a trigger: positions are looked at when it is confirmed */
	uint16_t wait;   /* bytes behind the match in which the pattern fires again */
};

struct sl_plan_indicator {
	uint8_t scope, flags; /* enum sl_scope; SL_IND_ENDWISE or 0 */
};

struct sl_plan {
	struct sl_plan_condition *condition; /* of all packs, in their order */
	struct sl_plan_indicator *indicator;
	size_t conditions, indicators;
	struct sl_ruleset_derived derived[SL_DERIVED_MAX];
	size_t derived_n;
	struct sl_ruleset_always *always; /* by field, then condition */
	uint32_t *flowwise, *endwise;     /* indicators */
	size_t always_n, flowwise_n, endwise_n;
};

/* The field that a number, which may be a derived field's, looks at. */
static inline enum sl_field sl_plan_field(const struct sl_plan *plan, unsigned field)
{
	return (enum sl_field)(
		field < SL_FIELD_COUNT ? field : plan->derived[field - SL_FIELD_COUNT].field);
}

/* What cannot be looked for is a problem with its place. */
int sl_plan_make(struct sl_plan *plan, const struct sl_packs *packs, struct sl_problems *problems,
		 struct sl_err *err);
void sl_plan_fini(struct sl_plan *plan);

#endif
