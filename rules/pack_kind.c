/* What an indicator looks for: exactly one of the kinds, and the keys that go with one alone.
 * Addresses, domains and URLs are read here. */
#include <rules/idn.h>
#include <rules/reader.h>

#include <netinet/in.h>
#include <selat/name.h>
#include <selat/url.h>
#include <stdlib.h>
#include <string.h>

bool sl_address_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	struct sl_err why = { "" };
	if (!sl_reader_text(r, key, value, SL_ADDRESS_TEXT - 1, false, &ind->value))
		return false;
	return sl_prefix_parse(ind->value, &ind->prefix, &why) == 0 ||
	       sl_reader_fail(r, key, "%s", why.text);
}

/* An indicator with a domain and a URL is refused later; until then it has one normal form. */
bool sl_normal_set(struct sl_reader *r, const char *key, const char *normal,
		   struct sl_indicator *ind)
{
	free(ind->normal);
	ind->normal = strdup(normal);
	return ind->normal || sl_reader_fail(r, key, "out of memory");
}

bool sl_domain_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	struct sl_err why = { "" };
	char ascii[SL_NAME_MAX], normal[SL_NAME_MAX];
	if (!sl_reader_text(r, key, value, SL_NAME_MAX - 1, false, &ind->value))
		return false;
	if (sl_idn_name(ind->value, ascii, sizeof ascii, &why) < 0 ||
	    sl_name_parse(ascii, normal, sizeof normal, &why) < 0)
		return sl_reader_fail(r, key, "%s", why.text);
	return sl_normal_set(r, key, normal, ind);
}

bool sl_url_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	struct sl_err why = { "" };
	char ascii[SL_URL_MAX], normal[SL_URL_MAX];
	if (!sl_reader_text(r, key, value, SL_URL_MAX - 1, false, &ind->value))
		return false;
	if (sl_idn_url(ind->value, ascii, sizeof ascii, &why) < 0 ||
	    sl_url_parse(ascii, normal, sizeof normal, &why) < 0)
		return sl_reader_fail(r, key, "%s", why.text);
	return sl_normal_set(r, key, normal, ind);
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

bool sl_port_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
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

static const char *const proto_names[] = { "tcp", "udp", "sctp", "icmp", "icmpv6", NULL };
static const uint8_t proto_numbers[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP,
					 IPPROTO_ICMPV6 };

int sl_proto_number(const char *name)
{
	for (size_t i = 0; proto_names[i]; i++)
		if (strcmp(proto_names[i], name) == 0)
			return proto_numbers[i];
	return -1;
}

bool sl_proto_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	int i = sl_reader_choice(r, key, value, proto_names);
	if (i >= 0)
		((struct sl_indicator *)into)->proto = proto_numbers[i];
	return i >= 0;
}

/* Exactly one key says what to look for. */
static void one_kind(struct sl_reader *r, const json_t *object, struct sl_indicator *into)
{
	const char *first = NULL;
	for (int kind = SL_IND_ADDRESS; kind < SL_IND_KINDS; kind++) {
		const char *key = sl_indicator_kind_text((enum sl_indicator_kind)kind);
		if (!json_object_get(object, key))
			continue;
		if (first) {
			sl_reader_fail(r, key,
				       "the indicator has \"%s\" too; make two indicators of it",
				       first);
			return;
		}
		first = key;
		into->kind = (enum sl_indicator_kind)kind;
	}
	if (!first)
		sl_reader_fail(r, NULL,
			       "needs one of address, domain, url, match; of the hashes md5, sha1, "
			       "sha256, "
			       "cert_sha1, cert_sha256; of the fingerprints ja3, ja3s, ja4, hassh, "
			       "hassh_server");
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

/* A match without conditions holds wherever its `where` does; what is off may say nothing. */
static void match_fits(struct sl_reader *r, const json_t *object, const struct sl_indicator *ind)
{
	const json_t *match = json_object_get(object, "match"),
		     *where = json_object_get(object, "where");
	bool empty = json_is_array(match) && json_array_size(match) == 0;
	if (empty && !where && !ind->meta.off)
		sl_reader_fail(r, "match",
			       "is empty: give it a condition, or the indicator a \"where\"");
	if (!empty && ind->where && ind->where->flags & SL_WHERE_PACKETS) {
		size_t before = sl_reader_enter(r, "where");
		sl_reader_fail(r, "packet", "goes with an empty match alone; use scope: packet");
		sl_reader_leave(r, before);
	}
}

void sl_kind_read(struct sl_reader *r, const json_t *object, struct sl_indicator *into)
{
	one_kind(r, object, into);
	keys_fit(r, object, into);
	match_fits(r, object, into);
}
