/* Every way a pack can be wrong has its sentence, with line and column. */
#include "wrong.h"

#define GOOD "\"indicators\":[{\"id\":\"x\",\"domain\":\"a.example\"}]}"
#define REST "\"author\":\"a\",\"tlp\":\"TLP:GREEN\"," GOOD

static void pack_keys(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ "{\"selat\":2,\"pack\":\"t/a\",\"version\":1," REST,
		  ":1:2: selat: must be 1, the pack format that selat-rules " SELAT_VERSION
		  " reads" },
		{ "{\"selat\":1,\"version\":1," REST, ":1:1: the key \"pack\" is missing" },
		{ "{\"selat\":1,\"pack\":\"T a\",\"version\":1," REST,
		  ":1:12: pack: \"T a\" is no pack name: use lower-case letters, digits and "
		  "\"._-/\", as in \"vn.cert/c2-botnets\"" },
		{ "{\"selat\":1,\"pack\":\"t/a\",\"version\":0," REST,
		  ":1:25: version: must be from 1 to 4294967295, not 0" },
		{ "{\"selat\":1,\"pack\":\"t/a\",\"version\":\"1\"," REST,
		  ":1:25: version: must be a whole number" },
		{ "{\"selat\":1,\"pack\":\"t/a\",\"version\":1,\"author\":\"a\"," GOOD,
		  ":1:1: the key \"tlp\" is missing" },
		{ "{\"selat\":1,\"pack\":\"t/a\",\"version\":1,\n\"autor\":\"b\"," REST,
		  ":2:1: unknown key \"autor\", did you mean \"author\"?" },
		{ "{\"selat\":1,\"pack\":\"t/a\",\"version\":1,\"created\":\"today\"," REST,
		  ":1:37: created: \"today\" is no time; write it as 2026-11-22T04:05:06Z or "
		  "2026-11-22T11:05:06+07:00" },
		{ HEAD "\"defaults\":[]," GOOD, ":1:76: defaults: must be an object" },
		{ HEAD "\"defaults\":{\n\"sevrity\":\"low\"}," GOOD,
		  ":2:1: unknown key \"sevrity\", did you mean \"severity\"?" },
		{ HEAD "\"defaults\":{\n\"tlp\":\"green\"}," GOOD,
		  ":2:1: tlp: \"green\" is not one of TLP:CLEAR, TLP:GREEN, TLP:AMBER, "
		  "TLP:AMBER+STRICT, TLP:RED" },
		{ HEAD "\"indicators\":{}}", ":1:76: indicators: must be a list of indicators" },
	};
	EXPECT_ALL(wrong);
}

static void indicator_keys(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ ONE("\"domain\":\"a.example\",\"colour\":1"),
		  ":2:32: indicator \"x\": unknown key \"colour\"" },
		{ ONE("\"domian\":\"a.example\",\"domain\":\"a.example\""),
		  ":2:11: indicator \"x\": unknown key \"domian\", did you mean \"domain\"?" },
		{ ONE("\"name\":\"n\""),
		  ":2:1: indicator \"x\": needs one of address, domain, url, match; of the hashes "
		  "md5, sha1, sha256, cert_sha1, cert_sha256; of the fingerprints ja3, ja3s, ja4, hassh, "
		  "hassh_server" },
		{ ONE("\"domain\":\"a.example\",\"url\":\"http://a.example/\""),
		  ":2:32: indicator \"x\": url: the indicator has \"domain\" too; make two "
		  "indicators of it" },
		{ HEAD "\"indicators\":[\n{\"domain\":\"a.example\"}]}",
		  ":2:1: indicator 1: the key \"id\" is missing" },
		{ HEAD "\"indicators\":[\n7]}", ":2:1: indicator 1: must be an object" },
		{ HEAD "\"indicators\":[{\"id\":\"x\",\"domain\":\"a.example\"},\n"
		       "{\"id\":\"x\",\"domain\":\"b.example\"}]}",
		  ":2:2: indicator \"x\": id: indicator 1 of this pack has the same id" },
	};
	EXPECT_ALL(wrong);
}

