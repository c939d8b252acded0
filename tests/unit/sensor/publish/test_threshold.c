/* Thresholds: which matches pass, and what the alert stands for. */
#include "fixture.h"

#include <sensor/publish/threshold.h>

#define SECOND UINT64_C(1000000000)

struct bench {
	struct fixture_rules rules;
	struct sl_ruleset_action action[2];
	struct sl_subjects subjects;
	struct sl_counters counters;
	struct sl_thresholds *t;
	struct sl_stretch stretch; /* of the last match */
};

static void bench_init(struct bench *b, enum sl_threshold_type type, uint32_t count, uint32_t seconds,
		       enum sl_threshold_by by, uint32_t entries)
{
	struct sl_err err;

	memset(b, 0, sizeof *b);
	fixture_rules_init(&b->rules);
	b->action[1] = (struct sl_ruleset_action){
		.threshold = (uint8_t)type, .by = (uint8_t)by, .count = count, .seconds = seconds
	};
	b->rules.rs.actions = b->action;
	b->rules.rs.actions_n = 2;
	b->rules.indicator[0].action = 1;
	assert_int_equal(sl_subjects_init(&b->subjects, &err), SL_OK);
	struct sl_thresholds_config config = { .entries = entries, .rate = 3, .subjects = &b->subjects,
					       .counters = &b->counters };
	assert_int_equal(sl_thresholds_new(&b->t, &config, &err), SL_OK);
}

/* A match at that second passes? */
static bool at(struct bench *b, double second)
{
	struct sl_match m = fixture_match(&b->rules, 1);

	m.time = 1000 * SECOND + (uint64_t)(second * 1e9);
	return sl_thresholds_pass(b->t, &m, &b->stretch);
}

/* "1" for each match that passes, a second apart, "0" for one that does not. */
static const char *each_second(struct bench *b, int n, char *out)
{
	for (int i = 0; i < n; i++)
		out[i] = at(b, i) ? '1' : '0';
	out[n] = '\0';
	return out;
}

static void types(void **state)
{
	(void)state;
	static const struct {
		enum sl_threshold_type type;
		uint32_t count, seconds;
		const char *passes;
	} cases[] = {
		/* a period is its first second and `seconds` more: 0 to 4, 5 to 9 */
		{ SL_THRESHOLD_FROM, 3, 4, "001110011100" },
		{ SL_THRESHOLD_LIMIT, 2, 4, "110001100011" },
		{ SL_THRESHOLD_BOTH, 3, 4, "001000010000" },
		{ SL_THRESHOLD_EVERY, 2, 4, "010100101001" },
		{ SL_THRESHOLD_EVERY, 3, 1000, "001001001001" },
		{ SL_THRESHOLD_FROM, 1, 4, "111111111111" },
		{ SL_THRESHOLD_BOTH, 1, 4, "100001000010" },
		{ SL_THRESHOLD_FROM, 13, 1000, "000000000000" },
	};
	char out[16];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench b;
		bench_init(&b, cases[i].type, cases[i].count, cases[i].seconds, SL_BY_SOURCE, 100);
		assert_string_equal(each_second(&b, 12, out), cases[i].passes);
		uint64_t held = 0;
		for (const char *c = out; *c; c++)
			held += *c == '0';
		assert_int_equal(sl_counter_get(&b.counters, SL_COUNT_ALERTS_THRESHOLDED), held);
		sl_thresholds_free(b.t);
	}
}

static void what_an_alert_stands_for(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, SL_THRESHOLD_BOTH, 3, 60, SL_BY_SOURCE, 100);
	at(&b, 0);
	at(&b, 1);
	assert_true(at(&b, 2));
	assert_int_equal(b.stretch.count, 3);
	assert_int_equal(b.stretch.first, 1000 * SECOND);
	assert_int_equal(b.stretch.last, 1002 * SECOND);
	for (int i = 3; i < 60; i++)
		assert_false(at(&b, i));
	at(&b, 100); /* a new period knows nothing of the last */
	at(&b, 101);
	assert_true(at(&b, 102));
	assert_int_equal(b.stretch.count, 3);
	assert_int_equal(b.stretch.first, 1100 * SECOND);
	sl_thresholds_free(b.t);

	bench_init(&b, SL_THRESHOLD_LIMIT, 1, 10, SL_BY_SOURCE, 100);
	for (int i = 0; i < 8; i++)
		assert_int_equal(at(&b, i), i == 0);
	assert_true(at(&b, 20)); /* what a limit held back is told by the next alert */
	assert_int_equal(b.stretch.count, 8);
	assert_int_equal(b.stretch.first, 1001 * SECOND);
	sl_thresholds_free(b.t);
}

static void none_passes_all(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, SL_THRESHOLD_NONE, 5, 60, SL_BY_SOURCE, 1);
	for (int i = 0; i < 10; i++) {
		assert_true(at(&b, i));
		assert_int_equal(b.stretch.count, 1);
	}
	sl_thresholds_free(b.t);
}

/* Time that goes back a little is of the same period; by more, of another capture. */
static void time_goes_back(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, SL_THRESHOLD_LIMIT, 1, 10, SL_BY_SOURCE, 100);
	assert_true(at(&b, 500));
	assert_false(at(&b, 495));
	assert_true(at(&b, 5));
	sl_thresholds_free(b.t);
}

/* --- by --- */

static struct sl_match between(const struct bench *b, uint8_t src, uint8_t dst)
{
	struct sl_match m = fixture_match(&b->rules, 1);

	m.flow.src.bytes[3] = src;
	m.flow.dst = m.flow.src;
	m.flow.dst.bytes[3] = dst;
	return m;
}

