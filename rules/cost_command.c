/* `selat-rules cost`: what the patterns of packs cost a sensor. */
#include <rules/command.h>
#include <rules/cost.h>
#include <rules/output.h>

#include <selat/options.h>
#include <stdlib.h>

enum { DEAREST = 10 };

struct cost_options {
	bool json;
	char *sample;
};

static const struct sl_option rows[] = {
	{ .name = "sample",
	  .type = SL_OPT_TEXT,
	  .offset = offsetof(struct cost_options, sample),
	  .arg = "CAPTURE",
	  .help = "scan the bytes of this file (its first 16 MiB) and not the built-in sample" },
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct cost_options, json),
	  .help = "print all patterns as JSON" },
};

static const struct sl_options spec = {
	.program = "selat-rules cost",
	.synopsis = "[OPTION…] PACK…",
	.about = "Says what each pattern costs a sensor: bytes of database, bytes for each open "
		 "stream, and\n"
		 "nanoseconds a kilobyte that is scanned; the ten dearest, and what all cost "
		 "together.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Exit status: 0 fine, 1 the packs have errors, 2 wrong usage.",
	.operands = true,
};

struct report {
	struct sl_packs packs;
	struct sl_problems problems;
	struct sl_image image;
	struct sl_patterns patterns;
	struct sl_sample sample;
	struct sl_cost *each, *together; /* patterns; databases */
	size_t each_n;
};

static int report_make(struct report *r, const struct cost_options *options,
		       const struct sl_list *files, struct sl_err *err)
{
	int rc = sl_sample_make(&r->sample, options->sample, err);
	if (rc == SL_OK)
		rc = sl_packs_read(&r->packs, files->item, files->n, &r->problems, err);
	if (rc == SL_OK && !r->problems.errors) {
		sl_packs_off_drop(&r->packs);
		rc = sl_image_compile(&r->image, &r->packs, &r->problems, err);
	}
	if (rc < 0 || r->problems.errors)
		return rc;
	r->together = calloc(r->image.databases + 1, sizeof *r->together);
	if (!r->together || sl_patterns_collect(&r->patterns, &r->packs, &r->image.plan) < 0)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (size_t i = 0; i < r->image.databases && rc == SL_OK; i++)
		rc = sl_cost_database(&r->together[i], &r->image, i, &r->sample, err);
	return rc < 0 ? rc : sl_cost_each(&r->each, &r->each_n, &r->patterns, &r->sample, err);
}

static void report_fini(struct report *r)
{
	free(r->each);
	free(r->together);
	sl_sample_fini(&r->sample);
	sl_patterns_fini(&r->patterns);
	sl_image_fini(&r->image);
	sl_problems_fini(&r->problems);
	sl_packs_fini(&r->packs);
}

/* Whose pattern it is: the first of those that share it. */
struct owner {
	const struct sl_pack *pack;
	const struct sl_indicator *indicator;
	const struct sl_condition *condition;
	const char *field, *mode;
};

static struct owner owner_of(const struct report *r, const struct sl_cost *cost)
{
	const struct sl_pattern *p = &r->patterns.pattern[cost->pattern];
	const struct sl_condition_at *at = &r->patterns.at[p->condition];
	const struct sl_indicator *ind = &at->pack->indicator[at->indicator];
	return (struct owner){
		.pack = at->pack,
		.indicator = ind,
		.condition = &ind->condition[at->index],
		.field = sl_field_info(sl_plan_field(&r->image.plan, p->database >> 8))->name,
		.mode = sl_mode_text((enum sl_database_mode)(p->database & 0xff)),
	};
}

static json_t *cost_json(const struct report *r, const struct sl_cost *cost)
{
	struct owner o = owner_of(r, cost);
	return json_pack("{so so ss ss ss so sI sI sf sf}", "pack", sl_out_string(o.pack->name),
			 "indicator", sl_out_string(o.indicator->id), "field", o.field, "mode",
			 o.mode, "kind", sl_condition_key(o.condition), "pattern",
			 sl_out_string(o.condition->text), "bytes", (json_int_t)cost->bytes,
			 "stream_bytes", (json_int_t)cost->stream_bytes, "ns_per_kb",
			 cost->ns_per_kb, "matches_per_mb", cost->matches_per_mb);
}

