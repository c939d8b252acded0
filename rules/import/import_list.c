/* Lists of values: plain, a value a line with comments, or CSV with a header. */
#include <rules/import/list.h>

#include <stdlib.h>
#include <string.h>

/* Without what stands around it: blanks, a comment. "" if nothing is left. */
static char *line_trim(char *line)
{
	line += strspn(line, " \t\r");
	if (*line == '#' || *line == ';' || strncmp(line, "//", 2) == 0)
		return line + strlen(line);
	/* a '#' in the middle may be a URL's: a comment has a blank in front */
	for (char *c = line; (c = strchr(c, '#')); c++)
		if (c > line && (c[-1] == ' ' || c[-1] == '\t')) {
			*c = '\0';
			break;
		}
	size_t len = strlen(line);
	while (len && strchr(" \t\r", line[len - 1]))
		line[--len] = '\0';
	return line;
}

/* A hosts file's line has the name behind an address that leads nowhere. */
static char *hosts_name(char *line)
{
	static const char *const nowhere[] = { "0.0.0.0", "127.0.0.1", "::", "::1" };
	size_t len = strcspn(line, " \t");
	for (size_t i = 0; line[len] && i < sizeof nowhere / sizeof nowhere[0]; i++)
		if (strlen(nowhere[i]) == len && strncmp(line, nowhere[i], len) == 0)
			return line + len + strspn(line + len, " \t");
	return line;
}

static int lines_read(struct sl_import *im, const char *path, char *text, struct sl_err *err)
{
	struct sl_place at = { .file = path };
	const char *kind = im->options->kind ? list_kind(im->options->kind) : NULL;
	if (im->options->kind && !kind)
		return sl_fail(err, SL_EUSAGE,
			       "--kind: \"%s\" is no kind of indicator with one value",
			       im->options->kind);
	for (char *line; (line = strsep(&text, "\n")) && !im->failed;) {
		at.line++;
		line = hosts_name(line_trim(line));
		struct list_value value = { .text = line, .kind = kind };
		if (*line)
			list_value_add(im, &at, &value);
	}
	return SL_OK;
}

static int file_read(struct sl_import *im, const char *path, struct sl_err *err)
{
	char *text;
	size_t len;
	int rc = sl_import_load(path, &text, &len, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = '?'; /* no value has one */
	char *begin =
		strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text; /* a byte order mark */
	rc = list_is_csv(im, begin) ? list_csv_read(im, path, begin, err)
				    : lines_read(im, path, begin, err);
	free(text);
	return rc;
}

int sl_import_list(struct sl_import *im, char *const *paths, size_t n, struct sl_err *err)
{
	int rc = SL_OK;
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		rc = file_read(im, paths[i], err);
	return rc;
}
