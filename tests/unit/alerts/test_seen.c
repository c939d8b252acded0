/* The window of what was seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "alerts/seen.h"

static bool add(struct sl_seen *s, unsigned n)
{
	char text[16];
	snprintf(text, sizeof text, "%u", n);
	return sl_seen_add(s, sl_span_str(text), sl_span_of("", 0));
}

static void repeats_are_known_within_the_window(void **state)
{
	(void)state;
	struct sl_seen *s = sl_seen_new(1024);
	assert_non_null(s);
	for (unsigned i = 0; i < 100000; i++) {
		assert_true(add(s, i));
		assert_false(add(s, i));
		if (i >= 1023)
			assert_false(add(s, i - 1023)); /* the oldest that is still there */
	}
	assert_true(add(s, 100000 - 1025)); /* had left */
	sl_seen_free(s);
	sl_seen_free(NULL);
}

static void pairs_are_not_glued(void **state)
{
	(void)state;
	struct sl_seen *s = sl_seen_new(16);
	assert_non_null(s);
	assert_true(sl_seen_add(s, sl_span_str("ab"), sl_span_str("c")));
	assert_true(sl_seen_add(s, sl_span_str("a"), sl_span_str("bc")));
	assert_true(sl_seen_add(s, sl_span_str("abc"), sl_span_of("", 0)));
	assert_false(sl_seen_add(s, sl_span_str("a"), sl_span_str("bc")));
	sl_seen_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_are_known_within_the_window),
		cmocka_unit_test(pairs_are_not_glued),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
