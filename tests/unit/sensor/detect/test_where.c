/* Where an indicator may hold: each key, what it refuses, and lists with exceptions. */
#include "fixture.h"

struct place {
	uint8_t proto, side, app, app_before, seen, tcp_flags, icmp_type, icmp_code;
	uint16_t tunnel_kinds;
	const char *src, *dst;
	uint16_t sport, dport;
};

#define TCP { .proto = 6, .src = "10.0.0.1", .sport = 40000, .dst = "192.0.2.1", .dport = 80, .app = SL_APP_HTTP }

/* A value seen there: does it hold? */
static bool holds_at(struct fixture *x, const struct place *p)
{
	struct sl_flow *f = fixture_flow(x, p->proto, p->src, p->sport, p->dst, p->dport);
	struct sl_value v = { SL_FIELD_HTTP_URI, sl_span_str("/x") };
	struct sl_sighting *at;
	x->tcp_flags = p->tcp_flags;
	x->icmp_type = p->icmp_type;
	x->icmp_code = p->icmp_code;
	at = fixture_sight(x, f);
	at->flow.app = p->app;
	at->flow.app_before = p->app_before;
	at->flow.seen = p->seen ? p->seen : 1;
	at->tunnel_kinds = p->tunnel_kinds;
	at->has_vni = p->tunnel_kinds >> SL_TUNNEL_VXLAN & 1;
	at->vni = 42;
	sl_detect_transaction(x->detect, at, f, p->side, 1, &v, 1);
	sl_detect_flush(x->detect);
	bool held = x->matches == 1;
	x->matches = 0;
	sl_flow_end_all(x->flows);
	return held;
}

static void expect(const char *where, struct place p, bool holds)
{
	char pack[1024];
	snprintf(pack, sizeof pack, "[{\"id\": \"x\", \"where\": {%s}, \"match\": [{\"field\": \"http.uri\", "
		 "\"equals\": \"/x\"}]}]", where);
	struct fixture *x = fixture_new(pack);
	if (holds_at(x, &p) != holds)
		fail_msg("%s: %s", where, holds ? "does not hold" : "holds");
	fixture_free(x);
}

