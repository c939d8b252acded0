/* QUIC's Initial keys against the specifications' samples, and what is not to be opened. */
#include "../wire.h"
#include "quic_vectors.h"
#include <sensor/inspect/quic_packet.h>

enum { VECTORS = sizeof quic_vectors / sizeof *quic_vectors };

static const uint8_t id[8] = { 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08 };

static void assert_hex(const uint8_t *at, size_t n, const char *hex)
{
	struct wire w = { .n = 0 };
	wire_hex(&w, hex);
	assert_int_equal(w.n, n);
	assert_memory_equal(at, w.at, n);
}

static void keys_of(const struct quic_vectors *v, struct sl_quic_keys keys[2])
{
	uint8_t secret[SL_QUIC_SECRET];
	const struct sl_quic_version *version = sl_quic_version(v->version);
	assert_non_null(version);
	assert_true(sl_quic_secret(version, sl_span_of(id, sizeof id), secret));
	assert_hex(secret, sizeof secret, v->secret);
	assert_true(sl_quic_keys(version, secret, SL_QUIC_CLIENT, &keys[0]));
	assert_true(sl_quic_keys(version, secret, SL_QUIC_SERVER, &keys[1]));
}

static void samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct quic_vectors *v = &quic_vectors[i];
		struct sl_quic_keys keys[2];
		keys_of(v, keys);
		assert_hex(keys[0].key, 16, v->client_key);
		assert_hex(keys[0].iv, 12, v->client_iv);
		assert_hex(keys[0].mask, 16, v->client_mask);
		assert_hex(keys[1].key, 16, v->server_key);
		assert_hex(keys[1].iv, 12, v->server_iv);
		assert_hex(keys[1].mask, 16, v->server_mask);
	}
}

static void packets_are_opened(void **state)
{
	(void)state;
	static uint8_t plain[1200];
	for (size_t i = 0; i < VECTORS; i++) {
		const struct quic_vectors *v = &quic_vectors[i];
		struct sl_quic_keys keys[2];
		struct sl_quic_packet p;
		struct wire w = { .n = 0 }, want = { .n = 0 };
		size_t len;
		keys_of(v, keys);
		wire_hex(&w, v->client);
		wire_hex(&want, v->client_plain);
		assert_true(sl_quic_packet_read(sl_span_of(w.at, w.n), &p));
		assert_int_equal(p.type, SL_QUIC_INITIAL);
		assert_int_equal(p.bytes.len, 1200);
		assert_true(sl_quic_open(&keys[0], p.bytes, p.number_at, plain, &len));
		assert_int_equal(len, 1162);
		assert_memory_equal(plain, want.at, want.n);
		for (size_t k = want.n; k < len; k++)
			assert_int_equal(plain[k], 0);
		assert_false(sl_quic_open(&keys[1], p.bytes, p.number_at, plain, &len));
		w.n = 0;
		wire_hex(&w, v->server);
		assert_true(sl_quic_packet_read(sl_span_of(w.at, w.n), &p));
		assert_true(sl_quic_open(&keys[1], p.bytes, p.number_at, plain, &len));
		assert_false(sl_quic_open(&keys[0], p.bytes, p.number_at, plain, &len));
		w.n = 0;
		wire_hex(&w, v->retry);
		assert_true(sl_quic_packet_read(sl_span_of(w.at, w.n), &p));
		assert_int_equal(p.type, SL_QUIC_RETRY);
	}
}

