/* TLP labels: names, and the whole matrix of what passes where. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/tlp.h>

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(sl_tlp_parse("TLP:CLEAR"), SL_TLP_CLEAR);
	assert_int_equal(sl_tlp_parse("TLP:GREEN"), SL_TLP_GREEN);
	assert_int_equal(sl_tlp_parse("TLP:AMBER"), SL_TLP_AMBER);
	assert_int_equal(sl_tlp_parse("TLP:AMBER+STRICT"), SL_TLP_AMBER_STRICT);
	assert_int_equal(sl_tlp_parse("TLP:RED"), SL_TLP_RED);
	for (int tlp = SL_TLP_NONE; tlp <= SL_TLP_RED; tlp++)
		assert_int_equal(sl_tlp_parse(sl_tlp_text((enum sl_tlp)tlp)), tlp);
	assert_string_equal(sl_tlp_text(SL_TLP_NONE), "");
	assert_string_equal(sl_tlp_text((enum sl_tlp)77), "");
}

static void test_unknown_names(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",           "GREEN",      "tlp:green",       "TLP:WHITE",
		"TLP: GREEN", "TLP:GREEN ", "TLP:AMBER STRICT"
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sl_tlp_parse(bad[i]), SL_TLP_NONE);
	assert_int_equal(sl_tlp_parse(NULL), SL_TLP_NONE);
}

/* Rows: the label; columns: the most that may pass; the last of both is no label at all. */
static void test_pass_matrix(void **state)
{
	(void)state;
	static const enum sl_tlp tlps[] = { SL_TLP_NONE,   SL_TLP_CLEAR,        SL_TLP_GREEN,
					    SL_TLP_AMBER,  SL_TLP_AMBER_STRICT, SL_TLP_RED,
					    (enum sl_tlp)6 };
	static const char *const rows[] = {
		"-------", /* none */
		"-+++++-", /* clear */
		"--++++-", /* green */
		"---+++-", /* amber */
		"----++-", /* amber+strict */
		"-------", /* red */
		"-------", /* unknown */
	};
	for (size_t label = 0; label < 7; label++)
		for (size_t highest = 0; highest < 7; highest++)
			assert_int_equal(sl_tlp_passes(tlps[label], tlps[highest]),
					 rows[label][highest] == '+');
}

static void test_severities(void **state)
{
	(void)state;
	assert_int_equal(sl_severity_parse("low"), SL_LOW);
	assert_int_equal(sl_severity_parse("medium"), SL_MEDIUM);
	assert_int_equal(sl_severity_parse("high"), SL_HIGH);
	assert_int_equal(sl_severity_parse("critical"), SL_CRITICAL);
	assert_int_equal(sl_severity_parse("High"), SL_SEVERITY_NONE);
	assert_int_equal(sl_severity_parse(""), SL_SEVERITY_NONE);
	for (int severity = SL_SEVERITY_NONE; severity <= SL_CRITICAL; severity++)
		assert_int_equal(sl_severity_parse(sl_severity_text((enum sl_severity)severity)),
				 severity);
	assert_string_equal(sl_severity_text((enum sl_severity)77), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_pass_matrix),
		cmocka_unit_test(test_severities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
