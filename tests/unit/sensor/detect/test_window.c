/* Groups on streams that Hyperscan alone cannot judge: in a window of the last bytes, wherever segments
 * cut them; bounded, and given back. */
#include "fixture.h"

#include <sensor/detect/detect_internal.h>

#define COND(field, what) "{\"field\": \"" field "\", " what "}"
#define PAYLOAD(what)     COND("payload", what)
#define IND(id, list)     "{\"id\": \"" id "\", \"match\": [" list "]}"

/* The text cut in two at each place, and byte by byte. */
static void expect_cut(const char *indicators, const char *text, const char *ids)
{
	struct fixture *x = fixture_new(indicators);
	size_t n = strlen(text);
	for (unsigned flush = 0; flush < 2; flush++)
		for (size_t cut = 0; cut < n; cut++) {
			struct sl_flow *f = fixture_pair(x, 6, 1);
			if (cut)
				fixture_stream(x, f, 0, text, cut, false);
			if (flush)
				sl_detect_flush(x->detect);
			fixture_stream(x, f, 0, text + cut, n - cut, false);
			sl_flow_end_all(x->flows);
			fixture_expect(x, ids);
		}
	struct sl_flow *f = fixture_pair(x, 6, 1);
	for (size_t i = 0; i < n; i++)
		fixture_stream(x, f, 0, text + i, 1, false);
	sl_flow_end_all(x->flows);
	fixture_expect(x, ids);
	fixture_datagram(x, fixture_pair(x, 17, 2), text, n);
	fixture_expect(x, ids);
	fixture_free(x);
}

static void expressions(void **state)
{
	(void)state;
	static const char pack[] = "[" IND("back", PAYLOAD("\"regex\": \"(ab+c)-\\\\1\"")) "]";
	expect_cut(pack, "xxabbc-abbcxx", "back ");
	expect_cut(pack, "xxabbc-abcxx", "");
}

static void negated_in_place(void **state)
{
	(void)state;
	static const char pack[] = "[" IND("x", PAYLOAD("\"contains\": \"USER\"") ","
		PAYLOAD("\"contains\": \"root\", \"distance\": 1, \"within\": 4, \"not\": true")) "]";
	expect_cut(pack, "USER toor ", "x ");
	expect_cut(pack, "USER root ", "");
	expect_cut(pack, "USER root USER toor ", "x ");
}

/* What holds early waits for the bytes where the `not` before it may still stand; the end of the stream decides. */
static void negated_in_the_middle(void **state)
{
	(void)state;
	static const char pack[] = "[" IND("x", PAYLOAD("\"contains\": \"USER\"") ","
		PAYLOAD("\"contains\": \"root\", \"distance\": 1, \"within\": 4, \"not\": true") ","
		PAYLOAD("\"contains\": \"x\", \"distance\": 0, \"within\": 2")) "]";
	expect_cut(pack, "USERxtoor", "x ");
	expect_cut(pack, "USERxroot", "");
	expect_cut(pack, "USERxroot and more", "");
	expect_cut(pack, "USERxroo", "x ");
	static const char far[] = "[" IND("x", PAYLOAD("\"contains\": \"USER\"") ","
		PAYLOAD("\"contains\": \"root\", \"distance\": 40, \"within\": 5, \"not\": true")) "]";
	expect_cut(far, "xxUSERxroo", "x ");
	static const char apart[] = "[" IND("x", PAYLOAD("\"contains\": \"USER\"") ","
		PAYLOAD("\"contains\": \"root\", \"distance\": 1, \"within\": 4, \"not\": true") ","
		PAYLOAD("\"contains\": \"x\", \"same\": true")) "]";
	expect_cut(apart, "USERxtoor", "x ");
	expect_cut(apart, "USERxroot", "");
	expect_cut(apart, "USERxroo", "x ");
}

static void places_in_the_stream(void **state)
{
	(void)state;
	static const char pack[] = "[" IND("x", PAYLOAD("\"regex\": \"(a)b\\\\1\", \"offset\": 3, \"depth\": 6")) "]";
	expect_cut(pack, "___aba__", "x ");
	expect_cut(pack, "______aba", "x ");
	expect_cut(pack, "_______aba", "");
	expect_cut(pack, "_aba____", "");
}

static void of_bodies(void **state)
{
	(void)state;
	static const char text[] = "xxabbc-abbcxx";
	struct fixture *x = fixture_new("[" IND("back", COND("file.data", "\"regex\": \"(ab+c)-\\\\1\"")) ","
					IND("derived", COND("file.data", "\"transform\": [\"to_uppercase\"], \"contains\": "
								 "\"ABBC-A\"")) "]");
	for (size_t cut = 1; cut < sizeof text - 1; cut++) {
		struct sl_flow *f = fixture_pair(x, 6, 1);
		void *kept = NULL;
		struct sl_piece p = { .field = SL_FIELD_FILE_DATA, .tx = 1, .bytes = sl_span_of(text, cut), .kept = &kept };
		sl_detect_piece(x->detect, fixture_sight(x, f), f, 1, &p);
		p.bytes = sl_span_of(text + cut, sizeof text - 1 - cut);
		p.offset = cut;
		p.last = p.whole_end = true;
		sl_detect_piece(x->detect, fixture_sight(x, f), f, 1, &p);
		assert_null(kept);
		fixture_expect(x, "back derived ");
		sl_flow_end_all(x->flows);
	}
	fixture_free(x);
}

