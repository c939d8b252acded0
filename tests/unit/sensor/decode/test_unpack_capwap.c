/* Frames that came in parts through CAPWAP are put together. */
#include "unpack.h"

/* RFC 5415, section 4.3: T is 0x100, F 0x80, L 0x40; a header of two words. */
struct capwap_part {
	unsigned sport, id;
	size_t from, to;
};

static void put_capwap(struct wire *w, const struct wire *frame, const struct capwap_part *c,
		       bool native)
{
	bool last = c->to >= frame->n;
	size_t to = last ? frame->n : c->to;
	w->n = 0;
	wire_eth(w, 0x0800);
	struct ip_at ip = wire_ipv4(w, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
	wire_udp(w, c->sport, 5247);
	wire_u32(w, 0x100280u | (native ? 0x100 : 0) | (last ? 0x40 : 0));
	wire_u16(w, c->id);
	wire_u16(w, (unsigned)c->from | 5); /* the last three bits are reserved */
	wire_put(w, frame->at + c->from, to - c->from);
	wire_finish(w, ip);
}

static void take_capwap(struct fixture *x, const struct wire *frame, struct capwap_part c,
			bool native)
{
	static struct wire w;
	put_capwap(&w, frame, &c, native);
	unpack(x, &w, w.n, LINK_ETHERNET, SPARE);
}

static void make_native(struct wire *frame, const char *text)
{
	frame->n = 0;
	wire_hex(frame, "0801 0000 " ADDRESSES " 1000 " SNAP);
	put_udp(frame, 77, text);
}

static void expect_capwap_part(const struct fixture *x, unsigned sport)
{
	const struct sl_packet *p = &x->packet[0];
	assert_verdict(p, SL_VERDICT_OK, NULL);
	assert_layers(p, "eth ipv4 udp capwap");
	assert_int_equal(p->sport, sport);
	assert_int_equal(p->dport, 5247);
	assert_int_equal(p->payload.len, x->n - 42); /* with the CAPWAP header: UDP's */
}

static void capwap_in_any_order(void **state)
{
	(void)state;
	static const unsigned orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 2, 0, 1 } };
	static struct wire frame;
	static const char *const text = "what a station sends, in three parts of a frame";
	make_native(&frame, text);
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		struct fixture *x = begin();
		for (unsigned k = 0; k < 3; k++) {
			size_t from = orders[i][k] * 40;
			take_capwap(x, &frame, (struct capwap_part){ 50000, 9, from, from + 40 },
				    true);
			assert_int_equal(x->to.joined_n, k == 2);
			if (k < 2)
				expect_capwap_part(x, 50000);
		}
		expect(x, 0, 77, text);
		assert_layers(&x->packet[0], "eth ipv4 udp capwap wlan llc ipv4 udp");
		assert_tunnels(&x->packet[0], "capwap");
		assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_CAPWAP_FRAGMENTS), 3);
		assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FRAGMENTS_JOINED), 1);
		assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FRAGMENT_TINY), 0);
		end(x);
	}
}

/* 802.3 frames come in parts too; the numbers are each sender's own, also behind one address. */
static void capwap_senders(void **state)
{
	(void)state;
	static struct wire a, b;
	struct fixture *x = begin();
	a.n = b.n = 0;
	wire_eth(&a, 0x0800);
	put_udp(&a, 1, "of the first access point");
	wire_eth(&b, 0x0800);
	put_udp(&b, 2, "of the second access point");
	take_capwap(x, &a, (struct capwap_part){ 50001, 9, 0, 40 }, false);
	take_capwap(x, &b, (struct capwap_part){ 50002, 9, 40, 999 }, false);
	expect_capwap_part(x, 50002);
	take_capwap(x, &a, (struct capwap_part){ 50001, 10, 40, 999 }, false);
	expect_capwap_part(x, 50001);
	take_capwap(x, &a, (struct capwap_part){ 50001, 9, 40, 999 }, false);
	expect(x, 0, 1, "of the first access point");
	take_capwap(x, &b, (struct capwap_part){ 50002, 9, 0, 40 }, false);
	expect(x, 0, 2, "of the second access point");
	assert_layers(&x->packet[0], "eth ipv4 udp capwap eth ipv4 udp");
	end(x);
}

static void capwap_that_cannot_be_whole(void **state)
{
	(void)state;
	static struct wire frame, w;
	struct fixture *x = begin();
	make_native(&frame, "what a station sends, in three parts of a frame");
	/* cut by the capture */
	put_capwap(&w, &frame, &(struct capwap_part){ 50000, 9, 0, 40 }, true);
	unpack(x, &w, w.n - 8, LINK_ETHERNET, SPARE);
	assert_verdict(&x->packet[0], SL_VERDICT_TRUNCATED, "cut in a CAPWAP fragment");
	take_capwap(x, &frame, (struct capwap_part){ 50000, 9, 40, 999 }, true);
	expect_capwap_part(x, 50000);
	/* not in units of eight bytes */
	take_capwap(x, &frame, (struct capwap_part){ 50000, 11, 0, 39 }, true);
	expect_capwap_part(x, 50000);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FRAGMENT_BAD), 1);
	/* whole, but no frame is in it: it stays what it was */
	frame.n = 0;
	wire_hex(&frame, "4801 0000 " ADDRESSES " 1000 00000000 00000000");
	take_capwap(x, &frame, (struct capwap_part){ 50000, 12, 0, 16 }, true);
	take_capwap(x, &frame, (struct capwap_part){ 50000, 12, 16, 99 }, true);
	assert_int_equal(x->to.joined_n, 1);
	assert_verdict(&x->packet[0], SL_VERDICT_OK, NULL);
	assert_int_equal(x->packet[0].dport, 5247);
	end(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capwap_in_any_order),
		cmocka_unit_test(capwap_senders),
		cmocka_unit_test(capwap_that_cannot_be_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
