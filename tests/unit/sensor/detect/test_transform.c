/* Transforms, by themselves and as fields that conditions look at. */
#include "fixture.h"

#include <openssl/evp.h>
#include <sensor/detect/detect_internal.h>

static uint8_t room_a[SL_DERIVED_BYTES], room_b[SL_DERIVED_BYTES];

static void expect_bytes(const char *in, size_t in_len, const void *out, size_t out_len, unsigned n, const uint8_t *how)
{
	uint8_t *const room[2] = { room_a, room_b };
	struct sl_ruleset_derived d = { .n = (uint8_t)n };
	struct sl_span got;
	memcpy(d.transform, how, n);
	assert_true(sl_transform(&d, sl_span_of(in, in_len), room, &got));
	assert_int_equal(got.len, out_len);
	if (out_len)
		assert_memory_equal(got.at, out, out_len);
}

static void expect(const char *in, const char *out, uint8_t how)
{
	expect_bytes(in, strlen(in), out, strlen(out), 1, &how);
}

static void each_of_them(void **state)
{
	(void)state;
	expect("a b\t\r\nc ", "abc", SL_STRIP_WHITESPACE);
	expect("", "", SL_STRIP_WHITESPACE);
	expect("a  b \t c  ", "a b c ", SL_COMPRESS_WHITESPACE);
	expect("a\t\tb", "a\tb", SL_COMPRESS_WHITESPACE); /* the first of them stays */
	expect("a%20b+c%2", "a b c%2", SL_URL_DECODE);
	expect("%41%zz%", "A%zz%", SL_URL_DECODE);
	expect("www.Example", ".www.Example", SL_DOTPREFIX);
	expect("AbC1", "abc1", SL_TO_LOWERCASE);
	expect("AbC1", "ABC1", SL_TO_UPPERCASE);
	expect("Host: A\r\nX-Y: B:C\r\n", "host: A\r\nx-y: B:C\r\n", SL_HEADER_LOWERCASE);
	expect(":path: /\r\nHost: a\r\n:x: y", "Host: a\r\n", SL_STRIP_PSEUDO_HEADERS);
	/* RFC 4648, 10 */
	expect("Zm9vYmFy", "foobar", SL_BASE64_DECODE);
	expect("Zm9vYmE=", "fooba", SL_BASE64_DECODE);
	expect("Zm9v\r\nYg==", "foob", SL_BASE64_DECODE);
	expect("Zm9v!YmFy", "foo", SL_BASE64_DECODE);
}

static void digests(void **state)
{
	(void)state;
	/* RFC 1321, A.5 and FIPS 180-2, A.1, B.1: of "abc" */
	static const uint8_t md5[] = { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
				       0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72 };
	static const uint8_t sha1[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
					0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	static const uint8_t sha256[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
					  0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
					  0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	expect_bytes("abc", 3, md5, sizeof md5, 1, (const uint8_t[]){ SL_TO_MD5 });
	expect_bytes("abc", 3, sha1, sizeof sha1, 1, (const uint8_t[]){ SL_TO_SHA1 });
	expect_bytes("abc", 3, sha256, sizeof sha256, 1, (const uint8_t[]){ SL_TO_SHA256 });
	expect_bytes("A b%43", 6, md5, sizeof md5, 4,
		     (const uint8_t[]){ SL_STRIP_WHITESPACE, SL_URL_DECODE, SL_TO_LOWERCASE, SL_TO_MD5 });
}

static void within_the_room(void **state)
{
	(void)state;
	static char large[2 * SL_DERIVED_BYTES];
	memset(large, 'a', sizeof large);
	expect_bytes(large, sizeof large, large, SL_DERIVED_BYTES, 2,
		     (const uint8_t[]){ SL_TO_UPPERCASE, SL_TO_LOWERCASE });
	large[0] = '.';
	expect_bytes(large + 1, sizeof large - 1, large, SL_DERIVED_BYTES, 1, (const uint8_t[]){ SL_DOTPREFIX });
}

static void as_fields(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[{\"id\": \"dot\", \"match\": [{\"field\": \"dns.query\", \"transform\": [\"dotprefix\"], \"ends\": "
		"\".evil.example\"}]},"
		"{\"id\": \"md5\", \"match\": [{\"field\": \"http.uri\", \"transform\": [\"to_md5\"], \"hex\": "
		"\"90 01 50 98 3c d2 4f b0 d6 96 3f 7d 28 e1 7f 72\"}]},"
		"{\"id\": \"eq\", \"match\": [{\"field\": \"http.uri\", \"transform\": [\"url_decode\", \"to_lowercase\"], "
		"\"equals\": \"a b\"}]},"
		"{\"id\": \"not\", \"match\": [{\"field\": \"http.uri\", \"transform\": [\"strip_whitespace\"], "
		"\"contains\": \"b\", \"not\": true}]}]");
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "evil.example", "dot ");
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "www.evil.example", "dot ");
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "devil.example", "");
	fixture_value_expect(x, SL_FIELD_HTTP_URI, "abc", "md5 ");
	fixture_value_expect(x, SL_FIELD_HTTP_URI, "A%20B", "eq not ");
	fixture_value_expect(x, SL_FIELD_HTTP_URI, "b", "");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_values(x, f, SL_FIELD_HTTP_URI, "abc", SL_FIELD_HTTP_URI, NULL);
	sl_detect_flush(x->detect);
	assert_int_equal(x->match[0].field, SL_FIELD_HTTP_URI);
	x->matches = 0;
	fixture_free(x);
}

/* FIPS 140 has no MD5: libcrypto refuses it where it is bound to that, and the others go on. */
static void a_digest_that_is_refused_is_counted(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[{\"id\": \"md5\", \"match\": [{\"field\": \"http.uri\", \"transform\": [\"to_md5\"], \"hex\": "
		"\"90 01 50 98 3c d2 4f b0 d6 96 3f 7d 28 e1 7f 72\"}]},"
		"{\"id\": \"low\", \"match\": [{\"field\": \"http.uri\", \"transform\": [\"to_lowercase\"], "
		"\"equals\": \"abc\"}]}]");
	assert_int_equal(EVP_set_default_properties(NULL, "fips=yes"), 1);
	fixture_value_expect(x, SL_FIELD_HTTP_URI, "abc", "low ");
	assert_int_equal(fixture_count(x, SL_COUNT_TRANSFORMS_FAILED), 1);
	assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
	fixture_value_expect(x, SL_FIELD_HTTP_URI, "abc", "low md5 ");
	assert_int_equal(fixture_count(x, SL_COUNT_TRANSFORMS_FAILED), 1);
	fixture_free(x);
}

static void of_payloads(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"low\", \"match\": [{\"field\": \"payload\", \"transform\": "
					"[\"strip_whitespace\"], \"contains\": \"needle\"}]}]");
	struct sl_flow *d = fixture_pair(x, 17, 1), *f = fixture_pair(x, 6, 2);
	fixture_datagram(x, d, "ne ed le", 8);
	fixture_expect(x, "low ");
	fixture_text(x, f, "ne ed le");
	fixture_expect(x, "low ");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_them), cmocka_unit_test(digests),     cmocka_unit_test(within_the_room),
		cmocka_unit_test(as_fields),    cmocka_unit_test(of_payloads),
		cmocka_unit_test(a_digest_that_is_refused_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
