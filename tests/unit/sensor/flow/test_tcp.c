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
	send_urgent(x, 118, ACK, "", 2); /* announced */
	send_urgent(x, 118, ACK, "ne", 0);
	expect(x, "maliciousend none");
	send_urgent(x, 104, ACK, "cX", 2); /* again */
	expect(x, "maliciousend none");
	assert_int_equal(x->gaps[0], 0);
	assert_int_equal(x->flow.side[0].next, 120);
	assert_int_equal(count(x, SL_COUNT_STREAM_URGENT_BYTES), 3);
	assert_int_equal(count(x, SL_COUNT_STREAM_URGENT), 7);
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
		cmocka_unit_test(picked_up_in_the_middle),
		cmocka_unit_test(one_flow_cannot_hold_all),
		cmocka_unit_test(pool_used_up_by_others),
		cmocka_unit_test(blocks_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
