/* Marks, silence and what lets pass; indicators that hold by where alone. */
#include "fixture.h"

#define COND(field, what)  "{\"field\": \"" field "\", " what "}"
#define HAS(text)          COND("payload", "\"contains\": \"" text "\"")
#define IND(id, more, ...) "{\"id\": \"" id "\", " more "\"match\": [" __VA_ARGS__ "]}"

static void marks_over_packets(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[" IND("login", "\"mark\": [\"in\"], \"silent\": true, \"scope\": \"packet\", ", HAS("LOGIN")) ","
		IND("logout", "\"unmark\": [\"in\"], \"silent\": true, \"scope\": \"packet\", ", HAS("LOGOUT")) ","
		IND("steal", "\"where\": {\"marked\": [\"in\"]}, \"scope\": \"packet\", ", HAS("STEAL")) ","
		IND("early", "\"where\": {\"not_marked\": [\"in\"]}, \"scope\": \"packet\", ", HAS("STEAL")) "]");
	struct sl_flow *f = fixture_pair(x, 17, 1), *g = fixture_pair(x, 17, 2);
	fixture_datagram(x, f, "STEAL", 5);
	fixture_expect(x, "early ");
	fixture_datagram(x, f, "LOGIN", 5);
	fixture_datagram(x, f, "STEAL", 5);
	fixture_datagram(x, g, "STEAL", 5); /* another flow has marks of its own */
	fixture_expect(x, "steal early ");
	fixture_datagram(x, f, "LOGOUT", 6);
	fixture_datagram(x, f, "STEAL", 5);
	fixture_expect(x, "early ");
	assert_int_equal(fixture_count(x, SL_COUNT_MATCHES_SILENT), 2);
	fixture_free(x);
}

/* In one packet, whatever the order in the pack or in the payload, and over several steps. */
static void marks_within_a_packet(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[" IND("c", "\"where\": {\"marked\": [\"b\"]}, ", HAS("three")) ","
		IND("b", "\"where\": {\"marked\": [\"a\"]}, \"mark\": [\"b\"], ", HAS("two")) ","
		IND("a", "\"mark\": [\"a\"], ", HAS("one")) ","
		IND("any", "\"where\": {\"marked_any\": [\"b\", \"never\"]}, ", HAS("four")) "]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	fixture_datagram(x, f, "three four two one", 18);
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 4);
	x->matches = 0;
	f = fixture_pair(x, 17, 2);
	fixture_datagram(x, f, "three four two", 14);
	fixture_expect(x, "");
	fixture_free(x);
}

static void toggled(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[" IND("t", "\"toggle\": [\"m\"], \"silent\": true, \"scope\": \"packet\", ", HAS("flip")) ","
		IND("on", "\"where\": {\"marked\": [\"m\"]}, \"scope\": \"packet\", ", HAS("look")) "]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	for (unsigned i = 0; i < 4; i++) {
		fixture_datagram(x, f, "flip", 4);
		fixture_datagram(x, f, "look", 4);
		fixture_expect(x, i % 2 ? "" : "on ");
	}
	fixture_free(x);
}

static void passing(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" IND("alert", "\"scope\": \"packet\", ", HAS("bad")) ","
					IND("let", "\"pass\": true, ", HAS("scanner")) ","
					IND("try", "\"pass\": true, \"status\": \"shadow\", ", HAS("trial")) "]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	fixture_datagram(x, f, "bad trial", 9);
	fixture_expect(x, "alert ");
	fixture_datagram(x, f, "bad", 3);
	fixture_expect(x, "alert "); /* what is on trial silences nothing */
	fixture_datagram(x, f, "bad, by our scanner", 19);
	fixture_datagram(x, f, "bad", 3);
	fixture_expect(x, "");
	assert_int_equal(fixture_count(x, SL_COUNT_MATCHES_PASSED), 3);
	fixture_datagram(x, fixture_pair(x, 17, 2), "bad", 3);
	fixture_expect(x, "alert ");
	fixture_free(x);
}

static void by_where_alone(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[{\"id\": \"web\", \"match\": [], \"where\": {\"port\": 80, \"proto\": \"tcp\"}},"
		"{\"id\": \"net\", \"match\": [], \"where\": {\"server\": [\"192.0.2.0/24\", \"!192.0.2.9\"]}},"
		"{\"id\": \"six\", \"match\": [], \"where\": {\"client\": \"2001:db8::/32\"}},"
		"{\"id\": \"out\", \"match\": [], \"where\": {\"to\": \"198.51.100.0/24\", \"from_port\": \"1000-2000\"}},"
		"{\"id\": \"dns\", \"match\": [], \"where\": {\"app\": \"dns\"}}]");
	fixture_flow(x, 6, "10.0.0.1", 1024, "192.0.2.1", 80);
	fixture_expect(x, "web net ");
	fixture_flow(x, 17, "10.0.0.1", 1024, "192.0.2.1", 80);
	fixture_expect(x, "net ");
	fixture_flow(x, 6, "10.0.0.1", 1024, "192.0.2.9", 81);
	fixture_expect(x, "");
	fixture_flow(x, 6, "2001:db8::1", 1024, "2001:db9::1", 81);
	fixture_expect(x, "six ");
	fixture_flow(x, 6, "10.0.0.1", 1500, "198.51.100.1", 81);
	fixture_expect(x, "out ");
	fixture_flow(x, 6, "10.0.0.1", 2500, "198.51.100.1", 81);
	fixture_expect(x, "");
	struct sl_flow *f = fixture_flow(x, 17, "10.0.0.1", 2500, "203.0.113.1", 53);
	f->app = SL_APP_DNS;
	sl_detect_learnt(x->detect, fixture_sight(x, f), f, 0);
	sl_detect_learnt(x->detect, fixture_sight(x, f), f, 0);
	fixture_expect(x, "dns "); /* once a flow */
	fixture_free(x);
}

/* One that asks for marks is looked at when they come. */
static void by_marks_alone(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" IND("a", "\"mark\": [\"a\"], \"silent\": true, ", HAS("one")) ","
					"{\"id\": \"both\", \"match\": [], \"where\": {\"marked\": [\"a\", \"b\"]}},"
					IND("b", "\"mark\": [\"b\"], \"silent\": true, ", HAS("two")) "]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	fixture_datagram(x, f, "two", 3);
	fixture_expect(x, "");
	fixture_datagram(x, f, "one", 3);
	fixture_datagram(x, f, "one", 3);
	fixture_expect(x, "both ");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_over_packets), cmocka_unit_test(marks_within_a_packet),
		cmocka_unit_test(toggled),            cmocka_unit_test(passing),
		cmocka_unit_test(by_where_alone),     cmocka_unit_test(by_marks_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
