/* The cache of compiled patterns: what was put comes back; what was changed, by whomever, does not.
 */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <rules/cache.h>
#include <sys/stat.h>
#include <time.h>

static const uint8_t key[SL_CACHE_KEY] = { 1, 2, 3 };

static struct sl_cache *cache_make(void)
{
	struct sl_cache *cache = NULL;
	struct sl_err err = { "" };
	if (sl_cache_open(&cache, "deep/cache", &err) < 0)
		fail_msg("%s", err.text);
	return cache;
}

/* The one entry's path; NULL: there is none. More than one fails. */
static const char *entry_path(void)
{
	static char path[512];
	DIR *dir = opendir("deep/cache");
	unsigned n = 0;
	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.') {
			snprintf(path, sizeof path, "deep/cache/%.255s", d->d_name);
			n++;
		}
	closedir(dir);
	assert_true(n <= 1);
	return n ? path : NULL;
}

static void cache_remove(struct sl_cache *cache)
{
	sl_cache_close(cache);
	if (entry_path())
		unlink(entry_path());
	assert_int_equal(rmdir("deep/cache"), 0);
	assert_int_equal(rmdir("deep"), 0);
}

static void put(struct sl_cache *cache)
{
	char bytes[] = "compiled";
	sl_cache_put(cache, key, &(struct sl_cached){ bytes, sizeof bytes, 11, 22 });
}

static bool get(struct sl_cache *cache)
{
	struct sl_cached got = { 0 };
	bool found = sl_cache_get(cache, key, &got);
	if (found) {
		assert_int_equal(got.size, sizeof "compiled");
		assert_string_equal(got.bytes, "compiled");
		assert_int_equal(got.memory_bytes, 11);
		assert_int_equal(got.stream_bytes, 22);
	}
	free(got.bytes);
	return found;
}

static void what_was_put_comes_back(void **state)
{
	(void)state;
	static const uint8_t other[SL_CACHE_KEY] = { 1, 2, 4 };
	struct sl_cache *cache = cache_make();
	struct sl_cached got;
	struct stat st;
	assert_false(get(cache));
	put(cache);
	assert_true(get(cache));
	assert_true(get(cache));
	assert_false(sl_cache_get(cache, other, &got));
	assert_int_equal(stat(entry_path(), &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	cache_remove(cache);
}

static void changed_bytes_do_not(void **state)
{
	(void)state;
	struct sl_cache *cache = cache_make();
	put(cache);
	size_t size;
	char *bytes = file_slurp(entry_path(), &size), path[512];
	snprintf(path, sizeof path, "%s", entry_path());
	for (size_t at = 0; at <= size; at++) {
		FILE *f = fopen(path, "wb");
		if (at < size)
			bytes[at] ^= 1;
		fwrite(bytes, 1, at < size ? size : size - 1, f); /* the last time: truncated */
		fclose(f);
		chmod(path, 0600);
		if (at < size)
			bytes[at] ^= 1;
		assert_false(get(cache));
		assert_null(entry_path()); /* and is gone */
	}
	free(bytes);
	cache_remove(cache);
}

static void what_others_may_write_is_not_used(void **state)
{
	(void)state;
	struct sl_cache *cache = cache_make(), *none = NULL;
	struct sl_err err = { "" };
	put(cache);
	chmod(entry_path(), 0620);
	assert_false(get(cache));
	put(cache);
	char path[512];
	snprintf(path, sizeof path, "%s", entry_path());
	assert_int_equal(rename(path, "moved"), 0);
	assert_int_equal(symlink("../../moved", path), 0);
	assert_false(get(cache));
	unlink(path);
	unlink("moved");
	chmod("deep/cache", 0777);
	assert_true(sl_cache_open(&none, "deep/cache", &err) < 0);
	assert_non_null(strstr(err.text, "others may write to it"));
	assert_true(sl_cache_open(&none, "/dev/null", &err) < 0);
	cache_remove(cache);
}

static void the_oldest_make_room(void **state)
{
	(void)state;
	struct sl_cache *cache = cache_make();
	uint8_t number[SL_CACHE_KEY] = { 0 };
	char byte[] = "b";
	struct sl_cached got = { 0 };
	for (unsigned i = 0; i < 300; i++) {
		number[0] = (uint8_t)i;
		number[1] = (uint8_t)(i >> 8);
		sl_cache_put(cache, number, &(struct sl_cached){ byte, 1, 0, 0 });
	}
	unsigned kept = 0;
	for (unsigned i = 0; i < 300; i++) {
		number[0] = (uint8_t)i;
		number[1] = (uint8_t)(i >> 8);
		bool found = sl_cache_get(cache, number, &got);
		if (found)
			free(got.bytes);
		kept += found;
		assert_true(found || i < 299);
	}
	assert_int_equal(kept, 256);
	assert_int_equal(system("rm -r deep/cache && mkdir deep/cache"), 0);
	cache_remove(cache);
}

/* A file as of a writer that was killed, last written so long ago. */
static void half_written(const char *path, long age_s)
{
	struct timespec then[2] = { { .tv_sec = time(NULL) - age_s }, { .tv_sec = time(NULL) - age_s } };
	file_write(path, "half");
	assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static void what_a_killed_writer_left_goes(void **state)
{
	(void)state;
	static const char *const endings[] = { ".4711", ".0123456789abcdef" };
	struct sl_cache *cache = cache_make();
	put(cache);
	char entry[512], path[640];
	snprintf(entry, sizeof entry, "%s", entry_path());
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		snprintf(path, sizeof path, "%s%s", entry, endings[i]);
		half_written(path, 3700);
		sl_cache_close(cache_make());
		assert_int_equal(access(path, F_OK), -1);
		half_written(path, 3500); /* its writer may be alive */
		sl_cache_close(cache_make());
		assert_int_equal(unlink(path), 0);
	}
	half_written("deep/cache/mine.4711", 3700); /* is none of the cache's */
	sl_cache_close(cache_make());
	assert_int_equal(unlink("deep/cache/mine.4711"), 0);
	assert_true(get(cache));
	cache_remove(cache);
}

static void *put_often(void *cache)
{
	for (unsigned i = 0; i < 200; i++)
		put(cache);
	return NULL;
}

/* An entry is whole at any moment, though two write it. */
static void writers_of_one_entry_do_not_mix(void **state)
{
	(void)state;
	struct sl_cache *cache = cache_make();
	pthread_t writer[2];
	put(cache);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&writer[i], NULL, put_often, cache), 0);
	for (unsigned i = 0; i < 200; i++)
		assert_true(get(cache));
	for (unsigned i = 0; i < 2; i++)
		pthread_join(writer[i], NULL);
	assert_true(get(cache));
	cache_remove(cache);
}

