/* TCP reassembly: each rule by a small case. */
#include "streams.h"

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
		send_text(x, 100 + (uint32_t)i * 2, ACK,
			  (char[]){ (char)('a' + i), (char)('A' + i), 0 });
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

static void send_urgent(struct fixture *x, uint32_t seq, unsigned flags, const char *text, uint16_t pointer)
{
	struct sl_packet p = { .proto = 6,
			       .seq = seq,
			       .tcp_flags = (uint8_t)(flags | URG),
			       .urgent = pointer,
			       .payload = sl_span_str(text) };
	sl_tcp_packet(x->tcp, &x->flow, 0, &p);
}

/* The pointer is to the byte behind the urgent one, which programs do not find in the stream. */
static void urgent_bytes_are_taken_out(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "mali");
	send_urgent(x, 104, ACK, "cX", 2);
	send_text(x, 106, ACK, "ious");
	send_urgent(x, 110, ACK, "X", 1); /* alone */
	send_urgent(x, 111, ACK, "Xend", 1);
	send_urgent(x, 115, ACK, " no", 4); /* not in this segment, and nowhere */
	send_urgent(x, 118, ACK, "ne", 0);
	expect(x, "maliciousend none");
	send_urgent(x, 104, ACK, "cX", 2); /* again */
	expect(x, "maliciousend none");
	assert_int_equal(x->gaps[0], 0);
	assert_int_equal(x->flow.side[0].next, 120);
	assert_int_equal(count(x, SL_COUNT_STREAM_URGENT_BYTES), 3);
	assert_int_equal(count(x, SL_COUNT_STREAM_URGENT), 6);
	assert_int_equal(count(x, SL_COUNT_STREAM_CONFLICTS), 0);
	end(x);
}

static void urgent_bytes_that_wait(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_urgent(x, 102, ACK, "cXde", 2);
	send_urgent(x, 106, ACK, "X", 1);
	send_text(x, 101, ACK, "b?????f"); /* the copies that came first win, out of the stream too */
	send_text(x, 100, ACK, "a");
	expect(x, "abcdef");
	assert_int_equal(x->gaps[0], 0);
	send_urgent(x, 110, ACK, "X", 1); /* behind a hole that stays: told with what follows */
	send_text(x, 111, ACK, "xyz");
	sl_tcp_flush(x->tcp, &x->flow);
	expect(x, "abcdefxyz");
	assert_int_equal(x->gaps[0], 1);
	assert_int_equal(x->gap_at, 6);
	assert_int_equal(count(x, SL_COUNT_STREAM_URGENT_BYTES), 3);
	end(x);
}

/* In any order: the stream is what was sent without what was urgent. */
static void urgent_bytes_anywhere(void **state)
{
	(void)state;
	enum { BYTES = 300, SEGMENTS = 60, EACH = BYTES / SEGMENTS };
	uint64_t seed = 7;
	for (unsigned round = 0; round < 200; round++) {
		struct fixture *x = begin(POOL);
		char sent[BYTES + 1] = "", want[BYTES + 1] = "";
		uint16_t pointer[SEGMENTS];
		unsigned order[SEGMENTS];
		for (unsigned i = 0; i < SEGMENTS; i++) {
			pointer[i] = (uint16_t)(wire_random(&seed) % (2 * EACH)); /* half of them point nowhere */
			for (unsigned k = 0; k < EACH; k++) {
				char c = (char)('a' + wire_random(&seed) % 26);
				strncat(sent, &c, 1);
				if (pointer[i] != k + 1)
					strncat(want, &c, 1);
			}
			unsigned other = (unsigned)(wire_random(&seed) % (i + 1));
			order[i] = order[other];
			order[other] = i;
		}
		send_text(x, 99, SYN, "");
		for (unsigned i = 0; i < SEGMENTS; i++) {
			char segment[EACH + 1] = "";
			strncat(segment, sent + order[i] * EACH, EACH);
			send_urgent(x, 100 + order[i] * EACH, ACK, segment, pointer[order[i]]);
		}
		expect(x, want);
		assert_int_equal(x->gaps[0], 0);
		end(x);
	}
}

