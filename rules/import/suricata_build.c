/* A rule that was read becomes its indicator; two where it looks both ways and they differ: sid-1,
 * sid-1/2. */
#include <rules/import/build.h>
#include <rules/import/suricata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONDITIONS_MAX = 32, LITERAL_MAX = 2048, REGEX_MAX = 8192 };

static bool on_payload(const struct suri_match *m)
{
	return strcmp(m->field->field, "payload") == 0;
}

static bool on_address(const struct suri_match *m)
{
	return strncmp(m->field->field, "ip.", 3) == 0;
}

/* Buffers that Suricata fills in one direction alone give the rule that direction. */
static void direction_imply(struct suri_rule *r)
{
	bool server = false, client = false;
	for (size_t i = 0; i < r->matches; i++) {
		server = server || r->match[i].field->dir == SL_DIR_TO_SERVER;
		client = client || r->match[i].field->dir == SL_DIR_TO_CLIENT;
	}
	if (r->transactional)
		return;
	if ((server && client) || (server && r->dir == SL_DIR_TO_CLIENT) ||
	    (client && r->dir == SL_DIR_TO_SERVER))
		suri_refuse(r, "it looks at requests and answers: in Suricata that needs \"=>\"");
	else if (server || client)
		r->dir = server ? SL_DIR_TO_SERVER : SL_DIR_TO_CLIENT;
}

static void match_check(struct suri_rule *r, struct suri_match *m)
{
	bool relative = m->distance != SURI_NONE || m->within != SURI_NONE;
	size_t max = m->kind == SURI_REGEX ? REGEX_MAX : LITERAL_MAX;
	if (relative && (m->offset != SURI_NONE || m->depth != SURI_NONE || m->starts))
		suri_refuse(r, "a content has places both relative and absolute");
	if ((m->depth != SURI_NONE && m->depth < (int64_t)m->len && m->kind == SURI_LITERAL) ||
	    (m->within != SURI_NONE && m->within < (int64_t)m->len && m->kind == SURI_LITERAL))
		suri_refuse(r, "a content is longer than its depth or within");
	if (m->kind <= SURI_REGEX && m->len > max)
		suri_refuse(r, "a content or expression has more than %zu bytes", max);
	if (m->max >= 0 && m->max < m->min) {
		suri_never(r, "a length is asked for that no value has");
		m->max = m->min;
	}
	if (m->after_min > 0 && (m->ends || (m->after_max >= 0 && m->after_max < m->after_min))) {
		suri_never(r, "what follows a content is to be longer and shorter at once");
		m->after_min = 0;
	}
	if (on_address(m) && m->kind != SURI_LIST)
		suri_refuse(r, "%s is compared with lists alone", m->field->field);
}

/* Places in a TCP stream are places in its packets: so does Suricata judge them, at a packet first
 * of all. */
static bool needs_packets(const struct suri_rule *r)
{
	if (r->packets)
		return true;
	for (size_t i = 0; i < r->matches && !r->stream; i++) {
		const struct suri_match *m = &r->match[i];
		if (on_payload(m) &&
		    (m->kind == SURI_LENGTH || m->offset != SURI_NONE || m->depth != SURI_NONE ||
		     m->starts || m->ends || m->after_max >= 0))
			return true;
	}
	return false;
}

static const char *scope_of(const struct suri_rule *r)
{
	bool payload = false, field = false, condition = r->matches > 0;
	for (size_t i = 0; i < r->matches; i++) {
		payload = payload || on_payload(&r->match[i]);
		field = field || (!on_payload(&r->match[i]) && !on_address(&r->match[i]));
	}
	if (condition && payload && needs_packets(r))
		return "packet";
	if (condition && r->packets)
		return "packet";
	return payload && field ? "flow" : NULL;
}

static bool is_tcp(const struct suri_rule *r)
{
	static const char *const names[] = { "tcp",   "tcp-pkt",  "tcp-stream", "http",
					     "http1", "http2",    "tls",        "smtp",
					     "ftp",   "ftp-data", "ssh",        "ssl" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], r->proto) == 0)
			return true;
	return false;
}

