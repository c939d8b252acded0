/* The table of expected connections: who meets what, once, for minutes; a bound. */
#include "../wire.h"
#include <sensor/inspect/expect.h>

static struct sl_flow flow_of(unsigned low, unsigned high, uint16_t low_port, uint16_t high_port)
{
	struct sl_flow f = { .key = { .low_port = low_port, .high_port = high_port, .family = 4, .proto = 6 },
			     .last = 1000 };
	f.key.low[2] = (uint8_t)(low >> 8);
	f.key.low[3] = (uint8_t)low;
	f.key.high[3] = (uint8_t)high;
	return f;
}

static void met_once(void **state)
{
	(void)state;
	struct sl_counters counters = { 0 };
	struct sl_expect *e;
	struct sl_expected what;
	assert_int_equal(sl_expect_new(&e, &counters, NULL), SL_OK);
	struct sl_flow control = flow_of(1, 2, 40000, 21), data = flow_of(1, 2, 40001, 5000);
	assert_false(sl_expect_meets(e, &data));
	sl_expect_add(e, &control, 1, 5000)->kind = SL_EXPECT_LISTING;
	struct sl_expected *again = sl_expect_find(e, &control, 1, 5000);
	assert_non_null(again);
	again->name_len = 3;
	assert_null(sl_expect_find(e, &control, 0, 5000));
	assert_null(sl_expect_find(e, &control, 1, 5001));
	struct sl_flow others[] = { flow_of(1, 3, 40001, 5000), flow_of(3, 2, 40001, 5000),
				    flow_of(1, 2, 40001, 5001), flow_of(1, 2, 5000, 40001) };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(sl_expect_meets(e, &others[i]));
	struct sl_flow tagged = data, six = data;
	tagged.key.tags[0] = 7;
	six.key.family = 6;
	assert_false(sl_expect_meets(e, &tagged));
	assert_false(sl_expect_meets(e, &six));
	assert_true(sl_expect_meets(e, &data));
	assert_true(sl_expect_take(e, &data, &what));
	assert_int_equal(what.kind, SL_EXPECT_LISTING);
	assert_int_equal(what.name_len, 3);
	assert_false(sl_expect_meets(e, &data));
	assert_false(sl_expect_take(e, &data, &what));
	sl_expect_add(e, &control, 0, 6000); /* active: the client listens */
	data = flow_of(1, 2, 6000, 20);
	assert_true(sl_expect_take(e, &data, &what));
	assert_int_equal(what.kind, SL_EXPECT_FILE);
	assert_int_equal(what.name_len, 0);
	sl_expect_free(e);
	sl_expect_free(NULL);
}

/* A machine that talks to itself: the sides are told by ports, which say nothing here. */
static void one_address(void **state)
{
	(void)state;
	struct sl_counters counters = { 0 };
	struct sl_expect *e;
	struct sl_expected what;
	assert_int_equal(sl_expect_new(&e, &counters, NULL), SL_OK);
	for (unsigned i = 0; i < 2; i++) {
		struct sl_flow control = flow_of(1, 1, 21, 40000);
		struct sl_flow data = i ? flow_of(1, 1, 5000, 40001) : flow_of(1, 1, 40001, 50000);
		memcpy(control.key.high, control.key.low, 16);
		memcpy(data.key.high, data.key.low, 16);
		sl_expect_add(e, &control, 0, i ? 5000 : 50000);
		assert_true(sl_expect_take(e, &data, &what));
	}
	sl_expect_free(e);
}

static void for_minutes(void **state)
{
	(void)state;
	struct sl_counters counters = { 0 };
	struct sl_expect *e;
	assert_int_equal(sl_expect_new(&e, &counters, NULL), SL_OK);
	struct sl_flow control = flow_of(1, 2, 40000, 21), data = flow_of(1, 2, 40001, 5000);
	sl_expect_add(e, &control, 1, 5000);
	data.last = control.last + UINT64_C(300000000000);
	assert_true(sl_expect_meets(e, &data));
	data.last = 1; /* times may jump back */
	assert_true(sl_expect_meets(e, &data));
	data.last = control.last + UINT64_C(300000000001);
	assert_false(sl_expect_meets(e, &data));
	data.last = control.last;
	assert_false(sl_expect_meets(e, &data));
	sl_expect_free(e);
}

static void bounded(void **state)
{
	(void)state;
	struct sl_counters counters = { 0 };
	struct sl_expect *e;
	enum { MANY = 20000, PLACES = 1024 };
	assert_int_equal(sl_expect_new(&e, &counters, NULL), SL_OK);
	for (unsigned i = 0; i < MANY; i++) {
		struct sl_flow control = flow_of(i, 2, 40000, 21);
		control.last = 1000 + i;
		assert_non_null(sl_expect_add(e, &control, 1, 5000));
		assert_non_null(sl_expect_add(e, &control, 1, 5000)); /* in its own place */
		assert_non_null(sl_expect_find(e, &control, 1, 5000));
	}
	unsigned left = 0, young = 0;
	for (unsigned i = 0; i < MANY; i++) {
		struct sl_flow data = flow_of(i, 2, 40001, 5000);
		struct sl_expected what;
		bool is = sl_expect_take(e, &data, &what);
		left += is;
		young += is && i >= MANY - 3 * PLACES;
	}
	assert_int_equal(left, PLACES);
	assert_true(young > PLACES * 9 / 10); /* the oldest of a set go */
	assert_int_equal(sl_counter_get(&counters, SL_COUNT_FTP_DATA_FULL), MANY - PLACES);
	sl_expect_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(met_once),
		cmocka_unit_test(one_address),
		cmocka_unit_test(for_minutes),
		cmocka_unit_test(bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