/* Windows are bounded each, are taken from the budget and come back; without budget it is counted. */
static void within_the_budget(void **state)
{
	(void)state;
	static uint8_t segment[3000];
	struct fixture *x = fixture_with("[" IND("back", PAYLOAD("\"regex\": \"(ab+c)-\\\\1\"")) "]", 0, 1 << 20, 1024);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 8; i++)
			for (unsigned k = 0; k < 40; k++)
				fixture_stream(x, fixture_pair(x, 6, i), k & 1, segment, sizeof segment, false);
		sl_flow_end_all(x->flows);
	}
	fixture_expect(x, "");
	assert_int_equal(fixture_count(x, SL_COUNT_WINDOWS_FULL), 0);
	fixture_free(x);
	x = fixture_with("[" IND("back", PAYLOAD("\"regex\": \"(ab+c)-\\\\1\"")) "]", 0, 0, 1024);
	fixture_text(x, fixture_pair(x, 6, 1), "abc-abc");
	fixture_expect(x, "");
	assert_int_equal(fixture_count(x, SL_COUNT_WINDOWS_FULL), 1);
	fixture_free(x);
}

/* What makes room in a window must not come between what one packet has: its length and its bytes. */
static void a_packet_stays_whole(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" IND("back", PAYLOAD("\"regex\": \"(ab+c)-\\\\1\"")) ","
		"{\"id\": \"whole\", \"scope\": \"packet\", \"match\": [" PAYLOAD("\"length\": {\"min\": 999}") ","
		PAYLOAD("\"contains\": \"needle\"") "]}]");
	static char segment[3000] = "needle";
	for (unsigned i = 0; i < 40; i++) {
		for (unsigned k = 0; k < 40; k++) {
			struct sl_flow *f = fixture_pair(x, 6, i);
			size_t n = k == i ? sizeof segment : sizeof segment - 10;
			const char *bytes = k == i ? segment : segment + 10;
			struct sl_sighting *at = fixture_sight(x, f);
			at->flow.packets[0] = k + 1;
			f->side[0].flags |= SL_SIDE_STARTED;
			at->payload = (uint32_t)n + 1;
			sl_detect_packet(x->detect, at, f, 0);
			f->side[0].delivered += n;
			sl_detect_stream(x->detect, at, f, 0, sl_span_of(bytes, n), f->side[0].delivered - n, false);
		}
		fixture_expect(x, "whole ");
	}
	fixture_free(x);
}

/* Segments of a byte each have all that came before judged anew: that has a bound for them together. */
static void steps_come_with_bytes(void **state)
{
	(void)state;
	enum { BYTES = 4000 };
	static char all[BYTES];
	static const char pack[] = "[" IND("x", PAYLOAD("\"contains\": \"a\"") ","
		PAYLOAD("\"contains\": \"a\", \"distance\": 0, \"within\": 200, \"not\": true")) "]";
	memset(all, 'a', sizeof all);
	struct fixture *x = fixture_new(pack);
	fixture_stream(x, fixture_pair(x, 6, 1), 0, all, sizeof all, false);
	sl_detect_flush(x->detect);
	assert_int_equal(fixture_count(x, SL_COUNT_VERIFY_LIMITED), 0);
	struct sl_flow *f = fixture_pair(x, 6, 2);
	for (size_t i = 0; i < sizeof all; i++)
		fixture_stream(x, f, 0, all + i, 1, false);
	sl_detect_flush(x->detect);
	assert_true(fixture_count(x, SL_COUNT_VERIFY_LIMITED) > BYTES / 2);
	fixture_stream(x, f, 0, memset(all, 'b', sizeof all), sizeof all, false);
	fixture_stream(x, f, 0, "a", 1, false);
	fixture_stream(x, f, 0, all, 200, false);
	fixture_expect(x, "x ");
	fixture_free(x);
}

/* What one group has used up is not missing for another, even where it has all of a window to look through. */
static void others_have_steps_left(void **state)
{
	(void)state;
	static char all[SL_WINDOW_BYTES];
	static const char pack[] = "[" IND("greedy", PAYLOAD("\"contains\": \"a\"") ","
		PAYLOAD("\"contains\": \"a\", \"distance\": 0, \"within\": 200, \"not\": true")) ","
		IND("other", PAYLOAD("\"contains\": \"needle\"") ","
		    PAYLOAD("\"regex\": \"(n)eedle\\\\1\", \"same\": true")) "]";
	memset(all, 'a', sizeof all);
	struct fixture *x = fixture_new(pack);
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_stream(x, f, 0, all, sizeof all, false);
	for (size_t i = 0; i < 100; i++)
		fixture_stream(x, f, 0, all + i, 1, false);
	sl_detect_flush(x->detect);
	assert_true(fixture_count(x, SL_COUNT_VERIFY_LIMITED) > 50);
	for (const char *c = "needlen"; *c; c++)
		fixture_stream(x, f, 0, c, 1, false);
	fixture_expect(x, "other ");
	fixture_free(x);
}

