/* What Suricata's rules become as a whole: metadata, where they look, what they leave. */
#include "suricata.h"

static void metadata(void **state)
{
	(void)state;
	expect("alert http any any -> any any (msg:\"A \\\"bad\\\" thing\\; really\"; "
	       "flow:established,to_server; "
	       "http.host; content:\"evil.example\"; reference:url,www.example.com/a; "
	       "reference:cve,2021-44228; "
	       "classtype:trojan-activity; metadata:confidence High, created_at 2024_01_01; "
	       "sid:001; rev:3;)",
	       "[{\"id\":\"sid-1\",\"name\":\"A \\\"bad\\\" thing; really\","
	       "\"match\":[{\"field\":\"http.host\",\"contains\":\"evil.example\"}],"
	       "\"where\":{\"app\":\"http\",\"direction\":\"to_server\"},"
	       "\"class\":\"malicious-code/"
	       "infected-system\",\"severity\":\"high\",\"confidence\":90,"
	       "\"references\":[\"https://www.example.com/a\","
	       "\"https://www.cve.org/CVERecord?id=CVE-2021-44228\"],"
	       "\"description\":\"classtype: trojan-activity\\nmetadata: confidence High, "
	       "created_at "
	       "2024_01_01\\nrev: 3\"}]");
}

static void severity_by_priority(void **state)
{
	(void)state;
	expect("alert udp any any -> any any (content:\"x\"; priority:3; "
	       "classtype:trojan-activity; sid:2;)",
	       "[{\"id\":\"sid-2\",\"match\":[{\"field\":\"payload\",\"contains\":\"x\"}],"
	       "\"where\":{\"proto\":\"udp\"},\"class\":\"malicious-code/"
	       "infected-system\",\"severity\":\"low\","
	       "\"description\":\"classtype: trojan-activity\"}]");
}

static void lines_and_comments(void **state)
{
	(void)state;
	expect("# a comment; sid:9;\n\n"
	       "alert udp any any -> any any (content:\"a\"; \\\r\n   sid:1;)\r\n"
	       "  # alert udp any any -> any any (content:\"b\"; sid:2;)\n"
	       "alert udp any any -> any any (content:\"c\"; sid:3;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":"
	       "\"udp\"}},{\"id\":\"sid-3\",\"match\":[{\"field\":\"payload\",\"contains\":\"c\"}],"
	       "\"where\":{\"proto\":\"udp\"}}]");
}

/* A rule means what it means in Suricata: it does not see what Suricata does not open. */
static void tunnels(void **state)
{
	(void)state;
	struct imported *i = import_text(sl_import_suricata,
					 "alert udp any any -> any 53 (content:\"a\"; sid:1;)\n"
					 "alert ip any any -> any any (content:\"a\"; sid:2;)",
					 (struct sl_import_options){ 0 });
#define TUNNEL                                                                                       \
	"\"tunnel\":[\"!etherip\",\"!l2tpv3\",\"!l2tp\",\"!gtp-u\",\"!capwap\",\"!wlan\","           \
	"\"!mpls-bare\"]"
	indicators_expect(i, "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
			     "\"where\":{\"proto\":\"udp\",\"to_port\":\"53\"," TUNNEL "}},"
			     "{\"id\":\"sid-2\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
			     "\"where\":{" TUNNEL "}}]");
#undef TUNNEL
	pack_expect(i);
	imported_free(i);
}

static void variables(void **state)
{
	(void)state;
	char home[] = "HOME_NET=[192.0.2.0/25,$LAB]", lab[] = "LAB=2001:db8::/32",
	     *items[] = { home, lab };
	struct sl_import_options options = { .variables = { items, 2 }, .any_tunnel = true };
	struct imported *i = import_text(
		sl_import_suricata, "alert ip $HOME_NET any -> $EXTERNAL_NET $HTTP_PORTS (sid:1;)",
		options);
	indicators_expect(i,
			  "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"from\":[\"192.0.2.0/25\","
			  "\"2001:db8::/32\"],\"to\":[\"!192.0.2.0/25\",\"!2001:db8::/"
			  "32\"],\"to_port\":\"80\","
			  "\"packet\":true}}]");
	imported_free(i);
}

