/* Expressions as Hyperscan takes them. */
#ifndef SELAT_RULES_EXPRESSION_H
#define SELAT_RULES_EXPRESSION_H

#include <selat/err.h>
#include <selat/span.h>

/* How an expression is looked for. */
enum sl_search {
	SL_SEARCH_EXACT, /* by Hyperscan */
	SL_SEARCH_ROUGH, /* by Hyperscan as a prefilter, confirmed by PCRE2 */
	SL_SEARCH_NONE,  /* by PCRE2 alone: there is nothing to prefilter by, or it may match no bytes */
};

/* Hyperscan's and PCRE2's own word on an expression, without compiling it for use: enum sl_search, or
 * negative if neither takes it. */
int sl_expression_check(const char *regex, bool nocase, struct sl_err *err);

/* Room for a literal's escaped form with anchors: four characters a byte, "\A", "\z", NUL. */
size_t sl_literal_room(size_t len);

/* The literal as an expression: every byte as \xHH. */
void sl_literal_escape(char *out, struct sl_span literal, bool starts, bool ends);

/* Text as an expression that means the text itself, for people to read; malloc'd, NULL if
 * memory ended. */
char *sl_expression_quote(const char *text);

#endif
