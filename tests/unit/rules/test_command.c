/* The subcommands as their users see them: what is printed, and the exit status. */
#include "run.h"

#define HEAD "{\"selat\":1,\"pack\":\"t/a\",\"version\":1,\"author\":\"a\",\"tlp\":\"TLP:GREEN\","

static const char odd[] =
	HEAD "\"indicators\":[\n{\"id\":\"short\",\"match\":[{\"field\":\"payload\",\"starts\":"
	     "\"ab\"}]},\n"
	     "{\"id\":\"old\",\"domain\":\"a.example\",\"valid_until\":\"2020-01-01T00:00:00Z\"},\n"
	     "{\"id\":\"wide\",\"domain\":\"example\",\"valid_until\":\"2090-01-01T00:00:00Z\"}]}";

static int setup(void **state)
{
	if (folder_enter(state) < 0)
		return -1;
	file_write("odd.json", odd);
	file_write("bad.json", "{\"selat\":1}");
	return 0;
}

static int teardown(void **state)
{
	unlink("odd.json");
	unlink("bad.json");
	unlink("out");
	unlink("r");
	return folder_leave(state);
}

static void lint_fails_on_errors(void **state)
{
	(void)state;
	int rc;
	char *out = run(sl_rules_lint, &rc, 3, "lint", "--json", "bad.json");
	assert_int_equal(rc, 1);
	json_t *json = json_loads(out, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "errors")), 5);
	const json_t *first = json_array_get(json_object_get(json, "problems"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "level")), "error");
	assert_int_equal(json_integer_value(json_object_get(first, "line")), 1);
	json_decref(json);
	free(out);
	free(run(sl_rules_lint, &rc, 1, "lint"));
	assert_int_equal(rc, SL_EUSAGE);
}

static size_t match_count(const char *json_text)
{
	json_t *json = json_loads(json_text, 0, NULL);
	size_t n = (size_t)json_integer_value(
		json_object_get(json_object_get(json, "indicators"), "match"));
	json_decref(json);
	return n;
}

/* The shadow is compiled, what is off is not; a pack may have nothing left. */
static void what_is_off_is_not_compiled(void **state)
{
	(void)state;
	int rc;
	file_write("off.json", HEAD "\"indicators\":[{\"id\":\"a\",\"match\":[],\"status\":\"off\"}]}");
	char *out = run(sl_rules_compile, &rc, 5, "compile", "off.json", "-o", "r", "--json");
	assert_int_equal(rc, 0);
	assert_int_equal(match_count(out), 0);
	free(out);
	file_write("off.json",
		   HEAD "\"indicators\":[{\"id\":\"a\",\"match\":[],\"status\":\"off\"},{\"id\":\"b\","
			"\"match\":[],\"where\":{\"port\":53},\"status\":\"shadow\"}]}");
	out = run(sl_rules_compile, &rc, 5, "compile", "off.json", "-o", "r", "--json");
	assert_int_equal(rc, 0);
	assert_int_equal(match_count(out), 1);
	free(out);
	unlink("off.json");
}

/* With --keep-going nothing taken over is a pack that says nothing, and half of a success. */
static void import_of_nothing(void **state)
{
	(void)state;
	int rc;
	file_write("in.rules", "alert smb any any -> any any (sid:1;)\nalert smb any any -> any any (sid:2;)\n");
	free(run(sl_rules_import, &rc, 6, "import", "--from", "suricata", "in.rules", "-o", "off.json"));
	assert_int_equal(rc, SL_EFAIL);
	assert_int_equal(access("off.json", F_OK), -1);
	char *out = run(sl_rules_import, &rc, 7, "import", "--from", "suricata", "-k", "in.rules", "-o", "off.json");
	assert_int_equal(rc, sl_exit_status(SL_EPARTIAL));
	assert_string_equal(out, "off.json: 0 of 2 taken over: the pack says nothing\n");
	free(out);
	out = run(sl_rules_compile, &rc, 4, "compile", "off.json", "-o", "r");
	assert_int_equal(rc, 0);
	free(out);
	file_write("in.rules", "# nothing\n");
	free(run(sl_rules_import, &rc, 7, "import", "--from", "suricata", "-k", "in.rules", "-o", "off.json"));
	assert_int_equal(rc, SL_EFAIL);
	unlink("in.rules");
	unlink("off.json");
}

static void compile_sums_up(void **state)
{
	(void)state;
	int rc;
	char *out = run(sl_rules_compile, &rc, 5, "compile", "odd.json", "-o", "r", "--json");
	assert_int_equal(rc, 0);
	json_t *json = json_loads(out, 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json, "indicators"), "domain")),
		2);
	assert_int_equal(json_integer_value(json_object_get(json, "patterns")), 1);
	json_decref(json);
	free(out);
	free(run(sl_rules_compile, &rc, 4, "compile", "bad.json", "-o", "none"));
	assert_int_equal(rc, SL_EFAIL);
	assert_int_equal(access("none", F_OK), -1);
	free(run(sl_rules_compile, &rc, 2, "compile", "odd.json"));
	assert_int_equal(rc, SL_EUSAGE);
}

static void show_knows_both(void **state)
{
	(void)state;
	int rc;
	free(run(sl_rules_compile, &rc, 4, "compile", "odd.json", "-o", "r"));
	char *out = run(sl_rules_show, &rc, 3, "show", "r", "--json");
	json_t *json = json_loads(out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(json, "kind")), "ruleset");
	assert_int_equal(json_integer_value(json_object_get(json, "indicators")), 3);
	json_decref(json);
	free(out);
	out = run(sl_rules_show, &rc, 2, "show", "r");
	assert_non_null(strstr(out, "address 0, domain 2, url 0, match 1 (1 conditions)"));
	free(out);
	out = run(sl_rules_show, &rc, 3, "show", "--json", "odd.json");
	json = json_loads(out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(json, "kind")), "pack");
	assert_int_equal(json_array_size(json_object_get(json, "indicators")), 3);
	json_decref(json);
	free(out);
	out = run(sl_rules_show, &rc, 2, "show", "odd.json");
	assert_non_null(strstr(out, "payload starts ab"));
	free(out);
	free(run(sl_rules_show, &rc, 2, "show", "bad.json"));
	assert_int_equal(rc, SL_EFAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lint_fails_on_errors),
		cmocka_unit_test(compile_sums_up),
		cmocka_unit_test(what_is_off_is_not_compiled),
		cmocka_unit_test(import_of_nothing),
		cmocka_unit_test(show_knows_both),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
