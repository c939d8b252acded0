/* Fragments put together: order, overlaps, tunnels, and whatever a random cut makes. */
#include "parts.h"

static void in_order_and_reversed(void **state)
{
	(void)state;
	static struct whole a;
	for (unsigned version = 4; version <= 6; version += 2)
		for (unsigned reversed = 0; reversed < 2; reversed++) {
			struct fixture *x = begin(BUDGET);
			make_whole(&a, version, 5000, 1);
			for (size_t i = 0; i < 4; i++) {
				size_t k = reversed ? 3 - i : i;
				bool joined =
					take_slice(x, &a, version, 7, k * 1480, k * 1480 + 1480);
				assert_int_equal(joined, i == 3);
			}
			expect_whole(x, &a);
			assert_int_equal(count(x, SL_COUNT_FRAGMENTS_JOINED), 1);
			assert_int_equal(count(x, SL_COUNT_FRAGMENT_OVERLAPS), 0);
			assert_int_equal(count(x, SL_COUNT_FRAGMENT_TINY), 0);
			/* all of it is forgotten: the last part alone is a new beginning */
			assert_false(take_slice(x, &a, version, 7, 4440, 5920));
			end(x);
		}
}

static void largest_datagram(void **state)
{
	(void)state;
	static struct whole a;
	struct fixture *x = begin(BUDGET);
	bool joined = false;
	make_whole(&a, 4, 65535 - 20 - 8, 3);
	for (size_t at = 0; at < a.n; at += 1480)
		joined = take_slice(x, &a, 4, 9, at, at + 1480);
	assert_true(joined);
	expect_whole(x, &a);
	end(x);
}

static void parts_that_come_twice(void **state)
{
	(void)state;
	static struct whole a;
	struct fixture *x = begin(BUDGET);
	make_whole(&a, 4, 100, 5);
	assert_false(take_slice(x, &a, 4, 1, 40, 80));
	assert_false(take_slice(x, &a, 4, 1, 40, 80));
	assert_false(take_slice(x, &a, 4, 1, 80, 999));
	assert_false(take_slice(x, &a, 4, 1, 80, 999));
	assert_true(take_slice(x, &a, 4, 1, 0, 40));
	expect_whole(x, &a);
	assert_int_equal(count(x, SL_COUNT_FRAGMENT_OVERLAPS), 2);
	end(x);
}

/* The first copy of a byte wins, from every side, and it is counted. */
static void overlaps(void **state)
{
	(void)state;
	static const struct {
		size_t from, to;
	} other[] = { { 0, 24 }, { 32, 56 }, { 8, 16 }, { 16, 104 }, { 0, 104 }, { 40, 96 } };
	static struct whole a, b;
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		struct fixture *x = begin(BUDGET);
		make_whole(&a, 4, 100, 5);
		make_whole(&b, 4, 100, 6); /* other bytes */
		take_slice(x, &a, 4, 1, 0, 56);
		take_slice(x, &a, 4, 1, 80, 104);
		bool joined = take_slice(x, &b, 4, 1, other[i].from, other[i].to);
		assert_int_equal(count(x, SL_COUNT_FRAGMENT_OVERLAPS), 1);
		assert_false(joined);
		joined = take_slice(x, &a, 4, 1, 104, 999);
		bool holes = other[i].to < 80;
		if (holes)
			joined = take_slice(x, &a, 4, 1, 56, 80);
		assert_true(joined);
		if (holes) {
			expect_whole(x, &a);
		} else { /* the hole was filled with the other's bytes: the checksum says so */
			assert_int_equal(x->p.verdict, SL_VERDICT_MALFORMED);
			assert_ptr_equal(x->p.reason, sl_reason_checksum);
			assert_memory_equal(x->room, a.w.at + a.at, 56);
			assert_memory_equal(x->room + 56, b.w.at + b.at + 56, 24);
			assert_memory_equal(x->room + 80, a.w.at + a.at + 80, a.n - 80);
		}
		end(x);
	}
}

/* IPv6: the protocol is the first part's (RFC 8200, section 4.5), and of two first parts the
 * first's. */
static void protocol_of_the_first_part(void **state)
{
	(void)state;
	static struct whole a;
	struct fixture *x = begin(BUDGET);
	make_whole(&a, 6, 100, 5);
	const uint8_t *at = a.w.at + a.at;
	assert_false(take_part(x, &(struct part){ 6, 1, 99, 64, at + 64, a.n - 64, false }));
	assert_true(take_part(x, &(struct part){ 6, 1, 17, 0, at, 64, true }));
	expect_whole(x, &a);
	assert_false(take_part(x, &(struct part){ 6, 2, 17, 0, at, 64, true }));
	assert_false(take_part(x, &(struct part){ 6, 2, 6, 0, at, 64, true }));
	assert_true(take_part(x, &(struct part){ 6, 2, 17, 64, at + 64, a.n - 64, false }));
	expect_whole(x, &a);
	end(x);
}

