/* `selat-rules lint`: everything that is wrong with packs, and what is merely unwise. The checks
 * are in lint_*.c; here are the codes, what the user wants to hear of, and the report. */
#include <rules/command.h>
#include <rules/lint.h>
#include <rules/output.h>

#include <selat/options.h>
#include <selat/text.h>
#include <selat/time.h>
#include <stdarg.h>
#include <string.h>

struct lint_options {
	bool json, strict;
	struct sl_list allow, deny;
};

static const struct sl_option rows[] = {
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct lint_options, json),
	  .help = "print the findings as JSON" },
	{ .name = "allow",
	  .type = SL_OPT_LIST,
	  .offset = offsetof(struct lint_options, allow),
	  .arg = "CODE",
	  .help = "do not warn of this; once for each code" },
	{ .name = "deny",
	  .type = SL_OPT_LIST,
	  .offset = offsetof(struct lint_options, deny),
	  .arg = "CODE",
	  .help = "make this warning an error; once for each code" },
	{ .name = "strict",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct lint_options, strict),
	  .help = "warn of indicators that never expire too, and make every warning an error" },
};

#define X(id, name, help) "  " name ": " help "\n"
static const struct sl_options spec = {
	.program = "selat-rules lint",
	.synopsis = "[OPTION…] PACK…",
	.about = "Checks packs as compile does, and warns about what is unwise.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Codes of warnings:\n" SL_LINT_CODES(
		X) "\n"
		   "Exit status: 0 no errors, 1 errors (or warnings that were made errors), 2 "
		   "wrong usage.",
	.operands = true,
};
#undef X

static const char *const codes[] = {
#define X(id, name, help) name,
	SL_LINT_CODES(X)
#undef X
		NULL,
};

void sl_lint_warn(struct sl_lint *lint, const struct sl_pack *pack, size_t indicator,
		  const char *keys, enum sl_lint_code code, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	if (lint->level[code] == SL_LINT_ALLOW)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	struct sl_problem *p =
		sl_pack_problem(pack, indicator, keys, codes[code], lint->problems, "%s", text);
	bool denied = lint->level[code] == SL_LINT_DENY;
	lint->denied += denied;
	if (p)
		p->denied = denied;
}

static void expiry_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	if (ind->meta.valid_until < lint->now)
		sl_lint_warn(lint, pack, index, "valid_until\n", SL_LINT_EXPIRED,
			     "has expired and will not match");
	if (ind->meta.valid_until == INT64_MAX)
		sl_lint_warn(lint, pack, index, "", SL_LINT_NO_EXPIRY,
			     "never expires: give it, or the pack's defaults, a valid_until");
}

static void empty_lint(struct sl_lint *lint, const struct sl_pack *pack)
{
	if (pack->n || lint->level[SL_LINT_EMPTY] == SL_LINT_ALLOW)
		return;
	struct sl_problem *p = sl_problems_add(lint->problems, pack->source.path, codes[SL_LINT_EMPTY],
					       SL_PACK_EMPTY);
	bool denied = lint->level[SL_LINT_EMPTY] == SL_LINT_DENY;
	lint->denied += denied;
	if (p)
		p->denied = denied;
}

static void packs_lint(struct sl_lint *lint, const struct sl_packs *packs)
{
	size_t first = lint->problems->n;
	for (size_t i = 0; i < packs->n; i++) {
		const struct sl_pack *pack = &packs->pack[i];
		for (size_t k = 0; k < pack->n; k++) {
			sl_lint_patterns(lint, pack, k);
			sl_lint_values(lint, pack, k);
			sl_lint_never(lint, pack, k);
			expiry_lint(lint, pack, k);
		}
		sl_lint_marks(lint, pack);
		empty_lint(lint, pack);
	}
	sl_lint_duplicates(lint, packs);
	for (size_t i = 0; i < packs->n; i++)
		sl_packfile_locate(&packs->pack[i].source, lint->problems, first);
}

static int levels_set(struct sl_lint *lint, const struct sl_list *list, enum sl_lint_level level,
		      struct sl_err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		size_t code = 0;
		while (codes[code] && strcmp(codes[code], list->item[i]) != 0)
			code++;
		const char *nearest = sl_text_nearest(list->item[i], codes);
		if (!codes[code])
			return sl_fail(err, SL_EUSAGE, "no warning has the code \"%s\"%s%s%s",
				       list->item[i],
				       nearest ? ", did you mean \""
					       : "; selat-rules lint --help lists them",
				       nearest ? nearest : "", nearest ? "\"?" : "");
		lint->level[code] = level;
	}
	return SL_OK;
}

