/* Chains: conditions on a stream, each relative to the one before, as one expression of
 * Hyperscan's. */
#ifndef SELAT_RULES_CHAIN_H
#define SELAT_RULES_CHAIN_H

#include <rules/pack.h>

/* Is the condition's place said from the end of the one before? */
bool sl_chain_follows(const struct sl_condition *c);

/* Can the n conditions, which are one chain, be said exactly by an expression? `not` is not looked
 * at. */
bool sl_chain_fits(const struct sl_condition *c, size_t n);

/* Room for the expression, its NUL included. */
size_t sl_chain_room(const struct sl_condition *c, size_t n);

/* The expression of a chain that fits. */
void sl_chain_write(char *out, const struct sl_condition *c, size_t n);

/* Up to how many bytes behind the match of c[trigger], the last of its chain of n that is looked for,
 * must have come before the chain can be judged; 0: none. What reaches beyond SL_WAIT_MAX is not waited
 * for. */
unsigned sl_chain_wait(const struct sl_condition *c, size_t n, size_t trigger);

#endif