static void indicator_values(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ ONE("\"domain\":\"a..example\""),
		  ":2:11: indicator \"x\": domain: \"a..example\" is no domain name: an empty "
		  "label" },
		{ ONE("\"domain\":7"),
		  ":2:11: indicator \"x\": domain: must be text; put it in quotes" },
		{ ONE("\"domain\":\"\""), ":2:11: indicator \"x\": domain: is empty" },
		{ ONE("\"domain\":\"a\\u0007\""),
		  ":2:11: indicator \"x\": domain: holds a control character" },
		{ ONE("\"address\":\"198.51.100.66/24\""),
		  ":2:11: indicator \"x\": address: \"198.51.100.66/24\" has bits set after its "
		  "first 24; did you mean 198.51.100.0/24?" },
		{ ONE("\"url\":\"gopher://a.example\""),
		  ":2:11: indicator \"x\": url: \"gopher://a.example\" is no URL to compare: only "
		  "http, https, ftp and rtsp are known" },
	};
	EXPECT_ALL(wrong);
}

static void indicator_ports(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ ONE("\"domain\":\"a.example\",\"port\":53"),
		  ":2:32: indicator \"x\": port: goes with \"address\" alone" },
		{ ONE("\"address\":\"192.0.2.1\",\"subdomains\":true"),
		  ":2:33: indicator \"x\": subdomains: goes with \"domain\" alone" },
		{ ONE("\"address\":\"192.0.2.1\",\"port\":70000"),
		  ":2:33: indicator \"x\": port: must be from 1 to 65535, not 70000" },
		{ ONE("\"address\":\"192.0.2.1\",\"port\":[]"),
		  ":2:33: indicator \"x\": port: is empty" },
		{ ONE("\"address\":\"192.0.2.1\",\"port\":[1,2,3,4,5,6,7,8,9]"),
		  ":2:33: indicator \"x\": port: has 9 ports; at most 8 are possible" },
		{ ONE("\"address\":\"192.0.2.1\",\"proto\":\"tpc\""),
		  ":2:33: indicator \"x\": proto: \"tpc\" is not one of tcp, udp, sctp, icmp, "
		  "icmpv6; did you mean \"tcp\"?" },
		{ ONE("\"address\":\"192.0.2.1\",\"proto\":\"icmp\",\"port\":1"),
		  ":2:48: indicator \"x\": port: icmp has no ports" },
	};
	EXPECT_ALL(wrong);
}

static void indicator_metadata(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ ONE("\"domain\":\"a.example\",\"severity\":\"severe\""),
		  ":2:32: indicator \"x\": severity: \"severe\" is not one of low, medium, high, "
		  "critical" },
		{ ONE("\"domain\":\"a.example\",\"confidence\":101"),
		  ":2:32: indicator \"x\": confidence: must be from 0 to 100, not 101" },
		{ ONE("\"domain\":\"a.example\",\"class\":\"Malware\""),
		  ":2:32: indicator \"x\": class: \"Malware\" is no RSIT class: write "
		  "\"taxonomy/type\" in lower case, as in \"malicious-code/c2-server\"" },
		{ ONE("\"domain\":\"a.example\",\"status\":\"of\""),
		  ":2:32: indicator \"x\": status: \"of\" is not one of active, shadow, off; did you mean "
		  "\"off\"?" },
		{ ONE("\"domain\":\"a.example\",\"valid_from\":\"2026-02-01T00:00:00Z\","
		      "\"valid_until\":\"2026-01-01T00:00:00Z\""),
		  ":2:68: indicator \"x\": valid_until: is not after valid_from: it would never "
		  "hold" },
		{ ONE("\"domain\":\"a.example\",\"references\":\"http://a.example\""),
		  ":2:32: indicator \"x\": references: must be a list of URLs" },
	};
	EXPECT_ALL(wrong);
}

