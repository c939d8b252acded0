/* Patterns on payloads: found once wherever segments cut them, not across what does not belong
 * together, and within bounds when they flood. */
#include "fixture.h"

#define ON(id, what) "{\"id\": \"" id "\", \"match\": [{\"field\": \"payload\", " what "}]}"
#define IN_PACKET(id, what)                                                                          \
	"{\"id\": \"" id "\", \"scope\": \"packet\", \"match\": [{\"field\": \"payload\", " what "}]}"
#define LONG40       "0123456789abcdefghijklmnopqrstuvwxyzABCD"

/* The text in two segments, cut at each place; in one batch and in two; found once, at its place.
 */
static void expect_split(const char *indicators, const char *text, const char *ids, uint32_t offset)
{
	struct fixture *x = fixture_new(indicators);
	size_t n = strlen(text);
	for (unsigned flush = 0; flush < 2; flush++)
		for (size_t cut = 0; cut <= n; cut++) {
			struct sl_flow *f = fixture_pair(x, 6, (unsigned)cut);
			if (cut)
				fixture_stream(x, f, 1, text, cut, false);
			if (flush)
				sl_detect_flush(x->detect);
			if (cut < n)
				fixture_stream(x, f, 1, text + cut, n - cut, false);
			sl_detect_flush(x->detect);
			if (x->matches && offset != UINT32_MAX) {
				assert_int_equal(x->match[0].offset, offset);
				assert_int_equal(x->match[0].to_client, 1);
				assert_int_equal(x->match[0].field, SL_FIELD_PAYLOAD);
			}
			fixture_expect(x, ids);
			sl_flow_end_all(x->flows);
			fixture_expect(x, "");
		}
	for (size_t step = 1; step < 4; step++) { /* and in many small ones */
		struct sl_flow *f = fixture_pair(x, 6, 1);
		for (size_t i = 0; i < n; i += step)
			fixture_stream(x, f, 1, text + i, n - i < step ? n - i : step, false);
		fixture_expect(x, ids);
		sl_flow_end_all(x->flows);
	}
	fixture_free(x);
}

static void split_anywhere(void **state)
{
	(void)state;
	expect_split("[" ON("lit", "\"contains\": \"needle\"") "]", "hay needle hay", "lit ", 4);
	expect_split("[" ON("lit", "\"contains\": \"NEEDLE\", \"nocase\": true") "]",
		     "hay NeedLe hay", "lit ", 4);
	expect_split("[" ON("lit", "\"contains\": \"needle\"") "]", "hay needl e", "", 0);
	expect_split("[" ON("hex", "\"hex\": \"6e 65 65 64 6c 65\"") "]", "needle", "hex ", 0);
	expect_split(
		"[" ON("max",
		       "\"contains\": \"0123456789abcdefghijklmnopqrstuv\"") "]", /* 32 bytes */
		"....0123456789abcdefghijklmnopqrstuv....", "max ", 4);
	expect_split("[" ON("long", "\"contains\": \"" LONG40 "\"") "]", ".." LONG40 "..", "long ",
		     2);
	expect_split("[" ON("regex", "\"regex\": \"id=[0-9a-f]{4};\"") "]", "GET id=0af3; HTTP",
		     "regex ", UINT32_MAX);
	expect_split("[" ON("regex", "\"regex\": \"id=[0-9a-f]{4};\"") "]", "GET id=0ag3; HTTP", "",
		     0);
	expect_split("[" ON("starts", "\"starts\": \"MZ\"") "]", "MZ MZ", "starts ", 0);
	expect_split("[" ON("starts", "\"starts\": \"MZ\"") "]", " MZ", "", 0);
	expect_split("[" ON("starts", "\"starts\": \"" LONG40 "\"") "]", LONG40 "..", "starts ", 0);
	expect_split("[" ON("starts", "\"starts\": \"" LONG40 "\"") "]", "." LONG40, "", 0);
	expect_split("[" ON("twice", "\"contains\": \"abcab\"") "]", "abcabcab", "twice ", 0);
	/* what a negative distance puts in front may come first */
	expect_split("[" ON("back", "\"contains\": \"lo.\"}, {\"field\": \"payload\", \"contains\": \"ehl\", "
				    "\"distance\": -6") "]",
		     "..ehlo..", "back ", UINT32_MAX);
	expect_split("[" ON("back", "\"contains\": \"lo.\"}, {\"field\": \"payload\", \"contains\": \"ehl\", "
				    "\"distance\": -6") "]",
		     "..ehl.lo..", "", 0);
}

