/* Log lines, as they leave through stderr: into a pipe, a terminal and a journal's socket. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <selat/log.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Logs into `to` instead of stderr; what came out at `from` is left in seen, and in errno_after
 * what became of an errno of ENOSPC. */
static char seen[2 * PIPE_BUF];
static int errno_after;

static void capture(int from, int to, enum sl_level level, const char *module, const char *text)
{
	int kept = dup(STDERR_FILENO);
	dup2(to, STDERR_FILENO);
	errno = ENOSPC;
	sl_log(level, module, "%s", text);
	errno_after = errno;
	dup2(kept, STDERR_FILENO);
	close(kept);
	fcntl(from, F_SETFL, O_NONBLOCK);
	ssize_t n = read(from, seen, sizeof(seen) - 1);
	seen[n > 0 ? n : 0] = '\0';
}

static const char *piped(enum sl_level level, const char *module, const char *text)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	capture(ends[0], ends[1], level, module, text);
	close(ends[0]);
	close(ends[1]);
	return seen;
}

static const char *on_terminal(enum sl_level level, const char *text)
{
	int master, slave;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	capture(master, slave, level, "kafka", text);
	close(master);
	close(slave);
	return seen;
}

static int setup(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	unsetenv("NO_COLOR");
	sl_log_level(SL_INFO);
	sl_log_name("selat-sensor");
	return 0;
}

static void test_plain_lines(void **state)
{
	(void)state;
	assert_string_equal(piped(SL_WARN, "kafka", "no broker"),
			    "selat-sensor: warning: kafka: no broker\n");
	assert_string_equal(piped(SL_ERROR, NULL, "gone"), "selat-sensor: error: gone\n");
	assert_string_equal(piped(SL_INFO, "kafka", "up"), "selat-sensor: kafka: up\n");
	sl_log_name(NULL);
	assert_string_equal(piped(SL_INFO, NULL, "up"), "up\n");
}

static void test_level_drops(void **state)
{
	(void)state;
	assert_string_equal(piped(SL_DEBUG, NULL, "x"), "");
	sl_log_level(SL_DEBUG);
	assert_string_equal(piped(SL_DEBUG, NULL, "x"), "selat-sensor: debug: x\n");
	sl_log_level(SL_ERROR);
	assert_string_equal(piped(SL_WARN, NULL, "x"), "");
}

static void test_controls_are_escaped(void **state)
{
	(void)state;
	assert_string_equal(piped(SL_INFO, NULL, "a\nb\033[2J\x80 \xc3\xa9"),
			    "selat-sensor: a\\x0ab\\x1b[2J\\x80 \xc3\xa9\n");
}

/* A line never exceeds what a pipe takes at once, and still ends. */
static void test_long_line_is_cut(void **state)
{
	(void)state;
	char text[8000];
	memset(text, '\001', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	const char *line = piped(SL_WARN, "kafka", text);
	size_t len = strlen(line);
	assert_in_range(len, PIPE_BUF - 8, PIPE_BUF);
	assert_string_equal(line + len - 5, "\\x01\n");
}

static void test_terminal_has_colours(void **state)
{
	(void)state;
	assert_string_equal(on_terminal(SL_WARN, "x"),
			    "selat-sensor: \033[33mwarning:\033[0m kafka: x\r\n");
	assert_string_equal(on_terminal(SL_INFO, "x"), "selat-sensor: kafka: x\r\n");
	setenv("NO_COLOR", "1", 1);
	assert_string_equal(on_terminal(SL_WARN, "x"), "selat-sensor: warning: kafka: x\r\n");
}

static void test_journal_has_prefix(void **state)
{
	(void)state;
	int ends[2];
	struct stat st;
	char stream[64];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(fstat(ends[1], &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	capture(ends[0], ends[1], SL_WARN, "kafka", "x");
	assert_string_equal(seen, "<4>selat-sensor: kafka: x\n");
	/* the variable is inherited, the stream is another: of another device, of the same */
	assert_string_equal(piped(SL_WARN, "kafka", "x"), "selat-sensor: warning: kafka: x\n");
	capture(ends[1], ends[0], SL_WARN, "kafka", "x");
	assert_string_equal(seen, "selat-sensor: warning: kafka: x\n");
	close(ends[0]);
	close(ends[1]);
}

static void test_errno_survives(void **state)
{
	(void)state;
	piped(SL_INFO, NULL, "x"); /* isatty fails on a pipe */
	assert_int_equal(errno_after, ENOSPC);
}

static void test_pace(void **state)
{
	(void)state;
	struct sl_pace pace = { 0 };
	uint64_t held = 99;
	assert_true(sl_pace_pass(&pace, 50, &held));
	assert_int_equal(held, 0);
	pace.next_ms = UINT64_MAX; /* far away, however slow this machine is */
	assert_false(sl_pace_pass(&pace, 50, &held));
	assert_false(sl_pace_pass(&pace, 50, NULL));
	pace.next_ms = 0;
	assert_true(sl_pace_pass(&pace, UINT64_MAX, &held));
	assert_int_equal(held, 2);
	assert_int_equal(pace.next_ms, UINT64_MAX);
	assert_int_equal(pace.held, 0);
}

static void test_pace_waits_the_interval(void **state)
{
	(void)state;
	struct sl_pace pace = { 0 };
	assert_true(sl_pace_pass(&pace, 20, NULL));
	nanosleep(&(struct timespec){ .tv_nsec = 25000000 }, NULL);
	assert_true(sl_pace_pass(&pace, 20, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_plain_lines, setup),
		cmocka_unit_test_setup(test_level_drops, setup),
		cmocka_unit_test_setup(test_controls_are_escaped, setup),
		cmocka_unit_test_setup(test_long_line_is_cut, setup),
		cmocka_unit_test_setup(test_terminal_has_colours, setup),
		cmocka_unit_test_setup(test_journal_has_prefix, setup),
		cmocka_unit_test_setup(test_errno_survives, setup),
		cmocka_unit_test_setup(test_pace, setup),
		cmocka_unit_test_setup(test_pace_waits_the_interval, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
