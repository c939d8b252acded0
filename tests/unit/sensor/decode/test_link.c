/* Link layers: each link type's header in front of one and the same UDP datagram. */
#include "../wire.h"

static void put_datagram(struct wire *w)
{
	struct ip_at ip = wire_ipv4(w, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
	wire_udp(w, 4000, 53);
	wire_text(w, "hello");
	wire_finish(w, ip);
}

static void put_datagram6(struct wire *w)
{
	struct ip_at ip = wire_ipv6(w, 17, 17, wire_a6, wire_b6, sl_span_of(NULL, 0));
	wire_udp(w, 4000, 53);
	wire_text(w, "hello");
	wire_finish(w, ip);
}

static void expect(const char *header, int link, bool six, const char *layers)
{
	struct wire w = { .n = 0 };
	wire_hex(&w, header);
	size_t start = w.n;
	if (six)
		put_datagram6(&w);
	else
		put_datagram(&w);
	struct decoded d = wire_decode(&w, w.n, link, true);
	assert_layers(&d.p, layers);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.src.family, six ? 6 : 4);
	assert_int_equal(d.p.sport, 4000);
	assert_int_equal(d.p.dport, 53);
	assert_int_equal(d.p.payload.len, 5);
	assert_int_equal(d.payload_at, w.n - 5);
	assert_int_equal(d.p.len, w.n);
	assert_int_equal(d.p.number, 3);
	assert_int_equal(d.p.time, 5);
	for (size_t n = 0; n < start; n++) {
		d = wire_decode(&w, n, link, true);
		assert_int_equal(d.p.verdict, SL_VERDICT_TRUNCATED);
		assert_int_equal(d.p.src.family, 0);
		assert_int_equal(d.p.proto, SL_PROTO_NONE);
	}
}

static void every_link_type(void **state)
{
	(void)state;
	expect("020000000001 020000000002 0800", 1, false, "eth ipv4 udp");
	expect("020000000001 020000000002 86dd", 1, true, "eth ipv6 udp");
	expect("0000 0001 0006 020000000002 0000 0800", 113, false, "sll ipv4 udp");
	expect("0004 0001 0006 020000000002 0000 86dd", 113, true, "sll ipv6 udp");
	expect("0800 0000 00000002 0001 00 06 020000000002 0000", 276, false, "sll2 ipv4 udp");
	expect("86dd 0000 00000002 0001 04 06 020000000002 0000", 276, true, "sll2 ipv6 udp");
	expect("00000002", 0, false, "null ipv4 udp");
	expect("02000000", 0, false, "null ipv4 udp");
	expect("0000001e", 0, true, "null ipv6 udp"); /* macOS, big endian */
	expect("1e000000", 0, true, "null ipv6 udp");
	expect("1c000000", 0, true, "null ipv6 udp"); /* FreeBSD */
	expect("18000000", 0, true, "null ipv6 udp"); /* OpenBSD */
	expect("0a000000", 0, true, "null ipv6 udp"); /* Linux */
	expect("00000002", 108, false, "loop ipv4 udp");
	expect("00000018", 108, true, "loop ipv6 udp");
	expect("", 101, false, "raw ipv4 udp");
	expect("", 101, true, "raw ipv6 udp");
	expect("", 12, false, "raw ipv4 udp");
	expect("", 228, false, "raw ipv4 udp");
	expect("", 229, true, "raw ipv6 udp");
}

static void loop_is_network_order_alone(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	wire_hex(&w, "02000000");
	put_datagram(&w);
	struct decoded d = wire_decode(&w, w.n, 108, true);
	assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "unknown address family");
}

static void vlan_tags_outermost_first(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	wire_eth(&w, 0x88a8);
	wire_hex(&w,
		 "2064 8100 6fff 8100 0001 0800"); /* priority and DEI bits are no part of the id */
	put_datagram(&w);
	struct decoded d = wire_decode(&w, w.n, LINK_ETHERNET, true);
	assert_layers(&d.p, "eth vlan vlan vlan ipv4 udp");
	assert_int_equal(d.p.vlans, 3);
	assert_int_equal(d.p.vlan[0], 100);
	assert_int_equal(d.p.vlan[1], 0xfff);
	assert_int_equal(d.p.vlan[2], 1);
	assert_non_null(d.p.mac);
	for (size_t n = 14; n < 26; n++) {
		d = wire_decode(&w, n, LINK_ETHERNET, true);
		assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in the link header");
		assert_int_equal(d.p.vlans, (n - 14) / 4);
	}
}

static void more_tags_than_are_kept(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	wire_eth(&w, 0x9100);
	for (unsigned i = 1; i <= 6; i++) {
		wire_u16(&w, i);
		wire_u16(&w, i < 6 ? 0x8100 : 0x0800);
	}
	put_datagram(&w);
	struct decoded d = wire_decode(&w, w.n, LINK_ETHERNET, true);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.vlans, SL_VLANS_MAX);
	assert_int_equal(d.p.vlan[3], 4);
	assert_int_equal(d.p.dport, 53);
}

static void what_is_not_decoded_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *reason;
		int link;
	} cases[] = {
		{ "020000000001 020000000002 0806 0001", "unknown ethertype", 1 },
		{ "020000000001 020000000002 0026 424203", "LLC without IP", 1 },
		{ "020000000001 020000000002 05ff 424203", "LLC without IP", 1 },
		{ "020000000001 020000000002 0600 424203", "unknown ethertype", 1 },
		{ "0000 0304 0000 0000000000000000 0000 45", "unknown ethertype", 113 },
		{ "07000000 45", "unknown address family", 0 },
		{ "55 00", "no IP version", 101 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire w = { .n = 0 };
		wire_hex(&w, cases[i].bytes);
		struct decoded d = wire_decode(&w, w.n, cases[i].link, true);
		assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, cases[i].reason);
		assert_int_equal(d.p.proto, SL_PROTO_NONE);
	}
}

static void link_types_that_are_known(void **state)
{
	(void)state;
	static const int known[] = { 0,   1,   9,   12,  14,  50,  51,  101, 104,
				     105, 108, 113, 127, 219, 228, 229, 276 };
	unsigned n = 0;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_true(sl_decode_knows(known[i]));
	for (int link = -1; link < 1000; link++)
		n += sl_decode_knows(link);
	assert_int_equal(n, sizeof known / sizeof *known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_type),
		cmocka_unit_test(loop_is_network_order_alone),
		cmocka_unit_test(vlan_tags_outermost_first),
		cmocka_unit_test(more_tags_than_are_kept),
		cmocka_unit_test(what_is_not_decoded_is_named),
		cmocka_unit_test(link_types_that_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
