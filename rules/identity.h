/* A ruleset's public identity: equal wherever the same indicators are live. */
#ifndef SELAT_RULES_IDENTITY_H
#define SELAT_RULES_IDENTITY_H

#include <rules/delta.h>
#include <rules/pack.h>

/* SHA-256 over "name version digest\n" of each live pack, in the order of their names. With a delta
 * these are the packs at hand and those of its base that they do not replace; delta NULL: the packs
 * alone. */
int sl_identity_compute(uint8_t identity[32], const struct sl_packs *packs, const struct sl_delta *delta,
			struct sl_err *err);

#endif
