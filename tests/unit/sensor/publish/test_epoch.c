/* Epochs and marks: names that rise, positions that survive a torn write. */
#include "fixture.h"

#include <fcntl.h>
#include <selat/log.h>
#include <selat/time.h>
#include <sensor/publish/epoch.h>
#include <sensor/publish/mark.h>

static void epochs_rise(void **state)
{
	(void)state;
	char last[SL_EPOCH_TEXT] = "", now[SL_EPOCH_TEXT];
	struct sl_err err = { "" };

	for (int i = 0; i < 2000; i++) {
		assert_int_equal(sl_epoch_new(now, last, &err), SL_OK);
		assert_true(sl_epoch_valid(now));
		assert_true(strcmp(now, last) > 0);
		strcpy(last, now);
	}
	/* The clock went back: the new one still sorts after the old one. */
	assert_int_equal(sl_epoch_new(now, "7ZZZZZZZZY0000000000000000", &err), SL_OK);
	assert_memory_equal(now, "7ZZZZZZZZZ", 10);
	assert_int_equal(sl_epoch_new(now, "7ZZZZZZZZZ0000000000000000", &err), SL_EFAIL);
}

static void time_is_in_the_name(void **state)
{
	(void)state;
	char text[SL_EPOCH_TEXT];
	struct sl_err err = { "" };
	uint64_t before = sl_time_now() / 1000000, ms = 0;

	assert_int_equal(sl_epoch_new(text, NULL, &err), SL_OK);
	for (int i = 0; i < 10; i++)
		ms = ms * 32 + (uint64_t)(strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", text[i]) -
					  "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
	assert_in_range(ms, before, sl_time_now() / 1000000);
}

static void validity(void **state)
{
	(void)state;
	assert_true(sl_epoch_valid("01JDABCDEFGHJKMNPQRSTVWXYZ"));
	assert_false(sl_epoch_valid(""));
	assert_false(sl_epoch_valid("81JDABCDEFGHJKMNPQRSTVWXYZ")); /* more than 128 bits */
	assert_false(sl_epoch_valid("01JDABCDEFGHJKMNPQRSTVWXYU"));
	assert_false(sl_epoch_valid("01JDABCDEFGHJKMNPQRSTVWXYZ0"));
	assert_false(sl_epoch_valid("01jdabcdefghjkmnpqrstvwxyz"));
}

static void save(const char *folder, uint64_t seq)
{
	struct sl_mark m;
	struct sl_err err = { "" };

	assert_int_equal(sl_mark_open(&m, folder, "national", &err), SL_OK);
	strcpy(m.epoch, "01JDABCDEFGHJKMNPQRSTVWXYZ");
	m.seq = seq;
	m.route_seq = 2 * seq;
	assert_int_equal(sl_mark_save(&m, &err), SL_OK);
	sl_mark_close(&m);
}

static uint64_t load(const char *folder)
{
	struct sl_mark m;
	struct sl_err err = { "" };

	assert_int_equal(sl_mark_open(&m, folder, "national", &err), SL_OK);
	uint64_t seq = m.seq;
	assert_int_equal(m.route_seq, seq == 1 ? 1 : 2 * seq);
	sl_mark_close(&m);
	return seq;
}

/* Each byte of the file damaged in turn: the mark is the last or the one before, never another. */
static void damaged_marks(void **state)
{
	(void)state;
	char folder[64], path[96], byte;

	fixture_folder(folder);
	snprintf(path, sizeof path, "%s/national.mark", folder);
	assert_int_equal(load(folder), 1);
	save(folder, 41);
	save(folder, 42);
	save(folder, 43);
	assert_int_equal(load(folder), 43);
	int fd = open(path, O_RDWR);
	for (off_t at = 0; at < 256; at++) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_in_range(load(folder), 42, 43);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	sl_log_level((enum sl_level)0);
	for (off_t cut = 255; cut >= 0; cut--) {
		assert_int_equal(ftruncate(fd, cut), 0);
		uint64_t seq = load(folder);
		assert_true(seq == 42 || seq == 1); /* slot 0 has the 42 */
	}
	sl_log_level(SL_INFO);
	close(fd);
	fixture_folder_end(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(epochs_rise),
		cmocka_unit_test(time_is_in_the_name),
		cmocka_unit_test(validity),
		cmocka_unit_test(damaged_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
