/* Errors: the sentence, its end, and the exit status. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/err.h>

#include <string.h>

static void test_fail_returns_code_and_text(void **state)
{
	(void)state;
	struct sl_err err = { .text = "old" };
	assert_int_equal(sl_fail(&err, SL_EUSAGE, "%s:%d: %s", "a.yaml", 7, "no"), SL_EUSAGE);
	assert_string_equal(err.text, "a.yaml:7: no");
	assert_int_equal(sl_fail(NULL, SL_ENOMEM, "%s", "nobody reads this"), SL_ENOMEM);
}

static void test_fail_wraps_its_own_text(void **state)
{
	(void)state;
	struct sl_err err;
	sl_fail(&err, SL_EFAIL, "inner");
	sl_fail(&err, SL_EFAIL, "outer: %s", err.text);
	assert_string_equal(err.text, "outer: inner");
}

/* However the text lies, it is never cut inside a character. */
static void test_fail_cuts_between_characters(void **state)
{
	(void)state;
	static const char *const characters[] = { "a", "é", "€", "😀" };
	struct sl_err err;
	for (size_t c = 0; c < 4; c++) {
		size_t size = strlen(characters[c]);
		for (size_t before = 0; before < 4; before++) {
			char text[3000] = "";
			memset(text, '.', before);
			while (strlen(text) < 2000)
				strcat(text, characters[c]);
			sl_fail(&err, SL_EFAIL, "%s", text);
			size_t whole = (sizeof(err.text) - 1 - before) / size * size + before;
			assert_int_equal(strlen(err.text), whole);
			assert_memory_equal(err.text, text, whole);
		}
	}
}

static void test_exit_status(void **state)
{
	(void)state;
	assert_int_equal(sl_exit_status(SL_OK), 0);
	assert_int_equal(sl_exit_status(5), 0);
	assert_int_equal(sl_exit_status(SL_EFAIL), 1);
	assert_int_equal(sl_exit_status(SL_EUSAGE), 2);
	assert_int_equal(sl_exit_status(SL_EPARTIAL), 3);
	assert_int_equal(sl_exit_status(SL_ENOMEM), 1);
	assert_int_equal(sl_exit_status(SL_EFORMAT), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_returns_code_and_text),
		cmocka_unit_test(test_fail_wraps_its_own_text),
		cmocka_unit_test(test_fail_cuts_between_characters),
		cmocka_unit_test(test_exit_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
