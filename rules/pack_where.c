/* `where`: which part of the traffic an indicator may hold in. All keys must hold. */
#include <rules/reader.h>

#include <selat/app.h>
#include <selat/text.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SL_APP_COUNT <= 64, "a bit each");

void sl_where_free(struct sl_where *where)
{
	if (!where)
		return;
	free(where->port);
	free(where->client_port);
	free(where->from_port);
	free(where->to_port);
	free(where->client);
	free(where->server);
	free(where->from);
	free(where->to);
	free(where->marked);
	free(where->marked_any);
	free(where->not_marked);
	free(where);
}

#define ITEMS_ROW(name, count, reader)                                                             \
	static bool name##_read(struct sl_reader *r, const char *key, const json_t *value,         \
				void *into)                                                        \
	{                                                                                          \
		struct sl_where *w = into;                                                         \
		return reader(r, key, value, &w->name, &w->count);                                 \
	}
ITEMS_ROW(port, ports_n, sl_ranges_read)
ITEMS_ROW(client_port, client_ports_n, sl_ranges_read)
ITEMS_ROW(from_port, from_ports_n, sl_ranges_read)
ITEMS_ROW(to_port, to_ports_n, sl_ranges_read)
ITEMS_ROW(client, clients_n, sl_networks_read)
ITEMS_ROW(server, servers_n, sl_networks_read)
ITEMS_ROW(from, froms_n, sl_networks_read)
ITEMS_ROW(to, tos_n, sl_networks_read)
ITEMS_ROW(marked, marked_n, sl_marks_read)
ITEMS_ROW(marked_any, marked_any_n, sl_marks_read)
ITEMS_ROW(not_marked, not_marked_n, sl_marks_read)

static bool proto_add(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_where *w = into;
	int64_t number;
	const char *name;
	if (json_is_integer(value)) {
		if (!sl_reader_integer(r, key, value, 0, UINT8_MAX, &number))
			return false;
	} else {
		if (!sl_reader_text(r, key, value, 32, false, &name))
			return false;
		number = sl_proto_number(name);
		if (number < 0)
			return sl_reader_fail(r, key,
					      "no protocol \"%s\" is known: write tcp, udp, sctp, "
					      "icmp, icmpv6 or "
					      "its number",
					      name);
	}
	w->protos[number / 64] |= UINT64_C(1) << number % 64;
	return true;
}

static bool proto_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_each(r, key, value, UINT8_MAX, proto_add, into);
}

/* "name" or "!name": which of the names, or -1, which is told. */
static int name_read(struct sl_reader *r, const char *key, const json_t *value, const char *const *names,
		     const char *what, bool *negated)
{
	const char *text;
	int i = 0;
	if (!sl_reader_text(r, key, value, 32, false, &text))
		return -1;
	*negated = *text == '!';
	text += *negated;
	while (names[i] && strcmp(names[i], text) != 0)
		i++;
	if (names[i])
		return i;
	const char *nearest = sl_text_nearest(text, names);
	sl_reader_fail(r, key, "no %s \"%s\" is known%s%s%s", what, text, nearest ? ", did you mean \"" : "",
		       nearest ? nearest : "", nearest ? "\"?" : "");
	return -1;
}

struct apps {
	uint64_t with, without;
};

static bool app_add(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const names[] = {
#define X(id, name) name,
		SL_APPS(X)
#undef X
			"http1", NULL, /* behind them: HTTP/1 alone, without HTTP/2 */
	};
	struct apps *apps = into;
	bool negated;
	int app = name_read(r, key, value, names, "protocol", &negated);
	if (app < 0)
		return false;
	bool http1 = app + 1 == SL_APP_COUNT;
	uint64_t bits = UINT64_C(1) << (http1 ? SL_APP_HTTP : app + 1);
	if (app + 1 == SL_APP_HTTP) /* all that has HTTP's fields */
		bits |= UINT64_C(1) << SL_APP_HTTP2 | UINT64_C(1) << SL_APP_RTSP;
	*(negated ? &apps->without : &apps->with) |= bits;
	return true;
}

/* What is not named and not excluded: with "!…" alone everything else, unknown protocols too. */
static bool apps_read(struct sl_reader *r, const char *key, const json_t *value, uint64_t *out)
{
	struct apps apps = { 0 };
	if (!sl_reader_each(r, key, value, SL_APP_COUNT, app_add, &apps))
		return false;
	uint64_t all = (UINT64_C(1) << SL_APP_COUNT) - 1;
	*out = (apps.with ? apps.with : all) & ~apps.without;
	return *out || sl_reader_fail(r, key, "excludes all that it names: it would never hold");
}

static bool app_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return apps_read(r, key, value, &((struct sl_where *)into)->apps);
}

static bool app_before_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	uint64_t apps;
	if (!apps_read(r, key, value, &apps))
		return false;
	((struct sl_where *)into)->apps_before = (uint32_t)apps;
	return true;
}

static bool word_read(struct sl_reader *r, const char *key, const json_t *value,
		      const char *const *words, uint8_t *out)
{
	int i = sl_reader_choice(r, key, value, words);
	if (i >= 0)
		*out = (uint8_t)(i + 1);
	return i >= 0;
}

static bool direction_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const words[] = { "to_server", "to_client", NULL };
	return word_read(r, key, value, words, &((struct sl_where *)into)->direction);
}

static bool part_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const words[] = { "first", "answered", NULL };
	return word_read(r, key, value, words, &((struct sl_where *)into)->part);
}

