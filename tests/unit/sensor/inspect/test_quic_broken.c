/* QUIC flows that are lost in part, broken or hostile. */
#include "quic_feed.h"
#include <time.h>

/* A piece never comes. When the client goes on, what there is of its hello is read. */
static void lost_in_part(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client();
	feed_part(x, 0, &c, &hello, 0, 100);
	assert_record(x, "quic.version=1\n--\n");
	feed_hex(x, 1, "e0 00000001 00 00 14 00000000 11111111111111111111111111111111");
	assert_record(x, "");
	feed_hex(x, 0, "e0 00000001 00 00 14 00000000 11111111111111111111111111111111");
	assert_non_null(strstr(x->record, "tls.sni=example.com\n"));
	assert_null(strstr(x->record, "ja3"));
	x->n = 0;
	x->record[0] = '\0';
	feed_hex(x, 0, "40 0102030405060708090a0b0c0d0e0f");
	feed_part(x, 0, &c, &hello, 100, HELLO - 100);
	assert_record(x, "");
	fixture_free(x);
}

static void broken(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct wire w = { .n = 0 };
	wire_hex(&w, quic_vectors[0].client);
	for (size_t n = 0; n < w.n; n++) { /* cut anywhere */
		fixture_again(x);
		fixture_feed(x, 0, w.at, n, 0);
		assert_record(x, "");
	}
	for (size_t at = 0; at < w.n; at += at < 30 ? 1 : 37) { /* one byte is wrong */
		fixture_again(x);
		w.at[at] ^= 0x10;
		feed(x, 0, &w);
		assert_null(strstr(x->record, "tls."));
		w.at[at] ^= 0x10;
	}
	fixture_again(x); /* a bad copy first does no harm */
	w.at[w.n - 1] ^= 1;
	feed(x, 0, &w);
	assert_record(x, "quic.version=1\n--\n");
	w.at[w.n - 1] ^= 1;
	struct seal c = from_client();
	c.origin = c.to = sl_span_str("other id");
	feed_client(x, &c);
	assert_record(x, CLIENT);
	fixture_free(x);
}

/* Frames beyond the bound, of nonsense, cut: nothing is told, nothing is kept. */
static void hostile_frames(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"06 80010000 01 01",          "06 c0000000ffffffff 01 01", "06 ffffffffffffffff 01 01",
		"06 00 4444 0100",            "06 00 04 02000000",         "06 00 04 01ffffff",
		"06 00 04 16030100",          "02 05 00 ffffffffffffffff 00", "1e 06 00 04 01000001",
		"1c 00 00 00 06 00 04 0100",  "06",                        "02",
	};
	struct fixture *x = fixture_new(17, 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct wire frames = { .n = 0 }, w = { .n = 0 };
		struct seal c = from_client();
		c.least = 30;
		wire_hex(&frames, bad[i]);
		seal(&w, &c, &frames);
		fixture_again(x);
		feed(x, 0, &w);
		assert_record(x, "quic.version=1\n--\n");
		assert_true(sl_inspect_held(x->inspect) < 1024);
	}
	fixture_free(x);
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A hello of 1,000 frames of a byte, last byte first; and 40,000 holes. */
static void frames_of_a_byte(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct wire frames = { .n = 0 }, w = { .n = 0 }, large = { .n = 0 };
	struct seal c = from_client();
	wire_put(&large, hello.at, HELLO);
	for (unsigned k = 0; k < 800; k++) /* GREASE behind the last extension */
		wire_u8(&large, 0);
	wire_set16(&large, 2, (unsigned)(large.n - 4));
	for (size_t at = large.n; at-- > 0;)
		wire_crypto(&frames, at, large.at + at, 1);
	seal(&w, &c, &frames);
	uint64_t start = now_ns();
	feed(x, 0, &w);
	uint64_t took = now_ns() - start;
	assert_non_null(strstr(x->record, "tls.sni=example.com"));
	print_message("%zu frames of a byte: %.0f us\n", large.n, (double)took / 1e3);
	assert_true(took < 2000000000);
	c.number = 0;
	fixture_again(x);
	start = now_ns();
	for (unsigned k = 0; k < 20; k++, c.number++) {
		frames.n = w.n = 0;
		for (unsigned j = 0; j < 2000; j++)
			wire_crypto(&frames, 1 + (size_t)(k * 2000 + j) * 3 % 65000, hello.at, 1);
		seal(&w, &c, &frames);
		feed(x, 0, &w);
	}
	took = now_ns() - start;
	print_message("40,000 holes: %.0f us\n", (double)took / 1e3);
	assert_true(took < 2000000000);
	fixture_free(x);
}

/* Keys are made in vain a bounded number of times. */
static void beginnings_are_bounded(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client();
	uint8_t id[8] = { 0 };
	c.origin = c.to = sl_span_of(id, sizeof id);
	for (unsigned n = 0; n < 200; n++) { /* true ones are not */
		id[0] = (uint8_t)n;
		feed_client(x, &c);
		assert_record(x, n ? CLIENT : FIRST);
	}
	fixture_again(x);
	for (unsigned n = 0; n < 64; n++) {
		struct wire w = { .n = 0 };
		wire_hex(&w, quic_vectors[0].client);
		w.at[6] = (uint8_t)n; /* not the id that it was sealed with */
		feed(x, 0, &w);
	}
	assert_record(x, "quic.version=1\n--\n");
	feed_client(x, &c);
	assert_record(x, "");
	fixture_free(x);
}

/* Junk, also with a long header and a true version, is never told as a hello. */
static void junk(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	uint64_t seed = 3;
	unsigned found = 0;
	for (unsigned round = 0; round < 30000; round++) {
		struct wire w = { .n = 0 };
		if (round & 1)
			wire_hex(&w, round & 2 ? "c3 00000001" : "c9 6b3343cf");
		for (unsigned n = wire_random(&seed) % 80; n > 0; n--)
			wire_u8(&w, wire_random(&seed) % 32);
		fixture_again(x);
		feed(x, round & 1, &w);
		found += x->flow.app == SL_APP_QUIC;
		assert_true(round & 1 || x->flow.app != SL_APP_QUIC);
		assert_null(strstr(x->record, "tls."));
	}
	assert_true(found > 10);
	fixture_free(x);
}

static void no_memory(void **state)
{
	(void)state;
	struct sl_counters counters = { 0 };
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client();
	for (uint64_t bytes = 0; bytes < 8000; bytes += 500) {
		struct sl_inspect_config config = { .state_bytes = bytes, .counters = &counters,
						    .sink = { x, fixture_transaction, NULL, NULL } };
		struct sl_err err;
		sl_inspect_forget(x->inspect, &x->flow, x->slot);
		sl_inspect_free(x->inspect);
		assert_int_equal(sl_inspect_new(&x->inspect, &config, &err), SL_OK);
		fixture_again(x);
		feed_client(x, &c);
		assert_int_equal(strstr(x->record, "tls.sni") != NULL, bytes >= 6000);
	}
	assert_true(sl_counter_get(&counters, SL_COUNT_INSPECT_FULL) > 5);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_in_part), cmocka_unit_test(broken),
		cmocka_unit_test(hostile_frames),
		cmocka_unit_test(frames_of_a_byte),
		cmocka_unit_test(junk),
		cmocka_unit_test(beginnings_are_bounded),
		cmocka_unit_test(no_memory),
	};
	read_samples();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
