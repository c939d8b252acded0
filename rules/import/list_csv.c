/* Comma-separated values (RFC 4180) with a header. Columns are named by kinds, each cell a value;
 * or there is a column "value", with its "kind" beside it or guessed. Other columns that have an
 * indicator's key give it that; the rest is passed over. */
#include <rules/import/list.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 64 };

struct table {
	struct sl_import *im;
	struct sl_place at;
	char *rest;  /* of the text */
	size_t line; /* at rest */
	char separator;
	char *key[COLUMNS_MAX]; /* owned: what a column is, or "" */
	size_t columns;
	char *cell[COLUMNS_MAX];
	size_t cells;
};

static const char *const meta_keys[] = { "id",    "name",       "description", "severity",
					 "class", "tlp",        "status",      "drill",
					 "proto", "valid_from", "valid_until", NULL };

static bool is_meta(const char *key)
{
	for (size_t i = 0; meta_keys[i]; i++)
		if (strcmp(meta_keys[i], key) == 0)
			return true;
	return false;
}

/* Cuts the next cell out, its quotes taken off. Returns false after the row's last. */
static bool cell_take(struct table *t, char **cell)
{
	char *in = t->rest, *out = in;
	bool quoted = *in == '"';
	*cell = in;
	in += quoted;
	for (; *in; in++) {
		if (quoted && *in == '"' && in[1] != '"') {
			quoted = false;
			continue;
		}
		if (quoted && *in == '"')
			in++;
		if (!quoted && (*in == t->separator || *in == '\n'))
			break;
		t->line += *in == '\n';
		*out++ = *in;
	}
	bool more = *in == t->separator && *in;
	t->line += *in == '\n';
	t->rest = *in ? in + 1 : in;
	*out = '\0';
	while (out > *cell && isspace((unsigned char)out[-1]))
		*--out = '\0';
	*cell += strspn(*cell, " \t\r");
	return more;
}

/* False at the text's end. Cells beyond the last possible one are passed over. */
static bool row_take(struct table *t)
{
	if (!*t->rest)
		return false;
	t->cells = 0;
	t->at.line = t->line;
	bool more = true;
	while (more) {
		char *cell;
		more = cell_take(t, &cell);
		if (t->cells < COLUMNS_MAX)
			t->cell[t->cells++] = cell;
	}
	return true;
}

enum { KEY_ROOM = 32 };

/* What a column is: by --column, else by its name, in lower case. */
static void column_key(const struct sl_import *im, const char *name, char out[KEY_ROOM])
{
	const struct sl_list *columns = &im->options->columns;
	size_t len = strlen(name);
	for (size_t i = 0; i < columns->n; i++) {
		const char *equals = strchr(columns->item[i], '=');
		if (equals && strcasecmp(equals + 1, name) == 0) {
			name = columns->item[i];
			len = (size_t)(equals - name);
			break;
		}
	}
	snprintf(out, KEY_ROOM, "%.*s", (int)(len < KEY_ROOM ? len : KEY_ROOM - 1), name);
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (strcmp(out, "indicator") == 0 || strcmp(out, "ioc") == 0)
		snprintf(out, KEY_ROOM, "value");
	if (strcmp(out, "type") == 0)
		snprintf(out, KEY_ROOM, "kind");
	if (strcmp(out, "reference") == 0)
		snprintf(out, KEY_ROOM, "references");
}

/* The separator is the first of these that the header has. */
static char separator_find(const char *text)
{
	size_t end = strcspn(text, "\n"), at = strcspn(text, ",;\t\n");
	return at < end ? text[at] : ',';
}

bool list_is_csv(const struct sl_import *im, const char *text)
{
	char name[128], key[KEY_ROOM], separator = separator_find(text);
	const char *c = text, *end = text + strcspn(text, "\n");
	while (c < end) {
		size_t len = 0;
		for (; c < end && *c != separator; c++)
			if (len + 1 < sizeof name && !strchr("\" \r", *c))
				name[len++] = *c;
		name[len] = '\0';
		column_key(im, name, key);
		if (strcmp(key, "value") == 0 || list_kind(key))
			return true;
		c++;
	}
	return false;
}