/* Data travels on TCP once it is established; without conditions the packet tells. */
static void state_set(struct suri_rule *r, json_t *where)
{
	if (r->established && r->not_established)
		suri_refuse(r, "flow: established and not at once");
	if (r->not_established)
		suri_set(r, where, "part", json_string("first"));
	else if (r->established && !is_tcp(r))
		suri_set(r, where, "part", json_string("answered"));
	else if (r->established && r->matches == 0 && json_array_size(r->apps) == 0 &&
		 !json_object_get(where, "tcp_flags"))
		suri_set(r, where, "tcp_flags", json_pack("{ss}", "clear", "SR"));
}

static void apps_set(struct suri_rule *r, json_t *where)
{
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(r->apps); i++) {
		json_t *app = json_array_get(r->apps, i);
		bool there = false;
		for (size_t k = 0; k < json_array_size(list); k++)
			there = there || json_equal(json_array_get(list, k), app);
		if (!there && json_array_append(list, app) < 0)
			r->failed = true;
	}
	size_t n = json_array_size(list);
	if (n)
		suri_set(r, where, "app",
			 n == 1 ? json_incref(json_array_get(list, 0)) : json_incref(list));
	json_decref(list);
}

/* One item is written alone. */
static void lists_shorten(struct suri_rule *r, json_t *where)
{
	static const char *const keys[] = { "proto",   "from",   "to",         "from_port",
					    "to_port", "marked", "marked_any", "not_marked",
					    "app_before" };
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const json_t *list = json_object_get(where, keys[i]);
		if (json_array_size(list) == 1)
			suri_set(r, where, keys[i], json_incref(json_array_get(list, 0)));
	}
}

/* What Suricata 8.0 does not open: there a rule sees the packet around, which it sees here too. */
static void tunnels_set(struct suri_rule *r, json_t *where)
{
	static const char *const closed[] = { "!etherip", "!l2tpv3", "!l2tp",     "!gtp-u",
					      "!capwap",  "!wlan",   "!mpls-bare" };
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		suri_append(r, where, "tunnel", json_string(closed[i]));
}

static json_t *where_make(struct suri_rule *r, bool swapped)
{
	json_t *where = json_object();
	apps_set(r, where);
	json_object_update(where, r->where);
	suri_header_where(r, where, swapped);
	if (r->dir != SL_DIR_BOTH)
		suri_set(r, where, "direction",
			 json_string(r->dir == SL_DIR_TO_SERVER ? "to_server" : "to_client"));
	state_set(r, where);
	bool plain = json_object_get(where, "app")
			     ? json_object_size(where) == 1
			     : json_object_get(where, "proto") && json_object_size(where) == 1;
	if (r->matches == 0 && !suri_hook_field(r) && !plain)
		suri_set(r, where, "packet", json_true());
	lists_shorten(r, where);
	if (!r->im->options->any_tunnel)
		tunnels_set(r, where);
	return where;
}

/* A rule with a hook and nothing else. */
static void hook_add(struct suri_rule *r, json_t *match)
{
	const char *field = suri_hook_field(r);
	bool body = field && sl_field_info(sl_field_find(field))->stream;
	if (!field || json_array_size(match))
		return;
	json_t *c = body ? json_pack("{ss ss}", "field", field, "regex", "(?s)^.")
			 : json_pack("{ss s{si}}", "field", field, "length", "min", 0);
	if (json_array_append_new(match, c) < 0)
		r->failed = true;
}

/* Addresses are known before the protocol is: with them alone a rule waits for the first that its
 * protocol says. */
