/* What the files of the options module share. Not for others. */
#ifndef SELAT_COMMON_OPTIONS_INTERNAL_H
#define SELAT_COMMON_OPTIONS_INTERNAL_H

#include <selat/options.h>

enum { SL_OPTION_SHOWN = 96, SL_OPTION_RANGE = 128, SL_OPTION_ARG = 128, SL_OPTION_NOTES = 1024 };

/* The text with control characters escaped, cut: for errors. Returns out. */
const char *sl_option_shown(char out[SL_OPTION_SHOWN], const char *text);

/* options_value.c. `where` begins the complaint: "--workers", "selat.yaml:3:12: workers". */
int sl_option_set(const struct sl_option *row, void *into, const char *text, const char *where,
		  struct sl_err *err); /* a list: adds one item */
int sl_option_set_commas(const struct sl_option *row, void *into, const char *text,
			 const char *where, struct sl_err *err); /* a list: an item a comma */
void sl_option_clear(const struct sl_option *row, void *into);
int sl_map_add(struct sl_map *map, const char *key, const char *value, const char *place);
/* Drops the pairs with that key, but for those from the place `but`. */
void sl_map_drop(struct sl_map *map, const char *key, const char *but);

static inline void *sl_option_at(const struct sl_option *row, void *into)
{
	return (char *)into + row->offset;
}

/* options_key.c: the row behind section.key; a free section's own row if it has no such key. NULL
 * (and err says what was meant, after `where`) if there is none. */
const struct sl_option *sl_option_by_key(const struct sl_options *spec, const char *section,
					 const char *key, const char *where, struct sl_err *err);
/* The row of a value that stands in the file's root; NULL: the section is none. */
const struct sl_option *sl_option_in_root(const struct sl_options *spec, const char *section);
/* "capture.workers", "kafka.KEY", or "allow". Returns out. */
char *sl_option_path(char out[SL_OPTION_ARG], const struct sl_option *row);
/* The three programs may share one file: a section of another program is no error, and stepped over. */
bool sl_option_section_foreign(const struct sl_options *spec, const char *section);
int sl_option_section_check(const struct sl_options *spec, const char *section, const char *where,
			    struct sl_err *err);
/* ", did you mean "x"?" or "". Returns out. */
const char *sl_option_hint(char out[SL_OPTION_SHOWN], const char *word, const char *prefix,
			   const char *const *candidates);

/* options_file.c. A file that is absent is an error only if it must exist. */
int sl_options_read_file(const struct sl_options *spec, const char *path, bool must_exist,
			 void *into, struct sl_err *err);

/* options_help.c */
void sl_options_print_help(const struct sl_options *spec);
void sl_option_range(char out[SL_OPTION_RANGE], const struct sl_option *row); /* "1 to 64", or "" */

void sl_option_arg(char out[SL_OPTION_ARG], const struct sl_option *row); /* "FILE", or "" */
/* The sentence `help`, then range or choices, then the default in brackets. */
void sl_option_notes(char out[SL_OPTION_NOTES], const struct sl_option *row, const char *help);

/* The rows that every program has: help, version, config, set. */
extern const struct sl_option sl_option_common[];
enum { SL_OPTION_COMMON = 5 };

#endif
