/* Every warning of lint has its sentence and its code; what is right has none. */
#include "run.h"

#include <rules/warnlist.h>

#define HEAD "selat: 1\npack: t/a\nversion: 1\nauthor: a.example\ntlp: TLP:GREEN\nindicators:\n"

static int setup(void **state)
{
	return folder_enter(state);
}

static int teardown(void **state)
{
	unlink("out");
	unlink("p.yaml");
	unlink("q.yaml");
	unlink("l.txt");
	return folder_leave(state);
}

static void pack_write(const char *name, const char *indicators)
{
	char text[4096];
	snprintf(text, sizeof text, HEAD "%s", indicators);
	file_write(name, text);
}

struct warned {
	const char *indicator, *said; /* all that lint says of it, without the pack's name; NULL: nothing */
};

static void expect_said(const char *indicator, const char *said)
{
	char text[4096], want[4096] = "";
	int rc;
	snprintf(text, sizeof text, "- {id: x, %s}\n", indicator);
	pack_write("p.yaml", text);
	char *out = run(sl_rules_lint, &rc, 2, "lint", "p.yaml");
	assert_int_equal(rc, 0);
	if (said)
		snprintf(want, sizeof want, "p.yaml%s\n", said);
	snprintf(want + strlen(want), sizeof want - strlen(want),
		 "packs 1, indicators 1: errors 0, warnings %d\n", said != NULL);
	assert_string_equal(out, want);
	free(out);
}

static void expect_each_said(const struct warned *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_said(cases[i].indicator, cases[i].said);
}
#define EXPECT_SAID(cases) expect_each_said(cases, sizeof cases / sizeof cases[0])

static void patterns(void **state)
{
	(void)state;
	static const struct warned cases[] = {
		{ "match: [{field: http.uri, contains: ab}]",
		  ":7:37: warning[too-short]: indicator \"x\": contains: a pattern of 2 bytes "
		  "matches nearly everywhere; look for 3 or more, or say where" },
		{ "match: [{field: payload, contains: a}]",
		  ":7:36: warning[flood]: indicator \"x\": contains: a pattern of 1 byte matches "
		  "in nearly every packet; look for 3 or more, or say where" },
		{ "match: [{field: payload, hex: \"17 00\", offset: 0, depth: 2}], where: {port: "
		  "123}",
		  NULL },
		{ "match: [{field: payload, contains: a}, {field: payload, contains: evil "
		  "thing, distance: 0}]",
		  NULL },
		{ "match: [{field: http.method, equals: GET}, {field: http.header, contains: "
		  "\"User-Agent: \"}]",
		  ":7:40: warning[too-common]: indicator \"x\": equals: \"GET\" is in most traffic "
		  "of its protocol, and the indicator has nothing rarer" },
		{ "match: [{field: http.method, equals: GET}, {field: http.uri, contains: "
		  "\"/gate.php\"}]",
		  NULL },
		{ "match: [{field: payload, contains: \"AAAAAAAA\"}]",
		  ":7:36: warning[flood]: indicator \"x\": contains: a run of 8 bytes that are "
		  "the same is in padding and in many files" },
	};
	EXPECT_SAID(cases);
}

