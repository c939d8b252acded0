/* Compiling: the same packs give the same bytes; tables hold what was put in. */
#include "compile.h"

static const char pack_a[] =
	HEAD("t/a") "\"defaults\":{\"severity\":\"high\",\"confidence\":80},"
		    "\"indicators\":["
		    "{\"id\":\"d\",\"domain\":\"Evil.Example.\",\"subdomains\":false,\"tlp\":\"TLP:"
		    "RED\"},"
		    "{\"id\":\"u\",\"url\":\"HTTP://"
		    "evil.example:80\",\"status\":\"shadow\",\"drill\":\"EX-1\","
		    "\"references\":[\"http://a.example/1\",\"http://a.example/2\"]},"
		    "{\"id\":\"net\",\"address\":\"198.51.100.0/"
		    "24\",\"port\":[53,443],\"proto\":\"udp\","
		    "\"valid_until\":\"2030-01-01T00:00:00Z\"},"
		    "{\"id\":\"host6\",\"address\":\"2001:db8::1\",\"confidence\":1},"
		    "{\"id\":\"eq\",\"match\":[{\"field\":\"http.method\",\"equals\":\"POST\"},"
		    "{\"field\":\"http.uri\",\"equals\":\"/Ab\",\"nocase\":true},"
		    "{\"field\":\"dns.query\",\"equals\":\"C2.example.\"}]}]}";

static const char pack_b[] =
	HEAD("t/b") "\"indicators\":["
		    "{\"id\":\"x\",\"match\":[{\"field\":\"http.uri\",\"contains\":\"same\"}]},"
		    "{\"id\":\"y\",\"match\":[{\"field\":\"http.uri\",\"contains\":\"same\"}]},"
		    "{\"id\":\"z\",\"scope\":\"packet\",\"match\":[{\"field\":\"http.uri\","
		    "\"starts\":\"same\"}]}]}";

static void same_packs_same_bytes(void **state)
{
	(void)state;
	char *one[] = { (char *)(uintptr_t) "a.json", (char *)(uintptr_t) "b.json" };
	char *two[] = { one[1], one[0] };
	size_t size, again;
	file_write("a.json", pack_a);
	file_write("b.json", pack_b);
	compile_to("1", one, 2);
	compile_to("2", two, 2);
	char *first = file_slurp("1", &size), *second = file_slurp("2", &again);
	assert_int_equal(size, again);
	assert_memory_equal(first, second, size);
	free(first);
	free(second);
	for (size_t i = 0; i < 2; i++)
		unlink(one[i]);
	unlink("1");
	unlink("2");
}

static void one_content_one_identity(void **state)
{
	(void)state;
	struct sl_ruleset *json = open_text(
		"p.json",
		HEAD("t/a") "\"indicators\":[{\"id\":\"x\",\"domain\":\"no\",\"subdomains\":false},"
			    "{\"address\":\"192.0.2.1\",\"id\":\"y\",\"port\":53}]}");
	struct sl_ruleset *lines = open_text(
		"p.jsonl",
		"{\"selat\":1,\"pack\":\"t/a\",\"version\":1,\"author\":\"a\","
		"\"tlp\":\"TLP:GREEN\"}\n{\"id\":\"x\",\"domain\":\"no\",\"subdomains\":false}\n"
		"{\"id\":\"y\",\"address\":\"192.0.2.1\",\"port\":53}\n");
	struct sl_ruleset *yaml =
		open_text("p.yaml", "tlp: TLP:GREEN\nselat: 1\npack: t/a\n"
				    "author: a\nversion: 1\nindicators:\n"
				    "- { id: x, domain: no, subdomains: false }\n"
				    "- id: y\n  address: 192.0.2.1\n  port: 53\n");
	struct sl_ruleset *other = open_text(
		"p.json", HEAD("t/a") "\"indicators\":[{\"id\":\"x\",\"domain\":\"na\"}]}");
	assert_memory_equal(json->header->identity, lines->header->identity, 32);
	assert_memory_equal(json->header->identity, yaml->header->identity, 32);
	assert_memory_not_equal(json->header->identity, other->header->identity, 32);
	assert_int_equal(lines->indicators_n, 2);
	sl_ruleset_free(json);
	sl_ruleset_free(lines);
	sl_ruleset_free(yaml);
	sl_ruleset_free(other);
}

