/* UTF-8, the escapes and their inverse, the nearest word. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/text.h>

#include <stdlib.h>

static size_t utf8(const char *bytes)
{
	return sl_utf8_len(sl_span_str(bytes));
}

static void test_utf8_lengths(void **state)
{
	(void)state;
	assert_int_equal(utf8(""), 0);
	assert_int_equal(sl_utf8_len(sl_span_of("\0", 1)), 1);
	assert_int_equal(utf8("\x7f"), 1);
	assert_int_equal(utf8("\xc2\x80"), 2);
	assert_int_equal(utf8("\xdf\xbf"), 2);
	assert_int_equal(utf8("\xe0\xa0\x80"), 3);
	assert_int_equal(utf8("\xed\x9f\xbf"), 3); /* the last before the surrogates */
	assert_int_equal(utf8("\xee\x80\x80"), 3); /* the first behind */
	assert_int_equal(utf8("\xef\xbf\xbf"), 3);
	assert_int_equal(utf8("\xf0\x90\x80\x80"), 4);
	assert_int_equal(utf8("\xf4\x8f\xbf\xbf"), 4); /* U+10FFFF */
}

static void test_utf8_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\x80",
		"\xbf", /* tails alone */
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x9f\xbf", /* overlong */
		"\xf0\x8f\xbf\xbf",
		"\xf0\x80\x80\x80", /* overlong */
		"\xed\xa0\x80",
		"\xed\xbf\xbf", /* surrogates */
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xfe",
		"\xff", /* above U+10FFFF */
		"\xc3",
		"\xe2\x82",
		"\xf0\x9f\x98", /* cut */
		"\xc3(",
		"\xe2(\x80",
		"\xe2\x82(",
		"\xf0\x9f\x98(",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(utf8(bad[i]), 0);
}

/* Of all code points, exactly those that are no surrogates are taken. */
static void test_utf8_all_three_byte_forms(void **state)
{
	(void)state;
	for (unsigned point = 0x800; point <= 0xffff; point++) {
		uint8_t bytes[] = { (uint8_t)(0xe0 | point >> 12),
				    (uint8_t)(0x80 | (point >> 6 & 63)),
				    (uint8_t)(0x80 | (point & 63)) };
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		assert_int_equal(sl_utf8_len(sl_span_of(bytes, 3)), surrogate ? 0 : 3);
	}
}

static const char *escape(struct sl_span bytes, bool shown)
{
	static char out[256];
	size_t len = sl_text_escape(out, sizeof(out), bytes, shown);
	assert_int_equal(strlen(out), len);
	return out;
}

static void test_escape(void **state)
{
	(void)state;
	assert_string_equal(escape(sl_span_str("t\xc3\xaan mi\xe1\xbb\x81n"), true),
			    "t\xc3\xaan mi\xe1\xbb\x81n");
	assert_string_equal(escape(sl_span_str("\xff\xC3"), false), "\\xff\\xc3");
	assert_string_equal(escape(sl_span_str("C:\\x\\n\\x4"), false), "C:\\x\\n\\x4");
	assert_string_equal(escape(sl_span_str("\\x41"), false), "\\x5cx41");
	assert_string_equal(escape(sl_span_str("\\\\x4a"), false), "\\\\x5cx4a");
	assert_string_equal(escape(sl_span_str("\\x4A"), false), "\\x4A"); /* no escape of ours */
	assert_string_equal(escape(sl_span_of("a\0b", 3), false), "a\\x00b");
}

static void test_escape_shown(void **state)
{
	(void)state;
	const char *controls = "\t\033\x7f\xc2\x80\xc2\x9f\xc2\xa0";
	assert_string_equal(escape(sl_span_str(controls), false), controls);
	assert_string_equal(escape(sl_span_str(controls), true),
			    "\\x09\\x1b\\x7f\\xc2\\x80\\xc2\\x9f\xc2\xa0");
}

