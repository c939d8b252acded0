/* The summary's figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alerts/summary.h"

static void percentiles_are_right_within_a_hundredth(void **state)
{
	(void)state;
	struct sl_delays *d = calloc(1, sizeof *d);
	assert_non_null(d);
	assert_int_equal(sl_delays_at(d, 50), 0);
	for (uint64_t us = 100000; us > 0; us--)
		sl_delays_add(d, us * 10);
	assert_true(sl_delays_at(d, 50) >= 500000 && sl_delays_at(d, 50) <= 505000);
	assert_true(sl_delays_at(d, 99) >= 990000 && sl_delays_at(d, 99) <= 999900);
	assert_int_equal(sl_delays_at(d, 100), 1000000);
	assert_int_equal(d->max_us, 1000000);
	free(d);
}

static void every_time_has_its_bucket(void **state)
{
	(void)state;
	static const uint64_t times[] = { 0, 1, 127, 128, 255, 256, 1ULL << 32, UINT64_MAX };
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct sl_delays *d = calloc(1, sizeof *d);
		assert_non_null(d);
		sl_delays_add(d, times[i]);
		assert_true(sl_delays_at(d, 50) == times[i]);
		free(d);
	}
}

static char *print(const struct sl_summary *s, bool as_json)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	sl_summary_print(out, s, as_json);
	fclose(out);
	return text;
}

static void json_is_one_object(void **state)
{
	(void)state;
	struct sl_summary *s = calloc(1, sizeof *s);
	assert_non_null(s);
	s->alerts = 4;
	s->indicators = 3;
	s->repeats = 2;
	s->unreadable = 1;
	char *text = print(s, true);
	assert_string_equal(text,
			    "{\"alerts\":4,\"indicators\":3,\"repeats\":2,\"unreadable\":1}\n");
	free(text);
	sl_delays_add(&s->delays, 1500);
	text = print(s, true);
	assert_non_null(
		strstr(text, "\"observed_to_read_ms\":{\"median\":1.5,\"p99\":1.5,\"max\":1.5}"));
	free(text);
	text = print(s, false);
	assert_non_null(strstr(text, "median 1.5 ms, p99 1.5 ms, max 1.5 ms"));
	free(text);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_right_within_a_hundredth),
		cmocka_unit_test(every_time_has_its_bucket),
		cmocka_unit_test(json_is_one_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