static uint32_t found(const struct sl_table *t, const void *key, size_t len)
{
	struct sl_postings p = sl_table_get(t, sl_span_of(key, len));
	return p.n == 1 ? p.value[0] : UINT32_MAX;
}

static void tables_hold_what_was_put_in(void **state)
{
	(void)state;
	struct sl_ruleset *rs = open_text("a.json", pack_a);
	static const uint8_t net[] = { 24, 198, 51, 100, 0 };
	uint8_t host[17] = { 128, 0x20, 0x01, 0x0d, 0xb8, [16] = 1 };
	char key[16] = { SL_FIELD_HTTP_METHOD, 'P', 'O', 'S', 'T' };
	assert_int_equal(found(&rs->domains, "evil.example", 12), 0);
	assert_int_equal(found(&rs->urls, "http://evil.example/", 20), 1);
	assert_int_equal(found(&rs->prefix4, net, sizeof net), 2);
	assert_int_equal(found(&rs->prefix6, host, sizeof host), 3);
	assert_int_equal(found(&rs->equals, key, 5), 0);
	assert_int_equal(found(&rs->equals_nocase, key, 5), UINT32_MAX);
	memcpy(key, (char[]){ SL_FIELD_HTTP_URI, '/', 'a', 'b' }, 4);
	assert_int_equal(found(&rs->equals_nocase, key, 4), 1);
	key[0] = SL_FIELD_DNS_QUERY; /* names are compared in any case, without the last dot */
	memcpy(key + 1, "c2.example", 10);
	assert_int_equal(found(&rs->equals_nocase, key, 11), 2);
	assert_int_equal(rs->prefixes.v4, UINT64_C(1) << 24);
	assert_int_equal(rs->prefixes.v6[2], 1);
	sl_ruleset_free(rs);
}

static void records_hold_metadata(void **state)
{
	(void)state;
	struct sl_ruleset *rs = open_text("a.json", pack_a);
	const struct sl_ruleset_indicator *ind = rs->indicators;
	assert_int_equal(sl_ruleset_meta(rs, 0)->tlp, SL_TLP_RED);
	assert_int_equal(sl_ruleset_meta(rs, 1)->tlp, SL_TLP_GREEN);
	assert_int_equal(sl_ruleset_meta(rs, 0)->severity, SL_HIGH);
	assert_int_equal(ind[0].flags, 0);
	assert_int_equal(ind[1].flags, SL_IND_SHADOW);
	assert_string_equal(sl_ruleset_string(rs, sl_ruleset_meta(rs, 1)->drill), "EX-1");
	assert_string_equal(sl_ruleset_string(rs, sl_ruleset_meta(rs, 1)->references),
			    "http://a.example/1\nhttp://a.example/2");
	assert_string_equal(sl_ruleset_string(rs, ind[0].value), "Evil.Example.");
	assert_string_equal(sl_ruleset_string(rs, sl_ruleset_meta(rs, 0)->class_), "other");
	const struct sl_ruleset_where *where = &rs->wheres[ind[2].where];
	assert_int_equal(ind[1].where, 0);
	assert_int_equal(where->protos[0], 1 << 17);
	assert_int_equal(where->own_port.n, 2);
	assert_int_equal(rs->ports[where->own_port.first + 1].first, 443);
	assert_int_equal(rs->ports[where->own_port.first + 1].last, 443);
	assert_int_equal(sl_ruleset_meta(rs, 2)->valid_until, 1893456000);
	assert_true(sl_ruleset_meta(rs, 2)->valid_from == INT64_MIN);
	assert_int_equal(sl_ruleset_meta(rs, 2)->confidence, 80);
	assert_int_equal(sl_ruleset_meta(rs, 3)->confidence, 1);
	assert_int_equal(ind[4].meta, ind[0].meta + 4); /* each says something else */
	assert_int_equal(ind[4].conditions_n, 3);
	sl_ruleset_free(rs);
}

