/* What an author can get wrong in the language: hashes, operators, groups, `where`, actions. Each
 * sentence, with line and column. */
#include "wrong.h"

#define YAML_HEAD "selat: 1\npack: t/a\nversion: 1\nauthor: a.example\ntlp: TLP:GREEN\nindicators:\n"
#define INDICATOR(keys)  YAML_HEAD "- {id: x, " keys "}\n"
#define MATCH(condition) INDICATOR("match: [{" condition "}]")
#define EXPECT_YAML(wrong) expect_each("p.yaml", wrong, sizeof wrong / sizeof wrong[0])

static void hashes(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ INDICATOR("md5: d41d8cd98f00b204e9800998ecf8427"),
		  ":7:11: indicator \"x\": md5: has 31 hex digits; md5 has 32" },
		{ INDICATOR("md5: da39a3ee5e6b4b0d3255bfef95601890afd80709"),
		  ":7:11: indicator \"x\": md5: has 40 hex digits, as a sha1 has; md5 has 32" },
		{ INDICATOR("sha1: xyz"),
		  ":7:11: indicator \"x\": sha1: \"xyz\" is no hash: write its 40 hex digits" },
		{ INDICATOR("sha256: 12"),
		  ":7:11: indicator \"x\": sha256: must be text; put it in quotes" },
		{ INDICATOR("cert_sha1: \"da:39:a3:ee5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09\""),
		  ":7:11: indicator \"x\": cert_sha1: "
		  "\"da:39:a3:ee5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09\" is no hash: "
		  "write its 40 hex digits" },
		{ INDICATOR("cert_sha1: \"da:39:\""),
		  ":7:11: indicator \"x\": cert_sha1: \"da:39:\" is no hash: write its 40 hex "
		  "digits" },
		{ INDICATOR("ja4: t13d1516h2_8daaf6152771"),
		  ":7:11: indicator \"x\": ja4: \"t13d1516h2_8daaf6152771\" is no JA4: write it as "
		  "t13d1516h2_8daaf6152771_b186095e22b6" },
		{ INDICATOR("ja4: x13d1516h2_8daaf6152771_b186095e22b6"),
		  ":7:11: indicator \"x\": ja4: \"x13d1516h2_8daaf6152771_b186095e22b6\" is no "
		  "JA4: write it as t13d1516h2_8daaf6152771_b186095e22b6" },
		{ INDICATOR("ja3: 7"),
		  ":7:11: indicator \"x\": ja3: must be text; put it in quotes" },
		{ INDICATOR("hassh: d41d8cd98f00b204e9800998ecf8427e, ja3: "
		          "d41d8cd98f00b204e9800998ecf8427e"),
		  ":7:11: indicator \"x\": hassh: the indicator has \"ja3\" too; make two "
		  "indicators of it" },
		{ INDICATOR("md5: d41d8cd98f00b204e9800998ecf8427e, scope: flow"),
		  ":7:50: indicator \"x\": scope: goes with \"match\" alone" },
	};
	EXPECT_YAML(wrong);
}

static void operators(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ MATCH("field: payload"),
		  ":7:19: indicator \"x\": a condition needs one of equals, contains, starts, "
		  "ends, regex, hex, in, length, number, absent" },
		{ MATCH("field: http.uri, equals: a, in: l.txt"),
		  ":7:48: indicator \"x\": in: the condition has \"equals\" too; make two of it" },
		{ MATCH("field: http.uri, equals: a, offset: 1"),
		  ":7:48: indicator \"x\": offset: does not go with \"equals\"; it goes with "
		  "contains, starts, ends, regex and hex" },
		{ MATCH("field: http.uri, starts: a, distance: 1"),
		  ":7:48: indicator \"x\": distance: does not go with \"starts\"; it goes with "
		  "contains, regex and hex" },
		{ MATCH("field: http.uri, starts: ab, offset: 1"),
		  ":7:49: indicator \"x\": offset: what starts a value is at its byte 0; use "
		  "contains" },
		{ MATCH("field: http.uri, ends: ab, after: 1"),
		  ":7:47: indicator \"x\": after: what ends a value has nothing after it; use "
		  "contains" },
		{ MATCH("field: http.uri, length: 5, nocase: true"),
		  ":7:48: indicator \"x\": nocase: does not go with \"length\"; it goes with "
		  "equals, contains, starts, ends, regex, hex and in" },
		{ MATCH("field: http.uri, absent: true, not: true"),
		  ":7:51: indicator \"x\": not: does not go with \"absent\"; it goes with equals, "
		  "contains, starts, ends, regex, hex, in, length and number" },
		{ MATCH("field: http.uri, absent: false"),
		  ":7:37: indicator \"x\": absent: can only be true; a condition that must hold "
		  "shows that it occurred" },
		{ MATCH("field: http.uri, hex: \"41\", contain: x, nott: true"),
		  ":7:48: indicator \"x\": unknown key \"contain\", did you mean \"contains\"?\n"
		  "p.yaml:7:60: indicator \"x\": unknown key \"nott\", did you mean \"not\"?" },
	};
	EXPECT_YAML(wrong);
}

