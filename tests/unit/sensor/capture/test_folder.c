/* Folders opened up: which files, in which order. */
#include "../captures.h"
#include <sensor/capture/folder.h>

static char folder[64];

static void make(const char *name, bool directory)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (directory) {
		assert_int_equal(mkdir(path, 0755), 0);
	} else {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fclose(f);
	}
}

/* All of the same time: names decide. */
static uint64_t no_time(const char *path)
{
	(void)path;
	return 0;
}

/* By the first letter; the same for some. */
static uint64_t letter_time(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash[1] == 'x' ? UINT64_MAX : (uint64_t)('z' - slash[1]) / 2;
}

static uint64_t (*time_of)(const char *path) = no_time;

static void expand(const char *const *paths, int want_rc, const char *want)
{
	struct sl_list in = { 0 }, out = { 0 };
	struct sl_err err = { "" };
	char got[1024] = "";
	for (; *paths; paths++)
		assert_int_equal(sl_list_add(&in, *paths), SL_OK);
	assert_int_equal(sl_folder_expand(&in, time_of, &out, &(bool){ false }, &err), want_rc);
	for (size_t i = 0; i < out.n; i++) {
		const char *slash = strrchr(out.item[i], '/');
		strcat(strcat(got, slash ? slash + 1 : out.item[i]), " ");
	}
	if (want_rc == SL_OK)
		assert_string_equal(got, want);
	else
		assert_non_null(strstr(err.text, want));
	sl_list_free(&in);
	sl_list_free(&out);
}

static void captures_by_name(void **state)
{
	(void)state;
	captures_begin(folder);
	make("b.pcap", false);
	make("a.pcapng", false);
	make("c.cap", false);
	make("notes.txt", false);
	make(".pcap", false); /* no name before the ending */
	make("pcap", false);
	make("b", true);
	make("b/z.pcap", false);
	make("b/deep", true);
	make("b/deep/d.pcap", false);
	expand((const char *[]){ folder, NULL }, SL_OK, "a.pcapng d.pcap z.pcap b.pcap c.cap ");
	/* what is named is taken as it is, and twice if named twice */
	expand((const char *[]){ "-", "/none/x.txt", folder, "-", NULL }, SL_OK,
	       "- x.txt a.pcapng d.pcap z.pcap b.pcap c.cap - ");
	captures_end(folder);
}

static void captures_by_time(void **state)
{
	(void)state;
	char second[256];
	captures_begin(folder);
	make("x.pcap", false); /* has no time: last */
	make("a.pcap", false);
	make("m.pcap", false);
	make("n.pcap", false); /* as m: by name */
	make("y.pcapng", false);
	make("sub", true);
	make("sub/t.cap", false);
	make("sub/b.cap", false); /* as a, but its folder comes later by name */
	snprintf(second, sizeof second, "%s/sub", folder);
	time_of = letter_time;
	/* folders are sorted each for itself, and what is named keeps its place */
	expand((const char *[]){ second, "/none/z.pcap", folder, NULL }, SL_OK,
	       "t.cap b.cap z.pcap y.pcapng t.cap m.pcap n.pcap a.pcap b.cap x.pcap ");
	time_of = no_time;
	captures_end(folder);
}

static void empty_folders_are_an_error(void **state)
{
	(void)state;
	captures_begin(folder);
	make("notes.txt", false);
	expand((const char *[]){ folder, NULL }, SL_EFAIL, "no captures in this folder");
	captures_end(folder);
}

static void circles_end(void **state)
{
	(void)state;
	char link[256];
	captures_begin(folder);
	make("a.pcap", false);
	make("sub", true);
	snprintf(link, sizeof link, "%s/sub/back", folder);
	assert_int_equal(symlink(folder, link), 0);
	expand((const char *[]){ folder, NULL }, SL_OK, "a.pcap ");
	captures_end(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_by_name),
		cmocka_unit_test(captures_by_time),
		cmocka_unit_test(empty_folders_are_an_error),
		cmocka_unit_test(circles_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
