/* `selat-rules compile`: packs to a ruleset file, and a summary of what it costs. */
#include <rules/command.h>
#include <rules/output.h>

#include <selat/digest.h>
#include <selat/options.h>
#include <selat/spare.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

struct compile_options {
	bool json, no_cache;
	char *output, *base, *cache;
};

static const struct sl_option rows[] = {
	{ .letter = 'o',
	  .name = "output",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct compile_options, output),
	  .arg = "FILE",
	  .help = "write the ruleset to FILE, at once by a rename" },
	{ .name = "base",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct compile_options, base),
	  .arg = "RULESET",
	  .help = "write a delta: what the packs change of RULESET alone; a sensor that loads "
		  "RULESET takes RULESET.delta too" },
	{ .name = "cache",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct compile_options, cache),
	  .arg = "DIR",
	  .help = "keep compiled patterns in DIR, for packs that hardly change; without this in "
		  "$XDG_CACHE_HOME/selat or ~/.cache/selat" },
	{ .name = "no-cache",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct compile_options, no_cache),
	  .help = "compile all patterns anew, keep none" },
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct compile_options, json),
	  .help = "print the summary as JSON" },
};

static const struct sl_options spec = {
	.program = "selat-rules compile",
	.synopsis = "[OPTION…] PACK… -o FILE",
	.about = "Compiles packs (JSON, JSON Lines, YAML) to the ruleset file a sensor loads. The\n"
		 "same packs give the same bytes, in whatever order they are named.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Exit status: 0 written, 1 the packs have errors or writing failed, 2 wrong "
		  "usage.",
	.operands = true,
};

struct summary {
	const struct sl_image *image;
	const struct sl_delta *delta; /* NULL: a whole ruleset */
	const struct sl_packs *packs;
	const char *output;
	uint64_t bytes;
	double seconds;
};

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void identity_text(char out[80], const struct sl_image *image)
{
	char hex[2 * sizeof image->identity + 1];
	sl_hex(hex, sl_span_of(image->identity, sizeof image->identity));
	snprintf(out, 80, "sha256:%s", hex);
}

static json_t *databases_json(const struct sl_image *image)
{
	json_t *list = json_array();
	for (size_t i = 0; i < image->databases; i++) {
		const struct sl_image_database *db = &image->database[i];
		json_array_append_new(
			list, json_pack("{ss ss sI sI sI}", "field",
					sl_field_info(sl_plan_field(&image->plan, db->field))->name,
					"mode", sl_mode_text(db->mode), "patterns",
					(json_int_t)db->patterns, "bytes", (json_int_t)db->bytes,
					"stream_bytes", (json_int_t)db->stream_bytes));
	}
	return list;
}

static int summary_json(const struct summary *s, struct sl_err *err)
{
	json_t *packs = json_array(), *kinds = json_object();
	char identity[80];
	identity_text(identity, s->image);
	for (size_t i = 0; i < s->packs->n; i++) {
		const struct sl_pack *pack = &s->packs->pack[i];
		json_array_append_new(packs, json_pack("{ss sI sI}", "pack", pack->name, "version",
						       (json_int_t)pack->version, "indicators",
						       (json_int_t)pack->n));
	}
	for (int kind = SL_IND_ADDRESS; kind < SL_IND_KINDS; kind++)
		json_object_set_new(kinds, sl_indicator_kind_text((enum sl_indicator_kind)kind),
				    json_integer((json_int_t)s->image->indicators[kind]));
	json_t *delta = s->delta ? json_pack("{sI sI}", "unchanged", (json_int_t)s->delta->same,
					     "withdrawn", (json_int_t)s->delta->withdrawn_n)
				 : NULL;
	return sl_out_json(
		json_pack("{so ss sI so so sI sI so sI sf so*}", "file", sl_out_string(s->output),
			  "ruleset", identity, "bytes", (json_int_t)s->bytes, "packs", packs,
			  "indicators", kinds, "conditions", (json_int_t)s->image->conditions,
			  "patterns", (json_int_t)s->image->patterns, "databases",
			  databases_json(s->image), "cached", (json_int_t)s->image->cached,
			  "seconds", s->seconds, "delta", delta),
		err);
}

static void databases_print(const struct sl_image *image)
{
	char size[32];
	if (!image->databases)
		return;
	printf("\n%-20s  %-6s  %8s  %12s  %s\n", "field", "mode", "patterns", "database",
	       "a stream");
	for (size_t i = 0; i < image->databases; i++) {
		const struct sl_image_database *db = &image->database[i];
		printf("%-20s  %-6s  %8zu  %12s",
		       sl_field_info(sl_plan_field(&image->plan, db->field))->name,
		       sl_mode_text(db->mode), db->patterns, sl_out_size(size, db->bytes));
		if (db->stream_bytes)
			printf("  %zu bytes", db->stream_bytes);
		putchar('\n');
	}
}

