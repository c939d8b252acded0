/* The two things `selat-rules show` shows. */
#ifndef SELAT_RULES_SHOW_H
#define SELAT_RULES_SHOW_H

#include <selat/err.h>
#include <stdbool.h>

int sl_show_pack(const char *path, bool json, struct sl_err *err);
int sl_show_ruleset(const char *path, bool json, struct sl_err *err);

#endif
