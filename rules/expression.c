/* Expressions for Hyperscan. Literals are written as expressions with every byte escaped, since
 * its literal compiler loses matches in 5.4.0. */
#include <rules/expression.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs_compile.h>
#include <limits.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

/* The fewest bytes it matches; -1: Hyperscan does not take it. */
static int width_least(const char *regex, unsigned flags, struct sl_err *err)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *why = NULL;
	if (hs_expression_info(regex, flags, &info, &why) != HS_SUCCESS) {
		sl_fail(err, SL_EFORMAT, "Hyperscan: %s", why->message);
		hs_free_compile_error(why);
		return -1;
	}
	int least = info->min_width > INT_MAX ? INT_MAX : (int)info->min_width;
	free(info);
	return least;
}

/* Does it match these bytes? What matches none and what matches these, matches everything. */
static bool pcre_matches(const pcre2_code *code, const char *bytes, size_t len)
{
	pcre2_match_data *found = pcre2_match_data_create(1, NULL);
	bool matches = found && pcre2_match(code, (PCRE2_SPTR)bytes, len, 0, 0, found, NULL) >= 0;
	pcre2_match_data_free(found);
	return matches;
}

static int pcre_check(const char *regex, bool nocase, struct sl_err *err)
{
	int why;
	size_t at;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
					 nocase ? PCRE2_CASELESS : 0, &why, &at, NULL);
	if (!code) {
		PCRE2_UCHAR text[256] = { 0 };
		pcre2_get_error_message(why, text, sizeof text);
		return sl_fail(err, SL_EFORMAT, "%s, at position %zu", (const char *)text, at + 1);
	}
	static const char other[4096] = { '\n', 1, 2 };
	bool all = pcre_matches(code, "", 0) && pcre_matches(code, other, sizeof other);
	pcre2_code_free(code);
	return all ? sl_fail(err, SL_EFORMAT, "matches the empty string, and so everything")
		   : SL_OK;
}

/* Brackets in each other; what is escaped or in a class is none. */
static unsigned depth_of(const char *regex)
{
	unsigned depth = 0, deepest = 0;
	bool class = false;
	for (const char *p = regex; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (class || *p == '[')
			class = !(class && *p == ']');
		else if (*p == '(')
			deepest = ++depth > deepest ? depth : deepest;
		else if (*p == ')' && depth)
			depth--;
	}
	return deepest;
}

int sl_expression_check(const char *regex, bool nocase, struct sl_err *err)
{
	/* "(*UTF8)" would let bytes that are no UTF-8 do anything inside Hyperscan. */
	if (strncmp(regex, "(*", 2) == 0)
		return sl_fail(err, SL_EFORMAT,
			       "must not begin with \"(*\": expressions are over bytes");
	/* the time that libraries take to compile grows with the cube of it */
	if (depth_of(regex) > DEPTH_MAX)
		return sl_fail(err, SL_EFORMAT, "brackets are in each other more than %d deep", DEPTH_MAX);
	unsigned flags = nocase ? HS_FLAG_CASELESS : 0;
	struct sl_err why = { "" };
	int least = width_least(regex, flags, &why);
	if (least > 0)
		return SL_SEARCH_EXACT;
	int rc = pcre_check(regex, nocase, err);
	if (rc <
	    0) /* Hyperscan tells better what is wrong, but where it only lacks what PCRE2 has */
		return least == 0 || strstr(why.text, "not supported")
			       ? rc
			       : sl_fail(err, rc, "%s", why.text);
	bool rough = least < 0 && width_least(regex, flags | HS_FLAG_PREFILTER, NULL) > 0;
	return rough ? SL_SEARCH_ROUGH : SL_SEARCH_NONE;
}

size_t sl_literal_room(size_t len)
{
	return len * 4 + sizeof "\\A\\z";
}

void sl_literal_escape(char *out, struct sl_span literal, bool starts, bool ends)
{
	static const char digits[] = "0123456789abcdef";
	if (starts)
		out = stpcpy(out, "\\A");
	for (size_t i = 0; i < literal.len; i++) {
		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[literal.at[i] >> 4];
		*out++ = digits[literal.at[i] & 15];
	}
	strcpy(out, ends ? "\\z" : "");
}

char *sl_expression_quote(const char *text)
{
	char *out = malloc(2 * strlen(text) + 1), *at = out;
	if (!out)
		return NULL;
	for (; *text; text++) {
		if (strchr("\\^$.[]|()?*+{}/-#", *text))
			*at++ = '\\';
		*at++ = *text;
	}
	*at = '\0';
	return out;
}