static int report_json(const struct report *r, struct sl_err *err)
{
	json_t *each = json_array(), *together = json_array();
	for (size_t i = 0; i < r->each_n; i++)
		json_array_append_new(each, cost_json(r, &r->each[i]));
	for (size_t i = 0; i < r->image.databases; i++) {
		const struct sl_image_database *db = &r->image.database[i];
		const struct sl_cost *c = &r->together[i];
		json_array_append_new(
			together,
			json_pack("{ss ss sI sI sI sf sf}", "field",
				  sl_field_info(sl_plan_field(&r->image.plan, db->field))->name,
				  "mode", sl_mode_text(db->mode), "patterns",
				  (json_int_t)c->pattern, "bytes", (json_int_t)c->bytes,
				  "stream_bytes", (json_int_t)c->stream_bytes, "ns_per_kb",
				  c->ns_per_kb, "matches_per_mb", c->matches_per_mb));
	}
	return sl_out_json(json_pack("{so sI so so sI}", "sample", sl_out_string(r->sample.name),
				     "sample_bytes", (json_int_t)r->sample.size, "patterns", each,
				     "databases", together, "always_judged",
				     (json_int_t)r->image.plan.always_n),
			   err);
}

static void costs_print(const struct sl_cost *c)
{
	char size[32], stream[32] = "";
	if (c->stream_bytes)
		snprintf(stream, sizeof stream, "%zu bytes", c->stream_bytes);
	printf("%10.1f  %12s  %10s  %10.0f  ", c->ns_per_kb, sl_out_size(size, c->bytes), stream,
	       c->matches_per_mb);
}

static void dearest_print(const struct report *r)
{
	size_t n = r->each_n < DEAREST ? r->each_n : DEAREST;
	printf("the dearest of %zu patterns, each by itself:\n", r->each_n);
	printf("%10s  %12s  %10s  %10s  %s\n", "ns a kB", "database", "a stream", "hits a MB",
	       "indicator");
	for (size_t i = 0; i < n; i++) {
		struct owner o = owner_of(r, &r->each[i]);
		costs_print(&r->each[i]);
		sl_out_text(stdout, o.pack->name);
		putchar(' ');
		sl_out_text(stdout, o.indicator->id);
		printf(": %s (%s) %s ", o.field, o.mode, sl_condition_key(o.condition));
		sl_out_text(stdout, o.condition->text);
		putchar('\n');
	}
}

static void report_print(const struct report *r)
{
	struct sl_cost sum = { 0 };
	printf("sample: ");
	sl_out_text(stdout, r->sample.name);
	printf(", %zu bytes\n\n", r->sample.size);
	dearest_print(r);
	printf("\nall together, as a sensor has them:\n%10s  %12s  %10s  %10s  %s\n", "ns a kB",
	       "database", "a stream", "hits a MB", "field");
	for (size_t i = 0; i < r->image.databases; i++) {
		const struct sl_image_database *db = &r->image.database[i];
		costs_print(&r->together[i]);
		printf("%s (%s), %zu patterns\n",
		       sl_field_info(sl_plan_field(&r->image.plan, db->field))->name,
		       sl_mode_text(db->mode), r->together[i].pattern);
		sum.bytes += r->together[i].bytes;
		sum.stream_bytes += r->together[i].stream_bytes;
	}
	char size[32];
	printf("\ntotal: %s of databases, %zu bytes for streams of all fields",
	       sl_out_size(size, sum.bytes), sum.stream_bytes);
	if (r->image.plan.always_n)
		printf("; %zu conditions or groups have no pattern and are judged on every value "
		       "of their field",
		       r->image.plan.always_n);
	putchar('\n');
}

static int packs_cost(const struct cost_options *options, const struct sl_list *files,
		      struct sl_err *err)
{
	struct report r = { 0 };
	int rc = report_make(&r, options, files, err);
	if (rc == SL_OK && r.problems.errors) {
		sl_problems_sort(&r.problems);
		sl_problems_print(&r.problems, stderr);
		rc = sl_fail(err, SL_EFAIL, "the packs have errors: nothing was measured");
	} else if (rc == SL_OK && options->json) {
		rc = report_json(&r, err);
	} else if (rc == SL_OK) {
		report_print(&r);
	}
	report_fini(&r);
	return rc;
}

int sl_rules_cost(int argc, char **argv, struct sl_err *err)
{
	struct cost_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE)
		rc = 0;
	else if (rc == SL_OPTIONS_GO && files.n == 0)
		rc = sl_fail(err, SL_EUSAGE, "name a pack");
	else if (rc == SL_OPTIONS_GO)
		rc = packs_cost(&options, &files, err);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
