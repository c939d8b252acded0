/* The publisher's thread: order over workers, files, pipes and full disks. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sensor/publish/publish.h>
#include <signal.h>

static _Atomic int released;

static void release(struct sl_loaded_ruleset *loaded)
{
	(void)loaded;
	atomic_fetch_add(&released, 1);
}

static struct sl_publish_config config_of(size_t workers)
{
	return (struct sl_publish_config){ .sensor_id = "vn-hn-ix1",
					   .country = "VN",
					   .retro = true,
					   .workers = workers,
					   .release = release };
}

static struct sl_publisher *begin(const struct sl_publish_config *config)
{
	struct sl_publisher *p;
	struct sl_err err = { "" };

	if (sl_publisher_new(&p, config, &err) != SL_OK || sl_publisher_start(p, &err) != SL_OK)
		fail_msg("%s", err.text);
	return p;
}

/* --- order --- */

enum { PACKETS = 60000 };

struct worker {
	struct sl_outbox *o;
	unsigned me, of;
};

/* Which worker has the packet: as uneven as real traffic, long runs included. */
static unsigned owner(uint64_t packet, unsigned of)
{
	if (packet % 10000 < 3000)
		return 0;
	return (unsigned)(packet * 2654435761u >> 16) % of;
}

static void *work(void *arg)
{
	const struct worker *w = arg;
	char line[128];

	for (uint64_t n = 1; n <= PACKETS; n++) {
		if (owner(n, w->of) == w->me)
			for (uint64_t k = 0; k < n % 3; k++) {
				int len = snprintf(line, sizeof line, "{\"n\":%llu,\"k\":%llu}",
						   (unsigned long long)n, (unsigned long long)k);
				if (!sl_outbox_line(w->o, n, line, (size_t)len))
					return arg;
			}
		if (n % 64 == 0)
			sl_outbox_reached(w->o, n);
	}
	sl_outbox_close(w->o);
	return NULL;
}

static void dump_with(const char *path, unsigned workers)
{
	struct sl_publish_config config = config_of(workers);
	struct worker w[4];
	pthread_t thread[4];
	struct sl_err err = { "" };

	config.dump = path;
	struct sl_publisher *p = begin(&config);
	for (unsigned i = 0; i < workers; i++) {
		w[i] = (struct worker){ sl_publisher_outbox(p, i), i, workers };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	}
	for (unsigned i = 0; i < workers; i++) {
		void *failed;
		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(sl_publisher_finish(p, 0, &err), SL_OK);
	sl_publisher_free(p);
}

static void workers_do_not_change_the_bytes(void **state)
{
	(void)state;
	char folder[64], path[2][96];
	char *text[2];
	size_t len[2];

	fixture_folder(folder);
	for (unsigned i = 0; i < 2; i++)
		snprintf(path[i], sizeof path[i], "%s/%u", folder, i);
	dump_with(path[0], 1);
	text[0] = fixture_read(path[0], &len[0]);
	assert_true(len[0] > PACKETS * 10);
	for (unsigned workers = 2; workers <= 4; workers++) {
		dump_with(path[1], workers);
		text[1] = fixture_read(path[1], &len[1]);
		assert_int_equal(len[0], len[1]);
		assert_memory_equal(text[0], text[1], len[0]);
		free(text[1]);
	}
	free(text[0]);
	fixture_folder_end(folder);
}

static void *write_much(void *arg)
{
	struct worker *w = arg;
	char line[1000];

	memset(line, 'x', sizeof line);
	for (uint64_t n = 1; n <= 5000; n++) /* five times the outbox */
		if (!sl_outbox_line(w->o, n, line, sizeof line))
			return arg;
	sl_outbox_close(w->o);
	return NULL;
}

/* A worker without packets holds the others up only until it says how far it came. */
static void idle_worker_lets_others_go(void **state)
{
	(void)state;
	struct sl_publish_config config = config_of(2);
	struct sl_err err = { "" };
	char folder[64], path[96];
	struct stat st;
	pthread_t thread;
	void *failed;

	fixture_folder(folder);
	snprintf(path, sizeof path, "%s/dump", folder);
	config.dump = path;
	struct sl_publisher *p = begin(&config);
	struct worker w = { sl_publisher_outbox(p, 1), 1, 2 };
	struct sl_outbox *idle = sl_publisher_outbox(p, 0);
	assert_int_equal(pthread_create(&thread, NULL, write_much, &w), 0);
	sl_outbox_reached(idle, 100);
	for (int i = 0; i < 500 && (stat(path, &st) != 0 || st.st_size < 100 * 1001); i++)
		usleep(10000);
	assert_int_equal(st.st_size, 100 * 1001); /* and no line more */
	sl_outbox_reached(idle, 5000);
	pthread_join(thread, &failed);
	assert_null(failed);
	sl_outbox_close(idle);
	assert_int_equal(sl_publisher_finish(p, 0, &err), SL_OK);
	sl_publisher_free(p);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 5000 * 1001);
	fixture_folder_end(folder);
}

