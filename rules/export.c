/* `selat-rules export`: packs, as others read them. A table of targets; each has its own files in
 * rules/export/. */
#include <rules/command.h>
#include <rules/export/export.h>
#include <rules/output.h>

#include <errno.h>
#include <selat/options.h>
#include <selat/spare.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct export_options {
	char *to, *output;
	bool keep_going;
};

static const struct {
	const char *name;
	sl_export_fn *write;
} targets[] = {
	{ "stix", sl_export_stix },
	{ "misp", sl_export_misp },
	{ "zeek", sl_export_zeek },
	{ "csv", sl_export_csv },
};
enum { TARGETS = sizeof targets / sizeof targets[0] };

static const char *const target_names[] = { "stix", "misp", "zeek", "csv", NULL };

static const struct sl_option rows[] = {
	{ .letter = 't',
	  .name = "to",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct export_options, to),
	  .arg = "TARGET",
	  .choices = target_names,
	  .help = "what to write" },
	{ .letter = 'o',
	  .name = "output",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct export_options, output),
	  .arg = "FILE",
	  .initial = "-",
	  .help = "write to FILE; misp: a folder, named with a final /, gets a feed" },
	{ .letter = 'k',
	  .name = "keep-going",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct export_options, keep_going),
	  .help = "leave out what the format cannot say (it is told) instead of writing nothing" },
};

static const struct sl_options spec = {
	.program = "selat-rules export",
	.synopsis = "--to TARGET PACK… [-o FILE] [OPTION…]",
	.about = "Writes packs as a STIX 2.1 bundle, a MISP event or feed, a Zeek intel file or\n"
		 "CSV. `import` makes the same pack again of stix and misp.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Exit status: 0 all was written, 1 nothing was written, 2 wrong usage, 3 part was\n"
		  "left out (--keep-going).",
	.operands = true,
};

static int left_refuse(const struct sl_export *ex, bool keep_going, struct sl_err *err)
{
	if (!ex->left || keep_going)
		return SL_OK;
	return sl_fail(err, SL_EFAIL,
		       "%zu cannot be written in this format: nothing was written (--keep-going "
		       "leaves them out)",
		       ex->left);
}

static int stream_copy(FILE *from, FILE *to, struct sl_err *err)
{
	char bytes[65536];
	size_t n;
	rewind(from);
	while ((n = fread(bytes, 1, sizeof bytes, from)) > 0)
		if (fwrite(bytes, 1, n, to) != n)
			break;
	if (ferror(from) || ferror(to) || fflush(to) != 0)
		return sl_fail(err, SL_EFAIL, "cannot write to standard output");
	return SL_OK;
}

/* Kept in a temporary file until it is known that all can be written. */
static int stdout_export(struct sl_export *ex, sl_export_fn *write, bool keep_going,
			 struct sl_err *err)
{
	ex->out = tmpfile();
	if (!ex->out)
		return sl_fail(err, SL_EFAIL, "cannot make a temporary file: %s", strerror(errno));
	int rc = write(ex, err);
	if (rc == SL_OK && (fflush(ex->out) != 0 || ferror(ex->out)))
		rc = sl_fail(err, SL_EFAIL, "cannot write a temporary file: %s", strerror(errno));
	if (rc == SL_OK)
		rc = left_refuse(ex, keep_going, err);
	if (rc == SL_OK)
		rc = stream_copy(ex->out, stdout, err);
	fclose(ex->out);
	return rc;
}

static int file_export(struct sl_export *ex, sl_export_fn *write,
		       const struct export_options *options, struct sl_err *err)
{
	struct sl_replace file;
	int rc = sl_replace_begin(&file, options->output, err);
	if (rc < 0)
		return rc;
	ex->out = file.out;
	rc = write(ex, err);
	if (rc == SL_OK)
		rc = left_refuse(ex, options->keep_going, err);
	int closed = sl_replace_end(&file, rc == SL_OK, rc == SL_OK ? err : NULL);
	return rc < 0 ? rc : closed;
}

static bool is_folder(const char *path)
{
	struct stat st;
	size_t len = strlen(path);
	return (len && path[len - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static int packs_export(const struct export_options *options, struct sl_packs *packs,
			struct sl_err *err)
{
	struct sl_export ex = { .packs = packs };
	sl_export_fn *write = NULL;
	int rc;
	for (int i = 0; i < TARGETS; i++)
		if (strcmp(targets[i].name, options->to) == 0)
			write = targets[i].write;
	if (write == sl_export_misp || write == sl_export_stix)
		sl_export_lists_tell(&ex);
	if (write == sl_export_misp && is_folder(options->output))
		rc = sl_export_misp_feed(&ex, options->output, err);
	else if (strcmp(options->output, "-") == 0)
		rc = stdout_export(&ex, write, options->keep_going, err);
	else
		rc = file_export(&ex, write, options, err);
	sl_export_tell(&ex);
	if (rc < 0)
		return rc;
	return ex.left ? sl_exit_status(SL_EPARTIAL) : 0;
}

static int files_export(const struct export_options *options, const struct sl_list *files,
			struct sl_err *err)
{
	struct sl_packs packs;
	struct sl_problems problems = { 0 };
	int rc = sl_spare_all(options->output, files->item, files->n, err);
	if (rc < 0)
		return rc;
	rc = sl_packs_read(&packs, files->item, files->n, &problems, err);
	if (rc == SL_OK && problems.errors) {
		sl_problems_sort(&problems);
		sl_problems_print(&problems, stderr);
		rc = sl_fail(err, SL_EFAIL, "the packs have errors: nothing was written");
	}
	if (rc == SL_OK)
		rc = packs_export(options, &packs, err);
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	return rc;
}

int sl_rules_export(int argc, char **argv, struct sl_err *err)
{
	struct export_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE)
		rc = 0;
	else if (rc == SL_OPTIONS_GO && !options.to)
		rc = sl_fail(err, SL_EUSAGE, "say what to write: --to TARGET");
	else if (rc == SL_OPTIONS_GO && files.n == 0)
		rc = sl_fail(err, SL_EUSAGE, "name a pack to export");
	else if (rc == SL_OPTIONS_GO)
		rc = files_export(&options, &files, err);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
