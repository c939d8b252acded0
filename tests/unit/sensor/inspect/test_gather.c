/* The pool of gather buffers: growth keeps the bytes, exhaustion leaves them, and nothing leaks. */
#include "../wire.h"
#include <sensor/inspect/gather.h>

enum { ALL = 85 + 21 + 5 }; /* small, middle and large buffers in a MiB */
static struct sl_counters counters;

static struct sl_gather *make(uint64_t bytes)
{
	struct sl_gather *g = NULL;
	struct sl_err err;
	assert_int_equal(sl_gather_new(&g, bytes, &counters, &err), SL_OK);
	return g;
}

static void grows_and_keeps_its_bytes(void **state)
{
	(void)state;
	struct sl_gather *g = make(1 << 20);
	uint32_t handle = 0;
	uint8_t want[SL_GATHER_MAX];
	uint64_t seed = 11;
	size_t n = 0;
	assert_int_equal(sl_gather_bytes(g, 0).len, 0);
	while (n < SL_GATHER_MAX) {
		uint8_t piece[777];
		size_t len = 1 + wire_random(&seed) % sizeof piece;
		for (size_t i = 0; i < len; i++)
			piece[i] = (uint8_t)wire_random(&seed);
		size_t took = sl_gather_append(g, &handle, sl_span_of(piece, len));
		assert_int_equal(took, len < SL_GATHER_MAX - n ? len : SL_GATHER_MAX - n);
		memcpy(want + n, piece, took);
		n += took;
		struct sl_span have = sl_gather_bytes(g, handle);
		assert_int_equal(have.len, n);
		assert_memory_equal(have.at, want, n);
	}
	assert_int_equal(sl_gather_append(g, &handle, sl_span_of(want, 1)), 0); /* full */
	assert_int_equal(sl_gather_bytes(g, handle).len, SL_GATHER_MAX);
	sl_gather_drop(g, &handle);
	assert_int_equal(handle, 0);
	sl_gather_drop(g, &handle);
	sl_gather_free(g);
}

static void more_than_fits_is_cut(void **state)
{
	(void)state;
	static uint8_t large[SL_GATHER_MAX + 100];
	struct sl_gather *g = make(1 << 20);
	uint32_t handle = 0;
	assert_int_equal(sl_gather_append(g, &handle, sl_span_of(large, sizeof large)),
			 SL_GATHER_MAX);
	sl_gather_drop(g, &handle);
	sl_gather_free(g);
}

/* Every buffer there is, then one more: the message that waited longest gives up its own. */
static void the_oldest_goes(void **state)
{
	(void)state;
	struct sl_gather *g = make(1 << 20);
	for (unsigned round = 0; round < 3; round++) {
		uint32_t handle[ALL + 1] = { 0 };
		uint64_t before = sl_counter_get(&counters, SL_COUNT_GATHER_FULL);
		for (unsigned i = 0; i < ALL; i++)
			assert_int_equal(sl_gather_append(g, &handle[i], sl_span_of(&i, sizeof i)),
					 sizeof i);
		assert_int_equal(sl_counter_get(&counters, SL_COUNT_GATHER_FULL), before);
		unsigned last = ALL;
		assert_int_equal(sl_gather_append(g, &handle[ALL], sl_span_of(&last, sizeof last)),
				 sizeof last);
		assert_int_equal(sl_counter_get(&counters, SL_COUNT_GATHER_FULL), before + 1);
		assert_int_equal(handle[0], 0);
		for (unsigned i = 1; i <= ALL; i++) {
			struct sl_span have = sl_gather_bytes(g, handle[i]);
			assert_int_equal(have.len, sizeof i);
			assert_memory_equal(have.at, &i, sizeof i);
		}
		for (unsigned i = 0; i <= ALL; i++) {
			unsigned k = (i * 5 + round) % (ALL + 1);
			sl_gather_drop(g, &handle[k]);
			sl_gather_drop(g, &handle[k]); /* nothing */
		}
	}
	sl_gather_free(g);
}

static void growing_takes_the_oldest_too(void **state)
{
	(void)state;
	static uint8_t bytes[SL_GATHER_MAX];
	struct sl_gather *g = make(1 << 20);
	uint32_t large[5] = { 0 }, middle[21] = { 0 }, small = 0;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(sl_gather_append(g, &large[i], sl_span_of(bytes, 60000)), 60000);
	for (unsigned i = 0; i < 21; i++)
		assert_int_equal(sl_gather_append(g, &middle[i], sl_span_of(bytes, 5000)), 5000);
	assert_int_equal(sl_gather_append(g, &small, sl_span_of("abc", 3)), 3);
	assert_int_equal(sl_gather_append(g, &small, sl_span_of(bytes, 5000)), 5000);
	assert_int_equal(middle[0], 0);
	assert_int_equal(sl_gather_bytes(g, small).len, 5003);
	assert_memory_equal(sl_gather_bytes(g, small).at, "abc", 3);
	assert_int_equal(sl_gather_append(g, &middle[1], sl_span_of(bytes, 20000)), 20000);
	assert_int_equal(large[0], 0);
	assert_int_equal(sl_gather_bytes(g, middle[1]).len, 25000);
	sl_gather_free(g);
}

static void no_pool_at_all(void **state)
{
	(void)state;
	struct sl_gather *g = make(0);
	uint32_t handle = 0;
	assert_int_equal(sl_gather_append(g, &handle, sl_span_of("abc", 3)), 0);
	assert_int_equal(handle, 0);
	sl_gather_free(g);
	sl_gather_free(NULL);
}

/* Growing gives the smaller buffer back: a pool serves any number of messages, one after the other.
 */
static void growth_leaks_nothing(void **state)
{
	(void)state;
	static uint8_t bytes[4000];
	struct sl_gather *g = make(300000); /* 24 small, 6 middle, 1 large */
	for (unsigned i = 0; i < 5000; i++) {
		uint32_t handle = 0;
		for (size_t n = 0; n < SL_GATHER_MAX;) {
			size_t took = sl_gather_append(g, &handle, sl_span_of(bytes, sizeof bytes));
			assert_true(took > 0);
			n += took;
		}
		sl_gather_drop(g, &handle);
	}
	sl_gather_free(g);
}

static void the_first_bytes_go(void **state)
{
	(void)state;
	struct sl_gather *g = make(300000);
	uint32_t handle = 0;
	sl_gather_append(g, &handle, sl_span_str("abcdef"));
	sl_gather_use(g, handle, 2);
	sl_gather_append(g, &handle, sl_span_str("g"));
	struct sl_span left = sl_gather_bytes(g, handle);
	assert_int_equal(left.len, 5);
	assert_memory_equal(left.at, "cdefg", 5);
	sl_gather_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_its_bytes),
		cmocka_unit_test(more_than_fits_is_cut),
		cmocka_unit_test(the_oldest_goes),
		cmocka_unit_test(growing_takes_the_oldest_too),
		cmocka_unit_test(no_pool_at_all),
		cmocka_unit_test(growth_leaks_nothing),
		cmocka_unit_test(the_first_bytes_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
