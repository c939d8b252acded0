/* The tokens of a STIX pattern (STIX 2.1, 9.2 to 9.6). */
#include <rules/import/stix.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int sl_stix_lexer_init(struct sl_stix_lexer *l, const char *text, struct sl_err *why)
{
	*l = (struct sl_stix_lexer){ .start = text, .at = text };
	if (strlen(text) > SL_STIX_PATTERN_MAX)
		return sl_fail(why, SL_EFORMAT, "its pattern is longer than %d bytes",
			       SL_STIX_PATTERN_MAX);
	l->room = malloc(strlen(text) + 1);
	if (!l->room)
		return sl_fail(why, SL_ENOMEM, "out of memory");
	return sl_stix_next(l, why);
}

void sl_stix_lexer_fini(struct sl_stix_lexer *l)
{
	free(l->room);
	*l = (struct sl_stix_lexer){ 0 };
}

static size_t position(const struct sl_stix_lexer *l, const char *at)
{
	return (size_t)(at - l->start) + 1;
}

/* Blanks and comments. */
static int space_skip(struct sl_stix_lexer *l, struct sl_err *why)
{
	for (;;) {
		const char *from = l->at;
		while (isspace((unsigned char)*l->at))
			l->at++;
		if (strncmp(l->at, "/*", 2) == 0) {
			const char *end = strstr(l->at + 2, "*/");
			if (!end)
				return sl_fail(why, SL_EFORMAT,
					       "its pattern has a comment without an end");
			l->at = end + 2;
		} else if (strncmp(l->at, "//", 2) == 0) {
			l->at += strcspn(l->at, "\r\n");
		}
		if (l->at == from)
			return SL_OK;
	}
}

static int text_next(struct sl_stix_lexer *l, struct sl_err *why)
{
	char *out = l->room;
	for (l->at++; *l->at && *l->at != '\''; l->at++) {
		if (*l->at == '\\' && l->at[1])
			l->at++;
		*out++ = *l->at;
	}
	*out = '\0';
	if (!*l->at)
		return sl_fail(why, SL_EFORMAT, "its pattern has a text without an end, from %zu on",
			       position(l, l->token.at));
	l->at++;
	return SL_OK;
}

static void run_take(struct sl_stix_lexer *l, size_t n)
{
	memcpy(l->room, l->at, n);
	l->room[n] = '\0';
	l->at += n;
}

static void number_next(struct sl_stix_lexer *l)
{
	size_t n = *l->at == '-' || *l->at == '+';
	n += strspn(l->at + n, "0123456789");
	l->token.kind = SL_STIX_NUMBER;
	if (l->at[n] == '.' && isdigit((unsigned char)l->at[n + 1])) {
		l->token.kind = SL_STIX_OTHER;
		n += 1 + strspn(l->at + n + 1, "0123456789");
	}
	run_take(l, n);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static int sign_next(struct sl_stix_lexer *l, struct sl_err *why)
{
	static const char *const signs[] = { "<=", ">=", "!=", "<>", "==", "[", "]", "(", ")",
					     ",",  "=",  "<",  ">",  ":",  ".", "*", NULL };
	l->token.kind = SL_STIX_SIGN;
	for (size_t i = 0; signs[i]; i++)
		if (strncmp(l->at, signs[i], strlen(signs[i])) == 0) {
			run_take(l, strlen(signs[i]));
			return SL_OK;
		}
	return sl_fail(why, SL_EFORMAT, "its pattern has a stray character at %zu",
		       position(l, l->at));
}

int sl_stix_next(struct sl_stix_lexer *l, struct sl_err *why)
{
	const char *before = l->at;
	if (space_skip(l, why) < 0)
		return SL_EFORMAT;
	l->token = (struct sl_stix_token){ .at = l->at, .text = l->room, .tight = l->at == before };
	l->room[0] = '\0';
	if (!*l->at)
		return SL_OK;
	if (*l->at == '\'') {
		l->token.kind = SL_STIX_TEXT;
		return text_next(l, why);
	}
	if (strchr("hbt", *l->at) && l->at[1] == '\'') {
		l->token.kind = SL_STIX_OTHER;
		l->at++;
		return text_next(l, why);
	}
	if (isdigit((unsigned char)*l->at) ||
	    (strchr("+-", *l->at) && isdigit((unsigned char)l->at[1]))) {
		number_next(l);
		return SL_OK;
	}
	if (isalpha((unsigned char)*l->at) || *l->at == '_') {
		size_t n = 1;
		while (is_word(l->at[n]))
			n++;
		l->token.kind = SL_STIX_WORD;
		run_take(l, n);
		return SL_OK;
	}
	return sign_next(l, why);
}

bool sl_stix_is(const struct sl_stix_lexer *l, const char *sign_or_word)
{
	return (l->token.kind == SL_STIX_SIGN || l->token.kind == SL_STIX_WORD) &&
	       strcmp(l->token.text, sign_or_word) == 0;
}
