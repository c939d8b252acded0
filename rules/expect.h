/* What a pack should find: `selat-rules test --expect FILE`. The file is YAML or JSON, an object:
 * for each capture (its path from the file's folder) a list of indicators, each an id or { id,
 * alerts, packets }; they must match, as often and in these packets if that is said, and no others.
 */
#ifndef SELAT_RULES_EXPECT_H
#define SELAT_RULES_EXPECT_H

#include <rules/hits.h>
#include <selat/options.h>

struct sl_expect {
	struct sl_packfile source;
	const struct sl_pack *pack;
};

/* 0 even if there are problems, as sl_packs_read. */
int sl_expect_read(struct sl_expect *e, const char *path, const struct sl_pack *pack,
		   struct sl_problems *problems, struct sl_err *err);
void sl_expect_fini(struct sl_expect *e);

/* The captures that the file names, each with the file's folder before it. */
int sl_expect_captures(const struct sl_expect *e, struct sl_list *captures, struct sl_err *err);

/* Sentences of what is not as expected: a list of JSON strings. NULL: out of memory. */
json_t *sl_expect_compare(const struct sl_expect *e, const char *capture,
			  const struct sl_hits *hits);

/* One capture's lines for a new file, from what was found. */
void sl_expect_write(FILE *out, const char *name, const struct sl_hits *hits);

#endif
