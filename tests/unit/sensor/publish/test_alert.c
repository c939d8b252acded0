/* The alert's JSON: read back with jansson and compared with what jansson builds. */
#include "fixture.h"

#include <jansson.h>
#include <selat/text.h>
#include <sensor/publish/alert.h>

static const char epoch[] = "01JDABCDEFGHJKMNPQRSTVWXYZ";

static json_t *render(const struct sl_match *m, const void *tail, bool retro)
{
	struct sl_json j;
	struct sl_alert a = { .match = m,
			      .tail = tail,
			      .stretch = { 1, m->time, m->time },
			      .sensor_id = "vn-hn-ix1",
			      .country = "VN",
			      .epoch = epoch,
			      .seq = 184467,
			      .retro = retro };
	json_error_t error;

	sl_json_init(&j);
	sl_alert_write(&j, &a);
	assert_false(j.failed);
	assert_null(memchr(j.text, '\n', j.len));
	json_t *back = json_loadb(j.text, j.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!back)
		fail_msg("%s: %.*s", error.text, (int)j.len, j.text);
	sl_json_fini(&j);
	return back;
}

static void assert_json(json_t *got, json_t *want)
{
	assert_non_null(want);
	if (!json_equal(got, want)) {
		json_dumpf(got, stderr, JSON_INDENT(1));
		json_dumpf(want, stderr, JSON_INDENT(1));
		fail_msg("the alert differs");
	}
	json_decref(got);
	json_decref(want);
}

static size_t add_field(char *tail, size_t at, uint8_t field, const char *value)
{
	uint16_t len = (uint16_t)strlen(value);
	tail[at] = (char)field;
	memcpy(tail + at + 1, &len, sizeof len);
	memcpy(tail + at + 3, value, len);
	return at + 3 + len;
}

static void full_match(struct sl_match *m)
{
	m->value_len = 16;
	m->around_len = 6;
	m->offset = 4;
	m->flow.seen = SL_SEEN_TO_SERVER | SL_SEEN_TO_CLIENT;
	m->flow.vlans = 2;
	m->flow.vlan[0] = 100;
	m->flow.vlan[1] = 7;
	m->interface = "eth1";
	m->has_mac = 1;
	memcpy(m->src_mac, "\x02\x00\x00\xab\xcd\xef", 6);
	memcpy(m->dst_mac, "\x02\x00\x00\x00\x00\x01", 6);
}

static json_t *full_json(void)
{
	return json_pack(
		"{si ss ss ss s{ss ss ss si} ss ss si ss"
		" s{ss si ss ss ss ss s[ss] ss} s{ss ss si si ss}"
		" s{ss ss ss s[ii] s{ss si} s{ss si} ss ss ss si si}"
		" s{ss ss ss} s{s[ss]} s{ss ss ss} si ss ss ss ss}",
		"selat", 1, "id", "vn-hn-ix1/01JDABCDEFGHJKMNPQRSTVWXYZ/184467", "time",
		"2026-11-22T04:05:06.123456Z", "observed", "2026-11-22T04:05:07.000000Z", "sensor",
		"id", "vn-hn-ix1", "country", "VN", "epoch", epoch, "seq", 184467, "tlp",
		"TLP:GREEN", "severity", "high", "confidence", 80, "class",
		"malicious-code/c2-server", "indicator", "pack", "vn.cert/c2-botnets", "version", 7,
		"id", "c2-1", "type", "domain", "value", "evil.example", "name",
		"A \"quoted\" name\\x5cx41", "references", "https://a.example/1",
		"https://b.example/2", "author", "cert.example.vn", "match", "field", "tls.sni",
		"value", "cdn.evil.example", "packet", 4, "offset", 4, "bytes", "QVJPVU5E", "flow",
		"community_id", "PLACE", "proto", "tcp", "app", "tls", "vlan", 100, 7, "src", "ip",
		"192.0.2.1", "port", 51234, "dst", "ip", "198.51.100.7", "port", 443, "direction",
		"to_server", "seen", "both", "start", "2026-11-22T04:05:06.000000Z", "packets", 6,
		"bytes", 2146, "link", "interface", "eth1", "src_mac", "02:00:00:ab:cd:ef",
		"dst_mac", "02:00:00:00:00:01", "dns", "query", "a.example", "b.example", "http",
		"uri", "/A", "uri.raw", "/%41", "user_agent", "curl/8", "count", 1, "first",
		"2026-11-22T04:05:06.123456Z", "last", "2026-11-22T04:05:06.123456Z", "ruleset",
		"sha256:abababababababababababababababababababababababababababababababab", "drill",
		"ACID-2026");
}

