/* TCP reassembly: each rule by a small case, then random streams that must come out as they went in. */
#include "../wire.h"
#include <sensor/flow/tcp.h>

enum { POOL = 1 << 20, ROOM = 1 << 16, ACK = SL_TCP_ACK, SYN = SL_TCP_SYN, FIN = SL_TCP_FIN, RST = SL_TCP_RST };

struct fixture {
	struct sl_counters counters;
	struct sl_tcp *tcp;
	struct sl_flow flow, other;
	uint8_t got[2][ROOM];
	size_t n[2];
	unsigned gaps[2], ends[2];
	size_t gap_at; /* bytes delivered before the last piece behind a gap */
	const uint8_t *truth; /* if set: what each delivered piece must be at its place */
	uint32_t first;
};

static void on_data(void *ctx, struct sl_flow *f, unsigned side, struct sl_span bytes, bool gap)
{
	struct fixture *x = ctx;
	assert_true(bytes.len > 0);
	assert_int_equal(x->ends[side], 0);
	if (f == &x->other)
		return;
	assert_true(x->n[side] + bytes.len <= ROOM);
	if (gap)
		x->gap_at = x->n[side];
	x->gaps[side] += gap;
	if (x->truth) {
		uint32_t at = f->side[side].next - (uint32_t)bytes.len - x->first;
		assert_memory_equal(bytes.at, x->truth + at, bytes.len);
	}
	memcpy(x->got[side] + x->n[side], bytes.at, bytes.len);
	x->n[side] += bytes.len;
	assert_int_equal(f->side[side].delivered, x->n[side]);
}

static void on_end(void *ctx, struct sl_flow *f, unsigned side)
{
	struct fixture *x = ctx;
	if (f == &x->flow)
		x->ends[side]++;
}

static struct fixture *begin(uint64_t pool)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err;
	assert_non_null(x);
	struct sl_tcp_sink sink = { x, on_data, on_end };
	assert_int_equal(sl_tcp_new(&x->tcp, pool, &sink, &x->counters, &err), SL_OK);
	x->flow.key.proto = x->other.key.proto = 6;
	return x;
}

static void end(struct fixture *x)
{
	sl_tcp_flush(x->tcp, &x->flow);
	sl_tcp_flush(x->tcp, &x->flow); /* nothing left: the sink's counts do not change */
	assert_int_equal(x->ends[0], 1);
	assert_int_equal(x->ends[1], 1);
	assert_int_equal(x->flow.side[0].held, 0);
	assert_int_equal(x->flow.side[0].held_n, 0);
	sl_tcp_flush(x->tcp, &x->other);
	sl_tcp_free(x->tcp);
	free(x);
}

static void send_bytes(struct fixture *x, struct sl_flow *f, uint32_t seq, unsigned flags, const void *bytes,
		       size_t n)
{
	/* memory of exactly that size: a read beyond it is seen */
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	struct sl_packet p = { .proto = 6, .seq = seq, .tcp_flags = (uint8_t)flags,
			       .payload = sl_span_of(n ? exact : NULL, n) };
	sl_tcp_packet(x->tcp, f, 0, &p);
	free(exact);
}

static void send_text(struct fixture *x, uint32_t seq, unsigned flags, const char *text)
{
	send_bytes(x, &x->flow, seq, flags, text, strlen(text));
}

static void expect(const struct fixture *x, const char *want)
{
	assert_int_equal(x->n[0], strlen(want));
	assert_memory_equal(x->got[0], want, strlen(want));
}

static uint64_t count(const struct fixture *x, enum sl_counter c)
{
	return sl_counter_get(&x->counters, c);
}

static void in_order(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "");
	send_text(x, 100, ACK, "abc");
	expect(x, "abc"); /* at once, not when the flow ends */
	send_text(x, 103, ACK, "def");
	expect(x, "abcdef");
	assert_int_equal(x->ends[0], 0);
	send_text(x, 106, ACK | FIN, "g");
	expect(x, "abcdefg");
	assert_int_equal(x->ends[0], 1);
	assert_int_equal(count(x, SL_COUNT_STREAM_BYTES), 7);
	assert_int_equal(count(x, SL_COUNT_STREAM_GAPS), 0);
	end(x);
}

static void reversed(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	for (int i = 9; i >= 0; i--) {
		assert_int_equal(x->n[0], 0);
		send_text(x, 100 + (uint32_t)i * 2, ACK, (char[]){ (char)('a' + i), (char)('A' + i), 0 });
	}
	expect(x, "aAbBcCdDeEfFgGhHiIjJ");
	assert_int_equal(x->gaps[0], 0);
	assert_int_equal(x->flow.side[0].held_n, 0);
	end(x);
}

