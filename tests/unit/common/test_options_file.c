/* Configuration files: maps, complaints with their place, what is refused, hostile files. */
#include "options.h"

/* The key's value, which it has once; NULL: it has none. */
static const char *kafka_value(const char *key)
{
	const char *value = NULL;
	for (size_t i = 0; i < conf.kafka.n; i++)
		if (strcmp(conf.kafka.pair[i].key, key) == 0) {
			assert_null(value);
			value = conf.kafka.pair[i].value;
		}
	return value;
}

static void maps_are_flattened(void **state)
{
	(void)state;
	static const char yaml[] =
		"kafka: { bootstrap.servers: 'k1:9093', country: NO, empty: \"\" }\n"
		"routes:\n"
		"  national: { topic: selat.alerts }\n"
		"  region:\n"
		"    tlp: TLP:GREEN\n"
		"    drop: [a, b]\n"
		"    mask: []\n";
	assert_int_equal(file(yaml), 0);
	assert_string_equal(kafka_value("bootstrap.servers"), "k1:9093");
	assert_string_equal(kafka_value("country"), "NO");
	assert_string_equal(kafka_value("empty"), "");
	assert_null(kafka_value("bootstrap"));
	assert_int_equal(conf.routes.n, 4);
	assert_string_equal(conf.routes.pair[0].key, "national.topic");
	assert_string_equal(conf.routes.pair[0].place, "selat.yaml:3:22");
	assert_string_equal(conf.routes.pair[2].key, "region.drop");
	assert_string_equal(conf.routes.pair[3].value, "b");
	assert_string_equal(conf.routes.pair[3].place, "selat.yaml:6:15");

	assert_int_equal(RUN("-c", "selat.yaml", "-s", "kafka.bootstrap.servers=h:1,h:2", "-s",
			     "routes.region.drop=c", "-s", "routes.region.drop=d"),
			 0);
	assert_string_equal(kafka_value("bootstrap.servers"), "h:1,h:2");
	assert_int_equal(conf.kafka.n, 3);
	assert_int_equal(conf.routes.n, 4); /* c and d instead of a and b */
	assert_string_equal(conf.routes.pair[2].value, "c");
	assert_string_equal(conf.routes.pair[3].value, "d");
	assert_string_equal(conf.routes.pair[3].place, "--set");
}

static void files_that_say_nothing(void **state)
{
	(void)state;
	static const char *const empty[] = {
		"",           "\n", "# all is said\n", "---\n",
		"---\n...\n", "{}", "capture:\n",      "capture: {}\nkafka:\n"
	};

	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
		if (file(empty[i]) != 0)
			fail_msg("%s", err.text);
		assert_int_equal(conf.workers, 1);
	}
}

static void a_scalar_is_a_list_of_one(void **state)
{
	(void)state;
	assert_int_equal(file("capture:\n  interfaces: eth1\n  cpus: []\n"), 0);
	assert_int_equal(conf.interfaces.n, 1);
	assert_string_equal(conf.interfaces.item[0], "eth1");
	assert_int_equal(conf.cpus.n, 0);
}