static void test_escape_cuts_between_units(void **state)
{
	(void)state;
	const struct sl_span bytes = sl_span_str("a\xe2\x82\xac\xff");
	static const size_t lengths[] = { 0, 0, 1, 1, 1, 4, 4, 4, 4, 8, 8 };
	for (size_t room = 0; room < sizeof(lengths) / sizeof(lengths[0]); room++) {
		char *out =
			malloc(room ? room : 1); /* of that size: a sanitizer sees one too far */
		assert_int_equal(sl_text_escape(out, room, bytes, false), lengths[room]);
		if (room)
			assert_memory_equal(out, "a\xe2\x82\xac\\xff", lengths[room]);
		if (room)
			assert_int_equal(out[lengths[room]], '\0');
		free(out);
	}
}

static void round_trip(const uint8_t *bytes, size_t len, bool shown)
{
	char text[256];
	uint8_t back[256];
	size_t text_len = sl_text_escape(text, sizeof(text), sl_span_of(bytes, len), shown);
	assert_int_equal(strlen(text), text_len);
	for (size_t i = 0; i < text_len;) { /* what comes out is UTF-8 */
		size_t step = sl_utf8_len(sl_span_of(text + i, text_len - i));
		assert_int_not_equal(step, 0);
		i += step;
	}
	assert_int_equal(sl_text_unescape(back, text), len);
	assert_memory_equal(back, bytes, len);
}

static void test_round_trip_of_all_pairs(void **state)
{
	(void)state;
	for (unsigned pair = 0; pair <= 0xffff; pair++) {
		const uint8_t two[] = { (uint8_t)(pair >> 8), (uint8_t)pair };
		const uint8_t after[] = { '\\', 'x', two[0], two[1] };
		for (int shown = 0; shown < 2; shown++) {
			round_trip(two, 1, shown);
			round_trip(two, 2, shown);
			round_trip(after, 4, shown);
		}
	}
}

/* The bytes that mean something, in every order. */
static void test_round_trip_of_telling_bytes(void **state)
{
	(void)state;
	static const uint8_t telling[] = { '\\', 'x', '5', 'c', 0, 0xc3, 0xa9 };
	enum { KINDS = sizeof(telling), LENGTH = 6 };
	for (unsigned n = 0; n < 7 * 7 * 7 * 7 * 7 * 7; n++) {
		uint8_t bytes[LENGTH];
		unsigned rest = n;
		for (size_t i = 0; i < LENGTH; i++, rest /= KINDS)
			bytes[i] = telling[rest % KINDS];
		round_trip(bytes, LENGTH, n & 1);
	}
}

static void test_nearest(void **state)
{
	(void)state;
	static const char *const words[] = { "workers", "interfaces", "ring_mib", "cpus", NULL };
	assert_string_equal(sl_text_nearest("worker", words), "workers");
	assert_string_equal(sl_text_nearest("Wrokers", words), "workers");
	assert_string_equal(sl_text_nearest("interface", words), "interfaces");
	assert_string_equal(sl_text_nearest("ring-mib", words), "ring_mib");
	assert_string_equal(sl_text_nearest("cpu", words), "cpus");
	assert_null(sl_text_nearest("topic", words));
	assert_null(sl_text_nearest("", words));
	assert_null(sl_text_nearest("worker", (const char *const[]){ NULL }));
}

static void test_nearest_prefers_the_nearer(void **state)
{
	(void)state;
	static const char *const words[] = { "http.uri.raw", "http.url", "http.uri", NULL };
	assert_string_equal(sl_text_nearest("http.uro", words),
			    "http.url"); /* the first of equals */
	assert_string_equal(sl_text_nearest("htp.uri", words), "http.uri");
}

static void test_nearest_of_long_words(void **state)
{
	(void)state;
	char longest[65], longer[66];
	memset(longest, 'a', sizeof(longest));
	memset(longer, 'a', sizeof(longer));
	longest[64] = longer[65] = '\0';
	const char *const words[] = { longer, longest, NULL };
	assert_ptr_equal(sl_text_nearest(longest, words), longest);
	assert_null(sl_text_nearest(longer, words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_lengths),
		cmocka_unit_test(test_utf8_refused),
		cmocka_unit_test(test_utf8_all_three_byte_forms),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_shown),
		cmocka_unit_test(test_escape_cuts_between_units),
		cmocka_unit_test(test_round_trip_of_all_pairs),
		cmocka_unit_test(test_round_trip_of_telling_bytes),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_nearest_prefers_the_nearer),
		cmocka_unit_test(test_nearest_of_long_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
