/* Tally: a bounded table of keys, in the order in which they were used or came. What is kept under a
 * key is the owner's: an array of its own, by the entry's number. Publisher's thread. */
#ifndef SELAT_SENSOR_PUBLISH_TALLY_H
#define SELAT_SENSOR_PUBLISH_TALLY_H

#include <selat/err.h>
#include <selat/span.h>
#include <stdbool.h>

struct sl_tally_key { /* a keyed digest: what it was made of is not kept */
	uint64_t word[2];
};

enum { SL_TALLY_NONE = UINT32_MAX };

struct sl_tally;
int sl_tally_new(struct sl_tally **out, uint32_t entries, struct sl_err *err); /* at least 1 */
void sl_tally_free(struct sl_tally *t);                                         /* NULL is fine */

/* The key's entry, or SL_TALLY_NONE. */
uint32_t sl_tally_find(const struct sl_tally *t, struct sl_tally_key key);

/* A new entry, the youngest. The key is not there, and the table is not full. */
uint32_t sl_tally_add(struct sl_tally *t, struct sl_tally_key key);

void sl_tally_touch(struct sl_tally *t, uint32_t entry); /* makes it the youngest */
void sl_tally_drop(struct sl_tally *t, uint32_t entry);

uint32_t sl_tally_oldest(const struct sl_tally *t); /* SL_TALLY_NONE: it is empty */
bool sl_tally_full(const struct sl_tally *t);

#endif
