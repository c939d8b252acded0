/* The configuration file, from YAML events straight into the values.
 *
 * Two levels, section and key; below a free section any maps, flattened. No key twice, no second
 * document. Bounds: the depth, the number and the length of keys, the number of values (the file's
 * size is bounded below). Every complaint says file:line:column. Used at start by one thread. */
#include "options_internal.h"
#include "options_yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEYS_MAX = 4096,
	KEY_LEN_MAX = 255,
	VALUES_MAX = 16384,
	DEPTH_MAX = 8, /* of maps below a section */
};

struct seen_key {
	char *path; /* "capture.workers" */
	size_t line;
};

struct reader {
	const struct sl_options *spec;
	void *into;
	struct sl_yaml yaml;
	struct seen_key *seen;
	size_t n_seen, n_values;
};

/* The key at hand, copied and noted: no path twice in a file. *key lives as long as the reader. */
static int read_key(struct reader *r, const char *parent, const char **key)
{
	char *path = NULL;

	if (r->yaml.event.type != YAML_SCALAR_EVENT)
		return sl_yaml_fail(&r->yaml, "a key is one word, not a list or a map");
	int rc = sl_yaml_text(&r->yaml, key);
	if (rc < 0)
		return rc;
	if (!**key || r->yaml.event.data.scalar.length > KEY_LEN_MAX)
		return sl_yaml_fail(&r->yaml,
				    **key ? "a key longer than 255 bytes" : "an empty key");
	if (r->n_seen == KEYS_MAX)
		return sl_yaml_fail(&r->yaml, "more than 4096 keys in the file");
	if (asprintf(&path, "%s%s%s", parent, *parent ? "." : "", *key) < 0)
		return sl_yaml_fail_memory(&r->yaml);

	for (size_t i = 0; i < r->n_seen; i++) {
		if (strcmp(r->seen[i].path, path) == 0) {
			char what[SL_OPTION_SHOWN + 64], shown[SL_OPTION_SHOWN];

			snprintf(what, sizeof what, "duplicate key \"%s\", first in line %zu",
				 sl_option_shown(shown, *key), r->seen[i].line);
			free(path);
			return sl_yaml_fail(&r->yaml, what);
		}
	}
	r->seen[r->n_seen] = (struct seen_key){ path, r->yaml.event.start_mark.line + 1 };
	*key = path + strlen(path) - strlen(*key);
	r->n_seen++;
	return SL_OK;
}

static int count_value(struct reader *r)
{
	if (++r->n_values > VALUES_MAX)
		return sl_yaml_fail(&r->yaml, "more than 16384 values in the file");
	return SL_OK;
}

/* Reads the scalar at hand into a row: the value, or a list's next item. */
static int read_scalar(struct reader *r, const struct sl_option *row)
{
	char place[SL_YAML_PLACE], where[SL_YAML_PLACE + SL_OPTION_SHOWN];
	const char *text;
	int rc = count_value(r);

	if (rc == SL_OK)
		rc = sl_yaml_text(&r->yaml, &text);
	if (rc != SL_OK)
		return rc;
	sl_yaml_place(place, &r->yaml);
	snprintf(where, sizeof where, "%s: %s", place, row->key ? row->key : row->section);
	if (sl_yaml_is_nothing(&r->yaml))
		return sl_fail(r->yaml.err, SL_EUSAGE, "%s: has no value", where);
	return sl_option_set(row, r->into, text, where, r->yaml.err);
}

static int fail_type(struct reader *r, const struct sl_option *row, const char *wrong)
{
	char what[SL_OPTION_SHOWN + 64];

	snprintf(what, sizeof what, "%s: wants %s, not %s", row->key ? row->key : row->section,
		 row->type == SL_OPT_LIST ? "a list of plain values" : "one value", wrong);
	return sl_yaml_fail(&r->yaml, what);
}