static void conditions(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ ONE("\"match\":[]"), ":2:11: indicator \"x\": match: is empty: give it a condition, or the indicator a "
					 "\"where\"" },
		{ ONE("\"match\":[7]"), ":2:20: indicator \"x\": a condition must be an object" },
		{ CONDITION("\"equals\":\"a\""),
		  ":2:20: indicator \"x\": a condition needs \"field\"" },
		{ CONDITION("\"field\":\"http.urii\",\"equals\":\"a\""),
		  ":2:21: indicator \"x\": field: unknown field \"http.urii\", did you mean "
		  "\"http.uri\"?" },
		{ CONDITION("\"field\":\"ip.src\",\"equals\":\"a\""),
		  ":2:21: indicator \"x\": field: ip.src is an address: use an \"address\" "
		  "indicator, or \"in\" with a list of addresses" },
		{ CONDITION("\"field\":\"payload\""),
		  ":2:20: indicator \"x\": a condition needs one of equals, contains, starts, "
		  "ends, regex, hex, in, length, number, absent" },
		{ CONDITION("\"field\":\"payload\",\"equals\":\"a\",\"ends\":\"b\""),
		  ":2:52: indicator \"x\": ends: the condition has \"equals\" too; make two of "
		  "it" },
		{ CONDITION("\"field\":\"payload\",\"contains\":\"\""),
		  ":2:39: indicator \"x\": contains: is empty" },
		{ CONDITION("\"field\":\"payload\",\"contains\":404"),
		  ":2:39: indicator \"x\": contains: must be text; put it in quotes" },
		{ CONDITION("\"field\":\"payload\",\"hex\":\"de a\""),
		  ":2:39: indicator \"x\": hex: \"a\" at position 4 is no pair of hex digits" },
		{ CONDITION("\"field\":\"payload\",\"hex\":\"  \""),
		  ":2:39: indicator \"x\": hex: is empty" },
		{ CONDITION("\"field\":\"payload\",\"contains\":\"abc\",\"nocase\":1"),
		  ":2:56: indicator \"x\": nocase: must be true or false" },
		{ CONDITION("\"field\":\"payload\",\"contain\":\"abc\",\"hex\":\"aa\""),
		  ":2:39: indicator \"x\": unknown key \"contain\", did you mean \"contains\"?" },
		{ CONDITION("\"field\":\"payload\",\"regex\":\"(ab\""),
		  ":2:39: indicator \"x\": regex: Hyperscan: Missing close parenthesis for group "
		  "started at index 0." },
		{ CONDITION("\"field\":\"payload\",\"regex\":\"(*UTF8)ab\""),
		  ":2:39: indicator \"x\": regex: must not begin with \"(*\": expressions are over "
		  "bytes" },
		{ CONDITION("\"field\":\"payload\",\"regex\":\"a*\""),
		  ":2:39: indicator \"x\": regex: matches the empty string, and so everything" },
	};
	EXPECT_ALL(wrong);
}

static void syntax(void **state)
{
	(void)state;
	expect("p.json", "{\"selat\":1,\n\"selat\":1}",
	       ":2:7: duplicate object key near '\"selat\"'");
	expect("p.json", " \n", ": the file is empty");
	expect("p.yaml", "- 1\n", ": a pack is an object: { \"selat\": 1, … }");
	expect("p.yaml", "selat: 1\npack: a\nselat: 1\n", ":3:1: the key \"selat\" is there twice");
	expect("p.yaml", "a: &x [1]\nb: *x\n", ":1:4: aliases (*name) are not allowed in a pack");
	expect("p.yaml", "a: [\n", ":2:1: did not find expected node content");
	expect("p.yaml", "a: 1\n---\nb: 1\n",
	       ":3:1: a pack is one YAML document; here begins a second");
}

static void yaml_places(void **state)
{
	(void)state;
	expect("p.yaml",
	       "selat: 1\npack: t/a\nversion: 1\nauthor: a\ntlp: TLP:RED\nindicators:\n"
	       "  - id: no\n    domain: NO.example\n    class: 7\n",
	       ":9:5: indicator \"no\": class: must be text; put it in quotes");
}

