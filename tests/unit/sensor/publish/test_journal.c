/* The journal: what is in it comes back, whatever a kill or a bad block did to its end. */
#include "fixture.h"

#include <fcntl.h>
#include <glob.h>
#include <selat/log.h>
#include <sensor/publish/journal.h>

enum { ALERTS = 20 };

static int try_open(struct sl_journal **j, const char *folder, uint64_t segment, uint64_t max,
		    struct sl_err *err)
{
	struct sl_journal_config config = { folder, "vn-hn-ix1", "VN", max, segment };
	return sl_journal_open(j, &config, err);
}

static struct sl_journal *open_journal(const char *folder, uint64_t segment)
{
	struct sl_journal *j;
	struct sl_err err = { "" };

	if (try_open(&j, folder, segment, 0, &err) != SL_OK)
		fail_msg("%s", err.text);
	return j;
}

static size_t make_json(char *json, uint64_t n)
{
	return (size_t)sprintf(json, "{\"n\":%llu,\"x\":\"%.*s\"}", (unsigned long long)n,
			       (int)(n * 13 % 50),
			       "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
}

static void append(struct sl_journal *j, unsigned from, unsigned to)
{
	char json[256];
	struct sl_err err = { "" };

	for (unsigned n = from; n <= to; n++) {
		struct sl_journal_entry e = { .time = n, .tlp = SL_TLP_GREEN, .severity = SL_HIGH };
		e.json = sl_span_of(json, make_json(json, n));
		if (sl_journal_append(j, &e, &err) != SL_OK)
			fail_msg("%s", err.text);
	}
}

/* Reads everything; each alert must be whole and in order. Returns how many there are. */
static unsigned read_all(struct sl_journal *j, const char *epoch, uint64_t seq)
{
	struct sl_journal_reader *r;
	struct sl_journal_entry e;
	struct sl_journal_place at;
	struct sl_err err = { "" };
	char json[256];
	unsigned n = 0;
	uint64_t last = 0;
	int rc;

	assert_int_equal(sl_journal_reader_new(&r, j, &err), SL_OK);
	if (epoch)
		sl_journal_reader_find(r, epoch, seq);
	while ((rc = sl_journal_reader_next(r, &e, &at, &err)) == 1) {
		assert_true(e.time > last);
		last = e.time;
		assert_int_equal(e.json.len, make_json(json, e.time));
		assert_memory_equal(e.json.at, json, e.json.len);
		assert_int_equal(e.tlp, SL_TLP_GREEN);
		assert_int_equal(e.severity, SL_HIGH);
		assert_string_equal(e.sensor, "vn-hn-ix1");
		assert_string_equal(e.country, "VN");
		n++;
	}
	assert_int_equal(rc, 0);
	sl_journal_reader_free(r);
	return n;
}

static void find_file(const char *folder, char path[256])
{
	char pattern[128];
	glob_t g;

	snprintf(pattern, sizeof pattern, "%s/journal/*/*.seg", folder);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	snprintf(path, 256, "%s", g.gl_pathv[0]);
	globfree(&g);
}

static void write_file(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

/* A journal of ALERTS alerts in one file, closed again: the file's bytes, which the caller frees. */
static char *written(char folder[64], char path[256], size_t *len)
{
	fixture_folder(folder);
	struct sl_journal *j = open_journal(folder, 0);
	append(j, 1, ALERTS);
	sl_journal_free(j);
	find_file(folder, path);
	return fixture_read(path, len);
}

static void new_epoch_each_time(void **state)
{
	(void)state;
	char folder[64], first[SL_EPOCH_TEXT];
	struct sl_journal *j;

	fixture_folder(folder);
	j = open_journal(folder, 0);
	strcpy(first, sl_journal_epoch(j));
	append(j, 1, 5);
	assert_int_equal(sl_journal_seq(j), 6);
	assert_int_equal(read_all(j, NULL, 0), 5);
	assert_int_equal(read_all(j, first, 3), 3);
	sl_journal_free(j);

	j = open_journal(folder, 0);
	assert_true(strcmp(sl_journal_epoch(j), first) > 0);
	assert_int_equal(sl_journal_seq(j), 1);
	append(j, 6, 9);
	assert_int_equal(read_all(j, NULL, 0), 9);
	assert_int_equal(read_all(j, first, 6), 4);
	assert_int_equal(sl_journal_count(j, first, 4), 6);
	assert_int_equal(sl_journal_count(j, "", 1), 9);
	sl_journal_free(j);
	fixture_folder_end(folder);
}

static void files_roll_over_and_go(void **state)
{
	(void)state;
	char folder[64], path[256];
	struct sl_journal *j;

	fixture_folder(folder);
	j = open_journal(folder, 1024);
	append(j, 1, 200);
	assert_true(sl_journal_end(j) > 10);
	assert_int_equal(read_all(j, NULL, 0), 200);
	assert_int_equal(read_all(j, sl_journal_epoch(j), 150), 51);
	assert_int_equal(sl_journal_count(j, sl_journal_epoch(j), 150), 51);
	sl_journal_free(j);

	j = open_journal(folder, 1024);
	assert_int_equal(read_all(j, NULL, 0), 200);
	sl_journal_release(j, sl_journal_end(j) - 1);
	assert_in_range(read_all(j, NULL, 0), 1, 15);
	find_file(folder, path);
	assert_null(strstr(path, "/00000000000000000001.seg"));
	sl_journal_release(j, sl_journal_end(j));
	assert_int_equal(read_all(j, NULL, 0), 0);
	append(j, 201, 203);
	assert_int_equal(read_all(j, NULL, 0), 3);
	sl_journal_free(j);
	fixture_folder_end(folder);
}

/* A file cut at every length: every whole record is there and nothing else. */
static void torn_at_every_byte(void **state)
{
	(void)state;
	char folder[64], path[256];
	size_t len;
	unsigned last = 0;

	char *bytes = written(folder, path, &len);
	char *dir = strdup(path);
	*strrchr(dir, '/') = '\0';
	sl_log_level(SL_ERROR);
	for (size_t cut = 0; cut <= len; cut++) {
		mkdir(dir, 0700);
		write_file(path, bytes, cut);
		struct sl_journal *j = open_journal(folder, 0);
		unsigned n = read_all(j, NULL, 0);
		assert_in_range(n, last, last + 1);
		last = n;
		sl_journal_free(j);
		struct stat st;
		if (n) { /* the torn end is gone: it is said once */
			assert_int_equal(stat(path, &st), 0);
			assert_true(st.st_size % 8 == 0 && (size_t)st.st_size <= cut);
		} else {
			assert_int_not_equal(stat(path, &st), 0);
		}
	}
	sl_log_level(SL_INFO);
	assert_int_equal(last, ALERTS);
	free(bytes);
	free(dir);
	fixture_folder_end(folder);
}

static void appending_goes_on_after_a_torn_end(void **state)
{
	(void)state;
	char folder[64], path[256];
	size_t len;

	char *bytes = written(folder, path, &len);
	write_file(path, bytes, len - 3);
	sl_log_level(SL_ERROR);
	struct sl_journal *j = open_journal(folder, 0);
	sl_log_level(SL_INFO);
	append(j, ALERTS + 1, ALERTS + 2);
	assert_int_equal(read_all(j, NULL, 0), ALERTS + 1);
	sl_journal_free(j);
	free(bytes);
	fixture_folder_end(folder);
}

/* A flipped bit costs the alert it is in, and no other. */
static void flipped_bits(void **state)
{
	(void)state;
	char folder[64], path[256];
	size_t len;

	char *bytes = written(folder, path, &len);
	sl_log_level((enum sl_level)0);
	for (size_t at = 256; at < len; at++) {
		bytes[at] = (char)(bytes[at] ^ (1 << at % 8));
		write_file(path, bytes, len);
		struct sl_journal *j = open_journal(folder, 0);
		assert_in_range(read_all(j, NULL, 0), ALERTS - 1, ALERTS);
		sl_journal_free(j);
		bytes[at] = (char)(bytes[at] ^ (1 << at % 8));
	}
	sl_log_level(SL_INFO);
	free(bytes);
	fixture_folder_end(folder);
}

static void damaged_head_is_put_aside(void **state)
{
	(void)state;
	char folder[64], path[256], aside[300];
	size_t len;

	fixture_folder(folder);
	struct sl_journal *j = open_journal(folder, 0);
	append(j, 1, 3);
	sl_journal_free(j);
	find_file(folder, path);
	char *bytes = fixture_read(path, &len);
	bytes[20] ^= 1;
	write_file(path, bytes, len);
	sl_log_level((enum sl_level)0);
	j = open_journal(folder, 0);
	sl_log_level(SL_INFO);
	assert_int_equal(read_all(j, NULL, 0), 0);
	snprintf(aside, sizeof aside, "%s.damaged", path);
	assert_int_equal(access(aside, F_OK), 0);
	sl_journal_free(j);
	free(bytes);
	fixture_folder_end(folder);
}

static void second_sensor_is_refused(void **state)
{
	(void)state;
	char folder[64], pid[32];
	struct sl_journal *other;
	struct sl_err err = { "" };

	fixture_folder(folder);
	struct sl_journal *j = open_journal(folder, 0);
	assert_int_equal(try_open(&other, folder, 0, 0, &err), SL_EFAIL);
	snprintf(pid, sizeof pid, "(process %ld)", (long)getpid());
	assert_non_null(strstr(err.text, "in use by another sensor"));
	assert_non_null(strstr(err.text, pid));
	sl_journal_free(j);
	sl_journal_free(open_journal(folder, 0));
	fixture_folder_end(folder);
}

static void bound_is_kept(void **state)
{
	(void)state;
	char folder[64], json[256];
	struct sl_journal *j;
	struct sl_err err = { "" };
	struct sl_journal_entry e = { .tlp = SL_TLP_GREEN, .severity = SL_HIGH };
	uint64_t n = 1;
	int rc;

	fixture_folder(folder);
	assert_int_equal(try_open(&j, folder, 0, 8192, &err), SL_OK);
	do {
		e.time = n;
		e.json = sl_span_of(json, make_json(json, n));
		rc = sl_journal_append(j, &e, &err);
	} while (rc == SL_OK && ++n < 1000);
	assert_int_equal(rc, SL_EAGAIN);
	assert_non_null(strstr(err.text, "journal.max, 8192 bytes"));
	assert_int_equal(read_all(j, NULL, 0), n - 1);
	sl_journal_release(j, 1); /* the oldest file was delivered */
	assert_int_equal(sl_journal_append(j, &e, &err), SL_OK);

	sl_journal_unread(j); /* nobody reads: the newest stay */
	for (n++; n < 1000; n++) {
		e.time = n;
		e.json = sl_span_of(json, make_json(json, n));
		assert_int_equal(sl_journal_append(j, &e, &err), SL_OK);
	}
	assert_in_range(read_all(j, NULL, 0), 20, 150);
	sl_journal_free(j);
	fixture_folder_end(folder);
}

static void too_long_is_refused(void **state)
{
	(void)state;
	char folder[64];
	struct sl_err err = { "" };
	size_t len = 1000001;

	fixture_folder(folder);
	struct sl_journal *j = open_journal(folder, 0);
	char *json = calloc(1, len);
	struct sl_journal_entry e = { .json = sl_span_of(json, len) };
	assert_int_equal(sl_journal_append(j, &e, &err), SL_EFORMAT);
	assert_int_equal(sl_journal_seq(j), 1);
	e.json.len = 1000000;
	assert_int_equal(sl_journal_append(j, &e, &err), SL_OK);
	free(json);
	sl_journal_free(j);
	j = open_journal(folder, 0);
	assert_int_equal(sl_journal_count(j, "", 0), 1);
	sl_journal_free(j);
	fixture_folder_end(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_epoch_each_time),
		cmocka_unit_test(files_roll_over_and_go),
		cmocka_unit_test(torn_at_every_byte),
		cmocka_unit_test(appending_goes_on_after_a_torn_end),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(damaged_head_is_put_aside),
		cmocka_unit_test(second_sensor_is_refused),
		cmocka_unit_test(bound_is_kept),
		cmocka_unit_test(too_long_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