static void expressions(void **state)
{
	(void)state;
	static const struct warned cases[] = {
		{ "match: [{field: payload, regex: \"abc.*def\"}]",
		  ":7:36: warning[flood]: indicator \"x\": regex: \".*\" has no bound, and payload "
		  "is a stream: bound it, as in \".{0,200}\"" },
		{ "match: [{field: http.uri, regex: \".*def\"}]",
		  ":7:37: warning[flood]: indicator \"x\": regex: \".*\" at the start finds "
		  "nothing more and costs: drop it" },
		{ "match: [{field: http.uri, regex: \"abc.*\"}]",
		  ":7:37: warning[flood]: indicator \"x\": regex: \".*\" at the end finds nothing "
		  "more and costs: drop it" },
		{ "match: [{field: payload, regex: '[.*]abc\\.*x.{0,20}def'}]",
		  NULL },
		{ "match: [{field: http.uri, regex: '^(?=.{0,9}foo)(?!.{0,9}bar)'}]",
		  ":7:37: warning[slow-regex]: indicator \"x\": regex: Hyperscan has nothing to look "
		  "for in it, so PCRE2 tries it on every value; add a literal with same: true" },
		{ "match: [{field: http.uri, contains: gate}, {field: http.uri, same: true, "
		  "regex: '^(?=.{0,9}foo)(?!.{0,9}bar)'}]",
		  NULL },
	};
	EXPECT_SAID(cases);
}

static void addresses_and_names(void **state)
{
	(void)state;
	static const struct warned cases[] = {
		{ "address: 8.8.8.8",
		  ":7:11: warning[warning-list]: indicator \"x\": address: 8.8.8.8 is a public "
		  "resolver or root server that everybody asks (Google Public DNS)" },
		{ "address: 8.8.8.0/24",
		  ":7:11: warning[warning-list]: indicator \"x\": address: 8.8.8.0/24, which "
		  "meets 8.8.8.8, is a public resolver or root server that everybody asks "
		  "(Google Public DNS)" },
		{ "address: 10.1.2.3",
		  ":7:11: warning[private-address]: indicator \"x\": address: 10.1.2.3, which "
		  "meets 10.0.0.0/8, is no address that packets between networks have (private "
		  "use, RFC 1918)" },
		{ "domain: evil.example",
		  ":7:11: warning[documentation]: indicator \"x\": domain: evil.example is set "
		  "aside and never in real traffic (documentation, RFC 2606)" },
		{ "domain: co.uk",
		  ":7:11: warning[public-suffix]: indicator \"x\": domain: \"co.uk\" is a public "
		  "suffix: below it are the names of many; name one of them, or say "
		  "subdomains: false" },
		{ "domain: co.uk, subdomains: false",
		  NULL },
		{ "domain: www.google.com",
		  ":7:11: warning[warning-list]: indicator \"x\": domain: www.google.com is "
		  "among the most visited sites" },
		{ "domain: evil.blogspot.com",
		  NULL },
		{ "domain: cloudfront.net",
		  ":7:11: warning[warning-list]: indicator \"x\": domain: cloudfront.net is a "
		  "cloud or content network with many customers (Amazon)" },
		{ "url: \"http://github.com/\"",
		  ":7:11: warning[warning-list]: indicator \"x\": url: github.com is among the "
		  "most visited sites" },
		{ "url: \"http://github.com/x/evil.exe\"",
		  NULL },
		{ "match: [{field: dns.query, ends: .com.vn}]",
		  ":7:38: warning[public-suffix]: indicator \"x\": ends: \".com.vn\" is a public "
		  "suffix: the names of many end so" },
	};
	EXPECT_SAID(cases);
}

