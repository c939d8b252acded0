/* A byte's weight is about the bits it tells in text and in headers; what nearly every message has
 * ("HTTP/1.1", "Mozilla/5.0") tells nothing. An exact value beats a literal, a literal beats an
 * expression, since a table answers at once and an expression costs states. */
#include <rules/rarity.h>

#include <rules/expression.h>
#include <string.h>

enum { EXACT = 1 << 20, EXPRESSION = 12, ROUGH = 8, COMMON = 1 };

static unsigned byte_weight(uint8_t byte)
{
	if (byte == 0 || byte == ' ')
		return 2;
	if (byte < 0x80 && strchr("etaoinsr0123./:\r\n", byte))
		return 4;
	if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
	    byte == '=')
		return 5;
	return byte >= 'A' && byte <= 'Z' ? 6 : 7;
}

/* The length of a word that is everywhere, if one begins there. */
static size_t common_word(const uint8_t *at, size_t left)
{
	static const char *const words[] = {
		"http://", "https://",  "HTTP/1.",    "Mozilla/5.0", "User-Agent", "Content-",
		"Accept",  "Host: ",    "www.",       ".com",        ".php",       "GET ",
		"POST ",   "text/html", "Windows NT", "AppleWebKit",
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t len = strlen(words[i]);
		if (len <= left && memcmp(at, words[i], len) == 0)
			return len;
	}
	return 0;
}

static unsigned literal_rarity(const uint8_t *bytes, size_t len)
{
	unsigned sum = 0;
	for (size_t i = 0; i < len; i++) {
		size_t word = common_word(bytes + i, len - i);
		bool repeats = i && bytes[i] == bytes[i - 1];
		sum += word || repeats ? COMMON : byte_weight(bytes[i]);
		i += word ? word - 1 : 0;
	}
	return sum;
}

unsigned sl_rarity(const struct sl_condition *c)
{
	if (c->flags & SL_COND_NOT)
		return 0;
	switch (c->op) {
	case SL_OP_EQUALS:
	case SL_OP_IN:
		return EXACT;
	case SL_OP_CONTAINS:
	case SL_OP_STARTS:
	case SL_OP_ENDS:
		return literal_rarity(c->bytes, c->len);
	case SL_OP_REGEX:
		return c->search == SL_SEARCH_EXACT   ? EXPRESSION
		       : c->search == SL_SEARCH_ROUGH ? ROUGH
						      : 0;
	default:
		return 0;
	}
}
