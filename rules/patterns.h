/* The patterns of a ruleset before they are compiled: one for every database a condition goes to.
 * For compile_patterns.c and patterns.c. */
#ifndef SELAT_RULES_PATTERNS_H
#define SELAT_RULES_PATTERNS_H

#include <rules/plan.h>

/* Where a condition came from, for complaints. */
struct sl_condition_at {
	const struct sl_pack *pack;
	uint32_t indicator; /* in the pack */
	uint32_t index;     /* in the indicator */
};

struct sl_pattern {
	uint32_t database; /* SL_DATABASE(field, mode) */
	uint32_t hs_flags;
	uint16_t len, flags; /* as in struct sl_ruleset_pattern */
	uint32_t condition;
	size_t expression; /* offset into text */
};

struct sl_patterns {
	struct sl_pattern *pattern;
	size_t n, room;
	char *text; /* the expressions, each with a NUL */
	size_t text_len, text_room;
	struct sl_condition_at *at; /* by condition */
};

/* Collects the patterns of all conditions that need Hyperscan, sorted so that those of a database
 * stand together, and in them what is the same. */
int sl_patterns_collect(struct sl_patterns *p, const struct sl_packs *packs, const struct sl_plan *plan);
void sl_patterns_fini(struct sl_patterns *p);

/* One for Hyperscan, whatever the conditions? */
bool sl_pattern_same(const struct sl_patterns *p, const struct sl_pattern *a,
		     const struct sl_pattern *b);

#endif
