/* Segments that are let go under pressure leave a gap, and nothing else. */
#include "streams.h"

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
		cmocka_unit_test(what_was_shed_is_a_gap),
		cmocka_unit_test(what_waits_is_not_shed),
		cmocka_unit_test(a_side_ends_past_what_was_shed),
		cmocka_unit_test(much_is_shed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
