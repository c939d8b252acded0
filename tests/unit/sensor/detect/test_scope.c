/* Scopes that end: transactions over several messages, `not` and `absent`, what is decided last. */
#include "fixture.h"

#include <sensor/detect/detect_internal.h>

#define COND(field, what)  "{\"field\": \"" field "\", " what "}"
#define METHOD(what)       COND("http.method", what)
#define AGENT(what)        COND("http.user_agent", what)
#define STATUS(what)       COND("http.stat_code", what)
#define IND(id, more, a)    "{\"id\": \"" id "\", " more "\"match\": [" a "]}"
#define PAIR(id, more, a, b) IND(id, more, a "," b)

static struct sl_flow *stream_flow(struct fixture *x, unsigned n)
{
	struct sl_flow *f = fixture_pair(x, 6, n);
	f->side[0].flags |= SL_SIDE_STARTED;
	return f;
}

static void say(struct fixture *x, struct sl_flow *f, uint32_t tx, enum sl_field field, const char *value)
{
	fixture_say(x, f, 0, tx, field, value, field, NULL);
}

static void a_request_and_its_response(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" PAIR("both", "", METHOD("\"equals\": \"POST\""), STATUS("\"equals\": \"200\"")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	say(x, f, 1, SL_FIELD_HTTP_METHOD, "POST");
	say(x, f, 2, SL_FIELD_HTTP_METHOD, "GET");
	sl_detect_flush(x->detect);
	say(x, f, 2, SL_FIELD_HTTP_STAT_CODE, "200");
	fixture_end(x, f, 2);
	fixture_expect(x, "");
	say(x, f, 1, SL_FIELD_HTTP_STAT_CODE, "200");
	say(x, f, 1, SL_FIELD_HTTP_STAT_CODE, "200");
	fixture_expect(x, "both "); /* once */
	fixture_end(x, f, 1);
	say(x, f, 1, SL_FIELD_HTTP_STAT_CODE, "200"); /* the number comes again, for another */
	fixture_expect(x, "");
	say(x, f, 1, SL_FIELD_HTTP_METHOD, "POST");
	fixture_expect(x, "both ");
	fixture_free(x);
}

static void not_in_a_transaction(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" PAIR("x", "", METHOD("\"equals\": \"POST\""),
						AGENT("\"contains\": \"Mozilla\", \"not\": true")) "]");
	static const struct {
		const char *agent[2], *ids;
	} cases[] = {
		{ { "curl", NULL }, "x " },
		{ { "Mozilla/5.0", NULL }, "" },
		{ { "curl", "Mozilla" }, "" },
		{ { "Mozilla", "curl" }, "" },
		{ { NULL, NULL }, "" }, /* the field did not occur */
	};
	for (unsigned flush = 0; flush < 2; flush++)
		for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
			struct sl_flow *f = stream_flow(x, 1);
			for (unsigned k = 0; k < 2 && cases[i].agent[k]; k++) {
				say(x, f, 7, SL_FIELD_HTTP_USER_AGENT, cases[i].agent[k]);
				if (flush)
					sl_detect_flush(x->detect);
			}
			say(x, f, 7, SL_FIELD_HTTP_METHOD, "POST");
			fixture_expect(x, ""); /* not before the end */
			if (i % 2)
				fixture_end(x, f, 7);
			else
				sl_flow_end_all(x->flows);
			fixture_expect(x, cases[i].ids);
			sl_flow_end_all(x->flows);
			fixture_expect(x, "");
		}
	fixture_free(x);
}

/* What the alert shows is what held, at the packet that decided. */
static void what_a_late_match_says(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" PAIR("x", "", METHOD("\"contains\": \"ST\""),
						AGENT("\"contains\": \"Mozilla\", \"not\": true")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_say(x, f, 0, 1, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_USER_AGENT, "curl");
	sl_detect_flush(x->detect);
	fixture_stream(x, f, 0, "others", 6, false);
	fixture_end(x, f, 1);
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 1);
	assert_int_equal(x->match[0].packet, x->packet);
	assert_int_equal(x->match[0].field, SL_FIELD_HTTP_METHOD);
	assert_int_equal(x->match[0].offset, 2);
	assert_string_equal(x->match[0].value, "POST");
	assert_int_equal(x->match[0].fields_len, 3 + 4 + 3 + 4);
	fixture_free(x);
}

