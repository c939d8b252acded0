/* A header's protocol and hook, and the options that ask for protocols. */
#include <rules/import/suricata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void app_add(struct suri_rule *r, const char *name)
{
	if (json_array_append_new(r->apps, json_string(name)) < 0)
		r->failed = true;
}

/* The names of protocols that Selat knows. "http" is any version in both. */
static const struct {
	const char *name, *app;
} apps[] = {
	{ "http", "http" }, { "http1", "http1" },       { "http2", "http2" }, { "tls", "tls" },
	{ "ssl", "tls" },   { "dns", "dns" },           { "quic", "quic" },   { "smtp", "smtp" },
	{ "ftp", "ftp" },   { "ftp-data", "ftp-data" }, { "ssh", "ssh" },
};
enum { APPS = sizeof apps / sizeof apps[0] };

static int app_find(const char *name)
{
	for (int i = 0; i < APPS; i++)
		if (strcmp(apps[i].name, name) == 0)
			return i;
	return -1;
}

static const struct {
	const char *name;
	const char *proto[2];
	bool packets, stream;
} transports[] = {
	{ .name = "tcp", .proto = { "tcp" } },
	{ .name = "tcp-pkt", .proto = { "tcp" }, .packets = true },
	{ .name = "tcp-stream", .proto = { "tcp" }, .stream = true },
	{ .name = "udp", .proto = { "udp" } },
	{ .name = "sctp", .proto = { "sctp" } },
	{ .name = "icmp", .proto = { "icmp", "icmpv6" } },
	{ .name = "icmpv4", .proto = { "icmp" } },
	{ .name = "icmpv6", .proto = { "icmpv6" } },
	{ .name = "ip", .proto = { NULL } },
};

static bool transport_read(struct suri_rule *r)
{
	for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
		if (strcmp(transports[i].name, r->proto) != 0)
			continue;
		for (int k = 0; k < 2 && transports[i].proto[k]; k++)
			suri_append(r, r->where, "proto", json_string(transports[i].proto[k]));
		r->packets = transports[i].packets;
		r->stream = transports[i].stream;
		return true;
	}
	return false;
}

/* Points in a transaction: what is there once they are reached. */
static const struct {
	const char *name;
	enum sl_field_dir dir;
	const char *field; /* NULL: only the direction follows */
} hooks[] = {
	{ "request_started", SL_DIR_TO_SERVER, "http.method" },
	{ "request_line", SL_DIR_TO_SERVER, "http.method" },
	{ "request_headers", SL_DIR_TO_SERVER, "http.method" },
	{ "request_body", SL_DIR_TO_SERVER, "http.request_body" },
	{ "request_trailer", SL_DIR_TO_SERVER, "http.method" },
	{ "request_complete", SL_DIR_TO_SERVER, "http.method" },
	{ "response_started", SL_DIR_TO_CLIENT, "http.stat_code" },
	{ "response_line", SL_DIR_TO_CLIENT, "http.stat_code" },
	{ "response_headers", SL_DIR_TO_CLIENT, "http.stat_code" },
	{ "response_body", SL_DIR_TO_CLIENT, "http.response_body" },
	{ "response_trailer", SL_DIR_TO_CLIENT, "http.stat_code" },
	{ "response_complete", SL_DIR_TO_CLIENT, "http.stat_code" },
	{ "client_hello_done", SL_DIR_TO_SERVER, "ja3.hash" },
	{ "server_hello_done", SL_DIR_TO_CLIENT, "ja3s.hash" },
	{ "server_cert_done", SL_DIR_TO_CLIENT, "tls.cert_subject" },
};

/* Packet hooks ask nothing that a rule does not anyway. */
static bool hook_is_packets(const char *hook)
{
	return strcmp(hook, "all") == 0 || strcmp(hook, "flow_start") == 0;
}

static void hook_read(struct suri_rule *r)
{
	bool http = strncmp(r->proto, "http", 4) == 0, tls = strcmp(r->proto, "tls") == 0;
	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
		if (strcmp(hooks[i].name, r->hook) != 0)
			continue;
		r->dir = hooks[i].dir;
		if (strncmp(hooks[i].field, "http", 4) == 0 ? http : tls)
			return;
		if (strcmp(r->proto, "dns") == 0)
			return;
	}
	if (app_find(r->proto) >= 0 || !hook_is_packets(r->hook))
		suri_refuse(r, "the hook \"%.32s:%.32s\" has no counterpart", r->proto, r->hook);
}

void suri_header_read(struct suri_rule *r)
{
	int app = app_find(r->proto);
	if (app >= 0) {
		app_add(r, apps[app].app);
	} else if (!transport_read(r)) {
		suri_refuse(r, "the protocol \"%.32s\" is not inspected", r->proto);
	}
	if (r->hook)
		hook_read(r);
}

/* What a rule with a hook and no condition looks for: that the point is reached. */
const char *suri_hook_field(const struct suri_rule *r)
{
	for (size_t i = 0; r->hook && i < sizeof hooks / sizeof hooks[0]; i++)
		if (strcmp(hooks[i].name, r->hook) == 0)
			return strcmp(r->proto, "dns") == 0 ? "dns.query" : hooks[i].field;
	return NULL;
}

/* "http", "!tls"; a word after a comma says whether it is the protocol at last, or before an upgrade. */
void suri_app_protocol(struct suri_rule *r, const char *name, char *value)
{
	bool negated = *value == '!';
	char *rest = value + negated, *word = suri_piece(&rest, ',');
	int app = app_find(word ? word : "");
	if (app < 0) {
		suri_refuse(r, "%s: the protocol \"%.32s\" is not inspected", name,
			    word ? word : "");
		return;
	}
	const char *when = rest ? suri_trim(rest) : "final";
	char full[16];
	snprintf(full, sizeof full, "%s%s", negated ? "!" : "", apps[app].app);
	if (strcmp(when, "original") == 0)
		suri_append(r, r->where, "app_before", json_string(full));
	else if (strcmp(when, "final") == 0 || strcmp(when, "either") == 0)
		app_add(r, full);
	else
		suri_refuse(r, "%s: \"%.32s\" has no counterpart", name, when);
}

/* A name or a number. */
void suri_ip_proto(struct suri_rule *r, const char *name, char *value)
{
	static const char *const names[] = { "tcp", "udp", "sctp", "icmp", "icmpv6" };
	int64_t number;
	if (suri_number(value, 0, UINT8_MAX, &number)) {
		suri_append(r, r->where, "proto", json_integer(number));
		return;
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(names[i], value) == 0) {
			suri_append(r, r->where, "proto", json_string(names[i]));
			return;
		}
	suri_refuse(r, "%s: \"%.32s\" has no counterpart", name, value);
}