static void full_alert(void **state)
{
	(void)state;
	struct fixture_rules rules;
	char tail[512] = "cdn.evil.exampleAROUND";
	size_t at = 22;

	fixture_rules_init(&rules);
	struct sl_match m = fixture_match(&rules, 4);
	full_match(&m);
	at = add_field(tail, at, SL_FIELD_HTTP_URI_RAW, "/%41");
	at = add_field(tail, at, SL_FIELD_HTTP_USER_AGENT, "curl/8");
	at = add_field(tail, at, SL_FIELD_DNS_QUERY, "a.example");
	at = add_field(tail, at, SL_FIELD_HTTP_URI, "/A");
	at = add_field(tail, at, SL_FIELD_DNS_QUERY, "b.example");
	at = add_field(tail, at, SL_FIELD_IP_SRC, "192.0.2.1"); /* the flow has it */
	m.fields_len = (uint16_t)(at - 22);

	json_t *want = full_json();
	char id[SL_COMMUNITY_ID_TEXT];
	json_object_set_new(json_object_get(want, "flow"), "community_id",
			    json_string(sl_community_id(id, &m.flow, 0)));
	assert_json(render(&m, tail, false), want);
}

/* Writes the alert to a file and asks a public validator: true if it holds. */
static bool schema_takes(json_t *alert)
{
	char folder[64], path[96], command[1024];
	const char *here = __FILE__, *root = strstr(here, "tests/unit/");

	fixture_folder(folder);
	snprintf(path, sizeof path, "%s/alert.json", folder);
	assert_int_equal(json_dump_file(alert, path, 0), 0);
	assert_non_null(root);
	snprintf(command, sizeof command,
		 "python3 -W ignore -m jsonschema -i %s %.*sdocs/schema/alert.schema.json "
		 ">%s/said 2>&1",
		 path, (int)(root - here), here, folder);
	int status = system(command);
	fixture_folder_end(folder);
	return status == 0;
}

static void schema_holds(void **state)
{
	(void)state;
	struct fixture_rules rules;
	char tail[64];

	if (system("python3 -c 'import jsonschema' 2>/dev/null") != 0)
		skip();
	fixture_rules_init(&rules);
	struct sl_match m = fixture_match(&rules, 4);
	m.fields_len = (uint16_t)add_field(tail, 0, SL_FIELD_DNS_QUERY, "a.example");
	m.interface = "eth1";
	json_t *alert = render(&m, tail, true);
	assert_true(schema_takes(alert));
	json_object_set_new(alert, "unknown", json_true());
	assert_false(schema_takes(alert));
	json_object_del(alert, "unknown");
	json_object_set_new(alert, "drill", json_null());
	assert_false(schema_takes(alert));
	json_decref(alert);

	m = fixture_match(&rules, 1);
	m.indicator = 1;
	m.flow.proto = 47;
	m.flow.src = (struct sl_address){ .bytes = { 0x20, 1, 0xd, 0xb8 }, .family = 6 };
	alert = render(&m, "", false);
	assert_true(schema_takes(alert));
	json_decref(alert);
}

