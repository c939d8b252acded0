/* Expressions for Hyperscan. Literals are written as expressions with every byte escaped, since
 * its literal compiler loses matches in 5.4.0. */
#include <rules/expression.h>

#include <hs_compile.h>
#include <stdlib.h>
#include <string.h>

int sl_expression_check(const char *regex, bool nocase, struct sl_err *err)
{
	/* "(*UTF8)" would let bytes that are no UTF-8 do anything inside Hyperscan. */
	if (strncmp(regex, "(*", 2) == 0)
		return sl_fail(err, SL_EFORMAT,
			       "must not begin with \"(*\": expressions are over bytes");
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *why = NULL;
	if (hs_expression_info(regex, nocase ? HS_FLAG_CASELESS : 0, &info, &why) != HS_SUCCESS) {
		int rc = sl_fail(err, SL_EFORMAT, "Hyperscan: %s", why->message);
		hs_free_compile_error(why);
		return rc;
	}
	unsigned least = info->min_width;
	free(info);
	return least ? SL_OK
		     : sl_fail(err, SL_EFORMAT, "matches the empty string, and so everything");
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
