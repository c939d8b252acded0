/* Full disks: a tiny tmpfs in a mount namespace of our own (root alone; skipped for others). */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <selat/log.h>
#include <sensor/publish/journal.h>
#include <sensor/publish/publish.h>
#include <sys/mount.h>

enum { ALERTS = 3000, DISK = 4 << 20 };

static char disk[64];
static bool have_disk;

static int mount_disk(void **state)
{
	char options[32];

	(void)state;
	fixture_folder(disk);
	snprintf(options, sizeof options, "size=%d", DISK);
	have_disk = unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		    mount("tmpfs", disk, "tmpfs", 0, options) == 0;
	if (!have_disk)
		fprintf(stderr, "no mount namespace (%s): skipped\n", strerror(errno));
	return 0;
}

static int unmount_disk(void **state)
{
	(void)state;
	if (have_disk)
		umount2(disk, MNT_DETACH);
	rmdir(disk);
	return 0;
}

/* Fills the disk but for some bytes. */
static void fill(size_t left)
{
	char path[96], block[4096];

	snprintf(path, sizeof path, "%s/filler", disk);
	memset(block, 'x', sizeof block);
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	for (size_t n = 0; n + left < DISK; n += sizeof block)
		if (write(fd, block, sizeof block) != sizeof block)
			break;
	close(fd);
}

static void make_room(void)
{
	char path[96];
	snprintf(path, sizeof path, "%s/filler", disk);
	unlink(path);
}

static struct sl_publisher *begin(bool to_file)
{
	static char path[96];
	struct sl_publish_config config = {
		.sensor_id = "vn-hn-ix1", .country = "VN", .retro = true, .workers = 1
	};
	struct sl_publisher *p;
	struct sl_err err = { "" };

	snprintf(path, sizeof path, "%s/%s", disk, to_file ? "alerts" : "state");
	if (to_file)
		config.output = path;
	else
		config.journal = path;
	if (sl_publisher_new(&p, &config, &err) != SL_OK || sl_publisher_start(p, &err) != SL_OK)
		fail_msg("%s", err.text);
	return p;
}

static void *work(void *arg)
{
	struct sl_publisher *p = arg;
	static struct fixture_rules rules; /* the records point to it after this thread's end */

	fixture_rules_init(&rules);
	for (unsigned i = 1; i <= ALERTS; i++) {
		struct sl_match m = fixture_match(&rules, i);
		if (!sl_outbox_match(sl_publisher_outbox(p, 0), &m, "", 0))
			return p;
	}
	sl_outbox_close(sl_publisher_outbox(p, 0));
	return NULL;
}

static uint64_t count_of(const struct sl_publisher *p, enum sl_counter which)
{
	return sl_counter_get(sl_publisher_counters(p), which);
}

static void wait_for(const struct sl_publisher *p, enum sl_counter which, uint64_t n)
{
	for (int i = 0; count_of(p, which) < n; i++) {
		if (i == 1000)
			fail_msg("%s stays below %d", sl_counter_name(which), (int)n);
		usleep(10000);
	}
}

static unsigned count_journal(void)
{
	char path[96];
	struct sl_journal *j;
	struct sl_err err = { "" };

	snprintf(path, sizeof path, "%s/state", disk);
	struct sl_journal_config config = { path, "vn-hn-ix1", "VN", 0, 0 };
	if (sl_journal_open(&j, &config, &err) != SL_OK)
		fail_msg("%s", err.text);
	struct sl_journal_reader *r;
	struct sl_journal_entry e;
	struct sl_journal_place at;
	unsigned n = 0;
	assert_int_equal(sl_journal_reader_new(&r, j, &err), SL_OK);
	while (sl_journal_reader_next(r, &e, &at, &err) == 1)
		assert_int_equal(e.seq, ++n);
	sl_journal_reader_free(r);
	sl_journal_release(j, sl_journal_end(j));
	sl_journal_free(j);
	return n;
}

static void journal_waits_for_room(void **state)
{
	(void)state;
	struct sl_err err = { "" };
	pthread_t worker;
	void *failed;

	if (!have_disk)
		skip();
	fill(64 * 1024);
	struct sl_publisher *p = begin(false);
	assert_int_equal(pthread_create(&worker, NULL, work, p), 0);
	wait_for(p, SL_COUNT_JOURNAL_WAITS, 2);
	assert_true(count_of(p, SL_COUNT_ALERTS_WRITTEN) < ALERTS);
	make_room();
	pthread_join(worker, &failed);
	assert_null(failed);
	assert_int_equal(sl_publisher_finish(p, 2000, &err), SL_OK);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_WRITTEN), ALERTS);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_REFUSED), 0);
	sl_publisher_free(p);
	assert_int_equal(count_journal(), ALERTS);
}

static void journal_gives_up_at_the_end(void **state)
{
	(void)state;
	struct sl_err err = { "" };
	pthread_t worker;
	void *failed;
	char words[64];

	if (!have_disk)
		skip();
	fill(64 * 1024);
	struct sl_publisher *p = begin(false);
	assert_int_equal(pthread_create(&worker, NULL, work, p), 0);
	wait_for(p, SL_COUNT_JOURNAL_WAITS, 1);
	sl_publisher_hurry(p, 300);
	pthread_join(worker, &failed);
	assert_null(failed);
	assert_int_equal(sl_publisher_finish(p, 10000, &err), SL_EFAIL);
	uint64_t written = count_of(p, SL_COUNT_ALERTS_WRITTEN);
	assert_true(written > 0 && written < ALERTS);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_REFUSED), ALERTS - written);
	snprintf(words, sizeof words, "%d alerts could not be written", ALERTS - (int)written);
	assert_non_null(strstr(err.text, words));
	assert_non_null(strstr(err.text, "No space left on device"));
	sl_publisher_free(p);
	make_room();
	assert_int_equal(count_journal(), written);
}

static void output_counts_whole_lines(void **state)
{
	(void)state;
	struct sl_err err = { "" };
	char path[96], words[160];
	unsigned lines = 0;
	size_t len;

	if (!have_disk)
		skip();
	fill(300 * 1024);
	struct sl_publisher *p = begin(true);
	assert_null(work(p));
	assert_int_equal(sl_publisher_finish(p, 0, &err), SL_EFAIL);
	snprintf(path, sizeof path, "%s/alerts", disk);
	char *text = fixture_read(path, &len);
	assert_int_equal(text[len - 1], '\n');
	for (char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	free(text);
	assert_true(lines > 0 && lines < ALERTS);
	snprintf(words, sizeof words, "%s: No space left on device: %u alerts written, %u not",
		 path, lines, ALERTS - lines);
	assert_string_equal(err.text, words);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_WRITTEN), lines);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_REFUSED), ALERTS - lines);
	sl_publisher_free(p);
	make_room();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(journal_waits_for_room),
		cmocka_unit_test(journal_gives_up_at_the_end),
		cmocka_unit_test(output_counts_whole_lines),
	};
	sl_log_level((enum sl_level)0);
	return cmocka_run_group_tests(tests, mount_disk, unmount_disk);
}
