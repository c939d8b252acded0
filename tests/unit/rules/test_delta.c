/* Deltas: what packs change of a ruleset, and nothing else. */
#include "fixture.h"

#define HEAD(name, version)                                                                        \
	"{\"selat\":1,\"pack\":\"" name "\",\"version\":" version                                  \
	",\"author\":\"a\",\"tlp\":\"TLP:GREEN\","

static const char old_a[] =
	HEAD("t/a", "1") "\"indicators\":["
			 "{\"id\":\"same\",\"domain\":\"same.example\"},"
			 "{\"id\":\"other\",\"domain\":\"old.example\"},"
			 "{\"id\":\"gone\",\"domain\":\"gone.example\"},"
			 "{\"id\":\"list\",\"match\":[{\"field\":\"http.uri\",\"in\":\"list\"}]}]}";
static const char new_a[] =
	HEAD("t/a", "2") "\"indicators\":["
			 "{\"domain\":\"same.example\",\"id\":\"same\"},"
			 "{\"id\":\"new\",\"match\":[{\"field\":\"http.uri\",\"regex\":\"x+yz\"}]},"
			 "{\"id\":\"other\",\"domain\":\"new.example\"},"
			 "{\"id\":\"list\",\"match\":[{\"field\":\"http.uri\",\"in\":\"list\"}]}]}";
static const char pack_b[] =
	HEAD("t/b", "1") "\"indicators\":[{\"id\":\"same\",\"address\":\"192.0.2.1\"}]}";

static int delta_try(const char *to, const char *base, const char *pack, struct sl_delta *delta,
		     struct sl_err *err)
{
	char *names[] = { (char *)(uintptr_t)pack };
	struct sl_packs packs;
	struct sl_problems problems = { 0 };
	struct sl_image image = { 0 };
	struct sl_image_options with = { .delta = delta };
	assert_int_equal(sl_packs_read(&packs, names, 1, &problems, err), 0);
	sl_problems_print(&problems, stderr);
	assert_int_equal(problems.errors, 0);
	int rc = sl_delta_make(delta, &packs, base, err);
	if (rc == SL_OK) {
		assert_int_equal(sl_image_compile_with(&image, &packs, &with, &problems, err), 0);
		assert_int_equal(sl_image_write(&image, to, err), 0);
	}
	sl_image_fini(&image);
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	return rc;
}

static void base_make(void)
{
	char *names[] = { (char *)(uintptr_t) "a.json", (char *)(uintptr_t) "b.json" };
	file_write("list", "/one\n/two\n");
	file_write("a.json", old_a);
	file_write("b.json", pack_b);
	compile_to("base", names, 2);
}

