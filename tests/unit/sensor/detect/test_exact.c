/* Exact values: domains, addresses, URLs, equal fields. What is near must not match. */
#include "fixture.h"

static void domains(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[{\"id\": \"tco\", \"domain\": \"t.co\"}, {\"id\": \"evil\", \"domain\": "
		"\"Evil.Example\"},"
		" {\"id\": \"only\", \"domain\": \"only.example\", \"subdomains\": false},"
		" {\"id\": \"deep\", \"domain\": \"a.b.evil.example\"}]");
	static const struct {
		const char *name, *ids;
	} cases[] = {
		{ "t.co", "tco " },
		{ "T.CO.", "tco " },
		{ "a.t.co", "tco " },
		{ "x.y.z.t.co", "tco " },
		{ "attacker.example.t.com", "" },
		{ "xt.co", "" },
		{ "t.com", "" },
		{ "t.co.example", "" },
		{ "t-co", "" },
		{ "co", "" },
		{ "", "" },
		{ ".", "" },
		{ "t.co..", "" },
		{ "microsoft.co", "" },
		{ "evil.example", "evil " },
		{ "www.EVIL.example", "evil " },
		{ "notevil.example", "" },
		{ "a.b.evil.example", "deep evil " },
		{ "b.evil.example", "evil " },
		{ "only.example", "only " },
		{ "www.only.example", "" },
	};
	static const enum sl_field fields[] = { SL_FIELD_DNS_QUERY, SL_FIELD_HTTP_HOST,
						SL_FIELD_TLS_SNI, SL_FIELD_DNS_ANSWERS,
						SL_FIELD_DNS_AUTHORITIES, SL_FIELD_DNS_ADDITIONALS,
						SL_FIELD_DNS_ANSWER, SL_FIELD_TLS_SUBJECTALTNAME };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
			fixture_value_expect(x, fields[f], cases[i].name, cases[i].ids);
		fixture_value_expect(x, SL_FIELD_HTTP_USER_AGENT, cases[i].name, "");
	}
	char dots[2000];
	memset(dots, '.', sizeof dots - 1); /* longer than a name can be */
	dots[sizeof dots - 1] = '\0';
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, dots, "");
	fixture_free(x);
}

static void domains_of_mails_and_certificates(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"evil\", \"domain\": \"evil.example\"}]");
	static const enum sl_field mail[] = { SL_FIELD_SMTP_MAIL_FROM, SL_FIELD_SMTP_RCPT_TO,
					      SL_FIELD_EMAIL_FROM, SL_FIELD_EMAIL_TO,
					      SL_FIELD_EMAIL_CC };
	for (size_t f = 0; f < sizeof mail / sizeof *mail; f++) {
		fixture_value_expect(x, mail[f], "news@Evil.example", "evil ");
		fixture_value_expect(x, mail[f], "\"evil.example\" <a@mail.evil.example>", "evil ");
		fixture_value_expect(x, mail[f], "evil.example@good.example", "");
		fixture_value_expect(x, mail[f], "evil.example", "");
		fixture_value_expect(x, mail[f], "a@", "");
		fixture_value_expect(x, mail[f], "", "");
	}
	fixture_value_expect(x, SL_FIELD_TLS_SUBJECTALTNAME, "*.evil.example", "evil ");
	fixture_free(x);
}

static void addresses_in_answers(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"net\", \"address\": \"198.51.100.0/24\"},"
					"{\"id\": \"port\", \"address\": \"198.51.100.66\", \"port\": 443},"
					"{\"id\": \"six\", \"address\": \"2001:db8:66::/48\"}]");
	fixture_value_expect(x, SL_FIELD_DNS_ANSWER, "198.51.100.66", "net ");
	fixture_value_expect(x, SL_FIELD_DNS_ANSWER, "2001:db8:66::1", "six ");
	fixture_value_expect(x, SL_FIELD_DNS_ANSWER, "198.51.101.66", "");
	fixture_value_expect(x, SL_FIELD_DNS_ANSWER, "198.51.100.66.example", "");
	fixture_value_expect(x, SL_FIELD_DNS_ANSWER, "", "");
	fixture_value_expect(x, SL_FIELD_DNS_QUERY, "198.51.100.66", "");
	fixture_free(x);
}