/* --- alerts into files --- */

static void put_matches(struct sl_publisher *p, const struct fixture_rules *rules, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		struct sl_match m = fixture_match(rules, i);
		m.indicator = i % 2;
		assert_true(sl_outbox_match(sl_publisher_outbox(p, 0), &m, "", 0));
	}
}

static int end(struct sl_publisher *p, struct sl_err *err)
{
	sl_outbox_close(sl_publisher_outbox(p, 0));
	return sl_publisher_finish(p, 0, err);
}

static uint64_t count_of(const struct sl_publisher *p, enum sl_counter which)
{
	return sl_counter_get(sl_publisher_counters(p), which);
}

static void alerts_to_a_file(void **state)
{
	(void)state;
	struct fixture_rules rules;
	struct sl_publish_config config = config_of(1);
	struct sl_err err = { "" };
	char folder[64], path[96], epoch[32] = "";
	unsigned n = 0;

	fixture_rules_init(&rules);
	fixture_folder(folder);
	snprintf(path, sizeof path, "%s/alerts", folder);
	config.output = path;
	released = 0;
	struct sl_publisher *p = begin(&config);
	put_matches(p, &rules, 1000);
	assert_int_equal(end(p, &err), SL_OK);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS), 1000);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_WRITTEN), 1000);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_REFUSED), 0);
	assert_int_equal(released, 1000);
	sl_publisher_free(p);

	char *text = fixture_read(path, NULL), *line = text;
	for (char *stop; (stop = strchr(line, '\n')); line = stop + 1) {
		json_t *alert = json_loadb(line, (size_t)(stop - line), 0, NULL);
		json_t *sensor = json_object_get(alert, "sensor");
		assert_int_equal(json_integer_value(json_object_get(sensor, "seq")), ++n);
		const char *now = json_string_value(json_object_get(sensor, "epoch"));
		assert_int_equal(strlen(now), 26);
		assert_true(n == 1 || strcmp(now, epoch) == 0);
		strcpy(epoch, now);
		json_decref(alert);
	}
	assert_int_equal(n, 1000);
	free(text);
	fixture_folder_end(folder);
}

static void full_output_is_said_and_nobody_hangs(void **state)
{
	(void)state;
	struct fixture_rules rules;
	struct sl_publish_config config = config_of(1);
	struct sl_err err = { "" };

	fixture_rules_init(&rules);
	config.output = "/dev/full";
	released = 0;
	struct sl_publisher *p = begin(&config);
	put_matches(p, &rules, 20000); /* many times the outbox's room */
	assert_int_equal(end(p, &err), SL_EFAIL);
	assert_string_equal(err.text, "/dev/full: No space left on device: 0 alerts written, "
				      "20000 not");
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_REFUSED), 20000);
	assert_int_equal(released, 20000);
	assert_true(sl_publisher_ended(p));
	sl_publisher_free(p);
}

/* Runs with stdout as a pipe whose reader left after `take` bytes; gives finish's code. */
static int run_into_pipe(size_t take, size_t *got)
{
	struct fixture_rules rules;
	struct sl_publish_config config = config_of(1);
	struct sl_err err = { "" };
	int fd[2], saved;
	char bytes[4096];

	fixture_rules_init(&rules);
	config.output = "-";
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_int_equal(pipe(fd), 0);
	dup2(fd[1], STDOUT_FILENO);
	close(fd[1]);
	struct sl_publisher *p = begin(&config);
	put_matches(p, &rules, 10);
	ssize_t n = read(fd[0], bytes, take);
	*got = n > 0 ? (size_t)n : 0;
	close(fd[0]);
	put_matches(p, &rules, 5000);
	int rc = end(p, &err);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_true(sl_publisher_ended(p));
	sl_publisher_free(p);
	return rc;
}