static void absent(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" PAIR("x", "", METHOD("\"equals\": \"POST\""), AGENT("\"absent\": true")) ","
					IND("alone", "\"where\": {\"proto\": \"tcp\"}, ", COND("http.referer", "\"absent\": true")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	say(x, f, 1, SL_FIELD_HTTP_METHOD, "POST");
	say(x, f, 2, SL_FIELD_HTTP_METHOD, "POST");
	say(x, f, 2, SL_FIELD_HTTP_USER_AGENT, "");
	say(x, f, 2, SL_FIELD_HTTP_REFERER, "r");
	fixture_expect(x, "");
	fixture_end(x, f, 2);
	fixture_expect(x, ""); /* an empty value is one */
	fixture_end(x, f, 1);
	fixture_expect(x, "x alone ");
	fixture_free(x);
}

static void nothing_but_not(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" IND("x", "", AGENT("\"contains\": \"Mozilla\", \"not\": true")) ","
					IND("flow", "\"scope\": \"flow\", ", AGENT("\"equals\": \"b\", \"not\": true")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	say(x, f, 1, SL_FIELD_HTTP_USER_AGENT, "curl");
	say(x, f, 2, SL_FIELD_HTTP_USER_AGENT, "Mozilla");
	say(x, f, 3, SL_FIELD_HTTP_METHOD, "GET");
	fixture_end(x, f, 0); /* all that have a number */
	fixture_expect(x, "x ");
	sl_flow_end_all(x->flows);
	fixture_expect(x, "flow ");
	f = stream_flow(x, 2);
	say(x, f, 1, SL_FIELD_HTTP_USER_AGENT, "a");
	say(x, f, 2, SL_FIELD_HTTP_USER_AGENT, "b");
	sl_flow_end_all(x->flows);
	fixture_expect(x, "x x "); /* and not the flow: it had a "b" */
	fixture_free(x);
}

static void not_in_a_packet(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[" PAIR("x", "\"scope\": \"packet\", ", COND("payload", "\"contains\": \"one\""),
			COND("payload", "\"contains\": \"two\", \"not\": true")) ","
		PAIR("datagram", "", COND("payload", "\"contains\": \"three\""),
		    COND("payload", "\"contains\": \"four\", \"not\": true")) "]");
	struct sl_flow *d = fixture_pair(x, 17, 2), *f = stream_flow(x, 1);
	fixture_datagram(x, d, "one two", 7);
	fixture_datagram(x, d, "two", 3);
	fixture_expect(x, "");
	fixture_datagram(x, d, "one", 3);
	fixture_datagram(x, d, "one", 3);
	fixture_expect(x, "x x ");
	fixture_text(x, f, "one");
	fixture_text(x, f, "one two");
	fixture_expect(x, "x ");
	fixture_datagram(x, d, "three", 5);
	fixture_datagram(x, d, "three four", 10);
	fixture_expect(x, "datagram ");
	fixture_free(x);
}

static void not_in_a_stream(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" PAIR("x", "", COND("payload", "\"contains\": \"one\""),
						COND("payload", "\"contains\": \"two\", \"not\": true")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_text(x, f, "one t");
	fixture_text(x, f, "wo");
	sl_flow_end_all(x->flows);
	fixture_expect(x, "");
	f = stream_flow(x, 2);
	fixture_text(x, f, "t one");
	fixture_expect(x, "");
	sl_flow_end_all(x->flows);
	fixture_expect(x, "x ");
	fixture_free(x);
}

/* Of what waits for its scope's end only so many remember what they found; the others alert without. */
static void what_waits_without_a_memo_is_counted(void **state)
{
	(void)state;
	enum { ONE_TOO_MANY = SL_MEMOS_POOL + 1 };
	struct fixture *x = fixture_with("[" PAIR("x", "", COND("payload", "\"contains\": \"one\""),
						 COND("payload", "\"contains\": \"two\", \"not\": true")) "]",
					 0, 0, 2 * ONE_TOO_MANY);
	for (unsigned i = 0; i < ONE_TOO_MANY; i++) {
		fixture_text(x, stream_flow(x, i), "one");
		sl_detect_flush(x->detect);
	}
	assert_int_equal(fixture_count(x, SL_COUNT_MEMOS_FULL), 1);
	for (unsigned i = 1; i + 1 < ONE_TOO_MANY; i++) {
		fixture_text(x, stream_flow(x, i), "two");
		sl_detect_flush(x->detect);
	}
	sl_flow_end_all(x->flows);
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 2);
	assert_int_equal(x->match[0].value_len + x->match[1].value_len, strlen("one"));
	fixture_expect(x, "x x ");
	fixture_free(x);
}

