/* One indicator: what it looks for, and its metadata. Readers of keys, then the checks that need
 * more than one key. */
#include <rules/idn.h>
#include <rules/reader.h>

#include <netinet/in.h>
#include <selat/name.h>
#include <selat/url.h>
#include <stdlib.h>
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

static bool address_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	struct sl_err why = { "" };
	if (!sl_reader_text(r, key, value, SL_ADDRESS_TEXT - 1, false, &ind->value))
		return false;
	return sl_prefix_parse(ind->value, &ind->prefix, &why) == 0 ||
	       sl_reader_fail(r, key, "%s", why.text);
}

/* An indicator with a domain and a URL is refused later; until then it has one normal form. */
static bool normal_set(struct sl_reader *r, const char *key, const char *normal,
		       struct sl_indicator *ind)
{
	free(ind->normal);
	ind->normal = strdup(normal);
	return ind->normal || sl_reader_fail(r, key, "out of memory");
}

static bool domain_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	struct sl_err why = { "" };
	char ascii[SL_NAME_MAX], normal[SL_NAME_MAX];
	if (!sl_reader_text(r, key, value, SL_NAME_MAX - 1, false, &ind->value))
		return false;
	if (sl_idn_name(ind->value, ascii, sizeof ascii, &why) < 0 ||
	    sl_name_parse(ascii, normal, sizeof normal, &why) < 0)
		return sl_reader_fail(r, key, "%s", why.text);
	return normal_set(r, key, normal, ind);
}

static bool url_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	struct sl_err why = { "" };
	char ascii[SL_URL_MAX], normal[SL_URL_MAX];
	if (!sl_reader_text(r, key, value, SL_URL_MAX - 1, false, &ind->value))
		return false;
	if (sl_idn_url(ind->value, ascii, sizeof ascii, &why) < 0 ||
	    sl_url_parse(ascii, normal, sizeof normal, &why) < 0)
		return sl_reader_fail(r, key, "%s", why.text);
	return normal_set(r, key, normal, ind);
}

static bool port_add(struct sl_reader *r, const char *key, const json_t *value,
		     struct sl_indicator *ind)
{
	int64_t port;
	if (!sl_reader_integer(r, key, value, 1, UINT16_MAX, &port))
		return false;
	for (size_t i = 0; i < ind->ports_n; i++)
		if (ind->ports[i] == port)
			return sl_reader_fail(r, key, "%lld is there twice", (long long)port);
	ind->ports[ind->ports_n++] = (uint16_t)port;
	return true;
}

static bool port_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	if (!json_is_array(value))
		return port_add(r, key, value, into);
	size_t n = json_array_size(value);
	if (n == 0)
		return sl_reader_fail(r, key, "is empty");
	if (n > SL_PORTS_MAX)
		return sl_reader_fail(r, key, "has %zu ports; at most %d are possible", n,
				      SL_PORTS_MAX);
	for (size_t i = 0; i < n; i++)
		if (!port_add(r, key, json_array_get(value, i), into))
			return false;
	return true;
}

static bool proto_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const names[] = { "tcp", "udp", "sctp", "icmp", "icmpv6", NULL };
	static const uint8_t numbers[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP,
					   IPPROTO_ICMPV6 };
	int i = sl_reader_choice(r, key, value, names);
	if (i >= 0)
		((struct sl_indicator *)into)->proto = numbers[i];
	return i >= 0;
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
	{ "address", address_read },
	{ "domain", domain_read },
	{ "url", url_read },
	{ "match", sl_match_read },
	{ "port", port_read },
	{ "proto", proto_read },
	{ "subdomains", subdomains_read },
	{ "scope", scope_read },
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

static const struct {
	const char *key;
	enum sl_indicator_kind kind;
} kinds[] = {
	{ "address", SL_IND_ADDRESS },
	{ "domain", SL_IND_DOMAIN },
	{ "url", SL_IND_URL },
	{ "match", SL_IND_MATCH },
};

/* Exactly one of them says what to look for. */
static void kind_read(struct sl_reader *r, const json_t *object, struct sl_indicator *into)
{
	const char *first = NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!json_object_get(object, kinds[i].key))
			continue;
		if (first) {
			sl_reader_fail(r, kinds[i].key,
				       "the indicator has \"%s\" too; make two indicators of it",
				       first);
			return;
		}
		first = kinds[i].key;
		into->kind = kinds[i].kind;
	}
	if (!first)
		sl_reader_fail(r, NULL, "needs one of address, domain, url, match");
}

/* Keys that go with one kind alone. */
static void keys_fit(struct sl_reader *r, const json_t *object, const struct sl_indicator *ind)
{
	static const struct {
		const char *key;
		enum sl_indicator_kind kind;
	} bound[] = {
		{ "port", SL_IND_ADDRESS },
		{ "proto", SL_IND_ADDRESS },
		{ "subdomains", SL_IND_DOMAIN },
		{ "scope", SL_IND_MATCH },
	};
	for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++)
		if (ind->kind && ind->kind != bound[i].kind &&
		    json_object_get(object, bound[i].key))
			sl_reader_fail(r, bound[i].key, "goes with \"%s\" alone",
				       sl_indicator_kind_text(bound[i].kind));
	if (ind->ports_n && (ind->proto == IPPROTO_ICMP || ind->proto == IPPROTO_ICMPV6))
		sl_reader_fail(r, "port", "icmp has no ports");
}

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
	kind_read(r, object, into);
	keys_fit(r, object, into);
	if (json_object_get(object, "valid_from") || json_object_get(object, "valid_until"))
		sl_meta_check(r, &into->meta);
}
