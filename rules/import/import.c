/* What importers share: collecting indicators and lists, and telling what was left. Whatever they
 * read is hostile: what is printed is escaped, and names of files are made of safe bytes. */
#include <rules/import/import.h>

#include <errno.h>
#include <fcntl.h>
#include <selat/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 128 }; /* of a pack's name */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* "import/" and the output's name without its ending, of the bytes a pack's name may have. */
static void name_make(char out[NAME_MAX_BYTES], const char *output)
{
	const char *base = base_name(output);
	const char *dot = strrchr(base, '.');
	size_t len = dot && dot != base ? (size_t)(dot - base) : strlen(base);
	size_t at = (size_t)snprintf(out, NAME_MAX_BYTES, "import/");
	for (size_t i = 0; i < len && at + 1 < NAME_MAX_BYTES; i++) {
		char c = base[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-", c);
		out[at++] = fine ? c : '-';
	}
	out[at] = '\0';
}

int sl_import_init(struct sl_import *im, const struct sl_import_options *options,
		   struct sl_err *err)
{
	char name[NAME_MAX_BYTES];
	name_make(name, options->output);
	*im = (struct sl_import){
		.options = options,
		.root = json_pack("{si ss sI ss ss}", "selat", 1, "pack",
				  options->name ? options->name : name, "version",
				  (json_int_t)options->version, "author", options->author, "tlp",
				  options->tlp),
		.indicators = json_array(),
		.seen = json_object(),
		.lists = json_object(),
	};
	if (im->root && im->indicators && im->seen && im->lists)
		return SL_OK;
	sl_import_fini(im);
	return sl_fail(err, SL_EUSAGE, "the pack's name and author must be UTF-8");
}

void sl_import_fini(struct sl_import *im)
{
	json_decref(im->root);
	json_decref(im->indicators);
	json_decref(im->seen);
	json_decref(im->lists);
	*im = (struct sl_import){ 0 };
}

static void place_print(const struct sl_place *at, const char *word, const char *text)
{
	char line[2048], shown[4096];
	int len = snprintf(line, sizeof line, "%s", at->file);
	if (at->line && len >= 0 && (size_t)len < sizeof line)
		snprintf(line + len, sizeof line - (size_t)len, ":%zu", at->line);
	sl_text_escape(shown, sizeof shown, sl_span_str(line), true);
	fprintf(stderr, "%s: %s", shown, word);
	if (at->id) {
		sl_text_escape(shown, sizeof shown, sl_span_str(at->id), true);
		fprintf(stderr, "%s: ", shown);
	}
	sl_text_escape(shown, sizeof shown, sl_span_str(text), true);
	fprintf(stderr, "%s\n", shown);
}

void sl_import_leave(struct sl_import *im, const struct sl_place *at, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	im->left++;
	place_print(at, "", text);
}

void sl_import_note(struct sl_import *im, const struct sl_place *at, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	(void)im;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	place_print(at, "note: ", text);
}

bool sl_import_add(struct sl_import *im, const struct sl_place *at, json_t *indicator)
{
	const char *id = json_string_value(json_object_get(indicator, "id"));
	if (!id) {
		json_decref(indicator);
		im->failed = SL_ENOMEM;
		return false;
	}
	if (json_object_get(im->seen, id)) {
		sl_import_leave(im, at, "another one has the id \"%s\"", id);
		json_decref(indicator);
		return false;
	}
	if (json_object_set_new(im->seen, id, json_true()) < 0 ||
	    json_array_append_new(im->indicators, indicator) < 0)
		im->failed = SL_ENOMEM;
	return im->failed == 0;
}

/* The file's name without its folder: the pack's, the list's, ".txt". */
static char *list_file(const struct sl_import *im, const char *name)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-";
	const char *base = base_name(im->options->output);
	const char *dot = strrchr(base, '.');
	int stem = dot && dot != base ? (int)(dot - base) : (int)strlen(base);
	char *file;
	if (asprintf(&file, "%.*s.%.64s.txt", stem, base, name) < 0)
		return NULL;
	for (char *c = file + stem + 1; c < file + strlen(file) - 4; c++)
		if (!strchr(safe, *c))
			*c = '-';
	return file;
}

json_t *sl_import_values(struct sl_import *im, const char *name, struct sl_span text)
{
	char numbered[80];
	snprintf(numbered, sizeof numbered, "%.60s", name);
	for (int i = 2;; i++) {
		char *file = list_file(im, numbered);
		json_t *key = file ? json_string(file) : NULL;
		json_t *old = file ? json_object_get(im->lists, file) : NULL;
		bool same = old && sl_span_eq(text, sl_span_of(json_string_value(old),
							       json_string_length(old)));
		if (key && !old)
			same = json_object_set_new(
				       im->lists, file,
				       json_stringn_nocheck((const char *)text.at, text.len)) == 0;
		free(file);
		if (!key || same)
			return key;
		json_decref(key);
		if (!old) {
			im->failed = SL_ENOMEM;
			return NULL;
		}
		snprintf(numbered, sizeof numbered, "%.60s-%d", name, i);
	}
}

int sl_import_load(const char *path, char **text, size_t *len, struct sl_err *err)
{
	*text = NULL;
	*len = 0;
	FILE *in = fopen(path, "re");
	if (!in)
		return sl_fail(err, SL_EFAIL, "%s: %s", path, strerror(errno));
	size_t room = 0;
	int rc = SL_OK;
	while (rc == SL_OK) {
		if (room - *len < 2) {
			room = room ? room * 2 : 65536;
			char *grown = room > SL_IMPORT_FILE_MAX ? NULL : realloc(*text, room);
			if (!grown) {
				rc = sl_fail(err, SL_EFAIL, "%s: is too large", path);
				break;
			}
			*text = grown;
		}
		size_t n = fread(*text + *len, 1, room - *len - 1, in);
		*len += n;
		if (n == 0)
			break;
	}
	if (rc == SL_OK && ferror(in))
		rc = sl_fail(err, SL_EFAIL, "%s: %s", path, strerror(errno));
	fclose(in);
	if (rc < 0) {
		free(*text);
		*text = NULL;
		return rc;
	}
	(*text)[*len] = '\0';
	return SL_OK;
}
