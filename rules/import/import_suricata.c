/* Suricata's rules: files into rules, a rule at a time. A rule is a line; a backslash at a line's
 * end goes on with the next; '#' begins a comment. */
#include <rules/import/suricata.h>

#include <stdlib.h>
#include <string.h>

/* The end of the rule's text: line ends after a backslash become blanks. Counts lines. */
static char *line_end(char *text, size_t *lines)
{
	char *c = text;
	for (; *c; c++) {
		if (*c != '\n')
			continue;
		++*lines;
		char *last = c > text && c[-1] == '\r' ? c - 1 : c;
		if (last == text || last[-1] != '\\')
			break;
		memset(last - 1, ' ', (size_t)(c - last) + 2);
	}
	return c;
}

static void rule_import(struct sl_import *im, const struct suri_vars *vars, const char *path,
			size_t line, char *text)
{
	struct suri_rule r = { .im = im, .vars = vars, .at = { .file = path, .line = line } };
	char *whole = strdup(text);
	r.failed = !whole;
	suri_rule_read(&r, text);
	if (!r.refused && !r.failed)
		suri_build(&r);
	if (r.refused && !r.failed && *r.lacks && r.at.id)
		suri_off_build(&r, whole);
	else if (r.refused && !r.failed)
		sl_import_leave(im, &r.at, "%s", r.reason);
	if (r.failed)
		im->failed = SL_ENOMEM;
	suri_rule_fini(&r);
	free(whole);
}

static int file_import(struct sl_import *im, const struct suri_vars *vars, const char *path,
		       struct sl_err *err)
{
	char *text;
	size_t len, lines = 0;
	int rc = sl_import_load(path, &text, &len, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = '?'; /* no rule has one */
	for (char *at = text, *end; *at && !im->failed; at = end) {
		size_t first = lines + 1;
		end = line_end(at, &lines);
		if (*end)
			*end++ = '\0';
		char *rule = suri_trim(at);
		if (*rule && *rule != '#')
			rule_import(im, vars, path, first, rule);
	}
	free(text);
	return SL_OK;
}

int sl_import_suricata(struct sl_import *im, char *const *paths, size_t n, struct sl_err *err)
{
	struct suri_vars vars = { 0 };
	int rc = suri_vars_init(&vars, im->options, err);
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		rc = file_import(im, &vars, paths[i], err);
	suri_vars_fini(&vars);
	return rc;
}
