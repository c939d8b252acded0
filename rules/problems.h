/* What is wrong with packs: errors and warnings, each with its place, collected over a whole run
 * so that an author sees all of them at once. Bounded; what is beyond the bound is counted.
 * Not thread-safe. */
#ifndef SELAT_RULES_PROBLEMS_H
#define SELAT_RULES_PROBLEMS_H

#include <selat/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SL_PROBLEMS_MAX = 50 }; /* kept, of errors and of warnings each */

enum { SL_NO_INDICATOR = -1 };

/* Where: a pack's file, an indicator's place in it, and the keys from there, each ended by '\n'
 * ("match\n0\nregex\n"). Line and column are found by sl_packfile_locate; 0: unknown. */
struct sl_problem {
	char *file;
	int64_t indicator; /* from 0; SL_NO_INDICATOR: the pack's own keys */
	char *id;          /* the indicator's; NULL: it has none */
	char *keys;
	size_t line, column; /* from 1 */
	const char *code;    /* of a warning: "too-short"; NULL: an error */
	bool denied;         /* a warning that counts as an error */
	char *text;
};

struct sl_problems {
	struct sl_problem *problem;
	size_t n, room;
	size_t errors, warnings; /* all there were */
	bool failed;             /* memory ended: the list is not complete */
};

/* Takes copies. Returns the new problem, or NULL if it is beyond the bound (and only counted). */
struct sl_problem *sl_problems_add(struct sl_problems *p, const char *file, const char *code,
				   const char *text);
void sl_problems_fini(struct sl_problems *p);

/* By file, line and column. */
void sl_problems_sort(struct sl_problems *p);

/* A line each, `file:line:column: indicator "c2-1": text` (of a warning `file:line:column:
 * warning[code]: …`), and one for those beyond the bound. */
void sl_problems_print(const struct sl_problems *p, FILE *out);

#endif