static void what_has_no_effect(void **state)
{
	(void)state;
	static const struct warned cases[] = {
		{ "domain: evil-c3.net, valid_until: \"2020-01-01T00:00:00Z\"",
		  ":7:32: warning[expired]: indicator \"x\": has expired and will not match" },
		{ "domain: evil-c4.net, where: {marked: nobody}",
		  ":7:40: warning[unset-mark]: indicator \"x\": marked: no indicator of the pack "
		  "sets the mark \"nobody\"" },
		{ "domain: evil-c5.net, mark: unheard",
		  ":7:32: warning[unused-mark]: indicator \"x\": mark: no indicator of the pack "
		  "asks for the mark \"unheard\"" },
		{ "domain: evil-c6.net, silent: true",
		  ":7:32: warning[no-effect]: indicator \"x\": silent: it gives no alert and "
		  "does nothing else; give it a mark, or drop silent" },
		{ "match: [{field: file.md5, equals: D41D8CD98F00B204E9800998ECF8427E}]",
		  ":7:37: warning[never]: indicator \"x\": equals: the values of file.md5 are in "
		  "lower case: it would never hold; write it so, or say nocase: true" },
		{ "match: [{field: http.uri, contains: /evilgate}], where: {app: tls}",
		  ":7:68: warning[never]: indicator \"x\": app: http.uri is a field of http, "
		  "which \"where\" excludes: it would never hold" },
		{ "match: [{field: http.uri, contains: /evilgate}], where: {vni: 7, tunnel: false}",
		  ":7:76: warning[never]: indicator \"x\": tunnel: excludes VXLAN and Geneve, which "
		  "alone have a vni: it would never hold" },
		{ "match: [{field: http.uri, contains: /evilgate}], where: {vni: 7, tunnel: \"!vxlan\"}",
		  NULL },
		{ "match: [{field: http.url, starts: \"HTTP://evilgate.vn/a\"}]",
		  ":7:37: warning[never]: indicator \"x\": starts: scheme and host of http.url are in "
		  "lower case: it would never hold; write them so, or say nocase: true" },
		{ "match: [{field: http.url, equals: \"http://evilgate.vn:80/b/../A\"}]",
		  ":7:37: warning[never]: indicator \"x\": equals: the values of http.url are "
		  "normalised: it would never hold; write \"http://evilgate.vn/A\"" },
		{ "match: [{field: http.url, starts: \"HTTP://evilgate.vn/a\", nocase: true}]",
		  NULL },
		{ "match: [{field: http.url, equals: \"http://evilgate.vn/A\"}]",
		  NULL },
	};
	EXPECT_SAID(cases);
}

/* What is off is not looked for: nothing is said of it, but that nothing is left. */
static void what_is_off(void **state)
{
	(void)state;
	int rc;
	pack_write("p.yaml", "- {id: a, match: [], status: off}\n- {id: b, domain: co.uk, status: off}\n");
	char *out = run(sl_rules_lint, &rc, 2, "lint", "p.yaml");
	assert_string_equal(out, "p.yaml:1:1: warning[empty]: it has no indicators, or all are off: nothing will "
				 "match\npacks 1, indicators 0: errors 0, warnings 1\n");
	free(out);
	pack_write("p.yaml", "- {id: a, match: [], status: off}\n- {id: b, domain: evil-c1.net}\n");
	out = run(sl_rules_lint, &rc, 2, "lint", "p.yaml");
	assert_string_equal(out, "packs 1, indicators 1: errors 0, warnings 0\n");
	free(out);
}

static void duplicates_across_packs(void **state)
{
	(void)state;
	int rc;
	pack_write("p.yaml", "- {id: a, domain: evil-c2.net}\n- {id: b, domain: Evil-C2.net.}\n"
			     "- {id: c, domain: evil-c2.net, where: {port: 53}}\n");
	file_write("q.yaml", "selat: 1\npack: t/b\nversion: 1\nauthor: a.example\ntlp: TLP:GREEN\nindicators:\n"
			     "- {id: d, domain: evil-c2.net}\n");
	char *out = run(sl_rules_lint, &rc, 3, "lint", "p.yaml", "q.yaml");
	assert_string_equal(out, "p.yaml:8:3: warning[duplicate]: indicator \"b\": looks for the same as \"a\"\n"
				 "q.yaml:7:3: warning[duplicate]: indicator \"d\": looks for the same as \"a\" of t/a "
				 "(p.yaml)\n"
				 "packs 2, indicators 4: errors 0, warnings 2\n");
	free(out);
}