/* In scope packet it is the packet's beginning, wherever the packet lies in its stream. */
static void starts_of_packets(void **state)
{
	(void)state;
	static const struct {
		const char *text, *ids;
	} packets[] = { { "a", "" },	     { "MZ..", "short " },  { ".MZ", "" }, { "M", "" }, { "Z", "" },
			{ LONG40, "long " }, { "." LONG40, "" },    { "MZ", "short " } };
	struct fixture *x = fixture_new("[" IN_PACKET("short", "\"starts\": \"MZ\"") ","
					IN_PACKET("long", "\"starts\": \"" LONG40 "\"") "]");
	for (unsigned flush = 0; flush < 2; flush++) {
		struct sl_flow *f = fixture_pair(x, 6, flush + 1);
		for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
			fixture_text(x, f, packets[i].text);
			if (flush)
				fixture_expect(x, packets[i].ids);
		}
		if (!flush)
			fixture_expect(x, "short long short ");
	}
	fixture_free(x);
}

/* What a stream ends with is known when it ends. */
static void decided_at_the_end(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[" ON("ends", "\"ends\": \"END\"") "," ON("equals", "\"equals\": \"all\"") "]");
	static const struct {
		const char *a, *b, *ids;
	} cases[] = { { "the E", "ND", "ends " }, { "END", "", "ends " }, { "END", ".", "" },
		      { "al", "l", "equals " },   { "all", "!", "" },     { "x", "all", "" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sl_flow *f = fixture_pair(x, 6, 1);
		fixture_text(x, f, cases[i].a);
		if (*cases[i].b)
			fixture_text(x, f, cases[i].b);
		fixture_expect(x, "");
		sl_flow_end_all(x->flows);
		fixture_expect(x, cases[i].ids);
		struct sl_flow *d = fixture_pair(x, 17, 2); /* a datagram ends where it ends */
		char whole[16];
		snprintf(whole, sizeof whole, "%s%s", cases[i].a, cases[i].b);
		fixture_datagram(x, d, whole, strlen(whole));
		fixture_expect(x, cases[i].ids);
		sl_flow_end_all(x->flows);
		fixture_expect(x, "");
	}
	fixture_free(x);
}

/* The gathered payloads of a batch lie side by side; a match must not lie across two of them. */
static void neighbours_are_strangers(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("lit", "\"contains\": \"needle\"") "]");
	for (size_t cut = 1; cut < 6; cut++) {
		struct sl_flow *a = fixture_pair(x, 6, 1), *b = fixture_pair(x, 6, 2),
			       *d = fixture_pair(x, 17, 3);
		fixture_stream(x, a, 0, "needle", cut, false);
		fixture_stream(x, b, 0, &"needle"[cut], 6 - cut, false); /* another flow */
		fixture_stream(x, b, 1, "needle", cut, false);
		fixture_stream(x, a, 1, &"needle"[cut], 6 - cut, false);
		fixture_stream(x, b, 0, "needle", cut, false);
		fixture_stream(x, b, 1, "needle", 6, true); /* behind a gap, whole */
		fixture_expect(x, "lit ");
		fixture_datagram(x, d, "needle", cut);
		fixture_datagram(x, d, &"needle"[cut], 6 - cut); /* datagrams are no stream */
		fixture_expect(x, "");
		sl_flow_end_all(x->flows);
	}
	fixture_free(x);
}

static void a_gap_breaks_what_it_cuts(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("lit", "\"contains\": \"needle\"") "," ON(
		"long", "\"contains\": \"" LONG40 "\"") "," ON("regex",
							       "\"regex\": \"a[0-9]+b\"") "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_text(x, f, "need");
	fixture_stream(x, f, 0, "le a12", 6, true);
	fixture_stream(x, f, 0, "34b 0123456789abcdefghij", 24, true);
	fixture_stream(x, f, 0, &LONG40[20], 20, true);
	fixture_expect(x, "");
	fixture_text(x, f, " needle");
	fixture_text(x, f, " a1b");
	fixture_text(x, f, LONG40);
	fixture_expect(x, "lit regex long ");
	fixture_free(x);
}

/* Places are counted from the stream's start, also behind a gap. */
static void places_behind_a_gap(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("lit", "\"contains\": \"needle\"") "," ON(
		"long", "\"contains\": \"" LONG40 "\"") "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_text(x, f, "0123456789");
	fixture_stream(x, f, 0, "..needle", 8, true);
	fixture_text(x, f, "." LONG40);
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 2);
	assert_int_equal(x->match[0].offset, 12);
	assert_int_equal(x->match[1].offset, 19);
	fixture_free(x);
}

/* The byte behind a gap is not the stream's first. */
static void starts_is_not_behind_a_gap(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("short", "\"starts\": \"MZ\"") "," ON(
		"long", "\"starts\": \"" LONG40 "\"") "," ON("regex",
							     "\"regex\": \"^id=[0-9]+\"") "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_text(x, f, "first");
	fixture_stream(x, f, 0, "MZ", 2, true);
	fixture_stream(x, f, 0, "id=42", 5, true);
	fixture_stream(x, f, 0, LONG40, 40, true);
	fixture_expect(x, "");
	static const char *const first[] = { "MZ", "id=42", LONG40 };
	for (unsigned i = 0; i < 3;
	     i++) { /* nothing was delivered before, but something was lost */
		f = fixture_pair(x, 6, 2 + i);
		fixture_stream(x, f, 0, first[i], strlen(first[i]), true);
		fixture_expect(x, "");
	}
	fixture_free(x);
}

