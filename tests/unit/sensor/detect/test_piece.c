/* Patterns on bodies and files: found once wherever pieces cut them, at their place, bound to the
 * value's own start and end, apart for each value, within the budget. */
#include "fixture.h"

#define ON(id, field, what) "{\"id\": \"" id "\", \"match\": [{\"field\": \"" field "\", " what "}]}"
#define DATA(id, what)      ON(id, "file.data", what)
#define LONG40              "0123456789abcdefghijklmnopqrstuvwxyzABCD"

struct value {
	enum sl_field field;
	void *kept;
	uint64_t offset;
	uint32_t tx;
};

/* One piece, in memory of its own size. */
static void give(struct fixture *x, struct sl_flow *f, struct value *v, const char *bytes, size_t n,
		 bool gap)
{
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	struct sl_piece p = { .field = v->field, .bytes = sl_span_of(exact, n), .offset = v->offset,
			      .after_gap = gap, .kept = &v->kept, .tx = v->tx };
	f->side[1].flags |= SL_SIDE_STARTED;
	sl_detect_piece(x->detect, fixture_sight(x, f), f, 1, &p);
	v->offset += n;
	free(exact);
}

static void end(struct fixture *x, struct sl_flow *f, struct value *v, bool whole)
{
	struct sl_piece p = { .field = v->field, .bytes = sl_span_of(NULL, 0), .offset = v->offset,
			      .last = true, .whole_end = whole, .kept = &v->kept, .tx = v->tx };
	sl_detect_piece(x->detect, fixture_sight(x, f), f, 1, &p);
	assert_null(v->kept);
}

/* The text cut at each place, in one batch and in two, and in steps of a few bytes. */
static void expect_cut(const char *indicators, const char *text, const char *ids, uint32_t offset)
{
	struct fixture *x = fixture_new(indicators);
	size_t n = strlen(text);
	for (unsigned flush = 0; flush < 2; flush++)
		for (size_t cut = 0; cut <= n; cut++) {
			struct sl_flow *f = fixture_pair(x, 6, 1);
			struct value v = { .field = SL_FIELD_FILE_DATA };
			give(x, f, &v, text, cut, false);
			if (flush)
				sl_detect_flush(x->detect);
			give(x, f, &v, text + cut, n - cut, false);
			end(x, f, &v, true);
			sl_detect_flush(x->detect);
			if (x->matches && offset != UINT32_MAX) {
				assert_int_equal(x->match[0].offset, offset);
				assert_int_equal(x->match[0].to_client, 1);
				assert_int_equal(x->match[0].field, SL_FIELD_FILE_DATA);
			}
			fixture_expect(x, ids);
			sl_flow_end_all(x->flows);
		}
	for (size_t step = 1; step < 34; step++) {
		struct sl_flow *f = fixture_pair(x, 6, 1);
		struct value v = { .field = SL_FIELD_FILE_DATA };
		for (size_t i = 0; i < n; i += step)
			give(x, f, &v, text + i, n - i < step ? n - i : step, false);
		end(x, f, &v, true);
		fixture_expect(x, ids);
		sl_flow_end_all(x->flows);
	}
	fixture_free(x);
}

