/* The grammar of STIX patterns (STIX 2.1, 9.4 to 9.7), read from left to right into alternatives of
 * tests. Bounded: depth of brackets, tests, alternatives. What needs several observations, or their
 * order and number, is refused with the reason. */
#include <rules/import/stix.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list { /* of alternatives */
	struct sl_stix_term *term;
	size_t n;
};

struct parser {
	struct sl_stix_lexer lexer;
	struct sl_stix_pattern *pattern;
	struct sl_err *why;
	size_t tests_room;
	unsigned depth;
};

static int fail(struct parser *p, const char *wanted)
{
	const struct sl_stix_token *t = &p->lexer.token;
	return sl_fail(p->why, SL_EFORMAT, "its pattern has \"%.40s\" at %zu where %s should be",
		       t->kind == SL_STIX_END ? "its end" : t->text,
		       (size_t)(t->at - p->lexer.start) + 1, wanted);
}

static int next(struct parser *p)
{
	return sl_stix_next(&p->lexer, p->why);
}

static bool is(const struct parser *p, const char *what)
{
	return sl_stix_is(&p->lexer, what);
}

static int take(struct parser *p, const char *sign)
{
	return is(p, sign) ? next(p) : fail(p, sign);
}

static int too_many(struct parser *p)
{
	return sl_fail(p->why, SL_EFORMAT,
		       "its pattern has more than %d alternatives, or more than %d comparisons in one",
		       SL_STIX_TERMS_MAX, SL_STIX_TERM_TESTS);
}

/* a or b; b is taken. */
static int list_join(struct parser *p, struct list *a, struct list *b)
{
	int rc = SL_OK;
	if (a->n + b->n > SL_STIX_TERMS_MAX) {
		rc = too_many(p);
	} else {
		struct sl_stix_term *term = reallocarray(a->term, a->n + b->n, sizeof *term);
		if (term) {
			memcpy(term + a->n, b->term, b->n * sizeof *term);
			a->term = term;
			a->n += b->n;
		} else {
			rc = sl_fail(p->why, SL_ENOMEM, "out of memory");
		}
	}
	free(b->term);
	return rc;
}

static bool term_join(struct sl_stix_term *out, const struct sl_stix_term *a,
		      const struct sl_stix_term *b)
{
	if (a->n + b->n > SL_STIX_TERM_TESTS)
		return false;
	*out = *a;
	memcpy(out->test + a->n, b->test, b->n * sizeof b->test[0]);
	out->n = (uint16_t)(a->n + b->n);
	return true;
}

/* a and b: every alternative of the one with every one of the other; b is taken. */
static int list_cross(struct parser *p, struct list *a, struct list *b)
{
	struct list out = { 0 };
	int rc = SL_OK;
	if (a->n * b->n > SL_STIX_TERMS_MAX)
		rc = too_many(p);
	else
		out.term = calloc(a->n * b->n, sizeof *out.term);
	if (rc == SL_OK && !out.term)
		rc = sl_fail(p->why, SL_ENOMEM, "out of memory");
	for (size_t i = 0; rc == SL_OK && i < a->n; i++)
		for (size_t k = 0; rc == SL_OK && k < b->n; k++)
			if (!term_join(&out.term[out.n++], &a->term[i], &b->term[k]))
				rc = too_many(p);
	free(b->term);
	free(a->term);
	*a = out;
	return rc;
}

/* type:name.'name'[*].name, kept as it is but for blanks. */
static int path_read(struct parser *p, struct sl_stix_test *t)
{
	char *path = NULL;
	size_t len = 0;
	int rc = SL_OK;
	if (p->lexer.token.kind != SL_STIX_WORD)
		return fail(p, "an object path");
	FILE *out = open_memstream(&path, &len);
	if (!out)
		return sl_fail(p->why, SL_ENOMEM, "out of memory");
	for (bool name = true; rc == SL_OK; name = !name) {
		enum sl_stix_kind kind = p->lexer.token.kind;
		bool index = !name && is(p, "[");
		if (name ? kind != SL_STIX_WORD && kind != SL_STIX_TEXT
			 : !is(p, ":") && !is(p, ".") && !index)
			break;
		fprintf(out, name && kind == SL_STIX_TEXT ? "'%s'" : "%s", p->lexer.token.text);
		rc = next(p);
		if (rc == SL_OK && index) {
			fprintf(out, "%s]", p->lexer.token.text);
			rc = is(p, "*") || p->lexer.token.kind == SL_STIX_NUMBER ? next(p)
										 : fail(p, "*");
			rc = rc == SL_OK ? take(p, "]") : rc;
			name = true; /* no name follows: a sign does */
		}
	}
	fclose(out);
	t->path = path;
	if (rc == SL_OK && (!path || !strchr(path, ':') || strchr(":.", path[len - 1])))
		return fail(p, "an object path (type:property)");
	return rc;
}

