/* Repetitions of what was delivered: the same bytes, or others. */
#include "streams.h"
#include <sensor/flow/recent.h>

#define STREAM ((uint64_t)77 << 32)

static struct sl_recent *fresh(void)
{
	struct sl_recent *r = NULL;
	struct sl_err err;
	assert_int_equal(sl_recent_new(&r, &err), SL_OK);
	return r;
}

static struct sl_span text(const char *s)
{
	return sl_span_str(s);
}

static void the_same_and_another(void **state)
{
	(void)state;
	struct sl_recent *r = fresh();
	sl_recent_note(r, STREAM, 100, text("GET /a"));
	assert_int_equal(sl_recent_differing(r, STREAM, 100, text("GET /a")), 0);
	assert_int_equal(sl_recent_differing(r, STREAM, 100, text("GET /b")), 6);
	/* nothing is known of these */
	assert_int_equal(sl_recent_differing(r, STREAM + ((uint64_t)1 << 32), 100, text("GET /b")), 0);
	assert_int_equal(sl_recent_differing(r, STREAM, 101, text("ET /b")), 0);
	assert_int_equal(sl_recent_differing(r, STREAM, 100, text("GET")), 0);
	sl_recent_free(r);
	sl_recent_free(NULL);
}

static void several_as_one(void **state)
{
	(void)state;
	struct sl_recent *r = fresh();
	sl_recent_note(r, STREAM, UINT32_MAX - 1, text("abc")); /* the numbers wrap around */
	sl_recent_note(r, STREAM, 1, text("defg"));
	sl_recent_note(r, STREAM, 5, text("hi"));
	assert_int_equal(sl_recent_differing(r, STREAM, UINT32_MAX - 1, text("abcdefghi")), 0);
	assert_int_equal(sl_recent_differing(r, STREAM, UINT32_MAX - 1, text("abcdeXghi")), 4);
	assert_int_equal(sl_recent_differing(r, STREAM, UINT32_MAX - 1, text("XbcdefghX")), 5);
	assert_int_equal(sl_recent_differing(r, STREAM, UINT32_MAX - 1, text("abcdefghiX")), 0);
	sl_recent_free(r);
}

static void the_later_one_counts(void **state)
{
	(void)state;
	struct sl_recent *r = fresh();
	sl_recent_note(r, STREAM, 1, text("one"));
	sl_recent_note(r, STREAM, 1, text("two!"));
	assert_int_equal(sl_recent_differing(r, STREAM, 1, text("two!")), 0);
	assert_int_equal(sl_recent_differing(r, STREAM, 1, text("one!")), 4);
	sl_recent_free(r);
}

/* Short ones byte by byte; long ones at both ends, and when they are others altogether. */
static void of_any_length(void **state)
{
	(void)state;
	struct sl_recent *r = fresh();
	uint8_t bytes[4096];
	for (uint32_t n = 1; n <= sizeof bytes; n += n < 130 ? 1u : 61u) {
		memset(bytes, 'a', sizeof bytes);
		sl_recent_note(r, STREAM, n, sl_span_of(bytes, n));
		assert_int_equal(sl_recent_differing(r, STREAM, n, sl_span_of(bytes, n)), 0);
		for (uint32_t i = 0; i < n; i++) {
			if (n > 64 && i >= 8 && i < n - 8)
				continue;
			bytes[i] = 'b';
			assert_int_equal(sl_recent_differing(r, STREAM, n, sl_span_of(bytes, n)), n);
			bytes[i] = 'a';
		}
		uint32_t ends = n > 64 ? 8 : 0; /* all but what is always looked at */
		memset(bytes + ends, 'c', n - 2 * ends);
		assert_int_equal(sl_recent_differing(r, STREAM, n, sl_span_of(bytes, n)), n);
	}
	sl_recent_free(r);
}

static void old_ones_are_forgotten_not_mistaken(void **state)
{
	(void)state;
	struct sl_recent *r = fresh();
	unsigned known = 0;
	for (uint32_t i = 0; i < 100000; i++)
		sl_recent_note(r, (uint64_t)i << 33, 1, text("abc"));
	for (uint32_t i = 0; i < 100000; i++) {
		assert_int_equal(sl_recent_differing(r, (uint64_t)i << 33, 1, text("abc")), 0);
		known += sl_recent_differing(r, (uint64_t)i << 33, 1, text("xyz")) == 3;
	}
	assert_in_range(known, 8000, 16384);
	sl_recent_free(r);
}

/* --- through TCP --- */

static void a_second_copy_that_differs(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "GET /a");
	send_text(x, 106, ACK, "bcd");
	send_text(x, 100, ACK, "GET /a");
	assert_int_equal(count(x, SL_COUNT_STREAM_CONFLICTS), 0);
	send_text(x, 100, ACK, "GET /x");
	assert_int_equal(count(x, SL_COUNT_STREAM_CONFLICTS), 6);
	send_text(x, 100, ACK, "GET /abXdefg"); /* both again as one, and new bytes behind */
	assert_int_equal(count(x, SL_COUNT_STREAM_CONFLICTS), 6 + 3);
	assert_int_equal(count(x, SL_COUNT_STREAM_REPEATED), 6 + 6 + 9);
	expect(x, "GET /abcdefg");
	end(x);
}

static void what_waited_behind_a_hole(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 103, ACK, "def");
	send_text(x, 100, ACK, "abc");
	send_text(x, 103, ACK, "dXf");
	assert_int_equal(count(x, SL_COUNT_STREAM_CONFLICTS), 3);
	expect(x, "abcdef");
	end(x);
}

static void a_keep_alive_is_none(void **state)
{
	(void)state;
	struct fixture *x = begin(POOL);
	send_text(x, 99, SYN, "");
	send_text(x, 100, ACK, "a");
	send_text(x, 100, ACK, "\x01");
	assert_int_equal(count(x, SL_COUNT_STREAM_CONFLICTS), 0);
	send_text(x, 101, ACK, "b");
	send_text(x, 100, ACK, "x"); /* nothing keeps a connection alive by an older byte */
	assert_int_equal(count(x, SL_COUNT_STREAM_CONFLICTS), 1);
	end(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_and_another),
		cmocka_unit_test(several_as_one),
		cmocka_unit_test(the_later_one_counts),
		cmocka_unit_test(of_any_length),
		cmocka_unit_test(old_ones_are_forgotten_not_mistaken),
		cmocka_unit_test(a_second_copy_that_differs),
		cmocka_unit_test(what_waited_behind_a_hole),
		cmocka_unit_test(a_keep_alive_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
