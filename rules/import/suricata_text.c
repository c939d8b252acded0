/* What Suricata's rules are written in: pieces, quotes, numbers. */
#include <rules/import/suricata.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

char *suri_trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* Where the piece that begins at text ends: at a separator that no backslash precedes and that
 * stands in no quotes. A piece is quoted if it, or what follows its '!' or ':', begins with one. */
static char *piece_end(char *text, char separator)
{
	bool quoted = false;
	for (char *c = text; *c; c++) {
		if (*c == '\\' && c[1])
			c++;
		else if (*c == '"')
			quoted = !quoted;
		else if (*c == separator && !quoted)
			return c;
	}
	return text + strlen(text);
}

char *suri_piece(char **rest, char separator)
{
	if (!*rest)
		return NULL;
	char *piece = *rest, *end = piece_end(piece, separator);
	*rest = *end ? end + 1 : NULL;
	*end = '\0';
	return suri_trim(piece);
}

bool suri_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
	const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
	size_t len = strspn(digits, "0123456789");
	if (len == 0 || len > 18 || digits[len])
		return false;
	int64_t n = strtoll(text, NULL, 10);
	if (n < min || n > max)
		return false;
	*out = n;
	return true;
}

bool suri_unquote(char **text, bool *negated)
{
	char *value = suri_trim(*text);
	if (negated && *value == '!') {
		*negated = true;
		value = suri_trim(value + 1);
	}
	*text = value;
	if (*value != '"')
		return strchr(value, '"') == NULL || value[0] == '/';
	size_t len = strlen(value);
	if (len < 2 || value[len - 1] != '"')
		return false;
	value[len - 1] = '\0';
	*text = value + 1;
	return true;
}

/* "5<>9" or "5-9": what lies between, without the ends. */
static bool between(char *text, int64_t limit, int64_t *min, int64_t *max)
{
	char *middle = strstr(text, "<>");
	size_t width = 2;
	if (!middle) {
		middle = strchr(text + 1, '-');
		width = 1;
	}
	if (!middle)
		return false;
	*middle = '\0';
	int64_t low, high;
	if (!suri_number(suri_trim(text), 0, limit, &low) ||
	    !suri_number(suri_trim(middle + width), 0, limit, &high) || high - low < 2)
		return false;
	*min = low + 1;
	*max = high - 1;
	return true;
}

static bool compare(char *text, int64_t limit, int64_t *min, int64_t *max)
{
	char sign = *text;
	bool equal = text[1] == '=';
	int64_t n;
	if (!suri_number(suri_trim(text + 1 + equal), 0, limit, &n))
		return false;
	if (sign == '<')
		*max = n - !equal;
	else if (sign == '>')
		*min = n + !equal;
	else
		*min = *max = n;
	return *max >= -1 && (sign != '<' || *max >= 0);
}

bool suri_range(struct suri_rule *r, const char *keyword, char *text, int64_t limit, int64_t *min,
		int64_t *max, bool *negated)
{
	char *value = suri_trim(text);
	*min = 0;
	*max = -1;
	*negated = *value == '!';
	if (*negated)
		value = suri_trim(value + 1);
	bool ok;
	int64_t n;
	if (*value == '<' || *value == '>' || *value == '=') {
		ok = compare(value, limit, min, max);
	} else if (suri_number(value, 0, limit, &n)) {
		ok = true;
		*min = *max = n;
	} else {
		ok = between(value, limit, min, max);
	}
	if (!ok)
		suri_refuse(r, "%s: this comparison of numbers has no counterpart", keyword);
	return ok;
}
