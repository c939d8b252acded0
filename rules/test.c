/* `selat-rules test`: compiles a pack to a temporary ruleset, lets the sensor read captures with
 * it, and shows what matched. Shadow indicators are published here, or their author would not see
 * them. */
#include <rules/command.h>
#include <rules/hits.h>
#include <rules/image.h>
#include <rules/sensor_run.h>

#include <errno.h>
#include <selat/options.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test_options {
	bool json;
};

static const struct sl_option rows[] = {
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct test_options, json),
	  .help = "print what matched as JSON" },
};

static const struct sl_options spec = {
	.program = "selat-rules test",
	.synopsis = "[OPTION…] PACK CAPTURE…",
	.about = "Compiles a pack, lets selat-sensor read the captures with it, and prints which\n"
		 "indicators matched, where, and which did not. Shadow indicators are shown too.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Exit status: 0 it ran, whatever matched; 1 failed; 2 wrong usage; 3 a capture "
		  "was\nreadable in part.",
	.operands = true,
};

static int ruleset_make(const struct sl_packs *packs, const char *path,
			struct sl_problems *problems, struct sl_err *err)
{
	struct sl_image image = { 0 };
	int rc = SL_OK;
	if (!problems->errors)
		rc = sl_image_compile(&image, packs, problems, err);
	if (rc == SL_OK && problems->errors) {
		sl_problems_sort(problems);
		sl_problems_print(problems, stderr);
		rc = sl_fail(err, SL_EFAIL, "%zu errors: nothing was tested", problems->errors);
	}
	if (rc == SL_OK)
		rc = sl_image_write(&image, path, err);
	sl_image_fini(&image);
	return rc;
}

static void shadows_wake(struct sl_packs *packs)
{
	for (size_t i = 0; i < packs->n; i++)
		for (size_t k = 0; k < packs->pack[i].n; k++)
			packs->pack[i].indicator[k].meta.shadow = false;
}

static int captures_run(const struct sl_pack *pack, const char *ruleset, char *const *captures,
			size_t n, bool json, struct sl_err *err)
{
	struct sl_hits hits;
	int rc = sl_hits_init(&hits, pack, err);
	if (rc == SL_OK)
		rc = sl_sensor_run(ruleset, captures, n, sl_hits_add, &hits, err);
	bool partial = rc == SL_EPARTIAL;
	if (rc == SL_OK || partial) {
		int shown =
			json ? sl_hits_json(&hits, partial, err)
			     : sl_hits_print(&hits, isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
		rc = shown < 0 ? shown : partial ? sl_exit_status(SL_EPARTIAL) : 0;
	}
	sl_hits_fini(&hits);
	return rc;
}

static int pack_test(const struct sl_list *files, const char *ruleset, bool json,
		     struct sl_err *err)
{
	struct sl_packs packs;
	struct sl_problems problems = { 0 };
	int rc = sl_packs_read(&packs, files->item, 1, &problems, err);
	if (rc == SL_OK) {
		shadows_wake(&packs);
		rc = ruleset_make(&packs, ruleset, &problems, err);
	}
	if (rc == SL_OK)
		rc = captures_run(&packs.pack[0], ruleset, files->item + 1, files->n - 1, json,
				  err);
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	return rc;
}

/* The ruleset lives in a folder of its own, which is gone afterwards. */
static int folder_test(const struct sl_list *files, bool json, struct sl_err *err)
{
	const char *base = getenv("TMPDIR");
	char *folder = NULL, *ruleset = NULL;
	int rc = SL_OK;
	if (asprintf(&folder, "%s/selat-test.XXXXXX", base && *base ? base : "/tmp") < 0)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	if (!mkdtemp(folder)) {
		rc = sl_fail(err, SL_EFAIL, "%s: cannot make a folder: %s", folder,
			     strerror(errno));
		free(folder);
		return rc;
	}
	if (asprintf(&ruleset, "%s/ruleset", folder) < 0) {
		ruleset = NULL;
		rc = sl_fail(err, SL_ENOMEM, "out of memory");
	} else {
		rc = pack_test(files, ruleset, json, err);
		unlink(ruleset);
	}
	rmdir(folder);
	free(ruleset);
	free(folder);
	return rc;
}

int sl_rules_test(int argc, char **argv, struct sl_err *err)
{
	struct test_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE)
		rc = 0;
	else if (rc == SL_OPTIONS_GO && files.n < 2)
		rc = sl_fail(err, SL_EUSAGE, "name a pack, then one or more captures");
	else if (rc == SL_OPTIONS_GO)
		rc = folder_test(&files, options.json, err);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