static void summary_print(const struct summary *s)
{
	const struct sl_image *image = s->image;
	char identity[80], size[32];
	identity_text(identity, image);
	for (size_t i = 0; i < s->packs->n; i++)
		printf("%s version %u, indicators %zu:\n", s->packs->pack[i].name,
		       s->packs->pack[i].version, s->packs->pack[i].n);
	sl_out_kinds(image->indicators);
	printf(" (%zu conditions, %zu patterns)\n", image->conditions, image->patterns);
	databases_print(image);
	if (s->delta)
		printf("\nbeside its base: %zu unchanged, %zu withdrawn or replaced\n",
		       s->delta->same, s->delta->withdrawn_n);
	printf("\n%s\n", identity);
	sl_out_text(stdout, s->output);
	printf(": %s in %.3f s\n", sl_out_size(size, s->bytes), s->seconds);
}

static int packs_refused(struct sl_problems *problems, struct sl_err *err)
{
	sl_problems_sort(problems);
	sl_problems_print(problems, stderr);
	return sl_fail(err, SL_EFAIL, "the packs have errors: nothing was written");
}

/* A run of the command. */
struct run {
	const struct compile_options *options;
	struct sl_packs packs;
	struct sl_problems problems;
	struct sl_image image;
	struct sl_delta delta;
	struct sl_cache *cache;
	double start;
};

/* A cache that was asked for must be one; the user's own is a help alone. */
static int cache_open(struct run *r, struct sl_err *err)
{
	if (r->options->no_cache)
		return SL_OK;
	int rc = sl_cache_open(&r->cache, r->options->cache, r->options->cache ? err : NULL);
	return r->options->cache ? rc : SL_OK;
}

static void empty_tell(const struct sl_packs *packs)
{
	for (size_t i = 0; i < packs->n; i++) {
		if (packs->pack[i].n)
			continue;
		sl_out_text(stderr, packs->pack[i].source.path);
		fputs(": warning[empty]: " SL_PACK_EMPTY "\n", stderr);
	}
}

static int image_compile(struct run *r, struct sl_err *err)
{
	struct sl_image_options with = { .cache = r->cache };
	int rc = SL_OK;
	if (r->options->base) {
		rc = sl_delta_make(&r->delta, &r->packs, r->options->base, err);
		with.delta = &r->delta;
	}
	return rc < 0 ? rc : sl_image_compile_with(&r->image, &r->packs, &with, &r->problems, err);
}

static int summary_show(const struct run *r, struct sl_err *err)
{
	struct stat st;
	struct summary s = {
		.image = &r->image,
		.delta = r->options->base ? &r->delta : NULL,
		.packs = &r->packs,
		.output = r->options->output,
		.seconds = seconds_now() - r->start,
	};
	if (stat(s.output, &st) == 0)
		s.bytes = (uint64_t)st.st_size;
	if (r->options->json)
		return summary_json(&s, err);
	summary_print(&s);
	return SL_OK;
}

static int output_check(const struct compile_options *options, const struct sl_list *files,
			struct sl_err *err)
{
	int rc = sl_spare_all(options->output, files->item, files->n, err);
	return rc == SL_OK ? sl_spare(options->output, options->base, err) : rc;
}

static int packs_compile(const struct compile_options *options, const struct sl_list *files,
			 struct sl_err *err)
{
	struct run r = { .options = options, .start = seconds_now() };
	int rc = output_check(options, files, err);
	if (rc == SL_OK)
		rc = cache_open(&r, err);
	if (rc == SL_OK)
		rc = sl_packs_read(&r.packs, files->item, files->n, &r.problems, err);
	if (rc == SL_OK && !r.problems.errors) {
		sl_packs_off_drop(&r.packs);
		empty_tell(&r.packs);
		rc = image_compile(&r, err);
	}
	if (rc == SL_OK && r.problems.errors)
		rc = packs_refused(&r.problems, err);
	if (rc == SL_OK)
		rc = sl_image_write(&r.image, options->output, err);
	if (rc == SL_OK)
		rc = summary_show(&r, err);
	sl_cache_close(r.cache);
	sl_delta_fini(&r.delta);
	sl_image_fini(&r.image);
	sl_problems_fini(&r.problems);
	sl_packs_fini(&r.packs);
	return rc;
}

int sl_rules_compile(int argc, char **argv, struct sl_err *err)
{
	struct compile_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE)
		rc = 0;
	else if (rc == SL_OPTIONS_GO && files.n == 0)
		rc = sl_fail(err, SL_EUSAGE, "name a pack to compile");
	else if (rc == SL_OPTIONS_GO && !options.output)
		rc = sl_fail(err, SL_EUSAGE, "name the ruleset file to write: -o FILE");
	else if (rc == SL_OPTIONS_GO)
		rc = packs_compile(&options, &files, err);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
