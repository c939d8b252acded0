/* Bytes that are encrypted are not looked at as payload: what came before them is found all the same, nothing
 * is found across them, and what was kept for them is let go of. */
#include "fixture.h"

#include <sensor/detect/detect_internal.h>

#define ON(id, what) "{\"id\": \"" id "\", \"match\": [{\"field\": \"payload\", " what "}]}"
#define LITERAL      ON("lit", "\"contains\": \"needle\"")
#define EXPRESSION   ON("regex", "\"regex\": \"ne+dle[0-9]\"")
#define CHAIN                                                                                             \
	"{\"id\": \"chain\", \"match\": [{\"field\": \"payload\", \"contains\": \"needle\"},"                 \
	"{\"field\": \"payload\", \"contains\": \"root\", \"distance\": 1, \"within\": 4, \"not\": true},"     \
	"{\"field\": \"payload\", \"contains\": \"hay\", \"distance\": 1}]}" /* judged in a window */

/* In the clear part, in the same batch as the border and in one before. */
static void before_the_border(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" LITERAL "," EXPRESSION "," CHAIN "]");
	for (unsigned flush = 0; flush < 2; flush++) {
		struct sl_flow *f = fixture_pair(x, 6, flush);
		fixture_text(x, f, "a need");
		fixture_text(x, f, "le7 in hay");
		if (flush)
			sl_detect_flush(x->detect);
		fixture_encrypted(x, f, 0, 100);
		fixture_encrypted(x, f, 0, 100);
		sl_detect_flush(x->detect);
		assert_int_equal(x->matches, 3);
		x->matches = 0;
		sl_flow_end_all(x->flows);
		fixture_expect(x, "");
	}
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_ENCRYPTED_PACKETS), 4);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_ENCRYPTED_BYTES), 400);
	fixture_free(x);
}

/* What stands on both sides of encrypted bytes does not belong together; and what begins behind them is found. */
static void across(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" LITERAL "," EXPRESSION "," CHAIN ","
					ON("start", "\"starts\": \"le7\"") "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	for (unsigned again = 0; again < 2; again++) {
		fixture_text(x, f, "need");
		sl_detect_flush(x->detect);
		fixture_encrypted(x, f, 0, 10);
		fixture_text(x, f, "le7");
		fixture_expect(x, "");
	}
	fixture_text(x, f, " needle");
	fixture_expect(x, "lit ");
	fixture_text(x, f, "8 hay");
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 2);
	x->matches = 0;
	fixture_free(x);
}

static void the_other_side_goes_on(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" EXPRESSION "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_stream(x, f, 0, "hay", 3, false);
	fixture_stream(x, f, 1, "need", 4, false);
	sl_detect_flush(x->detect);
	fixture_encrypted(x, f, 0, 10);
	fixture_encrypted(x, f, 0, 10);
	fixture_stream(x, f, 1, "le7", 3, false);
	fixture_expect(x, "regex ");
	fixture_free(x);
}

/* A stream's end that was not seen decides nothing. */
static void the_end(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("ends", "\"ends\": \"needle\"") ","
					ON("last", "\"regex\": \"ne+dle$\"") "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_text(x, f, "needle");
	sl_detect_flush(x->detect);
	sl_flow_end_all(x->flows);
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 2);
	x->matches = 0;
	f = fixture_pair(x, 6, 2);
	fixture_text(x, f, "needle");
	fixture_encrypted(x, f, 0, 10);
	sl_flow_end_all(x->flows);
	fixture_expect(x, "");
	fixture_free(x);
}

/* The budget is for few streams: those of flows that are encrypted are free for others. */
static void memory_is_let_go_of(void **state)
{
	(void)state;
	struct fixture *x = fixture_with("[" EXPRESSION "," CHAIN "]", 0, 64 * 1024, 1024);
	for (unsigned i = 0; i < 200; i++) {
		struct sl_flow *f = fixture_pair(x, 6, i);
		for (unsigned side = 0; side < 2; side++) {
			fixture_stream(x, f, side, "needle7 in hay", 14, false);
			sl_detect_flush(x->detect);
			fixture_encrypted(x, f, side, 10);
		}
		assert_int_equal(x->matches, 4 - 2); /* once a flow */
		assert_int_equal(sl_detect_slot_of(x->detect, f)->streams, 0);
		x->matches = 0;
	}
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_STREAMS_FULL), 0);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_WINDOWS_FULL), 0);
	fixture_free(x);
}

/* Lengths and addresses are the packet's, encrypted or not. */
static void other_conditions(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[{\"id\": \"len\", \"scope\": \"packet\", \"match\": ["
		"{\"field\": \"payload\", \"length\": 77}]},"
		"{\"id\": \"not\", \"scope\": \"packet\", \"match\": ["
		"{\"field\": \"payload\", \"length\": 78},"
		"{\"field\": \"payload\", \"contains\": \"x\", \"not\": true}]}]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	struct sl_sighting *at = fixture_sight(x, f);
	at->payload = 77 + 1;
	sl_detect_packet(x->detect, at, f, 0);
	fixture_encrypted(x, f, 0, 77);
	fixture_expect(x, "len ");
	/* of bytes that nobody saw nothing is said, not even what they are not */
	at = fixture_sight(x, f);
	at->payload = 78 + 1;
	sl_detect_packet(x->detect, at, f, 0);
	fixture_encrypted(x, f, 0, 78);
	fixture_expect(x, "");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_the_border), cmocka_unit_test(across),
		cmocka_unit_test(the_other_side_goes_on), cmocka_unit_test(the_end),
		cmocka_unit_test(memory_is_let_go_of), cmocka_unit_test(other_conditions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
