/* The bounded table: what is in it, and what goes first. */
#include "fixture.h"

#include <sensor/publish/tally.h>

static struct sl_tally_key key(uint64_t n)
{
	return (struct sl_tally_key){ { n * UINT64_C(0x9e3779b97f4a7c15), n } };
}

static struct sl_tally *tally(uint32_t entries)
{
	struct sl_tally *t;
	struct sl_err err;

	assert_int_equal(sl_tally_new(&t, entries, &err), SL_OK);
	return t;
}

static void finds_what_was_added(void **state)
{
	(void)state;
	struct sl_tally *t = tally(1000);
	uint32_t entry[1000];

	for (uint64_t n = 0; n < 1000; n++) {
		assert_int_equal(sl_tally_find(t, key(n)), SL_TALLY_NONE);
		assert_false(sl_tally_full(t));
		entry[n] = sl_tally_add(t, key(n));
		assert_true(entry[n] < 1000);
	}
	assert_true(sl_tally_full(t));
	for (uint64_t n = 0; n < 1000; n++)
		assert_int_equal(sl_tally_find(t, key(n)), entry[n]);
	sl_tally_free(t);
}

/* Same chain: the lower half of a key chooses it. */
static void keys_in_one_chain(void **state)
{
	(void)state;
	struct sl_tally *t = tally(8);
	uint32_t entry[3];

	for (uint64_t n = 0; n < 3; n++)
		entry[n] = sl_tally_add(t, (struct sl_tally_key){ { 1, n } });
	sl_tally_drop(t, entry[1]);
	assert_int_equal(sl_tally_find(t, (struct sl_tally_key){ { 1, 0 } }), entry[0]);
	assert_int_equal(sl_tally_find(t, (struct sl_tally_key){ { 1, 1 } }), SL_TALLY_NONE);
	assert_int_equal(sl_tally_find(t, (struct sl_tally_key){ { 1, 2 } }), entry[2]);
	sl_tally_free(t);
}

static void the_oldest_is_what_was_used_longest_ago(void **state)
{
	(void)state;
	struct sl_tally *t = tally(3);

	assert_int_equal(sl_tally_oldest(t), SL_TALLY_NONE);
	uint32_t a = sl_tally_add(t, key(1)), b = sl_tally_add(t, key(2)), c = sl_tally_add(t, key(3));
	assert_int_equal(sl_tally_oldest(t), a);
	sl_tally_touch(t, a);
	assert_int_equal(sl_tally_oldest(t), b);
	sl_tally_drop(t, b);
	assert_false(sl_tally_full(t));
	assert_int_equal(sl_tally_oldest(t), c);
	uint32_t d = sl_tally_add(t, key(4));
	assert_int_equal(d, b); /* room is used again */
	sl_tally_drop(t, c);
	sl_tally_drop(t, a);
	assert_int_equal(sl_tally_oldest(t), d);
	sl_tally_drop(t, d);
	assert_int_equal(sl_tally_oldest(t), SL_TALLY_NONE);
	sl_tally_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_added),
		cmocka_unit_test(keys_in_one_chain),
		cmocka_unit_test(the_oldest_is_what_was_used_longest_ago),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
