/* The second half of opening a ruleset: views into its memory, and a check of every number in it
 * that indexes something else. Used by ruleset.c alone. */
#ifndef SELAT_COMMON_RULESET_CHECK_H
#define SELAT_COMMON_RULESET_CHECK_H

#include <selat/ruleset.h>

/* memory, memory_size and header are set, the digest matched. The error has no file name. */
int sl_ruleset_check(struct sl_ruleset *rs, struct sl_err *err);

#endif
