/* Begins and ends of TCP connections: SYN, FIN and RST, also forged ones. */
#include "streams.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fin_before_the_data),
		cmocka_unit_test(rst_hands_on_what_waits),
		cmocka_unit_test(syn_proves_the_client),
		cmocka_unit_test(syn_again_with_another_number),
		cmocka_unit_test(what_lies_beyond_the_fin_waits),
		cmocka_unit_test(data_after_a_fin),
		cmocka_unit_test(end_only_after_data),
		cmocka_unit_test(rst_out_of_sequence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
