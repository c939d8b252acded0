/* Replacing a file: the new content at once, or what was there; nothing is left beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <selat/replace.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int folder_enter(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/selat-unit.XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int folder_leave(void **state)
{
	(void)state;
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

/* What the folder has, itself and its parent left out. */
static unsigned files_count(void)
{
	unsigned n = 0;
	DIR *dir = opendir(".");
	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void expect_content(const char *path, const char *content)
{
	char text[64] = "";
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(text, 1, sizeof text - 1, f), strlen(content));
	fclose(f);
	assert_string_equal(text, content);
}

static void begin(struct sl_replace *r, const char *path, const char *content)
{
	struct sl_err err = { "" };
	if (sl_replace_begin(r, path, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(fputs(content, r->out) >= 0);
}

static void new_content_appears_at_the_end(void **state)
{
	(void)state;
	struct sl_replace r;
	begin(&r, "a", "one");
	assert_int_equal(access("a", F_OK), -1);
	assert_int_equal(sl_replace_end(&r, true, NULL), SL_OK);
	expect_content("a", "one");
	begin(&r, "a", "two");
	fflush(r.out);
	expect_content("a", "one");
	assert_int_equal(sl_replace_end(&r, true, NULL), SL_OK);
	assert_int_equal(sl_replace_end(&r, true, NULL), SL_OK); /* nothing more */
	expect_content("a", "two");
	assert_int_equal(files_count(), 1);
	unlink("a");
}

static void what_is_not_kept_leaves_nothing(void **state)
{
	(void)state;
	struct sl_replace r;
	begin(&r, "a", "one");
	assert_int_equal(sl_replace_end(&r, false, NULL), SL_OK);
	assert_int_equal(files_count(), 0);
}

static void a_stream_that_failed_changes_nothing(void **state)
{
	(void)state;
	struct sl_replace r;
	struct sl_err err = { "" };
	begin(&r, "a", "one");
	assert_int_equal(sl_replace_end(&r, true, NULL), SL_OK);
	begin(&r, "a", "two");
	FILE *full = freopen("/dev/full", "w", r.out);
	assert_ptr_equal(full, r.out);
	fputs("three", r.out);
	assert_true(sl_replace_end(&r, true, &err) < 0);
	assert_string_equal(err.text, "a: cannot write: No space left on device");
	expect_content("a", "one");
	assert_int_equal(files_count(), 1);
	unlink("a");
}

static void two_writers_do_not_mix(void **state)
{
	(void)state;
	struct sl_replace one, two;
	begin(&one, "a", "one");
	begin(&two, "a", "second");
	assert_int_equal(sl_replace_end(&two, true, NULL), SL_OK);
	expect_content("a", "second");
	assert_int_equal(sl_replace_end(&one, true, NULL), SL_OK);
	expect_content("a", "one");
	assert_int_equal(files_count(), 1);
	unlink("a");
}

static void others_may_read_it_as_the_mask_says(void **state)
{
	(void)state;
	struct sl_replace r;
	struct stat st;
	mode_t mask = umask(027);
	begin(&r, "a", "one");
	assert_int_equal(sl_replace_end(&r, true, NULL), SL_OK);
	assert_int_equal(umask(mask), 027); /* as it was */
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	unlink("a");
}

static void no_place_for_a_file(void **state)
{
	(void)state;
	struct sl_replace r;
	struct sl_err err = { "" };
	assert_int_equal(sl_replace_begin(&r, "/dev/null", &err), SL_EUSAGE);
	assert_string_equal(err.text, "/dev/null: is no file: name the file to write");
	assert_int_equal(sl_replace_begin(&r, ".", &err), SL_EUSAGE);
	assert_int_equal(sl_replace_begin(&r, "none/a", &err), SL_EFAIL);
	assert_string_equal(err.text, "none/a: cannot write beside it: No such file or directory");
	assert_int_equal(sl_replace_end(&r, true, &err), SL_OK);
	assert_int_equal(files_count(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_content_appears_at_the_end),
		cmocka_unit_test(what_is_not_kept_leaves_nothing),
		cmocka_unit_test(a_stream_that_failed_changes_nothing),
		cmocka_unit_test(two_writers_do_not_mix),
		cmocka_unit_test(others_may_read_it_as_the_mask_says),
		cmocka_unit_test(no_place_for_a_file),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
