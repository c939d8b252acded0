/* What many indicators share: each still holds when and where it should, in any order, in each scope. */
#include "fixture.h"

#define COND(field, what) "{\"field\": \"" field "\", " what "}"

/* 20 indicators that share "POST", and a header; each has a word of its own. */
static struct fixture *crowd_new(const char *scope)
{
	static char pack[64 * 1024];
	size_t n = 0;
	for (unsigned i = 0; i < 20; i++)
		n += (size_t)snprintf(pack + n, sizeof pack - n,
				      "%c{\"id\": \"w%u\", \"scope\": \"%s\", \"match\": [" COND("http.method", "\"equals\": \"POST\"") ","
				      COND("http.user_agent", "\"contains\": \"bot\"") ","
				      COND("http.uri", "\"contains\": \"word%u_\"") "]}", i ? ',' : '[', i, scope, i);
	snprintf(pack + n, sizeof pack - n, ",{\"id\": \"all\", \"scope\": \"%s\", \"match\": [" COND("http.method",
		 "\"equals\": \"POST\"") "," COND("http.user_agent", "\"contains\": \"bot\"") "]},"
		 "{\"id\": \"post\", \"scope\": \"%s\", \"match\": [" COND("http.method", "\"equals\": \"POST\"") "]}]",
		 scope, scope);
	return fixture_new(pack);
}

/* So many that share "POST" alone; every other one may have another scope. */
static struct fixture *words_new(unsigned words, const char *other_scope)
{
	static char pack[600 * 200];
	size_t n = 0;
	for (unsigned i = 0; i < words; i++)
		n += (size_t)snprintf(pack + n, sizeof pack - n,
				      "%c{\"id\": \"w%u\", \"scope\": \"%s\", \"match\": ["
				      COND("http.method", "\"equals\": \"POST\"") ","
				      COND("http.uri", "\"contains\": \"word%u_\"") "]}",
				      i ? ',' : '[', i, i % 2 ? other_scope : "transaction", i);
	snprintf(pack + n, sizeof pack - n, "]");
	return fixture_new(pack);
}

static struct sl_flow *stream_flow(struct fixture *x)
{
	struct sl_flow *f = fixture_pair(x, 6, 1);
	f->side[0].flags |= SL_SIDE_STARTED;
	return f;
}

static void say(struct fixture *x, struct sl_flow *f, uint32_t tx, enum sl_field field, const char *value)
{
	fixture_say(x, f, 0, tx, field, value, field, NULL);
}

static void expect_sorted(struct fixture *x, const char *ids)
{
	sl_detect_flush(x->detect);
	qsort(x->match, x->matches, sizeof *x->match, fixture_by_id);
	fixture_expect(x, ids);
}

static void in_any_order(void **state)
{
	(void)state;
	static const enum sl_field field[3] = { SL_FIELD_HTTP_METHOD, SL_FIELD_HTTP_USER_AGENT, SL_FIELD_HTTP_URI };
	static const char *const value[3] = { "POST", "a bot", "/word7_/word11_" };
	static const unsigned order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	for (unsigned flow = 0; flow < 2; flow++) {
		struct fixture *x = crowd_new(flow ? "flow" : "transaction");
		for (unsigned i = 0; i < 12; i++) {
			struct sl_flow *f = stream_flow(x);
			for (unsigned k = 0; k < 3; k++) {
				say(x, f, flow ? k + 1 : 9, field[order[i / 2][k]], value[order[i / 2][k]]);
				if (i % 2)
					sl_detect_flush(x->detect);
			}
			expect_sorted(x, "all post w11 w7 ");
			sl_flow_end_all(x->flows);
		}
		fixture_free(x);
	}
}

/* What holds in one transaction does not in another, though an indicator of scope flow asks for it too. */
static void apart_by_scope(void **state)
{
	(void)state;
	struct fixture *x = words_new(20, "flow");
	struct sl_flow *f = stream_flow(x);
	say(x, f, 1, SL_FIELD_HTTP_METHOD, "POST");
	say(x, f, 2, SL_FIELD_HTTP_URI, "word2_ word3_");
	expect_sorted(x, "w3 ");
	sl_flow_end_all(x->flows);
	f = stream_flow(x);
	say(x, f, 2, SL_FIELD_HTTP_URI, "word2_ word3_");
	say(x, f, 1, SL_FIELD_HTTP_METHOD, "POST");
	expect_sorted(x, "w3 ");
	fixture_free(x);
}

