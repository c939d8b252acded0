/* `selat-rules import`: what others wrote, as a pack. A table of sources; each has its own files in
 * rules/import/. */
#include <rules/command.h>
#include <rules/import/import.h>
#include <rules/output.h>

#include <selat/spare.h>
#include <string.h>

static const struct {
	const char *name;
	sl_import_fn *read;
} sources[] = {
	{ "suricata", sl_import_suricata },
	{ "list", sl_import_list },
	{ "stix", sl_import_stix },
	{ "misp", sl_import_misp },
	{ "zeek", sl_import_zeek },
};
enum { SOURCES = sizeof sources / sizeof sources[0] };

static const char *const source_names[] = { "suricata", "list", "stix", "misp", "zeek", NULL };
static const char *const labels[] = { "TLP:CLEAR",        "TLP:GREEN", "TLP:AMBER",
				      "TLP:AMBER+STRICT", "TLP:RED",   NULL };

static const struct sl_option rows[] = {
	{ .letter = 'f',
	  .name = "from",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct sl_import_options, from),
	  .arg = "SOURCE",
	  .choices = source_names,
	  .help = "what the files are" },
	{ .letter = 'o',
	  .name = "output",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct sl_import_options, output),
	  .arg = "PACK",
	  .help = "write the pack to PACK; lists go beside it" },
	{ .letter = 'k',
	  .name = "keep-going",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct sl_import_options, keep_going),
	  .help = "leave out what cannot be taken over (each is named) instead of writing "
		  "nothing" },
	{ .name = "name",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct sl_import_options, name),
	  .arg = "NAME",
	  .help = "the pack's name; otherwise import/ and the name of PACK" },
	{ .name = "pack-version",
	  .type = SL_OPT_U64,
	  .offset = offsetof(struct sl_import_options, version),
	  .arg = "N",
	  .min = 1,
	  .max = UINT32_MAX,
	  .initial = "1",
	  .help = "the pack's version" },
	{ .name = "author",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct sl_import_options, author),
	  .arg = "NAME",
	  .initial = "import",
	  .help = "the pack's author" },
	{ .name = "tlp",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct sl_import_options, tlp),
	  .arg = "LABEL",
	  .choices = labels,
	  .initial = "TLP:AMBER",
	  .help = "the pack's label" },
	{ .letter = 'a',
	  .name = "all",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct sl_import_options, all),
	  .help = "misp: take over what is not for detection (to_ids), or on a warning list, too" },
	{ .name = "var",
	  .type = SL_OPT_LIST,
	  .offset = offsetof(struct sl_import_options, variables),
	  .arg = "NAME=VALUE",
	  .help = "suricata: a variable, as in HOME_NET=192.0.2.0/24" },
	{ .name = "suricata-yaml",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct sl_import_options, yaml),
	  .arg = "FILE",
	  .help = "suricata: take the variables from the vars of this suricata.yaml" },
	{ .name = "any-tunnel",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct sl_import_options, any_tunnel),
	  .help = "suricata: rules hold within tunnels that Suricata does not open, too" },
	{ .name = "kind",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct sl_import_options, kind),
	  .arg = "KIND",
	  .help = "list: what the values are (address, domain, url, sha256 …); otherwise guessed" },
	{ .name = "column",
	  .type = SL_OPT_LIST,
	  .offset = offsetof(struct sl_import_options, columns),
	  .arg = "KEY=NAME",
	  .help = "list: KEY (value, a kind, id, name …) is in the CSV's column NAME" },
};

static const struct sl_options spec = {
	.program = "selat-rules import",
	.synopsis = "--from SOURCE FILE… -o PACK [OPTION…]",
	.about = "Makes a pack of what others wrote: Suricata's rules; lists of values, plain or\n"
		 "CSV; STIX 2.1 bundles; MISP events and feeds; Zeek intel files. What cannot be\n"
		 "taken over is named with the reason.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog =
		"Exit status: 0 all was taken over, 1 nothing was written, 2 wrong usage, 3 part\n"
		"was left out (--keep-going).",
	.operands = true,
};

static void taken_say(const struct sl_import_options *options, size_t taken, size_t left)
{
	sl_out_text(stdout, options->output);
	if (taken == 0)
		printf(": 0 of %zu taken over: the pack says nothing", left);
	else if (left)
		printf(": %zu indicators, %zu left out", taken, left);
	else
		printf(": %zu indicators", taken);
	if (taken && strcmp(options->from, "suricata") == 0 && !options->any_tunnel)
		fputs("; they hold in no tunnel that Suricata does not open (--any-tunnel: in all)",
		      stdout);
	putchar('\n');
}

static int files_import(const struct sl_import_options *options, const struct sl_list *files,
			struct sl_err *err)
{
	struct sl_import im;
	int rc = sl_import_init(&im, options, err);
	if (rc == SL_OK)
		rc = sl_spare_all(options->output, files->item, files->n, err);
	for (int i = 0; i < SOURCES && rc == SL_OK; i++)
		if (strcmp(sources[i].name, options->from) == 0)
			rc = sources[i].read(&im, files->item, files->n, err);
	if (rc == SL_OK && im.failed)
		rc = sl_fail(err, im.failed, "out of memory");
	size_t left = im.left, taken = json_array_size(im.indicators);
	if (rc == SL_OK && left && !options->keep_going)
		rc = sl_fail(err, SL_EFAIL,
			     "%zu cannot be taken over: nothing was written (--keep-going leaves "
			     "them out)",
			     left);
	else if (rc == SL_OK && taken + left == 0)
		rc = sl_fail(err, SL_EFAIL, "nothing to take over: nothing was written");
	if (rc == SL_OK)
		rc = sl_import_write(&im, err);
	if (rc == SL_OK) {
		taken_say(options, taken, left);
		rc = left ? sl_exit_status(SL_EPARTIAL) : 0;
	}
	sl_import_fini(&im);
	return rc;
}

int sl_rules_import(int argc, char **argv, struct sl_err *err)
{
	struct sl_import_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE)
		rc = 0;
	else if (rc == SL_OPTIONS_GO && !options.from)
		rc = sl_fail(err, SL_EUSAGE, "say what the files are: --from SOURCE");
	else if (rc == SL_OPTIONS_GO && files.n == 0)
		rc = sl_fail(err, SL_EUSAGE, "name a file to import");
	else if (rc == SL_OPTIONS_GO && !options.output)
		rc = sl_fail(err, SL_EUSAGE, "name the pack to write: -o PACK");
	else if (rc == SL_OPTIONS_GO)
		rc = files_import(&options, &files, err);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
