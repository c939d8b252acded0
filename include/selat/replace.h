/* A file that appears whole or not at all: written beside its place, synced, renamed. A reader sees
 * the one before or the new one, also after a loss of power. One thread a file. */
#ifndef SELAT_REPLACE_H
#define SELAT_REPLACE_H

#include <selat/err.h>
#include <stdbool.h>
#include <stdio.h>

struct sl_replace {
	FILE *out; /* the new content; NULL: not begun, or ended */
	char *path, *temporary;
};

/* Refuses a path that is there and is no regular file. */
int sl_replace_begin(struct sl_replace *r, const char *path, struct sl_err *err);

/* keep: into place; if that fails, or with keep false, nothing is left of the new content, but where its
 * folder alone could not be synced. Once more, or after a begin that failed, it does nothing. */
int sl_replace_end(struct sl_replace *r, bool keep, struct sl_err *err);

#endif
