/* Data sets and lists of hashes: their files become lists beside the pack. Only files beside the
 * rules are read, whatever a rule names: rules are hostile. */
#include <rules/import/suricata.h>

#include <selat/address.h>
#include <selat/digest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum values_type { VALUES_STRING, VALUES_HASH, VALUES_ADDRESS, VALUES_HEX_TEXT };

struct dataset {
	const char *command, *name, *type, *load, *format, *value_key, *array_key;
};

struct lines { /* the list's text, grown */
	char *text;
	size_t len, room;
	bool failed;
};

static void line_add(struct lines *l, const char *prefix, const char *text)
{
	size_t need = l->len + strlen(prefix) + strlen(text) + 2;
	if (need > l->room) {
		size_t room = need * 2;
		char *grown = realloc(l->text, room);
		if (!grown) {
			l->failed = true;
			return;
		}
		l->text = grown;
		l->room = room;
	}
	l->len += (size_t)sprintf(l->text + l->len, "%s%s\n", prefix, text);
}

/* Can it stand in a list as it is? */
static bool is_plain(const uint8_t *bytes, size_t len)
{
	if (len == 0 || bytes[0] == '#' || bytes[0] == ' ' || bytes[len - 1] == ' ' ||
	    (len >= 4 && memcmp(bytes, "hex:", 4) == 0) ||
	    (len >= 7 && memcmp(bytes, "base64:", 7) == 0))
		return false;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			return false;
	return true;
}

static void bytes_add(struct lines *l, const uint8_t *bytes, size_t len)
{
	char *text = malloc(4 * ((len + 2) / 3) + 1);
	if (!text) {
		l->failed = true;
		return;
	}
	if (is_plain(bytes, len)) {
		memcpy(text, bytes, len);
		text[len] = '\0';
		line_add(l, "", text);
	} else if (len) {
		sl_base64(text, sl_span_of(bytes, len));
		line_add(l, "base64:", text);
	}
	free(text);
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Decodes in place; returns the length, or -1. */
static ssize_t base64_decode(char *text)
{
	size_t len = 0;
	uint32_t bits = 0;
	int have = 0;
	for (char *c = text; *c && *c != '='; c++) {
		int digit = base64_digit(*c);
		if (digit < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			text[len++] = (char)(bits >> have & 0xff);
		}
	}
	return (ssize_t)len;
}

static bool is_hex(const char *text)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF");
	return text[len] == '\0' && (len == 32 || len == 40 || len == 64);
}

/* Suricata's lists of addresses have IPv4 ones as IPv6 (RFC 4291, 2.5.5.2), too. */
static bool address_add(struct lines *l, const char *text)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct sl_prefix p;
	char out[SL_ADDRESS_TEXT];
	if (sl_prefix_parse(text, &p, NULL) < 0)
		return false;
	if (p.address.family == 6 && p.bits >= 96 &&
	    memcmp(p.address.bytes, mapped, sizeof mapped) == 0) {
		memcpy(p.address.bytes, p.address.bytes + sizeof mapped, 4);
		p.address.family = 4;
		p.bits = (uint8_t)(p.bits - 96);
	}
	line_add(l, "", sl_prefix_format(out, &p));
	return true;
}

/* One value as a data file's line or a JSON text has it. */
static bool value_add(struct lines *l, char *text, enum values_type type, bool encoded)
{
	ssize_t len =
		encoded && type == VALUES_STRING ? base64_decode(text) : (ssize_t)strlen(text);
	if (type == VALUES_ADDRESS)
		return address_add(l, text);
	if (len < 0)
		return false;
	if ((type == VALUES_HASH || type == VALUES_HEX_TEXT) && !is_hex(text))
		return false;
	if (type == VALUES_STRING)
		bytes_add(l, (const uint8_t *)text, (size_t)len);
	else
		line_add(l, type == VALUES_HASH ? "hex:" : "", text);
	return true;
}

