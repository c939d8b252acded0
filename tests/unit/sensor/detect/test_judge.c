/* Conditions into indicators: scopes, order, validity, shadow; memory that comes back. */
#include "fixture.h"

#define AGENT(what)   "{\"field\": \"http.user_agent\", " what "}"
#define METHOD(what)  "{\"field\": \"http.method\", " what "}"
#define PAYLOAD(what) "{\"field\": \"payload\", " what "}"
#define BOTH          METHOD("\"equals\": \"POST\"") "," AGENT("\"contains\": \"bot\"")

static struct sl_flow *stream_flow(struct fixture *x, unsigned n)
{
	struct sl_flow *f = fixture_pair(x, 6, n);
	f->side[0].flags |= SL_SIDE_STARTED;
	return f;
}

static void transaction_scope(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"both\", \"match\": [" BOTH "]}]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_USER_AGENT, "a bot");
	fixture_expect(x, "both ");
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_USER_AGENT, "a bot");
	fixture_expect(x, "both "); /* another transaction */
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "GET", SL_FIELD_HTTP_USER_AGENT, "a bot");
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_USER_AGENT, "none");
	fixture_expect(x, ""); /* each has but one */
	/* two transactions of one packet are two */
	struct sl_sighting *at = fixture_sight(x, f);
	struct sl_value post = { SL_FIELD_HTTP_METHOD, sl_span_str("POST") };
	struct sl_value bot = { SL_FIELD_HTTP_USER_AGENT, sl_span_str("bot") };
	sl_detect_transaction(x->detect, at, f, 0, 1001, &post, 1);
	sl_detect_transaction(x->detect, at, f, 0, 1002, &bot, 1);
	fixture_expect(x, "");
	/* so are those of two flows */
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_METHOD, NULL);
	fixture_values(x, stream_flow(x, 2), SL_FIELD_HTTP_USER_AGENT, "bot", SL_FIELD_HTTP_METHOD,
		       NULL);
	fixture_expect(x, "");
	fixture_free(x);
}

static void flow_scope(void **state)
{
	(void)state;
	struct fixture *x =
		fixture_new("[{\"id\": \"both\", \"scope\": \"flow\", \"match\": [" BOTH "]}]");
	struct sl_flow *f = stream_flow(x, 1), *g = stream_flow(x, 2);
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_METHOD, NULL);
	fixture_expect(x, "");
	fixture_values(x, g, SL_FIELD_HTTP_USER_AGENT, "bot", SL_FIELD_HTTP_METHOD, NULL);
	fixture_expect(x, "");
	fixture_values(x, f, SL_FIELD_HTTP_USER_AGENT, "bot", SL_FIELD_HTTP_METHOD, NULL);
	fixture_expect(x, "both ");
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_USER_AGENT, "bot");
	fixture_expect(x, ""); /* once a flow */
	sl_flow_end_all(x->flows);
	f = stream_flow(x, 1);
	fixture_values(x, f, SL_FIELD_HTTP_USER_AGENT, "bot", SL_FIELD_HTTP_METHOD, NULL);
	fixture_expect(x, ""); /* a new flow knows nothing of the old one */
	fixture_free(x);
}

static void packet_scope(void **state)
{
	(void)state;
	struct fixture *x =
		fixture_new("[{\"id\": \"both\", \"scope\": \"packet\", \"match\": [" PAYLOAD(
			"\"contains\": \"one\"") "," PAYLOAD("\"contains\": \"two\"") "]}]");
	struct sl_flow *f = stream_flow(x, 1), *d = fixture_pair(x, 17, 2);
	fixture_text(x, f, "one two");
	fixture_expect(x, "both ");
	fixture_text(x, f, "two, then one");
	fixture_expect(x, "both "); /* another packet */
	fixture_text(x, f, "one");
	fixture_text(x, f, "two");
	fixture_expect(x, "");
	fixture_text(x, f, "one tw");
	fixture_text(x, f, "o one"); /* "two" lies in no packet */
	fixture_expect(x, "");
	fixture_datagram(x, d, "one two", 7);
	fixture_datagram(x, d, "one", 3);
	fixture_datagram(x, d, "two", 3);
	fixture_expect(x, "both ");
	fixture_free(x);
}