static void lengths_and_numbers(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ MATCH("field: http.uri, length: {}"),
		  ":7:37: indicator \"x\": length: needs min, max or both" },
		{ MATCH("field: http.uri, length: {min: 5, max: 4}"),
		  ":7:37: indicator \"x\": length: min 5 is above max 4: it would never hold" },
		{ MATCH("field: http.uri, length: {least: 4}"),
		  ":7:46: indicator \"x\": unknown key \"least\"" },
		{ MATCH("field: http.uri, length: -1"),
		  ":7:37: indicator \"x\": length: must be from 0 to 9223372036854775807, not -1" },
		{ MATCH("field: http.uri, length: long"),
		  ":7:37: indicator \"x\": length: must be a whole number or { min: …, max: … }" },
		{ MATCH("field: http.request_body, length: 5"),
		  ":7:46: indicator \"x\": length: http.request_body is a stream: its length "
		  "cannot be asked" },
		{ MATCH("field: payload, number: 5"),
		  ":7:36: indicator \"x\": number: payload holds no numbers" },
		{ MATCH("field: dns.query, number: 5"),
		  ":7:38: indicator \"x\": number: dns.query holds no numbers" },
	};
	EXPECT_YAML(wrong);
}

static void operators_of_fields(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ MATCH("field: ip.src, equals: 192.0.2.1"),
		  ":7:20: indicator \"x\": field: ip.src is an address: use an \"address\" "
		  "indicator, or \"in\" with a list of addresses" },
		{ MATCH("field: ip.src, in: l.txt, transform: to_md5"),
		  ":7:46: indicator \"x\": transform: ip.src is an address: there is no text to "
		  "transform" },
		{ MATCH("field: file.data, in: l.txt"),
		  ":7:38: indicator \"x\": in: file.data is a stream, never whole: use contains, "
		  "or a transform" },
	};
	EXPECT_YAML(wrong);
}

static void places(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ MATCH("field: http.uri, contains: abc, offset: -1"),
		  ":7:52: indicator \"x\": offset: must be from 0 to 1073741824, not -1" },
		{ MATCH("field: http.uri, contains: abc, depth: 0"),
		  ":7:52: indicator \"x\": depth: must be from 1 to 1073741824, not 0" },
		{ MATCH("field: http.uri, contains: abc, depth: 2"),
		  ":7:52: indicator \"x\": depth: 2 bytes have no room for the 3 of \"contains\": "
		  "it would never hold" },
		{ MATCH("field: http.uri, contains: abc, after: {max: x}"),
		  ":7:60: indicator \"x\": max: must be a whole number" },
	};
	EXPECT_YAML(wrong);
}

static void transforms(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ MATCH("field: http.uri, contains: abc, transform: to_md4"),
		  ":7:52: indicator \"x\": transform: \"to_md4\" is not one of to_md5, to_sha1, "
		  "to_sha256, url_decode, strip_whitespace, compress_whitespace, "
		  "header_lowercase, strip_pseudo_headers, dotprefix, to_lowercase, "
		  "to_uppercase, base64_decode; did you mean \"to_md5\"?" },
		{ MATCH("field: http.uri, contains: abc, transform: []"),
		  ":7:52: indicator \"x\": transform: is empty" },
		{ MATCH("field: http.uri, contains: abc, transform: [to_md5, to_md5, to_md5, to_md5, "
		      "to_md5, to_md5, to_md5]"),
		  ":7:52: indicator \"x\": transform: has 7 items; at most 6 are possible" },
		{ MATCH("field: http.uri, contains: abc, transform: [url_decode, to_lowercas]"),
		  ":7:76: indicator \"x\": transform: \"to_lowercas\" is not one of to_md5, "
		  "to_sha1, to_sha256, url_decode, strip_whitespace, compress_whitespace, "
		  "header_lowercase, strip_pseudo_headers, dotprefix, to_lowercase, "
		  "to_uppercase, base64_decode; did you mean \"to_lowercase\"?" },
	};
	EXPECT_YAML(wrong);
}

