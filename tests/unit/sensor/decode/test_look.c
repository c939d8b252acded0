/* What only its content tells: IP or Ethernet behind MPLS labels, tunnels on a port that anyone may
 * have, and how much of them must have been captured. */
#include "nest.h"

#define OUT "@e0800 @i17 "

/* RFC 4448, section 4: a pseudowire without a control word begins with the destination's MAC. */
static void ethernet_behind_labels(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e8847 00010140 450000000001 020000000002 0800 @4", "eth mpls eth ipv4 udp",
		  "", true },
		/* its third and fourth byte would be a length that fits */
		{ 1, "@e8847 00010140 45000020aabb 020000000002 0800 @4", "eth mpls eth ipv4 udp",
		  "", true },
		{ 1, "@e8847 00010140 4f1122334455 020000000002 86dd @6", "eth mpls eth ipv6 udp",
		  "", true },
		{ 1, "@e8847 00010140 602233440005 020000000002 0800 @4", "eth mpls eth ipv4 udp",
		  "", true },
		{ 1, "@e8847 00010140 600000000001 020000000002 8100 0007 86dd @6",
		  "eth mpls eth vlan ipv6 udp", "", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	static const char *const others[] = {
		"@e8847 00010140 450000000001 020000000002 0806 0001 0800 06 04 0001 020000000002 "
		"c0000201 "
		"000000000000 c0000202", /* ARP, RFC 826 */
		"@e8847 00010140 441122334455 020000000002 88cc 0207 04 020000000002 0403 0531 "
		"0602 0078 0000",
		"@e8847 00010140 650000000003 000000000002 88cc 0207 04 020000000002 0403 0531 "
		"0602 0078 0000 "
		"0000 0000 0000 0000",
		"@e8847 00010140 650000000003 000000000002 88cc 0207 04 020000000002 0403 0531 "
		"0602 0078 0000",
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct decoded d = nest_decode(others[i], 1);
		assert_layers(&d.p, "eth mpls eth");
		assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "unknown ethertype");
	}
}

static void ip_behind_labels(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e8847 00010140 @4", "eth mpls ipv4 udp", "", true },
		{ 1, "@e8847 00010140 @6", "eth mpls ipv6 udp", "", true },
	};
	static struct nest x;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		nest_expect(&cases[i]);
		nest_make(&x, cases[i].text);
		size_t header = 18 + (i ? 40u : 20u);
		for (size_t n = 19; n < header; n++) { /* cut: still IP */
			struct decoded d = wire_decode(&x.w, n, 1, true);
			assert_verdict(&d.p, SL_VERDICT_TRUNCATED,
				       i ? "cut in the IPv6 header" : "cut in the IPv4 header");
		}
		wire_hex(&x.w, "000000000000"); /* the frame's padding */
		struct decoded d = wire_decode(&x.w, x.w.n, 1, true);
		assert_layers(&d.p, cases[i].layers);
		assert_int_equal(d.p.payload.len, NEST_PAYLOAD);
	}
	/* a wrong checksum is a wrong checksum, no pseudowire */
	nest_make(&x, cases[0].text);
	x.w.at[18 + 8] ^= 1;
	struct decoded d = wire_decode(&x.w, x.w.n, 1, true);
	assert_layers(&d.p, "eth mpls ipv4");
	assert_ptr_equal(d.p.reason, sl_reason_checksum);
}