static void variables_of_a_configuration(void **state)
{
	(void)state;
	struct sl_import_options options = { .yaml = (char *)(uintptr_t) "s.yaml", .any_tunnel = true };
	file_write("s.yaml",
		   "%YAML 1.1\n---\nvars:\n  address-groups:\n    HOME_NET: \"192.0.2.1\"\n"
		   "  port-groups:\n    HTTP_PORTS: 8080\n");
	struct imported *i = import_text(
		sl_import_suricata, "alert tcp $HOME_NET any -> any $HTTP_PORTS (sid:1;)", options);
	indicators_expect(i, "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"proto\":\"tcp\","
			     "\"from\":\"192.0.2.1\","
			     "\"to_port\":\"8080\",\"packet\":true}}]");
	imported_free(i);
	unlink("s.yaml");
}

static void flows(void **state)
{
	(void)state;
	expect("pass tcp any any -> any any (flow:established,to_client; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"proto\":\"tcp\",\"direction\":\"to_"
	       "client\","
	       "\"tcp_flags\":{\"clear\":\"SR\"},\"packet\":true},\"pass\":true}]");
	expect("drop udp any any -> any any (flow:established; content:\"a\"; noalert; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":"
	       "\"udp\",\"part\":\"answered\"},\"silent\":true}]");
	expect("alert http any any -> any any (sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"app\":\"http\"}}]");
	expect("alert tcp any any -> any any (app-layer-protocol:!tls; app-layer-protocol:!http; "
	       "sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"app\":[\"!tls\",\"!http\"],\"proto\":"
	       "\"tcp\","
	       "\"packet\":true}}]");
}

static void marks(void **state)
{
	(void)state;
	expect("alert http any any -> any any (http.uri; content:\"a\"; flowbits:set,x y; "
	       "flowbits:noalert; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"http.uri\",\"contains\":\"a\"}],"
	       "\"where\":{\"app\":"
	       "\"http\",\"direction\":\"to_server\"},\"mark\":[\"x+20y\"],\"silent\":true}]");
	expect("alert http any any -> any any (flowbits:isset,a|b; flowbits:isset,c; "
	       "flowbits:isnotset,d; "
	       "flowbits:unset,c; flowbits:toggle,e; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"app\":\"http\",\"marked_any\":[\"a\","
	       "\"b\"],"
	       "\"marked\":\"c\",\"not_marked\":\"d\",\"packet\":true},\"unmark\":[\"c\"],"
	       "\"toggle\":[\"e\"]}]");
}