static bool passes(struct bench *b, const struct sl_match *m)
{
	return sl_thresholds_pass(b->t, m, &b->stretch);
}

/* Whether a second match, of these ends, is counted with a first of 1 and 2. */
static bool together(enum sl_threshold_by by, uint8_t src, uint8_t dst, bool to_client, uint16_t port,
		     uint32_t indicator)
{
	struct bench b;

	bench_init(&b, SL_THRESHOLD_LIMIT, 1, 10, by, 100);
	b.rules.indicator[1].action = 1;
	struct sl_match m = between(&b, 1, 2);
	assert_true(passes(&b, &m));
	m = between(&b, src, dst);
	m.to_client = to_client;
	m.flow.sport = port;
	m.indicator = indicator;
	bool held = !passes(&b, &m);
	sl_thresholds_free(b.t);
	return held;
}

static void by(void **state)
{
	(void)state;
	const uint16_t port = 51234;

	for (enum sl_threshold_by k = SL_BY_SOURCE; k <= SL_BY_FLOW; k++) {
		assert_true(together(k, 1, 2, false, port, 0));
		assert_false(together(k, 1, 2, false, port, 1)); /* another indicator */
	}
	assert_true(together(SL_BY_SOURCE, 1, 9, false, port, 0));
	assert_false(together(SL_BY_SOURCE, 9, 2, false, port, 0));
	assert_true(together(SL_BY_SOURCE, 9, 1, true, port, 0)); /* the packet's sender */
	assert_true(together(SL_BY_DESTINATION, 9, 2, false, port, 0));
	assert_false(together(SL_BY_DESTINATION, 1, 9, false, port, 0));
	assert_true(together(SL_BY_PAIR, 2, 1, false, port, 0));
	assert_true(together(SL_BY_PAIR, 1, 2, true, port + 1, 0));
	assert_false(together(SL_BY_PAIR, 1, 9, false, port, 0));
	assert_true(together(SL_BY_INDICATOR, 8, 9, true, port + 1, 0));
	assert_true(together(SL_BY_FLOW, 1, 2, true, port, 0));
	assert_false(together(SL_BY_FLOW, 1, 2, false, port + 1, 0));
}

/* --- bounds --- */

static void the_oldest_count_goes(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, SL_THRESHOLD_LIMIT, 1, 10, SL_BY_SOURCE, 4);
	for (uint8_t i = 1; i <= 4; i++) {
		struct sl_match m = between(&b, i, 200);
		assert_true(passes(&b, &m));
	}
	struct sl_match first = between(&b, 1, 200), fifth = between(&b, 5, 200),
			second = between(&b, 2, 200);
	assert_false(passes(&b, &first)); /* now the youngest */
	assert_int_equal(sl_counter_get(&b.counters, SL_COUNT_THRESHOLDS_FULL), 0);
	assert_true(passes(&b, &fifth));
	assert_int_equal(sl_counter_get(&b.counters, SL_COUNT_THRESHOLDS_FULL), 1);
	assert_false(passes(&b, &first));
	assert_true(passes(&b, &second)); /* was forgotten */
	sl_thresholds_free(b.t);
}

/* One whose period is over is no loss. */
static void room_of_what_is_over(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, SL_THRESHOLD_LIMIT, 1, 10, SL_BY_SOURCE, 1);
	struct sl_match m = between(&b, 1, 2);
	passes(&b, &m);
	m = between(&b, 3, 4);
	m.time += 11 * SECOND;
	assert_true(passes(&b, &m));
	assert_int_equal(sl_counter_get(&b.counters, SL_COUNT_THRESHOLDS_FULL), 0);
	sl_thresholds_free(b.t);
}

/* The same pack and id in another ruleset is the same indicator. */
static void a_count_outlives_its_ruleset(void **state)
{
	(void)state;
	struct bench b;
	struct fixture_rules other;

	bench_init(&b, SL_THRESHOLD_LIMIT, 1, 10, SL_BY_SOURCE, 100);
	assert_true(at(&b, 0));
	fixture_rules_init(&other);
	other.pack.version++;
	other.indicator[1] = other.indicator[0]; /* at another place */
	other.indicator[1].action = 1;
	other.rs.actions = b.action;
	other.rs.actions_n = 2;
	struct sl_match m = fixture_match(&other, 1);
	m.time = 1001 * SECOND;
	m.indicator = 1;
	assert_false(passes(&b, &m));
	sl_thresholds_free(b.t);
}

static void rate(void **state)
{
	(void)state;
	struct bench b;
	int passed = 0;

	bench_init(&b, SL_THRESHOLD_NONE, 0, 0, SL_BY_SOURCE, 100);
	for (uint8_t i = 0; i < 10; i++) {
		struct sl_match m = between(&b, i, 2);
		passed += sl_thresholds_spare(b.t, &m);
	}
	assert_int_equal(passed, 3);
	assert_int_equal(sl_counter_get(&b.counters, SL_COUNT_ALERTS_OVER_RATE), 7);
	struct sl_match m = between(&b, 1, 2);
	m.indicator = 1;
	assert_true(sl_thresholds_spare(b.t, &m)); /* has a second of its own */
	m.indicator = 0;
	m.time += 2 * SECOND;
	assert_true(sl_thresholds_spare(b.t, &m));
	sl_thresholds_free(b.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),
		cmocka_unit_test(what_an_alert_stands_for),
		cmocka_unit_test(none_passes_all),
		cmocka_unit_test(time_goes_back),
		cmocka_unit_test(by),
		cmocka_unit_test(the_oldest_count_goes),
		cmocka_unit_test(room_of_what_is_over),
		cmocka_unit_test(a_count_outlives_its_ruleset),
		cmocka_unit_test(rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
