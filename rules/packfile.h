/* A pack's file: JSON, JSON Lines or YAML, read into one json_t that keeps no positions. The bytes
 * are kept, so that the place of a problem can be found by a second pass when there is one. */
#ifndef SELAT_RULES_PACKFILE_H
#define SELAT_RULES_PACKFILE_H

#include <jansson.h>
#include <rules/problems.h>
#include <selat/err.h>
#include <selat/span.h>

enum sl_packfile_kind { SL_PACKFILE_JSON, SL_PACKFILE_LINES, SL_PACKFILE_YAML };

struct sl_packfile_line { /* of JSON Lines: one indicator */
	struct sl_span bytes;
	size_t number; /* from 1 */
};

struct sl_packfile {
	char *path;
	uint8_t *bytes; /* owned */
	size_t len;
	enum sl_packfile_kind kind;
	json_t *root; /* an object; "indicators" of JSON Lines included */
	struct sl_packfile_line *line;
	size_t lines;
};

/* A file that cannot be read is an error with a sentence; one that is no pack's text is a problem
 * with a place: root stays NULL, and the result is 0. */
int sl_packfile_read(struct sl_packfile *s, const char *path, struct sl_problems *problems,
		     struct sl_err *err);
void sl_packfile_fini(struct sl_packfile *s);

/* Fills line and column of the problems from `first` on that have this source's path. */
void sl_packfile_locate(const struct sl_packfile *s, struct sl_problems *problems, size_t first);

/* YAML text as json_t: plain scalars become integers, true, false and null, all others text.
 * NULL: a problem was added. For pack_read.c. */
json_t *sl_yaml_read(const char *path, struct sl_span bytes, struct sl_problems *problems);

#endif
