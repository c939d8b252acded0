/* STIX patterns: what holds with what, and what is refused. The alternatives are written as paths with
 * an operator, joined by '&', each on a line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <rules/import/stix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_write(FILE *out, const struct sl_stix_test *t)
{
	static const char *const ops[] = { "=", "in", "like", "matches", "subset", "superset",
					   "<", "<=", ">",    ">=",      "exists" };
	char *values = json_dumps(t->values, JSON_COMPACT);
	fprintf(out, "%s%s%s%s", t->path, t->negated ? "!" : "", ops[t->op], values);
	free(values);
}

static void holds(const char *text, const char *expected)
{
	struct sl_stix_pattern p;
	struct sl_err why = { "" };
	char *got = NULL;
	size_t len;
	FILE *out = open_memstream(&got, &len);
	int rc = sl_stix_parse(&p, text, &why);
	assert_string_equal(why.text, "");
	assert_int_equal(rc, 0);
	for (size_t i = 0; i < p.terms; i++) {
		for (size_t k = 0; k < p.term[i].n; k++) {
			fputs(k ? "&" : "", out);
			test_write(out, &p.test[p.term[i].test[k]]);
		}
		fputc('\n', out);
	}
	fclose(out);
	assert_string_equal(got, expected);
	free(got);
	sl_stix_fini(&p);
}

static void refused(const char *text, const char *reason)
{
	struct sl_stix_pattern p;
	struct sl_err why = { "" };
	assert_true(sl_stix_parse(&p, text, &why) < 0);
	if (!strstr(why.text, reason))
		assert_string_equal(why.text, reason);
	sl_stix_fini(&p);
}

static void comparisons(void **state)
{
	(void)state;
	holds("[a:b = 'x']", "a:b=[\"x\"]\n");
	holds("[a:b == 'x']", "a:b=[\"x\"]\n");
	holds("[a:b != 'x']", "a:b!=[\"x\"]\n");
	holds("[a:b <> 'x']", "a:b!=[\"x\"]\n");
	holds("[a:b NOT = 'x']", "a:b!=[\"x\"]\n");
	holds("[a:b NOT != 'x']", "a:b=[\"x\"]\n");
	holds("[a:b NOT IN ('x','y')]", "a:b!in[\"x\",\"y\"]\n");
	holds("[a:b IN (1)]", "a:b" "in[1]\n");
	holds("[a:b LIKE '%x']", "a:b" "like[\"%x\"]\n");
	holds("[a:b MATCHES '\\\\d']", "a:b" "matches[\"\\\\d\"]\n");
	holds("[a:b ISSUBSET '::/0']", "a:b" "subset[\"::/0\"]\n");
	holds("[a:b ISSUPERSET '::/0']", "a:b" "superset[\"::/0\"]\n");
	holds("[a:b<1]", "a:b<[1]\n");
	holds("[a:b<=-1]", "a:b<=[-1]\n");
	holds("[a:b>true]", "a:b>[true]\n");
	holds("[a:b>=h'00']", "a:b>=[null]\n");
	holds("[EXISTS a:b]", "a:b" "exists[]\n");
	holds("[a:b = 'it\\'s \\\\ \\x']", "a:b=[\"it's \\\\ x\"]\n");
}

static void paths(void **state)
{
	(void)state;
	holds("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x']",
	      "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'=[\"x\"]\n");
	holds("[a:b[*].c[0] = 'x']", "a:b[*].c[0]=[\"x\"]\n");
	holds("[ a : b . 'c d' = 'x' ]", "a:b.'c d'=[\"x\"]\n");
	refused("[a = 'x']", "object path");
	refused("[a:b. = 'x']", "object path");
	refused("[a:b[x] = 'x']", "where * should be");
	refused("['a':b = 'x']", "object path");
}

static void joined(void **state)
{
	(void)state;
	holds("[a:b = 1 AND a:c = 2]", "a:b=[1]&a:c=[2]\n");
	holds("[a:b = 1 OR a:c = 2 AND a:d = 3]", "a:b=[1]\na:c=[2]&a:d=[3]\n");
	holds("[(a:b = 1 OR a:c = 2) AND (a:d = 3 OR a:e = 4)]",
	      "a:b=[1]&a:d=[3]\na:b=[1]&a:e=[4]\na:c=[2]&a:d=[3]\na:c=[2]&a:e=[4]\n");
	holds("[a:b = 1] OR [a:b = 2 AND a:c = 3]", "a:b=[1]\na:b=[2]&a:c=[3]\n");
	holds("(([a:b = 1]) OR [a:b = 2])", "a:b=[1]\na:b=[2]\n");
	holds("/* x */ [a:b // y\n = 1]", "a:b=[1]\n");
	refused("[a:b = 1] AND [a:c = 2]", "AND of several observations");
	refused("[a:b = 1] FOLLOWEDBY [a:c = 2]", "FOLLOWEDBY");
	refused("[a:b = 1] WITHIN 5 SECONDS", "WITHIN");
	refused("([a:b = 1]) REPEATS 5 TIMES", "REPEATS");
	refused("[a:b = 1] START t'2026-01-01T00:00:00Z'", "START");
}

