/* Groups on one value: every position, alone and together, backtracking, what is negated in its place,
 * expressions, and values made to take for ever. */
#include "fixture.h"

#define URI(what)   "{\"field\": \"http.uri\", " what "}"
#define MATCH(list) "[{\"id\": \"x\", \"match\": [" list "]}]"

struct cases {
	const char *match;
	const char *yes[6], *no[6];
};

static void expect(const struct cases *c)
{
	char pack[2048];
	snprintf(pack, sizeof pack, "[{\"id\": \"x\", \"match\": [%s]}]", c->match);
	struct fixture *x = fixture_new(pack);
	for (unsigned i = 0; i < 6 && c->yes[i]; i++)
		fixture_value_expect(x, SL_FIELD_HTTP_URI, c->yes[i], "x ");
	for (unsigned i = 0; i < 6 && c->no[i]; i++)
		fixture_value_expect(x, SL_FIELD_HTTP_URI, c->no[i], "");
	fixture_free(x);
}

static void expect_all(const struct cases *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(&c[i]);
}
#define EXPECT_ALL(cases) expect_all(cases, sizeof(cases) / sizeof *(cases))

static void places_from_the_start(void **state)
{
	(void)state;
	static const struct cases cases[] = {
		{ URI("\"contains\": \"abc\", \"offset\": 2"), { "xxabc", "xxxabc", "abcabc" }, { "abcxx", "xabcx", "ab" } },
		{ URI("\"contains\": \"abc\", \"depth\": 5"), { "abc", "xxabc", "xxabcx" }, { "xxxabc" } },
		{ URI("\"contains\": \"abc\", \"depth\": 3"), { "abc", "abcd" }, { "xabc" } },
		{ URI("\"contains\": \"abc\", \"offset\": 2, \"depth\": 4"),
		  { "xxabc", "xxxabcx" }, { "xabcxx", "xxxxabc", "abcxxx" } },
		{ URI("\"contains\": \"ABC\", \"nocase\": true, \"offset\": 1"), { "xAbC", "xabc" }, { "abcx", "AbC" } },
		{ URI("\"hex\": \"61 62 63\", \"offset\": 1"), { "xabc" }, { "abc" } },
		{ URI("\"contains\": \"abc\", \"after\": {\"min\": 2}"), { "abcxx", "abcxabcxx" }, { "abc", "abcx" } },
		{ URI("\"contains\": \"abc\", \"after\": {\"max\": 1}"), { "abc", "abcx", "abcabc" }, { "abcxx" } },
		{ URI("\"contains\": \"abc\", \"after\": {\"min\": 1, \"max\": 1}"), { "abcx", "abcabcx" }, { "abc", "abcxx" } },
		{ URI("\"regex\": \"b+\", \"offset\": 2"), { "aab", "bbb" }, { "bba", "bb" } },
		{ URI("\"regex\": \"ab+\", \"depth\": 3"), { "abb", "xab" }, { "xxab" } },
	};
	EXPECT_ALL(cases);
}

static void places_from_the_one_before(void **state)
{
	(void)state;
	static const struct cases cases[] = {
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"distance\": 0"),
		  { "aabb", "aaxbb", "bbaabb" }, { "bbaa", "abb" } },
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"distance\": 2"),
		  { "aaxxbb", "aaxxxbb" }, { "aabb", "aaxbb" } },
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"within\": 3"),
		  { "aabb", "aaxbb", "aaxxxaabb" }, { "aaxxbb", "bbaa" } },
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"distance\": 1, \"within\": 2"),
		  { "aaxbb" }, { "aabb", "aaxxbb" } },
		{ URI("\"contains\": \"aabb\"") "," URI("\"contains\": \"bb\", \"distance\": -2, \"within\": 2"),
		  { "aabb", "xaabbx" }, { "aab" } },
		{ URI("\"contains\": \"cc\"") "," URI("\"contains\": \"aa\", \"distance\": -10"),
		  { "aacc", "ccaa", "xxaaxxcc" }, { "aaxxxxxxxxxxcc", "cc" } },
		{ URI("\"contains\": \"a\"") "," URI("\"contains\": \"b\", \"distance\": 0, \"within\": 1") ","
		  URI("\"contains\": \"c\", \"distance\": 0, \"within\": 1"),
		  { "abc", "aabbabc", "ababac_abc" }, { "abxc", "acb", "ab" } },
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"same\": true"),
		  { "aabb", "bbaa" }, { "aa", "bb" } },
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"distance\": 0, \"offset\": 6"),
		  { "aaxxxxbb" }, { "aabbxx" } },
	};
	EXPECT_ALL(cases);
}

/* The first place of one is not always the one that the next can follow. */
static void all_places_are_tried(void **state)
{
	(void)state;
	static const struct cases cases[] = {
		{ URI("\"contains\": \"id=\"") "," URI("\"contains\": \"evil\", \"distance\": 0, \"within\": 4"),
		  { "?id=good&id=evil", "id=id=evil" }, { "id=good&evil" } },
		{ URI("\"contains\": \"a\"") "," URI("\"contains\": \"b\", \"distance\": 0") ","
		  URI("\"contains\": \"c\", \"distance\": 3, \"within\": 1"),
		  { "abxxxc", "a_b_bxxxc", "aaab bb123c" }, { "abxxc", "abxxxxc" } },
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"b\", \"distance\": 0, \"within\": 1"),
		  { "aaab", "aaaaab" }, { "aaa" } },
		{ URI("\"regex\": \"[0-9]+\"") "," URI("\"contains\": \";\", \"distance\": 0, \"within\": 1"),
		  { "12;", "12 3 44;" }, { "12 ;" } },
	};
	EXPECT_ALL(cases);
}

