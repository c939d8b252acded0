/* Indicators as STIX patterns: exactly what they say, or no pattern. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <rules/stix.h>
#include <stdlib.h>

static void is(const char *indicator, const char *expected)
{
	json_t *json = json_loads(indicator, 0, NULL);
	assert_non_null(json);
	char *pattern = sl_stix_pattern(json);
	if (expected)
		assert_string_equal(pattern ? pattern : "none", expected);
	else
		assert_null(pattern);
	free(pattern);
	json_decref(json);
}

static void values(void **state)
{
	(void)state;
	is("{\"address\": \"198.51.100.7\"}", "[ipv4-addr:value = '198.51.100.7']");
	is("{\"address\": \"198.51.100.7/32\"}", "[ipv4-addr:value = '198.51.100.7']");
	is("{\"address\": \"2001:DB8::/32\", \"severity\": \"low\"}",
	   "[ipv6-addr:value ISSUBSET '2001:db8::/32']");
	is("{\"address\": \"198.51.100.7\", \"proto\": \"udp\"}",
	   "[(network-traffic:dst_ref.value = '198.51.100.7' AND network-traffic:protocols[*] = 'udp') OR "
	   "(network-traffic:src_ref.value = '198.51.100.7' AND network-traffic:protocols[*] = 'udp')]");
	is("{\"domain\": \"Evil.Example.\"}",
	   "[domain-name:value = 'evil.example' OR domain-name:value LIKE '%.evil.example']");
	is("{\"domain\": \"a_b.example\", \"subdomains\": false}", "[domain-name:value = 'a_b.example']");
	is("{\"url\": \"http://x.example/it's\\\\\"}", "[url:value = 'http://x.example/it\\'s\\\\']");
	is("{\"cert_sha1\": \"DA:39\"}", "[x509-certificate:hashes.'SHA-1' = 'DA39']");
}

static void conditions(void **state)
{
	(void)state;
	is("{\"match\": [{\"field\": \"file.name\", \"starts\": \"a\"}, {\"field\": \"http.method\", \"equals\": \"GET\"}]}",
	   "[file:name LIKE 'a%' AND network-traffic:extensions.'http-request-ext'.request_method = 'GET']");
	is("{\"match\": [{\"field\": \"http.url\", \"starts\": \"http://a.example/\"}]}",
	   "[url:value LIKE 'http://a.example/%']");
	is("{\"match\": [{\"field\": \"file.name\", \"contains\": \"a\"}]}", "[file:name LIKE '%a%']");
	is("{\"match\": [{\"field\": \"file.name\", \"ends\": \"100%\"}]}", "[file:name MATCHES '(?s)100%$']");
	is("{\"match\": [{\"field\": \"file.name\", \"equals\": \"a.b\", \"nocase\": true}]}",
	   "[file:name MATCHES '(?si)^a\\\\.b$']");
	is("{\"match\": [{\"field\": \"file.name\", \"regex\": \"^a\", \"nocase\": true}]}",
	   "[file:name MATCHES '(?i)^a']");
}

/* Less than all of it would find more. */
static void none(void **state)
{
	(void)state;
	is("{\"domain\": \"a_b.example\"}", NULL);
	is("{\"domain\": \"a.example\", \"where\": {\"port\": 53}}", NULL);
	is("{\"address\": \"198.51.100.7\", \"threshold\": {}}", NULL);
	is("{\"url\": \"http://x.example/\", \"silent\": true}", NULL);
	is("{\"ja3\": \"6734f37431670b3ab4292b8f60f29984\"}", NULL);
	is("{\"match\": []}", NULL);
	is("{\"match\": [{\"field\": \"dns.query\", \"equals\": \"x\"}]}", NULL);
	is("{\"match\": [{\"field\": \"file.name\", \"equals\": \"x\", \"not\": true}]}", NULL);
	is("{\"match\": [{\"field\": \"file.name\", \"contains\": \"x\", \"offset\": 1}]}", NULL);
	is("{\"scope\": \"flow\", \"match\": [{\"field\": \"file.name\", \"equals\": \"x\"}]}", NULL);
	is("{\"match\": [{\"field\": \"file.md5\", \"in\": \"x.txt\"}]}", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(conditions),
		cmocka_unit_test(none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