static void same_pattern_is_compiled_once(void **state)
{
	(void)state;
	struct sl_ruleset *rs = open_text("b.json", pack_b);
	assert_int_equal(rs->databases_n, 1);
	const struct sl_ruleset_database *db = &rs->database[0];
	assert_int_equal(db->patterns_n, 2);
	assert_int_equal(db->patterns[0].conditions_n, 2);
	assert_int_equal(rs->pattern_conditions[db->patterns[0].condition], 0);
	assert_int_equal(rs->pattern_conditions[db->patterns[0].condition + 1], 1);
	assert_int_equal(db->patterns[0].flags, 0);
	assert_int_equal(db->patterns[1].flags, SL_PATTERN_STARTS);
	assert_int_equal(db->patterns[1].len, 4);
	assert_int_equal(rs->indicators[2].scope, SL_SCOPE_PACKET);
	sl_ruleset_free(rs);
}

static void exact_kinds_need_no_condition(void **state)
{
	(void)state;
	struct sl_ruleset *rs = open_text(
		"p.json", HEAD("t/a") "\"indicators\":["
				      "{\"id\":\"m\",\"md5\":\"D41D8CD98F00B204E9800998ECF8427E\"},"
				      "{\"id\":\"j\",\"ja3\":\"d41d8cd98f00b204e9800998ecf8427e\"}]}");
	char key[64] = { SL_FIELD_FILE_MD5 };
	strcpy(key + 1, "d41d8cd98f00b204e9800998ecf8427e");
	assert_int_equal(rs->conditions_n, 0);
	assert_int_equal(found(&rs->equals, key, 33), SL_POSTING_INDICATOR | 0);
	key[0] = SL_FIELD_JA3_HASH;
	assert_int_equal(found(&rs->equals, key, 33), SL_POSTING_INDICATOR | 1);
	assert_int_equal(rs->indicators[0].kind, SL_IND_MD5);
	sl_ruleset_free(rs);
}

static void lists_stand_in_tables(void **state)
{
	(void)state;
	file_write("values", "one\nTwo\n# none\nhex:00ff\n");
	file_write("networks", "192.0.2.0/24\n2001:db8::1\n");
	struct sl_ruleset *rs = open_text(
		"p.json", HEAD("t/a") "\"indicators\":["
				      "{\"id\":\"v\",\"match\":[{\"field\":\"http.uri\",\"in\":\"values\"}]},"
				      "{\"id\":\"n\",\"match\":[{\"field\":\"ip.src\",\"in\":\"networks\"},"
				      "{\"field\":\"http.uri\",\"in\":\"values\",\"nocase\":true,\"not\":true}]}]}");
	char key[] = { SL_FIELD_HTTP_URI, 'T', 'w', 'o' };
	static const uint8_t net[] = { 24, 192, 0, 2, 0 };
	assert_int_equal(found(&rs->equals, key, 4), 0);
	assert_int_equal(found(&rs->equals, (char[]){ SL_FIELD_HTTP_URI, 0, '\xff' }, 3), 0);
	assert_int_equal(found(&rs->equals, (char[]){ SL_FIELD_HTTP_URI, '#' }, 2), UINT32_MAX);
	key[1] = 't'; /* also with `not`, since whether a value is in it is looked up */
	assert_int_equal(found(&rs->equals_nocase, key, 4), 2);
	assert_int_equal(found(&rs->prefix4, net, sizeof net), SL_POSTING_CONDITION | 1);
	assert_int_equal(rs->prefix6.n, 1);
	assert_int_equal(rs->always_n, 1);
	assert_int_equal(rs->always[0].condition, 2);
	unlink("values");
	unlink("networks");
	sl_ruleset_free(rs);
}