static void negated_in_its_place(void **state)
{
	(void)state;
	static const struct cases cases[] = {
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"distance\": 0, \"within\": 2, \"not\": true"),
		  { "aa", "aaxx", "aaxbb", "aabbaa", "bbaa" }, { "aabb", "xaabbx" } },
		{ URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"same\": true, \"not\": true"),
		  { "aa" }, { "aabb", "bbaa" } },
		{ URI("\"contains\": \"host\"") "," URI("\"contains\": \"x\", \"distance\": 0, \"within\": 3, \"not\": true") ","
		  URI("\"contains\": \"end\", \"distance\": 3"),
		  { "host123end", "hostxhost000end" }, { "hostx23end", "host12xend" } },
		{ URI("\"contains\": \"aa\"") "," URI("\"regex\": \"^[0-9]\", \"distance\": 0, \"not\": true"),
		  { "aa", "aab1" }, { "aa1" } },
	};
	EXPECT_ALL(cases);
}

static void expressions(void **state)
{
	(void)state;
	static const struct cases cases[] = {
		/* relative: ^ is where the one before ended */
		{ URI("\"contains\": \"id=\"") "," URI("\"regex\": \"^[0-9]{3}$\", \"distance\": 0"),
		  { "id=123", "?x&id=123", "id=1&id=123" }, { "id=1234", "id=x123", "123id=" } },
		/* what Hyperscan cannot say */
		{ URI("\"regex\": \"(ab)\\\\1\""), { "abab", "xababx" }, { "abxab", "ab" } },
		{ URI("\"regex\": \"foo(?!bar)\""), { "foo", "foobaz", "foobarfoo" }, { "foobar" } },
		{ URI("\"regex\": \"(?<=x)yz\""), { "xyz" }, { "ayz" } },
		{ URI("\"contains\": \"id=\"") "," URI("\"regex\": \"ABC\", \"nocase\": true, \"distance\": 1"),
		  { "id=xabc", "id=_aBC" }, { "id=abc" } },
	};
	EXPECT_ALL(cases);
}

static void lengths_and_numbers(void **state)
{
	(void)state;
	static const struct cases cases[] = {
		{ URI("\"length\": 3"), { "abc" }, { "ab", "abcd", "" } },
		{ URI("\"length\": {\"min\": 2, \"max\": 3}"), { "ab", "abc" }, { "a", "abcd" } },
		{ URI("\"contains\": \"a\"") "," URI("\"length\": {\"max\": 2}, \"same\": true"), { "a", "ba" }, { "baa" } },
		{ URI("\"number\": {\"min\": 400, \"max\": 499}"), { "400", "404", "499", "0404" },
		  { "399", "500", "40x", "", "-404", "99999999999999999999999" } },
		{ URI("\"number\": 7"), { "7", "007" }, { "17", "70" } },
	};
	EXPECT_ALL(cases);
}

/* The match is shown at its place, though another condition was what triggered. */
static void the_place_is_shown(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(MATCH(URI("\"contains\": \"ab\"") ","
		URI("\"contains\": \"longest of all\", \"distance\": 2")));
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_values(x, f, SL_FIELD_HTTP_URI, "xxxab--longest of all", SL_FIELD_HTTP_URI, NULL);
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 1);
	assert_int_equal(x->match[0].offset, 3);
	assert_int_equal(x->match[0].field, SL_FIELD_HTTP_URI);
	assert_string_equal(x->match[0].around, "xxxab--longest of all");
	fixture_free(x);
}

/* Each of several values of a field is judged by itself. */
static void on_one_value(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(MATCH(URI("\"contains\": \"aa\"") "," URI("\"contains\": \"bb\", \"distance\": 0")));
	struct sl_flow *f = fixture_pair(x, 6, 1);
	fixture_values(x, f, SL_FIELD_HTTP_URI, "aa", SL_FIELD_HTTP_URI, "bb");
	fixture_expect(x, "");
	fixture_values(x, f, SL_FIELD_HTTP_URI, "bbaa", SL_FIELD_HTTP_URI, "aabb");
	fixture_expect(x, "x ");
	fixture_free(x);
}

/* One byte at every place of a large value, and nothing that may follow it. */
static void hostile_values(void **state)
{
	(void)state;
	enum { SIZE = 64 * 1024 };
	static char value[SIZE + 1];
	struct fixture *x = fixture_new(
		"[{\"id\": \"x\", \"match\": [" URI("\"contains\": \"a\"") "," URI("\"contains\": \"a\", \"distance\": 1") ","
		URI("\"contains\": \"a\", \"distance\": 1") "," URI("\"contains\": \"b\", \"distance\": 1, \"within\": 9") "]},"
		"{\"id\": \"re\", \"match\": [" URI("\"contains\": \"a\"") ","
		URI("\"regex\": \"^(a+)+c\", \"distance\": 0") "]},"
		"{\"id\": \"plain\", \"match\": [" URI("\"contains\": \"aaaa\"") "]}]");
	memset(value, 'a', SIZE);
	memcpy(value, "bc", 2); /* the triggers, where they are of no use */
	for (unsigned i = 0; i < 20; i++)
		fixture_value_expect(x, SL_FIELD_HTTP_URI, value, "plain ");
	assert_in_range(fixture_count(x, SL_COUNT_VERIFY_LIMITED), 20, 40);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_from_the_start), cmocka_unit_test(places_from_the_one_before),
		cmocka_unit_test(all_places_are_tried),  cmocka_unit_test(negated_in_its_place),
		cmocka_unit_test(expressions),           cmocka_unit_test(lengths_and_numbers),
		cmocka_unit_test(the_place_is_shown),    cmocka_unit_test(on_one_value),
		cmocka_unit_test(hostile_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
