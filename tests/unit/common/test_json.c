/* The JSON writer, read back with jansson. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/json.h>
#include <selat/text.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static int setup(void **state)
{
	static struct sl_json j;
	sl_json_init(&j);
	*state = &j;
	return 0;
}

static int teardown(void **state)
{
	struct sl_json *j = *state;
	sl_json_fini(j);
	assert_null(j->text);
	return 0;
}

static void assert_text(const struct sl_json *j, const char *expected)
{
	assert_false(j->failed);
	assert_string_equal(j->text, expected);
	assert_int_equal(j->len, strlen(expected));
}

static void test_shapes_and_commas(void **state)
{
	struct sl_json *j = *state;
	sl_json_open(j, NULL, '{');
	sl_json_text(j, "a", "x");
	sl_json_open(j, "b", '[');
	sl_json_u64(j, NULL, 1);
	sl_json_open(j, NULL, '{');
	sl_json_close(j, '}');
	sl_json_bool(j, NULL, true);
	sl_json_close(j, ']');
	sl_json_open(j, "c", '[');
	sl_json_close(j, ']');
	sl_json_bool(j, "d", false);
	sl_json_raw(j, "e", sl_span_str("{\"f\":null}"));
	sl_json_time(j, "t", 1);
	sl_json_base64(j, "g", sl_span_str("foob"));
	sl_json_close(j, '}');
	assert_text(j, "{\"a\":\"x\",\"b\":[1,{},true],\"c\":[],\"d\":false,\"e\":{\"f\":null},"
		       "\"t\":\"1970-01-01T00:00:00.000000Z\",\"g\":\"Zm9vYg==\"}");
}

static void test_reset_begins_anew(void **state)
{
	struct sl_json *j = *state;
	sl_json_u64(j, NULL, 7);
	const char *memory = j->text;
	sl_json_reset(j);
	assert_text(j, "");
	sl_json_u64(j, NULL, 8);
	assert_text(j, "8");
	assert_ptr_equal(j->text, memory);
}

static void test_numbers(void **state)
{
	struct sl_json *j = *state;
	sl_json_open(j, NULL, '[');
	sl_json_u64(j, NULL, 0);
	sl_json_u64(j, NULL, 10);
	sl_json_u64(j, NULL, UINT64_MAX);
	sl_json_double(j, NULL, 0.5);
	sl_json_double(j, NULL, 1234567.0);
	sl_json_double(j, NULL, -1.0 / 3);
	sl_json_double(j, NULL, 1e-300);
	sl_json_double(j, NULL, (double)NAN);
	sl_json_double(j, NULL, -(double)INFINITY);
	sl_json_close(j, ']');
	assert_text(j, "[0,10,18446744073709551615,0.5,1.23457e+06,-0.333333,1e-300,null,null]");
}

static void test_escapes(void **state)
{
	struct sl_json *j = *state;
	sl_json_open(j, NULL, '[');
	sl_json_text(j, NULL, "");
	sl_json_bytes(j, NULL, sl_span_of(NULL, 0));
	sl_json_text(j, NULL, "\"\\\n\x1f\x7f/");
	sl_json_text(j, NULL, "\xff\xc3\xa9\xed\xa0\x80");
	sl_json_text(j, NULL, "\\x4a\\x4A\\x");
	sl_json_bytes(j, NULL, sl_span_of("a\0", 2));
	sl_json_close(j, ']');
	assert_text(j, "[\"\",\"\",\"\\\"\\\\\\u000a\\u001f\x7f/\","
		       "\"\\\\xff\xc3\xa9\\\\xed\\\\xa0\\\\x80\","
		       "\"\\\\x5cx4a\\\\x4A\\\\x\",\"a\\\\x00\"]");
}

/* What jansson reads is the text of text.h, and that turns back into the bytes. */
static void assert_reads_back(struct sl_json *j, const uint8_t *bytes, size_t len)
{
	static char text[4096];
	static uint8_t back[4096];
	sl_json_reset(j);
	sl_json_open(j, NULL, '{');
	sl_json_bytes(j, "v", sl_span_of(bytes, len));
	sl_json_u64(j, "n", len);
	sl_json_close(j, '}');
	assert_false(j->failed);
	json_error_t error;
	json_t *root = json_loadb(j->text, j->len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s: %s", error.text, j->text);
	sl_text_escape(text, sizeof(text), sl_span_of(bytes, len), false);
	assert_string_equal(json_string_value(json_object_get(root, "v")), text);
	assert_int_equal(json_integer_value(json_object_get(root, "n")), len);
	assert_int_equal(sl_text_unescape(back, text), len);
	assert_memory_equal(back, bytes, len);
	json_decref(root);
}

static void test_all_pairs_read_back(void **state)
{
	for (unsigned pair = 0; pair <= 0xffff; pair++) {
		const uint8_t two[] = { (uint8_t)(pair >> 8), (uint8_t)pair };
		assert_reads_back(*state, two, 2);
	}
}

/* A telling byte at each place of a long run, so that every step of eight meets it. */
static void test_each_place_reads_back(void **state)
{
	static const char *const telling[] = {
		"\"", "\\", "\\x41", "\n", "\x80", "\xc3\xa9", "\x7f"
	};
	for (size_t t = 0; t < sizeof(telling) / sizeof(telling[0]); t++) {
		for (size_t place = 0; place < 40; place++) {
			uint8_t bytes[48];
			memset(bytes, 'a', sizeof(bytes));
			memcpy(bytes + place, telling[t], strlen(telling[t]));
			for (size_t len = place + 1; len <= sizeof(bytes); len++)
				assert_reads_back(*state, bytes, len);
		}
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void test_random_bytes_read_back(void **state)
{
	static const char likely[] = "\\\\xx5cab\"\n\xc3\xa9\xe2\x82\xac";
	uint32_t seed = 1;
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t bytes[200];
		size_t len = next_random(&seed) % sizeof(bytes);
		bool any = round & 1; /* all bytes, or mostly those that mean something */
		for (size_t i = 0; i < len; i++) {
			uint32_t r = next_random(&seed);
			bytes[i] = any ? (uint8_t)r : (uint8_t)likely[r % (sizeof(likely) - 1)];
		}
		assert_reads_back(*state, bytes, len);
	}
}

/* The buffer grows at every possible fill, exactly sized values included. */
static void test_growth(void **state)
{
	struct sl_json *j = *state;
	for (size_t len = 990; len < 1060; len++) {
		char *value = malloc(len + 1);
		memset(value, 'v', len);
		value[len] = '\0';
		sl_json_fini(j);
		sl_json_text(j, "k", value);
		assert_false(j->failed);
		assert_int_equal(j->len, len + 6);
		assert_true(j->room > j->len);
		assert_int_equal(strlen(j->text), j->len);
		sl_json_fini(j);
		sl_json_base64(j, "k", sl_span_of(value, len));
		assert_int_equal(j->len, (len + 2) / 3 * 4 + 6);
		assert_int_equal(strlen(j->text), j->len);
		free(value);
	}
}

/* Each kind of value at each fill of the first buffer: a sanitizer sees one byte too far. */
static void test_growth_at_each_fill(void **state)
{
	struct sl_json *j = *state;
	char filler[1024];
	memset(filler, '1', sizeof(filler));
	for (size_t fill = 960; fill < 1024; fill++) {
		for (int kind = 0; kind < 7; kind++) {
			sl_json_fini(j);
			sl_json_raw(j, NULL, sl_span_of(filler, fill));
			switch (kind) {
			case 0:
				sl_json_close(j, ']');
				break;
			case 1:
				sl_json_open(j, "k", '[');
				break;
			case 2:
				sl_json_u64(j, "k", 7);
				break;
			case 3:
				sl_json_bool(j, "k", false);
				break;
			case 4:
				sl_json_text(j, "k", "\xff\xff\xff\xff");
				break;
			case 5:
				sl_json_text(j, "k", "\001\001\001\001");
				break;
			default:
				sl_json_time(j, "k", 0);
			}
			assert_false(j->failed);
			assert_true(j->len > fill && j->len < j->room);
			assert_int_equal(strlen(j->text), j->len);
		}
	}
}

/* A size that cannot be had: nothing is written any more, what was there stays readable. */
static void test_failure_stays_until_reset(void **state)
{
	struct sl_json *j = *state;
	sl_json_u64(j, NULL, 1);
	sl_json_bytes(j, NULL, sl_span_of("", SIZE_MAX));
	assert_true(j->failed);
	sl_json_u64(j, NULL, 2);
	sl_json_open(j, NULL, '{');
	sl_json_close(j, '}');
	assert_true(j->failed);
	assert_string_equal(j->text, "1");
	sl_json_reset(j);
	sl_json_u64(j, NULL, 3);
	assert_text(j, "3");
}

#define WRITER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITER_TEST(test_shapes_and_commas),
		WRITER_TEST(test_reset_begins_anew),
		WRITER_TEST(test_numbers),
		WRITER_TEST(test_escapes),
		WRITER_TEST(test_all_pairs_read_back),
		WRITER_TEST(test_each_place_reads_back),
		WRITER_TEST(test_random_bytes_read_back),
		WRITER_TEST(test_growth),
		WRITER_TEST(test_growth_at_each_fill),
		WRITER_TEST(test_failure_stays_until_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
