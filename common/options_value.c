/* Values of options: text into bool, number, size, text, list and map, and freeing them again.
 *
 * A value's place in the caller's struct is row->offset. What a setter refuses leaves the old
 * value. Complaints begin with `where`, so that file, --set and option all read alike. */
#include "options_internal.h"

#include <selat/text.h>
#include <stdio.h>
#include <stdlib.h>

const char *sl_option_shown(char out[SL_OPTION_SHOWN], const char *text)
{
	sl_text_escape(out, SL_OPTION_SHOWN, sl_span_str(text), true);
	return out;
}

static int fail_value(const char *text, const char *where, const char *wanted, struct sl_err *err)
{
	char shown[SL_OPTION_SHOWN];

	return sl_fail(err, SL_EUSAGE, "%s: \"%s\" is not %s", where, sl_option_shown(shown, text),
		       wanted);
}

static int set_flag(bool *value, const char *text, const char *where, struct sl_err *err)
{
	static const char *const yes[] = { "true", "yes", "on" };
	static const char *const no[] = { "false", "no", "off" };

	for (size_t i = 0; i < 3; i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*value = strcasecmp(text, yes[i]) == 0;
			return SL_OK;
		}
	}
	return fail_value(text, where, "true or false", err);
}

/* Digits alone: no sign, no space, no hex. False too if it does not fit. */
static bool number_parse(const char *text, uint64_t *value)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	}
	*value = n;
	return true;
}

static int set_number(const struct sl_option *row, uint64_t *value, const char *text,
		      const char *where, struct sl_err *err)
{
	char shown[SL_OPTION_SHOWN], range[SL_OPTION_RANGE];
	bool bytes = row->type == SL_OPT_BYTES;
	uint64_t n;

	sl_option_range(range, row);
	if (bytes ? !sl_bytes_parse(text, &n) : !number_parse(text, &n))
		return sl_fail(err, SL_EUSAGE, "%s: \"%s\" is not %s%s%s", where,
			       sl_option_shown(shown, text),
			       bytes ? "a size such as 64 MiB" : "a whole number",
			       *range ? ", " : "", range);
	if (n < row->min || (row->max && n > row->max))
		return sl_fail(err, SL_EUSAGE, "%s: \"%s\" is out of range: %s", where,
			       sl_option_shown(shown, text), range);
	*value = n;
	return SL_OK;
}

static int check_choice(const struct sl_option *row, const char *text, const char *where,
			struct sl_err *err)
{
	char wanted[512];
	size_t len = 0;

	if (!row->choices)
		return SL_OK;
	for (size_t i = 0; row->choices[i]; i++) {
		if (strcmp(row->choices[i], text) == 0)
			return SL_OK;
	}
	len = (size_t)snprintf(wanted, sizeof wanted, "one of");
	for (size_t i = 0; row->choices[i] && len < sizeof wanted; i++)
		len += (size_t)snprintf(wanted + len, sizeof wanted - len, "%s %s", i ? "," : "",
					row->choices[i]);
	return fail_value(text, where, wanted, err);
}

static int set_text(const struct sl_option *row, char **value, const char *text, const char *where,
		    struct sl_err *err)
{
	int rc = check_choice(row, text, where, err);
	if (rc < 0)
		return rc;

	char *copy = strdup(text);
	if (!copy)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", where);
	free(*value);
	*value = copy;
	return SL_OK;
}

int sl_option_set(const struct sl_option *row, void *into, const char *text, const char *where,
		  struct sl_err *err)
{
	void *value = sl_option_at(row, into);
	int rc;

	switch (row->type) {
	case SL_OPT_FLAG:
		return set_flag(value, text, where, err);
	case SL_OPT_U64:
	case SL_OPT_BYTES:
		return set_number(row, value, text, where, err);
	case SL_OPT_TEXT:
		return set_text(row, value, text, where, err);
	case SL_OPT_LIST:
		rc = check_choice(row, text, where, err);
		if (rc == SL_OK && sl_list_add(value, text) < 0)
			rc = sl_fail(err, SL_ENOMEM, "%s: out of memory", where);
		return rc;
	case SL_OPT_MAP:
		break;
	}
	return sl_fail(err, SL_EUSAGE, "%s: a section, not a value", where);
}

int sl_option_set_commas(const struct sl_option *row, void *into, const char *text,
			 const char *where, struct sl_err *err)
{
	int rc = SL_OK;

	if (row->type != SL_OPT_LIST)
		return sl_option_set(row, into, text, where, err);
	if (!*text)
		return SL_OK; /* nothing between the commas that are not there: an empty list */

	char *copy = strdup(text);
	if (!copy)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", where);
	char *rest = copy;
	for (char *item; rc == SL_OK && (item = strsep(&rest, ",")) != NULL;)
		rc = *item ? sl_option_set(row, into, item, where, err)
			   : fail_value(text, where, "a list: an item is empty", err);
	free(copy);
	return rc;
}

int sl_list_add(struct sl_list *list, const char *item)
{
	char **grown = reallocarray(list->item, list->n + 1, sizeof *grown);
	if (!grown)
		return SL_ENOMEM;
	list->item = grown;
	list->item[list->n] = strdup(item);
	if (!list->item[list->n])
		return SL_ENOMEM;
	list->n++;
	return SL_OK;
}

void sl_list_free(struct sl_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct sl_list){ 0 };
}

static void pair_fini(struct sl_pair *pair)
{
	free(pair->key);
	free(pair->value);
	free(pair->place);
}

int sl_map_add(struct sl_map *map, const char *key, const char *value, const char *place)
{
	struct sl_pair *grown = reallocarray(map->pair, map->n + 1, sizeof *grown);
	if (!grown)
		return SL_ENOMEM;
	map->pair = grown;

	struct sl_pair pair = { strdup(key), strdup(value), strdup(place) };
	if (!pair.key || !pair.value || !pair.place) {
		pair_fini(&pair);
		return SL_ENOMEM;
	}
	map->pair[map->n++] = pair;
	return SL_OK;
}

void sl_map_drop(struct sl_map *map, const char *key, const char *but)
{
	size_t kept = 0;

	for (size_t i = 0; i < map->n; i++) {
		struct sl_pair *pair = &map->pair[i];

		if (strcmp(pair->key, key) == 0 && strcmp(pair->place, but) != 0)
			pair_fini(pair);
		else
			map->pair[kept++] = *pair;
	}
	map->n = kept;
}

void sl_option_clear(const struct sl_option *row, void *into)
{
	void *value = sl_option_at(row, into);
	struct sl_map *map = value;

	switch (row->type) {
	case SL_OPT_FLAG:
		*(bool *)value = false;
		break;
	case SL_OPT_U64:
	case SL_OPT_BYTES:
		*(uint64_t *)value = 0;
		break;
	case SL_OPT_TEXT:
		free(*(char **)value);
		*(char **)value = NULL;
		break;
	case SL_OPT_LIST:
		sl_list_free(value);
		break;
	case SL_OPT_MAP:
		for (size_t i = 0; i < map->n; i++)
			pair_fini(&map->pair[i]);
		free(map->pair);
		*map = (struct sl_map){ 0 };
		break;
	}
}

void sl_options_free(const struct sl_options *spec, void *into)
{
	for (size_t i = 0; i < spec->n; i++)
		sl_option_clear(&spec->table[i], into);
}
