/* The table of counters. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/counter.h>

#include <string.h>

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(sl_counter_name(SL_COUNT_PACKETS), "packets");
	assert_string_equal(sl_counter_name(SL_COUNT_STREAM_REPEATED), "stream_repeated_bytes");
	assert_string_equal(sl_counter_help(SL_COUNT_FLOWS), "flows begun");
}

/* They are keys of one JSON object: each once, lower case and underscores. */
static void test_names_are_keys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SL_COUNTER_COUNT; i++) {
		const char *name = sl_counter_name((enum sl_counter)i);
		assert_int_not_equal(strlen(name), 0);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
		assert_int_not_equal(strlen(sl_counter_help((enum sl_counter)i)), 0);
		for (unsigned other = 0; other < i; other++)
			assert_string_not_equal(name, sl_counter_name((enum sl_counter)other));
	}
}

static void test_counts(void **state)
{
	(void)state;
	struct sl_counters c = { 0 };
	sl_count(&c, SL_COUNT_BYTES);
	sl_count_add(&c, SL_COUNT_BYTES, UINT64_C(1) << 40);
	assert_int_equal(sl_counter_get(&c, SL_COUNT_BYTES), (UINT64_C(1) << 40) + 1);
	assert_int_equal(sl_counter_get(&c, SL_COUNT_PACKETS), 0);
	assert_int_equal(sl_counter_get(&c, SL_COUNT_BATCHES), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_are_keys),
		cmocka_unit_test(test_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
