/* `selat-rules test`: compiles a pack to a temporary ruleset, lets the sensor read captures with
 * it, and shows what matched. Shadow and silent indicators are published here, or their author would
 * not see them. */
#include <rules/command.h>
#include <rules/image.h>
#include <rules/output.h>
#include <rules/sensor_run.h>
#include <rules/test.h>

#include <errno.h>
#include <selat/options.h>
#include <selat/spare.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct sl_option rows[] = {
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct sl_test_options, json),
	  .help = "print what matched as JSON" },
	{ .name = "expect",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct sl_test_options, expect),
	  .arg = "FILE",
	  .help = "fail unless what matches is what FILE says; without CAPTURE… those it names are "
		  "read" },
	{ .name = "update",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct sl_test_options, update),
	  .help = "write what matches to the FILE of --expect" },
};

static const struct sl_options spec = {
	.program = "selat-rules test",
	.synopsis = "[OPTION…] PACK [CAPTURE…]",
	.about = "Compiles a pack, lets selat-sensor read the captures with it, and prints which\n"
		 "indicators matched, where, and which did not. Shadow and silent indicators are\n"
		 "shown too. Packets are numbered over all captures, with --expect in each.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Exit status: 0 it ran, whatever matched (with --expect: as expected); 1 failed, "
		  "or not as\n"
		  "expected; 2 wrong usage; 3 a capture was readable in part.",
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
		rc = sl_fail(err, SL_EFAIL, "the pack has errors: nothing was tested");
	}
	if (rc == SL_OK)
		rc = sl_image_write(&image, path, err);
	sl_image_fini(&image);
	return rc;
}

static void silence_break(struct sl_packs *packs)
{
	for (size_t i = 0; i < packs->n; i++)
		for (size_t k = 0; k < packs->pack[i].n; k++) {
			packs->pack[i].indicator[k].meta.shadow = false;
			packs->pack[i].indicator[k].silent = false;
		}
}

bool sl_test_colour(void)
{
	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
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
		int shown = json ? sl_out_json(sl_hits_json(&hits, partial), err)
				 : sl_hits_print(&hits, sl_test_colour());
		rc = shown < 0 ? shown : partial ? sl_exit_status(SL_EPARTIAL) : 0;
	}
	sl_hits_fini(&hits);
	return rc;
}

static int pack_test(const struct sl_list *files, const char *ruleset,
		     const struct sl_test_options *options, struct sl_err *err)
{
	struct sl_packs packs;
	char *const *captures = files->item + 1;
	size_t n = files->n - 1;
	struct sl_problems problems = { 0 };
	int rc = sl_packs_read(&packs, files->item, 1, &problems, err);
	if (rc == SL_OK) {
		sl_packs_off_drop(&packs);
		silence_break(&packs);
		rc = ruleset_make(&packs, ruleset, &problems, err);
	}
	if (rc == SL_OK && options->expect)
		rc = sl_test_expected(&packs.pack[0], ruleset, captures, n, options, err);
	else if (rc == SL_OK)
		rc = captures_run(&packs.pack[0], ruleset, captures, n, options->json, err);
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	return rc;
}

/* The ruleset lives in a folder of its own, which is gone afterwards. */
static int folder_test(const struct sl_list *files, const struct sl_test_options *options,
		       struct sl_err *err)
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
		rc = pack_test(files, ruleset, options, err);
		unlink(ruleset);
	}
	rmdir(folder);
	free(ruleset);
	free(folder);
	return rc;
}

static int arguments_check(const struct sl_list *files, const struct sl_test_options *options,
			   struct sl_err *err)
{
	if (options->update && !options->expect)
		return sl_fail(err, SL_EUSAGE,
			       "--update writes the file that --expect names: name one");
	if (files->n == 0 || (files->n < 2 && !options->expect))
		return sl_fail(err, SL_EUSAGE, "name a pack, then one or more captures");
	if (options->update)
		return sl_spare_all(options->expect, files->item, files->n, err);
	return SL_OK;
}

int sl_rules_test(int argc, char **argv, struct sl_err *err)
{
	struct sl_test_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE) {
		rc = 0;
	} else if (rc == SL_OPTIONS_GO) {
		rc = arguments_check(&files, &options, err);
		if (rc == SL_OK)
			rc = folder_test(&files, &options, err);
	}
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