static void absent_keys(void **state)
{
	(void)state;
	struct fixture_rules rules;

	fixture_rules_init(&rules);
	struct sl_match m = fixture_match(&rules, 1);
	m.indicator = 1;
	m.field = SL_FIELD_PAYLOAD;
	m.to_client = 1;
	m.flow.seen = SL_SEEN_TO_CLIENT;
	m.flow.app = NULL;
	m.flow.proto = 47;
	json_t *got = render(&m, "", true);
	static const char *const absent[] = { "link", "drill", "class", "dns", "http", "tls" };
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		assert_null(json_object_get(got, absent[i]));
	assert_true(json_is_true(json_object_get(got, "retro")));
	json_t *flow = json_object_get(got, "flow"), *ind = json_object_get(got, "indicator");
	assert_null(json_object_get(flow, "app"));
	assert_null(json_object_get(flow, "vlan"));
	assert_null(json_object_get(json_object_get(flow, "src"), "port"));
	assert_int_equal(json_integer_value(json_object_get(flow, "proto")), 47);
	assert_string_equal(json_string_value(json_object_get(flow, "seen")), "to_client");
	assert_string_equal(json_string_value(json_object_get(flow, "direction")), "to_client");
	assert_null(json_object_get(ind, "value"));
	assert_null(json_object_get(ind, "references"));
	assert_string_equal(json_string_value(json_object_get(ind, "type")), "match");
	assert_null(json_object_get(json_object_get(got, "match"), "value"));
	json_decref(got);
}

/* Bytes in many orders, UTF-8 and not: valid JSON, and the bytes come back. */
static void hostile_values(void **state)
{
	(void)state;
	struct fixture_rules rules;
	uint8_t tail[768], back[sizeof tail * 6];

	fixture_rules_init(&rules);
	for (unsigned round = 0; round < 64; round++) {
		for (unsigned i = 0; i < sizeof tail; i++)
			tail[i] = (uint8_t)(i * (2 * round + 1) + i / 256 * round);
		struct sl_match m = fixture_match(&rules, 1);
		m.value_len = sizeof tail;
		json_t *got = render(&m, tail, false);
		json_t *value = json_object_get(json_object_get(got, "match"), "value");
		assert_true(json_string_length(value) <= sizeof back);
		size_t n = sl_text_unescape(back, json_string_value(value));
		assert_int_equal(n, sizeof tail);
		assert_memory_equal(back, tail, n);
		json_decref(got);
	}
}

/* Field records whose lengths lie, or whose field is unknown: what is before them counts. */
static void broken_fields(void **state)
{
	(void)state;
	struct fixture_rules rules;
	char tail[64];

	fixture_rules_init(&rules);
	size_t good = add_field(tail, 0, SL_FIELD_DNS_QUERY, "a.example");
	size_t all = add_field(tail, good, SL_FIELD_TLS_SNI, "b.example");
	for (size_t cut = 0; cut <= all; cut++) {
		struct sl_match m = fixture_match(&rules, 1);
		char *exact = malloc(cut ? cut : 1); /* so that a read too far is seen */
		assert_non_null(exact);
		memcpy(exact, tail, cut);
		m.fields_len = (uint16_t)cut;
		json_t *got = render(&m, exact, false);
		assert_int_equal(json_object_get(got, "dns") != NULL, cut >= good);
		assert_int_equal(json_object_get(got, "tls") != NULL, cut >= all);
		json_decref(got);
		free(exact);
	}
	struct sl_match m = fixture_match(&rules, 1);
	tail[good] = (char)SL_FIELD_COUNT;
	m.fields_len = (uint16_t)all;
	json_t *got = render(&m, tail, false);
	assert_non_null(json_object_get(got, "dns"));
	assert_null(json_object_get(got, "tls"));
	json_decref(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_alert),    cmocka_unit_test(schema_holds),
		cmocka_unit_test(absent_keys),   cmocka_unit_test(hostile_values),
		cmocka_unit_test(broken_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