/* A frame whose end was not captured is judged by what it was on the wire. */
static void tunnels_that_are_cut(void **state)
{
	(void)state;
	static const char *const texts[][2] = {
		{ OUT "@u50000,12345 08000000 00002a00 @e0800 @4",
		  "eth ipv4 udp vxlan eth ipv4 udp" },
		{ OUT "@u50000,12345 08000000 00002a00 @e8100 0007 86dd @6",
		  "eth ipv4 udp vxlan eth vlan ipv6 udp" },
		{ OUT "@u50000,50001 30 ff 0021 00000063 @4", "eth ipv4 udp gtp-u raw ipv4 udp" },
		{ OUT "@u50000,50001 34 ff 0029 00000063 0000 00 85 01 1009 00 @4",
		  "eth ipv4 udp gtp-u raw ipv4 udp" },
		{ OUT "@u40000,50000 @t", "eth ipv4 udp teredo ipv6 udp" },
		{ OUT "@u40000,50000 0000 ff00 aabbccdd @t", "eth ipv4 udp teredo ipv6 udp" },
		{ "@e8847 00010140 450000000001 020000000002 0800 @4", "eth mpls eth ipv4 udp" },
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		static struct nest x;
		char layers[256];
		nest_make(&x, texts[i][0]);
		struct decoded d = wire_decode(&x.w, x.w.n - NEST_PAYLOAD, 1, true);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_layers(&d.p, texts[i][1]);
		assert_int_equal(d.p.dport, 53);
		/* in the middle of the inner IP header, behind its length and first address */
		d = wire_decode(&x.w, x.w.n - NEST_PAYLOAD - 8 - 4, 1, true);
		nest_layers(&d.p, layers);
		assert_int_equal(d.p.verdict, SL_VERDICT_TRUNCATED);
		assert_memory_equal(layers, texts[i][1],
				    strlen(texts[i][1]) - 4); /* but the last */
		/* not longer than the wire's: the same bytes as a whole frame are none */
		x.w.n -= NEST_PAYLOAD;
		wire_finish(&x.w, x.ip[0]);
		d = wire_decode(&x.w, x.w.n, 1, true);
		if (i != 6)
			assert_layers(&d.p, "eth ipv4 udp");
	}
}

/* RFC 2661, section 8.1: an end may choose its port. RFC 3931, section 4.1.2.1: version 3. */
static void l2tp_with_one_port(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, OUT "@u50000,1701 0002 0007 0009 ff03 0021 @4",
		  "eth ipv4 udp l2tp ppp ipv4 udp", "l2tp:458761", true },
		{ 1, OUT "@u1701,50000 0002 0007 0009 21 @4", "eth ipv4 udp l2tp ppp ipv4 udp",
		  "l2tp:458761", true },
		{ 1, OUT "@u50000,1701 4802 0043 0007 0009 0001 0002 0057 @6",
		  "eth ipv4 udp l2tp ppp ipv6 udp", "l2tp:458761", true },
		{ 1, OUT "@u50000,1701 4b02 0033 0007 0009 0001 0002 0003 000000 21 @4",
		  "eth ipv4 udp l2tp ppp ipv4 udp", "l2tp:458761", true },
		{ 1, OUT "@u50000,1701 0003 0000 0000002a @e0800 @4",
		  "eth ipv4 udp l2tp l2tpv3 eth ipv4 udp", "l2tpv3:42", true },
		{ 1, OUT "@u1701,1701 0003 0000 0000002a 11223344 @e86dd @6",
		  "eth ipv4 udp l2tp l2tpv3 eth ipv6 udp", "l2tpv3:42", true },
		{ 1,
		  OUT
		  "@u1701,50000 0003 0000 0000002a 1122334455667788 40000001 @e8100 0007 0800 @4",
		  "eth ipv4 udp l2tp l2tpv3 eth vlan ipv4 udp", "l2tpv3:42", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	static const char *const plain[] = {
		OUT "@u50000,1701 1002 0007 0009 0021 @4",      /* a reserved bit */
		OUT "@u50000,1701 0002 0000 0009 0021 @4",      /* no tunnel */
		OUT "@u50000,1701 4002 0099 0007 0009 0021 @4", /* another length */
		OUT "@u50000,1701 0002 0007 0009 c021 @4",      /* not IP */
		OUT "@u50000,1701 0002 0007 0009 0057 @4",      /* another IP */
		OUT "@u50000,1701 0002 0007 0009 0021 45000044 00000000",
		OUT "@u50000,1701 c802 0014 0007 0000 0000 0000 8008 0000 0000 0001",
		OUT "@u50000,1701 0003 0000 00000000 @e0800 @4",
		OUT "@u50000,1701 0003 0001 0000002a @e0800 @4",
		OUT "@u50000,1701 8003 0000 0000002a @e0800 @4",
	};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		struct decoded d = nest_decode(plain[i], 1);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_layers(&d.p, "eth ipv4 udp");
		assert_true(d.p.sport == 50000 && d.p.dport == 1701 && d.p.payload.len > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ethernet_behind_labels),
		cmocka_unit_test(ip_behind_labels),
		cmocka_unit_test(tunnels_that_are_cut),
		cmocka_unit_test(l2tp_with_one_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