static void cut_anywhere(void **state)
{
	(void)state;
	expect_cut("[" DATA("lit", "\"contains\": \"needle\"") "]", "hay needle hay", "lit ", 4);
	expect_cut("[" DATA("lit", "\"contains\": \"needle\"") "]", "hay needl e", "", 0);
	expect_cut("[" DATA("case", "\"contains\": \"NEEDLE\", \"nocase\": true") "]", "a NeedLe b",
		   "case ", 2);
	expect_cut("[" DATA("hex", "\"hex\": \"6e 65 65 64\"") "]", "a need", "hex ", 2);
	expect_cut(
		"[" DATA("max", "\"contains\": \"0123456789abcdefghijklmnopqrstuv\"") "]", /* 32 bytes */
		"....0123456789abcdefghijklmnopqrstuv....", "max ", 4);
	expect_cut("[" DATA("long", "\"contains\": \"" LONG40 "\"") "]", ".." LONG40 "..", "long ", 2);
	expect_cut("[" DATA("regex", "\"regex\": \"id=[0-9a-f]{4};\"") "]", "x id=0af3; y", "regex ",
		   UINT32_MAX);
	expect_cut("[" DATA("regex", "\"regex\": \"id=[0-9a-f]{4};\"") "]", "x id=0ag3; y", "", 0);
	expect_cut("[" DATA("starts", "\"starts\": \"MZ\"") "]", "MZ MZ", "starts ", 0);
	expect_cut("[" DATA("starts", "\"starts\": \"MZ\"") "]", " MZ", "", 0);
	expect_cut("[" DATA("starts", "\"starts\": \"" LONG40 "\"") "]", LONG40 "..", "starts ", 0);
	expect_cut("[" DATA("starts", "\"starts\": \"" LONG40 "\"") "]", "." LONG40, "", 0);
	expect_cut("[" DATA("ends", "\"ends\": \"EOF\"") "]", "EOF then EOF", "ends ", UINT32_MAX);
	expect_cut("[" DATA("ends", "\"ends\": \"EOF\"") "]", "EOF then EOF.", "", 0);
	expect_cut("[" DATA("all", "\"equals\": \"all of it\"") "]", "all of it", "all ", UINT32_MAX);
	expect_cut("[" DATA("all", "\"equals\": \"all of it\"") "]", "all of it!", "", 0);
	expect_cut("[" DATA("twice", "\"contains\": \"abcab\"") "]", "abcabcab", "twice ", 0);
}

/* A value that is let go of early has no end; nor does one begin where another ended. */
static void values_are_apart(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" DATA("lit", "\"contains\": \"needle\"") "," DATA(
		"ends", "\"ends\": \"EOF\"") "," DATA("long", "\"contains\": \"" LONG40 "\"") "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	struct value a = { .field = SL_FIELD_FILE_DATA }, b = a;
	give(x, f, &a, "nee", 3, false);
	give(x, f, &b, LONG40, 20, false);
	give(x, f, &b, "dle", 3, false);
	give(x, f, &a, &LONG40[20], 20, false);
	give(x, f, &a, "EOF", 3, false);
	end(x, f, &a, false);
	end(x, f, &b, true);
	fixture_expect(x, "");
	give(x, f, &a, "nee", 3, false);
	give(x, f, &b, "needle EOF", 10, false);
	end(x, f, &b, true);
	fixture_expect(x, "lit ends ");
	end(x, f, &a, true);
	fixture_free(x);
}

static void fields_are_apart(void **state)
{
	(void)state;
	struct fixture *x =
		fixture_new("[" ON("req", "http.request_body", "\"contains\": \"needle\"") "," ON(
			"res", "http.response_body",
			"\"contains\": \"needle\"") "," DATA("file", "\"regex\": \"ne+dle\"") "]");
	static const struct {
		enum sl_field field;
		const char *ids;
	} cases[] = { { SL_FIELD_HTTP_REQUEST_BODY, "req " }, { SL_FIELD_HTTP_RESPONSE_BODY, "res " },
		      { SL_FIELD_FILE_DATA, "file " } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sl_flow *f = fixture_pair(x, 6, 1);
		struct value v = { .field = cases[i].field };
		give(x, f, &v, "a needle", 8, false);
		end(x, f, &v, true);
		fixture_expect(x, cases[i].ids);
		sl_flow_end_all(x->flows);
	}
	fixture_free(x);
}

