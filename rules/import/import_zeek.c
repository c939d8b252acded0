/* Zeek's intel files: a line `#fields` with the columns' names, then a value a line, separated by
 * tabs; "-" is nothing, and \xHH a byte. Zeek compares whole values, and text in any case. */
#include <rules/import/build.h>

#include <selat/digest.h>
#include <selat/text.h>
#include <stdlib.h>
#include <string.h>

enum { ID_VALUE_MAX = 96 };

enum column { INDICATOR, TYPE, SOURCE, DESC, URL, IF_IN, WHITELIST, COLUMNS };
static const char *const column_names[COLUMNS] = {
	"indicator", "indicator_type", "meta.source",   "meta.desc",
	"meta.url",  "meta.if_in",     "meta.whitelist",
};

struct zeek {
	struct sl_import *im;
	struct sl_place at;
	int place[COLUMNS]; /* of a column in a line, or -1 */
	bool headed;
};

typedef json_t *value_fn(const char *value, const char *name, const char **reason);

static json_t *kind_options(const char *value, const char *name, const char **reason)
{
	(void)reason;
	return json_pack("[{ss}]", name, value);
}

static json_t *domain_options(const char *value, const char *name, const char **reason)
{
	(void)reason;
	return json_pack("[{ss sb}]", name, value, "subdomains", false);
}

static json_t *url_options(const char *value, const char *name, const char **reason)
{
	(void)reason;
	return json_pack("[{so}]", name, json_sprintf("http://%s", value));
}

static json_t *field_options(const char *value, const char *name, const char **reason)
{
	(void)reason;
	return json_pack("[o]", sl_build_match(name, "equals", value, true));
}

static json_t *mail_options(const char *value, const char *name, const char **reason)
{
	(void)name, (void)reason;
	return sl_build_mail(value, SL_MAIL_SENDER | SL_MAIL_RECIPIENT);
}

/* The algorithm is known by the length. */
static json_t *hash_options(const char *value, const char *name, const char **reason)
{
	bool file = strcmp(name, "file") == 0;
	switch (strlen(value)) {
	case 32:
		if (file)
			return json_pack("[{ss}]", "md5", value);
		break;
	case 40:
		return json_pack("[{ss}]", file ? "sha1" : "cert_sha1", value);
	case 64:
		return json_pack("[{ss}]", file ? "sha256" : "cert_sha256", value);
	}
	*reason = file ? "no MD5, SHA-1 or SHA-256 has so many digits"
		       : "a pack has SHA-1 and SHA-256 of certificates; so many digits have neither";
	return NULL;
}

static const struct {
	const char *type;
	value_fn *options;
	const char *name;
} types[] = {
	{ "Intel::ADDR", kind_options, "address" },
	{ "Intel::SUBNET", kind_options, "address" },
	{ "Intel::URL", url_options, "url" },
	{ "Intel::DOMAIN", domain_options, "domain" },
	{ "Intel::EMAIL", mail_options, "mail" },
	{ "Intel::CERT_HASH", hash_options, "cert" },
	{ "Intel::FILE_HASH", hash_options, "file" },
	{ "Intel::FILE_NAME", field_options, "file.name" },
	{ "Intel::SOFTWARE", field_options, "http.user_agent" },
};
enum { TYPES = sizeof types / sizeof types[0] };

/* "domain:evil.example"; what is too long, or no id could hold, is told apart by a digest. */
static void id_make(char out[SL_BUILD_ID + 1], const char *name, const char *value)
{
	char text[2 * SL_BUILD_ID], plain[SL_BUILD_ID + 1], hex[2 * SL_SHA1_SIZE + 1];
	uint8_t digest[SL_SHA1_SIZE];
	snprintf(text, sizeof text, "%s:%.*s", name, ID_VALUE_MAX, value);
	sl_build_id(plain, text, 1);
	if (strcmp(plain, text) == 0 && strlen(value) <= ID_VALUE_MAX) {
		strcpy(out, plain);
		return;
	}
	sl_sha1(sl_span_str(value), digest);
	sl_hex(hex, sl_span_of(digest, sizeof digest));
	snprintf(text, sizeof text, "%s-%.8s", plain, hex);
	sl_build_id(out, text, 1);
}

/* The columns' names, behind "#fields". */
static void head_read(struct zeek *z, char *line)
{
	int place = 0;
	char *name;
	for (size_t c = 0; c < COLUMNS; c++)
		z->place[c] = -1;
	strsep(&line, "\t");
	for (; (name = strsep(&line, "\t")); place++)
		for (size_t c = 0; c < COLUMNS; c++)
			if (strcmp(name, column_names[c]) == 0)
				z->place[c] = place;
	z->headed = true;
	if (z->place[INDICATOR] < 0 || z->place[TYPE] < 0)
		sl_import_leave(z->im, &z->at, "the columns indicator and indicator_type are missing");
}

