/* The pool of gather buffers: growth keeps the bytes, exhaustion leaves them, and nothing leaks. */
#include "../wire.h"
#include <sensor/inspect/gather.h>

enum { SIZES = 3 };
static const size_t room[SIZES] = { 4096 - 8, 16384 - 8, 65536 - 8 };

static struct sl_gather *make(uint64_t bytes)
{
	struct sl_gather *g = NULL;
	struct sl_err err;
	assert_int_equal(sl_gather_new(&g, bytes, &err), SL_OK);
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

/* Takes all buffers of a size, in which each keeps its own number; gives them back; three times. */
static void take_all_give_all(void **state)
{
	(void)state;
	static uint8_t bytes[SL_GATHER_MAX];
	struct sl_gather *g = make(1 << 20); /* 85 small, 21 middle, 5 large ones */
	static const unsigned expected[SIZES] = { 85, 21, 5 };
	for (unsigned round = 0; round < 3; round++)
		for (unsigned s = 0; s < SIZES; s++) {
			uint32_t handle[128] = { 0 };
			unsigned n = 0;
			for (;; n++) {
				assert_true(n < 128);
				memset(bytes, (int)n, room[s]);
				if (!sl_gather_append(g, &handle[n], sl_span_of(bytes, room[s])))
					break;
			}
			assert_int_equal(n, expected[s]);
			assert_int_equal(handle[n], 0);
			for (unsigned i = 0; i < n; i++) {
				struct sl_span have = sl_gather_bytes(g, handle[i]);
				assert_int_equal(have.len, room[s]);
				memset(bytes, (int)i, room[s]);
				assert_memory_equal(have.at, bytes, room[s]);
			}
			for (unsigned i = 0; i < n; i++)
				sl_gather_drop(g, &handle[(i * 7 + round) % n]);
			for (unsigned i = 0; i < n; i++)
				sl_gather_drop(g, &handle[i]);
		}
	sl_gather_free(g);
}

static void exhaustion_leaves_the_buffer(void **state)
{
	(void)state;
	static uint8_t bytes[SL_GATHER_MAX];
	struct sl_gather *g = make(1 << 20);
	uint32_t middle[21] = { 0 }, small = 0;
	for (unsigned i = 0; i < 21; i++)
		assert_int_equal(sl_gather_append(g, &middle[i], sl_span_of(bytes, 5000)), 5000);
	assert_int_equal(sl_gather_append(g, &small, sl_span_of("abc", 3)), 3);
	assert_int_equal(sl_gather_append(g, &small, sl_span_of(bytes, 5000)), 0);
	assert_int_equal(sl_gather_bytes(g, small).len, 3);
	assert_memory_equal(sl_gather_bytes(g, small).at, "abc", 3);
	sl_gather_drop(g, &middle[4]); /* one is free again */
	assert_int_equal(sl_gather_append(g, &small, sl_span_of(bytes, 5000)), 5000);
	assert_int_equal(sl_gather_bytes(g, small).len, 5003);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_its_bytes),
		cmocka_unit_test(more_than_fits_is_cut),
		cmocka_unit_test(take_all_give_all),
		cmocka_unit_test(exhaustion_leaves_the_buffer),
		cmocka_unit_test(no_pool_at_all),
		cmocka_unit_test(growth_leaks_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