static const char marking[] = HEAD("t/a") "\"indicators\":["
					  "{\"id\":\"a\",\"domain\":\"a.example\",\"where\":{\"port\":[\"80\",\"!81-90\"]},"
					  "\"mark\":[\"x\"]},"
					  "{\"id\":\"b\",\"domain\":\"b.example\",\"where\":{\"port\":[\"80\",\"!81-90\"]},"
					  "\"mark\":[\"x\"]},"
					  "{\"id\":\"c\",\"match\":[],\"where\":{\"marked\":[\"x\"],\"proto\":\"udp\"}},"
					  "{\"id\":\"d\",\"domain\":\"d.example\"}]}";

static void what_is_the_same_is_one_row(void **state)
{
	(void)state;
	struct sl_ruleset *rs = open_text("p.json", marking);
	const struct sl_ruleset_indicator *ind = rs->indicators;
	const struct sl_ruleset_where *where = &rs->wheres[ind[0].where];
	assert_true(ind[0].where != 0 && ind[0].action != 0);
	assert_int_equal(ind[0].where, ind[1].where);
	assert_int_equal(ind[0].action, ind[1].action);
	assert_int_equal(ind[0].meta, ind[3].meta);
	assert_int_equal(ind[3].where, 0);
	assert_int_equal(rs->wheres_n, 3);
	assert_int_equal(rs->actions_n, 2);
	assert_int_equal(where->port.n, 2);
	assert_int_equal(rs->ports[where->port.first + 1].negated, 1);
	assert_int_equal(rs->ports[where->port.first + 1].last, 90);
	assert_int_equal(rs->wheres[ind[2].where].protos[0], 1 << 17);
	assert_int_equal(rs->flowwise_n, 1);
	assert_int_equal(rs->flowwise[0], 2);
	sl_ruleset_free(rs);
}

/* A mark means the same in every ruleset, and another in another pack. */
static void marks_are_of_their_pack(void **state)
{
	(void)state;
	struct sl_ruleset *one = open_text("p.json", marking);
	struct sl_ruleset *two = open_text(
		"p.json", HEAD("t/a") "\"indicators\":[{\"id\":\"z\",\"domain\":\"z\",\"mark\":[\"y\",\"x\"]}]}");
	struct sl_ruleset *other = open_text(
		"p.json", HEAD("t/b") "\"indicators\":[{\"id\":\"z\",\"domain\":\"z\",\"mark\":[\"x\"]}]}");
	uint32_t x = one->marks[one->actions[one->indicators[0].action].set.first];
	assert_int_equal(one->marks[one->wheres[one->indicators[2].where].marked.first], x);
	assert_int_equal(two->marks[two->actions[two->indicators[0].action].set.first + 1], x);
	assert_int_not_equal(two->marks[two->actions[two->indicators[0].action].set.first], x);
	assert_int_not_equal(other->marks[other->actions[other->indicators[0].action].set.first], x);
	sl_ruleset_free(one);
	sl_ruleset_free(two);
	sl_ruleset_free(other);
}