static void tiny_and_impossible(void **state)
{
	(void)state;
	static uint8_t bytes[65535];
	static struct whole a;
	struct fixture *x = begin(BUDGET);
	make_whole(&a, 4, 100, 5);
	assert_false(take_slice(x, &a, 4, 1, 0, 8));
	assert_int_equal(count(x, SL_COUNT_FRAGMENT_TINY), 1);
	assert_true(take_slice(x, &a, 4, 1, 8, 999)); /* put together all the same */
	expect_whole(x, &a);
	assert_int_equal(count(x, SL_COUNT_FRAGMENT_TINY), 1);

	assert_false(take_part(
		x, &(struct part){ 4, 2, 17, 0, bytes, 12, true })); /* no multiple of 8 */
	assert_false(take_part(x, &(struct part){ 4, 2, 17, 8, bytes, 0, true })); /* empty */
	assert_false(take_part(x, &(struct part){ 4, 2, 17, 65528, bytes, 16, false }));
	assert_false(take_part(x, &(struct part){ 4, 2, 17, 65528, bytes, 8, false }));
	assert_false(take_part(x, &(struct part){ 6, 2, 17, 65528, bytes, 64, true }));
	assert_int_equal(count(x, SL_COUNT_FRAGMENT_BAD), 5);
	assert_int_equal(x->p.verdict, SL_VERDICT_FRAGMENT);
	end(x);
}

/* More bytes than the last part allows: what lies beyond it is not used. */
static void beyond_the_end(void **state)
{
	(void)state;
	static uint8_t bytes[64];
	static struct whole a;
	struct fixture *x = begin(BUDGET);
	make_whole(&a, 4, 100, 5);
	assert_false(take_slice(x, &a, 4, 1, 80, 999));
	assert_false(take_part(x, &(struct part){ 4, 1, 17, 200, bytes, 64, true }));
	assert_false(
		take_part(x, &(struct part){ 4, 1, 17, 400, bytes, 64, false })); /* another end */
	assert_int_equal(count(x, SL_COUNT_FRAGMENT_BAD), 1);
	assert_true(take_slice(x, &a, 4, 1, 0, 80));
	expect_whole(x, &a);
	end(x);
}

/* A whole IP packet as the payload of fragments: the tunnel's datagram is cut, or its content, or
 * both. */
static void cut_packet(struct wire *out, const char *before, unsigned id, const struct wire *inside,
		       size_t from, size_t to, unsigned proto)
{
	struct nest *n = malloc(sizeof *n);
	assert_non_null(n);
	nest_make(n, before);
	unsigned outer = n->n;
	struct part p = { 4, id, proto, from, inside->at + from, to - from, to < inside->n };
	put_part(&n->w, &p);
	for (unsigned i = outer; i-- > 0;)
		wire_finish(&n->w, n->ip[i]);
	*out = n->w;
	free(n);
}

static void inside_tunnels(void **state)
{
	(void)state;
	static const struct {
		const char *before, *layers, *tunnels;
	} cases[] = {
		{ "@e0800 @i47 2000 0800 00000007", "eth ipv4 gre ipv4 udp", "gre:7" },
		{ "@e0800 @i17 @u50000,4789 08000000 00002a00 @e0800",
		  "eth ipv4 udp vxlan eth ipv4 udp", "vxlan:42" },
	};
	static struct whole a;
	static struct wire body, frame;
	for (size_t i = 0; i < 2; i++) {
		struct fixture *x = begin(BUDGET);
		make_whole(&a, 4, 300, 5);
		body.n = 0;
		wire_put(&body, a.w.at + a.at, a.n);
		cut_packet(&frame, cases[i].before, 5, &body, 160, body.n, 17);
		assert_false(take(x, &frame, 1));
		assert_int_equal(x->p.verdict, SL_VERDICT_FRAGMENT);
		cut_packet(&frame, cases[i].before, 5, &body, 0, 160, 17);
		assert_true(take(x, &frame, 1));
		expect_whole(x, &a);
		assert_layers(&x->p, cases[i].layers);
		assert_tunnels(&x->p, cases[i].tunnels);
		end(x);
	}
}

