/* What every source of `selat-rules import` fills: indicators, lists that stand beside the pack,
 * and what could not be taken over. A source is a row of the table in rules/import.c. Not
 * thread-safe; one import a run. */
#ifndef SELAT_RULES_IMPORT_H
#define SELAT_RULES_IMPORT_H

#include <jansson.h>
#include <selat/err.h>
#include <selat/options.h>
#include <selat/span.h>

struct sl_import_options {
	char *from, *output;       /* the source's name; the pack's file */
	char *name, *author, *tlp; /* of the pack; name NULL: made from output */
	uint64_t version;
	bool keep_going;
	bool all;                  /* misp: what is not for detection too */
	char *kind;               /* list: of every value */
	struct sl_list columns;   /* list: KIND=NAME of a CSV's header */
	struct sl_list variables; /* suricata: NAME=VALUE */
	char *yaml;               /* suricata: a suricata.yaml to take variables from */
	bool any_tunnel;          /* suricata: within tunnels that Suricata does not open, too */
};

struct sl_import {
	const struct sl_import_options *options;
	json_t *root;       /* the pack; a source may set keys of it (not "indicators") */
	json_t *indicators; /* an array, in the order of reading */
	json_t *seen;       /* ids that are taken */
	json_t *lists;      /* name: text */
	size_t left;        /* how many could not be taken over */
	int failed;         /* SL_ENOMEM once memory ended */
};

/* Reads all files, in their order. Negative: nothing is written. What cannot be taken over is no
 * failure: it is told with sl_import_leave. */
typedef int sl_import_fn(struct sl_import *im, char *const *paths, size_t n, struct sl_err *err);

sl_import_fn sl_import_suricata, sl_import_list;
sl_import_fn sl_import_stix, sl_import_misp, sl_import_zeek;

/* A place in the input: line from 1, 0 unknown; id NULL: none. */
struct sl_place {
	const char *file;
	size_t line;
	const char *id;
};

/* Adds an indicator and takes the reference. One whose id is taken already is left, and told. */
bool sl_import_add(struct sl_import *im, const struct sl_place *at, json_t *indicator);

/* Prints `file:line: id: reason` to stderr, escaped. leave counts it as not taken over; note is for
 * what was taken over but means a little less or more than it did. */
void sl_import_leave(struct sl_import *im, const struct sl_place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void sl_import_note(struct sl_import *im, const struct sl_place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps text as a list to be written beside the pack, "OUTPUT.NAME.txt" (bytes of NAME that make no
 * safe file name become '-'). The same name and text again is the same list. Returns what an `in`
 * condition says, a new reference; NULL if memory ended. */
json_t *sl_import_values(struct sl_import *im, const char *name, struct sl_span text);

/* A whole file, NUL-terminated beyond its end; free it. At most SL_IMPORT_FILE_MAX bytes. */
#define SL_IMPORT_FILE_MAX (UINT64_C(1) << 30)
int sl_import_load(const char *path, char **text, size_t *len, struct sl_err *err);

/* Reads with no files written: for the command, tests and fuzzers. im is zeroed by init. */
int sl_import_init(struct sl_import *im, const struct sl_import_options *options,
		   struct sl_err *err);
void sl_import_fini(struct sl_import *im);

/* Writes lists and pack, each at once by a rename. */
int sl_import_write(struct sl_import *im, struct sl_err *err);

#endif
