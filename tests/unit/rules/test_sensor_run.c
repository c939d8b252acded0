/* The sensor as a child: a script in PATH plays its part. */
#include "fixture.h"

#include <rules/sensor_run.h>
#include <sys/stat.h>

static int setup(void **state)
{
	return folder_enter(state) == 0 ? setenv("PATH", folder, 1) : -1;
}

static int teardown(void **state)
{
	unlink("selat-sensor");
	return folder_leave(state);
}

static void script_write(const char *body)
{
	char text[1024];
	snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
	unlink("selat-sensor");
	file_write("selat-sensor", text);
	assert_int_equal(chmod("selat-sensor", 0700), 0);
}

static int alert_take(void *ctx, const json_t *alert, struct sl_err *err)
{
	(void)err;
	*(json_int_t *)ctx += json_integer_value(json_object_get(alert, "n"));
	return 0;
}

static int run(json_int_t *sum, struct sl_err *err)
{
	char *captures[] = { (char *)(uintptr_t) "one.pcap", (char *)(uintptr_t) "two.pcap" };
	*sum = 0;
	err->text[0] = '\0';
	return sl_sensor_run("r.ruleset", captures, 2, alert_take, sum, err);
}

static void alerts_come_one_by_one(void **state)
{
	(void)state;
	json_int_t sum;
	struct sl_err err;
	script_write("[ \"$*\" = '-r one.pcap two.pcap -R r.ruleset -o -' ] || exit 1\n"
		     "echo '{\"n\":3}'; echo '{\"n\":4}'");
	assert_int_equal(run(&sum, &err), 0);
	assert_int_equal(sum, 7);
}

static void partial_input_is_told(void **state)
{
	(void)state;
	json_int_t sum;
	struct sl_err err;
	script_write("echo '{\"n\":3}'; exit 3");
	assert_int_equal(run(&sum, &err), SL_EPARTIAL);
	assert_int_equal(sum, 3);
}

static void failures_have_sentences(void **state)
{
	(void)state;
	json_int_t sum;
	struct sl_err err;
	script_write("exit 2");
	assert_int_equal(run(&sum, &err), SL_EFAIL);
	assert_string_equal(err.text, "selat-sensor failed with exit status 2");
	script_write("kill -9 $$");
	assert_int_equal(run(&sum, &err), SL_EFAIL);
	assert_string_equal(err.text, "selat-sensor ended by signal 9");
	script_write("echo hello; exit 2"); /* the first failure is the one to tell */
	assert_int_equal(run(&sum, &err), SL_EFAIL);
	assert_non_null(strstr(err.text, "selat-sensor wrote no JSON"));
	unlink("selat-sensor");
	assert_int_equal(run(&sum, &err), SL_EFAIL);
	assert_string_equal(err.text, "cannot run selat-sensor: No such file or directory; install "
				      "it beside selat-rules or in PATH");
}

/* A line without end is refused, and the child is not left hanging on a full pipe. */
static void endless_lines_are_bounded(void **state)
{
	(void)state;
	json_int_t sum;
	struct sl_err err;
	script_write("i=0; s=0123456789abcdef\n"
		     "while [ $i -lt 10 ]; do s=$s$s$s$s; i=$((i+2)); done\n"
		     "i=0; while [ $i -lt 100 ]; do printf %s $s; i=$((i+1)); done");
	assert_int_equal(run(&sum, &err), SL_EFAIL);
	assert_non_null(strstr(err.text, "a line above 1 MiB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alerts_come_one_by_one),
		cmocka_unit_test(partial_input_is_told),
		cmocka_unit_test(failures_have_sentences),
		cmocka_unit_test(endless_lines_are_bounded),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