static void base_remove(void)
{
	static const char *const names[] = { "list", "a.json", "b.json", "base", "delta" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
}

static const char *id_of(const struct sl_ruleset *rs, uint32_t indicator)
{
	return sl_ruleset_string(rs, rs->indicators[indicator].id);
}

static void holds_what_is_new_and_what_goes(void **state)
{
	(void)state;
	struct sl_delta delta;
	struct sl_err err = { "" };
	struct sl_ruleset *rs, *base;
	base_make();
	file_write("a.json", new_a);
	assert_int_equal(delta_try("delta", "base", "a.json", &delta, &err), SL_OK);
	assert_int_equal(delta.same, 2);
	sl_delta_fini(&delta);
	assert_int_equal(sl_ruleset_open(&rs, "delta", &err), SL_OK);
	assert_int_equal(sl_ruleset_open(&base, "base", &err), SL_OK);
	assert_int_equal(rs->indicators_n, 2);
	assert_string_equal(id_of(rs, 0), "new");
	assert_string_equal(id_of(rs, 1), "other");
	assert_memory_equal(rs->base, base->header->digest, 32);
	assert_null(base->base);
	assert_int_equal(rs->withdrawn_n, 2);
	assert_string_equal(id_of(base, rs->withdrawn[0]), "other");
	assert_string_equal(id_of(base, rs->withdrawn[1]), "gone");
	assert_memory_not_equal(rs->header->identity, base->header->identity, 32);
	sl_ruleset_free(rs);
	sl_ruleset_free(base);
	base_remove();
}

/* The same indicators are live, whether they came as a delta or were compiled whole. */
static void one_identity_either_way(void **state)
{
	(void)state;
	static char *const names[] = { "a.json", "b.json" };
	struct sl_delta delta;
	struct sl_err err = { "" };
	struct sl_ruleset *rs, *whole;
	base_make();
	for (size_t i = 0; i < 2; i++) {
		file_write(names[i], i ? HEAD("t/b", "2") "\"indicators\":[{\"id\":\"b\",\"domain\":\"b.example\"}]}" : new_a);
		assert_int_equal(delta_try("delta", "base", names[i], &delta, &err), SL_OK);
		sl_delta_fini(&delta);
		compile_to("whole", (char *[]){ names[0], names[1] }, 2);
		assert_int_equal(sl_ruleset_open(&rs, "delta", &err), SL_OK);
		assert_int_equal(sl_ruleset_open(&whole, "whole", &err), SL_OK);
		assert_memory_equal(rs->header->identity, whole->header->identity, 32);
		sl_ruleset_free(rs);
		sl_ruleset_free(whole);
		compile_to("base", (char *[]){ names[0], names[1] }, 2);
	}
	unlink("whole");
	base_remove();
}

/* A list's file is a part of what an indicator says; so are the pack's defaults. */
static void lists_and_defaults_count(void **state)
{
	(void)state;
	struct sl_delta delta;
	struct sl_err err = { "" };
	base_make();
	file_write("list", "/one\n/three\n");
	assert_int_equal(delta_try("delta", "base", "a.json", &delta, &err), SL_OK);
	assert_int_equal(delta.same, 3);
	assert_int_equal(delta.withdrawn_n, 1);
	sl_delta_fini(&delta);
	file_write(
		"b.json",
		HEAD("t/b", "1") "\"defaults\":{\"severity\":\"high\"},"
				 "\"indicators\":[{\"id\":\"same\",\"address\":\"192.0.2.1\"}]}");
	assert_int_equal(delta_try("delta", "base", "b.json", &delta, &err), SL_OK);
	assert_int_equal(delta.same, 0);
	assert_int_equal(delta.withdrawn_n, 1);
	sl_delta_fini(&delta);
	base_remove();
}

static void a_new_pack_withdraws_nothing(void **state)
{
	(void)state;
	struct sl_delta delta;
	struct sl_err err = { "" };
	struct sl_ruleset *rs;
	base_make();
	file_write("c.json",
		   HEAD("t/c", "1") "\"indicators\":[{\"id\":\"same\",\"domain\":\"c.example\"}]}");
	assert_int_equal(delta_try("delta", "base", "c.json", &delta, &err), SL_OK);
	assert_int_equal(sl_ruleset_open(&rs, "delta", &err), SL_OK);
	assert_int_equal(rs->indicators_n, 1);
	assert_non_null(rs->base);
	assert_int_equal(rs->withdrawn_n, 0);
	sl_ruleset_free(rs);
	sl_delta_fini(&delta);
	unlink("c.json");
	base_remove();
}

static void says_what_cannot_be_a_base(void **state)
{
	(void)state;
	struct sl_delta delta;
	struct sl_err err = { "" };
	base_make();
	assert_int_equal(delta_try("delta", "base", "b.json", &delta, &err), SL_OK);
	sl_delta_fini(&delta);
	assert_int_equal(delta_try("x", "delta", "b.json", &delta, &err), SL_EUSAGE);
	assert_non_null(strstr(err.text, "delta: is a delta itself"));
	assert_int_equal(delta_try("x", "b.json", "b.json", &delta, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "is no ruleset"));
	assert_int_equal(delta_try("x", "nowhere", "b.json", &delta, &err), SL_EFAIL);
	base_remove();
}

/* The base is not verified: whatever it says, its numbers lead nowhere else (the sanitizers watch).
 */
static void a_broken_base_does_no_harm(void **state)
{
	(void)state;
	struct sl_err err = { "" };
	size_t size, refused = 0;
	base_make();
	char *bytes = file_slurp("base", &size);
	for (size_t at = 0; at + 4 <= size; at += 4) {
		struct sl_delta delta = { 0 };
		char was[4];
		memcpy(was, bytes + at, 4);
		memset(bytes + at, 0xff, 4);
		FILE *f = fopen("broken", "wb");
		assert_int_equal(fwrite(bytes, 1, size, f), size);
		fclose(f);
		memcpy(bytes + at, was, 4);
		refused += delta_try("delta", "broken", "a.json", &delta, &err) < 0;
		sl_delta_fini(&delta);
	}
	assert_true(refused > 20);
	free(bytes);
	unlink("broken");
	base_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_is_new_and_what_goes),
		cmocka_unit_test(one_identity_either_way),
		cmocka_unit_test(lists_and_defaults_count),
		cmocka_unit_test(a_new_pack_withdraws_nothing),
		cmocka_unit_test(says_what_cannot_be_a_base),
		cmocka_unit_test(a_broken_base_does_no_harm),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
