/* Rows of one size, each sequence of them that is asked for twice stored once. */
#ifndef SELAT_RULES_ROWS_H
#define SELAT_RULES_ROWS_H

#include <selat/ruleset.h>

struct sl_rows {
	uint8_t *bytes; /* rows without padding that is not zero */
	size_t element; /* bytes of a row: set before the first use */
	size_t n, room;
	struct sl_ruleset_range *slot; /* hash table of what was added; n of 0: free */
	size_t slots, used;
};

/* The first row of the sequence; UINT32_MAX: memory ended. No rows: 0. */
uint32_t sl_rows_add(struct sl_rows *rows, const void *row, size_t n);
void sl_rows_fini(struct sl_rows *rows);

#endif