/* The same for what needs Hyperscan streams elsewhere. */
static void packet_scope_of_expressions(void **state)
{
	(void)state;
	struct fixture *x =
		fixture_new("[{\"id\": \"regex\", \"scope\": \"packet\", \"match\": [" PAYLOAD(
			"\"regex\": \"a[0-9]+b\"") "]}]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_text(x, f, "a12b");
	fixture_expect(x, "regex ");
	fixture_text(x, f, "a1");
	fixture_text(x, f, "2b");
	fixture_expect(x, "");
	fixture_free(x);
}

static void payload_with_fields(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[{\"id\": \"mixed\", \"match\": [" METHOD("\"equals\": \"POST\"") "," PAYLOAD(
			"\"contains\": \"needle\"") "]},"
						    "{\"id\": \"dns\", \"match\": [{\"field\": "
						    "\"dns.query\", \"ends\": "
						    "\".example\"}," PAYLOAD(
							    "\"contains\": \"needle\"") "]}]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_METHOD, NULL);
	fixture_text(x, f, "nee");
	fixture_text(x, f, "dle"); /* a stream's payload lasts as long as the flow */
	fixture_expect(x, "mixed ");
	struct sl_flow *d = fixture_pair(x, 17, 2);
	struct sl_value name = { SL_FIELD_DNS_QUERY, sl_span_str("a.example") };
	struct sl_sighting *at = fixture_sight(x, d);
	sl_detect_datagram(x->detect, at, d, 0, sl_span_str("a needle"));
	sl_detect_transaction(x->detect, at, d, 0, ++x->tx, &name, 1);
	fixture_expect(x, "dns "); /* a datagram and the message in it are one transaction */
	sl_detect_datagram(x->detect, fixture_sight(x, d), d, 0, sl_span_str("a needle"));
	at = fixture_sight(x, d);
	sl_detect_datagram(x->detect, at, d, 0, sl_span_str("nothing"));
	sl_detect_transaction(x->detect, at, d, 0, ++x->tx, &name, 1);
	fixture_expect(x, "");
	fixture_free(x);
}

/* Matches come as if each packet had been looked at alone, however they fell into batches. */
static void packets_order(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"pay\", \"match\": [" PAYLOAD(
		"\"contains\": \"needle\"") "]},"
					    "{\"id\": \"name\", \"domain\": \"evil.example\"}]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	for (unsigned batch = 0; batch < 2; batch++) {
		for (unsigned i = 0; i < 4; i++) {
			struct sl_sighting *at = fixture_sight(x, f);
			struct sl_value name = { SL_FIELD_DNS_QUERY, sl_span_str("evil.example") };
			sl_detect_datagram(x->detect, at, f, 0, sl_span_str("needle"));
			sl_detect_transaction(x->detect, at, f, 0, ++x->tx, &name, 1);
			if (batch)
				sl_detect_flush(x->detect);
		}
		sl_detect_flush(x->detect);
		assert_int_equal(x->matches, 8);
		for (unsigned i = 1; i < 8; i++)
			assert_int_equal(x->match[i].packet - x->match[0].packet, i / 2);
		x->matches = 0;
	}
	fixture_free(x);
}

static void validity_and_shadow(void **state)
{
	(void)state;
	const char *pack =
		"[{\"id\": \"now\", \"domain\": \"a.example\"},"
		"{\"id\": \"old\", \"domain\": \"a.example\", \"valid_until\": "
		"\"2026-11-01T00:00:00Z\"},"
		"{\"id\": \"later\", \"domain\": \"a.example\", \"valid_from\": "
		"\"2026-12-01T00:00:00Z\"},"
		"{\"id\": \"shadow\", \"domain\": \"a.example\", \"status\": \"shadow\"}]";
	struct fixture *x = fixture_new(pack); /* packets of 2026-11-22 */
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "a.example", "now ");
	assert_int_equal(fixture_count(x, SL_COUNT_MATCHES), 4);
	assert_int_equal(fixture_count(x, SL_COUNT_MATCHES_EXPIRED), 2);
	assert_int_equal(fixture_count(x, SL_COUNT_MATCHES_SHADOW), 1);
	x->time = UINT64_C(1796083200) * SECOND; /* 2026-12-01, exactly: from is the first moment */
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "a.example", "later now ");
	x->time = UINT64_C(1793491199) * SECOND; /* 2026-10-31T23:59:59 */
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "a.example", "now old ");
	x->time += SECOND; /* until is the first moment no more */
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "a.example", "now ");
	fixture_free(x);
	x = fixture_with(pack, UINT64_C(1790000000) * SECOND, 0,
			 64); /* --at outranks the packet's time */
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "a.example", "now old ");
	fixture_free(x);
}

