/* Frames with several packets: all of them come out. */
#include "unpack.h"

static void every_subframe(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = begin();
	w.n = 0;
	wire_hex(&w, AMSDU);
	size_t first = put_udp_subframe(&w, 1, "a", false);
	put_udp_subframe(&w, 2, "bcd", false);
	put_udp_subframe(&w, 3, "efghi", true);
	unpack(x, &w, w.n, LINK_WLAN, SPARE);
	assert_int_equal(x->to.n, 3);
	assert_int_equal(x->to.spare, SPARE - 2);
	expect(x, 0, 1, "a");
	expect(x, 1, 2, "bcd");
	expect(x, 2, 3, "efghi");
	for (size_t i = 0; i < 3; i++)
		assert_layers(&x->packet[i], "wlan llc ipv4 udp");
	assert_int_equal(x->packet[0].len, first - 14);
	assert_int_equal(x->packet[2].len, w.n); /* the frame's own */
	/* the one that a single packet is decoded to is the same */
	struct decoded d = wire_decode(&w, w.n, LINK_WLAN, true);
	assert_int_equal(d.p.sport, 3);
	assert_false(d.p.further);
	for (size_t n = 0; n < w.n; n++) { /* cut: what is there, and no more */
		unpack(x, &w, n, LINK_WLAN, SPARE);
		for (size_t i = 0; i < x->to.n; i++)
			if (x->packet[i].verdict == SL_VERDICT_OK)
				assert_int_equal(x->packet[i].sport, i + 1);
	}
	end(x);
}

static void one_packet_is_one_packet(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = begin();
	w.n = 0;
	wire_hex(&w, AMSDU);
	put_udp_subframe(&w, 1, "alone", true);
	unpack(x, &w, w.n, LINK_WLAN, SPARE);
	assert_int_equal(x->to.n, 1);
	expect(x, 0, 1, "alone");
	end(x);
}

static void no_room_for_all(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = begin();
	w.n = 0;
	wire_hex(&w, AMSDU);
	for (unsigned i = 1; i <= 6; i++)
		put_udp_subframe(&w, i, "x", i == 6);
	for (size_t spare = 0; spare < 5; spare++) {
		unpack(x, &w, w.n, LINK_WLAN, spare);
		assert_int_equal(x->to.n, spare + 1);
		assert_int_equal(x->to.lost, 5 - spare);
		assert_int_equal(x->to.spare, 0);
		expect(x, spare, 6, "x"); /* the frame's own always */
	}
	end(x);
}

static void fragments_in_subframes(void **state)
{
	(void)state;
	static struct wire w, whole, part;
	struct fixture *x = begin();
	whole.n = w.n = 0;
	put_udp(&whole, 9, "a datagram in two parts");
	wire_hex(&w, AMSDU);
	for (unsigned i = 0; i < 2; i++) {
		part.n = 0;
		put_fragment(&part, 1, i * 16,
			     sl_span_of(whole.at + 20 + i * 16, i ? whole.n - 36 : 16), !i);
		put_subframe(&w, sl_span_of(part.at, part.n), false);
	}
	put_udp_subframe(&w, 3, "more", true);
	unpack(x, &w, w.n, LINK_WLAN, SPARE);
	assert_int_equal(x->to.n, 3);
	assert_int_equal(x->packet[0].verdict, SL_VERDICT_FRAGMENT);
	expect(x, 1, 9, "a datagram in two parts");
	expect(x, 2, 3, "more");
	end(x);
}

/* A datagram that is whole, and no room to put it: the fragment stays one, and it is counted. */
static void no_room_for_a_datagram(void **state)
{
	(void)state;
	static struct wire w, whole;
	struct fixture *x = begin();
	struct sl_packets to = { .at = x->packet };
	whole.n = w.n = 0;
	put_udp(&whole, 9, "a datagram in two parts");
	put_fragment(&w, 1, 0, sl_span_of(whole.at + 20, whole.n - 20), true);
	struct sl_frame f = {
		.at = w.at, .caplen = (uint32_t)w.n, .len = (uint32_t)w.n, .link = LINK_RAW
	};
	sl_unpack(x->d, &f, true, &to);
	assert_int_equal(to.n, 1);
	assert_int_equal(to.lost, 1);
	assert_int_equal(x->packet[0].verdict, SL_VERDICT_FRAGMENT);
	end(x);
}

/* CAPWAP in fragments of IP, in it an aggregate, whose last packet is a fragment that makes its
 * datagram whole: each packet borrows from a room of its own. */
static void aggregates_in_datagrams(void **state)
{
	(void)state;
	static struct wire w, outer, whole, part;
	struct fixture *x = begin();
	whole.n = part.n = outer.n = w.n = 0;
	put_udp(&whole, 9, "a datagram in two parts");
	put_fragment(&w, 1, 16, sl_span_of(whole.at + 36, whole.n - 36), false);
	unpack(x, &w, w.n, LINK_RAW, SPARE);
	assert_int_equal(x->packet[0].verdict, SL_VERDICT_FRAGMENT);

	struct ip_at ip = wire_ipv4(&outer, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
	wire_udp(&outer, 50000, 5247);
	wire_hex(&outer, "00 100300 00000000 " AMSDU);
	put_udp_subframe(&outer, 1, "first", false);
	put_fragment(&part, 1, 0, sl_span_of(whole.at + 20, 16), true);
	put_subframe(&outer, sl_span_of(part.at, part.n), true);
	wire_finish(&outer, ip);
	for (unsigned i = 0; i < 2; i++) {
		w.n = 0;
		put_fragment(&w, 2, i * 48,
			     sl_span_of(outer.at + 20 + i * 48, i ? outer.n - 68 : 48), !i);
		unpack(x, &w, w.n, LINK_RAW, SPARE);
	}
	assert_int_equal(x->to.n, 2);
	assert_int_equal(x->to.joined_n, 2);
	expect(x, 0, 1, "first");
	expect(x, 1, 9, "a datagram in two parts");
	for (size_t i = 0; i < 2; i++) {
		assert_layers(&x->packet[i], "raw ipv4 udp capwap wlan llc ipv4 udp");
		assert_tunnels(&x->packet[i], "capwap");
		assert_null(x->packet[i].mac);
	}
	end(x);
}

/* A MAC inside a datagram is not in the frame: nothing may borrow it. */
static void ethernet_in_datagrams(void **state)
{
	(void)state;
	static struct wire w;
	static struct nest outer;
	struct fixture *x = begin();
	nest_make(&outer, "@i17 @u50000,4789 08000000 00002a00 @e0800 @4");
	for (unsigned i = 0; i < 2; i++) {
		w.n = 0;
		put_fragment(&w, 2, i * 48,
			     sl_span_of(outer.w.at + 20 + i * 48, i ? outer.w.n - 68 : 48), !i);
		unpack(x, &w, w.n, LINK_RAW, SPARE);
	}
	expect(x, 0, 4000, "hello");
	assert_layers(&x->packet[0], "raw ipv4 udp vxlan eth ipv4 udp");
	assert_null(x->packet[0].mac);
	end(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_subframe),
		cmocka_unit_test(one_packet_is_one_packet),
		cmocka_unit_test(no_room_for_all),
		cmocka_unit_test(fragments_in_subframes),
		cmocka_unit_test(no_room_for_a_datagram),
		cmocka_unit_test(aggregates_in_datagrams),
		cmocka_unit_test(ethernet_in_datagrams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