static void file_complaints_name_the_place(void **state)
{
	(void)state;
	file_says("capture:\n  worker: 4\n",
		  "selat.yaml:2:3: unknown key \"worker\", did you mean \"workers\"?");
	file_says("\ncaptur: {}\n", "selat.yaml:2:1: unknown section \"captur\", did you mean");
	file_says("capture: {workers: 1, workers: 2}",
		  "selat.yaml:1:23: duplicate key \"workers\", "
		  "first in line 1");
	file_says("capture: {}\ncapture: {}\n", "selat.yaml:2:1: duplicate key \"capture\"");
	file_says("routes: {a: {b: 1}, a.b: 2}", "duplicate key \"a.b\"");
	file_says("routes: {a: [], a: []}", "duplicate key \"a\"");
	file_says("capture: {workers: [4]}",
		  "selat.yaml:1:20: workers: wants one value, not a list");
	file_says("capture: {workers: {a: b}}", "workers: wants one value, not a map");
	file_says("capture: {cpus: {a: b}}", "cpus: wants a list of plain values, not a map");
	file_says("capture: {cpus: [1, [2]]}",
		  "selat.yaml:1:21: cpus: wants a list of plain values");
	file_says("capture: {workers: 99}",
		  "selat.yaml:1:20: workers: \"99\" is out of range: 1 to 64");
	file_says("capture: {wait: 999}", "0 to 500 ms");
	file_says("alert: {dump: x}", "selat.yaml:1:15: dump: \"x\" is not one of packets, flows");
	file_says("capture:\n  workers:\n", "workers: has no value");
	file_says("capture:\n  cpus: [a, '', ~]\n  wait: ''\n",
		  "selat.yaml:3:9: wait: \"\" is not");
	file_says("capture: 4\n", "selat.yaml:1:10: section \"capture\" wants keys below it");
	file_says("capture: [a]\n", "wants keys below it");
	file_says("kafka: x\n", "section \"kafka\" wants keys");
	file_says("kafka: {a: }\n", "a key without a value");
	file_says("routes: {a: {}}\n", "a map without keys says nothing");
	file_says("routes: {a: [{b: c}]}\n", "no list or map");
	file_says("- a\n", "selat.yaml:1:1: a configuration is a map of sections");
	file_says("hello\n", "a configuration is a map of sections");
}

static void yaml_that_is_refused(void **state)
{
	(void)state;
	file_says("capture: &a {workers: 1}\n", "selat.yaml:1:10: anchors");
	file_says("capture: {cpus: &a [1]}\n", "anchors");
	file_says("&a capture: {}\n", "selat.yaml:1:1: anchors");
	file_says("routes: {a: x, b: *a}\n", "selat.yaml:1:19: aliases");
	file_says("capture: !!map {}\n", "tags");
	file_says("capture: {workers: !!int 4}\n", "selat.yaml:1:20: tags");
	file_says("capture: {}\n---\nflow: {}\n", "selat.yaml:2:1: a second document");
	write_bytes("\xff\xfe{\0}\0", 6);
	said(RUN("-c", "selat.yaml"), "selat.yaml:1:4: a NUL byte: write the file in UTF-8");
	assert_int_equal(file("\xef\xbb\xbf%YAML 1.1\n---\ncapture: {workers: 4}\n"), 0);
	assert_int_equal(conf.workers, 4);
	file_says("capture: {workers: \"1\\0\"}\n", "a NUL character");
	file_says("routes: {\"a\\0b\": 1}\n", "a NUL character");
	file_says("? [a]\n: b\n", "selat.yaml:1:3: a key is one word");
	file_says("routes: {{a: b}: c}\n", "a key is one word");
	file_says("routes: {\"\": c}\n", "an empty key");
	file_says("routes: {<<: {a: b}}\n---\n", "second document");
	file_says("capture: {workers: 4\n", "invalid YAML");
	file_says("capture:\n\tworkers: 4\n", "selat.yaml:2:1: invalid YAML");
	file_says("alert:\n  output: b: c\n", "selat.yaml:2:12: invalid YAML");
	file_says("capture: {}\nflow: \xff\xfe\n", "selat.yaml:2:7: invalid YAML: invalid");
	file_says("capture: \"\x01\"\n", "selat.yaml:1:11: invalid YAML: control");
}

static void unreadable_files(void **state)
{
	(void)state;
	said(RUN("-c", "absent.yaml"), "absent.yaml: cannot read: No such file");
	said(RUN("-c", "."), ".: cannot read: Is a directory");
	said(RUN("-c", "/dev/zero"), "/dev/zero: larger than 1 MiB");
	assert_int_equal(RUN("-c", "/dev/null"), 0);
	assert_int_equal(run_with(&spec, "absent.yaml", (char *[]){ "-q", NULL }), 0);
	assert_int_equal(run_with(&spec, "selat.yaml/x", (char *[]){ "-q", NULL }), 0);
	said(run_with(&spec, ".", (char *[]){ "-q", NULL }), "Is a directory");
}

/* `head`, then n times `body`, then `tail`, read as a configuration. */
static int flood(const char *head, const char *body, size_t n, const char *tail)
{
	size_t step = strlen(body), room = strlen(head) + step * n + strlen(tail) + 1;
	char *text = malloc(room), *at = stpcpy(text, head);

	for (size_t i = 0; i < n; i++, at += step)
		memcpy(at, body, step);
	strcpy(at, tail);
	int rc = file(text);
	free(text);
	return rc;
}