static int read_value(struct reader *r, const struct sl_option *row)
{
	if (row->type == SL_OPT_LIST)
		sl_option_clear(row, r->into);
	if (r->yaml.event.type == YAML_SCALAR_EVENT)
		return read_scalar(r, row);
	if (r->yaml.event.type == YAML_MAPPING_START_EVENT)
		return fail_type(r, row, "a map");
	if (row->type != SL_OPT_LIST)
		return fail_type(r, row, "a list");

	int rc;
	while ((rc = sl_yaml_next(&r->yaml)) == SL_OK &&
	       r->yaml.event.type != YAML_SEQUENCE_END_EVENT) {
		if (r->yaml.event.type != YAML_SCALAR_EVENT)
			return fail_type(r, row, "a list or map inside");
		rc = read_scalar(r, row);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int add_pair(struct reader *r, struct sl_map *map, const char *key)
{
	char place[SL_YAML_PLACE];
	const char *text;
	int rc = count_value(r);

	if (rc == SL_OK)
		rc = sl_yaml_text(&r->yaml, &text);
	if (rc != SL_OK)
		return rc;
	if (sl_yaml_is_nothing(&r->yaml))
		return sl_yaml_fail(&r->yaml,
				    "a key without a value (write \"\" for an empty text)");
	sl_yaml_place(place, &r->yaml);
	return sl_map_add(map, key, text, place) < 0 ? sl_yaml_fail_memory(&r->yaml) : SL_OK;
}

/* A scalar or a list of scalars in a free section. `key` is the flattened one. */
static int read_leaf(struct reader *r, struct sl_map *map, const char *key)
{
	int rc;

	if (r->yaml.event.type == YAML_SCALAR_EVENT)
		return add_pair(r, map, key);
	while ((rc = sl_yaml_next(&r->yaml)) == SL_OK &&
	       r->yaml.event.type != YAML_SEQUENCE_END_EVENT) {
		if (r->yaml.event.type != YAML_SCALAR_EVENT)
			return sl_yaml_fail(&r->yaml,
					    "a list holds plain values here, no list or map");
		rc = add_pair(r, map, key);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* What stands behind a key of a free section. `path` is "routes.national"; the pair's key is what
 * follows the section. Recursion ends at DEPTH_MAX. */
static int read_free(struct reader *r, struct sl_map *map, const char *path, size_t section_len,
		     unsigned depth)
{
	size_t before = r->n_seen;
	const char *key;
	int rc;

	if (r->yaml.event.type != YAML_MAPPING_START_EVENT)
		return read_leaf(r, map, path + section_len + 1);
	if (depth == DEPTH_MAX)
		return sl_yaml_fail(&r->yaml, "maps are nested too deeply");
	while ((rc = sl_yaml_next(&r->yaml)) == SL_OK &&
	       r->yaml.event.type != YAML_MAPPING_END_EVENT) {
		rc = read_key(r, path, &key);
		if (rc < 0)
			return rc;
		const char *below = r->seen[r->n_seen - 1].path;
		rc = sl_yaml_next(&r->yaml);
		if (rc == SL_OK)
			rc = read_free(r, map, below, section_len, depth + 1);
		if (rc < 0)
			return rc;
	}
	if (rc == SL_OK && r->n_seen == before)
		return sl_yaml_fail(&r->yaml, "a map without keys says nothing: leave it out");
	return rc;
}

static int read_section_key(struct reader *r, const char *section)
{
	char place[SL_YAML_PLACE];
	const char *key;

	sl_yaml_place(place, &r->yaml);
	int rc = read_key(r, section, &key);
	if (rc < 0)
		return rc;

	const struct sl_option *row = sl_option_by_key(r->spec, section, key, place, r->yaml.err);
	if (!row)
		return SL_EUSAGE;
	rc = sl_yaml_next(&r->yaml);
	if (rc < 0)
		return rc;
	if (row->type != SL_OPT_MAP)
		return read_value(r, row);
	return read_free(r, sl_option_at(row, r->into), r->seen[r->n_seen - 1].path,
			 strlen(section), 0);
}

/* Steps over what stands behind a section's name, whatever it is. */
static int skip_value(struct reader *r)
{
	int rc = sl_yaml_next(&r->yaml);
	unsigned depth = 0;

	while (rc == SL_OK) {
		yaml_event_type_t type = r->yaml.event.type;
		if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
			depth++;
		else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
			depth--;
		else
			rc = count_value(r);
		if (depth == 0 || rc < 0)
			return rc;
		rc = sl_yaml_next(&r->yaml);
	}
	return rc;
}

/* One `section: { … }` of the root; its name is at hand. */
static int read_section(struct reader *r)
{
	char place[SL_YAML_PLACE];
	const char *section;

	sl_yaml_place(place, &r->yaml);
	int rc = read_key(r, "", &section);
	if (rc == SL_OK && sl_option_section_foreign(r->spec, section))
		return skip_value(r);
	if (rc == SL_OK)
		rc = sl_option_section_check(r->spec, section, place, r->yaml.err);
	if (rc == SL_OK)
		rc = sl_yaml_next(&r->yaml);
	if (rc < 0 || sl_yaml_is_nothing(&r->yaml))
		return rc;
	const struct sl_option *value = sl_option_in_root(r->spec, section);
	if (value)
		return read_value(r, value);
	if (r->yaml.event.type != YAML_MAPPING_START_EVENT) {
		char what[SL_OPTION_SHOWN + 64];

		snprintf(what, sizeof what, "section \"%s\" wants keys below it", section);
		return sl_yaml_fail(&r->yaml, what);
	}
	while ((rc = sl_yaml_next(&r->yaml)) == SL_OK &&
	       r->yaml.event.type != YAML_MAPPING_END_EVENT) {
		rc = read_section_key(r, section);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int read_root(struct reader *r)
{
	int rc;

	if (sl_yaml_is_nothing(&r->yaml))
		return SL_OK;
	if (r->yaml.event.type != YAML_MAPPING_START_EVENT)
		return sl_yaml_fail(&r->yaml, "a configuration is a map of sections");
	while ((rc = sl_yaml_next(&r->yaml)) == SL_OK &&
	       r->yaml.event.type != YAML_MAPPING_END_EVENT) {
		rc = read_section(r);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int read_stream(struct reader *r)
{
	int rc = sl_yaml_next(&r->yaml); /* the stream's start */

	if (rc == SL_OK)
		rc = sl_yaml_next(&r->yaml);
	if (rc < 0 || r->yaml.event.type == YAML_STREAM_END_EVENT)
		return rc;
	rc = sl_yaml_next(&r->yaml); /* behind the document's start */
	if (rc == SL_OK)
		rc = read_root(r);
	if (rc == SL_OK)
		rc = sl_yaml_next(&r->yaml); /* the document's end */
	if (rc == SL_OK)
		rc = sl_yaml_next(&r->yaml);
	if (rc == SL_OK && r->yaml.event.type != YAML_STREAM_END_EVENT)
		rc = sl_yaml_fail(&r->yaml, "a second document (---): a configuration is one");
	return rc;
}

int sl_options_read_file(const struct sl_options *spec, const char *path, bool must_exist,
			 void *into, struct sl_err *err)
{
	struct reader r = { .spec = spec, .into = into };
	bool absent = false;
	int rc = sl_yaml_init(&r.yaml, path, must_exist ? NULL : &absent, err);

	if (rc == SL_OK && !absent) {
		r.seen = calloc(KEYS_MAX, sizeof *r.seen);
		rc = r.seen ? read_stream(&r) : sl_yaml_fail_memory(&r.yaml);
	}
	for (size_t i = 0; i < r.n_seen; i++)
		free(r.seen[i].path);
	free(r.seen);
	sl_yaml_fini(&r.yaml);
	return rc;
}
