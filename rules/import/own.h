/* What this program exported itself: indicators and packs as their authors wrote them, inside of
 * STIX and MISP. */
#ifndef SELAT_RULES_IMPORT_OWN_H
#define SELAT_RULES_IMPORT_OWN_H

#include <rules/import/import.h>

struct sl_own {
	json_t *head;   /* a pack's own keys; NULL: none was found, or it is not used */
	size_t heads;   /* how many were found */
	size_t foreign; /* indicators that came without their own JSON */
};

/* Remembers a pack's own keys. */
void sl_own_head(struct sl_own *own, const json_t *head);

/* If all indicators came from one pack, its keys become the new pack's, so that it is the same pack.
 * Its lists are written beside it, if no other file is there. Call it before indicators are added.
 * False: what they took from the pack is to be filled in. */
bool sl_own_use(struct sl_own *own, struct sl_import *im, const struct sl_place *at);
void sl_own_fini(struct sl_own *own);

/* Where several packs come together an id is unique with its pack's name alone: "PACK:ID". */
void sl_own_rename(const struct sl_own *own, json_t *indicator, const char *pack);

/* Sets keys of `meta` that the indicator does not have. */
void sl_own_fill(json_t *indicator, const json_t *meta);

#endif
