/* CRYPTO frames put in order: every order, overlaps, the bound, what is used up. */
#include "fixture.h"
#include <sensor/inspect/quic_crypto.h>

static uint8_t text[SL_QUIC_CRYPTO_MAX];

static void text_make(void)
{
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
}

static bool add(struct fixture *x, struct sl_quic_crypto *c, size_t from, size_t n)
{
	return sl_quic_crypto_add(x->inspect, c, from, sl_span_of(text + from, n));
}

static void in_any_order(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	uint64_t seed = 7;
	for (unsigned round = 0; round < 300; round++) {
		struct sl_quic_crypto c = { 0 };
		bool have[5000] = { false };
		size_t whole = 0;
		for (unsigned frames = 0; frames < 100; frames++) {
			size_t from = wire_random(&seed) % 5000, n = wire_random(&seed) % 300;
			n = n < 5000 - from ? n : 5000 - from;
			assert_true(add(x, &c, from, n));
			memset(have + from, 1, n);
			while (whole < 5000 && have[whole])
				whole++;
			struct sl_span ready = sl_quic_crypto_ready(&c);
			assert_int_equal(ready.len, whole);
			assert_true(whole == 0 || memcmp(ready.at, text, whole) == 0);
		}
		sl_quic_crypto_free(x->inspect, &c);
		assert_int_equal(sl_inspect_held(x->inspect), 0);
	}
	fixture_free(x);
}

static void the_first_copy_stays(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct sl_quic_crypto c = { 0 };
	assert_true(sl_quic_crypto_add(x->inspect, &c, 2, sl_span_str("cd")));
	assert_true(sl_quic_crypto_add(x->inspect, &c, 0, sl_span_str("ABXXEF")));
	assert_true(sl_span_eq(sl_quic_crypto_ready(&c), sl_span_str("ABcdEF")));
	sl_quic_crypto_free(x->inspect, &c);
	fixture_free(x);
}

static void bounds(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct sl_quic_crypto c = { 0 };
	assert_false(sl_quic_crypto_add(x->inspect, &c, SL_QUIC_CRYPTO_MAX, sl_span_str("x")));
	assert_false(sl_quic_crypto_add(x->inspect, &c, UINT64_MAX, sl_span_str("x")));
	assert_false(sl_quic_crypto_add(x->inspect, &c, (UINT64_C(1) << 62) - 1, sl_span_str("xx")));
	assert_int_equal(sl_inspect_held(x->inspect), 0);
	assert_true(add(x, &c, SL_QUIC_CRYPTO_MAX - 1, 1));
	assert_true(add(x, &c, 0, SL_QUIC_CRYPTO_MAX - 1));
	assert_int_equal(sl_quic_crypto_ready(&c).len, SL_QUIC_CRYPTO_MAX);
	assert_memory_equal(sl_quic_crypto_ready(&c).at, text, SL_QUIC_CRYPTO_MAX);
	sl_quic_crypto_free(x->inspect, &c);
	fixture_free(x);
}

/* What is used up may come again and is not taken again; what lies behind it stays. */
static void used_up(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct sl_quic_crypto c = { 0 };
	assert_true(add(x, &c, 0, 100) && add(x, &c, 110, 10));
	sl_quic_crypto_use(x->inspect, &c, 90);
	assert_int_equal(sl_quic_crypto_ready(&c).len, 10);
	assert_true(add(x, &c, 50, 60));
	assert_int_equal(sl_quic_crypto_ready(&c).len, 30);
	assert_memory_equal(sl_quic_crypto_ready(&c).at, text + 90, 30);
	sl_quic_crypto_use(x->inspect, &c, 30);
	assert_int_equal(sl_inspect_held(x->inspect), 0); /* nothing waits: nothing is held */
	assert_true(add(x, &c, 0, 120));
	assert_int_equal(sl_inspect_held(x->inspect), 0);
	assert_true(add(x, &c, 119, 5));
	assert_int_equal(sl_quic_crypto_ready(&c).len, 4);
	sl_quic_crypto_free(x->inspect, &c);
	fixture_free(x);
}

int main(void)
{
	text_make();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_any_order),
		cmocka_unit_test(the_first_copy_stays),
		cmocka_unit_test(bounds),
		cmocka_unit_test(used_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
