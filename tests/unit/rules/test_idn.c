/* Names in any script: known answers of RFC 3492 and UTS 46. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <rules/idn.h>
#include <string.h>

static void names(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "evil.example", "evil.example" },
		{ "Evil.example.", "Evil.example." },
		{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
		{ "B\xc3\x9c" "CHER.example", "xn--bcher-kva.example" }, /* mapped to lower case */
		{ "bu\xcc\x88" "cher.example", "xn--bcher-kva.example" }, /* composed */
		{ "fa\xc3\x9f.example", "xn--fa-hia.example" }, /* not transitional */
		{ "www\xe3\x80\x82" "b\xc3\xbc" "cher.example", "www.xn--bcher-kva.example" }, /* ideographic dot */
		{ "\xe0\xb9\x84\xe0\xb8\x97\xe0\xb8\xa2.example", "xn--o3cw4h.example" },
	};
	char out[256];
	struct sl_err err = { "" };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (sl_idn_name(cases[i][0], out, sizeof out, &err) != SL_OK)
			fail_msg("%s: %s", cases[i][0], err.text);
		assert_string_equal(out, cases[i][1]);
	}
}

static void bad_names(void **state)
{
	(void)state;
	static const char *const cases[] = { "\xff\xfe.example", "\xe2\x80\x8f.example", "b\xc3" };
	char out[256], small[8];
	struct sl_err err = { "" };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(sl_idn_name(cases[i], out, sizeof out, &err), SL_EUSAGE);
		assert_non_null(strstr(err.text, "is no international domain name"));
	}
	assert_int_equal(sl_idn_name("long.example", small, sizeof small, &err), SL_EUSAGE);
	assert_int_equal(sl_idn_name("b\xc3\xbc" "cher", small, sizeof small, &err), SL_EUSAGE);
}

static void urls(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "http://evil.example/a?b", "http://evil.example/a?b" },
		{ "http://b\xc3\xbc" "cher.example/\xc3\xbc", "http://xn--bcher-kva.example/\xc3\xbc" },
		{ "http://b\xc3\xbc" "cher.example:8080?x", "http://xn--bcher-kva.example:8080?x" },
		{ "http://u@b\xc3\xbc" "cher.example", "http://u@xn--bcher-kva.example" },
		{ "http://evil.example/\xc3\xbc", "http://evil.example/\xc3\xbc" },
	};
	char out[256];
	struct sl_err err = { "" };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(sl_idn_url(cases[i][0], out, sizeof out, &err), SL_OK);
		assert_string_equal(out, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
