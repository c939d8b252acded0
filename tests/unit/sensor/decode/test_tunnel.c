/* Tunnels that are IP protocols of their own; the list of tunnels and its limits. */
#include "nest.h"

static void expect_all(const struct nest_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nest_expect(&c[i]);
}
#define EXPECT_ALL(cases) expect_all(cases, sizeof(cases) / sizeof *(cases))

static void ip_in_ip(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e0800 @i4 @4", "eth ipv4 ipv4 udp", "ipv4", false },
		{ 1, "@e0800 @i41 @6", "eth ipv4 ipv6 udp", "ipv4", false },
		{ 1, "@e86dd @j4 @4", "eth ipv6 ipv4 udp", "ipv6", false },
		{ 1, "@e86dd @j41 @6", "eth ipv6 ipv6 udp", "ipv6", false },
		{ 101, "@i41 @j4 @i41 @6", "raw ipv4 ipv6 ipv4 ipv6 udp", "ipv4 ipv6 ipv4", false },
		{ 1, "@e0800 @i137 00011140 @4", "eth ipv4 mpls ipv4 udp", "ipv4", true },
	};
	EXPECT_ALL(cases);
}

static void gre(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e0800 @i47 0000 0800 @4", "eth ipv4 gre ipv4 udp", "gre", false },
		{ 1, "@e86dd @j47 0000 86dd @6", "eth ipv6 gre ipv6 udp", "gre", false },
		{ 1, "@e0800 @i47 2000 0800 0000002a @4", "eth ipv4 gre ipv4 udp", "gre:42",
		  false },
		{ 1, "@e0800 @i47 8000 0800 abcd0000 @4", "eth ipv4 gre ipv4 udp", "gre", false },
		{ 1, "@e0800 @i47 1000 0800 00000001 @4", "eth ipv4 gre ipv4 udp", "gre", false },
		{ 1, "@e0800 @i47 b000 86dd abcd0000 0000002a 00000001 @6", "eth ipv4 gre ipv6 udp",
		  "gre:42", false },
		{ 1, "@e0800 @i47 4000 0800 00000000 0800 00 04 c0000201 0000 00 00 @4",
		  "eth ipv4 gre ipv4 udp", "gre", false },
		{ 1, "@e0800 @i47 2000 6558 ffffffff @e8100 0007 0800 @4",
		  "eth ipv4 gre eth vlan ipv4 udp", "gre:4294967295", false },
		{ 1, "@e0800 @i47 0000 8847 00011140 @4", "eth ipv4 gre mpls ipv4 udp", "gre",
		  true },
	};
	EXPECT_ALL(cases);
	struct decoded d = nest_decode("@e0800 @i47 0002 0800 @4", 1);
	assert_verdict(&d.p, SL_VERDICT_OK,
		       NULL); /* a version nobody uses: the outer packet counts */
	assert_layers(&d.p, "eth ipv4 gre");
	assert_int_equal(d.p.proto, 47);
	assert_int_equal(d.p.payload.len, 4 + 33);
}

static void pptp(void **state)
{
	(void)state;
	static const struct nest_case data = {
		1, "@e0800 @i47 3081 880b 0025 0007 00000001 00000002 ff03 0021 @4",
		"eth ipv4 gre ppp ipv4 udp", "gre:2424839", true
	};
	static const struct nest_case compressed = {
		1, "@e0800 @i47 3001 880b 0022 0007 00000001 21 @4", "eth ipv4 gre ppp ipv4 udp",
		"gre:2228231", true
	};
	nest_expect(&data);
	nest_expect(&compressed);
	struct decoded d = nest_decode("@e0800 @i47 2081 880b 0000 0007 00000009", 1);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL); /* an acknowledgement alone */
	assert_int_equal(d.p.proto, 47);
}

static void erspan(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e0800 @i47 0000 88be @e0800 @4", "eth ipv4 gre eth ipv4 udp", "gre", false },
		{ 1, "@e0800 @i47 1000 88be 00000001 1001 f805 00000000 @e0800 @4",
		  "eth ipv4 gre erspan eth ipv4 udp", "erspan:5", false },
		{ 1, "@e0800 @i47 1000 22eb 00000001 2001 0005 00000000 0000 0000 @e0800 @4",
		  "eth ipv4 gre erspan eth ipv4 udp", "erspan:5", false },
		{ 1,
		  "@e0800 @i47 1000 22eb 00000001 2001 03ff 00000000 0000 0001 0011223344556677 "
		  "@e8100 0007 86dd @6",
		  "eth ipv4 gre erspan eth vlan ipv6 udp", "erspan:1023", false },
		{ 1, "@e0800 @i47 1000 22eb 00000001 2001 0005 00000000 0000 0800 @4",
		  "eth ipv4 gre erspan raw ipv4 udp", "erspan:5", false },
	};
	EXPECT_ALL(cases);
	struct decoded d = nest_decode("@e0800 @i47 1000 88be 00000001 3001 0005 00000000", 1);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.proto, 47);
}

