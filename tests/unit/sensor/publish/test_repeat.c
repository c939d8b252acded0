/* Repeats: what is held back, and what its summary says. */
#include "fixture.h"

#include <jansson.h>
#include <sensor/publish/repeat.h>

#define SECOND UINT64_C(1000000000)

struct bench {
	struct fixture_rules rules;
	struct sl_subjects subjects;
	struct sl_counters counters;
	struct sl_repeats *r;
	struct sl_summary summary;
};

static void bench_init(struct bench *b, uint32_t windows)
{
	struct sl_err err;

	memset(b, 0, sizeof *b);
	fixture_rules_init(&b->rules);
	assert_int_equal(sl_subjects_init(&b->subjects, &err), SL_OK);
	struct sl_repeats_config config = { .window_ns = 60 * SECOND, .windows = windows,
					    .subjects = &b->subjects, .counters = &b->counters };
	assert_int_equal(sl_repeats_new(&b->r, &config, &err), SL_OK);
}

static struct sl_match match_at(const struct bench *b, unsigned second, uint8_t src)
{
	struct sl_match m = fixture_match(&b->rules, second + 1);

	m.time = (1000 + second) * SECOND;
	m.flow.src.bytes[3] = src;
	return m;
}

/* True: the match is an alert now. */
static bool see(struct bench *b, unsigned second, uint8_t src, const char *value)
{
	struct sl_match m = match_at(b, second, src);
	struct sl_stretch one = { 1, m.time, m.time };

	m.value_len = (uint16_t)strlen(value);
	if (sl_repeats_hold(b->r, &m, (const uint8_t *)value, &one))
		return false;
	sl_repeats_open(b->r, &m);
	return true;
}

static bool due(struct bench *b, unsigned second)
{
	return sl_repeats_due(b->r, (1000 + second) * SECOND, &b->summary);
}

static void assert_value(const struct bench *b, size_t i, const char *want)
{
	assert_int_equal(b->summary.value[i].len, strlen(want));
	assert_memory_equal(b->summary.value[i].at, want, strlen(want));
}

static void one_alert_and_one_summary(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, 100);
	assert_true(see(&b, 0, 1, "a.evil.example"));
	assert_false(due(&b, 0));
	assert_false(see(&b, 10, 1, "b.evil.example"));
	assert_false(see(&b, 20, 1, "b.evil.example"));
	assert_false(see(&b, 60, 1, "a.evil.example"));
	assert_false(due(&b, 60));
	assert_true(due(&b, 61));
	assert_int_equal(b.summary.stretch.count, 3);
	assert_int_equal(b.summary.stretch.first, 1010 * SECOND);
	assert_int_equal(b.summary.stretch.last, 1060 * SECOND);
	assert_int_equal(b.summary.last->packet, 61);
	assert_int_equal(b.summary.tlp, SL_TLP_GREEN);
	assert_int_equal(b.summary.severity, SL_HIGH);
	assert_int_equal(b.summary.distinct, 2);
	assert_int_equal(b.summary.values, 2);
	assert_value(&b, 0, "b.evil.example");
	assert_value(&b, 1, "a.evil.example");
	sl_repeats_close(b.r);
	assert_false(due(&b, 61));
	assert_int_equal(sl_counter_get(&b.counters, SL_COUNT_ALERTS_REPEATED), 3);
	assert_true(see(&b, 61, 1, "a.evil.example")); /* a new window */
	sl_repeats_free(b.r);
}

static void a_window_without_repeats_says_nothing(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, 100);
	assert_true(see(&b, 0, 1, "a"));
	assert_int_equal(sl_repeats_next(b.r), 1060 * SECOND);
	assert_false(due(&b, 61));
	assert_int_equal(sl_repeats_next(b.r), UINT64_MAX);
	sl_repeats_free(b.r);
}

static void what_is_no_repeat(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, 100);
	assert_true(see(&b, 0, 1, "a"));
	assert_true(see(&b, 0, 2, "a")); /* another client */
	struct sl_match m = match_at(&b, 0, 1);
	struct sl_stretch one = { 1, m.time, m.time };
	m.flow.dst.bytes[3]++;
	assert_false(sl_repeats_hold(b.r, &m, NULL, &one)); /* another server */
	m = match_at(&b, 0, 1);
	m.indicator = 1;
	assert_false(sl_repeats_hold(b.r, &m, NULL, &one));
	m = match_at(&b, 0, 1);
	m.flow.sport++;
	assert_true(sl_repeats_hold(b.r, &m, NULL, &one));
	sl_repeats_free(b.r);
}

