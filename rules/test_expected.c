/* `selat-rules test --expect`: a capture after the other, each compared with what it should give.
 */
#include <rules/expect.h>
#include <rules/output.h>
#include <rules/sensor_run.h>
#include <rules/test.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct run {
	const struct sl_pack *pack;
	const struct sl_test_options *options;
	const char *ruleset;
	struct sl_expect expect;
	json_t *report; /* of --json: an object a capture */
	FILE *written;  /* of --update */
	size_t differ;  /* captures that are not as expected */
	bool partial;
};

/* The way from a folder to a file, both as realpath gives them. */
static void relative_path(char out[PATH_MAX], const char *folder, const char *file)
{
	size_t same = 0, len = 0;
	for (size_t i = 0; folder[i] && folder[i] == file[i]; i++)
		if (folder[i] == '/' && file[i] == '/')
			same = i + 1;
	out[0] = '\0';
	for (const char *s = folder + same; *s; s++)
		if (*s == '/' && len + 4 < PATH_MAX)
			len += (size_t)snprintf(out + len, PATH_MAX - len, "../");
	snprintf(out + len, PATH_MAX - len, "%s", file + same);
}

/* What the expectation's file calls a capture. */
static void capture_name(char out[PATH_MAX], const char *expect, const char *capture)
{
	char folder[PATH_MAX], file[PATH_MAX], *given = strdup(expect);
	char *slash = given ? strrchr(given, '/') : NULL;
	if (slash)
		slash[1] = '\0';
	if (given && realpath(slash ? given : ".", folder) && realpath(capture, file)) {
		size_t len = strlen(folder);
		snprintf(folder + len, sizeof folder - len, "/");
		relative_path(out, folder, file);
	} else {
		snprintf(out, PATH_MAX, "%s", capture);
	}
	free(given);
}

static void said_print(const char *capture, const json_t *said, const struct sl_hits *hits)
{
	size_t i;
	const json_t *line;
	sl_out_text(stdout, capture);
	puts(json_array_size(said) ? ": not as expected" : ": as expected");
	json_array_foreach(said, i, line) printf("    %s\n", json_string_value(line));
	if (json_array_size(said)) {
		sl_hits_print(hits, sl_test_colour());
		putchar('\n');
	}
}

static void capture_report(struct run *run, const char *capture, const struct sl_hits *hits,
			   bool partial)
{
	json_t *said = sl_expect_compare(&run->expect, capture, hits);
	run->differ += json_array_size(said) > 0;
	if (!run->options->json) {
		said_print(capture, said, hits);
		json_decref(said);
		return;
	}
	json_t *out = sl_hits_json(hits, partial);
	json_object_set_new(out, "capture", sl_out_string(capture));
	json_object_set_new(out, "expected", json_boolean(json_array_size(said) == 0));
	json_object_set_new(out, "differences", said);
	json_array_append_new(run->report, out);
}

static int capture_run(struct run *run, char *capture, struct sl_err *err)
{
	struct sl_hits hits;
	int rc = sl_hits_init(&hits, run->pack, err);
	if (rc == SL_OK)
		rc = sl_sensor_run(run->ruleset, &capture, 1, sl_hits_add, &hits, err);
	bool partial = rc == SL_EPARTIAL;
	run->partial = run->partial || partial;
	if ((rc == SL_OK || partial) && run->written) {
		char name[PATH_MAX];
		capture_name(name, run->options->expect, capture);
		sl_expect_write(run->written, name, &hits);
	} else if (rc == SL_OK || partial) {
		capture_report(run, capture, &hits, partial);
	}
	sl_hits_fini(&hits);
	return partial ? SL_OK : rc;
}

static int captures_run(struct run *run, char *const *captures, size_t n, struct sl_err *err)
{
	int rc = SL_OK;
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		rc = capture_run(run, captures[i], err);
	return rc;
}

/* Nothing is written until every capture was read. */
static int update(struct run *run, char *const *captures, size_t n, struct sl_err *err)
{
	char *text = NULL;
	size_t len = 0;
	run->written = open_memstream(&text, &len);
	if (!run->written)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	fprintf(run->written,
		"# What %s finds in each capture; written by selat-rules test --update.\n",
		run->pack->name);
	int rc = captures_run(run, captures, n, err);
	fclose(run->written);
	FILE *out = rc == SL_OK ? fopen(run->options->expect, "w") : NULL;
	if (rc == SL_OK && (!out || fwrite(text, 1, len, out) != len))
		rc = sl_fail(err, SL_EFAIL, "%s: cannot write: %s", run->options->expect,
			     strerror(errno));
	if (out && fclose(out) != 0 && rc == SL_OK)
		rc = sl_fail(err, SL_EFAIL, "%s: cannot write: %s", run->options->expect,
			     strerror(errno));
	free(text);
	return rc;
}

static int expectation_read(struct run *run, struct sl_err *err)
{
	struct sl_problems problems = { 0 };
	int rc = sl_expect_read(&run->expect, run->options->expect, run->pack, &problems, err);
	bool enough = run->options->update && run->expect.source.root; /* its captures' names are */
	if (rc == SL_OK && problems.errors && !enough) {
		sl_problems_sort(&problems);
		sl_problems_print(&problems, stderr);
		rc = sl_fail(err, SL_EFAIL, "there are errors: nothing was tested");
	}
	sl_problems_fini(&problems);
	return rc;
}

static int all_run(struct run *run, char *const *captures, size_t n, struct sl_err *err)
{
	struct sl_list named = { 0 };
	int rc = SL_OK;
	if (!run->options->update || n == 0)
		rc = expectation_read(run, err);
	if (rc == SL_OK && n == 0) {
		rc = sl_expect_captures(&run->expect, &named, err);
		captures = named.item;
		n = named.n;
	}
	if (rc == SL_OK)
		rc = run->options->update ? update(run, captures, n, err)
					  : captures_run(run, captures, n, err);
	if (rc == SL_OK && run->options->json && !run->options->update)
		rc = sl_out_json(json_pack("{ss sb sO}", "pack", run->pack->name, "expected",
					   run->differ == 0, "captures", run->report),
				 err);
	sl_list_free(&named);
	return rc;
}

int sl_test_expected(const struct sl_pack *pack, const char *ruleset, char *const *captures,
		     size_t n, const struct sl_test_options *options, struct sl_err *err)
{
	struct run run = {
		.pack = pack, .options = options, .ruleset = ruleset, .report = json_array()
	};
	int rc = all_run(&run, captures, n, err);
	sl_expect_fini(&run.expect);
	json_decref(run.report);
	if (rc < 0)
		return rc;
	if (run.differ)
		return 1;
	return run.partial ? sl_exit_status(SL_EPARTIAL) : 0;
}