static void broken(void **state)
{
	(void)state;
	refused("", "where [ should be");
	refused("[", "object path");
	refused("[]", "object path");
	refused("[a:b = 1", "where ] should be");
	refused("[a:b = 1] x", "its end");
	refused("[a:b = ]", "a constant");
	refused("[a:b IN ('x' 'y')]", "where ) should be");
	refused("[a:b = 'x]", "without an end");
	refused("[a:b /* = 1]", "comment without an end");
	refused("[a:b ~ 1]", "stray character at 6");
	refused("[a:b AND 1]", "an operator");
}

static void numbers_without_room(void **state)
{
	(void)state;
	holds("[a:b = 9223372036854775807]", "a:b=[9223372036854775807]\n");
	holds("[a:b = -9223372036854775808]", "a:b=[-9223372036854775808]\n");
	refused("[a:b = 9223372036854775808]",
		"\"9223372036854775808\" at 8 where a number of 64 bits should be");
	refused("[a:b = -9223372036854775809]", "a number of 64 bits");
	refused("[a:b IN (1, 99999999999999999999)]", "a number of 64 bits");
}

/* n times `item`, with `between`, in brackets. */
static char *many(size_t n, const char *item, const char *between)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	fputc('[', out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? between : "", item);
	fputc(']', out);
	fclose(out);
	return text;
}

static void bounds(void **state)
{
	struct sl_stix_pattern p;
	(void)state;
	char *text = many(SL_STIX_TERMS_MAX, "a:b = 1", " OR ");
	assert_int_equal(sl_stix_parse(&p, text, NULL), 0);
	assert_int_equal(p.terms, SL_STIX_TERMS_MAX);
	sl_stix_fini(&p);
	free(text);
	text = many(SL_STIX_TERMS_MAX + 1, "a:b = 1", " OR ");
	refused(text, "more than 4096");
	free(text);
	text = many(SL_STIX_TERM_TESTS + 1, "a:b = 1", " AND ");
	refused(text, "more than 4096 alternatives, or more than 16");
	free(text);
	text = many(13, "(a:b = 1 OR a:b = 2)", " AND "); /* 2^13 */
	refused(text, "more than 4096");
	free(text);
	text = many(40, "(", "");
	refused(text, "more than 32 brackets");
	free(text);
	text = many(SL_STIX_PATTERN_MAX, " ", "");
	refused(text, "longer than");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons), cmocka_unit_test(paths),
		cmocka_unit_test(joined),      cmocka_unit_test(broken),
		cmocka_unit_test(bounds),      cmocka_unit_test(numbers_without_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
