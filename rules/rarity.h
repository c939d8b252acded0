/* How rare a literal is in traffic, roughly: what a group is looked for by. */
#ifndef SELAT_RULES_RARITY_H
#define SELAT_RULES_RARITY_H

#include <rules/pack.h>

/* Larger is rarer; 0: cannot be looked for. Of a condition of any operator. */
unsigned sl_rarity(const struct sl_condition *c);

#endif