static void what_a_match_says(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"evil\", \"domain\": \"evil.example\"}]");
	struct sl_flow *f = fixture_pair(x, 17, 1);
	fixture_values(x, f, SL_FIELD_DNS_QUERY, "cdn.Evil.example", SL_FIELD_DNS_QUERY, "other");
	sl_detect_flush(x->detect);
	assert_int_equal(x->matches, 1);
	assert_string_equal(x->match[0].value, "cdn.Evil.example"); /* as on the wire */
	assert_string_equal(x->match[0].around, "cdn.Evil.example");
	assert_int_equal(x->match[0].offset, 4);
	assert_int_equal(x->match[0].field, SL_FIELD_DNS_QUERY);
	assert_int_equal(x->match[0].to_client, 0);
	assert_int_equal(x->match[0].fields_len, 3 + 16 + 3 + 5);
	fixture_free(x);
}

static void addresses(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[{\"id\": \"host\", \"address\": \"198.51.100.7\"}, {\"id\": \"net\", "
		"\"address\": \"198.51.100.0/24\"},"
		" {\"id\": \"wide\", \"address\": \"198.51.0.0/16\"},"
		" {\"id\": \"web\", \"address\": \"198.51.100.0/24\", \"port\": [443, 8443], "
		"\"proto\": \"tcp\"},"
		" {\"id\": \"v6\", \"address\": \"2001:db8::1\"}, {\"id\": \"v6net\", \"address\": "
		"\"2001:db8::/32\"},"
		" {\"id\": \"client\", \"address\": \"10.9.0.0/16\", \"port\": [5000]}]");
	static const struct {
		const char *src;
		uint16_t sport;
		const char *dst;
		uint16_t dport;
		uint8_t proto;
		const char *ids;
	} cases[] = {
		{ "10.0.0.1", 1000, "198.51.100.7", 80, 6, "host net wide " },
		{ "10.0.0.1", 1000, "198.51.100.7", 443, 6, "host net web wide " },
		{ "10.0.0.1", 1000, "198.51.100.8", 8443, 6, "net web wide " },
		{ "10.0.0.1", 443, "198.51.100.8", 80, 6, "net wide " }, /* the other end's port */
		{ "10.0.0.1", 1000, "198.51.100.8", 443, 17, "net wide " },
		{ "10.0.0.1", 1000, "198.51.99.8", 443, 6, "wide " },
		{ "10.0.0.1", 1000, "198.52.100.7", 443, 6, "" },
		{ "198.51.100.7", 443, "203.0.113.1", 1000, 6, "host net web wide " },
		{ "198.51.1.1", 1, "198.51.100.7", 2, 17, "wide host net " }, /* both ends: once a flow */
		{ "10.9.3.4", 5000, "203.0.113.1", 80, 17, "client " },
		{ "10.9.3.4", 5001, "203.0.113.1", 80, 17, "" },
		{ "10.0.0.1", 8, "198.51.100.7", 0, 1, "host net wide " }, /* ICMP has no ports */
		{ "10.9.0.1", 8, "203.0.113.1", 0, 1, "" },
		{ "2001:db8::1", 1, "2001:db9::1", 2, 6, "v6 v6net " },
		{ "2001:db7::1", 1, "2001:db8:ffff::", 2, 17, "v6net " },
		{ "198:51::1", 1, "c633:6407::", 2, 17, "" }, /* the same bytes, another family */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fixture_flow(x, cases[i].proto, cases[i].src, cases[i].sport, cases[i].dst,
			     cases[i].dport);
		fixture_expect(x, cases[i].ids);
		fixture_flow(x, cases[i].proto, cases[i].src, cases[i].sport, cases[i].dst,
			     cases[i].dport);
		fixture_expect(x, ""); /* once a flow */
	}
	fixture_free(x);
}

static void urls(void **state)
{
	(void)state;
	struct fixture *x =
		fixture_new("[{\"id\": \"gate\", \"url\": \"http://evil.example/gate.php?x=1\"},"
			    " {\"id\": \"port\", \"url\": \"http://evil.example:8080/\"},"
			    " {\"id\": \"bare\", \"url\": \"http://192.0.2.1/x\"}]");
	fixture_value_expect(x, SL_FIELD_HTTP_URL, "http://evil.example/gate.php?x=1", "gate ");
	fixture_value_expect(x, SL_FIELD_HTTP_URL, "http://evil.example/gate.php", "");
	fixture_value_expect(x, SL_FIELD_HTTP_URL, "http://evil.example/GATE.php?x=1", "");
	fixture_value_expect(x, SL_FIELD_HTTP_URL, "http://www.evil.example/gate.php?x=1", "");
	fixture_value_expect(x, SL_FIELD_HTTP_URL, "http://evil.example:8080/", "port ");
	fixture_value_expect(x, SL_FIELD_HTTP_URL, "http://evil.example/", "");
	fixture_value_expect(x, SL_FIELD_HTTP_URL, "http://192.0.2.1/x", "bare ");
	fixture_value_expect(x, SL_FIELD_HTTP_URI, "http://192.0.2.1/x", "");
	fixture_free(x);
}

static void equal_values(void **state)
{
	(void)state;
	struct fixture *x =
		fixture_new("[{\"id\": \"post\", \"match\": [{\"field\": \"http.method\", "
			    "\"equals\": \"POST\"}]},"
			    " {\"id\": \"agent\", \"match\": [{\"field\": \"http.user_agent\", "
			    "\"equals\": \"Bot/1\", \"nocase\": true}]}]");
	fixture_value_expect(x, SL_FIELD_HTTP_METHOD, "POST", "post ");
	fixture_value_expect(x, SL_FIELD_HTTP_METHOD, "post", "");
	fixture_value_expect(x, SL_FIELD_HTTP_METHOD, "POSTS", "");
	fixture_value_expect(x, SL_FIELD_HTTP_METHOD, "POS", "");
	fixture_value_expect(x, SL_FIELD_HTTP_METHOD, "", "");
	fixture_value_expect(x, SL_FIELD_HTTP_USER_AGENT, "POST", "");
	fixture_value_expect(x, SL_FIELD_HTTP_USER_AGENT, "Bot/1", "agent ");
	fixture_value_expect(x, SL_FIELD_HTTP_USER_AGENT, "bOT/1", "agent ");
	fixture_value_expect(x, SL_FIELD_HTTP_USER_AGENT, "bot/11", "");
	char long_value[70000];
	memset(long_value, 'x', sizeof long_value - 1);
	long_value[sizeof long_value - 1] = '\0';
	fixture_value_expect(x, SL_FIELD_HTTP_USER_AGENT, long_value, "");
	fixture_free(x);
}

/* What the tables look into must be found out, though no condition names the field. */
static void fields_that_tables_want(void **state)
{
	(void)state;
	static const struct {
		const char *indicators;
		enum sl_field wanted[4], not_wanted[3];
	} cases[] = {
		{ "[{\"id\": \"d\", \"domain\": \"evil.example\"}]",
		  { SL_FIELD_DNS_ANSWERS, SL_FIELD_DNS_ANSWER, SL_FIELD_TLS_SUBJECTALTNAME, SL_FIELD_EMAIL_FROM },
		  { SL_FIELD_DNS_RRNAME, SL_FIELD_FILE_SHA256, SL_FIELD_HTTP_URI_RAW } },
		{ "[{\"id\": \"a\", \"address\": \"2001:db8::/64\"}]",
		  { SL_FIELD_DNS_ANSWER, SL_FIELD_DNS_ANSWER, SL_FIELD_DNS_ANSWER, SL_FIELD_DNS_ANSWER },
		  { SL_FIELD_DNS_RRNAME, SL_FIELD_TLS_SNI, SL_FIELD_JA3_HASH } },
		{ "[{\"id\": \"u\", \"url\": \"http://evil.example/x\"}]",
		  { SL_FIELD_HTTP_URL, SL_FIELD_HTTP_URL, SL_FIELD_HTTP_URL, SL_FIELD_HTTP_URL },
		  { SL_FIELD_DNS_ANSWER, SL_FIELD_FILE_NAME, SL_FIELD_HTTP_HEADER } },
		{ "[{\"id\": \"h\", \"match\": [{\"field\": \"ja3.hash\", \"equals\": \"0f\"}]}]",
		  { SL_FIELD_JA3_HASH, SL_FIELD_JA3_HASH, SL_FIELD_JA3_HASH, SL_FIELD_JA3_HASH },
		  { SL_FIELD_DNS_ANSWER, SL_FIELD_JA4_HASH, SL_FIELD_DNS_RRNAME } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture *x = fixture_new(cases[i].indicators);
		for (unsigned k = 0; k < 4; k++)
			assert_true(sl_detect_wants(x->loaded, cases[i].wanted[k]));
		for (unsigned k = 0; k < 3; k++)
			assert_false(sl_detect_wants(x->loaded, cases[i].not_wanted[k]));
		fixture_free(x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domains),
		cmocka_unit_test(fields_that_tables_want),
		cmocka_unit_test(domains_of_mails_and_certificates),
		cmocka_unit_test(addresses_in_answers),      cmocka_unit_test(what_a_match_says),
		cmocka_unit_test(addresses),    cmocka_unit_test(urls),
		cmocka_unit_test(equal_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
