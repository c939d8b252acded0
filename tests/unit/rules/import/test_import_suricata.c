/* What Suricata's rules become: each rule, and the indicator that says the same. */
#include "fixture.h"

static void expect(const char *rule, const char *indicator)
{
	struct imported *i = import_text(sl_import_suricata, rule,
					 (struct sl_import_options){ .any_tunnel = true });
	indicators_expect(i, indicator);
	pack_expect(i);
	imported_free(i);
}

/* Leaves the rule, and says why. */
static void expect_left(const char *rule, const char *reason)
{
	struct imported *i = import_text(sl_import_suricata, rule, (struct sl_import_options){ 0 });
	assert_int_equal(i->im.left, 1);
	assert_int_equal(json_array_size(i->im.indicators), 0);
	if (!strstr(i->said, reason))
		fail_msg("said %s, not %s", i->said, reason);
	imported_free(i);
}

/* A rule with these options, and the conditions and scope it must become. */
static void expect_options(const char *options, const char *conditions)
{
	char *rule, *indicator;
	assert_true(asprintf(&rule, "alert http any any -> any any (%s; sid:1;)", options) > 0);
	assert_true(asprintf(&indicator, "[{\"id\":\"sid-1\",\"where\":{\"app\":\"http\"%s",
			     conditions) > 0);
	expect(rule, indicator);
	free(indicator);
	free(rule);
}

#define URI           "{\"field\":\"http.uri\","
#define TO_SERVER     ",\"direction\":\"to_server\"},\"match\":["
#define ANY_DIRECTION "},\"match\":["

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

static void contents(void **state)
{
	(void)state;
	expect_options("http.uri; content:\"/a\"", TO_SERVER URI "\"contains\":\"/a\"}]}]");
	expect_options("http.uri; content:\"/a|2f 62|c\"; nocase",
		       TO_SERVER URI "\"contains\":\"/a/bc\",\"nocase\":true}]}]");
	expect_options("http.uri; content:\"|00 ff|a\"", TO_SERVER URI "\"hex\":\"00 ff 61\"}]}]");
	expect_options("http.uri; content:\"a\\;\\\"\\\\b\"",
		       TO_SERVER URI "\"contains\":\"a;\\\"\\\\b\"}]}]");
	expect_options("http.uri; content:\"/a\"; startswith",
		       TO_SERVER URI "\"starts\":\"/a\"}]}]");
	expect_options("http.uri; content:\"/a\"; endswith", TO_SERVER URI "\"ends\":\"/a\"}]}]");
	expect_options("http.uri; content:\"/a\"; startswith; endswith",
		       TO_SERVER URI "\"equals\":\"/a\"}]}]");
	expect_options("http.uri; content:\"|01|\"; startswith; endswith",
		       TO_SERVER URI "\"hex\":\"01\",\"offset\":0,\"depth\":1,\"after\":0}]}]");
	expect_options("http.uri; content:\"ab\"; offset:3; depth:9",
		       TO_SERVER URI "\"contains\":\"ab\",\"offset\":3,\"depth\":9}]}]");
	expect_options("http.uri; content:\"ab\"; depth:2; fast_pattern:only; rawbytes",
		       TO_SERVER URI "\"contains\":\"ab\",\"depth\":2}]}]");
}

static void relative_contents(void **state)
{
	(void)state;
	expect_options(
		"http.uri; content:\"a\"; content:\"b\"; distance:-2; within:5; content:\"c\"",
		TO_SERVER URI "\"contains\":\"a\"}," URI
			      "\"contains\":\"b\",\"distance\":-2,\"within\":5}," URI
			      "\"contains\":\"c\",\"same\":true}]}]");
	/* relative to nothing: to the beginning */
	expect_options("http.uri; content:\"abc\"; distance:9; within:29",
		       TO_SERVER URI "\"contains\":\"abc\",\"offset\":9,\"depth\":29}]}]");
	expect_options("http.uri; content:\"a\"; pcre:\"/^b+c/Ri\"",
		       TO_SERVER URI "\"contains\":\"a\"}," URI
				     "\"regex\":\"^b+c\",\"nocase\":true,\"distance\":0}]}]");
}

