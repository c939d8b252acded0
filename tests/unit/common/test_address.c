/* Addresses and prefixes as text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/address.h>

#include <arpa/inet.h>

static struct sl_prefix prefix_of(const char *text)
{
	struct sl_prefix p;
	struct sl_err err = { .text = "" };
	if (sl_prefix_parse(text, &p, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	return p;
}

static void assert_becomes(const char *text, const char *expected, int family, unsigned bits)
{
	char out[SL_ADDRESS_TEXT];
	struct sl_prefix p = prefix_of(text);
	assert_int_equal(p.address.family, family);
	assert_int_equal(p.bits, bits);
	assert_ptr_equal(sl_prefix_format(out, &p), out);
	assert_string_equal(out, expected);
}

static void test_prefixes(void **state)
{
	(void)state;
	assert_becomes("198.51.100.0/24", "198.51.100.0/24", 4, 24);
	assert_becomes("198.51.100.7", "198.51.100.7", 4, 32);
	assert_becomes("198.51.100.7/32", "198.51.100.7", 4, 32);
	assert_becomes("0.0.0.0/0", "0.0.0.0/0", 4, 0);
	assert_becomes("255.255.255.254/31", "255.255.255.254/31", 4, 31);
	assert_becomes("2001:db8::1", "2001:db8::1", 6, 128);
	assert_becomes("2001:0DB8:0::/32", "2001:db8::/32", 6, 32);
	assert_becomes("2001:db8::8000/113", "2001:db8::8000/113", 6, 113);
	assert_becomes("::/0", "::/0", 6, 0);
	assert_becomes("::ffff:192.0.2.1", "::ffff:192.0.2.1", 6, 128);
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"/",
		"/24",
		"198.51.100",
		"198.51.100.256",
		"198.51.100.010",
		"198.51.100.0 ",
		" 198.51.100.0",
		"198.51.100.0/",
		"198.51.100.0/33",
		"198.51.100.0/-1",
		"198.51.100.0/024",
		"198.51.100.0/+8",
		"198.51.100.0/8 ",
		"198.51.100.0/8/8",
		"198.51.100.0/256",
		"198.51.100.0/4294967304",
		"evil.example",
		"2001:db8::/129",
		"2001:db8::/280",
		"2001:db8::1::",
		"fe80::1%eth0",
		"[2001:db8::1]",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sl_prefix p = { .bits = 99 };
		struct sl_err err = { .text = "" };
		if (sl_prefix_parse(bad[i], &p, &err) != SL_EFORMAT)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_non_null(strstr(err.text, bad[i]));
		assert_int_equal(p.bits, 99);
	}
}

static void test_host_bits_show_the_right_prefix(void **state)
{
	(void)state;
	struct sl_prefix p;
	struct sl_err err;
	assert_int_equal(sl_prefix_parse("198.51.100.77/26", &p, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "\"198.51.100.77/26\""));
	assert_non_null(strstr(err.text, "198.51.100.64/26?"));
	assert_int_equal(sl_prefix_parse("2001:db8::1/64", &p, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "2001:db8::/64?"));
}

static void test_format(void **state)
{
	(void)state;
	char out[SL_ADDRESS_TEXT], expected[SL_ADDRESS_TEXT];
	for (unsigned n = 0; n < 256; n++) {
		struct sl_address a = { .family = 4,
					.bytes = { (uint8_t)n, (uint8_t)(255 - n), (uint8_t)(n * 7),
						   (uint8_t)(n + 99) } };
		inet_ntop(AF_INET, a.bytes, expected, sizeof(expected));
		assert_ptr_equal(sl_address_format(out, &a), out);
		assert_string_equal(out, expected);
	}
	const struct sl_address none = { .family = 0 };
	assert_string_equal(sl_address_format(out, &none), "");
}

static void test_read(void **state)
{
	(void)state;
	static const char nul[] = "192.0.2.1\0.example";
	struct sl_address a;
	assert_true(sl_address_of(sl_span_of("192.0.2.1x", 9), &a));
	assert_int_equal(a.family, 4);
	assert_memory_equal(a.bytes, "\xc0\0\2\1\0\0", 6);
	assert_true(sl_address_of(sl_span_str("2001:DB8::1"), &a));
	assert_int_equal(a.family, 6);
	assert_false(sl_address_of(sl_span_of(nul, sizeof nul - 1), &a));
	assert_false(sl_address_of(sl_span_of(NULL, 0), &a));
	assert_false(sl_address_of(sl_span_str("192.0.2.1/32"), &a));
	assert_false(
		sl_address_of(sl_span_str("2001:0db8:0000:0000:0000:0000:0000:0000:0000:0001"), &a));
}

/* IPv4 is read by hand: as inet_pton reads it. */
static void test_read_as_inet_pton(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"0.0.0.0", "255.255.255.255", "1.2.3.4", "256.1.1.1", "1.2.3.256", "01.2.3.4", "1.2.3.00", "1.2.3.0",
		"1.2.3", "1.2.3.", "1.2.3.4.", ".1.2.3.4", "1..2.3", "1.2.3.4.5", "1234.1.1.1", "1.2.3.4a", "a.b.c.d",
		"99999999999999999999.1.1.1", "4294967297.1.1.1", " 1.2.3.4", "1.2.3.4 ", "-1.2.3.4", "1,2,3,4", "1", ".", "...",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct sl_address a;
		uint8_t want[4];
		bool is = inet_pton(AF_INET, texts[i], want) == 1;
		assert_int_equal(sl_address_of(sl_span_str(texts[i]), &a), is);
		if (is)
			assert_memory_equal(a.bytes, want, 4);
	}
}

static void test_lengths_from_the_longest(void **state)
{
	(void)state;
	const uint64_t six[3] = { UINT64_C(1) << 63 | 1, UINT64_C(1), UINT64_C(1) }, four = UINT64_C(1) << 32 | 1 << 24;
	static const int want_six[] = { 128, 64, 63, 0, -1 }, want_four[] = { 32, 24, -1 };
	for (int i = 0, at = 129; at >= 0; i++)
		assert_int_equal(at = sl_prefix_below(six, at), want_six[i]);
	for (int i = 0, at = 33; at >= 0; i++)
		assert_int_equal(at = sl_prefix_below(&four, at), want_four[i]);
}

/* Each bit is kept or cleared on its own merit. */
static void test_mask(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits <= 130; bits++) {
		struct sl_address a = { .family = 6 };
		memset(a.bytes, 0xff, sizeof(a.bytes));
		sl_address_mask(&a, bits);
		for (unsigned bit = 0; bit < 128; bit++)
			assert_int_equal(a.bytes[bit / 8] >> (7 - bit % 8) & 1, bit < bits);
	}
	for (unsigned bits = 0; bits <= 33; bits++) {
		struct sl_address a = { .family = 4, .bytes = { 0xff, 0xff, 0xff, 0xff } };
		sl_address_mask(&a, bits);
		for (unsigned bit = 0; bit < 128; bit++)
			assert_int_equal(a.bytes[bit / 8] >> (7 - bit % 8) & 1, bit < bits && bit < 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_host_bits_show_the_right_prefix),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_as_inet_pton),
		cmocka_unit_test(test_lengths_from_the_longest),
		cmocka_unit_test(test_mask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