static void thresholds(void **state)
{
	(void)state;
	static const struct {
		const char *option, *json;
	} cases[] = {
		{ "threshold:type limit, track by_src, count 1, seconds 60",
		  "{\"type\":\"limit\",\"count\":1,\"seconds\":60,\"by\":\"source\"}" },
		{ "threshold: type threshold, track by_rule, count 5, seconds 9",
		  "{\"type\":\"every\",\"count\":5,\"seconds\":9,\"by\":\"indicator\"}" },
		{ "threshold:type both, track by_both, seconds 9, count 2",
		  "{\"type\":\"both\",\"count\":2,\"seconds\":9,\"by\":\"pair\"}" },
		/* alerts once the count is exceeded */
		{ "detection_filter:track by_dst, count 4, seconds 9",
		  "{\"type\":\"from\",\"count\":5,\"seconds\":9,\"by\":\"destination\"}" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char rule[256], json[512];
		snprintf(rule, sizeof rule,
			 "alert udp any any -> any any (content:\"a\"; %s; sid:1;)",
			 cases[i].option);
		snprintf(
			json, sizeof json,
			"[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
			"\"where\":{\"proto\":\"udp\"},\"threshold\":%s}]",
			cases[i].json);
		expect(rule, json);
	}
}

static void packets(void **state)
{
	(void)state;
	expect("alert tcp any any -> any any (flags:S,12; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"proto\":\"tcp\",\"tcp_flags\":{"
	       "\"set\":\"S\","
	       "\"clear\":\"FRPAU\"},\"packet\":true}}]");
	expect("alert tcp any any -> any any (flags:+SA; content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":"
	       "\"tcp\",\"tcp_flags\":{\"set\":\"SA\"}},\"scope\":\"packet\"}]");
	expect("alert icmp any any -> any any (itype:8; icode:>2; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"proto\":[\"icmp\",\"icmpv6\"],\"icmp_"
	       "type\":8,"
	       "\"icmp_code\":{\"min\":3,\"max\":255},\"packet\":true}}]");
}

static void directions(void **state)
{
	(void)state;
	file_write("i.lst", "192.0.2.1\n::ffff:192.0.2.2\n");
	/* addresses alone wait for what their protocol says first */
	expect("alert http any any -> any any (flow:to_client; ip.src; dataset:isset,i,type "
	       "ip,load i.lst; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"ip.src\",\"in\":\"pack.i.txt\"},"
	       "{\"field\":\"http.stat_code\",\"length\":{\"min\":0}}],"
	       "\"where\":{\"app\":\"http\",\"direction\":\"to_client\"}}]");
	expect("alert tcp any any -> any any (ip.src; dataset:isset,i,type ip,load i.lst; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"ip.src\",\"in\":\"pack.i.txt\"}],"
	       "\"where\":{\"proto\":\"tcp\"}}]");
	unlink("i.lst");
	expect("alert http any any => any any (http.uri; content:\"a\"; http.stat_code; "
	       "content:\"200\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"http.uri\",\"contains\":\"a\"},"
	       "{\"field\":\"http.stat_code\",\"contains\":\"200\"}],\"where\":{\"app\":\"http\"}}"
	       "]");
}

static void named_values(void **state)
{
	(void)state;
	expect("alert tls any any -> any any (ssl_version:!tls1.2,tls1.3,sslv2; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"tls.version\",\"regex\":\"^(?:SSLv3|"
	       "TLSv1|TLS "
	       "1\\\\.1)$\"}],\"where\":{\"app\":\"tls\"}}]");
	expect("alert tls any any -> any any (tls.fingerprint:\"AB:cd\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"tls.cert_fingerprint\",\"equals\":\"AB:"
	       "cd\","
	       "\"nocase\":true}],\"where\":{\"app\":\"tls\"}}]");
	expect("alert dns any any -> any any (dns.rcode:3; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"dns.rcode\",\"regex\":\"^(?:NXDOMAIN)$"
	       "\"}],"
	       "\"where\":{\"app\":\"dns\"}}]");
}

static void requirements(void **state)
{
	(void)state;
	expect("alert udp any any -> any any (requires: version >= 7.0.3 < 8 | >= 8.0.0, keyword "
	       "sid; "
	       "content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":\"udp\"}}]");
	expect("alert udp any any -> any any (requires: version >= 9; content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":\"udp\"},\"status\":\"shadow\"}]");
}

static void protocol_before_an_upgrade(void **state)
{
	(void)state;
	expect("alert tcp any any -> any any (app-layer-protocol:smtp,original; app-layer-protocol:tls,final; "
	       "sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"app\":\"tls\",\"app_before\":\"smtp\",\"proto\":\"tcp\","
	       "\"packet\":true}}]");
	expect_left("alert tcp any any -> any any (app-layer-protocol:smtp,first; sid:1;)", "\"first\"");
}

/* What Suricata does not load either need not be read; and what it does load must be. */
static void requirements_of_what_is_unknown(void **state)
{
	(void)state;
	expect("alert smb any any -> any any (msg:\"a\"; new.buffer; content:\"b\"; requires: version "
	       ">= 10; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"status\":\"off\",\"name\":\"a\",\"description\":\"rule: "
	       "alert smb any any -> any any (msg:\\\"a\\\"; new.buffer; content:\\\"b\\\"; requires: "
	       "version >= 10; sid:1;)\"}]");
	expect("alert smtp any any -> any any (requires: keyword new.buffer; new.buffer; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"status\":\"off\",\"description\":\"rule: alert smtp any "
	       "any -> any any (requires: keyword new.buffer; new.buffer; sid:1;)\"}]");
	expect_left("alert smb any any -> any any (requires: version >= 8; sid:1;)", "\"smb\"");
	expect_left("alert smb any any -> any any (requires: version >= 10;)", "\"smb\"");
}

static void hooks(void **state)
{
	(void)state;
	expect("alert http1:response_line any any -> any any (sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"http.stat_code\",\"length\":{\"min\":0}}"
	       "],"
	       "\"where\":{\"app\":\"http1\",\"direction\":\"to_client\"}}]");
	expect("alert smtp any any -> any any (frame:smtp.stream; content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"app\":\"smtp\"}}]");
}

static void what_has_no_counterpart(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *reason;
	} cases[] = {
		{ "alert smb any any -> any any (sid:1;)",
		  "in:1: sid-1: the protocol \"smb\" is not inspected" },
		{ "alert tcp any any -> any any (lua:x.lua; sid:1;)",
		  "the keyword \"lua\" has no counterpart" },
		{ "alert tcp any any -> any any (content:\"a\"; depth:x; sid:1;)", "byte_extract" },
		{ "alert tcp any any -> any any (content:\"a|4\"; sid:1;)", "is no content" },
		{ "alert tcp any any -> any any (content:\"a\"",
		  "options in parentheses are missing" },
		{ "alert tcp any any -> any any (content:\"a\")", "not ended by a semicolon" },
		{ "alert tcp any any -> any (content:\"a\"; sid:1;)", "fewer than seven words" },
		{ "alert tcp any any -> any any (content:\"a\";)", "the rule has no sid" },
		{ "alert tcp $NOWHERE any -> any any (sid:1;)", "$NOWHERE is not known" },
		{ "alert tcp any any -> [any,!any] any (sid:1;)", "\"!any\" never holds" },
		{ "alert tcp 192.0.2.300 any -> any any (sid:1;)", "is no address" },
		{ "alert tcp any any -> any [80,90:80] (sid:1;)", "is no port" },
		{ "alert tcp any any -> any [[80] (sid:1;)", "brackets do not match" },
		{ "alert http any any -> any any (http.uri; content:\"abc\"; depth:2; sid:1;)",
		  "longer than its depth" },
		{ "alert http any any -> any any (http.uri; content:\"a\"; http.stat_code; "
		  "content:\"2\"; sid:1;)",
		  "needs \"=>\"" },
		{ "alert http any any -> any any (file.data; content:\"a\"; bsize:4; sid:1;)",
		  "not known before its end" },
		{ "alert tcp any any -> any any (flowbits:isset,a|b; flowbits:isset,c|d; sid:1;)",
		  "more than once" },
		{ "alert tcp any any -> any any (threshold:type backoff, track by_flow, count 1, "
		  "multiplier 2; sid:1;)",
		  "type backoff" },
		{ "config tcp any any -> any any (sid:1;)", "the action \"config\"" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect_left(cases[i].rule, cases[i].reason);
}

static void variables_without_end(void **state)
{
	(void)state;
	char a[] = "A=[$A,$A]", *items[] = { a };
	struct sl_import_options options = { .variables = { items, 1 } };
	struct imported *i =
		import_text(sl_import_suricata, "alert ip $A any -> any any (sid:1;)", options);
	assert_int_equal(i->im.left, 1);
	assert_non_null(strstr(i->said, "have no end"));
	imported_free(i);
}

static void the_same_sid_twice(void **state)
{
	(void)state;
	struct imported *i =
		import_text(sl_import_suricata,
			    "alert udp any any -> any any (content:\"a\"; sid:1;)\n"
			    "alert udp any any -> any any (content:\"b\"; sid:1; rev:2;)\n",
			    (struct sl_import_options){ 0 });
	assert_int_equal(json_array_size(i->im.indicators), 1);
	assert_string_equal(i->said, "in:2: sid-1: another one has the id \"sid-1\"\n");
	imported_free(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata),
		cmocka_unit_test(severity_by_priority),
		cmocka_unit_test(lines_and_comments),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(variables),
		cmocka_unit_test(variables_of_a_configuration),
		cmocka_unit_test(flows),
		cmocka_unit_test(marks),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(packets),
		cmocka_unit_test(directions),
		cmocka_unit_test(named_values),
		cmocka_unit_test(requirements),
		cmocka_unit_test(protocol_before_an_upgrade),
		cmocka_unit_test(requirements_of_what_is_unknown),
		cmocka_unit_test(hooks),
		cmocka_unit_test(what_has_no_counterpart),
		cmocka_unit_test(variables_without_end),
		cmocka_unit_test(the_same_sid_twice),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