static void rulesets_are_the_same_with_it(void **state)
{
	(void)state;
	char *names[] = { (char *)(uintptr_t) "p.json" };
	file_write("p.json", "{\"selat\":1,\"pack\":\"t/"
			     "p\",\"version\":1,\"author\":\"a\",\"tlp\":\"TLP:GREEN\","
			     "\"indicators\":[{\"id\":\"x\",\"match\":[{\"field\":\"http.uri\","
			     "\"regex\":\"ab+c\"}]}]}");
	compile_to("plain", names, 1);
	struct sl_cache *cache = cache_make();
	for (unsigned round = 0; round < 2; round++) {
		struct sl_packs packs;
		struct sl_problems problems = { 0 };
		struct sl_image image;
		struct sl_err err = { "" };
		struct sl_image_options with = { .cache = cache };
		assert_int_equal(sl_packs_read(&packs, names, 1, &problems, &err), 0);
		assert_int_equal(sl_image_compile_with(&image, &packs, &with, &problems, &err), 0);
		assert_int_equal(image.cached, round);
		assert_int_equal(sl_image_write(&image, "cached", &err), 0);
		sl_image_fini(&image);
		sl_packs_fini(&packs);
		size_t a, b;
		char *plain = file_slurp("plain", &a), *cached = file_slurp("cached", &b);
		assert_int_equal(a, b);
		assert_memory_equal(plain, cached, a);
		free(plain);
		free(cached);
	}
	unlink("p.json");
	unlink("plain");
	unlink("cached");
	cache_remove(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_comes_back),
		cmocka_unit_test(changed_bytes_do_not),
		cmocka_unit_test(what_others_may_write_is_not_used),
		cmocka_unit_test(the_oldest_make_room),
		cmocka_unit_test(what_a_killed_writer_left_goes),
		cmocka_unit_test(writers_of_one_entry_do_not_mix),
		cmocka_unit_test(rulesets_are_the_same_with_it),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