/* What follows a comma or a space is no value (a reputation, a file's name). */
static bool lines_read(struct lines *l, char *text, enum values_type type)
{
	for (char *line; (line = strsep(&text, "\n"));) {
		line = suri_trim(line);
		line[strcspn(line, type == VALUES_STRING ? "," : ", \t")] = '\0';
		if (*line && *line != '#' && !value_add(l, line, type, true))
			return false;
	}
	return true;
}

/* "info.threat" in nested objects. */
static const json_t *path_get(const json_t *object, const char *path)
{
	while (object && path && *path) {
		char key[128];
		size_t len = strcspn(path, ".");
		snprintf(key, sizeof key, "%.*s", (int)(len < sizeof key ? len : sizeof key - 1),
			 path);
		object = json_object_get(object, key);
		path += len + (path[len] == '.');
	}
	return object;
}

static bool json_value_add(struct lines *l, const json_t *item, const struct dataset *d,
			   enum values_type type)
{
	const json_t *value = path_get(item, d->value_key);
	if (!json_is_string(value))
		return value == NULL; /* an item without the key is none of the set */
	char *text = strdup(json_string_value(value));
	bool ok = text && value_add(l, text, type, false);
	free(text);
	return ok;
}

static bool json_read(struct lines *l, const char *text, const struct dataset *d,
		      enum values_type type)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *array = path_get(root, d->array_key);
	bool ok = json_is_array(array);
	for (size_t i = 0; ok && i < json_array_size(array); i++)
		ok = json_value_add(l, json_array_get(array, i), d, type);
	json_decref(root);
	return ok;
}

static bool ndjson_read(struct lines *l, char *text, const struct dataset *d, enum values_type type)
{
	for (char *line; (line = strsep(&text, "\n"));) {
		if (!*suri_trim(line))
			continue;
		json_t *item = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		bool ok = item && json_value_add(l, item, d, type);
		json_decref(item);
		if (!ok)
			return false;
	}
	return true;
}

/* The path of a file beside the rules; NULL: the name leads elsewhere, or memory ended. Free it. */
static char *beside_path(struct suri_rule *r, const char *name)
{
	char *path = NULL;
	const char *slash = strrchr(r->at.file, '/');
	if (*name == '/' || strstr(name, "..") || !*name) {
		suri_refuse(r, "\"%.128s\": only files beside the rules are read", name);
		return NULL;
	}
	if (asprintf(&path, "%.*s%s", slash ? (int)(slash + 1 - r->at.file) : 0, r->at.file, name) <
	    0)
		r->failed = true;
	return path;
}

static bool file_values(struct lines *l, char *text, const struct dataset *d, enum values_type type)
{
	if (!d->format || strcmp(d->format, "csv") == 0)
		return lines_read(l, text, type);
	if (!d->value_key)
		return false;
	return strcmp(d->format, "json") == 0 ? json_read(l, text, d, type)
					      : ndjson_read(l, text, d, type);
}

/* What an `in` condition says: a new reference, or NULL after a refusal. */
static json_t *list_load(struct suri_rule *r, const struct dataset *d, enum values_type type)
{
	struct sl_err err = { "" };
	struct lines l = { 0 };
	char *path = beside_path(r, d->load), *text = NULL;
	size_t len;
	json_t *list = NULL;
	if (path && sl_import_load(path, &text, &len, &err) < 0)
		suri_refuse(r, "%s", err.text);
	else if (path && !file_values(&l, text, d, type))
		suri_refuse(r, "%.128s: a value is not of the type that the rule says", d->load);
	else if (path && l.len == 0)
		suri_refuse(r, "%.128s: the list is empty", d->load);
	else if (path)
		list = sl_import_values(r->im, d->name, sl_span_of(l.text, l.len));
	if (l.failed || r->im->failed)
		r->failed = true;
	free(l.text);
	free(text);
	free(path);
	return list;
}

