/* The list of problems, its order and its printing. Texts hold what authors wrote: they are
 * escaped when printed, so that a pack cannot drive a terminal. */
#include <rules/problems.h>

#include <selat/text.h>
#include <stdlib.h>
#include <string.h>

struct sl_problem *sl_problems_add(struct sl_problems *p, const char *file, const char *code,
				   const char *text)
{
	size_t kept = code ? p->warnings++ : p->errors++;
	if (kept >= SL_PROBLEMS_MAX)
		return NULL;
	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 16;
		struct sl_problem *grown = reallocarray(p->problem, room, sizeof *grown);
		if (!grown) {
			p->failed = true;
			return NULL;
		}
		p->problem = grown;
		p->room = room;
	}
	struct sl_problem problem = {
		.file = strdup(file),
		.indicator = SL_NO_INDICATOR,
		.code = code,
		.text = strdup(text),
	};
	if (!problem.file || !problem.text) {
		free(problem.file);
		free(problem.text);
		p->failed = true;
		return NULL;
	}
	p->problem[p->n] = problem;
	return &p->problem[p->n++];
}

void sl_problems_fini(struct sl_problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->problem[i].file);
		free(p->problem[i].id);
		free(p->problem[i].keys);
		free(p->problem[i].text);
	}
	free(p->problem);
	*p = (struct sl_problems){ 0 };
}

static int size_compare(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int problem_compare(const void *left, const void *right)
{
	const struct sl_problem *a = left, *b = right;
	int order = strcmp(a->file, b->file);
	if (!order)
		order = size_compare(a->line, b->line);
	if (!order)
		order = size_compare(a->column, b->column);
	return order ? order : strcmp(a->text, b->text);
}

void sl_problems_sort(struct sl_problems *p)
{
	if (p->n)
		qsort(p->problem, p->n, sizeof *p->problem, problem_compare);
}

static void shown_print(const char *text, FILE *out)
{
	char buf[4096];
	sl_text_escape(buf, sizeof buf, sl_span_str(text), true);
	fputs(buf, out);
}

static void problem_print(const struct sl_problem *problem, FILE *out)
{
	shown_print(problem->file, out);
	if (problem->line)
		fprintf(out, ":%zu:%zu", problem->line, problem->column);
	if (problem->code)
		fprintf(out, ": %s[%s]: ", problem->denied ? "error" : "warning", problem->code);
	else
		fputs(": ", out);
	if (problem->id) {
		fputs("indicator \"", out);
		shown_print(problem->id, out);
		fputs("\": ", out);
	} else if (problem->indicator >= 0) {
		fprintf(out, "indicator %lld: ", (long long)problem->indicator + 1);
	}
	shown_print(problem->text, out);
	fputc('\n', out);
}

void sl_problems_print(const struct sl_problems *p, FILE *out)
{
	size_t errors = 0, warnings = 0;
	for (size_t i = 0; i < p->n; i++) {
		problem_print(&p->problem[i], out);
		*(p->problem[i].code ? &warnings : &errors) += 1;
	}
	if (p->errors > errors)
		fprintf(out, "and %zu more errors\n", p->errors - errors);
	if (p->warnings > warnings)
		fprintf(out, "and %zu more warnings\n", p->warnings - warnings);
}
