/* Tunnels inside UDP, by port and by content; what only looks like one. */
#include "nest.h"

#define OUT       "@e0800 @i17 "
#define ADDRESSES "020000000001 020000000002 020000000003"
#define SNAP      "aaaa03 000000 0800 "

static void vxlan(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, OUT "@u50000,4789 08000000 00002a00 @e0800 @4",
		  "eth ipv4 udp vxlan eth ipv4 udp", "vxlan:42", false },
		{ 1, OUT "@u50000,8472 08000000 00002a00 @e8100 0007 86dd @6",
		  "eth ipv4 udp vxlan eth vlan ipv6 udp", "vxlan:42", false },
		{ 1, "@e86dd @j17 @u50000,4789 08000000 00002a00 @e0800 @4",
		  "eth ipv6 udp vxlan eth ipv4 udp", "vxlan:42", false },
		{ 1, OUT "@u50000,4790 0c000001 00002a00 @4", "eth ipv4 udp vxlan ipv4 udp",
		  "vxlan:42", false },
		{ 1, OUT "@u50000,4790 0c000002 00002a00 @6", "eth ipv4 udp vxlan ipv6 udp",
		  "vxlan:42", false },
		{ 1, OUT "@u50000,4790 0c000003 00002a00 @e0800 @4",
		  "eth ipv4 udp vxlan eth ipv4 udp", "vxlan:42", false },
		{ 1, OUT "@u50000,12345 08000000 00002a00 @e0800 @4",
		  "eth ipv4 udp vxlan eth ipv4 udp", "vxlan:42", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct decoded d = nest_expect(&cases[i]);
		assert_true(d.p.has_vni);
		assert_int_equal(d.p.vni, 42);
		assert_false(d.p.has_teid);
	}
	/* without the flag that says that there is a VNI it is none */
	struct decoded d = nest_decode(OUT "@u50000,4789 00000000 00002a00 @e0800 @4", 1);
	assert_layers(&d.p, "eth ipv4 udp");
	assert_int_equal(d.p.dport, 4789);
	assert_int_equal(d.p.payload.len, 8 + 14 + 33);
}

static void service_headers(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1,
		  OUT "@u50000,4790 0c000004 00002a00 0fc6 01 03 00000aff "
		      "00000000000000000000000000000000 @e0800 @4",
		  "eth ipv4 udp vxlan nsh eth ipv4 udp", "nsh:10", false },
		{ 1, "@e894f 0fc2 02 01 00000aff @4", "eth nsh ipv4 udp", "", false },
		{ 1, "@e0800 @i47 0000 894f 0fc3 02 02 00000aff 11223344 @6",
		  "eth ipv4 gre nsh ipv6 udp", "nsh:10", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	struct decoded d = nest_decode("@e894f 0fc1 02 01 00000aff @4", 1);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "NSH length is impossible");
	d = nest_decode("@e894f 0fc2 02 09 00000aff @4", 1);
	assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "unknown next protocol");
}

static void geneve(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, OUT "@u50000,6081 0000 6558 00002a00 @e0800 @4",
		  "eth ipv4 udp geneve eth ipv4 udp", "geneve:42", false },
		{ 1, OUT "@u50000,6081 0240 6558 00002a00 0102 80 01 deadbeef @e86dd @6",
		  "eth ipv4 udp geneve eth ipv6 udp", "geneve:42", false },
		{ 1, OUT "@u50000,6081 0000 0800 00002a00 @4", "eth ipv4 udp geneve ipv4 udp",
		  "geneve:42", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(nest_expect(&cases[i]).p.vni, 42);
}

static void gtp(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, OUT "@u2152,2152 30 ff 0021 00000063 @4", "eth ipv4 udp gtp-u raw ipv4 udp",
		  "gtp-u:99", false },
		{ 1, OUT "@u2152,2152 32 ff 0039 00000063 0001 00 00 @6",
		  "eth ipv4 udp gtp-u raw ipv6 udp", "gtp-u:99", false },
		{ 1, OUT "@u2152,2152 34 ff 0029 00000063 0000 00 85 01 1009 00 @4",
		  "eth ipv4 udp gtp-u raw ipv4 udp", "gtp-u:99", false },
		{ 1,
		  OUT
		  "@u50000,2152 36 ff 0031 00000063 0000 00 85 01 1009 40 02 112233445566 00 @4",
		  "eth ipv4 udp gtp-u raw ipv4 udp", "gtp-u:99", false },
		{ 1, OUT "@u50000,50001 30 ff 0021 00000063 @4", "eth ipv4 udp gtp-u raw ipv4 udp",
		  "gtp-u:99", true },
		{ 1, OUT "@u50000,50001 32 ff 0025 00000063 0001 00 00 @4",
		  "eth ipv4 udp gtp-u raw ipv4 udp", "gtp-u:99", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct decoded d = nest_expect(&cases[i]);
		assert_true(d.p.has_teid);
		assert_int_equal(d.p.teid, 99);
		assert_false(d.p.has_vni);
	}
	struct decoded d =
		nest_decode(OUT "@u2152,2152 34 ff 0029 00000063 0000 00 85 00 1009 00 @4", 1);
	assert_layers(&d.p, "eth ipv4 udp gtp-u"); /* an extension of no length: no further */
	assert_int_equal(d.p.dport, 2152);
	d = nest_decode(OUT "@u2123,2123 32 10 0004 00000063 0001 0000", 1);
	assert_layers(&d.p, "eth ipv4 udp gtp-c");
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.teid, 99);
	assert_int_equal(d.p.dport, 2123);
}

