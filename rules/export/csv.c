/* Comma-separated values (RFC 4180) with a header: a row an exact indicator, and what its defaults
 * gave it. `import --from list` reads it. */
#include <rules/export/export.h>

#include <stdlib.h>
#include <string.h>

static const char *const columns[] = { "id",       "kind",        "value",      "port",
				       "proto",    "subdomains",  "name",       "description",
				       "severity", "confidence",  "class",      "tlp",
				       "status",   "drill",       "valid_from", "valid_until",
				       "pack",     "references" };
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* In quotes where RFC 4180 wants it. */
static void cell_write(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* A list's items with blanks between: ports and URLs have none inside. malloc'd. */
static char *list_text(const json_t *value)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		fputs(i ? " " : "", out);
		if (json_is_integer(item))
			fprintf(out, "%lld", (long long)json_integer_value(item));
		else
			fputs(json_string_value(item), out);
	}
	fclose(out);
	return text;
}

static void list_write(FILE *out, const json_t *value)
{
	char *text = list_text(value);
	cell_write(out, text ? text : "");
	free(text);
}

static void time_write(FILE *out, int64_t seconds)
{
	char text[SL_TIME_TEXT];
	if (seconds != INT64_MIN && seconds != INT64_MAX)
		fputs(sl_export_time(text, seconds), out);
}

static void meta_write(FILE *out, const struct sl_export_item *item)
{
	const struct sl_meta *meta = &item->ind->meta;
	fprintf(out, ",%s,%u,", sl_severity_text(meta->severity), meta->confidence);
	cell_write(out, meta->class_);
	fprintf(out, ",%s,%s,", sl_tlp_text(meta->tlp), sl_status_text(meta));
	cell_write(out, meta->drill);
	fputc(',', out);
	time_write(out, meta->valid_from);
	fputc(',', out);
	time_write(out, meta->valid_until);
	fputc(',', out);
	cell_write(out, item->pack->name);
	fputc(',', out);
	list_write(out, item->ind->references);
	fputs("\r\n", out);
}

static void item_write(struct sl_export *ex, const struct sl_export_item *item)
{
	static const char *const lost[] = { "where", "mark", "unmark", "toggle",   "silent",
					    "pass",  "scope", "threshold", NULL };
	const char *kind = sl_export_kind(item->json);
	const char *value = json_string_value(json_object_get(item->json, kind));
	for (size_t i = 0; lost[i]; i++)
		if (json_object_get(item->json, lost[i]))
			value = NULL;
	if (!value) {
		sl_export_leave(ex, item, "a row has one value: no conditions, marks or thresholds");
		return;
	}
	cell_write(ex->out, item->ind->id);
	fprintf(ex->out, ",%s,", kind);
	cell_write(ex->out, value);
	fputc(',', ex->out);
	list_write(ex->out, json_object_get(item->json, "port"));
	fputc(',', ex->out);
	cell_write(ex->out, json_string_length(json_object_get(item->json, "proto"))
				    ? json_string_value(json_object_get(item->json, "proto"))
				    : "");
	if (strcmp(kind, "domain") == 0)
		fputs(item->ind->subdomains ? ",true," : ",false,", ex->out);
	else
		fputs(",,", ex->out);
	cell_write(ex->out, item->ind->name);
	fputc(',', ex->out);
	cell_write(ex->out, item->ind->description);
	meta_write(ex->out, item);
}

int sl_export_csv(struct sl_export *ex, struct sl_err *err)
{
	(void)err;
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(ex->out, "%s%s", i ? "," : "", columns[i]);
	fputs("\r\n", ex->out);
	for (size_t i = 0; i < ex->packs->n; i++)
		for (size_t k = 0; k < ex->packs->pack[i].n; k++) {
			struct sl_export_item item = sl_export_item(&ex->packs->pack[i], k);
			item_write(ex, &item);
		}
	return SL_OK;
}
