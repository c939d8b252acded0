/* The differences between two packs, as JSON; `selat-rules diff` prints it so, or in words. */
#ifndef SELAT_RULES_DIFF_H
#define SELAT_RULES_DIFF_H

#include <rules/pack.h>

/* { "same", "pack", "old": version, "new": version, "head": [CHANGE], "defaults": [CHANGE],
 *   "added": [{ "id", "value" }], "withdrawn": […], "changed": [{ "id", "keys": [CHANGE] }],
 *   "lists": [{ "list", "added", "withdrawn", "examples": ["+ a", "- b"] }] }
 * A CHANGE is { "key", "from", "to" }; from or to is missing where the key is. NULL: out of memory.
 */
json_t *sl_diff(const struct sl_pack *old, const struct sl_pack *new);

/* The changes of the lists that both packs name: diff_lists.c. */
json_t *sl_diff_lists(const struct sl_pack *old, const struct sl_pack *new);

#endif
