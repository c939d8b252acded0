/* What the reader makes of the language's keys: the structs a compiler gets. */
#include "fixture.h"

#include <selat/app.h>

#define HEAD "selat: 1\npack: t/a\nversion: 1\nauthor: a.example\ntlp: TLP:GREEN\nindicators:\n"

static struct sl_packs packs;

static const struct sl_indicator *read_one(const char *indicator)
{
	char text[4096], *names[] = { (char *)(uintptr_t) "p.yaml" };
	struct sl_problems problems = { 0 };
	struct sl_err err = { "" };
	snprintf(text, sizeof text, HEAD "- {id: x, %s}\n", indicator);
	file_write("p.yaml", text);
	assert_int_equal(sl_packs_read(&packs, names, 1, &problems, &err), 0);
	sl_problems_print(&problems, stderr);
	assert_int_equal(problems.errors, 0);
	sl_problems_fini(&problems);
	unlink("p.yaml");
	return &packs.pack[0].indicator[0];
}

static void exact_kinds(void **state)
{
	(void)state;
	static const struct {
		const char *text, *normal;
		enum sl_indicator_kind kind;
	} kinds[] = {
		{ "md5: D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e", SL_IND_MD5 },
		{ "cert_sha1: DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
		  "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09", SL_IND_CERT_SHA1 },
		{ "cert_sha1: 'da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09'",
		  "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09", SL_IND_CERT_SHA1 },
		{ "ja4: T13d1516h2_8DAAF6152771_b186095e22b6", "t13d1516h2_8daaf6152771_b186095e22b6",
		  SL_IND_JA4 },
		{ "hassh_server: d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e",
		  SL_IND_HASSH_SERVER },
	};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct sl_indicator *ind = read_one(kinds[i].text);
		assert_int_equal(ind->kind, kinds[i].kind);
		assert_string_equal(ind->normal, kinds[i].normal);
		sl_packs_fini(&packs);
	}
}

static void positions_and_groups(void **state)
{
	(void)state;
	const struct sl_indicator *ind = read_one(
		"scope: flow, match: ["
		"{field: http.uri, contains: abc, offset: 4, depth: 9, after: {max: 7}},"
		"{field: http.uri, hex: '41 42', nocase: true, distance: -2, within: 12, not: true},"
		"{field: http.uri, length: {min: 5}, same: true}]");
	const struct sl_condition *c = ind->condition;
	assert_int_equal(ind->scope, SL_SCOPE_FLOW);
	assert_int_equal(ind->conditions, 3);
	assert_true(c[0].positioned);
	assert_int_equal(c[0].flags, 0);
	assert_int_equal(c[0].position.offset, 4);
	assert_int_equal(c[0].position.depth, 9);
	assert_int_equal(c[0].position.distance, SL_NOT_GIVEN);
	assert_int_equal(c[0].position.after_min, 0);
	assert_int_equal(c[0].position.after_max, 7);
	assert_int_equal(c[1].flags, SL_COND_HEX | SL_COND_NOCASE | SL_COND_NOT | SL_COND_SAME);
	assert_int_equal(c[1].position.distance, -2);
	assert_int_equal(c[1].position.within, 12);
	assert_int_equal(c[1].position.after_max, UINT32_MAX);
	assert_int_equal(c[2].flags, SL_COND_SAME);
	assert_false(c[2].positioned);
	assert_int_equal(c[2].op, SL_OP_LENGTH);
	assert_int_equal(c[2].position.min, 5);
	assert_int_equal(c[2].position.max, INT64_MAX);
	assert_string_equal(c[2].text, "at least 5");
	sl_packs_fini(&packs);
}

static void numbers_and_transforms(void **state)
{
	(void)state;
	const struct sl_indicator *ind = read_one(
		"match: [{field: http.stat_code, number: {min: 500, max: 599}},"
		"{field: http.uri, contains: abc, transform: [url_decode, to_lowercase]},"
		"{field: dns.query, equals: 'A.example.', transform: dotprefix},"
		"{field: http.cookie, absent: true}]");
	const struct sl_condition *c = ind->condition;
	assert_int_equal(c[0].op, SL_OP_NUMBER);
	assert_int_equal(c[0].position.min, 500);
	assert_int_equal(c[0].position.max, 599);
	assert_string_equal(c[0].text, "500 to 599");
	assert_int_equal(c[1].transforms, 2);
	assert_int_equal(c[1].transform[0], SL_URL_DECODE);
	assert_int_equal(c[1].transform[1], SL_TO_LOWERCASE);
	assert_int_equal(c[2].flags, 0); /* what is transformed is no name */
	assert_int_equal(c[2].len, 10);
	assert_int_equal(c[3].op, SL_OP_ABSENT);
	sl_packs_fini(&packs);
}

static void ports_and_networks(void **state)
{
	(void)state;
	const struct sl_where *w = read_one("match: [], where: {port: [80, '1000-2000', '!1500'], to_port: 0,"
					    "client: ['192.0.2.0/24', '!192.0.2.7'], from: 2001:db8::/32}")
					   ->where;
	assert_int_equal(w->ports_n, 3);
	assert_int_equal(w->port[0].first, 80);
	assert_int_equal(w->port[0].last, 80);
	assert_int_equal(w->port[1].first, 1000);
	assert_int_equal(w->port[1].last, 2000);
	assert_false(w->port[1].negated);
	assert_int_equal(w->port[2].first, 1500);
	assert_true(w->port[2].negated);
	assert_int_equal(w->to_ports_n, 1);
	assert_int_equal(w->to_port[0].last, 0);
	assert_int_equal(w->clients_n, 2);
	assert_int_equal(w->client[0].prefix.bits, 24);
	assert_true(w->client[1].negated);
	assert_int_equal(w->client[1].prefix.bits, 32);
	assert_int_equal(w->froms_n, 1);
	assert_int_equal(w->from[0].prefix.address.family, 6);
	sl_packs_fini(&packs);
}

