/* What `selat-rules show` shows, and what others show in the same words. */
#ifndef SELAT_RULES_SHOW_H
#define SELAT_RULES_SHOW_H

#include <rules/pack.h>
#include <selat/err.h>
#include <stdbool.h>

int sl_show_pack(const char *path, bool json, struct sl_err *err);
int sl_show_ruleset(const char *path, bool json, struct sl_err *err);

/* What an indicator looks for, in a few words; free it. NULL: out of memory. */
char *sl_show_value(const struct sl_pack *pack, size_t indicator);

/* The indicator as its author wrote it. Borrowed. */
json_t *sl_show_source(const struct sl_pack *pack, size_t indicator);

#endif