static void option_take(struct suri_rule *r, struct dataset *d, char *piece)
{
	const struct {
		const char *key;
		const char **into;
	} keys[] = {
		{ "type", &d->type },           { "load", &d->load },
		{ "format", &d->format },       { "value_key", &d->value_key },
		{ "array_key", &d->array_key }, { "context_key", NULL },
		{ "remove_key", NULL },         { "memcap", NULL },
		{ "hashsize", NULL },
	};
	char *value = piece + strcspn(piece, " \t");
	if (*value)
		*value++ = '\0';
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(keys[i].key, piece) == 0) {
			if (keys[i].into)
				*keys[i].into = suri_trim(value);
			return;
		}
	suri_refuse(r, "dataset: \"%.32s\" has no counterpart", piece);
}

static bool type_find(struct suri_rule *r, const char *text, enum values_type *type)
{
	static const struct {
		const char *name;
		enum values_type type;
	} types[] = {
		{ "string", VALUES_STRING }, { "md5", VALUES_HASH },     { "sha256", VALUES_HASH },
		{ "ip", VALUES_ADDRESS },    { "ipv4", VALUES_ADDRESS },
	};
	for (size_t i = 0; text && i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].name, text) == 0) {
			*type = types[i].type;
			return true;
		}
	suri_refuse(r, "dataset: the type \"%.32s\" has no counterpart", text ? text : "");
	return false;
}

static bool command_read(struct suri_rule *r, const char *command, bool *negated)
{
	*negated = strcmp(command, "isnotset") == 0;
	if (*negated || strcmp(command, "isset") == 0)
		return true;
	suri_refuse(
		r,
		"dataset: %.16s changes the set while it runs; a list is what it was when it was "
		"compiled",
		command);
	return false;
}

/* A set that an earlier rule loaded needs no file again. */
static json_t *set_find(struct suri_rule *r, const struct dataset *d)
{
	enum values_type type;
	json_t *list = json_object_get(r->vars->sets, d->name);
	if (!d->load && list)
		return json_incref(list);
	if (!d->load) {
		suri_refuse(r, "dataset: \"%.64s\" is not loaded from a file", d->name);
		return NULL;
	}
	list = type_find(r, d->type, &type) && !r->refused ? list_load(r, d, type) : NULL;
	if (list)
		suri_set(r, r->vars->sets, d->name, json_incref(list));
	return list;
}

void suri_dataset(struct suri_rule *r, const char *name, char *value)
{
	struct dataset d = { 0 };
	char *rest = value, *piece;
	bool negated;
	d.command = suri_piece(&rest, ',');
	d.name = suri_piece(&rest, ',');
	if (!d.command || !d.name) {
		suri_refuse(r, "%s: a command and a name are needed", name);
		return;
	}
	if (!command_read(r, d.command, &negated))
		return;
	while ((piece = suri_piece(&rest, ',')))
		if (*piece)
			option_take(r, &d, piece);
	struct suri_match *m = r->refused ? NULL : suri_match_add(r, SURI_LIST);
	if (!m)
		return;
	m->negated = negated;
	m->list = set_find(r, &d);
}

/* "filesha256:bad.list", or "!bad.list" for files that are in none. */
void suri_hash_list(struct suri_rule *r, const char *name, char *value)
{
	static const struct suri_field md5 = { .name = "filemd5", .field = "file.md5" },
				       sha1 = { .name = "filesha1", .field = "file.sha1" },
				       sha256 = { .name = "filesha256", .field = "file.sha256" };
	bool negated = *value == '!';
	struct dataset d = { .name = name, .load = value + negated };
	struct suri_match *m = suri_match_add(r, SURI_LIST);
	if (!m)
		return;
	m->field = strcmp(name, "filemd5") == 0    ? &md5
		   : strcmp(name, "filesha1") == 0 ? &sha1
						   : &sha256;
	m->instance = ++r->instance;
	json_decref(m->transforms);
	m->transforms = NULL;
	m->negated = negated;
	m->list = list_load(r, &d, VALUES_HEX_TEXT);
}