/* No memory for flows that where rules out. */
static void only_where_it_can_be(void **state)
{
	(void)state;
	struct fixture *x = fixture_with("[{\"id\": \"x\", \"where\": {\"port\": 25}, \"match\": [" PAYLOAD(
						 "\"regex\": \"(ab+c)-\\\\1\"") "]}]", 0, 1 << 20, 1024);
	struct sl_flow *f = fixture_flow(x, 6, "10.0.0.1", 1024, "192.0.2.1", 80);
	fixture_text(x, f, "abc-abc");
	const struct sl_detect_slot *slot = sl_detect_slot_of(x->detect, f);
	const struct sl_streams *s = sl_pool_at(&x->detect->streams, slot->streams);
	assert_null(s->window[0]);
	f = fixture_flow(x, 6, "10.0.0.1", 1024, "192.0.2.1", 25);
	fixture_text(x, f, "abc-abc");
	fixture_expect(x, "x ");
	fixture_free(x);
}

/* What waits for the flush still sees its bytes when a gap or one large segment comes behind them. */
static void what_waits_keeps_its_window(void **state)
{
	(void)state;
	static uint8_t large[SL_WINDOW_BYTES + 1];
	struct fixture *x = fixture_new("[" IND("x", PAYLOAD("\"contains\": \"USER\"") ","
		PAYLOAD("\"contains\": \"root\", \"distance\": 1, \"within\": 4, \"not\": true") ","
		PAYLOAD("\"contains\": \"end\", \"distance\": 1")) "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_text(x, f, "USER toor end");
	f->side[0].delivered += 100;
	fixture_stream(x, f, 0, "more", 4, true);
	fixture_expect(x, "x ");
	f = fixture_pair(x, 6, 2);
	fixture_text(x, f, "USER toor end");
	fixture_stream(x, f, 0, large, sizeof large, false);
	fixture_expect(x, "x ");
	fixture_free(x);
}

/* An expression that is decided at a body's end is verified on all that the window has. */
static void at_a_bodys_end(void **state)
{
	(void)state;
	static const char text[] = "xxabc----------------------------------------abc";
	struct fixture *x = fixture_new("[" IND("back", COND("file.data", "\"regex\": \"(abc)-{40}\\\\1$\"")) "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	void *kept = NULL;
	struct sl_piece p = { .field = SL_FIELD_FILE_DATA, .tx = 1, .bytes = sl_span_str(text), .kept = &kept };
	sl_detect_piece(x->detect, fixture_sight(x, f), f, 1, &p);
	p.bytes = sl_span_of(NULL, 0);
	p.offset = sizeof text - 1;
	p.last = p.whole_end = true;
	sl_detect_piece(x->detect, fixture_sight(x, f), f, 1, &p);
	fixture_expect(x, "back ");
	fixture_free(x);
}

static void bytes_before_an_end(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" IND("x", PAYLOAD("\"contains\": \"x\"")) "]");
	struct sl_window *w = sl_window_new(x->detect);
	static uint8_t bytes[40000];
	uint64_t base;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t at = 0; at < sizeof bytes; at += 1000) {
		sl_window_add(x->detect, w, sl_span_of(bytes + at, 1000), at);
		for (uint64_t end = at; end <= at + 1000; end += 500) {
			struct sl_span s = sl_window_bytes(w, end, &base);
			assert_int_equal(base + s.len, end);
			assert_int_equal(s.len, end < SL_WINDOW_BYTES ? end : SL_WINDOW_BYTES);
			if (s.len)
				assert_memory_equal(s.at, bytes + base, s.len);
		}
	}
	sl_window_add(x->detect, w, sl_span_of(bytes, 10), 50000); /* a gap: what was before is gone */
	struct sl_span s = sl_window_bytes(w, 50010, &base);
	assert_int_equal(base, 50000);
	assert_int_equal(s.len, 10);
	sl_window_add(x->detect, w, sl_span_of(bytes, sizeof bytes), 50010);
	s = sl_window_bytes(w, 90010, &base);
	assert_int_equal(s.len, SL_WINDOW_BYTES);
	assert_memory_equal(s.at, bytes + sizeof bytes - SL_WINDOW_BYTES, s.len);
	sl_window_free(x->detect, w);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions),       cmocka_unit_test(negated_in_place),
		cmocka_unit_test(negated_in_the_middle),
		cmocka_unit_test(places_in_the_stream), cmocka_unit_test(of_bodies),
		cmocka_unit_test(within_the_budget), cmocka_unit_test(only_where_it_can_be),
		cmocka_unit_test(what_waits_keeps_its_window), cmocka_unit_test(at_a_bodys_end),
		cmocka_unit_test(bytes_before_an_end), cmocka_unit_test(a_packet_stays_whole),
		cmocka_unit_test(steps_come_with_bytes), cmocka_unit_test(others_have_steps_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
