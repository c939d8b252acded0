/* Amounts of memory with units. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/text.h>

static uint64_t bytes_of(const char *text)
{
	uint64_t bytes = 12345;
	assert_true(sl_bytes_parse(text, &bytes));
	return bytes;
}

static void test_units(void **state)
{
	(void)state;
	assert_int_equal(bytes_of("0"), 0);
	assert_int_equal(bytes_of("4096"), 4096);
	assert_int_equal(bytes_of("7 B"), 7);
	assert_int_equal(bytes_of("2kB"), 2000);
	assert_int_equal(bytes_of("2 MB"), 2000000);
	assert_int_equal(bytes_of("2 GB"), 2000000000);
	assert_int_equal(bytes_of("512 KiB"), 524288);
	assert_int_equal(bytes_of("1MiB"), 1048576);
	assert_int_equal(bytes_of("10 GiB"), UINT64_C(10737418240));
}

static void test_the_most(void **state)
{
	(void)state;
	assert_int_equal(bytes_of("18446744073709551615"), UINT64_MAX);
	assert_int_equal(bytes_of("17179869183 GiB"), UINT64_C(17179869183) << 30);
	assert_int_equal(bytes_of("18446744073709551 kB"), UINT64_C(18446744073709551000));
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"GiB",
		" 1",
		"1 ",
		"1  KiB",
		"-1",
		"+1",
		"1.5 GiB",
		"1 KB",
		"1 gib",
		"1 TiBx",
		"1 XB",
		"0x10",
		"1e6",
		"1\tkB",
		"1 KiB ",
		"18446744073709551616",       /* 2^64 */
		"99999999999999999999999999", /* far above */
		"17179869184 GiB",            /* 2^34 * 2^30 */
		"18446744073709552 kB",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t bytes = 12345;
		assert_false(sl_bytes_parse(bad[i], &bytes));
		assert_int_equal(bytes, 12345);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_the_most),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