static void urgent_bytes_in_line(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	sl_tcp_urgent_inline(x->tcp);
	send_text(x, 99, SYN, "");
	send_urgent(x, 100, ACK, "aXb", 2);
	expect(x, "aXb");
	assert_int_equal(count(x, SL_COUNT_STREAM_URGENT), 1);
	assert_int_equal(count(x, SL_COUNT_STREAM_URGENT_BYTES), 0);
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
	end(x);
}

/* The FIN may be forged: what comes after it in sequence counts, and the end comes once more. */
static void data_after_a_fin(void **state)
{
	(void)state;
	for (unsigned own = 0; own < 2; own++) { /* does the FIN's own number count? */
		struct fixture *x = begin(POOL);
		send_text(x, 99, SYN, "");
		send_text(x, 100, ACK | FIN, "abc");
		assert_int_equal(x->ends[0], 1);
		send_text(x, 100, ACK, "abc"); /* old bytes do not undo the end */
		assert_true(x->ended[0]);
		send_text(x, 103 + own, ACK, "def");
		expect(x, "abcdef");
		assert_int_equal(x->gaps[0], 0);
		sl_tcp_flush(x->tcp, &x->flow);
		assert_int_equal(x->ends[0], 2);
		end(x);
	}
}

/* What waits behind a hole after the end is no data yet: no second end for it. */
static void end_only_after_data(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK | FIN, "abc");
	send_text(x, 120, ACK, "waits");
	send_text(x, 120, ACK, "waits");
	assert_int_equal(x->ends[0], 1);
	sl_tcp_flush(x->tcp, &x->flow);
	expect(x, "abcwaits");
	assert_int_equal(x->ends[0], 2);
	end(x);
}

/* Only a RST with the number that is due is believed before the flow's end. */
static void rst_out_of_sequence(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 103, ACK, "def");
	send_text(x, 101, RST, "");
	send_text(x, 0, RST, "");
	assert_int_equal(x->ends[0], 0);
	assert_int_equal(x->n[0], 0);
	assert_int_equal(x->flow.reset, 1);
	send_text(x, 100, ACK, "abc");
	expect(x, "abcdef");
	sl_tcp_flush(x->tcp, &x->flow);
	assert_int_equal(x->ends[0], 1);
	assert_int_equal(x->ends[1], 1);
	end(x);
}

static void rst_hands_on_what_waits(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 103, ACK, "def");
	send_text(x, 100, RST, "");
	expect(x, "def");
	assert_int_equal(x->gaps[0], 1);
	assert_int_equal(x->ends[0], 1);
	assert_int_equal(x->ends[1], 1);
	assert_int_equal(x->flow.reset, 1);
	send_text(x, 106, ACK, "ghi"); /* forged after all */
	expect(x, "defghi");
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
	send_text(x, 115, ACK, "two"); /* no block: the holes are given up */
	expect(x, "onetwo");
	assert_int_equal(x->gaps[0], 2); /* each piece says that it comes after a hole */
	assert_int_equal(x->flow.side[0].gap_bytes, 12);
	assert_int_equal(count(x, SL_COUNT_STREAM_HELD_FULL), 1);
	send_text(x, 118, ACK, "three");
	expect(x, "onetwothree");
	end(x);

	x = begin(0); /* none at all: nothing waits */
	send_text(x, 99, SYN, "");
	send_text(x, 103, ACK, "lost"); /* no room to wait */
	expect(x, "lost");
	assert_int_equal(x->gaps[0], 1);
	send_text(x, 100, ACK, "abc"); /* too late */
	send_text(x, 107, ACK, "def");
	expect(x, "lostdef");
	assert_int_equal(x->gaps[0], 1);
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

/* What lies beyond a FIN waits as any other: the FIN may be forged. The blocks come back. */
static void what_lies_beyond_the_fin_waits(void **state)
{
	(void)state;
	struct fixture *x = begin(4096); /* two blocks */
	for (unsigned i = 0; i < 10; i++) {
		memset(&x->flow, 0, sizeof x->flow);
		x->ends[0] = x->ends[1] = 0;
		x->ended[0] = x->ended[1] = false;
		x->n[0] = x->n[1] = 0;
		send_text(x, 99, SYN, "");
		send_text(x, 110, ACK, "beyond");
		send_text(x, 100, ACK | FIN, "abc");
		assert_int_equal(x->ends[0], 1);
		expect(x, "abc");
		sl_tcp_flush(x->tcp, &x->flow);
		assert_true(x->ended[0]); /* after the data, so once more */
		assert_int_equal(x->flow.side[0].held, 0);
		expect(x, "abcbeyond");
	}
	assert_int_equal(count(x, SL_COUNT_STREAM_HELD_FULL), 0); /* the blocks came back */
	assert_int_equal(count(x, SL_COUNT_STREAM_GAPS), 10);
	end(x);
}

