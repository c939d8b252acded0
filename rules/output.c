/* Printing, for all subcommands. */
#include <rules/output.h>

#include <selat/text.h>
#include <stdlib.h>
#include <string.h>

size_t sl_out_bytes(FILE *out, struct sl_span bytes)
{
	size_t room = bytes.len * 4 + 1; /* an escaped byte takes four */
	char *text = malloc(room);
	if (!text)
		return 0;
	size_t len = sl_text_escape(text, room, bytes, true);
	fwrite(text, 1, len, out);
	free(text);
	return len;
}

size_t sl_out_text(FILE *out, const char *text)
{
	return sl_out_bytes(out, sl_span_str(text));
}

void sl_out_column(FILE *out, const char *text, size_t width)
{
	for (size_t len = sl_out_text(out, text); len < width; len++)
		fputc(' ', out);
	fputs("  ", out);
}

const char *sl_out_size(char out[32], uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB" };
	double n = (double)bytes;
	size_t unit = 0;
	for (; n >= 1024 && unit < 3; unit++)
		n /= 1024;
	snprintf(out, 32, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
	return out;
}

json_t *sl_out_string(const char *text)
{
	size_t room = strlen(text) * 4 + 1;
	char *escaped = malloc(room);
	if (!escaped)
		return NULL;
	size_t len = sl_text_escape(escaped, room, sl_span_str(text), false);
	json_t *json = json_stringn(escaped, len);
	free(escaped);
	return json;
}

int sl_out_json(json_t *json, struct sl_err *err)
{
	int failed = !json || json_dumpf(json, stdout, JSON_INDENT(2)) < 0;
	json_decref(json);
	if (failed || putchar('\n') == EOF || fflush(stdout) != 0)
		return sl_fail(err, SL_EFAIL, "cannot write to standard output");
	return SL_OK;
}

const char *sl_mode_text(enum sl_database_mode mode)
{
	switch (mode) {
	case SL_MODE_BLOCK:
		return "block";
	case SL_MODE_GATHER:
		return "gather";
	case SL_MODE_STREAM:
		return "stream";
	}
	return "";
}

void sl_out_kinds(const size_t *n)
{
	const char *separator = "";
	for (int kind = SL_IND_ADDRESS; kind < SL_IND_KINDS; kind++) {
		if (kind > SL_IND_MATCH && !n[kind])
			continue;
		printf("%s%s %zu", separator, sl_indicator_kind_text((enum sl_indicator_kind)kind),
		       n[kind]);
		separator = ", ";
	}
}