static void teredo(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, OUT "@u3544,50000 @t", "eth ipv4 udp teredo ipv6 udp", "teredo", true },
		{ 1, OUT "@u40000,50000 @t", "eth ipv4 udp teredo ipv6 udp", "teredo", true },
		{ 1, OUT "@u40000,50000 0000 ff00 aabbccdd @t", "eth ipv4 udp teredo ipv6 udp",
		  "teredo", true },
		{ 1, OUT "@u40000,3544 0001 00 00 0102030405060708 00 @t",
		  "eth ipv4 udp teredo ipv6 udp", "teredo", true },
		{ 1,
		  OUT
		  "@u40000,3544 0001 02 03 aabb ccddee 0102030405060708 00 0000 ff00 aabbccdd @t",
		  "eth ipv4 udp teredo ipv6 udp", "teredo", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	/* IPv6 in UDP whose addresses are not Teredo's is data */
	struct decoded d = nest_decode(OUT "@u40000,50000 @6", 1);
	assert_layers(&d.p, "eth ipv4 udp");
	assert_int_equal(d.p.payload.len, 53);
}

static void capwap(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, OUT "@u50000,5247 00 100200 00000000 @e0800 @4",
		  "eth ipv4 udp capwap eth ipv4 udp", "capwap", false },
		{ 1, OUT "@u5247,50000 00 100300 00000000 0801 0000 " ADDRESSES " 1000 " SNAP "@4",
		  "eth ipv4 udp capwap wlan llc ipv4 udp", "capwap", false },
		{ 1,
		  OUT "@u50000,5247 00 200310 00000000 06 020000000001 00 0108 0000 " ADDRESSES
		      " 1000 " SNAP "@4",
		  "eth ipv4 udp capwap wlan llc ipv4 udp", "capwap", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	static const char *const plain[] = {
		OUT "@u50000,5247 01 000000 16feff00 00000000",  /* DTLS */
		OUT "@u50000,5247 00 100380 00000000 0801 0000", /* a fragment */
		OUT "@u50000,5247 00 100308 00000000 00000000",  /* keep-alive */
	};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		struct decoded d = nest_decode(plain[i], 1);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_int_equal(d.p.dport, 5247);
		assert_true(d.p.payload.len > 0);
	}
}

static void l2tp(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 1, OUT "@u1701,1701 0002 0007 0009 ff03 0021 @4",
		  "eth ipv4 udp l2tp ppp ipv4 udp", "l2tp:458761", true },
		{ 1, OUT "@u1701,1701 0002 0007 0009 0021 @4", "eth ipv4 udp l2tp ppp ipv4 udp",
		  "l2tp:458761", false },
		{ 1, OUT "@u1701,1701 4802 0035 0007 0009 0001 0002 0057 @6",
		  "eth ipv4 udp l2tp ppp ipv6 udp", "l2tp:458761", false },
		{ 1, OUT "@u1701,1701 4a02 0035 0007 0009 0001 0002 0003 000000 21 @4",
		  "eth ipv4 udp l2tp ppp ipv4 udp", "l2tp:458761", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
	struct decoded d =
		nest_decode(OUT "@u1701,1701 c802 0014 0007 0000 0000 0000 8008 0000 0000 0001", 1);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL); /* control */
	assert_int_equal(d.p.dport, 1701);
	assert_int_equal(d.p.payload.len, 20);
}

/* A client may have any of these ports by chance, or choose it: what comes to it, here the answer
 * of a name server, must stay a UDP packet with its payload. */
static void answers_to_a_tunnels_port(void **state)
{
	(void)state;
	static const unsigned ports[] = { 4789, 4790, 8472, 6081, 2152, 2123, 5247, 3544, 1701 };
	static const char *const ids[] = { "0800", "0c00", "3fff", "30ff", "00a1",
					   "0001", "0000", "4002", "3f00" };
	unsigned lost = 0;
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
			char text[256];
			snprintf(text, sizeof text,
				 OUT
				 "@u53,%u %s 8180 0001 0001 00000000 03777777 00 0001 0001 c00c "
				 "0001 0001 00000e10 0004 c0000201",
				 ports[i], ids[k]);
			struct decoded d = nest_decode(text, 1);
			bool good = d.p.verdict == SL_VERDICT_OK && d.p.sport == 53 &&
				    d.p.dport == ports[i] && d.p.payload.len > 0;
			if (!good)
				print_error("port %u, id %s: %s\n", ports[i], ids[k],
					    d.p.reason ? d.p.reason : "no payload");
			lost += !good;
		}
	assert_int_equal(lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vxlan),  cmocka_unit_test(service_headers),
		cmocka_unit_test(geneve), cmocka_unit_test(gtp),
		cmocka_unit_test(teredo), cmocka_unit_test(capwap),
		cmocka_unit_test(l2tp),   cmocka_unit_test(answers_to_a_tunnels_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
