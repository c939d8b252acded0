/* Options: levels of authority, complaints with their place, hostile files, help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <selat/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct conf {
	bool quiet, checksums;
	uint64_t workers, depth, wait, limit;
	char *output, *dump;
	struct sl_list read, cpus, interfaces;
	struct sl_map kafka, routes;
};

static const char *const dumps[] = { "packets", "flows", "fields", NULL };

#define AT(member) .offset = offsetof(struct conf, member)

static const struct sl_option table[] = {
	{ .letter = 'q', .name = "quiet", .type = SL_OPT_FLAG, AT(quiet), .help = "say less" },
	{ .section = "capture",
	  .key = "checksums",
	  .type = SL_OPT_FLAG,
	  AT(checksums),
	  .initial = "true",
	  .help = "verify checksums" },
	{ .section = "capture",
	  .key = "workers",
	  .letter = 'w',
	  .name = "workers",
	  .type = SL_OPT_U64,
	  AT(workers),
	  .arg = "N",
	  .min = 1,
	  .max = 64,
	  .initial = "1",
	  .help = "worker threads" },
	{ .section = "capture",
	  .key = "wait",
	  .type = SL_OPT_U64,
	  AT(wait),
	  .arg = "ms",
	  .max = 500,
	  .initial = "10",
	  .help = "how long a block may fill" },
	{ .section = "flow",
	  .key = "depth",
	  .type = SL_OPT_BYTES,
	  AT(depth),
	  .min = 1024,
	  .max = 1 << 30,
	  .initial = "1 MiB",
	  .help = "bytes a direction that are inspected" },
	{ .section = "alert",
	  .key = "output",
	  .letter = 'o',
	  .name = "output",
	  .type = SL_OPT_TEXT,
	  AT(output),
	  .arg = "FILE",
	  .help = "alerts as JSON Lines" },
	{ .section = "alert",
	  .key = "dump",
	  .name = "dump",
	  .type = SL_OPT_TEXT,
	  AT(dump),
	  .choices = dumps,
	  .help = "what the sensor sees" },
	{ .name = "limit", .type = SL_OPT_U64, AT(limit), .max = UINT64_MAX, .help = "no limit" },
	{ .letter = 'r',
	  .name = "read",
	  .type = SL_OPT_LIST,
	  .greedy = true,
	  AT(read),
	  .arg = "FILE",
	  .help = "captures to read" },
	{ .section = "capture",
	  .key = "cpus",
	  .type = SL_OPT_LIST,
	  AT(cpus),
	  .initial = "0,1",
	  .help = "processors to run on" },
	{ .section = "capture",
	  .key = "interfaces",
	  .letter = 'i',
	  .name = "interface",
	  .type = SL_OPT_LIST,
	  AT(interfaces),
	  .arg = "IF",
	  .help = "interfaces to listen on" },
	{ .section = "kafka", .type = SL_OPT_MAP, AT(kafka), .help = "settings for librdkafka" },
	{ .section = "routes", .type = SL_OPT_MAP, AT(routes), .help = "where alerts may go" },
};

static const struct sl_options spec = {
	.program = "prog",
	.synopsis = "[OPTION…] FILE…",
	.about = "Tries out options.",
	.table = table,
	.n = sizeof table / sizeof table[0],
	.epilog = "Examples:\n  prog -r x",
	.operands = true,
};

static struct conf conf;
static struct sl_list operands;
static struct sl_err err;

/* Reads "prog ARG…"; the arguments end with NULL. */
static int run_with(const struct sl_options *s, const char *config, char *const *args)
{
	char *argv[32] = { "prog" };
	int argc = 1;

	for (; *args; args++)
		argv[argc++] = *args;
	sl_options_free(s, &conf);
	sl_list_free(&operands);
	memset(&conf, 0xa5, sizeof conf); /* the caller's struct may hold anything */
	err.text[0] = '\0';
	return sl_options_read(s, config, argc, argv, &conf, &operands, &err);
}

#define RUN(...) run_with(&spec, NULL, (char *[]){ __VA_ARGS__, NULL })

static void said(int rc, const char *want)
{
	assert_int_equal(rc, SL_EUSAGE);
	if (!strstr(err.text, want))
		fail_msg("\"%s\" does not say \"%s\"", err.text, want);
}

