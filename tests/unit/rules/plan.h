/* Conditions made by hand, and the plan for them. */
#ifndef SELAT_TESTS_RULES_PLAN_H
#define SELAT_TESTS_RULES_PLAN_H

#include "fixture.h"

#include <rules/rarity.h>

static inline struct sl_condition literal(enum sl_field field, enum sl_op op, const char *text)
{
	return (struct sl_condition){ .field = field,
				      .op = op,
				      .text = text,
				      .bytes = (uint8_t *)(uintptr_t)text,
				      .len = strlen(text),
				      .position = sl_position_none() };
}

static inline struct sl_condition placed(struct sl_condition c, int32_t offset, int32_t depth,
				  int32_t distance, int32_t within)
{
	c.positioned = true;
	c.position.offset = offset;
	c.position.depth = depth;
	c.position.distance = distance;
	c.position.within = within;
	return c;
}
enum { NO = SL_NOT_GIVEN };

#endif
