/* Finding the row behind a section and a key, and saying what was probably meant if there is none.
 */
#include "options_internal.h"

#include <selat/text.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORD_MAX = 64 }; /* longer words are no typing mistakes, and comparing costs their length */

const char *sl_option_hint(char out[SL_OPTION_SHOWN], const char *word, const char *prefix,
			   const char *const *candidates)
{
	const char *near = strlen(word) <= WORD_MAX ? sl_text_nearest(word, candidates) : NULL;

	out[0] = '\0';
	if (near)
		snprintf(out, SL_OPTION_SHOWN, ", did you mean \"%s%s\"?", prefix, near);
	return out;
}

/* The keys of a section, or the sections where it is NULL; ended by NULL. Free it. */
static const char **list_known(const struct sl_options *spec, const char *section)
{
	const char **known = calloc(spec->n + 1, sizeof *known);
	size_t n = 0;

	for (size_t i = 0; known && i < spec->n; i++) {
		const struct sl_option *row = &spec->table[i];

		if (!row->section)
			continue;
		if (!section)
			known[n++] = row->section;
		else if (row->key && strcmp(row->section, section) == 0)
			known[n++] = row->key;
	}
	return known;
}

static int fail_unknown(const struct sl_options *spec, const char *section, const char *word,
			const char *where, struct sl_err *err)
{
	char shown[SL_OPTION_SHOWN], hint[SL_OPTION_SHOWN] = "";
	const char **known = list_known(spec, section);

	if (known)
		sl_option_hint(hint, word, "", known);
	free(known);
	return sl_fail(err, SL_EUSAGE, "%s: unknown %s \"%s\"%s", where,
		       section ? "key" : "section", sl_option_shown(shown, word), hint);
}

static bool has_section(const struct sl_options *spec, const char *section)
{
	for (size_t i = 0; i < spec->n; i++)
		if (spec->table[i].section && strcmp(spec->table[i].section, section) == 0)
			return true;
	return false;
}

bool sl_option_section_foreign(const struct sl_options *spec, const char *section)
{
	static const char *const all[] = { "sensor", "capture", "flow",  "alerts",
					  "allow",  "journal", "kafka", "routes" };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i], section) == 0)
			return !has_section(spec, section);
	return false;
}

const struct sl_option *sl_option_in_root(const struct sl_options *spec, const char *section)
{
	for (size_t i = 0; i < spec->n; i++) {
		const struct sl_option *row = &spec->table[i];

		if (row->section && !row->key && row->type != SL_OPT_MAP &&
		    strcmp(row->section, section) == 0)
			return row;
	}
	return NULL;
}

char *sl_option_path(char out[SL_OPTION_ARG], const struct sl_option *row)
{
	const char *key = row->key ? row->key : row->type == SL_OPT_MAP ? "KEY" : "";

	snprintf(out, SL_OPTION_ARG, "%s%s%s", row->section, *key ? "." : "", key);
	return out;
}

int sl_option_section_check(const struct sl_options *spec, const char *section, const char *where,
			    struct sl_err *err)
{
	return has_section(spec, section) ? SL_OK : fail_unknown(spec, NULL, section, where, err);
}

const struct sl_option *sl_option_by_key(const struct sl_options *spec, const char *section,
					 const char *key, const char *where, struct sl_err *err)
{
	const struct sl_option *map = NULL;

	if (sl_option_section_check(spec, section, where, err) < 0)
		return NULL;
	for (size_t i = 0; i < spec->n; i++) {
		const struct sl_option *row = &spec->table[i];

		if (!row->section || strcmp(row->section, section) != 0)
			continue;
		if (row->key && strcmp(row->key, key) == 0)
			return row;
		if (row->type == SL_OPT_MAP)
			map = row;
	}
	if (!map)
		fail_unknown(spec, section, key, where, err);
	return map;
}
