/* `selat-rules lint`: everything that is wrong with packs, and what is merely unwise. */
#include <rules/command.h>
#include <rules/output.h>

#include <selat/options.h>
#include <selat/time.h>
#include <string.h>

enum { SHORT_BELOW = 3 }; /* bytes of a literal: shorter ones match everywhere and slow the scan */

struct lint_options {
	bool json, strict;
};

static const struct sl_option rows[] = {
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct lint_options, json),
	  .help = "print the findings as JSON" },
	{ .name = "strict",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct lint_options, strict),
	  .help = "warn about indicators that never expire too" },
};

static const struct sl_options spec = {
	.program = "selat-rules lint",
	.synopsis = "[OPTION…] PACK…",
	.about = "Checks packs as compile does, and warns about what is unwise.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Warnings: short-pattern (a literal of fewer than 3 bytes), expired, no-expiry\n"
		  "(with --strict), single-label (a domain without a dot).\n"
		  "Exit status: 0 no errors, 1 errors, 2 wrong usage.",
	.operands = true,
};

static void conditions_lint(const struct sl_pack *pack, size_t index, struct sl_problems *problems)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	for (size_t i = 0; i < ind->conditions; i++) {
		const struct sl_condition *c = &ind->condition[i];
		if (c->op == SL_OP_EQUALS || c->op == SL_OP_REGEX || c->len >= SHORT_BELOW)
			continue;
		char keys[64];
		snprintf(keys, sizeof keys, "match\n%zu\n%s\n", i, sl_condition_key(c));
		sl_pack_problem(pack, index, keys, "short-pattern", problems,
				"%s: a pattern of %zu bytes matches nearly everywhere",
				sl_condition_key(c), c->len);
	}
}

static void indicator_lint(const struct sl_pack *pack, size_t index, bool strict,
			   struct sl_problems *problems)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	int64_t now = (int64_t)(sl_time_now() / UINT64_C(1000000000));
	conditions_lint(pack, index, problems);
	if (ind->meta.valid_until < now)
		sl_pack_problem(pack, index, "valid_until\n", "expired", problems,
				"has expired and will not match");
	if (strict && ind->meta.valid_until == INT64_MAX)
		sl_pack_problem(pack, index, "", "no-expiry", problems,
				"never expires: give it, or the pack's defaults, a valid_until");
	if (ind->kind == SL_IND_DOMAIN && !strchr(ind->normal, '.'))
		sl_pack_problem(pack, index, "domain\n", "single-label", problems,
				"domain: \"%s\" has one label: with subdomains it is a whole "
				"top-level domain",
				ind->normal);
}

static void packs_lint(const struct sl_packs *packs, bool strict, struct sl_problems *problems)
{
	for (size_t i = 0; i < packs->n; i++) {
		const struct sl_pack *pack = &packs->pack[i];
		size_t first = problems->n;
		for (size_t k = 0; k < pack->n; k++)
			indicator_lint(pack, k, strict, problems);
		sl_packfile_locate(&pack->source, problems, first);
	}
}

static json_t *problem_json(const struct sl_problem *p)
{
	json_t *out = json_object();
	json_object_set_new(out, "file", sl_out_string(p->file));
	if (p->line) {
		json_object_set_new(out, "line", json_integer((json_int_t)p->line));
		json_object_set_new(out, "column", json_integer((json_int_t)p->column));
	}
	if (p->id)
		json_object_set_new(out, "indicator", sl_out_string(p->id));
	json_object_set_new(out, "level", json_string(p->code ? "warning" : "error"));
	if (p->code)
		json_object_set_new(out, "code", json_string(p->code));
	json_object_set_new(out, "text", sl_out_string(p->text));
	return out;
}

static int report_json(const struct sl_problems *problems, const struct sl_packs *packs,
		       struct sl_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < problems->n; i++)
		json_array_append_new(list, problem_json(&problems->problem[i]));
	return sl_out_json(json_pack("{sI sI sI so}", "packs", (json_int_t)packs->n, "errors",
				     (json_int_t)problems->errors, "warnings",
				     (json_int_t)problems->warnings, "problems", list),
			   err);
}

static void report_text(const struct sl_problems *problems, const struct sl_packs *packs)
{
	size_t indicators = 0;
	for (size_t i = 0; i < packs->n; i++)
		indicators += packs->pack[i].n;
	sl_problems_print(problems, stdout);
	printf("packs %zu, indicators %zu: errors %zu, warnings %zu\n", packs->n, indicators,
	       problems->errors, problems->warnings);
}

/* What compile would refuse is an error here as well: Hyperscan is asked too. */
static int packs_check(const struct sl_packs *packs, bool strict, struct sl_problems *problems,
		       struct sl_err *err)
{
	struct sl_image image;
	if (problems->errors)
		return SL_OK;
	int rc = sl_image_compile(&image, packs, problems, err);
	sl_image_fini(&image);
	packs_lint(packs, strict, problems);
	return rc;
}

int sl_rules_lint(int argc, char **argv, struct sl_err *err)
{
	struct lint_options options = { 0 };
	struct sl_list files = { 0 };
	struct sl_packs packs = { 0 };
	struct sl_problems problems = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_GO && files.n == 0)
		rc = sl_fail(err, SL_EUSAGE, "name a pack to check");
	if (rc == SL_OPTIONS_GO) {
		rc = sl_packs_read(&packs, files.item, files.n, &problems, err);
		if (rc == SL_OK)
			rc = packs_check(&packs, options.strict, &problems, err);
		sl_problems_sort(&problems);
		if (rc == SL_OK && options.json)
			rc = report_json(&problems, &packs, err);
		else if (rc == SL_OK)
			report_text(&problems, &packs);
		if (rc == SL_OK)
			rc = problems.errors != 0;
	} else if (rc == SL_OPTIONS_DONE) {
		rc = 0;
	}
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