static void groups(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ INDICATOR("match: [{field: http.uri, contains: abc, same: true}]"),
		  ":7:52: indicator \"x\": same: there is no condition before this one" },
		{ INDICATOR("match: [{field: http.uri, contains: abc, distance: 1}]"),
		  ":7:52: indicator \"x\": distance: there is no condition before this one" },
		{ INDICATOR("match: [{field: http.uri, contains: abc}, {field: http.host, contains: abc, "
		          "same: true}]"),
		  ":7:87: indicator \"x\": same: the condition before looks at http.uri, this "
		  "one at http.host: they share no value" },
		{ INDICATOR("match: [{field: http.uri, contains: abc}, {field: http.uri, contains: abc, "
		          "transform: url_decode, within: 5}]"),
		  ":7:109: indicator \"x\": within: the condition before has other transforms: "
		  "they share no value" },
		{ INDICATOR("match: [{field: http.uri, contains: abc, not: true}, {field: http.uri, "
		          "contains: abc, within: 5}]"),
		  ":7:97: indicator \"x\": within: the group begins with a \"not\"; put a "
		  "condition that must hold first" },
		{ INDICATOR("match: [{field: http.uri, length: 7}, {field: http.uri, contains: abc, "
		          "distance: 0}]"),
		  ":7:82: indicator \"x\": distance: no condition before it in its group has an "
		  "end to count from (contains, starts, ends, hex or regex, without \"not\")" },
		{ INDICATOR("match: [{field: http.uri, length: 7}, {field: http.uri, contains: abc, not: "
		          "true, same: true}, {field: http.uri, contains: abc, distance: 0}]"),
		  ":7:139: indicator \"x\": distance: no condition before it in its group has an "
		  "end to count from (contains, starts, ends, hex or regex, without \"not\")" },
		{ INDICATOR("match: [{field: http.uri, absent: true}, {field: http.uri, contains: abc, "
		          "same: true}]"),
		  ":7:85: indicator \"x\": same: the condition before is \"absent\": there is no "
		  "value" },
		{ INDICATOR("match: [{field: payload, length: 7}, {field: payload, contains: abc, same: "
		          "true}]"),
		  ":7:80: indicator \"x\": same: the condition before is the length of a "
		  "packet's payload: they share no value" },
		{ INDICATOR("match: [{field: payload, contains: abc}, {field: payload, length: 7, same: "
		          "true}]"),
		  ":7:80: indicator \"x\": same: the length of payload is a packet's, which is "
		  "no value that others share; use scope packet" },
		{ INDICATOR("match: [{field: http.uri, contains: abc}, {field: http.uri, contains: abc, "
		          "within: 2}]"),
		  ":7:86: indicator \"x\": within: 2 bytes have no room for the 3 of \"contains\": "
		  "it would never hold" },
	};
	EXPECT_YAML(wrong);
}