/* The line's cells by column; "" for what is not there. */
static void cells_find(const struct zeek *z, char *line, const char *cell[COLUMNS])
{
	char *part;
	for (size_t c = 0; c < COLUMNS; c++)
		cell[c] = "";
	for (int place = 0; (part = strsep(&line, "\t")); place++)
		for (size_t c = 0; c < COLUMNS; c++)
			if (z->place[c] == place && strcmp(part, "-") != 0) {
				size_t len = sl_text_unescape((uint8_t *)part, part);
				part[len] = '\0';
				cell[c] = part;
			}
}

static json_t *meta_of(struct zeek *z, const char *const cell[COLUMNS])
{
	json_t *meta = json_object();
	sl_build_name(z->im, &z->at, meta, cell[DESC]);
	sl_build_description(z->im, &z->at, meta, cell[SOURCE]);
	sl_build_reference(z->im, &z->at, meta, cell[URL]);
	return meta;
}

static void options_add(struct zeek *z, const char *const cell[COLUMNS], size_t type)
{
	const char *reason = "the value is not UTF-8";
	char id[SL_BUILD_ID + 1];
	json_t *options = types[type].options(cell[INDICATOR], types[type].name, &reason);
	if (!options || !json_array_size(options)) {
		sl_import_leave(z->im, &z->at, "%s: %s", cell[TYPE], reason);
		json_decref(options);
		return;
	}
	id_make(id, types[type].name, cell[INDICATOR]);
	if (json_object_get(z->im->seen, id)) {
		sl_import_note(z->im, &z->at, "\"%s\" was there before: once is enough", id);
	} else {
		json_t *meta = meta_of(z, cell);
		sl_build_options(z->im, &z->at, meta, options, id);
		json_decref(meta);
	}
	json_decref(options);
}

static void row_read(struct zeek *z, char *line)
{
	const char *cell[COLUMNS];
	cells_find(z, line, cell);
	if (!*cell[INDICATOR] || !*cell[TYPE]) {
		sl_import_leave(z->im, &z->at, "has no indicator, or no indicator_type");
		return;
	}
	if (*cell[IF_IN]) {
		sl_import_leave(z->im, &z->at, "meta.if_in: a pack has no place for \"%s\"",
				cell[IF_IN]);
		return;
	}
	if (strcmp(cell[WHITELIST], "T") == 0) {
		sl_import_leave(z->im, &z->at, "meta.whitelist: a pack has no place for exceptions");
		return;
	}
	for (size_t i = 0; i < TYPES; i++)
		if (strcmp(types[i].type, cell[TYPE]) == 0) {
			options_add(z, cell, i);
			return;
		}
	sl_import_leave(z->im, &z->at, "a pack has no place for the type \"%.64s\"", cell[TYPE]);
}

static void line_read(struct zeek *z, char *line, size_t len)
{
	if (len && line[len - 1] == '\r')
		line[--len] = '\0';
	if (len == 0)
		return;
	if (strlen(line) != len || strstr(line, "\\x00"))
		sl_import_leave(z->im, &z->at, "the line holds a zero byte");
	else if (strncmp(line, "#fields\t", 8) == 0)
		head_read(z, line);
	else if (line[0] == '#')
		return;
	else if (!z->headed)
		sl_import_leave(z->im, &z->at, "no line #fields stands before it");
	else
		row_read(z, line);
}

static int file_read(struct zeek *z, const char *path, struct sl_err *err)
{
	char *text;
	size_t len;
	int rc = sl_import_load(path, &text, &len, err);
	if (rc < 0)
		return rc;
	z->headed = false;
	z->at = (struct sl_place){ .file = path };
	for (char *line = text, *end = text + len; line < end;) {
		char *stop = memchr(line, '\n', (size_t)(end - line));
		stop = stop ? stop : end;
		*stop = '\0';
		z->at.line++;
		line_read(z, line, (size_t)(stop - line));
		line = stop + 1;
	}
	free(text);
	return SL_OK;
}

int sl_import_zeek(struct sl_import *im, char *const *paths, size_t n, struct sl_err *err)
{
	struct zeek z = { .im = im };
	int rc = SL_OK;
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		rc = file_read(&z, paths[i], err);
	return rc;
}