static void datagrams(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("lit", "\"contains\": \"needle\"") "," ON(
		"long", "\"contains\": \"" LONG40 "\"") "," ON("starts", "\"starts\": \"MZ\"") "]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	fixture_datagram(x, f, "a needle", 8);
	fixture_datagram(x, f, "MZ needle", 9); /* each is a transaction: it fires again */
	fixture_datagram(x, f, LONG40, 40);
	fixture_datagram(x, f, "", 0);
	sl_detect_flush(x->detect);
	assert_int_equal(x->match[0].offset, 2);
	assert_string_equal(x->match[0].value, "needle");
	assert_string_equal(x->match[0].around, "a needle");
	fixture_expect(x, "lit starts lit long ");
	fixture_free(x);
}

/* A literal that matches at every byte: one match, a bounded number of hits, and others still seen.
 */
static void floods_are_bounded(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("flood", "\"contains\": \"aaaa\"") "," ON(
		"other", "\"contains\": \"needle\"") "]");
	static char flood[60000];
	memset(flood, 'a', sizeof flood);
	struct sl_flow *f = fixture_pair(x, 6, 1);
	for (unsigned i = 0; i < 30; i++)
		fixture_stream(x, f, 0, flood, sizeof flood, false);
	fixture_text(x, f, "needle");
	fixture_expect(x, "flood other ");
	assert_int_equal(fixture_count(x, SL_COUNT_MATCHES), 2);
	assert_int_equal(fixture_count(x, SL_COUNT_SCAN_ERRORS), 0);
	fixture_free(x);

	/* many floods at a time neither lose one another nor what another flow has */
	char pack[2048] = "[", one[128];
	for (unsigned i = 0; i < 20; i++) {
		snprintf(one, sizeof one, ON("f%02u", "\"regex\": \"a{%u}\"") "%s", i, i + 4,
			 i < 19 ? "," : "]");
		strcat(pack, one);
	}
	x = fixture_new(pack);
	f = fixture_pair(x, 6, 1);
	for (unsigned i = 0; i < 10; i++)
		fixture_stream(x, f, 0, flood, sizeof flood, false);
	sl_detect_flush(x->detect);
	assert_int_equal(fixture_count(x, SL_COUNT_MATCHES_LIMITED), 0);
	assert_int_equal(x->matches, 20);
	x->matches = 0;
	fixture_free(x);
}

/* More payloads than one batch has room for are scanned in several, in order, and none is missed.
 */
static void more_than_a_batch(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" ON("lit", "\"contains\": \"needle\"") "]");
	static char filler[60000];
	memset(filler, '.', sizeof filler);
	for (unsigned i = 0; i < 40;
	     i++) { /* 2.4 MB, and every flow's needle across a segment's end */
		struct sl_flow *f = fixture_pair(x, 6, i);
		memcpy(filler + sizeof filler - 3, "nee", 3);
		fixture_stream(x, f, 0, filler, sizeof filler, false);
		fixture_text(x, f, "dle");
	}
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 40);
	for (unsigned i = 1; i < 40; i++)
		assert_true(x->match[i - 1].packet < x->match[i].packet);
	assert_int_equal(x->match[0].offset, sizeof filler - 3);
	x->matches = 0;
	fixture_free(x);
}

/* Streams have a budget: what is beyond it is counted, and what ends gives back. */
static void streams_have_a_budget(void **state)
{
	(void)state;
	const char *pack = "[" ON("regex", "\"regex\": \"a[0-9]+b\"") "]";
	struct fixture *x = fixture_with(pack, 0, 0, 64);
	fixture_text(x, fixture_pair(x, 6, 1), "a1b");
	fixture_expect(x, "");
	assert_int_equal(fixture_count(x, SL_COUNT_STREAMS_FULL), 1);
	fixture_free(x);

	x = fixture_with(pack, 0, 4096, 64);
	for (unsigned i = 0; i < 3000; i++) {
		struct sl_flow *f = fixture_pair(x, 6, i % 50);
		fixture_text(x, f, "a1");
		fixture_stream(x, f, 0, "2b", 2, i % 2);
		fixture_expect(x, i % 2 ? "" : "regex ");
		sl_flow_end_all(x->flows);
	}
	assert_int_equal(fixture_count(x, SL_COUNT_STREAMS_FULL), 0);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_anywhere),
		cmocka_unit_test(starts_of_packets),
		cmocka_unit_test(decided_at_the_end),
		cmocka_unit_test(neighbours_are_strangers),
		cmocka_unit_test(a_gap_breaks_what_it_cuts),
		cmocka_unit_test(places_behind_a_gap),
		cmocka_unit_test(starts_is_not_behind_a_gap),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(more_than_a_batch),
		cmocka_unit_test(streams_have_a_budget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