static void where_ports(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ INDICATOR("match: [], where: {}"),
		  ":7:22: indicator \"x\": where: is empty" },
		{ INDICATOR("match: [], where: {prot: tcp}"),
		  ":7:30: indicator \"x\": unknown key \"prot\", did you mean \"port\"?" },
		{ INDICATOR("match: [], where: {port: 70000}"),
		  ":7:30: indicator \"x\": port: must be from 0 to 65535, not 70000" },
		{ INDICATOR("match: [], where: {port: \"80-\"}"),
		  ":7:30: indicator \"x\": port: \"80-\" is no port: write 80, \"1000-2000\" or "
		  "\"!80\" (0 to 65535)" },
		{ INDICATOR("match: [], where: {port: \"2000-1000\"}"),
		  ":7:30: indicator \"x\": port: \"2000-1000\" is no port: write 80, \"1000-2000\" "
		  "or \"!80\" (0 to 65535)" },
		{ INDICATOR("match: [], where: {port: [\"80\", \"!x\"]}"),
		  ":7:43: indicator \"x\": port: \"!x\" is no port: write 80, \"1000-2000\" or \"!80\" "
		  "(0 to 65535)" },
		{ INDICATOR("match: [], where: {port: []}"),
		  ":7:30: indicator \"x\": port: is empty" },
		{ INDICATOR("match: [], where: {port: true}"),
		  ":7:30: indicator \"x\": port: must be a port, \"1000-2000\", \"!80\" or a list of "
		  "such" },
	};
	EXPECT_YAML(wrong);
}

static void where_networks_and_protocols(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ INDICATOR("match: [], where: {client: 192.0.2.1/24}"),
		  ":7:30: indicator \"x\": client: \"192.0.2.1/24\" has bits set after its first "
		  "24; did you mean 192.0.2.0/24?" },
		{ INDICATOR("match: [], where: {to: [\"192.0.2.0/24\", \"!nowhere\"]}"),
		  ":7:51: indicator \"x\": to: \"nowhere\" is no IP address or prefix; write it as "
		  "198.51.100.0/24 or 2001:db8::1" },
		{ INDICATOR("match: [], where: {proto: tpc}"),
		  ":7:30: indicator \"x\": proto: no protocol \"tpc\" is known: write tcp, udp, "
		  "sctp, icmp, icmpv6 or its number" },
		{ INDICATOR("match: [], where: {proto: 256}"),
		  ":7:30: indicator \"x\": proto: must be from 0 to 255, not 256" },
		{ INDICATOR("match: [], where: {app: htp}"),
		  ":7:30: indicator \"x\": app: no protocol \"htp\" is known, did you mean \"http\"?" },
		{ INDICATOR("match: [], where: {app: [http, \"!http\"]}"),
		  ":7:30: indicator \"x\": app: excludes all that it names: it would never hold" },
		{ INDICATOR("match: [], where: {app: [\"!ssh\", \"!sshd\"]}"),
		  ":7:44: indicator \"x\": app: no protocol \"sshd\" is known, did you mean \"ssh\"?" },
	};
	EXPECT_YAML(wrong);
}

static void where_packets(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ INDICATOR("match: [], where: {direction: up}"),
		  ":7:30: indicator \"x\": direction: \"up\" is not one of to_server, to_client" },
		{ INDICATOR("match: [], where: {part: last}"),
		  ":7:30: indicator \"x\": part: \"last\" is not one of first, answered" },
		{ INDICATOR("match: [], where: {tunnel: 1}"),
		  ":7:30: indicator \"x\": tunnel: must be true, false, a kind of tunnel (\"gre\", "
		  "\"!gtp-u\") or a list of such" },
		{ INDICATOR("match: [], where: {tunnel: gtpu}"),
		  ":7:30: indicator \"x\": tunnel: no tunnel \"gtpu\" is known, did you mean "
		  "\"gtp-u\"?" },
		{ INDICATOR("match: [], where: {tunnel: [gre, \"!gre\"]}"),
		  ":7:30: indicator \"x\": tunnel: excludes all that it names: it would never hold" },
		{ INDICATOR("match: [], where: {tunnel: []}"),
		  ":7:30: indicator \"x\": tunnel: is empty" },
		{ INDICATOR("match: [], where: {tcp_flags: S}"),
		  ":7:30: indicator \"x\": tcp_flags: must say which: { set: S, clear: A }" },
		{ INDICATOR("match: [], where: {tcp_flags: {set: SX}}"),
		  ":7:42: indicator \"x\": set: \"SX\": TCP's flags are the letters FSRPAUEC" },
		{ INDICATOR("match: [], where: {tcp_flags: {set: SA, clear: A}}"),
		  ":7:30: indicator \"x\": tcp_flags: asks for a flag to be set and clear: it "
		  "would never hold" },
		{ INDICATOR("match: [], where: {icmp_type: 256}"),
		  ":7:30: indicator \"x\": icmp_type: must be from 0 to 255, not 256" },
		{ INDICATOR("match: [], where: {icmp_code: {min: 2, max: 1}}"),
		  ":7:30: indicator \"x\": icmp_code: min 2 is above max 1: it would never hold" },
		{ INDICATOR("match: [], where: {vni: 16777216}"),
		  ":7:30: indicator \"x\": vni: must be from 0 to 16777215, not 16777216" },
		{ INDICATOR("match: [], where: {packet: false}"),
		  ":7:30: indicator \"x\": packet: can only be true" },
	};
	EXPECT_YAML(wrong);
}

