/* The ids of a pack, to find one that is there twice: a set of a million in little memory. */
#ifndef SELAT_RULES_IDS_H
#define SELAT_RULES_IDS_H

#include <rules/pack.h>

struct sl_ids {
	const struct sl_indicator *indicator; /* of the pack */
	uint32_t *slot;                       /* numbers from 1; 0: free */
	size_t slots;
};

bool sl_ids_init(struct sl_ids *ids, const struct sl_indicator *indicator,
		 size_t n); /* false: no memory */
void sl_ids_fini(struct sl_ids *ids);

/* The number, from 1, of the indicator that was added with that id; 0: none. */
size_t sl_ids_find(const struct sl_ids *ids, const char *id);

/* The number, from 1, of an earlier indicator with the same id; 0: none, and this one is kept. */
size_t sl_ids_add(struct sl_ids *ids, size_t index);

#endif