static void protocol_await(struct suri_rule *r, json_t *match)
{
	static const struct {
		const char *app, *to_server, *to_client;
	} signs[] = {
		{ "http", "http.method", "http.stat_code" },
		{ "http1", "http.method", "http.stat_code" },
		{ "http2", "http.method", "http.stat_code" },
		{ "tls", "tls.version", "tls.version" },
		{ "dns", "dns.query", "dns.rcode" },
		{ "quic", "quic.version", "quic.version" },
		{ "ssh", "ssh.software", "ssh.software" },
	};
	const char *app = json_string_value(json_array_get(r->apps, 0));
	for (size_t i = 0; i < r->matches; i++)
		if (!on_address(&r->match[i]))
			return;
	for (size_t i = 0; app && r->matches && i < sizeof signs / sizeof signs[0]; i++) {
		if (strcmp(signs[i].app, app) != 0)
			continue;
		const char *field =
			r->dir == SL_DIR_TO_CLIENT ? signs[i].to_client : signs[i].to_server;
		if (json_array_append_new(
			    match, json_pack("{ss s{si}}", "field", field, "length", "min", 0)) < 0)
			r->failed = true;
	}
}

static void meta_set(struct suri_rule *r, json_t *into)
{
	if (r->class_)
		suri_set(r, into, "class", json_string(r->class_));
	if (r->severity)
		suri_set(r, into, "severity", json_string(r->severity));
	json_object_update(into, r->more);
	if (r->silent)
		suri_set(r, into, "silent", json_true());
	if (r->action == SURI_PASS)
		suri_set(r, into, "pass", json_true());
	if (r->shadow)
		suri_set(r, into, "status", json_string("shadow"));
	if (json_array_size(r->references))
		suri_set(r, into, "references", json_incref(r->references));
	if (r->description)
		suri_set(r, into, "description", json_string(r->description));
}

static json_t *indicator_make(struct suri_rule *r, const char *id, bool swapped)
{
	json_t *ind = json_pack("{ss}", "id", id);
	json_t *where = where_make(r, swapped), *match = suri_conditions(r);
	const char *scope = scope_of(r);
	hook_add(r, match);
	protocol_await(r, match);
	if (json_array_size(match) > CONDITIONS_MAX)
		suri_refuse(r, "makes more than %d conditions", CONDITIONS_MAX);
	if (r->msg && *r->msg)
		suri_set(r, ind, "name", json_string(r->msg));
	suri_set(r, ind, "match", match);
	if (json_object_size(where))
		suri_set(r, ind, "where", json_incref(where));
	json_decref(where);
	if (scope)
		suri_set(r, ind, "scope", json_string(scope));
	meta_set(r, ind);
	return ind;
}

/* Both ways of a "<>" are an indicator each where its sides differ. */
static void ways_add(struct suri_rule *r)
{
	bool alike = strcmp(r->from, r->to) == 0 && strcmp(r->from_port, r->to_port) == 0;
	int ways = r->both_ways && !alike ? 2 : 1;
	for (int i = 0; i < ways && !r->refused && !r->failed; i++) {
		char id[48];
		snprintf(id, sizeof id, i ? "%s/2" : "%s", r->id);
		json_t *ind = indicator_make(r, id, i == 1);
		if (r->refused || r->failed || !sl_build_add(r->im, &r->at, json_incref(ind)))
			i = ways;
		json_decref(ind);
	}
}

void suri_off_build(struct suri_rule *r, char *text)
{
	free(r->description);
	r->description = NULL;
	suri_describe(r, "rule", text);
	json_t *ind = json_pack("{ss s[] ss}", "id", r->id, "match", "status", "off");
	if (r->msg && *r->msg)
		suri_set(r, ind, "name", json_string(r->msg));
	if (r->description)
		suri_set(r, ind, "description", json_string(r->description));
	if (r->failed)
		json_decref(ind);
	else if (sl_import_add(r->im, &r->at, ind))
		sl_import_note(r->im, &r->at, "asks for the %s: kept, but off: %s", r->lacks,
			       r->reason);
}

void suri_build(struct suri_rule *r)
{
	direction_imply(r);
	for (size_t i = 0; i < r->matches; i++) {
		match_check(r, &r->match[i]);
		if (r->lines && on_payload(&r->match[i]) && !r->refused)
			suri_line_shift(r, &r->match[i]);
		if (r->match[i].field->brackets && !r->refused)
			suri_envelope_shift(r, &r->match[i]);
	}
	if (!r->refused && !r->failed)
		ways_add(r);
	if (*r->lacks && !r->refused)
		suri_note(r, "asks for the %s: kept as a shadow, which gives no alerts", r->lacks);
}
