/* Expressions as Hyperscan takes them. */
#ifndef SELAT_RULES_EXPRESSION_H
#define SELAT_RULES_EXPRESSION_H

#include <selat/err.h>
#include <selat/span.h>

/* Hyperscan's own word on an expression, without compiling it; and that it cannot match nothing. */
int sl_expression_check(const char *regex, bool nocase, struct sl_err *err);

/* Room for a literal's escaped form with anchors: four characters a byte, "\A", "\z", NUL. */
size_t sl_literal_room(size_t len);

/* The literal as an expression: every byte as \xHH. */
void sl_literal_escape(char *out, struct sl_span literal, bool starts, bool ends);

/* Text as an expression that means the text itself, for people to read; malloc'd, NULL if memory ended. */
char *sl_expression_quote(const char *text);

#endif
