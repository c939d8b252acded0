/* A Zeek intel file: tab-separated, with the names of the fields in its first line. Zeek compares
 * whole values, and knows neither times nor ports nor labels. */
#include <rules/export/export.h>

#include <selat/address.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *key, *type; /* key: a kind, or the field of a match's one `equals` */
} types[] = {
	{ "domain", "Intel::DOMAIN" },
	{ "url", "Intel::URL" },
	{ "md5", "Intel::FILE_HASH" },
	{ "sha1", "Intel::FILE_HASH" },
	{ "sha256", "Intel::FILE_HASH" },
	{ "cert_sha1", "Intel::CERT_HASH" },
	{ "file.name", "Intel::FILE_NAME" },
	{ "http.user_agent", "Intel::SOFTWARE" },
};

static const char *const no_type = "Zeek's intel framework has no type for it";

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const char *type_of(const char *key)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].key, key) == 0)
			return types[i].type;
	return NULL;
}

/* Tabs end a field, and newlines a line; "-" alone would be nothing. */
static void field_write(FILE *out, const char *text)
{
	if (!*text || strcmp(text, "-") == 0)
		text = *text ? "\\x2d" : "-";
	for (; *text; text++)
		fputc(*text == '\t' || *text == '\n' || *text == '\r' ? ' ' : *text, out);
	fputc('\t', out);
}

/* A hash without the colons between its pairs. */
static void digits_write(FILE *out, const char *hash)
{
	for (; *hash; hash++)
		if (*hash != ':')
			fputc(*hash, out);
	fputc('\t', out);
}

static const char *address_type(const char *address)
{
	struct sl_prefix prefix;
	if (sl_prefix_parse(address, &prefix, NULL) < 0)
		return NULL;
	return prefix.bits == (prefix.address.family == 4 ? 32 : 128) ? "Intel::ADDR"
								      : "Intel::SUBNET";
}

/* The value and its type; false: the indicator was left. Names and URLs as they travel. */
static bool value_find(struct sl_export *ex, const struct sl_export_item *item, const char **value,
		       const char **type)
{
	const char *kind = sl_export_kind(item->json);
	const json_t *match = json_object_get(item->json, "match"), *c = json_array_get(match, 0);
	*value = item->ind->normal ? item->ind->normal : text_of(item->json, kind);
	*type = type_of(kind);
	if (*value && strcmp(kind, "address") == 0)
		*type = address_type(*value);
	if (json_array_size(match) == 1 && json_object_size(c) == 2 && text_of(c, "equals")) {
		*value = text_of(c, "equals");
		*type = type_of(text_of(c, "field"));
	}
	if (*value && *type)
		return true;
	sl_export_leave(ex, item, no_type);
	return false;
}

/* Keys that would make it mean less elsewhere: Zeek would find more than the author wants. */
static bool narrowed(struct sl_export *ex, const struct sl_export_item *item)
{
	static const char *const keys[] = { "port", "proto", "where", "silent", "pass", NULL };
	for (size_t i = 0; keys[i]; i++)
		if (json_object_get(item->json, keys[i])) {
			sl_export_leave(ex, item, "Zeek's intel framework knows no such bounds "
						  "(port, proto, where, silent, pass)");
			return true;
		}
	if (!item->ind->meta.shadow && !item->ind->meta.off)
		return false;
	sl_export_leave(ex, item, "it is in shadow or off, which Zeek does not know");
	return true;
}

/* Zeek has URLs without their scheme, and sees those of HTTP alone. */
static const char *url_value(struct sl_export *ex, const struct sl_export_item *item,
			     const char *url)
{
	if (strncasecmp(url, "http://", 7) == 0)
		return url + 7;
	sl_export_leave(ex, item, "Zeek sees the URLs of HTTP alone");
	return NULL;
}

static void item_write(struct sl_export *ex, const struct sl_export_item *item)
{
	const char *value, *type;
	if (narrowed(ex, item) || !value_find(ex, item, &value, &type))
		return;
	if (strcmp(type, "Intel::URL") == 0 && !(value = url_value(ex, item, value)))
		return;
	if (strpbrk(value, "\t\r\n")) {
		sl_export_leave(ex, item, "its value holds a tab or a newline");
		return;
	}
	if (strcmp(type, "Intel::DOMAIN") == 0 && item->ind->subdomains)
		sl_export_note(ex, item, "Zeek looks for this name alone, not for those below it");
	char *about;
	const struct sl_indicator *ind = item->ind;
	if (asprintf(&about, "%s%s%s", ind->id, ind->name[0] ? ": " : "", ind->name) < 0)
		return;
	if (strcmp(type, "Intel::CERT_HASH") == 0)
		digits_write(ex->out, value);
	else
		field_write(ex->out, value);
	field_write(ex->out, type);
	field_write(ex->out, item->pack->name);
	field_write(ex->out, about);
	const char *url = json_string_value(json_array_get(ind->references, 0));
	field_write(ex->out, url ? url : "");
	fputs("T\n", ex->out);
	free(about);
}

int sl_export_zeek(struct sl_export *ex, struct sl_err *err)
{
	(void)err;
	fputs("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\t"
	      "meta.do_notice\n",
	      ex->out);
	for (size_t i = 0; i < ex->packs->n; i++)
		for (size_t k = 0; k < ex->packs->pack[i].n; k++) {
			struct sl_export_item item = sl_export_item(&ex->packs->pack[i], k);
			item_write(ex, &item);
		}
	return SL_OK;
}
