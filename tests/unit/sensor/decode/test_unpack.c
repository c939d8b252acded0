/* Frames with several packets, and frames that came in parts through CAPWAP: all of them come out.
 */
#include "nest.h"
#include <sensor/decode/unpack.h>

enum { SPARE = 8, PACKETS = 16, LINK_WLAN = 105 };
#define ADDRESSES "020000000001 020000000002 020000000003"
#define AMSDU     "8801 0000 " ADDRESSES " 1000 8000 "
#define SNAP      "aaaa03 000000 0800 "

struct fixture {
	struct sl_counters counters;
	struct sl_defrag *d;
	struct sl_packet packet[PACKETS];
	uint8_t joined[PACKETS][SL_DATAGRAM_MAX];
	struct sl_packets to;
	uint8_t *frame; /* of exactly its size */
	size_t n;
};

static struct fixture *begin(void)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err;
	assert_non_null(x);
	assert_int_equal(sl_defrag_new(&x->d, 1 << 20, &x->counters, &err), SL_OK);
	return x;
}

static void end(struct fixture *x)
{
	sl_defrag_free(x->d);
	free(x->frame);
	free(x);
}

static void unpack(struct fixture *x, const struct wire *w, size_t n, int link, size_t spare)
{
	free(x->frame);
	x->frame = malloc(n ? n : 1);
	assert_non_null(x->frame);
	memcpy(x->frame, w->at, n);
	x->n = n;
	struct sl_frame f = { .at = x->frame,
			      .caplen = (uint32_t)n,
			      .len = (uint32_t)w->n,
			      .time = 1000,
			      .number = 7,
			      .link = link };
	x->to = (struct sl_packets){
		.at = x->packet, .spare = spare, .joined = x->joined, .joined_max = PACKETS
	};
	sl_unpack(x->d, &f, true, &x->to);
	assert_true(x->to.n >= 1 && x->to.n <= 1 + spare);
	for (size_t i = 0; i < x->to.n; i++) {
		const struct sl_packet *p = &x->packet[i];
		const uint8_t *joined = &x->joined[0][0], *at = p->payload.at;
		assert_int_equal(p->further, i + 1 < x->to.n);
		assert_int_equal(p->number, 7);
		assert_int_equal(p->part, SL_PART_NONE);
		if (p->payload.len)
			assert_true(
				(at >= x->frame && at + p->payload.len <= x->frame + n) ||
				(at >= joined && at + p->payload.len <= joined + sizeof x->joined));
		if (p->mac)
			assert_true(p->mac >= x->frame && p->mac + 12 <= x->frame + n);
	}
}

static void expect(const struct fixture *x, size_t i, unsigned sport, const char *text)
{
	const struct sl_packet *p = &x->packet[i];
	assert_verdict(p, SL_VERDICT_OK, NULL);
	assert_int_equal(p->sport, sport);
	assert_int_equal(p->payload.len, strlen(text));
	assert_memory_equal(p->payload.at, text, strlen(text));
}

static void put_udp(struct wire *w, unsigned sport, const char *text)
{
	struct wire *inner = calloc(1, sizeof *inner);
	assert_non_null(inner);
	struct ip_at ip = wire_ipv4(inner, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
	wire_udp(inner, sport, 53);
	wire_text(inner, text);
	wire_finish(inner, ip);
	wire_put(w, inner->at, inner->n);
	free(inner);
}

/* IEEE 802.11, section 9.3.2.2.2: all but the last are padded to four bytes. Returns its length. */
static size_t put_subframe(struct wire *w, struct sl_span packet, bool last)
{
	size_t begin = w->n;
	wire_hex(w, "020000000001 020000000002");
	wire_u16(w, (unsigned)packet.len + 8);
	wire_hex(w, SNAP);
	wire_put(w, packet.at, packet.len);
	size_t len = w->n - begin;
	while (!last && (w->n - begin) % 4)
		wire_u8(w, 0);
	return len;
}

static size_t put_udp_subframe(struct wire *w, unsigned sport, const char *text, bool last)
{
	struct wire *packet = calloc(1, sizeof *packet);
	assert_non_null(packet);
	put_udp(packet, sport, text);
	size_t len = put_subframe(w, sl_span_of(packet->at, packet->n), last);
	free(packet);
	return len;
}

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

/* A fragment of an IPv4 datagram. */
static void put_fragment(struct wire *w, unsigned id, size_t offset, struct sl_span bytes,
			 bool more)
{
	struct wire *packet = calloc(1, sizeof *packet);
	assert_non_null(packet);
	struct ip_at ip = wire_ipv4(packet, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
	wire_put(packet, bytes.at, bytes.len);
	wire_set16(packet, 4, id);
	wire_set16(packet, 6, (unsigned)(offset / 8) | (more ? 0x2000 : 0));
	wire_finish(packet, (struct ip_at){ ip.header, ip.transport, 4, 99 });
	wire_put(w, packet->at, packet->n);
	free(packet);
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

/* --- CAPWAP --- */

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
		cmocka_unit_test(every_subframe),
		cmocka_unit_test(one_packet_is_one_packet),
		cmocka_unit_test(no_room_for_all),
		cmocka_unit_test(fragments_in_subframes),
		cmocka_unit_test(no_room_for_a_datagram),
		cmocka_unit_test(aggregates_in_datagrams),
		cmocka_unit_test(ethernet_in_datagrams),
		cmocka_unit_test(capwap_in_any_order),
		cmocka_unit_test(capwap_senders),
		cmocka_unit_test(capwap_that_cannot_be_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
