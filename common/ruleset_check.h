/* The second half of opening a ruleset: views into its memory, and a check of every number in it
 * that indexes something else. Used by ruleset.c alone. */
#ifndef SELAT_COMMON_RULESET_CHECK_H
#define SELAT_COMMON_RULESET_CHECK_H

#include <selat/ruleset.h>

/* memory, memory_size and header are set, the digest matched. The error has no file name. */
int sl_ruleset_check(struct sl_ruleset *rs, struct sl_err *err);

/* Its parts, in the order in which they rely on one another; the sections' bounds are checked. */
int sl_ruleset_check_outline(struct sl_ruleset *rs, struct sl_err *err); /* sections and strings */
int sl_ruleset_view_records(struct sl_ruleset *rs, struct sl_err *err);  /* views alone */
int sl_ruleset_check_rows(struct sl_ruleset *rs, struct sl_err *err);
int sl_ruleset_check_records(struct sl_ruleset *rs, struct sl_err *err);


/* What the section of that type and param holds; an empty span if there is none. */
struct sl_span sl_section_find(const struct sl_ruleset *rs, uint32_t type, uint32_t param);

/* The section as an array: *n elements of that many bytes. */
int sl_section_array(const struct sl_ruleset *rs, uint32_t type, uint32_t param, size_t element,
		     const void **at, uint32_t *n, struct sl_err *err);

static inline bool sl_ruleset_string_valid(const struct sl_ruleset *rs, uint32_t offset)
{
	return offset < rs->strings_size;
}

static inline bool sl_ruleset_range_valid(struct sl_ruleset_range range, uint32_t rows)
{
	return range.first <= rows && range.n <= rows - range.first;
}

#endif
