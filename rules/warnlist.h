/* What should not be an indicator: special addresses, names for documentation, public resolvers,
 * clouds and content networks, sites that everybody visits. The lists in rules/warnlist/ are
 * compiled in. */
#ifndef SELAT_RULES_WARNLIST_H
#define SELAT_RULES_WARNLIST_H

#include <selat/address.h>

struct sl_known {
	const char *list;  /* "special", "documentation", "resolvers", "cdn", "top-sites" */
	const char *value; /* as the list has it */
	const char *note;  /* where it came from, or who has it; "" if the list does not say */
};

struct sl_warnlist;

int sl_warnlist_new(struct sl_warnlist **out, struct sl_err *err);
void sl_warnlist_free(struct sl_warnlist *w); /* NULL is fine */

/* The entry that a name in normal form is, with or without "www." (of documentation: that it is
 * below); NULL: none. Borrowed. */
const struct sl_known *sl_warnlist_name(const struct sl_warnlist *w, const char *name);

/* An entry that has addresses in common with the prefix. */
const struct sl_known *sl_warnlist_prefix(const struct sl_warnlist *w,
					  const struct sl_prefix *prefix);

#endif