static void data_on_the_syn(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "abc");
	send_text(x, 103, ACK, "def");
	expect(x, "abcdef");
	end(x);
}

static void first_copy_wins(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 104, ACK, "efgh");
	send_text(x, 102, ACK, "??????????"); /* new are two before and four behind */
	send_text(x, 100, ACK, "abXX");       /* 102 and 103 came already */
	expect(x, "ab\?\?efgh\?\?\?\?");
	send_text(x, 100, ACK, "ZZZZZZZZZZZZ12");
	expect(x, "ab\?\?efgh\?\?\?\?12");
	assert_int_equal(x->gaps[0], 0);
	end(x);
}

static void retransmissions_and_keep_alives(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "abc");
	send_text(x, 100, ACK, "abc");
	send_text(x, 102, ACK, "c");
	send_text(x, 102, ACK, "\x01"); /* a keep-alive's byte */
	send_text(x, 101, ACK, "bcd");
	expect(x, "abcd");
	assert_int_equal(count(x, SL_COUNT_STREAM_REPEATED), 3 + 1 + 1 + 2);
	end(x);
}

static void gap_is_skipped_at_the_end_and_marked(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "abc");
	send_text(x, 106, ACK, "ghi");
	send_text(x, 112, ACK, "mno");
	expect(x, "abc");
	sl_tcp_flush(x->tcp, &x->flow);
	expect(x, "abcghimno");
	assert_int_equal(x->gaps[0], 2);
	assert_int_equal(x->gap_at, 6);
	assert_int_equal(x->flow.side[0].gap_bytes, 6);
	assert_int_equal(count(x, SL_COUNT_STREAM_GAPS), 2);
	assert_int_equal(count(x, SL_COUNT_STREAM_GAP_BYTES), 6);
	end(x);
}

static void numbers_wrap_around(void **state)
{
	(void)state;
	for (uint32_t back = 0; back < 12; back++) {
		struct fixture *x = begin(POOL);
		uint32_t seq = 0u - back;
		send_text(x, seq - 1, SYN, "");
		send_text(x, seq + 3, ACK, "def");
		send_text(x, seq + 8, ACK, "ijk");
		send_text(x, seq, ACK, "abc");
		expect(x, "abcdef");
		send_text(x, seq + 5, ACK | FIN, "fghijk");
		expect(x, "abcdefghijk");
		assert_int_equal(x->ends[0], 1);
		end(x);
	}
}

static void fin_before_the_data(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 106, ACK | FIN, "");
	send_text(x, 103, ACK, "def");
	assert_int_equal(x->ends[0], 0);
	send_text(x, 100, ACK, "abc");
	expect(x, "abcdef");
	assert_int_equal(x->ends[0], 1);
	assert_int_equal(x->ends[1], 0);
	send_text(x, 106, ACK, "late");
	expect(x, "abcdef");
	end(x);
}

static void rst_hands_on_what_waits(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 103, ACK, "def");
	send_text(x, 0, RST, "not data");
	expect(x, "def");
	assert_int_equal(x->gaps[0], 1);
	assert_int_equal(x->ends[0], 1);
	assert_int_equal(x->ends[1], 1);
	assert_int_equal(x->flow.reset, 1);
	send_text(x, 106, ACK, "ghi");
	expect(x, "def");
	end(x);
}

static void picked_up_in_the_middle(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 5000, ACK, "abc");
	send_text(x, 5003, ACK, "def");
	expect(x, "abcdef");
	assert_int_equal(x->flow.known_client, 0);
	end(x);
}

static void syn_proves_the_client(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	x->flow.client = 0;
	send_text(x, 99, SYN | ACK, "");
	assert_int_equal(x->flow.known_client, 1);
	assert_int_equal(x->flow.client, 1);
	end(x);
	x = begin(POOL);
	x->flow.client = 1;
	send_text(x, 99, SYN, "");
	assert_int_equal(x->flow.client, 0);
	end(x);
}

/* Nobody answered the first SYN; the next try has a number of its own. */
static void syn_again_with_another_number(void **state)
{
	(void)state;
	static const uint32_t first[] = { 1000000, 1 };
	for (unsigned i = 0; i < 2; i++) {
		struct fixture *x = begin(POOL);
		send_text(x, first[i], SYN, "");
		send_text(x, 99999, SYN, "");
		send_text(x, 100000, ACK, "abc");
		expect(x, "abc");
		assert_int_equal(x->gaps[0], 0);
		end(x);
	}
}

