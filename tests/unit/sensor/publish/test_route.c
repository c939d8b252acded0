/* Routes from the configuration: what is not clear is refused, with place and way out. */
#include "fixture.h"

#include <sensor/publish/route.h>

static struct sl_map map_of(struct sl_pair *pair, size_t n)
{
	return (struct sl_map){ pair, n };
}

static struct sl_pair pair_of(const char *key, const char *value)
{
	return (struct sl_pair){ (char *)(uintptr_t)key, (char *)(uintptr_t)value,
				 (char *)(uintptr_t) "selat.yaml:12:5" };
}

static struct sl_pair cluster, embedded;

static void good_routes(void **state)
{
	(void)state;
	struct sl_routes r;
	struct sl_err err = { "" };
	struct sl_pair pair[] = {
		pair_of("national.topic", "selat.alerts"),
		pair_of("national.tlp", "TLP:CLEAR"),
		pair_of("region.tlp", "TLP:GREEN"),
		pair_of("region.topic", "selat.region.alerts"),
		pair_of("national.tlp", "TLP:AMBER+STRICT"), /* as --set adds it */
	};
	struct sl_map kafka = map_of(&cluster, 1), routes = map_of(pair, 5);

	assert_int_equal(sl_routes_read(&r, &kafka, &routes, &err), SL_OK);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.route[0].name, "national");
	assert_string_equal(r.route[0].topic, "selat.alerts");
	assert_int_equal(r.route[0].tlp, SL_TLP_AMBER_STRICT);
	assert_string_equal(r.route[1].name, "region");
	assert_int_equal(r.route[1].tlp, SL_TLP_GREEN);
}

static void nothing_and_trial(void **state)
{
	(void)state;
	struct sl_routes r;
	struct sl_err err = { "" };
	struct sl_map kafka = map_of(&embedded, 1), none = map_of(NULL, 0);

	assert_int_equal(sl_routes_read(&r, NULL, NULL, &err), SL_OK);
	assert_int_equal(r.n, 0);
	assert_int_equal(sl_routes_read(&r, &kafka, &none, &err), SL_OK);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.route[0].name, "trial");
	assert_string_equal(r.route[0].topic, "selat.alerts");
	assert_int_equal(r.route[0].tlp, SL_TLP_AMBER_STRICT);
	kafka = map_of(&cluster, 1);
	assert_int_equal(sl_routes_read(&r, &kafka, &none, &err), SL_EUSAGE);
	assert_non_null(strstr(err.text, "there are no routes"));
}

/* One bad route beside what it needs; the message must have these words. */
static void refused(const char *key, const char *value, const char *words)
{
	struct sl_routes r;
	struct sl_err err = { "" };
	struct sl_pair pair[] = { pair_of("a.topic", "t"), pair_of("a.tlp", "TLP:GREEN"),
				  pair_of(key, value) };
	struct sl_map kafka = map_of(&cluster, 1), routes = map_of(pair, 3);

	assert_int_equal(sl_routes_read(&r, &kafka, &routes, &err), SL_EUSAGE);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void bad_routes(void **state)
{
	(void)state;
	char name[128];

	refused("a.tlp", "TLP:RED", "selat.yaml:12:5: routes.a.tlp: TLP:RED");
	refused("a.tlp", "GREEN", "\"GREEN\" is no label");
	refused("a.tlp", "", "is no label");
	refused("a.topik", "x",
		"selat.yaml:12:5: unknown key \"routes.a.topik\", did you mean "
		"\"topic\"?");
	refused("a.quite_other", "x", "a route has topic and tlp");
	refused("a", "x", "a route is a section");
	refused("a.topic", "", "no topic's name");
	refused("a.topic", "no spaces", "no topic's name");
	refused("../a.topic", "t", "route's name");
	refused("a/b.topic", "t", "route's name");
	refused("b.topic", "t", "routes.b has no tlp");
	refused("b.tlp", "TLP:GREEN", "routes.b has no topic");
	memset(name, 'n', 65);
	strcpy(name + 65, ".topic");
	refused(name, "t", "at most 64");
}

static void routes_without_kafka(void **state)
{
	(void)state;
	struct sl_routes r;
	struct sl_err err = { "" };
	struct sl_pair pair[] = { pair_of("a.topic", "t"), pair_of("a.tlp", "TLP:GREEN") };
	struct sl_map routes = map_of(pair, 2);

	assert_int_equal(sl_routes_read(&r, NULL, &routes, &err), SL_EUSAGE);
	assert_non_null(strstr(err.text, "no Kafka"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_routes),
		cmocka_unit_test(nothing_and_trial),
		cmocka_unit_test(bad_routes),
		cmocka_unit_test(routes_without_kafka),
	};
	cluster = pair_of("bootstrap.servers", "127.0.0.1:9092");
	embedded = pair_of("bootstrap.servers", "embedded");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
