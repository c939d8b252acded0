/* Names: the normal form of wire names, parents, and what authors may write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <selat/name.h>
#include <stdio.h>
#include <stdlib.h>

static const char *normal(struct sl_span name, size_t *len)
{
	static char out[SL_NAME_MAX];

	*len = sl_name_normal(out, sizeof out, name);
	return out;
}

static void normal_lowers_and_drops_one_dot(void **state)
{
	(void)state;
	size_t len;

	assert_string_equal(normal(sl_span_str("WwW.Example.COM."), &len), "www.example.com");
	assert_int_equal(len, 15);
	assert_string_equal(normal(sl_span_str("a.."), &len), "a.");
	assert_int_equal(len, 2);
	normal(sl_span_str("."), &len);
	assert_int_equal(len, 0);
	normal(sl_span_of(NULL, 0), &len);
	assert_int_equal(len, 0);
}

static void normal_keeps_other_bytes(void **state)
{
	(void)state;
	const uint8_t wire[] = { 'A', 0, 0xc3, 0x84, '[', '@', 'Z' };
	const uint8_t want[] = { 'a', 0, 0xc3, 0x84, '[', '@', 'z' };
	size_t len;

	assert_memory_equal(normal(sl_span_of(wire, sizeof wire), &len), want, sizeof want);
	assert_int_equal(len, sizeof want);
}

static void normal_keeps_to_its_room(void **state)
{
	(void)state;
	char *out = malloc(4); /* exactly: a sanitizer sees one byte more */

	assert_int_equal(sl_name_normal(out, 4, sl_span_str("ABCD.")), 4);
	assert_memory_equal(out, "abcd", 4);
	assert_int_equal(sl_name_normal(out, 4, sl_span_str("abcde")), 0);
	assert_int_equal(sl_name_normal(out, 0, sl_span_str("a")), 0);
	free(out);
}

/* Whole words and the rest behind them: every byte at every place. */
static void normal_lowers_letters_alone(void **state)
{
	(void)state;
	uint8_t in[19];
	char out[sizeof in];

	for (unsigned c = 0; c < 256; c++)
		for (size_t at = 0; at + 1 < sizeof in; at++) {
			memset(in, 0xc1, sizeof in); /* an A with its top bit set */
			in[at] = (uint8_t)c;
			assert_int_equal(sl_name_normal(out, sizeof out, sl_span_of(in, sizeof in)), sizeof in);
			in[at] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : (uint8_t)c;
			assert_memory_equal(out, in, sizeof in);
		}
}

static void parent_walks_up(void **state)
{
	(void)state;
	struct sl_span name = sl_span_str("a.b.c");

	name = sl_name_parent(name);
	assert_true(sl_span_eq(name, sl_span_str("b.c")));
	name = sl_name_parent(name);
	assert_true(sl_span_eq(name, sl_span_str("c")));
	name = sl_name_parent(name);
	assert_int_equal(name.len, 0);
	assert_int_equal(sl_name_parent(name).len, 0);
	assert_int_equal(sl_name_parent(sl_span_of(NULL, 0)).len, 0);
	assert_int_equal(sl_name_parent(sl_span_str("a.")).len, 0);
}

static void parse_takes_names(void **state)
{
	(void)state;
	char out[SL_NAME_MAX];
	struct sl_err err = { 0 };

	assert_int_equal(sl_name_parse("_Dmarc.Evil-1.Example.", out, sizeof out, &err), 0);
	assert_string_equal(out, "_dmarc.evil-1.example");
	assert_int_equal(sl_name_parse("localhost", out, sizeof out, &err), 0);
	assert_int_equal(sl_name_parse("xn--bcher-kva.example", out, sizeof out, &err), 0);
	assert_int_equal(sl_name_parse("1.2.3.4.example", out, sizeof out, &err), 0);
	assert_string_equal(out, "1.2.3.4.example");
}

static void refused(const char *text, const char *why)
{
	char out[SL_NAME_MAX];
	struct sl_err err = { 0 };

	assert_true(sl_name_parse(text, out, sizeof out, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void parse_says_what_is_wrong(void **state)
{
	(void)state;
	refused("", "empty");
	refused(".", "empty");
	refused("a..b", "empty label");
	refused(".a", "empty label");
	refused("198.51.100.7", "an address");
	refused("2001:db8::1", "an address");
	refused("1.2.3.4.5", "last label is a number");
	refused("*.evil.example", "wildcard");
	refused("http://evil.example/", "a URL");
	refused("evil.example:80", "port");
	refused("b\xc3\xbc"
		"cher.example",
		"xn--");
	refused("a b.example", "letters, digits");
	refused("evil\x1b[31m.example", "\\x1b");
}

static void parse_keeps_the_limits(void **state)
{
	(void)state;
	char label[66], name[300] = "", out[SL_NAME_MAX];
	struct sl_err err;

	memset(label, 'a', 63);
	label[63] = '\0';
	assert_int_equal(sl_name_parse(label, out, sizeof out, &err), 0);
	memset(label, 'a', 64);
	label[64] = '\0';
	refused(label, "63");
	for (int i = 0; i < 127; i++)
		strcat(name, i ? ".a" : "a");
	assert_int_equal(strlen(name), 253);
	assert_int_equal(sl_name_parse(name, out, sizeof out, &err), 0);
	assert_int_equal(sl_name_parse(name, out, 253, &err), -6);
	assert_int_equal(sl_name_parse(name, out, 254, &err), 0);
	strcat(name, "a");
	refused(name, "253");
}

static void of_mail_is_what_follows_the_last_sign(void **state)
{
	(void)state;
	static const char *const mails[][2] = {
		{ "a@b.example", "b.example" },
		{ "\"A@B\" <a-b@C_d.Example.>, x", "C_d.Example." },
		{ "a@", "" },
		{ "a@ b.example", "" },
		{ "b.example", "" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof mails / sizeof mails[0]; i++) {
		struct sl_span name = sl_name_of_mail(sl_span_str(mails[i][0]));
		assert_int_equal(name.len, strlen(mails[i][1]));
		assert_memory_equal(name.at, mails[i][1], name.len);
	}
	assert_int_equal(sl_name_of_mail(sl_span_of(NULL, 0)).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_lowers_and_drops_one_dot),
		cmocka_unit_test(normal_keeps_other_bytes),
		cmocka_unit_test(normal_keeps_to_its_room),
		cmocka_unit_test(normal_lowers_letters_alone),
		cmocka_unit_test(parent_walks_up),
		cmocka_unit_test(of_mail_is_what_follows_the_last_sign),
		cmocka_unit_test(parse_takes_names),
		cmocka_unit_test(parse_says_what_is_wrong),
		cmocka_unit_test(parse_keeps_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