/* What is lost is not bridged, nor is what follows the value's start. */
static void not_over_a_gap(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" DATA("lit", "\"contains\": \"needle\"") "," DATA(
		"re", "\"regex\": \"need?le\"") "," DATA("at", "\"regex\": \"^dle\"") "," DATA(
		"starts", "\"starts\": \"dle\"") "," DATA("behind", "\"contains\": \"hay\"") "]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	struct value v = { .field = SL_FIELD_FILE_DATA };
	give(x, f, &v, "nee", 3, false);
	give(x, f, &v, "dle hay", 7, true);
	end(x, f, &v, true);
	fixture_expect(x, "behind ");
	/* the value's first bytes are lost: offset 0 is what came first */
	give(x, f, &v, "dle", 3, true);
	end(x, f, &v, true);
	fixture_expect(x, "");
	fixture_free(x);
}

/* An indicator that looks at a head and at a body holds over the flow. */
static void with_other_fields(void **state)
{
	(void)state;
	struct fixture *x =
		fixture_new("[{\"id\": \"both\", \"match\": [{\"field\": \"http.method\", \"equals\": "
			    "\"POST\"}, {\"field\": \"http.request_body\", \"contains\": \"cmd=\"}]}]");
	for (unsigned post = 0; post < 2; post++) {
		struct sl_flow *f = fixture_pair(x, 6, 1);
		struct value v = { .field = SL_FIELD_HTTP_REQUEST_BODY, .tx = 3 };
		f->side[0].flags |= SL_SIDE_STARTED;
		fixture_say(x, f, 0, 2, SL_FIELD_HTTP_METHOD, "POST", SL_FIELD_HTTP_METHOD, NULL);
		fixture_say(x, f, 0, 3, SL_FIELD_HTTP_METHOD, post ? "POST" : "PUT",
			    SL_FIELD_HTTP_METHOD, NULL);
		fixture_expect(x, "");
		give(x, f, &v, "cm", 2, false);
		give(x, f, &v, "d=1", 3, false);
		end(x, f, &v, true);
		fixture_expect(x, post ? "both " : "");
		sl_flow_end_all(x->flows);
	}
	fixture_free(x);
}

/* Without memory each piece is still looked at for short literals; it is counted once a value. */
static void within_the_budget(void **state)
{
	(void)state;
	struct fixture *x = fixture_with("[" DATA("lit", "\"contains\": \"needle\"") "," DATA(
						 "re", "\"regex\": \"ne+dle\"") "]", 0, 16, 64);
	struct sl_flow *f = fixture_pair(x, 6, 1);
	struct value v = { .field = SL_FIELD_FILE_DATA };
	give(x, f, &v, "nee", 3, false);
	give(x, f, &v, "dle", 3, false);
	fixture_expect(x, "");
	give(x, f, &v, "needle", 6, false);
	assert_null(v.kept);
	end(x, f, &v, true);
	fixture_expect(x, "lit ");
	assert_int_equal(fixture_count(x, SL_COUNT_STREAMS_FULL), 1);
	fixture_free(x);
}

/* What a value took comes back, so that a small budget serves one value after the other. */
static void the_budget_comes_back(void **state)
{
	(void)state;
	struct fixture *x = fixture_with("[" DATA("re", "\"regex\": \"ne+dle\"") "]", 0, 2048, 64);
	for (unsigned i = 0; i < 100; i++) {
		struct sl_flow *f = fixture_pair(x, 6, i);
		struct value v = { .field = SL_FIELD_FILE_DATA };
		give(x, f, &v, "nee", 3, i % 3 == 1);
		give(x, f, &v, "dle", 3, false);
		end(x, f, &v, i % 2);
		fixture_expect(x, "re ");
	}
	assert_int_equal(fixture_count(x, SL_COUNT_STREAMS_FULL), 0);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere),     cmocka_unit_test(values_are_apart),
		cmocka_unit_test(fields_are_apart), cmocka_unit_test(not_over_a_gap),
		cmocka_unit_test(with_other_fields), cmocka_unit_test(within_the_budget),
		cmocka_unit_test(the_budget_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