static bool tunnel_add(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const names[] = {
#define X(id, name) name,
		SL_TUNNEL_KINDS(X)
#undef X
			NULL,
	};
	struct sl_where *w = into;
	bool negated;
	if (!json_is_string(value))
		return sl_reader_fail(r, key,
				      "must be true, false, a kind of tunnel (\"gre\", \"!gtp-u\") or a "
				      "list of such");
	int kind = name_read(r, key, value, names, "tunnel", &negated);
	if (kind < 0)
		return false;
	*(negated ? &w->tunnel_none : &w->tunnel_any) |= (uint16_t)(1u << kind);
	return true;
}

static bool tunnel_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_where *w = into;
	if (json_is_boolean(value)) {
		*(json_is_true(value) ? &w->tunnel_any : &w->tunnel_none) = SL_TUNNEL_INSIDE;
		return true;
	}
	if (!sl_reader_each(r, key, value, 2 * SL_TUNNEL_KIND_COUNT, tunnel_add, w))
		return false;
	return !w->tunnel_any || w->tunnel_any & ~w->tunnel_none ||
	       sl_reader_fail(r, key, "excludes all that it names: it would never hold");
}

static bool flags_parse(struct sl_reader *r, const char *key, const json_t *value, uint8_t *out)
{
	static const char letters[] = "FSRPAUEC"; /* RFC 9293, 3.1: from the lowest bit */
	const char *text;
	if (!sl_reader_text(r, key, value, 8, false, &text))
		return false;
	for (const char *s = text; *s; s++) {
		const char *at = strchr(letters, *s);
		if (!at)
			return sl_reader_fail(r, key, "\"%s\": TCP's flags are the letters %s",
					      text, letters);
		*out |= (uint8_t)(1 << (at - letters));
	}
	return true;
}

static bool set_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return flags_parse(r, key, value, &((struct sl_where *)into)->flags_set);
}

static bool clear_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return flags_parse(r, key, value, &((struct sl_where *)into)->flags_clear);
}

static bool tcp_flags_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const struct sl_key keys[] = { { "set", set_read },
					      { "clear", clear_read },
					      { NULL, NULL } };
	struct sl_where *w = into;
	if (!json_is_object(value) || json_object_size(value) == 0)
		return sl_reader_fail(r, key, "must say which: { set: S, clear: A }");
	size_t before = sl_reader_enter(r, key), errors = r->problems->errors;
	sl_reader_object(r, value, keys, w);
	sl_reader_leave(r, before);
	if (r->problems->errors != errors)
		return false;
	return !(w->flags_set & w->flags_clear) ||
	       sl_reader_fail(r, key, "asks for a flag to be set and clear: it would never hold");
}

static bool icmp_read(struct sl_reader *r, const char *key, const json_t *value, struct sl_where *w,
		      uint16_t *min, uint16_t *max)
{
	uint64_t low, high;
	if (!sl_reader_range(r, key, value, UINT8_MAX, &low, &high))
		return false;
	w->flags |= SL_WHERE_ICMP;
	*min = (uint16_t)low;
	*max = (uint16_t)high;
	return true;
}

static bool icmp_type_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_where *w = into;
	return icmp_read(r, key, value, w, &w->icmp_type_min, &w->icmp_type_max);
}

static bool icmp_code_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_where *w = into;
	return icmp_read(r, key, value, w, &w->icmp_code_min, &w->icmp_code_max);
}

static bool vni_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	enum { VNI_MAX = (1 << 24) - 1 };
	struct sl_where *w = into;
	int64_t vni;
	if (!sl_reader_integer(r, key, value, 0, VNI_MAX, &vni))
		return false;
	w->flags |= SL_WHERE_VNI;
	w->vni = (uint32_t)vni;
	return true;
}

static bool packet_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	if (!json_is_true(value))
		return sl_reader_fail(r, key, "can only be true");
	((struct sl_where *)into)->flags |= SL_WHERE_PACKETS;
	return true;
}

static const struct sl_key where_keys[] = {
	{ "port", port_read },
	{ "client_port", client_port_read },
	{ "from_port", from_port_read },
	{ "to_port", to_port_read },
	{ "client", client_read },
	{ "server", server_read },
	{ "from", from_read },
	{ "to", to_read },
	{ "proto", proto_read },
	{ "app", app_read },
	{ "app_before", app_before_read },
	{ "direction", direction_read },
	{ "part", part_read },
	{ "tunnel", tunnel_read },
	{ "tcp_flags", tcp_flags_read },
	{ "icmp_type", icmp_type_read },
	{ "icmp_code", icmp_code_read },
	{ "vni", vni_read },
	{ "marked", marked_read },
	{ "marked_any", marked_any_read },
	{ "not_marked", not_marked_read },
	{ "packet", packet_read },
	{ NULL, NULL },
};

bool sl_where_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	if (!json_is_object(value))
		return sl_reader_fail(r, key, "must be an object");
	if (json_object_size(value) == 0)
		return sl_reader_fail(r, key, "is empty");
	ind->where = calloc(1, sizeof *ind->where);
	if (!ind->where)
		return sl_reader_fail(r, key, "out of memory");
	ind->where->icmp_type_max = ind->where->icmp_code_max = UINT8_MAX;
	size_t before = sl_reader_enter(r, key), errors = r->problems->errors;
	sl_reader_object(r, value, where_keys, ind->where);
	sl_reader_leave(r, before);
	return r->problems->errors == errors;
}
