/* A pack's indicators, one a row, with what defaults gave them filled in. */
#include <rules/output.h>
#include <rules/show.h>

#include <selat/time.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 9, WIDTH_MAX = 48 };
static const char *const titles[COLUMNS] = { "id",  "kind",  "value",  "severity",   "confidence",
					     "tlp", "class", "status", "valid until" };

struct row {
	char *cell[COLUMNS];
};

json_t *sl_show_source(const struct sl_pack *pack, size_t index)
{
	return json_array_get(json_object_get(pack->source.root, "indicators"), index);
}

static char *time_text(int64_t seconds, char out[SL_TIME_TEXT])
{
	if (seconds == INT64_MIN || seconds == INT64_MAX)
		return strcpy(out, "-");
	sl_time_format(out, (uint64_t)seconds * UINT64_C(1000000000));
	strcpy(out + strlen("2026-11-22T04:05:06"), "Z");
	return out;
}

/* "http.method equals POST and 2 more"; of an empty match what its `where` says */
char *sl_show_value(const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	char *text = NULL;
	int rc;
	if (ind->kind != SL_IND_MATCH)
		return strdup(ind->value);
	if (ind->conditions == 0) {
		char *where = json_dumps(json_object_get(sl_show_source(pack, index), "where"),
					 JSON_COMPACT);
		rc = where ? asprintf(&text, "where %s", where) : asprintf(&text, "nothing");
		free(where);
		return rc < 0 ? NULL : text;
	}
	const struct sl_condition *c = &ind->condition[0];
	const char *not = c->flags & SL_COND_NOT ? "not " : "",
		   *field = sl_field_info(c->field)->name;
	if (ind->conditions == 1)
		rc = asprintf(&text, "%s %s%s %s", field, not, sl_condition_key(c), c->text);
	else
		rc = asprintf(&text, "%s %s%s %s and %zu more", field, not, sl_condition_key(c),
			      c->text, ind->conditions - 1);
	return rc < 0 ? NULL : text;
}

static bool row_fill(struct row *row, const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	char confidence[16], until[SL_TIME_TEXT];
	snprintf(confidence, sizeof confidence, "%u", ind->meta.confidence);
	row->cell[0] = strdup(ind->id);
	row->cell[1] = strdup(sl_indicator_kind_text(ind->kind));
	row->cell[2] = sl_show_value(pack, index);
	row->cell[3] = strdup(sl_severity_text(ind->meta.severity));
	row->cell[4] = strdup(confidence);
	row->cell[5] = strdup(sl_tlp_text(ind->meta.tlp));
	row->cell[6] = strdup(ind->meta.class_);
	row->cell[7] = strdup(sl_status_text(&ind->meta));
	row->cell[8] = strdup(time_text(ind->meta.valid_until, until));
	for (size_t i = 0; i < COLUMNS; i++)
		if (!row->cell[i])
			return false;
	return true;
}

static void row_print(char *const *cell, const size_t *width)
{
	for (size_t i = 0; i + 1 < COLUMNS; i++)
		sl_out_column(stdout, cell[i], width[i]);
	sl_out_text(stdout, cell[COLUMNS - 1]);
	putchar('\n');
}

static void rows_print(const struct row *row, size_t n)
{
	size_t width[COLUMNS];
	char *head[COLUMNS];
	for (size_t c = 0; c < COLUMNS; c++) {
		head[c] = (char *)(uintptr_t)titles[c];
		width[c] = strlen(titles[c]);
		for (size_t i = 0; i < n; i++) {
			size_t len = strlen(row[i].cell[c]);
			width[c] = len > width[c] ? len : width[c];
		}
		width[c] = width[c] > WIDTH_MAX ? WIDTH_MAX : width[c];
	}
	row_print(head, width);
	for (size_t i = 0; i < n; i++)
		row_print(row[i].cell, width);
}

static int pack_print(const struct sl_pack *pack, struct sl_err *err)
{
	struct row *row = calloc(pack->n + 1, sizeof *row);
	bool ok = row != NULL;
	for (size_t i = 0; ok && i < pack->n; i++)
		ok = row_fill(&row[i], pack, i);
	if (ok) {
		sl_out_text(stdout, pack->name);
		printf(" version %u by ", pack->version);
		sl_out_text(stdout, pack->author);
		printf(": %zu indicators\n\n", pack->n);
		rows_print(row, pack->n);
	}
	for (size_t i = 0; row && i < pack->n; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			free(row[i].cell[c]);
	free(row);
	return ok ? SL_OK : sl_fail(err, SL_ENOMEM, "out of memory");
}

static void time_add(json_t *out, const char *key, int64_t seconds)
{
	char text[SL_TIME_TEXT];
	if (seconds != INT64_MIN && seconds != INT64_MAX)
		json_object_set_new(out, key, json_string(time_text(seconds, text)));
}

/* All that its author wrote, and what the defaults gave it. */
static json_t *indicator_json(const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	json_t *out = json_pack(
		"{so ss ss ss sI ss ss}", "id", sl_out_string(ind->id), "kind",
		sl_indicator_kind_text(ind->kind), "severity", sl_severity_text(ind->meta.severity),
		"tlp", sl_tlp_text(ind->meta.tlp), "confidence", (json_int_t)ind->meta.confidence,
		"class", ind->meta.class_, "status", sl_status_text(&ind->meta));
	if (ind->kind != SL_IND_MATCH)
		json_object_set_new(out, "value", sl_out_string(ind->value));
	time_add(out, "valid_from", ind->meta.valid_from);
	time_add(out, "valid_until", ind->meta.valid_until);
	json_object_update_missing(out, sl_show_source(pack, index));
	return out;
}

static int pack_json(const struct sl_pack *pack, struct sl_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < pack->n; i++)
		json_array_append_new(list, indicator_json(pack, i));
	return sl_out_json(json_pack("{ss ss sI ss so}", "kind", "pack", "pack", pack->name,
				     "version", (json_int_t)pack->version, "author", pack->author,
				     "indicators", list),
			   err);
}

int sl_show_pack(const char *path, bool json, struct sl_err *err)
{
	struct sl_packs packs;
	struct sl_problems problems = { 0 };
	char *paths[] = { (char *)(uintptr_t)path };
	int rc = sl_packs_read(&packs, paths, 1, &problems, err);
	if (rc == SL_OK && problems.errors) {
		sl_problems_sort(&problems);
		sl_problems_print(&problems, stderr);
		rc = sl_fail(err, SL_EFAIL, "%s: has errors", path);
	} else if (rc == SL_OK) {
		rc = json ? pack_json(&packs.pack[0], err) : pack_print(&packs.pack[0], err);
	}
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	return rc;
}
