/* The table of fields: each found by its name, each name once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/field.h>
#include <selat/text.h>

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(sl_field_find("payload"), SL_FIELD_PAYLOAD);
	assert_int_equal(sl_field_find("tls.sni"), SL_FIELD_TLS_SNI);
	assert_int_equal(sl_field_find("TLS.SNI"), SL_FIELD_COUNT);
	assert_int_equal(sl_field_find("http.uri."), SL_FIELD_COUNT);
	assert_int_equal(sl_field_find(""), SL_FIELD_COUNT);
}

/* A name that stood twice would be found at its first place. */
static void test_names_and_infos_agree(void **state)
{
	(void)state;
	const char *const *names = sl_field_names();
	for (unsigned i = 0; i < SL_FIELD_COUNT; i++) {
		assert_string_equal(names[i], sl_field_info((enum sl_field)i)->name);
		assert_int_equal(sl_field_find(names[i]), i);
	}
	assert_null(names[SL_FIELD_COUNT]);
}

static void test_infos(void **state)
{
	(void)state;
	const struct sl_field_info *host = sl_field_info(SL_FIELD_HTTP_HOST);
	assert_string_equal(host->name, "http.host");
	assert_string_equal(host->protocol, "http");
	assert_string_equal(sl_field_kind_text(host->kind), "text");
	assert_string_equal(sl_field_dir_text(host->direction), "to_server");
	assert_false(host->stream);
	assert_true(sl_field_info(SL_FIELD_PAYLOAD)->stream);
	assert_string_equal(sl_field_kind_text(SL_KIND_BYTES), "bytes");
	assert_string_equal(sl_field_kind_text(SL_KIND_ADDRESS), "address");
	assert_string_equal(sl_field_dir_text(SL_DIR_BOTH), "both");
	assert_string_equal(sl_field_dir_text(SL_DIR_TO_CLIENT), "to_client");
}

static void test_nearest_name(void **state)
{
	(void)state;
	assert_string_equal(sl_text_nearest("http.user-agent", sl_field_names()),
			    "http.user_agent");
	assert_string_equal(sl_text_nearest("tls_sni", sl_field_names()), "tls.sni");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_names_and_infos_agree),
		cmocka_unit_test(test_infos),
		cmocka_unit_test(test_nearest_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
