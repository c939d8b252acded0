/* Comparisons of a STIX pattern that say where: ports, protocols, address families. A pack has them
 * under "where". */
#include <rules/import/stix.h>

#include <string.h>

static json_t *none(struct sl_err *why, const struct sl_stix_test *t, const char *reason)
{
	sl_fail(why, SL_EFORMAT, "%.128s: %s", t->path, reason);
	return NULL;
}

static json_t *where_new(const char *key, json_t *value)
{
	return json_pack("[{s{so}}]", "where", key, value);
}

/* The first and the last port of a comparison; false: there is none. */
static bool range_of(const struct sl_stix_test *t, const json_t *value, json_int_t *first,
		     json_int_t *last)
{
	json_int_t n = json_integer_value(value);
	*first = 0;
	*last = UINT16_MAX;
	if (!json_is_integer(value) || n < 0 || n > UINT16_MAX)
		return false;
	switch (t->op) {
	case SL_STIX_EQUAL:
	case SL_STIX_IN:
		*first = *last = n;
		return true;
	case SL_STIX_LESS:
		*last = n - 1;
		return n > 0;
	case SL_STIX_LESS_EQUAL:
		*last = n;
		return true;
	case SL_STIX_GREATER:
		*first = n + 1;
		return n < UINT16_MAX;
	case SL_STIX_GREATER_EQUAL:
		*first = n;
		return true;
	default:
		return false;
	}
}

static json_t *port_options(const struct sl_stix_test *t, const char *key, struct sl_err *why)
{
	json_t *ports = json_array();
	for (size_t i = 0; i < json_array_size(t->values); i++) {
		json_int_t first, last;
		if (!range_of(t, json_array_get(t->values, i), &first, &last)) {
			json_decref(ports);
			return none(why, t, "a port is a number from 0 to 65535, compared by =, !=, IN, "
					    "<, <=, >, >=");
		}
		const char *no = t->negated ? "!" : "";
		if (first == last && !t->negated)
			json_array_append_new(ports, json_integer(first));
		else if (first == last)
			json_array_append_new(ports, json_sprintf("%s%lld", no, (long long)first));
		else
			json_array_append_new(ports, json_sprintf("%s%lld-%lld", no,
								  (long long)first, (long long)last));
	}
	return where_new(key, ports);
}

/* A protocol of any layer: under "proto", under "app", or an address family. */
static json_t *protocol_options(const struct sl_stix_test *t, struct sl_err *why)
{
	static const char *const protos[] = { "tcp", "udp", "sctp", "icmp", "icmpv6", NULL };
	static const char *const apps[] = { "http", "tls", "dns", "quic", "smtp", "ftp",
					    "ssh",  "socks", "openvpn", "rtsp", NULL };
	const char *text = json_string_value(json_array_get(t->values, 0));
	if (!text || t->negated || t->op != SL_STIX_EQUAL)
		return none(why, t, "only = with one text can be taken over; write several by OR");
	for (size_t i = 0; protos[i]; i++)
		if (strcasecmp(text, protos[i]) == 0)
			return where_new("proto", json_string(protos[i]));
	for (size_t i = 0; apps[i]; i++)
		if (strcasecmp(text, apps[i]) == 0)
			return where_new("app", json_string(apps[i]));
	if (strcasecmp(text, "ipv4") == 0)
		return where_new("client", json_string("0.0.0.0/0"));
	if (strcasecmp(text, "ipv6") == 0)
		return where_new("client", json_string("::/0"));
	sl_fail(why, SL_EFORMAT, "%.128s: the protocol \"%.40s\" is not known here", t->path, text);
	return NULL;
}

/* The kind of what an end is. */
static json_t *type_options(const struct sl_stix_test *t, struct sl_err *why)
{
	const char *end = strstr(t->path, ":src_ref") ? "client" : "server";
	const char *text = json_string_value(json_array_get(t->values, 0));
	if (text && !t->negated && t->op == SL_STIX_EQUAL && strcmp(text, "ipv4-addr") == 0)
		return where_new(end, json_string("0.0.0.0/0"));
	if (text && !t->negated && t->op == SL_STIX_EQUAL && strcmp(text, "ipv6-addr") == 0)
		return where_new(end, json_string("::/0"));
	if (text && !t->negated && t->op == SL_STIX_EQUAL && strcmp(text, "domain-name") == 0)
		return json_pack("[{}]"); /* its value says so too */
	return none(why, t, "only = with ipv4-addr, ipv6-addr or domain-name can be taken over");
}

static bool path_is(const struct sl_stix_test *t, const char *path)
{
	return strcmp(t->path, path) == 0;
}

bool sl_stix_is_where(const struct sl_stix_test *t)
{
	return path_is(t, "network-traffic:dst_port") || path_is(t, "network-traffic:src_port") ||
	       path_is(t, "network-traffic:src_ref.type") ||
	       path_is(t, "network-traffic:dst_ref.type") ||
	       strncmp(t->path, "network-traffic:protocols[", 26) == 0;
}

json_t *sl_stix_where_options(const struct sl_stix_test *t, struct sl_err *why)
{
	if (path_is(t, "network-traffic:dst_port"))
		return port_options(t, "port", why);
	if (path_is(t, "network-traffic:src_port"))
		return port_options(t, "client_port", why);
	if (strstr(t->path, "_ref.type"))
		return type_options(t, why);
	if (path_is(t, "network-traffic:protocols[*]"))
		return protocol_options(t, why);
	return none(why, t, "the place in the list says nothing; write protocols[*]");
}