static void ports(void **state)
{
	(void)state;
	static const struct {
		const char *where;
		bool up, down; /* of the client's packet, of the server's */
	} cases[] = {
		{ "\"port\": 80", true, true },
		{ "\"port\": 40000", false, false },
		{ "\"port\": \"70-90\"", true, true },
		{ "\"port\": \"81-90\"", false, false },
		{ "\"port\": \"!80\"", false, false },
		{ "\"port\": \"!443\"", true, true },
		{ "\"port\": [\"1-100\", \"!80\"]", false, false },
		{ "\"port\": [\"1-100\", \"!81\"]", true, true },
		{ "\"client_port\": 40000", true, true },
		{ "\"client_port\": 80", false, false },
		{ "\"from_port\": 80", false, true },
		{ "\"to_port\": 80", true, false },
		{ "\"port\": 80, \"to_port\": 40000", false, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place up = TCP, down = TCP;
		down.side = 1;
		expect(cases[i].where, up, cases[i].up);
		expect(cases[i].where, down, cases[i].down);
	}
}

static void networks(void **state)
{
	(void)state;
	static const struct {
		const char *where;
		bool up, down;
	} cases[] = {
		{ "\"client\": \"10.0.0.0/8\"", true, true },
		{ "\"client\": \"192.0.2.0/24\"", false, false },
		{ "\"server\": [\"198.51.100.0/24\", \"192.0.2.1\"]", true, true },
		{ "\"server\": [\"192.0.2.0/24\", \"!192.0.2.1\"]", false, false },
		{ "\"server\": \"!192.0.2.0/25\"", false, false },
		{ "\"server\": \"!192.0.2.128/25\"", true, true },
		{ "\"from\": \"10.0.0.1\"", true, false },
		{ "\"to\": \"10.0.0.1\"", false, true },
		{ "\"from\": \"10.0.0.0/31\"", true, false },
		{ "\"from\": \"10.0.0.2/31\"", false, false },
		{ "\"client\": \"2001:db8::/32\"", false, false },
		{ "\"client\": \"!2001:db8::/32\"", true, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place up = TCP, down = TCP;
		down.side = 1;
		expect(cases[i].where, up, cases[i].up);
		expect(cases[i].where, down, cases[i].down);
	}
	struct place six = { .proto = 17, .src = "2001:db8::1", .sport = 1, .dst = "2001:db9::1", .dport = 2 };
	expect("\"client\": \"2001:db8::/31\"", six, true);
	expect("\"server\": \"2001:db8::/32\"", six, false);
}

static void flows(void **state)
{
	(void)state;
	struct place p = TCP, q = TCP;
	q.side = 1;
	q.seen = 3;
	expect("\"proto\": \"tcp\"", p, true);
	expect("\"proto\": [\"udp\", 132]", p, false);
	expect("\"app\": \"http\"", p, true);
	expect("\"app\": [\"tls\", \"dns\"]", p, false);
	expect("\"app\": \"!http\"", p, false);
	expect("\"app\": \"!tls\"", p, true);
	expect("\"direction\": \"to_server\"", p, true);
	expect("\"direction\": \"to_server\"", q, false);
	expect("\"direction\": \"to_client\"", q, true);
	expect("\"part\": \"first\"", p, true);
	expect("\"part\": \"answered\"", p, false);
	expect("\"part\": \"answered\"", q, true);
	p.app = SL_APP_HTTP2; /* http is both */
	expect("\"app\": \"http\"", p, true);
	p.app = SL_APP_NONE;
	expect("\"app\": \"http\"", p, false);
	expect("\"app_before\": \"http1\"", p, false);
	expect("\"app_before\": \"!http1\"", p, true); /* it did not turn */
	p.app = SL_APP_TLS;
	p.app_before = SL_APP_SMTP;
	expect("\"app\": \"tls\", \"app_before\": [\"smtp\", \"ftp\"]", p, true);
	expect("\"app\": \"tls\", \"app_before\": \"http\"", p, false);
	expect("\"app\": \"tls\", \"app_before\": \"!smtp\"", p, false);
}

static void tunnels(void **state)
{
	(void)state;
	enum { PLAIN = 0, GRE = 1 << SL_TUNNEL_GRE, BOTH = 1 << SL_TUNNEL_GRE | 1 << SL_TUNNEL_ERSPAN,
	       MPLS = 1 << SL_TUNNEL_MPLS, RADIO = 1 << SL_TUNNEL_WLAN };
	static const struct {
		const char *where;
		bool plain, gre, both, mpls, radio;
	} cases[] = {
		{ "true", false, true, true, false, false },
		{ "false", true, false, false, true, true },
		{ "\"gre\"", false, true, true, false, false },
		{ "\"!gre\"", true, false, false, true, true },
		{ "[\"erspan\", \"mpls\"]", false, false, true, true, false },
		{ "[\"gre\", \"!erspan\"]", false, true, false, false, false },
		{ "[\"!erspan\", \"!wlan\"]", true, true, false, true, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char where[64];
		struct place p = TCP;
		snprintf(where, sizeof where, "\"tunnel\": %s", cases[i].where);
		expect(where, p, cases[i].plain);
		p.tunnel_kinds = GRE;
		expect(where, p, cases[i].gre);
		p.tunnel_kinds = BOTH;
		expect(where, p, cases[i].both);
		p.tunnel_kinds = MPLS;
		expect(where, p, cases[i].mpls);
		p.tunnel_kinds = RADIO;
		expect(where, p, cases[i].radio);
	}
}

static void packets(void **state)
{
	(void)state;
	struct place p = TCP;
	p.tcp_flags = 0x12; /* SYN, ACK */
	expect("\"tcp_flags\": {\"set\": \"SA\"}", p, true);
	expect("\"tcp_flags\": {\"set\": \"S\", \"clear\": \"FR\"}", p, true);
	expect("\"tcp_flags\": {\"set\": \"S\", \"clear\": \"A\"}", p, false);
	expect("\"tcp_flags\": {\"set\": \"F\"}", p, false);
	expect("\"vni\": 42", p, false);
	p.tunnel_kinds = 1 << SL_TUNNEL_VXLAN;
	expect("\"vni\": 42", p, true);
	expect("\"vni\": 43", p, false);
	struct place icmp = { .proto = 1, .src = "10.0.0.1", .dst = "192.0.2.1", .icmp_type = 3, .icmp_code = 1 };
	expect("\"icmp_type\": 3", icmp, true);
	expect("\"icmp_type\": 8", icmp, false);
	expect("\"icmp_type\": {\"min\": 2, \"max\": 5}, \"icmp_code\": 1", icmp, true);
	expect("\"icmp_type\": 3, \"icmp_code\": {\"min\": 2}", icmp, false);
	expect("\"icmp_type\": 0", p, false);
	expect("\"port\": 0", icmp, false); /* it has none */
	expect("\"tcp_flags\": {\"clear\": \"S\"}", icmp, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports),
		cmocka_unit_test(networks),
		cmocka_unit_test(flows),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(packets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
