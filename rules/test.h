/* `selat-rules test` in its two parts: showing what matches, and comparing it with what should. */
#ifndef SELAT_RULES_TEST_H
#define SELAT_RULES_TEST_H

#include <rules/hits.h>

struct sl_test_options {
	bool json, update;
	char *expect; /* a file; NULL: nothing is expected */
};

/* Reads each capture by itself and compares what matched with the file of --expect, or writes it
 * there. 0: as expected; 1: not; 3: a capture was readable in part; negative: failed. */
int sl_test_expected(const struct sl_pack *pack, const char *ruleset, char *const *captures,
		     size_t n, const struct sl_test_options *options, struct sl_err *err);

bool sl_test_colour(void); /* is standard output a terminal that wants it? */

#endif