/* Of too many open transactions the oldest is decided early; nothing is kept of ended ones. */
static void open_transactions_are_bounded(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" PAIR("x", "", METHOD("\"equals\": \"POST\""),
						AGENT("\"contains\": \"Mozilla\", \"not\": true")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	for (uint32_t tx = 1; tx <= 100; tx++) {
		fixture_say(x, f, 0, tx, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_USER_AGENT, "curl");
		sl_detect_flush(x->detect);
	}
	assert_int_equal(x->matches, 100 - 31);
	x->matches = 0;
	sl_flow_end_all(x->flows);
	assert_int_equal(x->matches, 31);
	x->matches = 0;
	for (unsigned i = 0; i < 300000; i++) {
		f = stream_flow(x, i % 50000);
		fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_USER_AGENT, "Mozilla");
		if (i % 64 == 0)
			sl_detect_flush(x->detect);
	}
	fixture_expect(x, "");
	assert_int_equal(fixture_count(x, SL_COUNT_PARTIALS_FULL), 0);
	fixture_free(x);
}

static void same_side_of_a_stream(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" PAIR("x", "", COND("payload", "\"contains\": \"one\""),
						COND("payload", "\"contains\": \"two\", \"same\": true")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_stream(x, f, 0, "one", 3, false);
	fixture_stream(x, f, 1, "two", 3, false);
	fixture_expect(x, "");
	fixture_stream(x, f, 1, "o", 1, false);
	fixture_stream(x, f, 1, "ne", 2, false);
	fixture_expect(x, "x ");
	fixture_free(x);
}

/* A part of the group in the other direction does not make it hold there. */
static void a_group_has_its_direction(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"x\", \"match\": [{\"field\": \"payload\", \"contains\": \"one\"},"
					"{\"field\": \"payload\", \"contains\": \"two\", \"same\": true}],"
					"\"where\": {\"direction\": \"to_client\"}}]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_stream(x, f, 0, "one two", 7, false);
	fixture_stream(x, f, 1, "one", 3, false);
	fixture_expect(x, "");
	fixture_stream(x, f, 1, "two", 3, false);
	fixture_expect(x, "x ");
	fixture_free(x);
}

/* A datagram is a value by itself, also for a group that lasts as long as the flow. */
static void a_group_on_one_datagram(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"both\", \"scope\": \"flow\", \"match\": ["
					"{\"field\": \"payload\", \"contains\": \"alpha\"},"
					"{\"field\": \"payload\", \"contains\": \"omega\", \"same\": true}]}]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	fixture_datagram(x, f, "an alpha", 8);
	fixture_datagram(x, f, "an omega", 8);
	sl_detect_flush(x->detect);
	fixture_expect(x, "");
	fixture_datagram(x, f, "omega and alpha", 15);
	sl_detect_flush(x->detect);
	fixture_expect(x, "both ");
	fixture_free(x);
}

/* What held in a datagram of the other direction does not hold again by a part of it. */
static void a_part_of_a_group_asks_nothing(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"both\", \"scope\": \"flow\", "
					"\"where\": {\"direction\": \"to_client\"}, \"match\": ["
					"{\"field\": \"payload\", \"contains\": \"alpha\"},"
					"{\"field\": \"payload\", \"contains\": \"omega\", \"same\": true}]}]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	fixture_datagram(x, f, "omega and alpha", 15);
	sl_detect_datagram(x->detect, fixture_sight(x, f), f, 1, sl_span_str("omega"));
	sl_detect_flush(x->detect);
	fixture_expect(x, "");
	sl_detect_datagram(x->detect, fixture_sight(x, f), f, 1, sl_span_str("alpha, omega"));
	sl_detect_flush(x->detect);
	fixture_expect(x, "both ");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_on_one_datagram),
		cmocka_unit_test(a_part_of_a_group_asks_nothing),
		cmocka_unit_test(a_request_and_its_response), cmocka_unit_test(not_in_a_transaction),
		cmocka_unit_test(what_a_late_match_says),     cmocka_unit_test(absent),
		cmocka_unit_test(nothing_but_not),            cmocka_unit_test(not_in_a_packet),
		cmocka_unit_test(not_in_a_stream),            cmocka_unit_test(open_transactions_are_bounded),
		cmocka_unit_test(same_side_of_a_stream),      cmocka_unit_test(what_waits_without_a_memo_is_counted),
		cmocka_unit_test(a_group_has_its_direction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
