/* One indicator: the table of its keys, and the readers of those that are short. What it looks for
 * is read by pack_kind.c, pack_hash.c and pack_match.c; the rest by pack_where.c, pack_action.c and
 * pack_meta.c. */
#include <rules/reader.h>

#include <string.h>

enum { ID_MAX = 128, NAME_MAX_BYTES = 256, DESCRIPTION_MAX = 4096, REFERENCE_MAX = 2048 };
enum { REFERENCES_MAX = 16 };

static bool id_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:/@+-";
	const char *text;
	if (!sl_reader_text(r, key, value, ID_MAX, false, &text))
		return false;
	if (text[strspn(text, allowed)])
		return sl_reader_fail(r, key,
				      "\"%s\" is no id: use letters, digits and \"._:/@+-\"", text);
	((struct sl_indicator *)into)->id = text;
	return true;
}

static bool name_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_text(r, key, value, NAME_MAX_BYTES, false,
			      &((struct sl_indicator *)into)->name);
}

static bool description_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_text(r, key, value, DESCRIPTION_MAX, true,
			      &((struct sl_indicator *)into)->description);
}

static bool references_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	if (!json_is_array(value))
		return sl_reader_fail(r, key, "must be a list of URLs");
	if (json_array_size(value) > REFERENCES_MAX)
		return sl_reader_fail(r, key, "has more than %d items", REFERENCES_MAX);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *text;
		if (!sl_reader_text(r, key, json_array_get(value, i), REFERENCE_MAX, false, &text))
			return false;
	}
	((struct sl_indicator *)into)->references = (json_t *)(uintptr_t)value;
	return true;
}

static bool subdomains_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_bool(r, key, value, &((struct sl_indicator *)into)->subdomains);
}

static bool scope_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const scopes[] = { "transaction", "flow", "packet", NULL };
	int i = sl_reader_choice(r, key, value, scopes);
	if (i >= 0)
		((struct sl_indicator *)into)->scope = (enum sl_scope)i;
	return i >= 0;
}

static bool silent_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_bool(r, key, value, &((struct sl_indicator *)into)->silent);
}

static bool pass_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_bool(r, key, value, &((struct sl_indicator *)into)->pass);
}

/* A metadata key, handed on to its reader in pack_meta.c. */
#define META_ROW(name)                                                                             \
	static bool name##_read(struct sl_reader *r, const char *key, const json_t *value,         \
				void *into)                                                        \
	{                                                                                          \
		return sl_meta_##name(r, key, value, &((struct sl_indicator *)into)->meta);        \
	}
META_ROW(severity)
META_ROW(confidence)
META_ROW(class)
META_ROW(tlp)
META_ROW(valid_from)
META_ROW(valid_until)
META_ROW(status)
META_ROW(drill)

static const struct sl_key indicator_keys[] = {
	{ "id", id_read },
	{ "address", sl_address_read },
	{ "domain", sl_domain_read },
	{ "url", sl_url_read },
	{ "match", sl_match_read },
	{ "md5", sl_hash_read },
	{ "sha1", sl_hash_read },
	{ "sha256", sl_hash_read },
	{ "cert_sha1", sl_hash_read },
	{ "cert_sha256", sl_hash_read },
	{ "ja3", sl_hash_read },
	{ "ja3s", sl_hash_read },
	{ "ja4", sl_hash_read },
	{ "hassh", sl_hash_read },
	{ "hassh_server", sl_hash_read },
	{ "port", sl_port_read },
	{ "proto", sl_proto_read },
	{ "subdomains", subdomains_read },
	{ "scope", scope_read },
	{ "where", sl_where_read },
	{ "mark", sl_mark_read },
	{ "unmark", sl_unmark_read },
	{ "toggle", sl_toggle_read },
	{ "threshold", sl_threshold_read },
	{ "silent", silent_read },
	{ "pass", pass_read },
	{ "name", name_read },
	{ "description", description_read },
	{ "references", references_read },
	{ "severity", severity_read },
	{ "confidence", confidence_read },
	{ "class", class_read },
	{ "tlp", tlp_read },
	{ "valid_from", valid_from_read },
	{ "valid_until", valid_until_read },
	{ "status", status_read },
	{ "drill", drill_read },
	{ NULL, NULL },
};

void sl_indicator_read(struct sl_reader *r, const json_t *object, const struct sl_meta *defaults,
		       struct sl_indicator *into)
{
	into->meta = *defaults;
	into->subdomains = true;
	into->name = into->description = into->value = "";
	if (!json_is_object(object)) {
		sl_reader_fail(r, NULL, "must be an object");
		return;
	}
	const json_t *id = json_object_get(object, "id");
	r->id = json_string_value(id);
	if (!id)
		sl_reader_fail(r, NULL, "the key \"id\" is missing");
	sl_reader_object(r, object, indicator_keys, into);
	sl_kind_read(r, object, into);
	if (json_object_get(object, "valid_from") || json_object_get(object, "valid_until"))
		sl_meta_check(r, &into->meta);
}
