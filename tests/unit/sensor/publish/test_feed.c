/* From the journal to Kafka: policy, headers, marks over restarts, kills. The program runs itself as a
 * child (argv[1]) where a process has to be killed. */
#include "feed.h"

#include <glob.h>
#include <signal.h>
#include <sys/wait.h>

static void policy_headers_and_numbers(void **state)
{
	(void)state;
	struct setup s;
	char folder[64];

	fixture_folder(folder);
	setup_init(&s, folder, sl_broker_address(broker), "policy");
	struct sl_publisher *p = begin(&s.config);
	put_matches(p, 400);
	end(p, 10000);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS), 400);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_WRITTEN), 400);
	assert_int_equal(count_of(p, SL_COUNT_ROUTED), 600);
	assert_int_equal(count_of(p, SL_COUNT_DELIVERED), 600);
	assert_int_equal(count_of(p, SL_COUNT_WITHHELD), 200);
	sl_publisher_free(p);
	char pattern[128];
	glob_t files;
	snprintf(pattern, sizeof pattern, "%s/journal/*/*", folder);
	assert_int_equal(glob(pattern, 0, NULL, &files), GLOB_NOMATCH); /* delivered: let go */

	struct seen *national = read_topic(sl_broker_address(broker), s.national, "national", 400);
	struct seen *region = read_topic(sl_broker_address(broker), s.region, "region", 200);
	assert_int_equal(national->n, 400);
	assert_int_equal(region->n, 200);
	assert_int_equal(national->repeated + region->repeated, 0);
	assert_gapless(national);
	assert_gapless(region);
	seen_free(national);
	seen_free(region);
	fixture_folder_end(folder);
}

static void undelivered_goes_out_after_a_restart(void **state)
{
	(void)state;
	struct setup s;
	char folder[64];

	fixture_folder(folder);
	setup_init(&s, folder, "127.0.0.1:9", "restart"); /* nobody is there */
	struct sl_publisher *p = begin(&s.config);
	put_matches(p, 300);
	end(p, 50);
	assert_int_equal(count_of(p, SL_COUNT_DELIVERED), 0);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_WRITTEN), 300);
	sl_publisher_free(p);

	s.kafka[0] = pair_of("bootstrap.servers", sl_broker_address(broker));
	for (unsigned round = 0; round < 3; round++) { /* the last two have nothing old to send */
		p = begin(&s.config);
		put_matches(p, 10);
		end(p, 10000);
		assert_int_equal(count_of(p, SL_COUNT_DELIVERED), round == 0 ? 465 : 15);
		sl_publisher_free(p);
	}
	struct seen *national = read_topic(sl_broker_address(broker), s.national, "national", 330);
	struct seen *region = read_topic(sl_broker_address(broker), s.region, "region", 165);
	assert_int_equal(national->n, 330);
	assert_int_equal(region->n, 165);
	assert_int_equal(national->repeated, 0);
	assert_gapless(national);
	assert_gapless(region);
	seen_free(national);
	seen_free(region);
	fixture_folder_end(folder);
}

enum { KILLS = 6 };

/* The child: alerts without end; says on stdout how many are journaled. */
static int run_child(const char *folder, const char *servers)
{
	struct setup s;

	setup_init(&s, folder, servers, "kill");
	struct sl_publisher *p = begin(&s.config);
	for (;;) {
		put_matches(p, 2);
		uint64_t n = count_of(p, SL_COUNT_ALERTS_WRITTEN);
		if (write(STDOUT_FILENO, &n, sizeof n) != (ssize_t)sizeof n)
			return 1;
		usleep(1000);
	}
}

/* Starts a child, kills it after some time, gives the number it said last. */
static uint64_t kill_child(const char *folder, const char *servers, int ms)
{
	int fd[2];
	uint64_t n = 0, last = 0;

	assert_int_equal(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		execl("/proc/self/exe", "child", "child", folder, servers, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	while (last == 0 && read(fd[0], &n, sizeof n) == (ssize_t)sizeof n)
		last = n;
	usleep((useconds_t)ms * 1000);
	kill(pid, SIGKILL);
	while (read(fd[0], &n, sizeof n) == (ssize_t)sizeof n)
		last = n;
	waitpid(pid, NULL, 0);
	close(fd[0]);
	assert_true(last > 0);
	return last;
}

static void kill_loses_nothing(void **state)
{
	(void)state;
	struct setup s;
	char folder[64];
	uint64_t journaled = 0;

	fixture_folder(folder);
	for (int i = 0; i < KILLS; i++)
		journaled += kill_child(folder, sl_broker_address(broker), 20 + 37 * i);
	setup_init(&s, folder, sl_broker_address(broker), "kill");
	struct sl_publisher *p = begin(&s.config);
	end(p, 10000);
	sl_publisher_free(p);
	struct seen *national =
		read_topic(sl_broker_address(broker), s.national, "national", journaled);
	assert_true(national->n >= journaled);
	assert_gapless(national); /* so nothing between the first and the last is missing */
	seen_free(national);
	fixture_folder_end(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_headers_and_numbers),
		cmocka_unit_test(undelivered_goes_out_after_a_restart),
		cmocka_unit_test(kill_loses_nothing),
	};
	if (argc == 4 && strcmp(argv[1], "child") == 0)
		return run_child(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, start_broker, stop_broker);
}