static void reader_who_leaves_is_a_quiet_end(void **state)
{
	(void)state;
	size_t got;

	assert_int_equal(run_into_pipe(100, &got), SL_OK);
	assert_int_equal(got, 100);
}

static void reopen_after_rotation(void **state)
{
	(void)state;
	struct sl_publish_config config = config_of(1);
	struct sl_err err = { "" };
	char folder[64], path[96], old[96], *text;

	fixture_folder(folder);
	snprintf(path, sizeof path, "%s/dump", folder);
	snprintf(old, sizeof old, "%s/dump.1", folder);
	config.dump = path;
	config.retro = false;
	struct sl_publisher *p = begin(&config);
	assert_true(sl_outbox_line(sl_publisher_outbox(p, 0), 1, "one", 3));
	for (int i = 0; i < 200; i++) { /* until it is written */
		struct stat st;
		if (stat(path, &st) == 0 && st.st_size == 4)
			break;
		usleep(10000);
	}
	assert_int_equal(rename(path, old), 0);
	sl_publisher_reopen(p);
	for (int i = 0; i < 200 && access(path, F_OK) != 0; i++)
		usleep(10000);
	assert_true(sl_outbox_line(sl_publisher_outbox(p, 0), 2, "two", 3));
	assert_int_equal(end(p, &err), SL_OK);
	sl_publisher_free(p);
	text = fixture_read(old, NULL);
	assert_string_equal(text, "one\n");
	free(text);
	text = fixture_read(path, NULL);
	assert_string_equal(text, "two\n");
	free(text);
	fixture_folder_end(folder);
}

static void live_drops_when_full(void **state)
{
	(void)state;
	struct sl_publish_config config = config_of(1);
	struct sl_err err = { "" };
	char line[1000];
	unsigned n = 0;

	memset(line, 'x', sizeof line);
	config.dump = "/dev/null";
	config.retro = false;
	struct sl_publisher *p;
	assert_int_equal(sl_publisher_new(&p, &config, &err), SL_OK); /* nobody takes */
	while (sl_outbox_line(sl_publisher_outbox(p, 0), 1, line, sizeof line))
		assert_true(++n < 2000);
	assert_true(n > 900);
	sl_publisher_free(p);
}

static void free_gives_references_back(void **state)
{
	(void)state;
	struct fixture_rules rules;
	struct sl_publish_config config = config_of(2);
	struct sl_publisher *p;
	struct sl_err err = { "" };

	fixture_rules_init(&rules);
	config.dump = "/dev/null";
	released = 0;
	assert_int_equal(sl_publisher_new(&p, &config, &err), SL_OK);
	put_matches(p, &rules, 3);
	sl_publisher_free(p);
	assert_int_equal(released, 3);
	sl_publisher_free(NULL);
}

static void bad_configurations(void **state)
{
	(void)state;
	struct sl_publish_config config = config_of(1);
	struct sl_publisher *p;
	struct sl_err err = { "" };

	config.output = "/nonexistent/alerts";
	assert_int_equal(sl_publisher_new(&p, &config, &err), SL_EFAIL);
	assert_string_equal(err.text, "/nonexistent/alerts: No such file or directory");
	config.output = config.dump = "/tmp/same";
	assert_int_equal(sl_publish_check(&config, &err), SL_EUSAGE);
	config = config_of(1);
	config.journal = "/tmp";
	config.journal_max = 4096;
	assert_int_equal(sl_publish_check(&config, &err), SL_EUSAGE);
	assert_non_null(strstr(err.text, "journal.max"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_do_not_change_the_bytes),
		cmocka_unit_test(idle_worker_lets_others_go),
		cmocka_unit_test(alerts_to_a_file),
		cmocka_unit_test(full_output_is_said_and_nobody_hangs),
		cmocka_unit_test(reader_who_leaves_is_a_quiet_end),
		cmocka_unit_test(reopen_after_rotation),
		cmocka_unit_test(live_drops_when_full),
		cmocka_unit_test(free_gives_references_back),
		cmocka_unit_test(bad_configurations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