/* Sixteen values are shown, however many there were. */
static void many_values(void **state)
{
	(void)state;
	struct bench b;
	char value[400];

	bench_init(&b, 100);
	see(&b, 0, 1, "first");
	for (int twice = 0; twice < 2; twice++)
		for (int i = 0; i < 500; i++) {
			snprintf(value, sizeof value, "%0300d.evil.example", i);
			assert_false(see(&b, 1, 1, value));
		}
	assert_false(see(&b, 2, 1, "")); /* no value */
	assert_true(due(&b, 100));
	assert_int_equal(b.summary.stretch.count, 1001);
	assert_int_equal(b.summary.distinct, 500);
	assert_int_equal(b.summary.values, SL_SUMMARY_VALUES);
	assert_int_equal(b.summary.value[0].len, 256);
	sl_repeats_free(b.r);
}

/* A stretch that a threshold made counts with all that it stands for. */
static void stretches_add_up(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, 100);
	see(&b, 10, 1, "a");
	struct sl_match m = match_at(&b, 12, 1);
	struct sl_stretch five = { 5, 1008 * SECOND, m.time };
	assert_true(sl_repeats_hold(b.r, &m, NULL, &five));
	see(&b, 13, 1, "a");
	assert_true(due(&b, 100));
	assert_int_equal(b.summary.stretch.count, 6);
	assert_int_equal(b.summary.stretch.first, 1008 * SECOND);
	assert_int_equal(b.summary.stretch.last, 1013 * SECOND);
	sl_repeats_free(b.r);
}

/* When there is no room the oldest window ends early: its summary comes, and nothing is lost. */
static void the_oldest_window_makes_room(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b, 2);
	assert_true(see(&b, 0, 1, "a"));
	assert_false(see(&b, 1, 1, "b"));
	assert_false(due(&b, 1));
	assert_true(see(&b, 2, 2, "a"));
	assert_true(due(&b, 3));
	assert_int_equal(b.summary.stretch.count, 1);
	sl_repeats_close(b.r);
	assert_int_equal(sl_counter_get(&b.counters, SL_COUNT_REPEATS_FULL), 1);
	assert_true(see(&b, 3, 3, "a"));
	assert_false(due(&b, 3)); /* the second had no repeat */
	assert_false(see(&b, 4, 3, "a"));
	assert_true(sl_repeats_due(b.r, UINT64_MAX, &b.summary));
	sl_repeats_close(b.r);
	assert_false(sl_repeats_due(b.r, UINT64_MAX, &b.summary));
	sl_repeats_free(b.r);
}

/* The JSON of a summary, without what made it: the ruleset is gone by then. */
static void json(void **state)
{
	(void)state;
	struct bench b;
	struct sl_alert alert = { .sensor_id = "vn-hn-ix1", .country = "VN", .seq = 7,
				  .epoch = "01JDABCDEFGHJKMNPQRSTVWXYZ" };
	struct sl_json j;

	bench_init(&b, 100);
	see(&b, 0, 1, "a");
	see(&b, 1, 1, "b\xff");
	see(&b, 2, 1, "c");
	memset(&b.rules, 0, sizeof b.rules);
	assert_true(due(&b, 100));
	sl_json_init(&j);
	sl_alert_write_summary(&j, &alert, &b.summary);
	json_t *got = json_loadb(j.text, j.len, JSON_REJECT_DUPLICATES, NULL), *match;
	assert_non_null(got);
	match = json_object_get(got, "match");
	assert_int_equal(json_integer_value(json_object_get(got, "count")), 2);
	assert_int_equal(json_integer_value(json_object_get(match, "distinct")), 2);
	assert_int_equal(json_integer_value(json_object_get(match, "packet")), 3);
	assert_null(json_object_get(match, "value"));
	json_t *values = json_pack("[ss]", "b\\xff", "c");
	assert_true(json_equal(json_object_get(match, "values"), values));
	assert_string_equal(json_string_value(json_object_get(got, "tlp")), "TLP:GREEN");
	assert_string_equal(json_string_value(json_object_get(got, "drill")), "ACID-2026");
	assert_string_equal(json_string_value(json_object_get(json_object_get(got, "indicator"), "id")),
			    "c2-1");
	assert_string_equal(json_string_value(json_object_get(got, "time")),
			    json_string_value(json_object_get(got, "last")));
	assert_non_null(json_object_get(got, "flow"));
	assert_non_null(json_object_get(got, "ruleset"));
	json_decref(values);
	json_decref(got);
	sl_json_fini(&j);
	sl_repeats_free(b.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_alert_and_one_summary),
		cmocka_unit_test(a_window_without_repeats_says_nothing),
		cmocka_unit_test(what_is_no_repeat),
		cmocka_unit_test(many_values),
		cmocka_unit_test(stretches_add_up),
		cmocka_unit_test(the_oldest_window_makes_room),
		cmocka_unit_test(json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