static void data_that_follows(void **state)
{
	(void)state;
	expect_options("http.uri; content:\"a\"; isdataat:4,relative",
		       TO_SERVER URI "\"contains\":\"a\",\"after\":{\"min\":4}}]}]");
	expect_options("http.uri; content:\"a\"; isdataat:!4,relative",
		       TO_SERVER URI "\"contains\":\"a\",\"after\":{\"max\":3}}]}]");
	expect_options("http.uri; content:\"a\"; isdataat:9", TO_SERVER URI
		       "\"contains\":\"a\"}," URI "\"length\":{\"min\":10},\"same\":true}]}]");
	expect("alert icmp any any -> any any (isdataat:!9; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"length\":{\"max\":9}}],"
	       "\"where\":{\"proto\":[\"icmp\",\"icmpv6\"]},\"scope\":\"packet\"}]");
}

static void lengths(void **state)
{
	(void)state;
	expect_options("http.uri; content:\"a\"; bsize:<9", TO_SERVER URI
		       "\"contains\":\"a\"}," URI "\"length\":{\"max\":8},\"same\":true}]}]");
	expect_options("urilen:5<>9", TO_SERVER URI "\"length\":{\"min\":6,\"max\":8}}]}]");
	expect_options("urilen:>=7,raw",
		       TO_SERVER "{\"field\":\"http.uri.raw\",\"length\":{\"min\":7}}]}]");
	expect_options("http.uri; bsize:!4",
		       TO_SERVER URI "\"length\":{\"min\":0}}," URI
				     "\"length\":4,\"same\":true,\"not\":true}]}]");
	expect("alert udp any any -> any any (dsize:100; content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"length\":100},"
	       "{\"field\":\"payload\",\"contains\":\"a\"}],\"where\":{\"proto\":\"udp\"},"
	       "\"scope\":\"packet\"}]");
}

static void negations(void **state)
{
	(void)state;
	/* what must hold comes first, whatever the rule's order */
	expect_options("http.uri; content:!\"a\"; content:\"b\"",
		       TO_SERVER URI "\"contains\":\"b\"}," URI
				     "\"contains\":\"a\",\"same\":true,\"not\":true}]}]");
	expect_options("http.uri; content:\"b\"; content:!\"a\"; within:9",
		       TO_SERVER URI "\"contains\":\"b\"}," URI
				     "\"contains\":\"a\",\"within\":9,\"not\":true}]}]");
	/* alone: any value without it */
	expect_options("http.uri; content:!\"a\"",
		       TO_SERVER URI "\"length\":{\"min\":0}}," URI
				     "\"contains\":\"a\",\"same\":true,\"not\":true}]}]");
}

static void buffers(void **state)
{
	(void)state;
	/* one value of a buffer; each use of a buffer of several values is a value of its own */
	expect_options(
		"http.host; content:\"a\"; http.uri; content:\"b\"; http.host; content:\"c\"",
		TO_SERVER "{\"field\":\"http.host\",\"contains\":\"a\"},"
			  "{\"field\":\"http.host\",\"contains\":\"c\",\"same\":true}," URI
			  "\"contains\":\"b\"}]}]");
	expect_options("http.request_header; content:\"a\"; content:\"b\"; http.request_header; "
		       "content:\"c\"",
		       TO_SERVER
		       "{\"field\":\"http.request_header\",\"contains\":\"a\"},"
		       "{\"field\":\"http.request_header\",\"contains\":\"b\",\"same\":true},"
		       "{\"field\":\"http.request_header\",\"contains\":\"c\"}]}]");
	expect_options("content:\"a\"; http_uri; content:\"b\"; http_uri; within:4; content:\"c\"; "
		       "http_method",
		       TO_SERVER URI "\"contains\":\"a\"}," URI "\"contains\":\"b\",\"within\":4},"
				     "{\"field\":\"http.method\",\"contains\":\"c\"}]}]");
	expect_options("uricontent:\"a\"", TO_SERVER URI "\"contains\":\"a\"}]}]");
	expect_options(
		"http.accept; content:\"x\"; startswith", TO_SERVER
		"{\"field\":\"http.request_header\",\"starts\":\"Accept: \",\"nocase\":true},"
		"{\"field\":\"http.request_header\",\"contains\":\"x\",\"offset\":8,"
		"\"depth\":1,\"same\":true}]}]");
	expect_options("http.content_type; content:\"a\"",
		       ANY_DIRECTION "{\"field\":\"http.content_type\",\"contains\":\"a\"}]}]");
	expect_options("file_data; content:\"a\"",
		       ANY_DIRECTION "{\"field\":\"file.data\",\"contains\":\"a\"}]}]");
}