static void lines_places(void **state)
{
	(void)state;
	expect("p.jsonl",
	       "{\"selat\":1,\"pack\":\"t/a\",\"version\":1,\"author\":\"a\",\"tlp\":\"TLP:RED\"}\n"
	       "{\"id\":\"a\",\"domain\":\"a.example\"}\n\n"
	       "{\"id\":\"b\",\"domain\":\"b..example\"}\n"
	       "{\"id\":\"c\" 1}\n"
	       "{\"id\":\"a\",\"domain\":\"c.example\"}",
	       ":4:11: indicator \"b\": domain: \"b..example\" is no domain name: an empty label\n"
	       "p.jsonl:5:11: '}' expected near '1'\n"
	       "p.jsonl:6:2: indicator \"a\": id: indicator 1 of this pack has the same id");
	expect("p.jsonl",
	       "{\"selat\":1,\"indicators\":[]}\n{\"id\":\"a\",\"domain\":\"a.example\"}\n",
	       ": a pack in JSON Lines has its indicators on the lines below, not under "
	       "\"indicators\"");
}

#define TOO_LARGE "(\\\\w\\\\d){2700}x*y"

/* What only compiling finds is told for every expression, not for the first alone. */
static void compile_time_expressions(void **state)
{
	(void)state;
	static const char text[] = HEAD
		"\"indicators\":[\n"
		"{\"id\":\"a\",\"match\":[{\"field\":\"http.uri\",\"regex\":\"" TOO_LARGE "\"}]},\n"
		"{\"id\":\"b\",\"match\":[{\"field\":\"http.uri\",\"regex\":\"y" TOO_LARGE
		"\"}]}]}";
	expect("p.json", text,
	       ":2:40: indicator \"a\": regex: Hyperscan: Pattern is too large.\n"
	       "p.json:3:40: indicator \"b\": regex: Hyperscan: Pattern is too large.");
}

static void names_are_unique(void **state)
{
	(void)state;
	char *names[] = { (char *)(uintptr_t) "b.json", (char *)(uintptr_t) "a.json" };
	file_write("a.json", ONE("\"domain\":\"a.example\""));
	file_write("b.json", ONE("\"domain\":\"b.example\""));
	char *got = problems_of(names, 2);
	assert_string_equal(
		got, "b.json:1:12: pack: \"t/a\" is the name of a.json too; name one of them\n");
	free(got);
	unlink("a.json");
	unlink("b.json");
}

static void many_errors_are_bounded(void **state)
{
	(void)state;
	FILE *f = fopen("p.json", "w");
	char *names[] = { (char *)(uintptr_t) "p.json" };
	fprintf(f, HEAD "\"indicators\":[{\"id\":\"i\",\"domain\":\"a.example\"}");
	for (int i = 0; i < 70; i++)
		fprintf(f, ",\n{\"id\":\"i%d\",\"domian\":\"a.example\",\"domain\":\"b.example\"}",
			i);
	fprintf(f, "]}");
	fclose(f);
	char *got = problems_of(names, 1);
	size_t lines = 0;
	for (const char *s = got; *s; s++)
		lines += *s == '\n';
	assert_int_equal(lines, SL_PROBLEMS_MAX + 1);
	assert_non_null(strstr(got, "\nand 20 more errors\n"));
	free(got);
	unlink("p.json");
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	char *names[] = { (char *)(uintptr_t) "nowhere.json" };
	char *got = problems_of(names, 1);
	assert_string_equal(got, "nowhere.json: cannot open the pack: No such file or directory\n");
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pack_keys),
		cmocka_unit_test(indicator_keys),
		cmocka_unit_test(indicator_values),
		cmocka_unit_test(indicator_ports),
		cmocka_unit_test(indicator_metadata),
		cmocka_unit_test(conditions),
		cmocka_unit_test(syntax),
		cmocka_unit_test(yaml_places),
		cmocka_unit_test(lines_places),
		cmocka_unit_test(compile_time_expressions),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(many_errors_are_bounded),
		cmocka_unit_test(a_missing_file_is_named),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
