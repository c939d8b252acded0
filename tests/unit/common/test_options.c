/* Options: levels of authority, arguments, complaints; what a program prints of its table. */
#include "options.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_values_stand),
		cmocka_unit_test(levels_of_authority),
		cmocka_unit_test(lists_replace_lower_levels_and_grow),
		cmocka_unit_test(operands_and_greedy_lists),
		cmocka_unit_test(usage_errors),
		cmocka_unit_test(set_errors),
		cmocka_unit_test(help_shows_the_table),
		cmocka_unit_test(version_is_the_programs_own),
		cmocka_unit_test(man_has_every_row),
		cmocka_unit_test(lists_and_maps_free_twice),
	};
	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