/* NULL: it is out of range, and no other number may stand for it. */
static json_t *number_of(const char *text)
{
	errno = 0;
	long long number = strtoll(text, NULL, 10);
	return errno == 0 ? json_integer(number) : NULL;
}

static int value_read(struct parser *p, struct sl_stix_test *t)
{
	const struct sl_stix_token *token = &p->lexer.token;
	json_t *value = NULL;
	if (token->kind == SL_STIX_TEXT)
		value = json_string(token->text);
	else if (token->kind == SL_STIX_NUMBER)
		value = number_of(token->text);
	else if (is(p, "true") || is(p, "false"))
		value = json_boolean(is(p, "true"));
	else if (token->kind == SL_STIX_OTHER)
		value = json_null();
	if (!value || json_array_append_new(t->values, value) < 0)
		return fail(p, token->kind == SL_STIX_NUMBER ? "a number of 64 bits" : "a constant");
	return next(p);
}

static int set_read(struct parser *p, struct sl_stix_test *t)
{
	int rc = take(p, "(");
	while (rc == SL_OK && (rc = value_read(p, t)) == SL_OK && is(p, ","))
		rc = next(p);
	return rc == SL_OK ? take(p, ")") : rc;
}

static int comparison_read(struct parser *p, struct sl_stix_test *t)
{
	static const struct {
		const char *sign;
		enum sl_stix_op op;
		bool negated;
	} ops[] = {
		{ "=", SL_STIX_EQUAL, false },     { "==", SL_STIX_EQUAL, false },
		{ "!=", SL_STIX_EQUAL, true },     { "<>", SL_STIX_EQUAL, true },
		{ "IN", SL_STIX_IN, false },       { "LIKE", SL_STIX_LIKE, false },
		{ "MATCHES", SL_STIX_MATCHES, false }, { "ISSUBSET", SL_STIX_SUBSET, false },
		{ "ISSUPERSET", SL_STIX_SUPERSET, false }, { "<", SL_STIX_LESS, false },
		{ "<=", SL_STIX_LESS_EQUAL, false }, { ">", SL_STIX_GREATER, false },
		{ ">=", SL_STIX_GREATER_EQUAL, false },
	};
	int rc = path_read(p, t);
	if (rc == SL_OK && is(p, "NOT")) {
		t->negated = true;
		rc = next(p);
	}
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (!is(p, ops[i].sign))
			continue;
		t->op = ops[i].op;
		t->negated ^= ops[i].negated;
		rc = next(p);
		if (rc < 0)
			return rc;
		return t->op == SL_STIX_IN ? set_read(p, t) : value_read(p, t);
	}
	return fail(p, "an operator");
}

/* One comparison: a list of one alternative. */
static int test_read(struct parser *p, struct list *out)
{
	struct sl_stix_pattern *pattern = p->pattern;
	if (pattern->tests == SL_STIX_TESTS_MAX)
		return too_many(p);
	if (pattern->tests == p->tests_room) {
		size_t room = p->tests_room ? 2 * p->tests_room : 8;
		struct sl_stix_test *test = reallocarray(pattern->test, room, sizeof *test);
		if (!test)
			return sl_fail(p->why, SL_ENOMEM, "out of memory");
		pattern->test = test;
		p->tests_room = room;
	}
	struct sl_stix_test *t = &pattern->test[pattern->tests++];
	*t = (struct sl_stix_test){ .values = json_array() };
	out->term = calloc(1, sizeof *out->term);
	if (!out->term || !t->values)
		return sl_fail(p->why, SL_ENOMEM, "out of memory");
	out->n = 1;
	out->term->test[0] = (uint16_t)(pattern->tests - 1);
	out->term->n = 1;
	if (!is(p, "EXISTS"))
		return comparison_read(p, t);
	t->op = SL_STIX_EXISTS;
	int rc = next(p);
	return rc == SL_OK ? path_read(p, t) : rc;
}

