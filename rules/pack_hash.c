/* Hashes of files and certificates, and fingerprints of programs: each is compared with the whole
 * value of its field, in the form the field has. */
#include <rules/reader.h>

#include <ctype.h>
#include <string.h>

static const struct hash {
	const char *key;
	size_t digits; /* 0: no hex, a JA4 */
	bool colons;   /* between the pairs of the field's values */
} hashes[] = {
	{ "md5", 32, false },          { "sha1", 40, false },        { "sha256", 64, false },
	{ "cert_sha1", 40, true },     { "cert_sha256", 64, false }, { "ja3", 32, false },
	{ "ja3s", 32, false },         { "ja4", 0, false },          { "hassh", 32, false },
	{ "hassh_server", 32, false },
};
enum { HASHES = sizeof hashes / sizeof hashes[0], VALUE_MAX = 128 };

/* Lower-case digits without the colons between pairs; the number of digits, or -1. */
static int digits_read(const char *text, char out[VALUE_MAX])
{
	int n = 0;
	bool colons = strchr(text, ':') != NULL;
	for (const char *s = text; *s; s++) {
		if (colons && *s == ':' && n > 0 && n % 2 == 0 && s[-1] != ':' && s[1])
			continue;
		if (colons && n > 0 && n % 2 == 0 && s[-1] != ':')
			return -1;
		if (!isxdigit((unsigned char)*s))
			return -1;
		out[n++] = (char)tolower((unsigned char)*s);
	}
	out[n] = '\0';
	return n;
}

static void colons_put(const char *digits, char out[VALUE_MAX])
{
	for (size_t i = 0; digits[i]; i++) {
		if (i > 0 && i % 2 == 0)
			*out++ = ':';
		*out++ = digits[i];
	}
	*out = '\0';
}

/* "a sha1", if digests of so many digits are called that. */
static bool length_fail(struct sl_reader *r, const struct hash *h, int n)
{
	const char *other = n == 32 ? "an md5" : n == 40 ? "a sha1" : n == 64 ? "a sha256" : NULL;
	if (other)
		return sl_reader_fail(r, h->key, "has %d hex digits, as %s has; %s has %zu", n,
				      other, h->key, h->digits);
	return sl_reader_fail(r, h->key, "has %d hex digits; %s has %zu", n, h->key, h->digits);
}

/* t13d1516h2_8daaf6152771_b186095e22b6: ten characters and two hashes of twelve digits. */
static bool ja4_normal(const char *text, char out[VALUE_MAX])
{
	static const char form[] = "pvvdnnnnaa_xxxxxxxxxxxx_xxxxxxxxxxxx";
	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++) {
		char c = (char)tolower((unsigned char)text[i]);
		bool right = form[i] == 'p'   ? c && strchr("tqd", c)
			     : form[i] == 'd' ? c == 'd' || c == 'i'
			     : form[i] == 'n' ? isdigit((unsigned char)c)
			     : form[i] == 'x' ? isxdigit((unsigned char)c)
			     : form[i] == '_' ? c == '_'
					      : isalnum((unsigned char)c);
		if (!right)
			return false;
		out[i] = c;
	}
	out[strlen(form)] = '\0';
	return true;
}

static bool value_normal(struct sl_reader *r, const struct hash *h, const char *text,
			 char out[VALUE_MAX])
{
	char digits[VALUE_MAX];
	if (h->digits == 0)
		return ja4_normal(text, out) ||
		       sl_reader_fail(
			       r, h->key,
			       "\"%s\" is no JA4: write it as t13d1516h2_8daaf6152771_b186095e22b6",
			       text);
	int n = digits_read(text, digits);
	if (n < 0)
		return sl_reader_fail(r, h->key, "\"%s\" is no hash: write its %zu hex digits",
				      text, h->digits);
	if ((size_t)n != h->digits)
		return length_fail(r, h, n);
	if (h->colons)
		colons_put(digits, out);
	else
		strcpy(out, digits);
	return true;
}

bool sl_hash_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	char normal[VALUE_MAX];
	const struct hash *h = hashes;
	while (h < hashes + HASHES - 1 && strcmp(h->key, key) != 0)
		h++;
	return sl_reader_text(r, key, value, VALUE_MAX - 1, false, &ind->value) &&
	       value_normal(r, h, ind->value, normal) && sl_normal_set(r, key, normal, ind);
}