static void where_marks(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ INDICATOR("match: [], where: {marked: \"a b\"}"),
		  ":7:30: indicator \"x\": marked: \"a b\" is no mark: use letters, digits and "
		  "\"._:/@+-\"" },
		{ INDICATOR("match: [], where: {marked_any: [a, a]}"),
		  ":7:46: indicator \"x\": marked_any: \"a\" is there twice" },
		{ INDICATOR("match: [], where: {not_marked: {}}"),
		  ":7:30: indicator \"x\": not_marked: must be text; put it in quotes" },
	};
	EXPECT_YAML(wrong);
}

static void actions(void **state)
{
	(void)state;
	static const struct wrong wrong[] = {
		{ INDICATOR("match: []"),
		  ":7:11: indicator \"x\": match: is empty: give it a condition, or the "
		  "indicator a \"where\"" },
		{ INDICATOR("match: [{field: http.uri, contains: abc}], where: {packet: true}"),
		  ":7:62: indicator \"x\": packet: goes with an empty match alone; use scope: "
		  "packet" },
		{ INDICATOR("domain: a.example, where: 5"),
		  ":7:30: indicator \"x\": where: must be an object" },
		{ INDICATOR("domain: a.example, mark: []"),
		  ":7:30: indicator \"x\": mark: is empty" },
		{ INDICATOR("domain: a.example, unmark: 5"),
		  ":7:30: indicator \"x\": unmark: must be text; put it in quotes" },
		{ INDICATOR("domain: a.example, toggle: [x, x]"),
		  ":7:42: indicator \"x\": toggle: \"x\" is there twice" },
		{ INDICATOR("domain: a.example, silent: 1"),
		  ":7:30: indicator \"x\": silent: must be true or false" },
		{ INDICATOR("domain: a.example, pass: yes"),
		  ":7:30: indicator \"x\": pass: must be true or false" },
		{ INDICATOR("domain: a.example, threshold: 5"),
		  ":7:30: indicator \"x\": threshold: must be an object: { type: limit, count: "
		  "1, seconds: 60, by: source }" },
		{ INDICATOR("domain: a.example, threshold: {type: limit}"),
		  ":7:30: indicator \"x\": the threshold's key \"by\" is missing\n"
		  "p.yaml:7:30: indicator \"x\": the threshold's key \"count\" is missing\n"
		  "p.yaml:7:30: indicator \"x\": the threshold's key \"seconds\" is missing" },
		{ INDICATOR("domain: a.example, threshold: {type: every, count: 0, by: flow}"),
		  ":7:55: indicator \"x\": count: must be from 1 to 1000000000, not 0" },
		{ INDICATOR("domain: a.example, threshold: {type: each, count: 1, seconds: 1, by: you}"),
		  ":7:42: indicator \"x\": type: \"each\" is not one of from, limit, both, every\n"
		  "p.yaml:7:76: indicator \"x\": by: \"you\" is not one of source, destination, "
		  "pair, indicator, flow" },
		{ INDICATOR("domain: a.example, threshold: {type: both, count: 1, seconds: 700000, by: "
		          "pair}"),
		  ":7:64: indicator \"x\": seconds: must be from 1 to 604800, not 700000" },
	};
	EXPECT_YAML(wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),
		cmocka_unit_test(operators),
		cmocka_unit_test(lengths_and_numbers),
		cmocka_unit_test(operators_of_fields),
		cmocka_unit_test(places),
		cmocka_unit_test(transforms),
		cmocka_unit_test(groups),
		cmocka_unit_test(where_ports),
		cmocka_unit_test(where_networks_and_protocols),
		cmocka_unit_test(where_packets),
		cmocka_unit_test(where_marks),
		cmocka_unit_test(actions),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