/* No bit of the server's sample may change. */
static void no_bit_may_change(void **state)
{
	(void)state;
	struct sl_quic_keys keys[2];
	struct sl_quic_packet p;
	uint8_t plain[200];
	struct wire w = { .n = 0 };
	size_t len;
	keys_of(&quic_vectors[0], keys);
	wire_hex(&w, quic_vectors[0].server);
	for (size_t bit = 0; bit < w.n * 8; bit++) {
		w.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (sl_quic_packet_read(sl_span_of(w.at, w.n), &p) && p.type == SL_QUIC_INITIAL)
			assert_false(sl_quic_open(&keys[1], p.bytes, p.number_at, plain, &len));
		w.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void versions(void **state)
{
	(void)state;
	static const struct {
		uint32_t number;
		uint8_t salt; /* its first byte; 0: not known */
	} want[] = {
		{ 0, 0 }, { 1, 0x38 }, { 2, 0 }, { 0x6b3343cf, 0x0d }, { 0xff000015, 0 }, { 0xff000016, 0x7f },
		{ 0xff000017, 0xc3 }, { 0xff00001c, 0xc3 }, { 0xff00001d, 0xaf }, { 0xff000020, 0xaf },
		{ 0xff000021, 0x38 }, { 0xff000022, 0x38 }, { 0xff000023, 0 }, { 0xfaceb001, 0x7f },
		{ 0xfaceb002, 0xc3 }, { 0x51303530, 0x50 }, { 0x54303530, 0x7f }, { 0x54303531, 0x7a },
		{ 0x51303436, 0 }, { 0x1a2a3a4a, 0 },
	};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		const struct sl_quic_version *v = sl_quic_version(want[i].number);
		assert_int_equal(v ? v->salt[0] : 0, want[i].salt);
	}
}

static void integers(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		uint64_t value;
	} want[] = { /* RFC 9000, appendix A.1 */
		     { "c2197c5eff14e88c", 151288809941952652 },
		     { "9d7f3e7d", 494878333 },
		     { "7bbd", 15293 },
		     { "25", 37 },
		     { "4025", 37 } };
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct wire w = { .n = 0 };
		wire_hex(&w, want[i].hex);
		struct sl_cur c = sl_cur_of(w.at, w.n);
		assert_int_equal(sl_quic_int(&c), want[i].value);
		assert_int_equal(sl_cur_left(&c), 0);
		c = sl_cur_of(w.at, w.n - 1);
		assert_int_equal(sl_quic_int(&c), 0);
		assert_true(c.failed);
	}
}

/* Each header cut anywhere is none; ids of up to 20 bytes. */
static void headers(void **state)
{
	(void)state;
	struct sl_quic_packet p;
	struct wire w = { .n = 0 };
	wire_hex(&w, quic_vectors[0].client);
	for (size_t n = 0; n < w.n; n++)
		assert_false(sl_quic_packet_read(sl_span_of(w.at, n), &p));
	assert_true(sl_quic_plausible(sl_span_of(w.at, w.n)));
	for (unsigned to = 0; to <= 22; to++) {
		w.n = 0;
		wire_hex(&w, "c0 00000001");
		wire_u8(&w, to);
		for (unsigned k = 0; k < to; k++)
			wire_u8(&w, k);
		wire_hex(&w, "00 00 14 00000000 11111111111111111111111111111111");
		assert_int_equal(sl_quic_packet_read(sl_span_of(w.at, w.n), &p), to <= 20);
	}
	w.n = 0;
	wire_hex(&w, "80 00000001 00 00 00 14 00000000 11111111111111111111111111111111");
	assert_false(sl_quic_packet_read(sl_span_of(w.at, w.n), &p)); /* the fixed bit */
	w.at[0] = 0xc0;
	assert_true(sl_quic_packet_read(sl_span_of(w.at, w.n), &p));
	assert_true(sl_quic_plausible(sl_span_of(w.at, w.n)));
	w.at[4] = 2; /* a version that nobody has */
	assert_false(sl_quic_plausible(sl_span_of(w.at, w.n)));
}

static void negotiations(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		bool plausible;
	} want[] = {
		{ "80 00000000 00 00 00000001", true },
		{ "ff 00000000 01aa 02bbbb 1a2a3a4a 6b3343cf", true },
		{ "80 00000000 00 00 1a2a3a4a", false },
		{ "80 00000000 00 00", false },
		{ "80 00000000 00 00 0000000100", false },
	};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct wire w = { .n = 0 };
		wire_hex(&w, want[i].hex);
		assert_int_equal(sl_quic_plausible(sl_span_of(w.at, w.n)), want[i].plausible);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples),           cmocka_unit_test(packets_are_opened),
		cmocka_unit_test(no_bit_may_change), cmocka_unit_test(versions),
		cmocka_unit_test(integers),          cmocka_unit_test(headers),
		cmocka_unit_test(negotiations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
