/* What the conditions of Suricata's rules become: contents, buffers, expressions, data sets. */
#include "suricata.h"

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

/* A packet's length is no value of a group: it stands in front of it. */
static void lengths_between(void **state)
{
	(void)state;
	expect("alert udp any any -> any any (content:\"a\"; dsize:9; content:\"b\"; distance:0; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"length\":9},"
	       "{\"field\":\"payload\",\"contains\":\"a\"},"
	       "{\"field\":\"payload\",\"contains\":\"b\",\"distance\":0}],"
	       "\"where\":{\"proto\":\"udp\"},\"scope\":\"packet\"}]");
	expect("alert udp any any -> any any (dsize:9; content:!\"a\"; content:!\"b\"; sid:1;)",
	       "[{\"id\":\"sid-1\",\"match\":[{\"field\":\"payload\",\"length\":9},"
	       "{\"field\":\"payload\",\"contains\":\"a\",\"not\":true},"
	       "{\"field\":\"payload\",\"contains\":\"b\",\"not\":true}],"
	       "\"where\":{\"proto\":\"udp\"},\"scope\":\"packet\"}]");
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
	/* relative to nothing */
	expect_options("http.uri; content:!\"a\"; distance:1; within:5; content:\"b\"",
		       TO_SERVER URI "\"contains\":\"b\"}," URI "\"contains\":\"a\",\"offset\":1,"
				     "\"depth\":5,\"same\":true,\"not\":true}]}]");
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

/* What Suricata loads and what never matches is kept, and gives no alerts. */
static void what_never_matches(void **state)
{
	(void)state;
	static const struct {
		const char *options, *conditions;
	} cases[] = {
		{ "content:\"a\"; isdataat:!0,relative", "{\"field\":\"http.uri\",\"contains\":\"a\"}" },
		{ "content:\"a\"; endswith; isdataat:2,relative", "{\"field\":\"http.uri\",\"ends\":\"a\"}" },
		{ "content:\"a\"; isdataat:3,relative; isdataat:!2,relative",
		  "{\"field\":\"http.uri\",\"contains\":\"a\",\"after\":{\"max\":1}}" },
		{ "content:\"abc\"; distance:-3; within:3",
		  "{\"field\":\"http.uri\",\"contains\":\"abc\",\"depth\":3}" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char rule[256], want[256];
		snprintf(rule, sizeof rule, "alert http any any -> any any (http.uri; %s; sid:1;)", cases[i].options);
		snprintf(want, sizeof want,
			 "[{\"id\":\"sid-1\",\"match\":[%s],\"where\":{\"app\":\"http\","
			 "\"direction\":\"to_server\"},\"status\":\"shadow\"}]",
			 cases[i].conditions);
		expect(rule, want);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents),
		cmocka_unit_test(relative_contents),
		cmocka_unit_test(data_that_follows),
		cmocka_unit_test(lengths),
		cmocka_unit_test(lengths_between),
		cmocka_unit_test(negations),
		cmocka_unit_test(buffers),
		cmocka_unit_test(transforms),
		cmocka_unit_test(expressions),
		cmocka_unit_test(payload_scopes),
		cmocka_unit_test(headers),
		cmocka_unit_test(data_sets),
		cmocka_unit_test(lists_hold_any_bytes),
		cmocka_unit_test(what_never_matches),
		cmocka_unit_test(envelopes),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