static void write_bytes(const char *bytes, size_t n)
{
	int fd = open("selat.yaml", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

static void write_file(const char *yaml)
{
	write_bytes(yaml, strlen(yaml));
}

static int file(const char *yaml)
{
	write_file(yaml);
	return RUN("-c", "selat.yaml");
}

static void file_says(const char *yaml, const char *want)
{
	said(file(yaml), want);
}

static void initial_values_stand(void **state)
{
	(void)state;
	assert_int_equal(run_with(&spec, NULL, (char *[]){ NULL }), SL_OPTIONS_GO);
	assert_false(conf.quiet);
	assert_true(conf.checksums);
	assert_int_equal(conf.workers, 1);
	assert_int_equal(conf.depth, 1 << 20);
	assert_null(conf.output);
	assert_int_equal(conf.cpus.n, 2);
	assert_string_equal(conf.cpus.item[1], "1");
	assert_int_equal(conf.read.n, 0);
	assert_int_equal(conf.kafka.n, 0);
}

static void levels_of_authority(void **state)
{
	(void)state;
	write_file("capture: {workers: 2, cpus: [7], wait: 20}\nflow: {depth: 2 MiB}\n");

	assert_int_equal(RUN("-cselat.yaml"), 0);
	assert_int_equal(conf.workers, 2);
	assert_int_equal(conf.cpus.n, 1);
	assert_int_equal(conf.depth, 2 << 20);
	assert_int_equal(
		RUN("-w4", "-s", "capture.workers=3", "-s", "capture.wait=30", "-c", "selat.yaml"),
		0);
	assert_int_equal(conf.workers, 4);
	assert_int_equal(conf.wait, 30);
	assert_int_equal(conf.depth, 2 << 20);
	assert_int_equal(run_with(&spec, "selat.yaml", (char *[]){ "--set=capture.cpus=", NULL }),
			 0);
	assert_int_equal(conf.workers, 2);
	assert_int_equal(conf.cpus.n, 0);
}

static void lists_replace_lower_levels_and_grow(void **state)
{
	(void)state;
	write_file("capture: {interfaces: [eth9, eth8]}\n");

	assert_int_equal(RUN("-c", "selat.yaml", "-s", "capture.interfaces=a,b", "-s",
			     "capture.interfaces=c"),
			 0);
	assert_int_equal(conf.interfaces.n, 3);
	assert_string_equal(conf.interfaces.item[2], "c");
	assert_int_equal(
		RUN("-c", "selat.yaml", "-s", "capture.interfaces=a", "-i", "x,y", "-i", "z"), 0);
	assert_int_equal(conf.interfaces.n, 2);
	assert_string_equal(conf.interfaces.item[0], "x,y");
	said(RUN("-s", "capture.interfaces=a,,b"), "an item is empty");
}

static void operands_and_greedy_lists(void **state)
{
	(void)state;
	assert_int_equal(RUN("one", "-r", "a", "b", "-", "-q", "two", "-r", "c", "--", "-x", "-"),
			 0);
	assert_int_equal(conf.read.n, 4);
	assert_string_equal(conf.read.item[1], "b");
	assert_string_equal(conf.read.item[2], "-");
	assert_string_equal(conf.read.item[3], "c");
	assert_true(conf.quiet);
	assert_int_equal(operands.n, 4);
	assert_string_equal(operands.item[0], "one");
	assert_string_equal(operands.item[1], "two");
	assert_string_equal(operands.item[2], "-x");
	assert_string_equal(operands.item[3], "-");
	assert_int_equal(RUN("-qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqw3"), 0);
	assert_int_equal(conf.workers, 3);
	assert_int_equal(RUN("-o", "-", "-r-"), 0);
	assert_string_equal(conf.output, "-");
	assert_string_equal(conf.read.item[0], "-");
}

static void usage_errors(void **state)
{
	(void)state;
	said(RUN("--workes", "4"), "unknown option \"--workes\", did you mean \"--workers\"?");
	said(RUN("--confg=x"), "did you mean \"--config\"?");
	said(RUN("--zzzzzzzzz"), "unknown option \"--zzzzzzzzz\" (prog --help");
	said(RUN("-x"), "unknown option \"-x\"");
	said(RUN("-q\xff"), "unknown option \"-\\xff\"");
	said(RUN("--c\x1b"), "\\x1b");
	said(RUN("-w"), "option --workers needs a value: --workers N");
	said(RUN("--output"), "option --output needs a value");
	said(RUN("--quiet=1"), "option --quiet takes no value");
	said(RUN("--limit", "x"), "--limit: \"x\" is not a whole number");
	assert_null(strchr(err.text, ',')); /* no limit, so none is named */
	assert_int_equal(RUN("--limit", "18446744073709551615"), 0);
	assert_true(conf.limit == UINT64_MAX);
	said(RUN("-w", "65"), "--workers: \"65\" is out of range: 1 to 64");
	said(RUN("-w", "0"), "out of range");
	said(RUN("-w", "x"), "--workers: \"x\" is not a whole number, 1 to 64");
	said(RUN("-w", "-1"), "not a whole number");
	said(RUN("-w", " 1"), "not a whole number");
	said(RUN("-w", ""), "not a whole number");
	said(RUN("-w", "18446744073709551617"), "not a whole number");
	said(RUN("--dump", "packet"), "\"packet\" is not one of packets, flows, fields");

	struct sl_options bare = spec;
	bare.operands = false;
	said(run_with(&bare, NULL, (char *[]){ "x", NULL }),
	     "unexpected \"x\": prog takes options");
	assert_int_equal(operands.n, 0);
}

static void set_errors(void **state)
{
	(void)state;
	static char *const malformed[] = { "",           "x",          "capture.workers",
					   ".workers=1", "capture.=1", "capture=1",
					   "=",          "." };

	for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
		said(RUN("-s", malformed[i]), "write --set SECTION.KEY=VALUE");
	said(RUN("-s", "capture.worker=1"),
	     "--set capture.worker: unknown key \"worker\", did you mean \"workers\"?");
	said(RUN("-s", "captur.workers=1"),
	     "unknown section \"captur\", did you mean \"capture\"?");
	said(RUN("-s", "capture.workers=99"), "--set capture.workers: \"99\" is out of range");
	said(RUN("-s", "capture.wait=501"), "0 to 500 ms");
	said(RUN("-s", "flow.depth=12 parsecs"), "size such as 64 MiB, 1 KiB to 1 GiB");
	said(RUN("-s", "flow.depth=2 GiB"), "1 KiB to 1 GiB");
	said(RUN("-s", "capture.checksums=maybe"), "true or false");
}

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

/* What a call prints to stdout. */
static char *printed(void (*print)(void))
{
	static char text[16384];
	int saved = dup(STDOUT_FILENO), fd = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600);

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	print();
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void print_help(void)
{
	assert_int_equal(RUN("-w", "bad", "--help", "--unknown"), SL_OPTIONS_DONE);
}

static void print_version(void)
{
	assert_int_equal(RUN("-V"), SL_OPTIONS_DONE);
}

static void print_man(void)
{
	sl_options_print_man(&spec);
}

static void own_version(void)
{
	puts("prog 7 (libthis 8)");
}

static void help_shows_the_table(void **state)
{
	(void)state;
	const char *text = printed(print_help);

	assert_memory_equal(text, "Usage: prog [OPTION…] FILE…\n\nTries out options.\n", 52);
	assert_non_null(
		strstr(text, "  -w, --workers N               worker threads (1 to 64) [1]\n"));
	assert_non_null(strstr(text, "      --dump packets|flows|fields\n"));
	assert_non_null(strstr(text, "  -r, --read FILE…"));
	assert_non_null(strstr(text, "  -h, --help "));
	assert_non_null(strstr(text, "capture.workers: N "));
	assert_non_null(strstr(text, "as --workers (1 to 64) [1]\n"));
	assert_non_null(strstr(text, "(0 to 500 ms) [10]"));
	assert_non_null(strstr(text, "(1 KiB to 1 GiB) [1 MiB]"));
	assert_non_null(strstr(text, "kafka.KEY: "));
	assert_non_null(strstr(text, "\n\nExamples:\n  prog -r x\n"));
	assert_null(strchr(text, '\033'));
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 110); /* bytes: some characters have three */
}

static void version_is_the_programs_own(void **state)
{
	(void)state;
	assert_string_equal(printed(print_version), "prog " SELAT_VERSION "\n");
	sl_options_version(own_version);
	assert_string_equal(printed(print_version), "prog 7 (libthis 8)\n");
	sl_options_version(NULL);
}

static void man_has_every_row(void **state)
{
	(void)state;
	const char *text = printed(print_man);

	assert_non_null(strstr(text, ".It Fl w , Fl \"\\&\\-\" Ns Cm \"\\&workers\" Ar \"\\&N\"\n"
				     "worker threads (1 to 64) [1].\n"));
	assert_non_null(strstr(text, ".It Cm \"\\&flow.depth\" Ar \"\\&SIZE\"\n"));
	assert_non_null(strstr(text, "\\&config"));
}

static void lists_and_maps_free_twice(void **state)
{
	(void)state;
	struct sl_list list = { 0 };

	assert_int_equal(sl_list_add(&list, "a"), 0);
	assert_int_equal(sl_list_add(&list, ""), 0);
	assert_int_equal(list.n, 2);
	sl_list_free(&list);
	sl_list_free(&list);
	sl_list_free(NULL);
	assert_int_equal(list.n, 0);
	assert_int_equal(RUN("-o", "x", "-r", "y"), 0);
	sl_options_free(&spec, &conf);
	sl_options_free(&spec, &conf);
	assert_null(conf.output);
}

static int enter_folder(void **state)
{
	static char folder[] = "/tmp/selat-options-XXXXXX";

	*state = mkdtemp(folder);
	return *state ? chdir(folder) : -1;
}

static int leave_folder(void **state)
{
	sl_options_free(&spec, &conf);
	sl_list_free(&operands);
	unlink("selat.yaml");
	unlink("out");
	return chdir("/") || rmdir(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_values_stand),
		cmocka_unit_test(levels_of_authority),
		cmocka_unit_test(lists_replace_lower_levels_and_grow),
		cmocka_unit_test(operands_and_greedy_lists),
		cmocka_unit_test(usage_errors),
		cmocka_unit_test(set_errors),
		cmocka_unit_test(maps_are_flattened),
		cmocka_unit_test(files_that_say_nothing),
		cmocka_unit_test(a_scalar_is_a_list_of_one),
		cmocka_unit_test(file_complaints_name_the_place),
		cmocka_unit_test(yaml_that_is_refused),
		cmocka_unit_test(unreadable_files),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(many_keys_are_bounded),
		cmocka_unit_test(mangled_files_get_an_answer),
		cmocka_unit_test(help_shows_the_table),
		cmocka_unit_test(version_is_the_programs_own),
		cmocka_unit_test(man_has_every_row),
		cmocka_unit_test(lists_and_maps_free_twice),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