static void lists_are_looked_through(void **state)
{
	(void)state;
	file_write("l.txt", "evil-x.net\nwww.facebook.com\nexample.com\n");
	pack_write("p.yaml", "- {id: a, match: [{field: dns.query, in: l.txt}]}\n");
	int rc;
	char *out = run(sl_rules_lint, &rc, 2, "lint", "p.yaml");
	assert_string_equal(out, "p.yaml:7:38: warning[documentation]: indicator \"a\": l.txt: example.com is set aside "
				 "and never in real traffic (documentation, RFC 2606)\n"
				 "p.yaml:7:38: warning[warning-list]: indicator \"a\": l.txt: www.facebook.com is among "
				 "the most visited sites\n"
				 "packs 1, indicators 1: errors 0, warnings 2\n");
	free(out);
}

static void levels(void **state)
{
	(void)state;
	int rc;
	pack_write("p.yaml", "- {id: a, domain: co.uk}\n- {id: b, domain: co.uk}\n");
	char *out = run(sl_rules_lint, &rc, 4, "lint", "p.yaml", "--deny", "duplicate");
	assert_int_equal(rc, 1);
	assert_non_null(strstr(out, "error[duplicate]: indicator \"b\""));
	assert_non_null(strstr(out, "errors 1, warnings 2"));
	free(out);
	out = run(sl_rules_lint, &rc, 5, "lint", "p.yaml", "--allow", "duplicate", "--allow=public-suffix");
	assert_int_equal(rc, 0);
	assert_string_equal(out, "packs 1, indicators 2: errors 0, warnings 0\n");
	free(out);
	out = run(sl_rules_lint, &rc, 4, "lint", "p.yaml", "--strict", "--allow=public-suffix");
	assert_int_equal(rc, 1);
	assert_non_null(strstr(out, "p.yaml:7:3: error[no-expiry]: indicator \"a\": never expires: give it, or the "
				    "pack's defaults, a valid_until"));
	assert_non_null(strstr(out, "errors 3, warnings 0"));
	free(out);
	out = run(sl_rules_lint, &rc, 4, "lint", "p.yaml", "--json", "--deny=duplicate");
	json_t *json = json_loads(out, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "errors")), 1);
	const json_t *last = json_array_get(json_object_get(json, "problems"), 1);
	assert_string_equal(json_string_value(json_object_get(last, "level")), "error");
	assert_string_equal(json_string_value(json_object_get(last, "code")), "duplicate");
	json_decref(json);
	free(out);
	free(run(sl_rules_lint, &rc, 4, "lint", "p.yaml", "--deny", "no-expiri"));
	assert_int_equal(rc, SL_EUSAGE);
}

/* One of each list, by name and by address; what is near is not found. */
static void the_lists_are_sound(void **state)
{
	(void)state;
	struct sl_warnlist *w;
	struct sl_err err = { "" };
	struct sl_prefix prefix;
	static const char *const names[] = { "google.com", "www.vnexpress.net", "akamai.net", "a.b.example.org" };
	static const char *const addresses[] = { "10.0.0.0/8", "fe80::1", "198.41.0.4", "2620:fe::fe" };
	assert_int_equal(sl_warnlist_new(&w, &err), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_non_null(sl_warnlist_name(w, names[i]));
		assert_int_equal(sl_prefix_parse(addresses[i], &prefix, &err), 0);
		assert_non_null(sl_warnlist_prefix(w, &prefix));
	}
	assert_null(sl_warnlist_name(w, "evil.google.com"));
	assert_null(sl_warnlist_name(w, "www"));
	assert_int_equal(sl_prefix_parse("45.9.148.1", &prefix, &err), 0);
	assert_null(sl_warnlist_prefix(w, &prefix));
	sl_warnlist_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(expressions),
		cmocka_unit_test(addresses_and_names),
		cmocka_unit_test(what_has_no_effect),
		cmocka_unit_test(what_is_off),
		cmocka_unit_test(duplicates_across_packs),
		cmocka_unit_test(lists_are_looked_through),
		cmocka_unit_test(levels),
		cmocka_unit_test(the_lists_are_sound),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