/* The outer datagram in two parts; what it carries is a fragment too. */
static void two_levels(void **state)
{
	(void)state;
	static struct whole a;
	static struct wire inner, outer, frame;
	struct fixture *x = begin(BUDGET);
	make_whole(&a, 4, 300, 5);
	for (unsigned i = 0; i < 2; i++) {
		outer.n = inner.n = 0;
		wire_hex(&outer, "2000 0800 00000007"); /* GRE */
		inner.n = 0;
		struct part p = {
			4, 77, 17, i ? 0 : 160, a.w.at + a.at + (i ? 0 : 160), i ? 160 : a.n - 160,
			i
		};
		put_part(&inner, &p);
		wire_put(&outer, inner.at, inner.n);
		cut_packet(&frame, "@e0800", 100 + i, &outer, 0, 96, 47);
		assert_false(take(x, &frame, 1));
		cut_packet(&frame, "@e0800", 100 + i, &outer, 96, outer.n, 47);
		assert_true(take(x, &frame,
				 1)); /* the outer one; the second also makes the inner whole */
		if (!i)
			assert_int_equal(x->p.verdict, SL_VERDICT_FRAGMENT);
	}
	expect_whole(x, &a);
	assert_int_equal(x->p.tunnels, 1);
	assert_int_equal(x->p.tunnel[0].id, 7);
	assert_int_equal(count(x, SL_COUNT_FRAGMENTS_JOINED), 3);
	end(x);
}

/* Cuts at random places, some parts twice or over their neighbours, several datagrams mixed, in any
 * order: every datagram comes out once, as it went in. */
struct cut {
	unsigned id;
	size_t from, to;
};

static size_t random_cuts(struct cut *cut, unsigned id, size_t n, uint64_t *seed)
{
	size_t many = 0;
	for (size_t at = 0; at < n;) {
		size_t size = 8 * (1 + wire_random(seed) % (wire_random(seed) % 3 ? 180 : 6));
		size_t from = wire_random(seed) % 5 ? at : at / 16 * 8;
		size_t to = at + size < n ? at + size : n;
		if (from == 0 && to == n) { /* that would be no fragment */
			from = at;
			to = at ? to : 8;
		}
		cut[many++] = (struct cut){ id, from, to };
		if (wire_random(seed) % 8 == 0)
			cut[many] = cut[many - 1], many++;
		at = to;
	}
	return many;
}

static void random_cuts_come_out_whole(void **state)
{
	(void)state;
	static struct whole a[3];
	static struct cut cut[TAKEN_MAX];
	for (uint64_t round = 1; round <= 3000; round++) {
		uint64_t seed = round * 0x9E3779B97F4A7C15u;
		struct fixture *x = begin(BUDGET);
		unsigned version = round % 2 ? 4 : 6, done = 0;
		size_t n = 0;
		for (unsigned i = 0; i < 3; i++) {
			size_t most = round % 50 ? 2500 : 60000;
			make_whole(&a[i], version, 9 + wire_random(&seed) % most, seed);
			n += random_cuts(cut + n, i, a[i].n, &seed);
		}
		for (size_t i = n; i-- > 1;) {
			size_t k = wire_random(&seed) % (i + 1);
			struct cut c = cut[i];
			cut[i] = cut[k];
			cut[k] = c;
		}
		bool whole[3] = { false };
		for (size_t i = 0; i < n; i++) {
			unsigned id = cut[i].id;
			if (whole[id]) /* a late copy begins anew */
				continue;
			if (!take_slice(x, &a[id], version, id, cut[i].from, cut[i].to))
				continue;
			expect_whole(x, &a[id]);
			whole[id] = true;
			done++;
		}
		if (done != 3)
			fail_msg("seed %llu: %u of 3 datagrams", (unsigned long long)round, done);
		assert_int_equal(count(x, SL_COUNT_FRAGMENTS_JOINED), 3);
		assert_int_equal(count(x, SL_COUNT_FRAGMENT_FULL), 0);
		end(x);
	}
}

/* Any offsets, lengths and identifications, a pool that is too small: bounded and consistent. */
static void nonsense(void **state)
{
	(void)state;
	static uint8_t bytes[2000];
	unsigned joined = 0;
	for (uint64_t round = 1; round <= 100; round++) {
		uint64_t seed = round;
		struct fixture *x = begin(wire_random(&seed) % 60000);
		for (unsigned i = 0; i < 500; i++) {
			size_t offset = wire_random(&seed) % (i % 2 ? 65536 : 96) & ~(size_t)7;
			size_t n = wire_random(&seed) % (i % 2 ? 1500 : 96);
			bool more = wire_random(&seed) % 2;
			joined += take_part(
				x, &(struct part){ i % 3 ? 4 : 6, wire_random(&seed) % 2,
						   wire_random(&seed) % 8 ? 17 : 4, offset, bytes,
						   more && i % 16 ? n & ~(size_t)7 : n, more });
			x->now += SECOND * (wire_random(&seed) % 16) / 4;
		}
		end(x);
	}
	assert_true(joined > 50);
}

static void nothing_to_free(void **state)
{
	(void)state;
	sl_defrag_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_and_reversed),
		cmocka_unit_test(largest_datagram),
		cmocka_unit_test(parts_that_come_twice),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(protocol_of_the_first_part),
		cmocka_unit_test(tiny_and_impossible),
		cmocka_unit_test(beyond_the_end),
		cmocka_unit_test(inside_tunnels),
		cmocka_unit_test(two_levels),
		cmocka_unit_test(random_cuts_come_out_whole),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(nothing_to_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