#define APP(name) (UINT64_C(1) << SL_APP_##name)

static void protocols_and_flags(void **state)
{
	(void)state;
	const struct sl_where *w =
		read_one("match: [], where: {proto: [tcp, 47, 255], app: [http, tls], direction: to_client,"
			 "part: answered, tunnel: false, tcp_flags: {set: SA, clear: FRPUEC}, icmp_type: 8,"
			 "icmp_code: {max: 3}, vni: 7, packet: true}")
			->where;
	assert_true(w->protos[0] == (UINT64_C(1) << 6 | UINT64_C(1) << 47));
	assert_true(w->protos[3] == UINT64_C(1) << 63);
	assert_true(w->apps == (APP(HTTP) | APP(HTTP2) | APP(RTSP) | APP(TLS)));
	assert_int_equal(w->direction, SL_WHERE_TO_CLIENT);
	assert_int_equal(w->part, SL_WHERE_ANSWERED);
	assert_int_equal(w->tunnel_any, 0);
	assert_int_equal(w->tunnel_none, SL_TUNNEL_INSIDE);
	assert_int_equal(w->flags_set, 0x12);
	assert_int_equal(w->flags_clear, 0xed);
	assert_int_equal(w->flags, SL_WHERE_ICMP | SL_WHERE_VNI | SL_WHERE_PACKETS);
	assert_int_equal(w->icmp_type_min, 8);
	assert_int_equal(w->icmp_type_max, 8);
	assert_int_equal(w->icmp_code_min, 0);
	assert_int_equal(w->icmp_code_max, 3);
	assert_int_equal(w->vni, 7);
	sl_packs_fini(&packs);
	w = read_one("match: [], where: {tunnel: true}")->where;
	assert_int_equal(w->tunnel_any, SL_TUNNEL_INSIDE);
	assert_int_equal(w->tunnel_none, 0);
	sl_packs_fini(&packs);
	w = read_one("match: [], where: {tunnel: ipv4}")->where;
	assert_int_equal(w->tunnel_any, 1);
	sl_packs_fini(&packs);
	w = read_one("match: [], where: {tunnel: [gre, mpls, '!gtp-u', '!wlan']}")->where;
	assert_int_equal(w->tunnel_any, 1 << SL_TUNNEL_GRE | 1 << SL_TUNNEL_MPLS);
	assert_int_equal(w->tunnel_none, 1 << SL_TUNNEL_GTP_U | 1 << SL_TUNNEL_WLAN);
	sl_packs_fini(&packs);
	w = read_one("match: [], where: {app: '!http'}")->where;
	assert_true(w->apps & APP(NONE));
	assert_true(w->apps & APP(SSH));
	assert_false(w->apps & (APP(HTTP) | APP(HTTP2) | APP(RTSP)));
	sl_packs_fini(&packs);
	w = read_one("match: [], where: {app: [http, '!http2']}")->where;
	assert_true(w->apps == (APP(HTTP) | APP(RTSP)));
	sl_packs_fini(&packs);
}

static void marks_and_thresholds(void **state)
{
	(void)state;
	const struct sl_indicator *ind =
		read_one("domain: a.example, mark: [one, two], unmark: three, toggle: four, silent: true, "
			 "pass: true, where: {marked: five, marked_any: [six, seven], not_marked: eight},"
			 "threshold: {type: both, count: 5, seconds: 60, by: pair}");
	assert_true(ind->silent);
	assert_true(ind->pass);
	assert_int_equal(ind->action->sets, 2);
	assert_string_equal(ind->action->set[1], "two");
	assert_int_equal(ind->action->unsets, 1);
	assert_string_equal(ind->action->unset[0], "three");
	assert_string_equal(ind->action->toggle[0], "four");
	assert_int_equal(ind->action->threshold, SL_THRESHOLD_BOTH);
	assert_int_equal(ind->action->by, SL_BY_PAIR);
	assert_int_equal(ind->action->count, 5);
	assert_int_equal(ind->action->seconds, 60);
	assert_string_equal(ind->where->marked[0], "five");
	assert_int_equal(ind->where->marked_any_n, 2);
	assert_string_equal(ind->where->marked_any[1], "seven");
	assert_string_equal(ind->where->not_marked[0], "eight");
	sl_packs_fini(&packs);
	ind = read_one("domain: a.example, threshold: {type: every, count: 9, by: flow}");
	assert_int_equal(ind->action->threshold, SL_THRESHOLD_EVERY);
	assert_int_equal(ind->action->by, SL_BY_FLOW);
	assert_int_equal(ind->action->seconds, 0);
	sl_packs_fini(&packs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_kinds),
		cmocka_unit_test(positions_and_groups),
		cmocka_unit_test(numbers_and_transforms),
		cmocka_unit_test(ports_and_networks),
		cmocka_unit_test(protocols_and_flags),
		cmocka_unit_test(marks_and_thresholds),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
