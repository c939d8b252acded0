/* Patterns on whole fields: each operator beside what it must not match. */
#include "fixture.h"

#define ON(id, what) "{\"id\": \"" id "\", \"match\": [{\"field\": \"http.user_agent\", " what "}]}"

static void operators(void **state)
{
	(void)state;
	/* clang-format off */
	static const char pack[] = "["
		ON("contains", "\"contains\": \"needle\"") ","
		ON("nocase", "\"contains\": \"NEEDLE\", \"nocase\": true") ","
		ON("starts", "\"starts\": \"bot/\"") ","
		ON("ends", "\"ends\": \".exe\"") ","
		ON("regex", "\"regex\": \"id=[0-9a-f]{4}$\"") ","
		ON("hex", "\"hex\": \"c3 28 01\"") ","
		ON("dot", "\"contains\": \"a.c+\"") "]";
	/* clang-format on */
	struct fixture *x = fixture_new(pack);
	static const struct {
		const char *value, *ids;
	} cases[] = {
		{ "needle", "contains nocase " },
		{ "a needle in", "contains nocase " },
		{ "a Needle in", "nocase " },
		{ "needl e", "" },
		{ "bot/1", "starts " },
		{ "a bot/1", "" },
		{ "bot/ bot/", "starts " },
		{ "a.exe", "ends " },
		{ "a.exe ", "" },
		{ ".exe.exe", "ends " },
		{ "x id=0aF0", "" },
		{ "x id=0af0", "regex " },
		{ "x id=0af0\n\n", "" },
		{ "\xc3\x28\x01", "hex " },
		{ "\xc3\x28", "" },
		{ "abc+", "" },
		{ "a.c+", "dot " },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fixture_value_expect(x, SL_FIELD_HTTP_USER_AGENT, cases[i].value, cases[i].ids);
		fixture_value_expect(x, SL_FIELD_HTTP_HOST, cases[i].value, ""); /* another field */
	}
	fixture_free(x);
}

static void place_of_the_match(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("far", "\"contains\": \"needle\"") "]");
	char value[3000];
	memset(value, '.', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	memcpy(value + 2000, "needle", 6);
	struct sl_flow *f = fixture_pair(x, 6, 1);
	f->side[0].flags |= SL_SIDE_STARTED;
	fixture_values(x, f, SL_FIELD_HTTP_USER_AGENT, value, SL_FIELD_HTTP_USER_AGENT, NULL);
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 1);
	assert_int_equal(x->match[0].offset, 2000);
	assert_int_equal(x->match[0].value_len, SL_MATCH_VALUE_MAX);
	assert_non_null(strstr(x->match[0].around, "needle")); /* what matched is shown */
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators),
		cmocka_unit_test(place_of_the_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
