/* JA3 and JA4 as their specifications give them. */
#include "../wire.h"
#include <sensor/inspect/ja.h>

static struct sl_span hex_of(struct wire *w, const char *hex)
{
	w->n = 0;
	wire_hex(w, hex);
	return sl_span_of(w->at, w->n);
}

/* Extensions without data, of these types. */
static struct sl_span extensions_of(struct wire *w, const uint16_t *types, size_t n)
{
	w->n = 0;
	for (size_t i = 0; i < n; i++) {
		wire_u16(w, types[i]);
		wire_u16(w, 0);
	}
	return sl_span_of(w->at, w->n);
}

/* The two examples of JA3's own description. */
static void ja3_as_published(void **state)
{
	(void)state;
	static struct wire ciphers, extensions, groups, formats;
	static const uint16_t types[] = { 0, 10, 11 };
	char out[SL_JA3_SIZE];
	struct sl_hello h = { .version = 769 };
	h.ciphers = hex_of(&ciphers, "002f 0035 0005 000a c009 c00a c013 c014 0032 0038 0013 0004");
	h.extensions = extensions_of(&extensions, types, 3);
	h.groups = hex_of(&groups, "0017 0018 0019");
	h.formats = hex_of(&formats, "00");
	assert_true(sl_ja3(&h, out));
	assert_string_equal(out, "ada70206e40642a3e4461f35503241d5");

	h = (struct sl_hello){ .version = 769 };
	h.ciphers = hex_of(&ciphers, "0004 0005 000a 0009 0064 0062 0003 0006 0013 0012 0063");
	assert_true(sl_ja3(&h, out));
	assert_string_equal(out, "de350869b8c85de67a350c8d186f11e6");
}

static void grease_is_left_out(void **state)
{
	(void)state;
	static struct wire ciphers, extensions, groups, formats;
	static const uint16_t types[] = { 0x3a3a, 0, 10, 0xfafa, 11 };
	char out[SL_JA3_SIZE];
	struct sl_hello h = { .version = 769 };
	h.ciphers = hex_of(&ciphers, "0a0a 002f 0035 0005 000a c009 c00a c013 c014 0032 0038 0013 0004 eaea");
	h.extensions = extensions_of(&extensions, types, 5);
	h.groups = hex_of(&groups, "1a1a 0017 0018 0019");
	h.formats = hex_of(&formats, "00");
	assert_true(sl_ja3(&h, out));
	assert_string_equal(out, "ada70206e40642a3e4461f35503241d5");
	for (unsigned v = 0; v < 0x10000; v++)
		assert_int_equal(sl_is_grease(v), v >> 8 == (v & 0xff) && (v & 15) == 10);
}

/* The example of JA4's description: extensions, ciphers and signatures in the order they are sent. */
static void ja4_as_published(void **state)
{
	(void)state;
	static struct wire ciphers, extensions, signatures, versions;
	static const uint16_t types[] = { 0x1b, 0,    0x5a5a, 0x33, 0x10,   0x4469, 0x17,   0x2d, 0x0d,
					  5,    0x23, 0x12,   0x2b, 0xff01, 0x0b,   0x0a, 0x15 };
	uint16_t room[64];
	char out[SL_JA4_SIZE];
	struct sl_hello h = { .version = 0x0303, .has_sni = true, .has_versions = true };
	h.ciphers = hex_of(&ciphers, "7a7a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d "
				     "002f 0035");
	h.extensions = extensions_of(&extensions, types, sizeof types / sizeof *types);
	h.signatures = hex_of(&signatures, "0403 0804 0401 0503 0805 0501 0806 0601");
	h.versions = hex_of(&versions, "8a8a 0304 0303");
	h.alpn = sl_span_str("h2");
	assert_true(sl_ja4(&h, room, out));
	assert_string_equal(out, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	h.over = SL_OVER_QUIC;
	h.signatures.len = 0;
	h.has_sni = false;
	h.alpn = sl_span_str("http/1.1");
	assert_true(sl_ja4(&h, room, out));
	assert_string_equal(out, "q13i1516h1_8daaf6152771_6d807ffa2a79");
	h.over = SL_OVER_DTLS;
	h.ciphers.len = h.extensions.len = h.alpn.len = 0;
	h.versions = hex_of(&versions, "fefd fefc feff");
	assert_true(sl_ja4(&h, room, out));
	assert_string_equal(out, "dd3i000000_000000000000_000000000000");
}

static void ja4_protocols(void **state)
{
	(void)state;
	static const struct {
		const char *alpn, *out;
	} cases[] = { { "ab", "ab" },       { "20", "20" },       { "abcd", "ad" },     { "2061", "21" },
		      { "30ab", "3b" },     { "6120", "60" },     { "3031abcd", "3d" }, { "30abcd31", "01" },
		      { "78", "xx" },       { "", "00" },         { "683363", "hc" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire w = { .n = 0 };
		uint16_t room[2];
		char out[SL_JA4_SIZE];
		struct sl_hello h = { .version = 0x0302, .alpn = hex_of(&w, cases[i].alpn) };
		assert_true(sl_ja4(&h, room, out));
		out[10] = '\0';
		assert_string_equal(out + 8, cases[i].out);
		assert_memory_equal(out, "t11i0000", 8);
	}
}

static void ja4_versions(void **state)
{
	(void)state;
	static const struct {
		uint16_t version;
		const char *out;
	} cases[] = { { 0x0304, "13" }, { 0x0303, "12" }, { 0x0302, "11" }, { 0x0301, "10" }, { 0x0300, "s3" },
		      { 2, "s2" },      { 0xfeff, "d1" }, { 0xfefd, "d2" }, { 0xfefc, "d3" }, { 0x7f17, "00" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint16_t room[2];
		char out[SL_JA4_SIZE];
		struct sl_hello h = { .version = cases[i].version };
		assert_true(sl_ja4(&h, room, out));
		assert_memory_equal(out + 1, cases[i].out, 2);
	}
}

/* More than 99 count as 99, and a text longer than any buffer is hashed whole. */
static void very_long_lists(void **state)
{
	(void)state;
	static struct wire ciphers;
	static uint16_t room[32767];
	char out[SL_JA4_SIZE], ja3[SL_JA3_SIZE];
	ciphers.n = 0;
	for (unsigned i = 0; i < 32767; i++)
		wire_u16(&ciphers, 0x0035);
	struct sl_hello h = { .version = 0x0303, .ciphers = sl_span_of(ciphers.at, ciphers.n) };
	assert_true(sl_ja4(&h, room, out));
	assert_memory_equal(out, "t12i9900", 8);
	assert_memory_equal(out + 11, "3bbc203208a7", 12);
	assert_true(sl_ja3(&h, ja3));
	assert_string_equal(ja3, "bc07f15231acd0687adb383ac179f059");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ja3_as_published), cmocka_unit_test(grease_is_left_out),
		cmocka_unit_test(ja4_as_published), cmocka_unit_test(ja4_protocols),
		cmocka_unit_test(ja4_versions),     cmocka_unit_test(very_long_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