static void one_flow_cannot_hold_all(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	for (uint32_t i = 0; i < 300; i++) /* every second byte: each takes a block */
		send_text(x, 101 + 2 * i, ACK, "x");
	assert_true(x->flow.side[0].held_n <= 128);
	assert_true(count(x, SL_COUNT_STREAM_HELD_FULL) > 0);
	sl_tcp_flush(x->tcp, &x->flow);
	assert_int_equal(x->n[0], 300);
	assert_int_equal(x->flow.side[0].gap_bytes, 300);
	assert_int_equal(x->gaps[0], 300);
	end(x);
}

static void pool_used_up_by_others(void **state)
{
	(void)state;
	struct fixture *x = begin(8192); /* four blocks */
	uint8_t large[8192];
	memset(large, 'o', sizeof large);
	send_bytes(x, &x->other, 1, ACK, "o", 1);
	send_bytes(x, &x->other, 100, ACK, large, 6000);
	send_text(x, 99, SYN, "");
	send_text(x, 105, ACK, "one");
	send_text(x, 115, ACK, "two"); /* no block: the hole is given up, then there is one */
	expect(x, "one");
	assert_int_equal(count(x, SL_COUNT_STREAM_HELD_FULL), 1);
	sl_tcp_flush(x->tcp, &x->other);
	send_text(x, 108, ACK, "filled!");
	expect(x, "onefilled!two");
	end(x);

	x = begin(0); /* none at all: in order works, the rest is a gap */
	send_text(x, 99, SYN, "");
	send_text(x, 103, ACK, "lost");
	send_text(x, 100, ACK, "abc");
	expect(x, "abc");
	assert_int_equal(count(x, SL_COUNT_STREAM_HELD_FULL), 1);
	end(x);
}

/* Blocks come back: the same pool serves any number of flows. */
static void blocks_come_back(void **state)
{
	(void)state;
	struct fixture *x = begin(16384);
	uint8_t large[6000];
	memset(large, 'q', sizeof large);
	for (unsigned i = 0; i < 1000; i++) {
		memset(&x->other, 0, sizeof x->other);
		send_bytes(x, &x->other, 0, SYN, "", 0);
		send_bytes(x, &x->other, 10, ACK, large, sizeof large);
		if (i % 2)
			send_bytes(x, &x->other, 1, ACK, large, 9);
		sl_tcp_flush(x->tcp, &x->other);
		assert_int_equal(x->other.side[0].delivered, i % 2 ? 6009 : 6000);
	}
	assert_int_equal(count(x, SL_COUNT_STREAM_HELD_FULL), 0);
	end(x);
}

/* --- random streams --- */

struct piece {
	uint32_t at, n;
};

/* Cuts [0, len) into pieces, some twice, some with bytes of their neighbours too, then shuffles. */
static size_t make_pieces(struct piece *piece, size_t most, uint32_t len, uint64_t *seed)
{
	size_t n = 0;
	for (uint32_t at = 0; at < len && n < most;) {
		uint32_t want = 1 + wire_random(seed) % (wire_random(seed) % 8 ? 300 : 5000);
		uint32_t size = want < len - at ? want : len - at;
		uint32_t before = wire_random(seed) % 4 ? 0 : wire_random(seed) % (at + 1) % 200;
		uint32_t behind = wire_random(seed) % 4 ? 0 : wire_random(seed) % (len - at - size + 1) % 200;
		piece[n++] = (struct piece){ at - before, size + before + behind };
		if (wire_random(seed) % 6 == 0 && n < most)
			piece[n] = piece[n - 1], n++;
		at += size;
	}
	for (size_t i = n; i-- > 1;) { /* nearby ones change places, so that the bound of held blocks holds */
		size_t k = i - wire_random(seed) % (i < 8 ? i + 1 : 8);
		struct piece p = piece[i];
		piece[i] = piece[k];
		piece[k] = p;
	}
	return n;
}

