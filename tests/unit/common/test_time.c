/* RFC 3339 both ways, compared with libc's calendar. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/time.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static const uint64_t second_ns = UINT64_C(1000000000);

static void assert_formats(uint64_t ns, const char *expected)
{
	char text[SL_TIME_TEXT];
	assert_ptr_equal(sl_time_format(text, ns), text);
	assert_string_equal(text, expected);
}

static void test_format(void **state)
{
	(void)state;
	assert_formats(0, "1970-01-01T00:00:00.000000Z");
	assert_formats(951782400 * second_ns, "2000-02-29T00:00:00.000000Z");
	assert_formats(4107542399 * second_ns + 999999999, "2100-02-28T23:59:59.999999Z");
	assert_formats(4107542400 * second_ns, "2100-03-01T00:00:00.000000Z");
	assert_formats(UINT64_MAX, "2554-07-21T23:34:33.709551Z");
}

/* Every day that a time can name. */
static void test_format_agrees_with_libc(void **state)
{
	(void)state;
	for (uint64_t day = 0; day < 213503; day++) {
		time_t seconds = (time_t)(day * 86400 + day % 86400);
		struct tm tm;
		char expected[64];
		gmtime_r(&seconds, &tm);
		snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.000000Z",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			 tm.tm_sec);
		assert_formats((uint64_t)seconds * second_ns, expected);
		uint64_t back = 1;
		assert_int_equal(sl_time_parse(expected, &back, NULL), 0);
		assert_int_equal(back, (uint64_t)seconds * second_ns);
	}
}

static uint64_t time_of(const char *text)
{
	uint64_t ns = 1;
	struct sl_err err = { .text = "" };
	if (sl_time_parse(text, &ns, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	return ns;
}

static void test_parse_examples_of_the_rfc(void **state)
{
	(void)state;
	assert_int_equal(time_of("1985-04-12T23:20:50.52Z"), 482196050520 * (second_ns / 1000));
	assert_int_equal(time_of("1996-12-19T16:39:57-08:00"), 851042397 * second_ns);
	/* leap seconds: the clock has none, so the second after */
	assert_int_equal(time_of("1990-12-31T23:59:60Z"), 662688000 * second_ns);
	assert_int_equal(time_of("1990-12-31T15:59:60-08:00"), 662688000 * second_ns);
	assert_int_equal(time_of("1997-06-30T23:59:60Z"), 867715200 * second_ns);
}

static void test_parse_offsets_and_fractions(void **state)
{
	(void)state;
	const uint64_t noon = 1795348800 * second_ns; /* 2026-11-22T12:00:00Z */
	assert_int_equal(time_of("2026-11-22T12:00:00Z"), noon);
	assert_int_equal(time_of("2026-11-22t12:00:00z"), noon);
	assert_int_equal(time_of("2026-11-22T19:00:00+07:00"), noon);
	assert_int_equal(time_of("2026-11-22T17:30:00+05:30"), noon);
	assert_int_equal(time_of("2026-11-21T23:00:00-13:00"), noon);
	assert_int_equal(time_of("2026-11-22T12:00:00-00:00"), noon);
	assert_int_equal(time_of("1970-01-01T01:00:00+01:00"), 0);
	assert_int_equal(time_of("1969-12-31T23:00:00-01:00"), 0);
	assert_int_equal(time_of("2026-11-22T12:00:00.1Z"), noon + 100000000);
	assert_int_equal(time_of("2026-11-22T12:00:00.123456789Z"), noon + 123456789);
	assert_int_equal(time_of("2024-02-29T00:00:00Z"), 1709164800 * second_ns);
}

static void test_parse_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"2026",
		"2026-11-22",
		"2026-11-22T12:00Z",
		"2026-11-22T12:00:00",
		"2026-11-22 12:00:00Z",
		" 2026-11-22T12:00:00Z",
		"2026-11-22T12:00:00Z ",
		"2026-11-22T12:00:00.Z",
		"2026-11-22T12:00:00.1234567890Z",
		"2026-11-22T12:00:00+07",
		"2026-11-22T12:00:00+0700",
		"2026-11-22T12:00:00+24:00",
		"2026-11-22T12:00:00+07:60",
		"2026-1-22T12:00:00Z",
		"+026-11-22T12:00:00Z",
		"2026-00-22T12:00:00Z",
		"2026-13-22T12:00:00Z",
		"2026-11-00T12:00:00Z",
		"2026-11-31T12:00:00Z",
		"2023-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-11-22T24:00:00Z",
		"2026-11-22T12:60:00Z",
		"2026-11-22T12:00:61Z",
		"2026-11-22T23:59:60Z",
		"1990-12-31T23:59:60+01:00", /* no leap second there */
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01",
		"0000-01-01T00:00:00Z",
		"2554-07-22T00:00:00Z",
		"9999-12-31T23:59:59Z",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t ns = 12345;
		struct sl_err err = { .text = "" };
		if (sl_time_parse(bad[i], &ns, &err) != SL_EFORMAT)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_non_null(strstr(err.text, bad[i]));
		assert_int_equal(ns, 12345);
	}
}

static void test_parse_error_is_escaped(void **state)
{
	(void)state;
	uint64_t ns;
	struct sl_err err;
	assert_int_equal(sl_time_parse("\033[2J", &ns, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "\\x1b[2J"));
	assert_null(strchr(err.text, '\033'));
}

static void test_clocks(void **state)
{
	(void)state;
	uint64_t wall = sl_time_now();
	assert_true(wall / second_ns - (uint64_t)time(NULL) + 2 <= 4);
	uint64_t before = sl_time_mono_ms();
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	assert_in_range(sl_time_mono_ms() - before, 4, 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_agrees_with_libc),
		cmocka_unit_test(test_parse_examples_of_the_rfc),
		cmocka_unit_test(test_parse_offsets_and_fractions),
		cmocka_unit_test(test_parse_refused),
		cmocka_unit_test(test_parse_error_is_escaped),
		cmocka_unit_test(test_clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