/* A mirrored packet that is one byte shorter than it says: with T the mirror cut it. */
static void erspan_that_was_cut(void **state)
{
	(void)state;
	for (unsigned cut = 0; cut < 2; cut++) {
		struct nest x;
		nest_make(&x, cut ? "@e0800 @i47 1000 88be 00000001 1001 0405 00000000 @e0800 @4" :
				    "@e0800 @i47 1000 88be 00000001 1001 0005 00000000 @e0800 @4");
		size_t ip = x.w.n - NEST_PAYLOAD - 28;
		unsigned sum = (unsigned)x.w.at[ip + 10] << 8 | x.w.at[ip + 11];
		wire_set16(&x.w, ip + 2, 28 + NEST_PAYLOAD + 1);
		wire_set16(&x.w, ip + 10, sum - 1);
		struct decoded d = wire_decode(&x.w, x.w.n, 1, true);
		if (cut)
			assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		else
			assert_verdict(&d.p, SL_VERDICT_MALFORMED, "IP length is longer than the packet");
		assert_int_equal(d.p.tunnel[0].id, 5);
		assert_int_equal(d.p.dport, 53);
	}
}

static void etherip_and_l2tpv3(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e0800 @i97 3000 @e0800 @4", "eth ipv4 etherip eth ipv4 udp", "etherip",
		  false },
		{ 1, "@e86dd @j97 3000 @e8100 0007 0800 @4", "eth ipv6 etherip eth vlan ipv4 udp",
		  "etherip", false },
		{ 1, "@e0800 @i115 00000007 @e0800 @4", "eth ipv4 l2tpv3 eth ipv4 udp", "l2tpv3:7",
		  true },
		{ 1, "@e0800 @i115 00000007 11223344 @e0800 @4", "eth ipv4 l2tpv3 eth ipv4 udp",
		  "l2tpv3:7", true },
		{ 1, "@e0800 @i115 00000007 1122334455667788 @e86dd @6",
		  "eth ipv4 l2tpv3 eth ipv6 udp", "l2tpv3:7", true },
		{ 1, "@e86dd @j115 00000007 1122334455667788 40000001 @e8100 0003 0800 @4",
		  "eth ipv6 l2tpv3 eth vlan ipv4 udp", "l2tpv3:7", true },
	};
	EXPECT_ALL(cases);
	struct decoded d = nest_decode("@e0800 @i115 00000000 c8020014 00000000", 1);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL); /* session 0 is control */
	assert_layers(&d.p, "eth ipv4 l2tpv3");
}

/* AH (RFC 4302) between IP and UDP: 12 bytes and a check value of 12. */
static void authentication_header(void **state)
{
	(void)state;
	struct wire ah = { .n = 0 }, w = { .n = 0 };
	wire_hex(&ah, "11 04 0000 00000100 00000001 000102030405060708090a0b");
	struct ip_at ip = wire_ipv4(&w, 51, wire_a4, wire_b4, sl_span_of(NULL, 0));
	wire_put(&w, ah.at, ah.n);
	ip.transport = w.n;
	ip.proto = 17;
	wire_udp(&w, 4000, 53);
	wire_text(&w, "hello");
	wire_finish(&w, ip);
	wire_set16(&w, 10, 0);
	wire_set16(&w, 10, (uint16_t)~wire_fold(0, w.at, 20));
	struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_layers(&d.p, "raw ipv4 ah udp");
	assert_int_equal(d.p.proto, 17);
	assert_int_equal(d.p.dport, 53);
	assert_int_equal(d.p.payload.len, 5);
	assert_int_equal(d.p.tunnels, 0);
	for (size_t n = 20; n < 44; n++) {
		d = wire_decode(&w, n, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in the AH header");
	}
	static const struct nest_case tunnel = {
		1, "@e0800 @i51 04 04 0000 00000100 00000001 000102030405060708090a0b @4",
		"eth ipv4 ah ipv4 udp", "ipv4", false
	};
	nest_expect(&tunnel);
	d = nest_decode("@e0800 @i51 04 00 0000 00000100 @4", 1);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "AH length is impossible");
}

static void authentication_header_in_ipv6(void **state)
{
	(void)state;
	struct wire ext = { .n = 0 }, w = { .n = 0 };
	wire_hex(&ext, "11 04 0000 00000100 00000001 000102030405060708090a0b");
	struct ip_at ip = wire_ipv6(&w, 51, 17, wire_a6, wire_b6, sl_span_of(ext.at, ext.n));
	wire_udp(&w, 4000, 53);
	wire_text(&w, "hello");
	wire_finish(&w, ip);
	struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
	assert_layers(&d.p, "raw ipv6 ah udp");
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.dport, 53);
	/* and with a header of options behind it */
	ext.n = w.n = 0;
	wire_hex(&ext, "3c 04 0000 00000100 00000001 000102030405060708090a0b 11 00 0104 00000000");
	ip = wire_ipv6(&w, 51, 17, wire_a6, wire_b6, sl_span_of(ext.at, ext.n));
	wire_udp(&w, 4000, 53);
	wire_finish(&w, ip);
	d = wire_decode(&w, w.n, LINK_RAW, true);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.dport, 53);
}

