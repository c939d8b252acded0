/* Fragments that wait: how long, how many, in how much memory. */
#include "parts.h"

static void waiting_ends(void **state)
{
	(void)state;
	static struct whole a;
	struct fixture *x = begin(BUDGET);
	make_whole(&a, 4, 100, 5);
	take_slice(x, &a, 4, 1, 0, 64);
	x->now += 29 * SECOND;
	take_slice(x, &a, 4, 2, 0, 64);
	x->now += 2 * SECOND;
	assert_false(take_slice(x, &a, 4, 1, 64, 999)); /* 31 seconds: given up */
	assert_int_equal(count(x, SL_COUNT_FRAGMENT_TIMEOUTS), 1);
	assert_true(take_slice(x, &a, 4, 2, 64, 999));
	x->now -= 100 * SECOND; /* a clock that goes back ends nothing */
	assert_true(take_slice(x, &a, 4, 1, 0, 64));
	assert_int_equal(count(x, SL_COUNT_FRAGMENT_TIMEOUTS), 1);
	end(x);
}

/* Identifications come again: other addresses, protocols and versions keep apart; a finished
 * datagram's is free at once. */
static void identifications(void **state)
{
	(void)state;
	static struct whole a, b, six;
	struct fixture *x = begin(BUDGET);
	make_whole(&a, 4, 100, 5);
	make_whole(&b, 4, 100, 6);
	make_whole(&six, 6, 100, 6);
	assert_false(take_slice(x, &a, 4, 1, 0, 64));
	assert_false(
		take_part(x, &(struct part){ 4, 1, 99, 64, b.w.at + b.at + 64, b.n - 64, false }));
	assert_false(take_slice(x, &six, 6, 1, 64, 999));
	assert_false(take_slice(x, &b, 4, 65537 + 1, 64, 999)); /* 2 */
	assert_true(take_slice(x, &a, 4, 1, 64, 999));
	expect_whole(x, &a);
	assert_false(take_slice(x, &b, 4, 1, 64, 999));
	assert_true(take_slice(x, &b, 4, 1, 0, 64));
	expect_whole(x, &b);
	assert_true(take_slice(x, &six, 6, 1, 0, 64));
	expect_whole(x, &six);
	assert_false(take_slice(x, &six, 6, 65537, 0, 64)); /* IPv6: 32 bits of it */
	assert_false(take_slice(x, &six, 6, 1, 64, 999));
	end(x);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	static struct whole a;
	static const uint64_t budgets[] = { 0, 2048, 10000, 100000 };
	for (size_t k = 0; k < sizeof budgets / sizeof *budgets; k++) {
		struct fixture *x = begin(budgets[k]);
		make_whole(&a, 4, 4000, 5);
		for (unsigned id = 0; id < 3000; id++) /* first parts of what never comes */
			assert_false(take_slice(x, &a, 4, id, 0, 1480));
		assert_true(count(x, SL_COUNT_FRAGMENT_FULL) > 2900);
		/* what is new is taken, what is old made room */
		bool fits = budgets[k] >= 10000;
		take_slice(x, &a, 4, 5000, 0, 1480);
		take_slice(x, &a, 4, 5000, 1480, 2960);
		assert_int_equal(take_slice(x, &a, 4, 5000, 2960, 9999), fits);
		if (fits)
			expect_whole(x, &a);
		end(x);
	}
}

/* One datagram in the smallest parts, none of them whole: the pool's end is its end. */
static void one_datagram_cannot_hold_all(void **state)
{
	(void)state;
	static struct whole a;
	struct fixture *x = begin(20000);
	make_whole(&a, 4, 60000, 5);
	for (size_t at = 8; at + 8 < a.n; at += 16)
		assert_false(take_slice(x, &a, 4, 1, at, at + 8));
	assert_true(count(x, SL_COUNT_FRAGMENT_FULL) > 0);
	make_whole(&a, 4, 100, 5);
	assert_false(take_slice(x, &a, 4, 2, 0, 64)); /* others go on */
	assert_true(take_slice(x, &a, 4, 2, 64, 999));
	end(x);
}

/* The end comes last and is nearer than parts that came before: they do not count. */
static void an_end_before_earlier_parts(void **state)
{
	(void)state;
	static uint8_t bytes[2048];
	static struct whole a;
	for (size_t beyond = 112; beyond < 60000; beyond += 1000 / 8 * 8) {
		struct fixture *x = begin(BUDGET);
		make_whole(&a, 4, 100, 5);
		assert_false(take_part(x, &(struct part){ 4, 1, 17, beyond, bytes, 2048, true }));
		assert_false(take_slice(x, &a, 4, 1, 0, 64));
		assert_false(take_slice(x, &a, 4, 1, 80, 999));
		assert_true(take_slice(x, &a, 4, 1, 64, 80));
		expect_whole(x, &a);
		end(x);
	}
}

/* A whole datagram in the smallest parts, in any order, needs not much more room than its bytes. */
static void smallest_parts_share_room(void **state)
{
	(void)state;
	static struct whole a;
	static size_t order[SL_DATAGRAM_MAX / 8];
	struct fixture *x = begin(80000);
	make_whole(&a, 4, 60000, 5);
	size_t n = (a.n + 7) / 8;
	uint64_t seed = 9;
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i-- > 1;) {
		size_t k = wire_random(&seed) % (i + 1), c = order[i];
		order[i] = order[k];
		order[k] = c;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(take_slice(x, &a, 4, 1, order[i] * 8, order[i] * 8 + 8), i == n - 1);
	expect_whole(x, &a);
	assert_int_equal(count(x, SL_COUNT_FRAGMENT_FULL), 0);
	end(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_ends),
		cmocka_unit_test(identifications),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(one_datagram_cannot_hold_all),
		cmocka_unit_test(an_end_before_earlier_parts),
		cmocka_unit_test(smallest_parts_share_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
