/* The vectors of FIPS 180-4 and RFC 4648. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/digest.h>

static const char empty_sha256[] =
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc_sha256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
static const char two_blocks_sha256[] =
	"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

static void assert_hex(const uint8_t *digest, size_t len, const char *expected)
{
	char hex[2 * SL_SHA256_SIZE + 1];
	sl_hex(hex, sl_span_of(digest, len));
	assert_string_equal(hex, expected);
}

static void test_sha256(void **state)
{
	(void)state;
	uint8_t out[SL_SHA256_SIZE];
	sl_sha256(sl_span_str("abc"), out);
	assert_hex(out, sizeof(out), abc_sha256);
	sl_sha256(sl_span_str(two_blocks), out);
	assert_hex(out, sizeof(out), two_blocks_sha256);
	sl_sha256(sl_span_of(NULL, 0), out);
	assert_hex(out, sizeof(out), empty_sha256);
}

static void test_sha1(void **state)
{
	(void)state;
	uint8_t out[SL_SHA1_SIZE];
	sl_sha1(sl_span_str("abc"), out);
	assert_hex(out, sizeof(out), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

/* Cut in two at every place, and with nothing between. */
static void test_sha256_in_pieces(void **state)
{
	(void)state;
	size_t len = strlen(two_blocks);
	for (size_t cut = 0; cut <= len; cut++) {
		uint8_t out[SL_SHA256_SIZE];
		struct sl_sha256 *d = sl_sha256_new();
		assert_non_null(d);
		sl_sha256_add(d, sl_span_of(two_blocks, cut));
		sl_sha256_add(d, sl_span_of(NULL, 0));
		sl_sha256_add(d, sl_span_of(two_blocks + cut, len - cut));
		sl_sha256_end(d, out);
		assert_hex(out, sizeof(out), two_blocks_sha256);
	}
	sl_sha256_free(sl_sha256_new());
	sl_sha256_free(NULL);
}

static void test_hex(void **state)
{
	(void)state;
	char out[9];
	sl_hex(out, sl_span_of("\x00\x9f\xf9\xab", 4));
	assert_string_equal(out, "009ff9ab");
	sl_hex(out, sl_span_of(NULL, 0));
	assert_string_equal(out, "");
}

static void test_base64(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *text;
	} vectors[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char out[16];
		size_t len = sl_base64(out, sl_span_str(vectors[i].bytes));
		assert_string_equal(out, vectors[i].text);
		assert_int_equal(len, strlen(vectors[i].text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),           cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_sha256_in_pieces), cmocka_unit_test(test_hex),
		cmocka_unit_test(test_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