typedef int reader(struct parser *p, struct list *out);

/* item (word item)*: joined by `join`. */
static int chain_read(struct parser *p, struct list *out, reader *item, const char *word,
		      int (*join)(struct parser *, struct list *, struct list *))
{
	int rc = item(p, out);
	while (rc == SL_OK && is(p, word)) {
		struct list more = { 0 };
		rc = next(p);
		if (rc == SL_OK)
			rc = item(p, &more);
		if (rc == SL_OK)
			rc = join(p, out, &more);
		else
			free(more.term);
	}
	return rc;
}

static int bracket_read(struct parser *p, struct list *out, reader *inside, const char *end)
{
	if (p->depth == SL_STIX_DEPTH_MAX)
		return sl_fail(p->why, SL_EFORMAT, "its pattern has more than %d brackets in each other",
			       SL_STIX_DEPTH_MAX);
	p->depth++;
	int rc = next(p);
	if (rc == SL_OK)
		rc = inside(p, out);
	p->depth--;
	return rc == SL_OK ? take(p, end) : rc;
}

static reader any_read, observations_read;

static int primary_read(struct parser *p, struct list *out)
{
	return is(p, "(") ? bracket_read(p, out, any_read, ")") : test_read(p, out);
}

static int all_read(struct parser *p, struct list *out)
{
	return chain_read(p, out, primary_read, "AND", list_cross);
}

static int any_read(struct parser *p, struct list *out)
{
	return chain_read(p, out, all_read, "OR", list_join);
}

/* What stands behind and between observations, and cannot be taken over. */
static int qualifier_check(struct parser *p)
{
	static const struct {
		const char *word, *reason;
	} words[] = {
		{ "AND", "AND of several observations: they may be of different flows" },
		{ "FOLLOWEDBY", "FOLLOWEDBY: the order of observations" },
		{ "WITHIN", "WITHIN: the time between observations" },
		{ "REPEATS", "REPEATS: the number of observations" },
		{ "START", "START … STOP: the time of observations (valid_from and valid_until "
			   "are taken over)" },
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (is(p, words[i].word))
			return sl_fail(p->why, SL_EFORMAT, "its pattern has %s, for which a pack has "
				       "no place", words[i].reason);
	return SL_OK;
}

static int observation_read(struct parser *p, struct list *out)
{
	int rc;
	if (is(p, "["))
		rc = bracket_read(p, out, any_read, "]");
	else if (is(p, "("))
		rc = bracket_read(p, out, observations_read, ")");
	else
		rc = fail(p, "[");
	return rc == SL_OK ? qualifier_check(p) : rc;
}

static int observations_read(struct parser *p, struct list *out)
{
	return chain_read(p, out, observation_read, "OR", list_join);
}

int sl_stix_parse(struct sl_stix_pattern *pattern, const char *text, struct sl_err *why)
{
	struct parser p = { .pattern = pattern, .why = why };
	struct list out = { 0 };
	*pattern = (struct sl_stix_pattern){ 0 };
	int rc = sl_stix_lexer_init(&p.lexer, text, why);
	if (rc == SL_OK)
		rc = observations_read(&p, &out);
	if (rc == SL_OK && p.lexer.token.kind != SL_STIX_END)
		rc = fail(&p, "its end");
	pattern->term = out.term;
	pattern->terms = out.n;
	sl_stix_lexer_fini(&p.lexer);
	return rc;
}

void sl_stix_fini(struct sl_stix_pattern *p)
{
	for (size_t i = 0; i < p->tests; i++) {
		free(p->test[i].path);
		json_decref(p->test[i].values);
	}
	free(p->test);
	free(p->term);
	*p = (struct sl_stix_pattern){ 0 };
}