/* Half-held indicators come back when their flow ends or is evicted: more flows than the pool has
 * places, one after the other. */
static void partials_come_back(void **state)
{
	(void)state;
	struct fixture *x = fixture_with(
		"[{\"id\": \"both\", \"scope\": \"flow\", \"match\": [" BOTH "]}]", 0, 0, 16);
	for (unsigned i = 0; i < 300000; i++) {
		struct sl_flow *f = stream_flow(x, i % 60000);
		fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_METHOD, NULL);
		if (i % 8 == 0)
			sl_detect_flush(x->detect);
	}
	assert_int_equal(fixture_count(x, SL_COUNT_PARTIALS_FULL), 0);
	assert_int_equal(fixture_count(x, SL_COUNT_FLOWS_EVICTED), 300000 - 16);
	fixture_expect(x, "");
	fixture_free(x);
}

/* A flow remembers so many indicators and no more. */
static void partials_are_bounded(void **state)
{
	(void)state;
	static char pack[300 * 128];
	size_t n = 0;
	for (unsigned i = 0; i < 300; i++)
		n += (size_t)snprintf(
			pack + n, sizeof pack - n,
			"%c{\"id\": \"i%u\", \"scope\": \"flow\", \"match\": [" METHOD(
				"\"equals\": \"POST\"") "]}",
			i ? ',' : '[', i);
	snprintf(pack + n, sizeof pack - n, "]");
	struct fixture *x = fixture_new(pack);
	struct sl_flow *f = stream_flow(x, 1);
	fixture_values(x, f, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_METHOD, NULL);
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 256);
	assert_int_equal(fixture_count(x, SL_COUNT_PARTIALS_FULL), 44);
	x->matches = 0;
	fixture_free(x);
}

/* What waits for the flush is looked at before its flow goes. */
static void eviction_flushes_first(void **state)
{
	(void)state;
	struct fixture *x =
		fixture_with("[{\"id\": \"pay\", \"match\": [" PAYLOAD(
				     "\"contains\": \"needle\"") "]},"
								 "{\"id\": \"net\", \"address\": "
								 "\"192.0.2.1\"}]",
			     0, 0, 1);
	for (unsigned i = 0; i < 20; i++) {
		struct sl_flow *f = fixture_pair(x, 6, i); /* the flow before goes */
		fixture_text(x, f, "needle");
	}
	sl_flow_end_all(x->flows);
	assert_int_equal(x->matches, 40);
	x->matches = 0;
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transaction_scope),
		cmocka_unit_test(flow_scope),
		cmocka_unit_test(packet_scope),
		cmocka_unit_test(packet_scope_of_expressions),
		cmocka_unit_test(payload_with_fields),
		cmocka_unit_test(packets_order),
		cmocka_unit_test(validity_and_shadow),
		cmocka_unit_test(partials_come_back),
		cmocka_unit_test(partials_are_bounded),
		cmocka_unit_test(eviction_flushes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