static void records_of_groups(void **state)
{
	(void)state;
	struct sl_ruleset *rs = open_text(
		"p.json", HEAD("t/a") "\"indicators\":[{\"id\":\"g\",\"match\":["
				      "{\"field\":\"http.uri\",\"contains\":\"ABC\",\"nocase\":true},"
				      "{\"field\":\"http.uri\",\"hex\":\"00 41\",\"distance\":3,\"within\":7},"
				      "{\"field\":\"http.host\",\"contains\":\"x\",\"transform\":[\"dotprefix\"]},"
				      "{\"field\":\"http.cookie\",\"absent\":true}]}]}");
	const struct sl_ruleset_condition *c = rs->conditions;
	assert_int_equal(rs->conditions_n, 4);
	assert_memory_equal(rs->strings + c[0].bytes, "abc", 3);
	assert_memory_equal(rs->strings + c[1].bytes, "\0A", 2);
	assert_int_equal(c[1].len, 2);
	assert_true(c[0].flags & SL_COND_CONFIRM && c[1].flags & SL_COND_CONFIRM && c[1].flags & SL_COND_SAME);
	assert_int_equal(c[0].position, 0);
	assert_int_equal(rs->positions[c[1].position].distance, 3);
	assert_int_equal(rs->positions[c[1].position].within, 7);
	assert_int_equal(rs->positions[c[1].position].offset, SL_NOT_GIVEN);
	assert_int_equal(c[1].bit, 0);
	assert_int_equal(c[2].bit, 1);
	assert_int_equal(c[2].field, SL_FIELD_COUNT);
	assert_int_equal(sl_ruleset_field(rs, c[2].field), SL_FIELD_HTTP_HOST);
	assert_int_equal(rs->derived[0].transform[0], SL_DOTPREFIX);
	assert_int_equal(rs->indicators[0].flags, SL_IND_ENDWISE);
	assert_int_equal(rs->always_n, 1);
	assert_int_equal(rs->endwise_n, 0);
	sl_ruleset_free(rs);
}

static void the_old_file_stays_on_failure(void **state)
{
	(void)state;
	struct sl_image image = { 0 };
	struct sl_err err = { "" };
	assert_int_equal(sl_image_write(&image, "/nonexistent/x", &err), SL_EFAIL);
	assert_string_equal(err.text,
			    "/nonexistent/x: cannot write beside it: No such file or directory");
	assert_int_equal(sl_image_write(&image, "/dev/null", &err), SL_EUSAGE);
	assert_int_equal(access("/dev/null", W_OK), 0);
}

/* One transform more than a ruleset has room for is said with its place, not of the ruleset as a whole. */
static void too_many_transforms(void **state)
{
	(void)state;
	static const char *const how[] = { "to_md5", "to_sha1", "to_lowercase", "to_uppercase", "url_decode",
					   "dotprefix", "strip_whitespace", "compress_whitespace", "base64_decode" };
	char *names[] = { (char[]){ "p.jsonl" } }, text[16384];
	size_t at = (size_t)snprintf(text, sizeof text, "{\"selat\":1,\"pack\":\"t/a\",\"version\":1,"
							"\"author\":\"a\",\"tlp\":\"TLP:GREEN\"}\n");
	for (unsigned i = 0; i < SL_DERIVED_MAX + 1; i++)
		at += (size_t)snprintf(text + at, sizeof text - at,
				       "{\"id\":\"%u\",\"match\":[{\"field\":\"http.uri\",\"transform\":[\"%s\","
				       "\"%s\"],\"contains\":\"abcdef\"}]}\n", i, how[i % 9], how[i / 9]);
	file_write(names[0], text);
	char *said = problems_of(names, 1);
	assert_non_null(strstr(said, "p.jsonl:66:"));
	assert_non_null(strstr(said, "more than 64 different transforms"));
	assert_null(strstr(said, "p.jsonl:65:"));
	free(said);
	unlink(names[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_many_transforms),
		cmocka_unit_test(same_packs_same_bytes),
		cmocka_unit_test(one_content_one_identity),
		cmocka_unit_test(tables_hold_what_was_put_in),
		cmocka_unit_test(records_hold_metadata),
		cmocka_unit_test(same_pattern_is_compiled_once),
		cmocka_unit_test(exact_kinds_need_no_condition),
		cmocka_unit_test(lists_stand_in_tables),
		cmocka_unit_test(what_is_the_same_is_one_row),
		cmocka_unit_test(marks_are_of_their_pack),
		cmocka_unit_test(records_of_groups),
		cmocka_unit_test(the_old_file_stays_on_failure),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
