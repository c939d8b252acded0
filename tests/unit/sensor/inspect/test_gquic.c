/* Google's QUIC in the clear: packets and CHLOs written by hand. */
#include "../wire.h"
#include <sensor/inspect/gquic.h>

/* A CHLO with padding in front of the name, as clients send it. */
static void chlo(struct wire *w, const char *name)
{
	unsigned n = (unsigned)strlen(name);
	wire_text(w, "CHLO");
	wire_hex(w, "0300 0000");
	wire_text(w, "PAD");
	wire_hex(w, "00 04000000");
	wire_text(w, "SNI");
	wire_u8(w, 0);
	wire_u8(w, 4 + n);
	wire_hex(w, "000000");
	wire_text(w, "VER");
	wire_u8(w, 0);
	wire_u8(w, 8 + n);
	wire_hex(w, "000000");
	wire_text(w, "----");
	wire_text(w, name);
	wire_text(w, "Q0xx");
}

static void chlos(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	struct sl_span name;
	chlo(&w, "host.example");
	assert_int_equal(sl_gquic_chlo(sl_span_of(w.at, w.n), &name), SL_GQUIC_READ);
	assert_true(sl_span_eq(name, sl_span_str("host.example")));
	for (size_t n = 0; n < w.n; n++)
		assert_int_equal(sl_gquic_chlo(sl_span_of(w.at, n), &name),
				 n < w.n - 4 ? SL_GQUIC_MORE : SL_GQUIC_READ);
	w.at[20] = 2; /* the name ends before it begins */
	assert_int_equal(sl_gquic_chlo(sl_span_of(w.at, w.n), &name), SL_GQUIC_OTHER);
	w.at[20] = 16;
	w.at[16] = 'X'; /* another tag: no name */
	assert_int_equal(sl_gquic_chlo(sl_span_of(w.at, w.n), &name), SL_GQUIC_READ);
	assert_int_equal(name.len, 0);
	w.at[5] = 1; /* 259 tags */
	assert_int_equal(sl_gquic_chlo(sl_span_of(w.at, w.n), &name), SL_GQUIC_OTHER);
	assert_int_equal(sl_gquic_chlo(sl_span_str("REJ\0...."), &name), SL_GQUIC_MORE);
	assert_int_equal(sl_gquic_chlo(sl_span_str("SHLOabcd"), &name), SL_GQUIC_OTHER);
}

/* Headers of each kind: what they are, up to where the CHLO's frame begins. */
static void packets(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		uint32_t version; /* 0: none */
	} want[] = {
		{ "0d 0102030405060708 51303234 01 000000000000000000000000 00 a001a500", 0x51303234 },
		{ "19 0102030405060708 51303433 0001 000000000000000000000000 a00100a5", 0x51303433 },
		{ "39 0102030405060708 51303339 000000000001 000000000000000000000000", 0x51303339 },
		{ "c3 51303436 50 0102030405060708 00000001 000000000000000000000000 a401", 0x51303436 },
		{ "ff 51303434 50 0102030405060708 00000001 000000000000000000000000 a001", 0x51303434 },
		{ "0c 0102030405060708 51303234 01 000000000000000000000000", 0 }, /* no version */
		{ "09 0102030405060708 51303436 01 000000000000000000000000", 0 }, /* not in this form */
		{ "09 0102030405060708 51313433 01 000000000000000000000000", 0 },
		{ "09 0102030405060708 51303a33 01 000000000000000000000000", 0 },
		{ "49 0102030405060708 51303433 01 000000000000000000000000", 0 },
		{ "0b 0102030405060708 51303433 01 000000000000000000000000", 0 },
		{ "c3 51303433 50 0102030405060708 00000001 000000000000000000000000", 0 },
		{ "83 51303436 50 0102030405060708 00000001 000000000000000000000000", 0 },
		{ "c3 51303530 50 0102030405060708 00000001 000000000000000000000000", 0 },
	};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct wire w = { .n = 0 };
		struct sl_span hello, name;
		uint32_t version = 0;
		wire_hex(&w, want[i].hex);
		size_t header = w.n;
		chlo(&w, "a.b");
		bool read = sl_gquic_read(sl_span_of(w.at, w.n), &version, &hello);
		assert_int_equal(read, want[i].version != 0);
		if (!read)
			continue;
		assert_int_equal(version, want[i].version);
		assert_ptr_equal(hello.at, w.at + header);
		assert_int_equal(sl_gquic_chlo(hello, &name), SL_GQUIC_READ);
		assert_true(sl_span_eq(name, sl_span_str("a.b")));
		for (size_t n = 0; n < w.n; n++) { /* in memory of its own size */
			uint8_t *exact = malloc(n ? n : 1);
			assert_non_null(exact);
			memcpy(exact, w.at, n);
			if (sl_gquic_read(sl_span_of(exact, n), &version, &hello))
				sl_gquic_chlo(hello, &name);
			free(exact);
		}
	}
}

/* The word alone is no CHLO, and does not hide one behind it. */
static void the_word_alone(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	struct sl_span hello;
	uint32_t version;
	wire_hex(&w, "09 0102030405060708 51303433 01 000000000000000000000000");
	wire_text(&w, "CHLOCHLO");
	assert_true(sl_gquic_read(sl_span_of(w.at, w.n), &version, &hello));
	assert_int_equal(hello.len, 0);
	size_t at = w.n;
	chlo(&w, "a.b");
	assert_true(sl_gquic_read(sl_span_of(w.at, w.n), &version, &hello));
	assert_ptr_equal(hello.at, w.at + at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chlos),
		cmocka_unit_test(packets),
		cmocka_unit_test(the_word_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
