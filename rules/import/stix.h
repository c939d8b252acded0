/* STIX patterns (STIX 2.1, 9) as alternatives of tests: for the importer's own files. */
#ifndef SELAT_RULES_IMPORT_STIX_H
#define SELAT_RULES_IMPORT_STIX_H

#include <jansson.h>
#include <selat/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SL_STIX_PATTERN_MAX = 1 << 20, /* bytes */
	SL_STIX_TESTS_MAX = 4096,      /* comparisons of a pattern */
	SL_STIX_TERMS_MAX = 4096,      /* alternatives */
	SL_STIX_TERM_TESTS = 16,       /* comparisons of one alternative */
	SL_STIX_DEPTH_MAX = 32,        /* of brackets */
};

enum sl_stix_op {
	SL_STIX_EQUAL,
	SL_STIX_IN,
	SL_STIX_LIKE,
	SL_STIX_MATCHES,
	SL_STIX_SUBSET,
	SL_STIX_SUPERSET,
	SL_STIX_LESS,
	SL_STIX_LESS_EQUAL,
	SL_STIX_GREATER,
	SL_STIX_GREATER_EQUAL,
	SL_STIX_EXISTS,
};

struct sl_stix_test {
	char *path; /* as it was written, without spaces */
	enum sl_stix_op op;
	bool negated;
	json_t *values; /* an array: text, numbers, booleans; one unless op is IN */
};

/* All of a term's tests are to hold in one observation. */
struct sl_stix_term {
	uint16_t test[SL_STIX_TERM_TESTS], n;
};

struct sl_stix_pattern {
	struct sl_stix_test *test;
	size_t tests;
	struct sl_stix_term *term; /* any of them is to hold */
	size_t terms;
};

/* Negative with the reason: no pattern, or one that asks for what a flow alone cannot tell. p is to
 * be freed either way. */
int sl_stix_parse(struct sl_stix_pattern *p, const char *text, struct sl_err *why);
void sl_stix_fini(struct sl_stix_pattern *p);

/* Does it say where, and not what (ports, protocols, an end's address family)? */
bool sl_stix_is_where(const struct sl_stix_test *t);

/* What one test asks for, as a list of alternatives, a new reference. Each is an object with any of
 * "kind" { key: value … }, "below" NAME (names that end so), "where" { … }, "match" [ … ]. alone: no
 * other test of the term says what. NULL: why not. */
json_t *sl_stix_where_options(const struct sl_stix_test *t, struct sl_err *why);
json_t *sl_stix_options(const struct sl_stix_test *t, bool alone, struct sl_err *why);

/* All of a pattern's alternatives, as keys of indicators: a list, a new reference. NULL: why not. */
json_t *sl_stix_indicators(const struct sl_stix_pattern *p, struct sl_err *why);

/* Tokens. */
enum sl_stix_kind {
	SL_STIX_END,
	SL_STIX_WORD,   /* a name or a keyword */
	SL_STIX_TEXT,   /* '…', unescaped */
	SL_STIX_NUMBER, /* digits */
	SL_STIX_OTHER,  /* h'…', b'…', t'…', a float: what no field holds */
	SL_STIX_SIGN,   /* brackets and operators */
};

struct sl_stix_token {
	enum sl_stix_kind kind;
	const char *at; /* where it begins */
	char *text;     /* NUL-terminated: of a word, a text, a number, a sign */
	bool tight;     /* no space before it */
};

struct sl_stix_lexer {
	const char *start, *at;
	struct sl_stix_token token; /* the current one */
	char *room;                 /* for its text: as long as the pattern */
};

int sl_stix_lexer_init(struct sl_stix_lexer *l, const char *text, struct sl_err *why);
void sl_stix_lexer_fini(struct sl_stix_lexer *l);
int sl_stix_next(struct sl_stix_lexer *l, struct sl_err *why); /* goes on to the next token */
bool sl_stix_is(const struct sl_stix_lexer *l, const char *sign_or_word);

#endif
