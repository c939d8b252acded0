/* An import without its command: a text as the input file, the indicators and what was said. */
#ifndef SELAT_TESTS_IMPORT_FIXTURE_H
#define SELAT_TESTS_IMPORT_FIXTURE_H

#include "../fixture.h"

#include <rules/import/import.h>
#include <sys/stat.h>

struct imported {
	struct sl_import im;
	struct sl_import_options options;
	char *said; /* on stderr */
};

/* Imports a text as the file "in". options->output and author are filled in. */
static inline struct imported *import_text(sl_import_fn *read, const char *text,
					   struct sl_import_options options)
{
	struct imported *i = calloc(1, sizeof *i);
	struct sl_err err = { "" };
	char *paths[] = { (char[]){ "in" } };
	size_t size;
	FILE *kept = stderr;
	assert_non_null(i);
	options.output = (char *)(uintptr_t) "out/pack.json";
	options.author = (char *)(uintptr_t) "a";
	options.tlp = (char *)(uintptr_t) "TLP:GREEN";
	options.version = 1;
	i->options = options;
	file_write("in", text);
	assert_int_equal(sl_import_init(&i->im, &i->options, &err), 0);
	stderr = open_memstream(&i->said, &size);
	assert_non_null(stderr);
	int rc = read(&i->im, paths, 1, &err);
	fclose(stderr);
	stderr = kept;
	assert_string_equal(err.text, "");
	assert_int_equal(rc, 0);
	assert_int_equal(i->im.failed, 0);
	unlink("in");
	return i;
}

static inline void imported_free(struct imported *i)
{
	sl_import_fini(&i->im);
	free(i->said);
	free(i);
}

/* The pack is one that compiles: written, read again, and a ruleset made of it. */
static inline void pack_expect(struct imported *i)
{
	char *path = i->options.output;
	const char *file;
	json_t *text;
	struct sl_err err = { "" };
	assert_int_equal(mkdir("out", 0755), 0);
	assert_int_equal(sl_import_write(&i->im, &err), 0);
	char *problems = problems_of(&path, 1);
	if (*problems)
		fail_msg("%s", problems);
	free(problems);
	json_object_foreach(i->im.lists, file, text)
	{
		char list[256];
		snprintf(list, sizeof list, "out/%s", file);
		assert_int_equal(unlink(list), 0);
	}
	unlink(path);
	rmdir("out");
}

/* The indicators as JSON, compared with what a test says; both are printed when they differ. */
static inline void indicators_expect(const struct imported *i, const char *expected)
{
	json_error_t why;
	json_t *want = json_loads(expected, 0, &why);
	if (!want)
		fail_msg("%s in %s", why.text, expected);
	if (!json_equal(want, i->im.indicators)) {
		char *have = json_dumps(i->im.indicators, JSON_COMPACT);
		fail_msg("\n    is %s\nwanted %s\n%s", have, expected, i->said);
	}
	json_decref(want);
}

#endif
