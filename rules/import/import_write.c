/* Writing what was imported: the lists, then the pack that names them, so that no
 * reader finds a pack without its lists. */
#include <rules/import/import.h>

#include <errno.h>
#include <selat/replace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* json: written as JSON; otherwise a JSON string whose bytes are the file. */
static bool content_write(FILE *out, const json_t *content)
{
	if (json_is_string(content)) {
		size_t len = json_string_length(content);
		return fwrite(json_string_value(content), 1, len, out) == len;
	}
	return json_dumpf(content, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
}

static int file_write(const char *path, const json_t *content, struct sl_err *err)
{
	struct sl_replace file;
	int rc = sl_replace_begin(&file, path, err);
	if (rc < 0)
		return rc;
	bool ok = content_write(file.out, content);
	int error = errno;
	rc = sl_replace_end(&file, ok, err);
	return ok ? rc : sl_fail(err, SL_EFAIL, "%s: cannot write: %s", path, strerror(error));
}

static int list_write(const char *output, const char *file, const json_t *text, struct sl_err *err)
{
	const char *slash = strrchr(output, '/');
	char *path;
	if (asprintf(&path, "%.*s%s", slash ? (int)(slash + 1 - output) : 0, output, file) < 0)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", file);
	int rc = file_write(path, text, err);
	free(path);
	return rc;
}

int sl_import_write(struct sl_import *im, struct sl_err *err)
{
	const char *file;
	json_t *text;
	json_object_foreach(im->lists, file, text)
	{
		int rc = list_write(im->options->output, file, text, err);
		if (rc < 0)
			return rc;
	}
	if (json_object_set(im->root, "indicators", im->indicators) < 0)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", im->options->output);
	return file_write(im->options->output, im->root, err);
}
