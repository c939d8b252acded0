/* What lists become: plain ones, and CSV with a header. */
#include "fixture.h"

static void expect(const char *text, struct sl_import_options options, const char *indicators)
{
	struct imported *i = import_text(sl_import_list, text, options);
	assert_string_equal(i->said, "");
	indicators_expect(i, indicators);
	pack_expect(i);
	imported_free(i);
}

static void kinds_are_guessed(void **state)
{
	(void)state;
	expect("evil.example\n198.51.100.7\n2001:db8::/32\nhttp://evil.example/a\n"
	       "d41d8cd98f00b204e9800998ecf8427e\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n"
	       "t13d1516h2_8daaf6152771_b186095e22b6\n",
	       (struct sl_import_options){ 0 },
	       "[{\"id\":\"evil.example\",\"domain\":\"evil.example\"},"
	       "{\"id\":\"198.51.100.7\",\"address\":\"198.51.100.7\"},"
	       "{\"id\":\"2001:db8::/32\",\"address\":\"2001:db8::/32\"},"
	       "{\"id\":\"http://evil.example/a\",\"url\":\"http://evil.example/a\"},"
	       "{\"id\":\"d41d8cd98f00b204e9800998ecf8427e\",\"md5\":"
	       "\"d41d8cd98f00b204e9800998ecf8427e\"},"
	       "{\"id\":\"da39a3ee5e6b4b0d3255bfef95601890afd80709\","
	       "\"sha1\":\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"},"
	       "{\"id\":\"t13d1516h2_8daaf6152771_b186095e22b6\","
	       "\"ja4\":\"t13d1516h2_8daaf6152771_b186095e22b6\"}]");
}

static void forms_of_lists(void **state)
{
	(void)state;
	expect("\xef\xbb\xbf# a list\r\n; of names\n// and more\n\n  hxxps://evil[.]example/ # "
	       "here\r\n"
	       "*.a.example\n||b.example^\n0.0.0.0 "
	       "c.example\nd(dot)example\nd[.]example\n198.51.100[.]7:443\n",
	       (struct sl_import_options){ 0 },
	       "[{\"id\":\"https://evil.example/\",\"url\":\"https://evil.example/\"},"
	       "{\"id\":\"a.example\",\"domain\":\"a.example\"},{\"id\":\"b.example\",\"domain\":"
	       "\"b.example\"},"
	       "{\"id\":\"c.example\",\"domain\":\"c.example\"},{\"id\":\"d.example\",\"domain\":"
	       "\"d.example\"},"
	       "{\"id\":\"198.51.100.7:443\",\"address\":\"198.51.100.7\",\"port\":443}]");
}

static void kind_given(void **state)
{
	(void)state;
	expect("d41d8cd98f00b204e9800998ecf8427e\n",
	       (struct sl_import_options){ .kind = (char *)(uintptr_t) "JA3" },
	       "[{\"id\":\"d41d8cd98f00b204e9800998ecf8427e\",\"ja3\":"
	       "\"d41d8cd98f00b204e9800998ecf8427e\"}]");
}

static void csv_by_kinds(void **state)
{
	(void)state;
	expect("first_seen,Domain,\"IP\",name\r\n2024,evil.example,,\"A \"\"b\"\", "
	       "c\"\r\n2024,x.example,192.0.2.1,\r\n",
	       (struct sl_import_options){ 0 },
	       "[{\"id\":\"evil.example\",\"domain\":\"evil.example\",\"name\":\"A \\\"b\\\", c\"},"
	       "{\"id\":\"x.example\",\"domain\":\"x.example\"},{\"id\":\"192.0.2.1\",\"address\":"
	       "\"192.0.2.1\"}]");
}

/* What is no number is no other number: it is left, and said. */
static void csv_numbers(void **state)
{
	(void)state;
	static const char text[] =
		"value,port,confidence,subdomains\na.example,,70,TRUE\n192.0.2.1,80-90,,\n"
		"b.example,,high,\nc.example,,,no\nd.example,,99999999999999999999,\n";
	struct imported *i = import_text(sl_import_list, text, (struct sl_import_options){ 0 });
	indicators_expect(i, "[{\"id\":\"a.example\",\"domain\":\"a.example\",\"confidence\":70,"
			     "\"subdomains\":true}]");
	for (unsigned line = 3; line <= 6; line++) {
		char place[16];
		snprintf(place, sizeof place, "in:%u: ", line);
		assert_non_null(strstr(i->said, place));
	}
	imported_free(i);
}

static void csv_with_values(void **state)
{
	(void)state;
	char value[] = "value=Observable", *items[] = { value };
	expect("Observable;type;port;references;confidence;subdomains\n"
	       "evil.example;domain;;https://a.example https://b.example;70;false\n192.0.2.1;ip;80 "
	       "443;;;\n",
	       (struct sl_import_options){ .columns = { items, 1 } },
	       "[{\"id\":\"evil.example\",\"domain\":\"evil.example\",\"references\":[\"https://"
	       "a.example\","
	       "\"https://b.example\"],\"confidence\":70,\"subdomains\":false},"
	       "{\"id\":\"192.0.2.1\",\"address\":\"192.0.2.1\",\"port\":[80,443]}]");
}

static void what_is_no_value(void **state)
{
	(void)state;
	struct imported *i =
		import_text(sl_import_list, "evil.example\nno value\n198.51.100.7/24\n",
			    (struct sl_import_options){ 0 });
	assert_int_equal(i->im.left, 2);
	assert_int_equal(json_array_size(i->im.indicators), 1);
	assert_non_null(strstr(i->said, "in:2: \"no value\" is no domain name"));
	assert_non_null(strstr(i->said, "in:3: "));
	imported_free(i);
	i = import_text(sl_import_list, "value,kind\n\"evil.example\nx\",wine\n192.0.2.1,ip\n",
			(struct sl_import_options){ 0 });
	assert_string_equal(i->said, "in:2: \"wine\" is no kind of indicator\n");
	indicators_expect(i, "[{\"id\":\"192.0.2.1\",\"address\":\"192.0.2.1\"}]");
	imported_free(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_guessed), cmocka_unit_test(forms_of_lists),
		cmocka_unit_test(kind_given),        cmocka_unit_test(csv_by_kinds),
		cmocka_unit_test(csv_numbers),
		cmocka_unit_test(csv_with_values),   cmocka_unit_test(what_is_no_value),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