/* A number; what is none ("80-90") stays text, which the pack's reader refuses with the reason. */
static json_t *number_json(const char *text)
{
	enum { DIGITS = 18 };
	size_t len = strlen(text);
	bool number = len && len <= DIGITS && strspn(text, "0123456789") == len;
	return number ? json_integer(atoll(text)) : json_string(text);
}

static json_t *truth_json(const char *text)
{
	if (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0)
		return json_boolean(strcasecmp(text, "true") == 0);
	return json_string(text);
}

/* Cells of several items have blanks between them. */
static json_t *items_json(char *text, bool numbers)
{
	json_t *list = json_array();
	char *save = NULL;
	for (char *item = strtok_r(text, " ", &save); item; item = strtok_r(NULL, " ", &save))
		json_array_append_new(list, numbers ? number_json(item) : json_string(item));
	if (numbers && json_array_size(list) == 1) {
		json_t *one = json_incref(json_array_get(list, 0));
		json_decref(list);
		return one;
	}
	return list;
}

/* Control characters become blanks; line ends too, unless lines may be. */
static json_t *text_json(char *text, bool lines)
{
	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c) && !(lines && *c == '\n'))
			*c = ' ';
	return json_string(text);
}

/* A cell that belongs to the row's indicators. */
static void meta_take(json_t *more, const char *key, char *cell)
{
	json_t *value = NULL;
	if (strcmp(key, "confidence") == 0)
		value = number_json(cell);
	else if (strcmp(key, "port") == 0)
		value = items_json(cell, true);
	else if (strcmp(key, "references") == 0)
		value = items_json(cell, false);
	else if (strcmp(key, "subdomains") == 0)
		value = truth_json(cell);
	else if (is_meta(key))
		value = text_json(cell, strcmp(key, "description") == 0);
	if (value)
		json_object_set_new(more, key, value);
}

static void row_import(struct table *t)
{
	struct list_value value = { .more = json_object() };
	const char *kind = t->im->options->kind;
	for (size_t i = 0; i < t->cells && i < t->columns; i++) {
		if (!*t->cell[i])
			continue;
		if (strcmp(t->key[i], "kind") == 0)
			kind = t->cell[i];
		else
			meta_take(value.more, t->key[i], t->cell[i]);
	}
	value.kind = kind ? list_kind(kind) : NULL;
	if (kind && !value.kind) {
		sl_import_leave(t->im, &t->at, "\"%.64s\" is no kind of indicator", kind);
		json_decref(value.more);
		return;
	}
	for (size_t i = 0; i < t->cells && i < t->columns; i++) {
		const char *its = list_kind(t->key[i]);
		value.text = t->cell[i];
		if (*value.text && strcmp(t->key[i], "value") == 0) {
			list_value_add(t->im, &t->at, &value);
		} else if (*value.text && its) {
			struct list_value own = { value.text, its, value.more };
			list_value_add(t->im, &t->at, &own);
		}
	}
	json_decref(value.more);
}

/* An export names its pack: a CSV of one pack is that pack again. */
static void pack_take(struct table *t)
{
	for (size_t i = 0; i < t->cells && i < t->columns; i++)
		if (strcmp(t->key[i], "pack") == 0 && *t->cell[i] && !t->im->options->name)
			json_object_set_new(t->im->root, "pack", json_string(t->cell[i]));
}

int list_csv_read(struct sl_import *im, const char *path, char *text, struct sl_err *err)
{
	struct table t = {
		.im = im,
		.at = { .file = path },
		.rest = text,
		.line = 1,
		.separator = separator_find(text),
	};
	int rc = SL_OK;
	row_take(&t);
	for (size_t i = 0; i < t.cells; i++) {
		char key[KEY_ROOM];
		column_key(im, t.cell[i], key);
		t.key[i] = strdup(key);
		t.columns++;
		if (!t.key[i])
			rc = sl_fail(err, SL_ENOMEM, "out of memory");
	}
	for (bool first = true; rc == SL_OK && !im->failed && row_take(&t); first = false) {
		if (first)
			pack_take(&t);
		if (t.cells > 1 || *t.cell[0])
			row_import(&t);
	}
	for (size_t i = 0; i < t.columns; i++)
		free(t.key[i]);
	return rc;
}
