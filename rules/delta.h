/* A delta: what packs say otherwise than a ruleset that was compiled before. */
#ifndef SELAT_RULES_DELTA_H
#define SELAT_RULES_DELTA_H

#include <rules/pack.h>

/* A pack of the base that the delta leaves as it is. */
struct sl_kept_pack {
	char *name;
	uint32_t version;
	uint8_t digest[32];
};

struct sl_delta {
	uint8_t base[32];    /* digest of the base's file */
	uint32_t *withdrawn; /* indicators of the base that are gone or replaced, ascending */
	size_t withdrawn_n;
	size_t same; /* indicators that the base has as they are */
	struct sl_kept_pack *kept; /* owned, with their names */
	size_t kept_n;
};

/* Compares each pack with the base's of the same name and leaves in the packs what is new or
 * changed. Packs of the base that are not among them stay as they are. */
int sl_delta_make(struct sl_delta *delta, struct sl_packs *packs, const char *base,
		  struct sl_err *err);
void sl_delta_fini(struct sl_delta *delta);

#endif
