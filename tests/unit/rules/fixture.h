/* A folder for one test program's files, and packs written into it. */
#ifndef SELAT_TESTS_RULES_FIXTURE_H
#define SELAT_TESTS_RULES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <rules/image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

/* Changes into the folder, so that messages name files without a path. */
static inline int folder_enter(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/selat-unit.XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int folder_leave(void **state)
{
	(void)state;
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static inline void file_write(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

/* Every problem of the packs, as printed. The caller frees it. */
static inline char *problems_of(char *const *names, size_t n)
{
	struct sl_packs packs;
	struct sl_problems problems = { 0 };
	struct sl_image image = { 0 };
	struct sl_err err = { "" };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc = sl_packs_read(&packs, names, n, &problems, &err);
	sl_packs_off_drop(&packs);
	if (rc == 0 && !problems.errors)
		rc = sl_image_compile(&image, &packs, &problems, &err);
	if (rc < 0)
		fprintf(out, "%s\n", err.text);
	sl_problems_sort(&problems);
	sl_problems_print(&problems, out);
	fclose(out);
	sl_image_fini(&image);
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	return text;
}

/* Compiles packs without errors to a file. */
static inline void compile_to(const char *path, char *const *names, size_t n)
{
	struct sl_packs packs;
	struct sl_problems problems = { 0 };
	struct sl_image image;
	struct sl_err err = { "" };
	assert_int_equal(sl_packs_read(&packs, names, n, &problems, &err), 0);
	sl_problems_print(&problems, stderr);
	assert_int_equal(problems.errors, 0);
	assert_int_equal(sl_image_compile(&image, &packs, &problems, &err), 0);
	sl_problems_print(&problems, stderr);
	assert_int_equal(problems.errors, 0);
	assert_int_equal(sl_image_write(&image, path, &err), 0);
	sl_image_fini(&image);
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
}

static inline char *file_slurp(const char *path, size_t *size)
{
	char *bytes = malloc(1 << 22);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	*size = fread(bytes, 1, 1 << 22, f);
	fclose(f);
	return bytes;
}

#endif