/* --strict first: what is allowed by name stays allowed. */
static int lint_init(struct sl_lint *lint, const struct lint_options *options,
		     struct sl_problems *problems, struct sl_err *err)
{
	*lint = (struct sl_lint){
		.problems = problems,
		.now = (int64_t)(sl_time_now() / UINT64_C(1000000000)),
	};
	for (size_t i = 0; i < SL_LINT_COUNT; i++)
		lint->level[i] = options->strict ? SL_LINT_DENY : SL_LINT_TELL;
	if (!options->strict)
		lint->level[SL_LINT_NO_EXPIRY] = SL_LINT_ALLOW;
	int rc = levels_set(lint, &options->deny, SL_LINT_DENY, err);
	return rc < 0 ? rc : levels_set(lint, &options->allow, SL_LINT_ALLOW, err);
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
	json_object_set_new(out, "level", json_string(p->code && !p->denied ? "warning" : "error"));
	if (p->code)
		json_object_set_new(out, "code", json_string(p->code));
	json_object_set_new(out, "text", sl_out_string(p->text));
	return out;
}

static int report_json(const struct sl_lint *lint, const struct sl_packs *packs, struct sl_err *err)
{
	const struct sl_problems *problems = lint->problems;
	json_t *list = json_array();
	for (size_t i = 0; i < problems->n; i++)
		json_array_append_new(list, problem_json(&problems->problem[i]));
	return sl_out_json(json_pack("{sI sI sI so}", "packs", (json_int_t)packs->n, "errors",
				     (json_int_t)(problems->errors + lint->denied), "warnings",
				     (json_int_t)(problems->warnings - lint->denied), "problems",
				     list),
			   err);
}

static void report_text(const struct sl_lint *lint, const struct sl_packs *packs)
{
	const struct sl_problems *problems = lint->problems;
	size_t indicators = 0;
	for (size_t i = 0; i < packs->n; i++)
		indicators += packs->pack[i].n;
	sl_problems_print(problems, stdout);
	printf("packs %zu, indicators %zu: errors %zu, warnings %zu\n", packs->n, indicators,
	       problems->errors + lint->denied, problems->warnings - lint->denied);
}

/* What compile would refuse is an error here as well: Hyperscan is asked too. */
static int packs_check(struct sl_lint *lint, struct sl_packs *packs, struct sl_err *err)
{
	struct sl_image image;
	struct sl_warnlist *known = NULL;
	if (lint->problems->errors)
		return SL_OK;
	sl_packs_off_drop(packs);
	int rc = sl_image_compile(&image, packs, lint->problems, err);
	sl_image_fini(&image);
	if (rc == SL_OK)
		rc = sl_warnlist_new(&known, err);
	lint->known = known;
	if (rc == SL_OK)
		packs_lint(lint, packs);
	lint->known = NULL;
	sl_warnlist_free(known);
	return rc;
}

static int files_lint(const struct lint_options *options, const struct sl_list *files,
		      struct sl_err *err)
{
	struct sl_packs packs = { 0 };
	struct sl_problems problems = { 0 };
	struct sl_lint lint;
	int rc = lint_init(&lint, options, &problems, err);
	if (rc == SL_OK)
		rc = sl_packs_read(&packs, files->item, files->n, &problems, err);
	if (rc == SL_OK)
		rc = packs_check(&lint, &packs, err);
	sl_problems_sort(&problems);
	if (rc == SL_OK && options->json)
		rc = report_json(&lint, &packs, err);
	else if (rc == SL_OK)
		report_text(&lint, &packs);
	if (rc == SL_OK)
		rc = problems.errors + lint.denied != 0;
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	return rc;
}

int sl_rules_lint(int argc, char **argv, struct sl_err *err)
{
	struct lint_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE)
		rc = 0;
	else if (rc == SL_OPTIONS_GO && files.n == 0)
		rc = sl_fail(err, SL_EUSAGE, "name a pack to check");
	else if (rc == SL_OPTIONS_GO)
		rc = files_lint(&options, &files, err);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