static void floods_are_bounded(void **state)
{
	(void)state;
	said(flood("routes: ", "{a: ", 10, "x"), "nested too deeply");
	assert_int_equal(flood("routes: ", "{a: ", 9, "x}}}}}}}}}"), 0);
	said(flood("routes: ", "{a: ", 200000, ""), "nested too deeply");
	said(flood("", "[", 1000000, ""), "map of sections");
	said(flood("", "{", 1000000, ""), "a key is one word");
	said(flood("", "? ", 500000, ""), "a key is one word");
	said(flood("routes: {a: ", "[", 900000, ""), "no list or map");
	said(flood("capture: {cpus: [", "a,", 500000, "]}"), "more than 16384 values");
	said(flood("routes: {a: [", "a,", 500000, "]}"), "more than 16384 values");
	said(flood("routes: {? ", "k", 256, ": 1}"), "longer than 255 bytes");
	said(flood("routes: {? ", "k", 1000000, ": 1}"), "longer than 255 bytes");
	said(flood("alert: {dump: ", "v", 1000000, "}"), "is not one of");
	said(flood("alert: {output: ", "v", 1 << 20, "}"), "larger than 1 MiB");
	assert_int_equal(flood("alert: {output: ", "v", 1000000, "}"), 0);
	assert_int_equal(strlen(conf.output), 1000000);
	assert_int_equal(flood("", "#\n", 500000, ""), 0);
	said(flood("", "%TAG !a! a\n", 60000, "---\n{}\n"), "selat.yaml:65:1: too many lines");
	said(flood("{}\r...", "\xc2\x85%TAG !a! a", 60000, "\n---\n"), "too many lines");
	said(flood("", "\n", 1000000, "x"), "selat.yaml:1000001:1: a configuration");
}

static void many_keys_are_bounded(void **state)
{
	(void)state;
	char *text = malloc(1 << 20), *at = stpcpy(text, "kafka:\n");

	for (int i = 0; i < 5000; i++)
		at += sprintf(at, "  k%d: v\n", i);
	said(file(text), "selat.yaml:4097:3: more than 4096 keys");
	free(text);
}

static const char sample[] =
	"capture: { interfaces: [eth1, 'e\\n'], workers: 4 }\n"
	"flow:\n  depth: \"1 M\\x69B\"\n# c\n"
	"kafka: { a.b: 1, c: |\n   text\n}\n"
	"routes:\n  n:\n    - x\n    - \xc3\xa9\n  ? r\n  : {t: *x, u: &y !z v}\n---\n";

/* Every cut, and thousands of mangled copies: an answer, and under a sanitizer no report. */
static void mangled_files_get_an_answer(void **state)
{
	(void)state;
	char bytes[sizeof sample];
	uint64_t seed = 2463534242u;

	for (size_t n = 0; n < sizeof sample; n++) {
		write_bytes(sample, n);
		if (RUN("-c", "selat.yaml") != 0)
			assert_memory_equal(err.text, "selat.yaml:", 11);
	}
	for (int round = 0; round < 4000; round++) {
		memcpy(bytes, sample, sizeof sample);
		for (int i = 0; i < 5; i++) {
			static const char marks[] = "{}[]:,-?&*!|>'\"%@`#\n\t \\\xff\x80\x00k";

			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			bytes[seed % sizeof bytes] = marks[(seed >> 32) % sizeof marks];
		}
		write_bytes(bytes, sizeof bytes - 1);
		if (RUN("-c", "selat.yaml") != 0)
			assert_memory_equal(err.text, "selat.yaml:", 11);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_are_flattened),
		cmocka_unit_test(files_that_say_nothing),
		cmocka_unit_test(a_scalar_is_a_list_of_one),
		cmocka_unit_test(file_complaints_name_the_place),
		cmocka_unit_test(yaml_that_is_refused),
		cmocka_unit_test(unreadable_files),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(many_keys_are_bounded),
		cmocka_unit_test(mangled_files_get_an_answer),
	};
	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