static void transforms(void **state)
{
	(void)state;
	expect_options("http.uri; url_decode; to_lowercase; content:\"a\"", TO_SERVER URI
		       "\"transform\":[\"url_decode\",\"to_lowercase\"],\"contains\":\"a\"}]}]");
	expect_options("http.uri; base64_decode; base64_data; content:\"a\"",
		       TO_SERVER URI "\"transform\":[\"base64_decode\"],\"contains\":\"a\"}]}]");
}

static void expressions(void **state)
{
	(void)state;
	expect_options("pcre:\"/a\\/b/Ui\"",
		       TO_SERVER URI "\"regex\":\"a\\\\/b\",\"nocase\":true}]}]");
	expect_options("http.uri; pcre:\"/a$[$]/smxE\"",
		       TO_SERVER URI "\"regex\":\"(?smx)a\\\\z[$]\"}]}]");
	expect_options("http.uri; pcre:\"/ab/A\"", TO_SERVER URI "\"regex\":\"\\\\A(?:ab)\"}]}]");
	expect_options("http.uri; pcre:\"/\xff/\"", TO_SERVER URI "\"regex\":\"\\\\xff\"}]}]");
	expect_options("http.uri; pcre:/x\\;y/; content:!\"a\"",
		       TO_SERVER URI "\"regex\":\"x\\\\;y\"}," URI
				     "\"contains\":\"a\",\"same\":true,\"not\":true}]}]");
}

static void payload_scopes(void **state)
{
	(void)state;
	expect("alert tcp any any -> any any (content:\"a\"; content:\"b\"; distance:1; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"},"
	       "{\"field\":\"payload\",\"contains\":\"b\",\"distance\":1}],\"where\":{\"proto\":"
	       "\"tcp\"}}]");
	/* places are judged a packet */
	expect("alert tcp any any -> any any (content:\"a\"; depth:4; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\",\"depth\":"
	       "4}],"
	       "\"where\":{\"proto\":\"tcp\"},\"scope\":\"packet\"}]");
	expect("alert tcp-pkt any any -> any any (content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":\"tcp\"},\"scope\":\"packet\"}]");
	expect("alert tcp-stream any any -> any any (content:\"a\"; depth:4; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\",\"depth\":"
	       "4}],"
	       "\"where\":{\"proto\":\"tcp\"}}]");
	expect("alert http any any -> any any (content:\"a\"; http.uri; content:\"b\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}," URI
	       "\"contains\":\"b\"}],\"where\":{\"app\":\"http\",\"direction\":\"to_server\"},"
	       "\"scope\":\"flow\"}]");
}