static void encrypted_is_a_packet(void **state)
{
	(void)state;
	struct decoded d = nest_decode("@e0800 @i50 00000100 00000001 deadbeef", 1);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_layers(&d.p, "eth ipv4 esp");
	assert_int_equal(d.p.proto, 50);
	assert_int_equal(d.p.payload.len, 12);
	assert_false(d.p.has_ports);
}

/* Outermost first, tags and labels of all levels; the fifth tunnel is decoded but not listed. */
static void levels(void **state)
{
	(void)state;
	static const struct nest_case mixed = {
		1,
		"@e8100 0064 0800 @i47 2000 6558 00000001 @e8100 00c8 8847 00010040 00011140 "
		"00000000 @e0800 @4",
		"eth vlan ipv4 gre eth vlan mpls eth ipv4 udp", "gre:1", true
	};
	struct decoded d = nest_expect(&mixed);
	assert_int_equal(d.p.vlans, 2);
	assert_int_equal(d.p.vlan[0], 100);
	assert_int_equal(d.p.vlan[1], 200);
	assert_int_equal(d.p.labels, 2);
	static const struct nest_case two = {
		1, "@e0800 @i47 2000 0800 00000001 @i17 @u50000,4789 08000000 00000200 @e0800 @4",
		"eth ipv4 gre ipv4 udp vxlan eth ipv4 udp", "gre:1 vxlan:2", false
	};
	d = nest_expect(&two);
	assert_true(d.p.has_vni);
	assert_int_equal(d.p.vni, 2);
	static const struct nest_case six = { 101, "@i4 @i4 @i4 @i4 @i4 @i4 @4",
					      "raw ipv4 ipv4 ipv4 ipv4 ipv4 ipv4 ipv4 udp",
					      "ipv4 ipv4 ipv4 ipv4", true };
	nest_expect(&six);
}

/* Labels that are no frame's, and what only seems to be a tunnel: its packet is not in it. */
static void kinds(void **state)
{
	(void)state;
	enum { MPLS = 1 << SL_TUNNEL_MPLS, BARE = 1 << SL_TUNNEL_MPLS_BARE };
	static const struct {
		int link;
		const char *text;
		unsigned kinds;
	} cases[] = {
		{ 1, "@e0800 @4", 0 },
		{ 1, "@e8847 00011140 @4", MPLS },
		{ 1, "@e8100 0007 8847 00011140 @4", MPLS },
		{ 9, "ff03 0281 00011140 @4", MPLS | BARE },
		{ 1, "@e0800 @i137 00011140 @4", MPLS | BARE | 1 << SL_TUNNEL_IPV4 },
		{ 1, "@e0800 @i47 0000 8847 00011140 @4", MPLS | BARE | 1 << SL_TUNNEL_GRE },
		{ 1, "@e0800 @i47 0000 6558 @e8847 00011140 @4", MPLS | 1 << SL_TUNNEL_GRE },
		{ 1, "@e0800 @i47 0000 9999 @4", 0 },
		{ 1, "@e0800 @i4 @i47 0000 9999 @4", 1 << SL_TUNNEL_IPV4 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct decoded d = nest_decode(cases[i].text, cases[i].link);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		if (d.p.tunnel_kinds != cases[i].kinds)
			fail_msg("%s: %x", cases[i].text, (unsigned)d.p.tunnel_kinds);
	}
}

static void depth_is_limited(void **state)
{
	(void)state;
	char text[256] = "";
	for (unsigned i = 0; i < 40; i++)
		strcat(text, "@i4 ");
	strcat(text, "@4");
	struct decoded d = nest_decode(text, 101);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "too many headers");
	assert_int_equal(d.p.layers, SL_LAYERS_MAX);
	assert_int_equal(d.p.tunnels, SL_TUNNELS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip_in_ip),
		cmocka_unit_test(gre),
		cmocka_unit_test(pptp),
		cmocka_unit_test(erspan),
		cmocka_unit_test(erspan_that_was_cut),
		cmocka_unit_test(etherip_and_l2tpv3),
		cmocka_unit_test(authentication_header),
		cmocka_unit_test(authentication_header_in_ipv6),
		cmocka_unit_test(encrypted_is_a_packet),
		cmocka_unit_test(levels),
		cmocka_unit_test(kinds),
		cmocka_unit_test(depth_is_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
