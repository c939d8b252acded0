/* Alerts from a topic that anybody may have written to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alerts/alert.h"

static const char good[] =
	"{\"selat\":1,\"id\":\"vn-hn-ix1/e/7\",\"time\":\"2026-11-22T04:05:06.123456Z\","
	"\"observed\":\"2026-11-22T04:05:07Z\",\"sensor\":{\"id\":\"vn-hn-ix1\",\"country\":\"VN\"}"
	","
	"\"tlp\":\"TLP:AMBER+STRICT\",\"severity\":\"high\",\"count\":3,\"drill\":\"ACID-2026\","
	"\"indicator\":{\"pack\":\"vn.cert/"
	"c2\",\"id\":\"c2-1\",\"type\":\"domain\",\"value\":\"e.example\"},"
	"\"match\":{\"field\":\"tls.sni\",\"value\":\"a\\u0000b\"},"
	"\"flow\":{\"src\":{\"ip\":\"192.0.2.1\",\"port\":51234},\"dst\":{\"ip\":\"2001:db8::1\"}}"
	"}";

static bool is(struct sl_span span, const char *text)
{
	return sl_span_eq(span, sl_span_str(text));
}

static void all_keys_are_read(void **state)
{
	(void)state;
	struct sl_alert a;
	assert_int_equal(sl_alert_parse(&a, sl_span_str(good), NULL), 0);
	assert_true(is(a.id, "vn-hn-ix1/e/7"));
	assert_true(is(a.sensor, "vn-hn-ix1"));
	assert_true(is(a.country, "VN"));
	assert_true(is(a.pack, "vn.cert/c2"));
	assert_true(is(a.indicator, "c2-1"));
	assert_true(is(a.type, "domain"));
	assert_true(is(a.value, "e.example"));
	assert_true(is(a.field, "tls.sni"));
	assert_true(sl_span_eq(a.seen, sl_span_of("a\0b", 3)));
	assert_true(is(a.drill, "ACID-2026"));
	assert_int_equal(a.tlp, SL_TLP_AMBER_STRICT);
	assert_int_equal(a.severity, SL_HIGH);
	assert_true(is(a.src.ip, "192.0.2.1"));
	assert_int_equal(a.src.port, 51234);
	assert_int_equal(a.dst.port, -1);
	assert_int_equal(a.count, 3);
	assert_int_equal(a.observed_ns - a.time_ns, 876544000);
	sl_alert_fini(&a);
	sl_alert_fini(&a);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof good - 1; len++) {
		struct sl_alert a;
		struct sl_err err = { "" };
		char *copy = malloc(len + 1); /* its own memory: reading past its end is seen */
		assert_non_null(copy);
		memcpy(copy, good, len);
		assert_int_equal(sl_alert_parse(&a, sl_span_of(copy, len), &err), SL_EFORMAT);
		assert_string_not_equal(err.text, "");
		free(copy);
	}
}

static void what_is_no_alert_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"null",
		"[]",
		"{}",
		"\"selat\"",
		"hello",
		"{\"selat\":1}",
		"{\"selat\":1,\"id\":7}",
		"{\"selat\":1,\"id\":\"\"}",
		"{\"selat\":2,\"id\":\"x\"}",
		"{\"selat\":\"1\",\"id\":\"x\"}",
		"{\"selat\":1,\"id\":\"x\",\"id\":\"y\"}",
		"{\"selat\":1,\"id\":\"\xff\"}",
		"{\"selat\":1,\"id\":\"x\"} more",
		"{\"selat\":1,\"id\":\"x\",\"n\":99999999999999999999}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct sl_alert a;
		if (sl_alert_parse(&a, sl_span_str(texts[i]), NULL) != SL_EFORMAT)
			fail_msg("taken: %s", texts[i]);
		assert_null(a.json);
	}
}

static void wrong_types_are_nothing(void **state)
{
	(void)state;
	struct sl_alert a;
	const char *text =
		"{\"selat\":1,\"id\":\"x\",\"time\":7,\"observed\":\"yesterday\",\"sensor\":[1],"
		"\"tlp\":{\"a\":1},\"severity\":null,\"indicator\":\"c2\",\"match\":"
		"{\"field\":[],\"value\":{}},\"count\":-5,\"flow\":{\"src\":{\"ip\":4,\"port\":"
		"\"80\"},\"dst\":{\"port\":70000}}}";
	assert_int_equal(sl_alert_parse(&a, sl_span_str(text), NULL), 0);
	assert_int_equal(a.time_ns, 0);
	assert_int_equal(a.observed_ns, 0);
	assert_int_equal(a.sensor.len, 0);
	assert_int_equal(a.tlp, SL_TLP_NONE);
	assert_int_equal(a.severity, SL_SEVERITY_NONE);
	assert_int_equal(a.pack.len, 0);
	assert_int_equal(a.field.len + a.seen.len, 0);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.src.ip.len, 0);
	assert_int_equal(a.src.port, -1);
	assert_int_equal(a.dst.port, -1);
	sl_alert_fini(&a);
}

/* "TLP:GREEN" with a NUL and more behind it is not GREEN. */
static void a_label_with_a_tail_is_unknown(void **state)
{
	(void)state;
	struct sl_alert a;
	const char *text = "{\"selat\":1,\"id\":\"x\",\"tlp\":\"TLP:GREEN\\u0000!\"}";
	assert_int_equal(sl_alert_parse(&a, sl_span_str(text), NULL), 0);
	assert_int_equal(a.tlp, SL_TLP_NONE);
	sl_alert_fini(&a);
}

static void bombs_are_refused(void **state)
{
	(void)state;
	struct sl_alert a;
	size_t len = SL_ALERT_MAX_BYTES;
	char *text = malloc(len + 1);
	assert_non_null(text);
	memset(text, '[', len + 1);
	assert_int_equal(sl_alert_parse(&a, sl_span_of(text, len), NULL), SL_EFORMAT);
	struct sl_err err = { "" };
	assert_int_equal(sl_alert_parse(&a, sl_span_of(text, len + 1), &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "too long"));
	free(text);
}

static void json_is_printed_as_one_safe_line(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const char *json = "{\n \"a\":\r\n\"x\x7f\xc2\x9b\xc3\xa9\\u001b\" }";
	assert_non_null(out);
	sl_alert_print_json(out, sl_span_str(json));
	fclose(out);
	assert_string_equal(text, "{  \"a\":  \"x\\u007f\\u009b\xc3\xa9\\u001b\" }\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_keys_are_read),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(what_is_no_alert_is_refused),
		cmocka_unit_test(wrong_types_are_nothing),
		cmocka_unit_test(a_label_with_a_tail_is_unknown),
		cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(json_is_printed_as_one_safe_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