static void headers(void **state)
{
	(void)state;
	expect("alert tcp [192.0.2.0/24,!192.0.2.7] !80 -> !$HOME_NET [1024:,443,!2000:2001] "
	       "(sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[],\"where\":{\"proto\":\"tcp\",\"from\":[\"192.0.2.0/"
	       "24\","
	       "\"!192.0.2.7\"],\"from_port\":\"!80\",\"to\":[\"!192.168.0.0/16\",\"!10.0.0.0/8\","
	       "\"!172.16.0.0/"
	       "12\"],\"to_port\":[\"1024-65535\",\"443\",\"!2000-2001\"],\"packet\":true}}]");
	expect("alert udp $EXTERNAL_NET any -> 192.0.2.9/255.255.255.0 any (content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":"
	       "\"udp\",\"from\":[\"!192.168.0.0/16\",\"!10.0.0.0/8\",\"!172.16.0.0/12\"],\"to\":"
	       "\"192.0.2.0/24\"}}]");
	expect("alert udp 192.0.2.1-192.0.2.4 any -> any any (content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":"
	       "\"udp\",\"from\":[\"192.0.2.1/32\",\"192.0.2.2/31\",\"192.0.2.4/32\"]}}]");
	/* both ways: an indicator each */
	expect("alert udp any any <> any 53 (content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
	       "\"where\":{\"proto\":"
	       "\"udp\",\"to_port\":\"53\"}},{\"id\":\"sid-1/"
	       "2\",\"match\":[{\"field\":\"payload\",\"contains\":"
	       "\"a\"}],\"where\":{\"proto\":\"udp\",\"from_port\":\"53\"}}]");
	expect("alert udp any any <> any any (content:\"a\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"contains\":\"a\"}],"
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

static void data_sets(void **state)
{
	(void)state;
	file_write("names.lst", "ZXZpbC5leGFtcGxl\nAAE=\n");
	file_write("nets.json", "{\"a\":{\"b\":[{\"ip\":\"192.0.2.1\"},{\"x\":1}]}}");
	expect("alert http any any -> any any (http.host; dataset:isset,n,type string,load "
	       "names.lst; "
	       "ip.src; dataset:isnotset,i,type ip,load nets.json,format json,value_key "
	       "ip,array_key a.b; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"http.host\",\"in\":\"pack.n.txt\"},"
	       "{\"field\":\"ip.src\",\"in\":\"pack.i.txt\",\"not\":true}],"
	       "\"where\":{\"app\":\"http\",\"direction\":\"to_server\"}}]");
	expect_left("alert http any any -> any any (http.host; dataset:isset,n,type string,load "
		    "../x; sid:1;)",
		    "only files beside the rules");
	expect_left("alert http any any -> any any (http.host; dataset:set,n,type string,load "
		    "names.lst; sid:1;)",
		    "changes the set while it runs");
	expect_left("alert http any any -> any any (http.host; dataset:isset,n,type sha256,load "
		    "names.lst; sid:1;)",
		    "not of the type");
	unlink("names.lst");
	unlink("nets.json");
}

static void lists_hold_any_bytes(void **state)
{
	(void)state;
	file_write("n.lst", "ZXZpbA==\nAAE=\nI3g=\n");
	struct imported *i = import_text(sl_import_suricata,
					 "alert http any any -> any any (http.host; "
					 "dataset:isset,n,type string,load n.lst; sid:1;)",
					 (struct sl_import_options){ 0 });
	assert_string_equal(json_string_value(json_object_get(i->im.lists, "pack.n.txt")),
			    "evil\nbase64:AAE=\nbase64:I3g=\n");
	imported_free(i);
	unlink("n.lst");
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

/* Suricata's senders and recipients have angle brackets. */
static void envelopes(void **state)
{
	(void)state;
	static const struct {
		const char *options, *condition;
		bool shadow;
	} cases[] = {
		{ "content:\"|3c|bob@\"", "\"starts\":\"bob@\"", false },
		{ "content:\"|3c|bob@\"; offset:0; depth:5", "\"starts\":\"bob@\"", false },
		{ "content:\"bob@\"; offset:1; depth:4", "\"contains\":\"bob@\",\"offset\":0,\"depth\":4", false },
		{ "content:\"ample|3e|\"; endswith", "\"ends\":\"ample\"", false },
		/* what the bracket's place is asked to hold is never there */
		{ "content:\"bob@\"; offset:0; depth:4", "\"contains\":\"bob@\",\"offset\":0,\"depth\":4", true },
		{ "content:\"|3c|bob@\"; offset:2", "\"starts\":\"bob@\"", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char rule[256], want[256];
		snprintf(rule, sizeof rule, "alert smtp any any -> any any (smtp.mail_from; %s; sid:1;)",
			 cases[i].options);
		snprintf(want, sizeof want,
			 "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"smtp.mail_from\",%s}],"
			 "\"where\":{\"app\":\"smtp\",\"direction\":\"to_server\"}%s}]",
			 cases[i].condition, cases[i].shadow ? ",\"status\":\"shadow\"" : "");
		expect(rule, want);
	}
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
		cmocka_unit_test(contents),
		cmocka_unit_test(relative_contents),
		cmocka_unit_test(data_that_follows),
		cmocka_unit_test(lengths),
		cmocka_unit_test(negations),
		cmocka_unit_test(buffers),
		cmocka_unit_test(transforms),
		cmocka_unit_test(expressions),
		cmocka_unit_test(payload_scopes),
		cmocka_unit_test(headers),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(variables),
		cmocka_unit_test(variables_of_a_configuration),
		cmocka_unit_test(flows),
		cmocka_unit_test(marks),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(packets),
		cmocka_unit_test(data_sets),
		cmocka_unit_test(lists_hold_any_bytes),
		cmocka_unit_test(directions),
		cmocka_unit_test(named_values),
		cmocka_unit_test(requirements),
		cmocka_unit_test(envelopes),
		cmocka_unit_test(protocol_before_an_upgrade),
		cmocka_unit_test(requirements_of_what_is_unknown),
		cmocka_unit_test(hooks),
		cmocka_unit_test(what_has_no_counterpart),
		cmocka_unit_test(variables_without_end),
		cmocka_unit_test(the_same_sid_twice),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