static void each_in_its_scope(void **state)
{
	(void)state;
	struct fixture *x = crowd_new("transaction");
	struct sl_flow *f = stream_flow(x);
	say(x, f, 1, SL_FIELD_HTTP_METHOD, "POST");
	say(x, f, 2, SL_FIELD_HTTP_USER_AGENT, "bot");
	say(x, f, 2, SL_FIELD_HTTP_URI, "word3_");
	expect_sorted(x, "post ");
	say(x, f, 1, SL_FIELD_HTTP_URI, "word4_");
	fixture_end(x, f, 1);
	say(x, f, 1, SL_FIELD_HTTP_USER_AGENT, "bot"); /* another of that number */
	expect_sorted(x, "");
	say(x, f, 2, SL_FIELD_HTTP_METHOD, "POST");
	expect_sorted(x, "all post w3 ");
	fixture_free(x);
}

/* Nothing is kept for those that nothing rare was seen of. */
static void costs_what_is_rare(void **state)
{
	(void)state;
	struct fixture *x = words_new(600, "transaction");
	struct sl_flow *f = stream_flow(x);
	fixture_say(x, f, 0, 1, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_URI, "word599_");
	fixture_expect(x, "w599 ");
	assert_int_equal(fixture_count(x, SL_COUNT_PARTIALS_FULL), 0);
	fixture_free(x);
}

/* Two thousand that deny the same: one answer for all, and nothing is forgotten. */
static void denied_in_the_same_words(void **state)
{
	(void)state;
	static char pack[2000 * 256];
	size_t n = 0;
	for (unsigned i = 0; i < 2000; i++)
		n += (size_t)snprintf(pack + n, sizeof pack - n, "%c{\"id\": \"w%u\", \"scope\": \"%s\", \"match\": [" COND("http.uri",
				      "\"contains\": \"word%u_\"") "," COND("http.user_agent", "\"contains\": \"Mozilla\", \"not\": true")
				      "]}", i ? ',' : '[', i, i % 2 ? "flow" : "transaction", i);
	snprintf(pack + n, sizeof pack - n, "]");
	struct fixture *x = fixture_new(pack);
	for (unsigned mozilla = 0; mozilla < 3; mozilla++) {
		struct sl_flow *f = stream_flow(x);
		fixture_say(x, f, 0, 1, SL_FIELD_HTTP_URI, "/word1000_/word1001_", SL_FIELD_HTTP_USER_AGENT,
			    mozilla == 1 ? "Mozilla" : "curl");
		say(x, f, 2, SL_FIELD_HTTP_USER_AGENT, mozilla == 2 ? "Mozilla" : "wget");
		fixture_end(x, f, 1);
		expect_sorted(x, mozilla == 1 ? "" : "w1000 ");
		sl_flow_end_all(x->flows);
		expect_sorted(x, mozilla ? "" : "w1001 ");
	}
	assert_int_equal(fixture_count(x, SL_COUNT_PARTIALS_FULL), 0);
	assert_int_equal(fixture_count(x, SL_COUNT_VERIFY_LIMITED), 0);
	fixture_free(x);
}

/* What is shared and comes from the other side asks nobody who does not wait for it. */
static void only_followers_are_asked(void **state)
{
	(void)state;
	static char pack[32 * 1024];
	size_t n = (size_t)snprintf(pack, sizeof pack, "[{\"id\": \"one\", \"scope\": \"flow\", \"match\": ["
				    COND("http.uri", "\"contains\": \"word\"") "], \"where\": {\"direction\": \"to_client\"}}");
	for (unsigned i = 0; i < 20; i++)
		n += (size_t)snprintf(pack + n, sizeof pack - n, ",{\"id\": \"w%u\", \"scope\": \"flow\", \"match\": ["
				      COND("http.server", "\"equals\": \"bot\"") "," COND("http.uri", "\"contains\": \"x%u_\"")
				      "]}", i, i);
	snprintf(pack + n, sizeof pack - n, "]");
	struct fixture *x = fixture_new(pack);
	struct sl_flow *f = stream_flow(x);
	say(x, f, 1, SL_FIELD_HTTP_URI, "/word");
	sl_detect_flush(x->detect);
	fixture_say(x, f, 1, 1, SL_FIELD_HTTP_SERVER, "bot", SL_FIELD_HTTP_SERVER, NULL);
	expect_sorted(x, "");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_any_order), cmocka_unit_test(only_followers_are_asked),
		cmocka_unit_test(each_in_its_scope),
		cmocka_unit_test(apart_by_scope),
		cmocka_unit_test(costs_what_is_rare),
		cmocka_unit_test(denied_in_the_same_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
