/* Loading a ruleset: references, and files that must be refused with a sentence. */
#include "fixture.h"

static const char pack[] =
	"[{\"id\": \"a\", \"domain\": \"a.example\"},"
	"{\"id\": \"b\", \"match\": [{\"field\": \"payload\", \"contains\": \"needle\"}]},"
	"{\"id\": \"c\", \"match\": [{\"field\": \"payload\", \"regex\": \"a[0-9]+b\"}]},"
	"{\"id\": \"d\", \"match\": [{\"field\": \"http.uri\", \"ends\": \".exe\"}]}]";

struct file {
	uint8_t *at;
	size_t n;
	char path[64];
};

static struct file slurp(void)
{
	struct file f = { .n = 0 };
	fixture_compile(pack, f.path);
	FILE *in = fopen(f.path, "r");
	assert_non_null(in);
	assert_int_equal(fseek(in, 0, SEEK_END), 0);
	f.n = (size_t)ftell(in);
	rewind(in);
	f.at = malloc(f.n);
	assert_non_null(f.at);
	assert_int_equal(fread(f.at, 1, f.n, in), f.n);
	fclose(in);
	return f;
}

static void file_end(struct file *f)
{
	unlink(f->path);
	free(f->at);
}

static int load(const struct file *f, size_t n, struct sl_err *err)
{
	struct sl_loaded_ruleset *l = NULL;
	FILE *out = fopen(f->path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(f->at, 1, n, out), n);
	fclose(out);
	err->text[0] = '\0';
	int rc = sl_loaded_open(&l, f->path, err);
	if (rc == SL_OK)
		sl_loaded_release(l);
	else
		assert_non_null(strstr(err->text, f->path)); /* the sentence names the file */
	return rc;
}

static void last_reference_frees(void **state)
{
	(void)state;
	struct file f = slurp();
	struct sl_loaded_ruleset *l;
	struct sl_err err;
	assert_int_equal(sl_loaded_open(&l, f.path, &err), SL_OK);
	file_end(&f); /* what is loaded does not need its file */
	assert_ptr_equal(sl_loaded_retain(l), l);
	sl_loaded_release(l);
	assert_int_equal(sl_loaded_view(l)->indicators_n, 4);
	sl_loaded_release(l);
	sl_loaded_release(NULL);
}

static void cut_files(void **state)
{
	(void)state;
	struct file f = slurp();
	struct sl_err err;
	assert_int_equal(load(&f, f.n, &err), SL_OK);
	for (size_t n = 0; n < f.n; n += 1 + f.n / 200)
		assert_int_not_equal(load(&f, n, &err), SL_OK);
	assert_int_not_equal(load(&f, f.n - 1, &err), SL_OK);
	file_end(&f);
}

static void changed_files(void **state)
{
	(void)state;
	struct file f = slurp();
	struct sl_err err;
	uint64_t seed = 8;
	for (unsigned i = 0; i < 300; i++) {
		size_t at = i < 100 ? i : wire_random(&seed) % f.n;
		f.at[at] ^= 0x10;
		assert_int_not_equal(load(&f, f.n, &err), SL_OK);
		f.at[at] ^= 0x10;
	}
	assert_int_equal(load(&f, f.n, &err), SL_OK);
	file_end(&f);
}

static void no_file(void **state)
{
	(void)state;
	struct sl_loaded_ruleset *l = NULL;
	struct sl_err err;
	assert_int_not_equal(sl_loaded_open(&l, "/nonexistent/ruleset", &err), SL_OK);
	assert_non_null(strstr(err.text, "/nonexistent/ruleset"));
	assert_null(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_reference_frees),
		cmocka_unit_test(cut_files),
		cmocka_unit_test(changed_files),
		cmocka_unit_test(no_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