static void random_streams_come_out_whole(void **state)
{
	(void)state;
	static uint8_t stream[20000];
	struct piece piece[4096];
	for (uint64_t round = 1; round <= 4000; round++) {
		uint64_t seed = round * 0x9E3779B97F4A7C15u;
		struct fixture *x = begin(POOL);
		uint32_t len = 1 + wire_random(&seed) % sizeof stream;
		uint32_t isn = round % 3 ? wire_random(&seed) : 0u - wire_random(&seed) % len;
		for (uint32_t i = 0; i < len; i++)
			stream[i] = (uint8_t)wire_random(&seed);
		size_t n = make_pieces(piece, 4096, len, &seed);
		send_bytes(x, &x->flow, isn - 1, SYN, "", 0);
		for (size_t i = 0; i < n; i++)
			send_bytes(x, &x->flow, isn + piece[i].at,
				   piece[i].at + piece[i].n == len ? ACK | FIN : ACK, stream + piece[i].at,
				   piece[i].n);
		if (x->n[0] != len || x->gaps[0] || x->ends[0] != 1)
			fail_msg("seed %llu: %zu of %u bytes, %u gaps, %u ends", (unsigned long long)round,
				 x->n[0], len, x->gaps[0], x->ends[0]);
		assert_memory_equal(x->got[0], stream, len);
		end(x);
	}
}

/* Pieces are lost, but neither the first nor the last byte: what came and what did not add up. */
static void random_streams_with_losses(void **state)
{
	(void)state;
	static uint8_t stream[20000], seen[20000];
	struct piece piece[4096];
	unsigned with_gaps = 0;
	for (uint64_t round = 1; round <= 2000; round++) {
		uint64_t seed = round * 0xD6E8FEB86659FD93u;
		struct fixture *x = begin(round % 2 ? POOL : 20000); /* a pool that is too small, too */
		uint32_t len = 1000 + wire_random(&seed) % 19000, isn = wire_random(&seed), came = 1;
		for (uint32_t i = 0; i < len; i++)
			stream[i] = (uint8_t)wire_random(&seed);
		memset(seen, 0, sizeof seen);
		x->truth = stream;
		x->first = isn;
		size_t n = make_pieces(piece, 4096, len - 1, &seed);
		send_bytes(x, &x->flow, isn - 1, SYN, "", 0);
		for (size_t i = 0; i < n; i++) {
			if (wire_random(&seed) % 10 == 0)
				continue;
			memset(seen + piece[i].at, 1, piece[i].n);
			send_bytes(x, &x->flow, isn + piece[i].at, ACK, stream + piece[i].at, piece[i].n);
		}
		sl_tcp_flush(x->tcp, &x->other);
		/* with the flow's own blocks handed on there is room for the last byte */
		send_bytes(x, &x->flow, isn + len - 1, ACK, stream + len - 1, 1);
		sl_tcp_flush(x->tcp, &x->flow);
		for (uint32_t i = 0; i + 1 < len; i++)
			came += seen[i];
		assert_int_equal(x->n[0] + x->flow.side[0].gap_bytes, len);
		if (count(x, SL_COUNT_STREAM_HELD_FULL) == 0)
			assert_int_equal(x->n[0], came);
		assert_true(x->n[0] <= came);
		assert_true((x->gaps[0] > 0) == (x->flow.side[0].gap_bytes > 0));
		with_gaps += x->gaps[0] > 0;
		end(x);
	}
	assert_true(with_gaps > 1000);
}

/* Any numbers and any flags: bounded, and nothing is handed on after the end. */
static void nonsense(void **state)
{
	(void)state;
	static uint8_t bytes[5000];
	for (uint64_t round = 1; round <= 300; round++) {
		uint64_t seed = round;
		struct fixture *x = begin(100000);
		for (unsigned i = 0; i < 200 && x->n[0] < ROOM / 2; i++) {
			uint32_t seq = wire_random(&seed) >> wire_random(&seed) % 32;
			unsigned flags = wire_random(&seed) & (i % 20 ? ACK | SYN : 0x1f);
			send_bytes(x, &x->flow, seq, flags, bytes, wire_random(&seed) % 200);
			assert_true(x->flow.side[0].held_n <= 128);
		}
		end(x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(reversed),
		cmocka_unit_test(data_on_the_syn),
		cmocka_unit_test(first_copy_wins),
		cmocka_unit_test(retransmissions_and_keep_alives),
		cmocka_unit_test(gap_is_skipped_at_the_end_and_marked),
		cmocka_unit_test(numbers_wrap_around),
		cmocka_unit_test(fin_before_the_data),
		cmocka_unit_test(rst_hands_on_what_waits),
		cmocka_unit_test(picked_up_in_the_middle),
		cmocka_unit_test(syn_proves_the_client),
		cmocka_unit_test(syn_again_with_another_number),
		cmocka_unit_test(one_flow_cannot_hold_all),
		cmocka_unit_test(pool_used_up_by_others),
		cmocka_unit_test(blocks_come_back),
		cmocka_unit_test(random_streams_come_out_whole),
		cmocka_unit_test(random_streams_with_losses),
		cmocka_unit_test(nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
