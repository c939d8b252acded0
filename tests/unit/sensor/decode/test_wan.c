/* MPLS, PPP in its framings, Cisco HDLC; and the tags that stand between Ethernet and IP. */
#include "nest.h"

static void tags_between_ethernet_and_ip(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e893f e00000010002 0800 @4", "eth etag ipv4 udp", "", false },
		{ 1, "@e8926 80010002 8100 0007 0800 @4", "eth vntag vlan ipv4 udp", "", false },
		{ 1, "@e88a8 0064 88e7 00000abc @e0800 @4", "eth vlan pbb eth ipv4 udp", "",
		  false },
		{ 1, "@e8903 0040 @e8100 000a 86dd @6", "eth cfp eth vlan ipv6 udp", "", false },
		{ 1, "@e6558 @e0800 @4", "eth eth ipv4 udp", "", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
}

static void llc_and_snap(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e0029 aaaa03 000000 0800 @4", "eth llc ipv4 udp", "", false },
		{ 1, "@e0029 aaaa03 0000f8 0800 @4", "eth llc ipv4 udp", "", false },
		{ 1, "@e0024 060603 @4", "eth llc ipv4 udp", "", false },
		{ 1, "@e8100 0005 003d aaaa03 000000 86dd @6", "eth vlan llc ipv6 udp", "", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	struct decoded d = nest_decode("@e0029 aaaa03 00000c 2000 @4", 1);
	assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "SNAP of another organisation");
	d = nest_decode("@e0026 424203 0000", 1); /* spanning tree */
	assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "LLC without IP");
}

static void mpls_labels(void **state)
{
	(void)state;
	static const struct nest_case two = { 1, "@e8847 00010040 00011140 @4", "eth mpls ipv4 udp",
					      "", true };
	static const struct nest_case six = { 1, "@e8848 00011140 @6", "eth mpls ipv6 udp", "",
					      true };
	struct decoded d = nest_expect(&two);
	assert_int_equal(d.p.labels, 2);
	assert_int_equal(d.p.mpls[0], 16);
	assert_int_equal(d.p.mpls[1], 17);
	d = nest_expect(&six);
	assert_int_equal(d.p.labels, 1);
	static const struct nest_case link = { 219, "fffff140 @4", "mpls ipv4 udp", "", true };
	d = nest_expect(&link);
	assert_int_equal(d.p.mpls[0], 0xfffff);
	for (unsigned n = 1; n < 8; n++) { /* cut between the labels */
		struct nest x;
		nest_make(&x, two.text);
		d = wire_decode(&x.w, 14 + n, 1, true);
		assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in the MPLS labels");
		assert_int_equal(d.p.labels, n / 4);
	}
}

/* A pseudowire: an Ethernet frame behind the labels, with a control word or without. */
static void mpls_pseudowires(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, "@e8847 00011140 00000000 @e0800 @4", "eth mpls eth ipv4 udp", "", true },
		{ 1, "@e8847 00011140 00000009 @e8100 0007 0800 @4", "eth mpls eth vlan ipv4 udp",
		  "", true },
		{ 1, "@e8847 00011140 00000000 @e86dd @6", "eth mpls eth ipv6 udp", "", true },
		{ 1, "@e8847 00011140 @e0800 @4", "eth mpls eth ipv4 udp", "", true },
		{ 1, "@e8847 00011140 a20000000001 020000000002 0800 @4", "eth mpls eth ipv4 udp",
		  "", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	struct decoded d = nest_decode("@e8847 00011140 10000021 0000", 1);
	assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "MPLS control channel");
}

static void mpls_without_end(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	wire_eth(&w, 0x8847);
	for (unsigned i = 0; i < 1000; i++)
		wire_u32(&w, 0x00010040);
	struct decoded d = wire_decode(&w, w.n, 1, true);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "MPLS without a payload");
	assert_int_equal(d.p.labels, SL_MPLS_MAX);
}

static void ppp_in_its_framings(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 9, "ff03 0021 @4", "ppp ipv4 udp", "", true },
		{ 9, "ff03 21 @4", "ppp ipv4 udp", "", true },
		{ 9, "0021 @4", "ppp ipv4 udp", "", false },
		{ 9, "21 @4", "ppp ipv4 udp", "", false },
		{ 9, "57 @6", "ppp ipv6 udp", "", false },
		{ 9, "ff03 0057 @6", "ppp ipv6 udp", "", true },
		{ 9, "0281 00011140 @4", "ppp mpls ipv4 udp", "", true },
		{ 50, "ff03 0021 @4", "ppp-hdlc ppp ipv4 udp", "", true },
		{ 50, "0f00 0800 @4", "ppp-hdlc chdlc ipv4 udp", "", false },
		{ 104, "0f00 0800 @4", "chdlc ipv4 udp", "", false },
		{ 104, "8f00 86dd @6", "chdlc ipv6 udp", "", false },
		{ 51, "1100 0001 0023 0021 @4", "pppoe ppp ipv4 udp", "", false },
		{ 1, "@e8864 1100 0007 0023 0021 @4", "eth pppoe ppp ipv4 udp", "", false },
		{ 1, "@e8864 1100 0007 0022 21 @4", "eth pppoe ppp ipv4 udp", "", false },
		{ 1, "@e8100 0005 8864 1100 0007 0037 0057 @6", "eth vlan pppoe ppp ipv6 udp", "",
		  false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	struct decoded d = nest_decode("c021 01 01 0004", 9);
	assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "PPP without IP");
	d = nest_decode("@e8864 1200 0007 0023 0021 @4", 1);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "PPPoE version, type or code");
	d = nest_decode("@e8864 11a7 0007 0000", 1);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "PPPoE version, type or code");
	d = nest_decode("@e8864 1100 0007 0001 0021 @4", 1); /* its length leaves no room */
	assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in the PPP header");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_between_ethernet_and_ip),
		cmocka_unit_test(llc_and_snap),
		cmocka_unit_test(mpls_labels),
		cmocka_unit_test(mpls_pseudowires),
		cmocka_unit_test(mpls_without_end),
		cmocka_unit_test(ppp_in_its_framings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