/* --- what is let go under pressure --- */

static bool shed(struct fixture *x, uint32_t seq, const char *text)
{
	struct sl_packet p = { .proto = 6, .seq = seq, .tcp_flags = ACK, .payload = sl_span_str(text) };
	return sl_tcp_shed(x->tcp, &x->flow, 0, &p);
}

static void what_was_shed_is_a_gap(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	assert_false(shed(x, 100, "abc")); /* nothing is known of the stream: it is taken */
	send_text(x, 100, ACK, "abc");
	assert_true(shed(x, 103, "def"));
	assert_true(shed(x, 106, "ghi"));
	assert_false(shed(x, 100, "abc")); /* came before */
	expect(x, "abc");
	send_text(x, 109, ACK, "jkl"); /* waits for nothing */
	expect(x, "abcjkl");
	assert_int_equal(x->gap_at, 3);
	send_text(x, 115, ACK, "pqr"); /* an ordinary hole waits again */
	expect(x, "abcjkl");
	send_text(x, 112, ACK, "mno");
	expect(x, "abcjklmnopqr");
	assert_int_equal(count(x, SL_COUNT_STREAM_GAPS), 1);
	assert_int_equal(count(x, SL_COUNT_STREAM_GAP_BYTES), 6);
	end(x);
}

static void what_waits_is_not_shed(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "abc");
	send_text(x, 106, ACK, "ghi");
	assert_true(shed(x, 109, "jkl"));
	send_text(x, 112, ACK, "mno");
	expect(x, "abcghimno");
	assert_int_equal(x->gaps[0], 2);
	assert_int_equal(count(x, SL_COUNT_STREAM_GAP_BYTES), 3 + 3);
	end(x);
}

static void a_side_ends_past_what_was_shed(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "abc");
	assert_true(shed(x, 103, "def"));
	send_text(x, 106, ACK | FIN, "");
	assert_int_equal(x->ends[0], 1);
	assert_int_equal(count(x, SL_COUNT_STREAM_GAP_BYTES), 3);
	assert_int_equal(x->gaps[0], 0);
	send_text(x, 107, ACK, "ghi"); /* the FIN was forged: what comes is told to be behind a gap */
	expect(x, "abcghi");
	assert_int_equal(x->gaps[0], 1);
	end(x);
}

/* More than half the numbers there are: what comes after is not taken for old. */
static void much_is_shed(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "abc");
	uint32_t seq = 103;
	for (unsigned i = 0; i < 60; i++, seq += 1u << 26)
		assert_true(shed(x, seq, "def"));
	send_text(x, seq, ACK, "jkl");
	expect(x, "abcjkl");
	assert_int_equal(count(x, SL_COUNT_STREAM_GAP_BYTES), 60ull << 26);
	end(x);
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
		cmocka_unit_test(urgent_bytes_are_taken_out),
		cmocka_unit_test(urgent_bytes_that_wait),
		cmocka_unit_test(urgent_bytes_anywhere),
		cmocka_unit_test(urgent_bytes_in_line),
		cmocka_unit_test(numbers_wrap_around),
		cmocka_unit_test(fin_before_the_data),
		cmocka_unit_test(rst_hands_on_what_waits),
		cmocka_unit_test(picked_up_in_the_middle),
		cmocka_unit_test(syn_proves_the_client),
		cmocka_unit_test(syn_again_with_another_number),
		cmocka_unit_test(one_flow_cannot_hold_all),
		cmocka_unit_test(pool_used_up_by_others),
		cmocka_unit_test(blocks_come_back),
		cmocka_unit_test(what_lies_beyond_the_fin_waits),
		cmocka_unit_test(data_after_a_fin),
		cmocka_unit_test(end_only_after_data),
		cmocka_unit_test(rst_out_of_sequence),
		cmocka_unit_test(what_was_shed_is_a_gap),
		cmocka_unit_test(what_waits_is_not_shed),
		cmocka_unit_test(a_side_ends_past_what_was_shed),
		cmocka_unit_test(much_is_shed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
