/* What a value is: an address, a URL, a hash, a fingerprint, a domain; and its indicator. Values
 * may be defanged: hxxp, [.], (.), [dot], [:]. */
#include <rules/idn.h>
#include <rules/import/build.h>
#include <rules/import/list.h>

#include <ctype.h>
#include <selat/address.h>
#include <selat/digest.h>
#include <selat/name.h>
#include <selat/url.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 128 };

static const struct {
	const char *name, *kind;
} kinds[] = {
	{ "address", "address" },
	{ "ip", "address" },
	{ "network", "address" },
	{ "cidr", "address" },
	{ "domain", "domain" },
	{ "host", "domain" },
	{ "hostname", "domain" },
	{ "fqdn", "domain" },
	{ "url", "url" },
	{ "uri", "url" },
	{ "md5", "md5" },
	{ "sha1", "sha1" },
	{ "sha256", "sha256" },
	{ "cert_sha1", "cert_sha1" },
	{ "cert_sha256", "cert_sha256" },
	{ "ja3", "ja3" },
	{ "ja3s", "ja3s" },
	{ "ja4", "ja4" },
	{ "hassh", "hassh" },
	{ "hassh_server", "hassh_server" },
};

const char *list_kind(const char *text)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcasecmp(kinds[i].name, text) == 0)
			return kinds[i].kind;
	return NULL;
}

/* Makes a defanged value whole again, in place. */
static void fangs_restore(char *text)
{
	static const char *const pairs[][2] = {
		{ "[.]", "." },   { "(.)", "." }, { "{.}", "." },     { "[dot]", "." },
		{ "(dot)", "." }, { "[:]", ":" }, { "[://]", "://" }, { "[@]", "@" },
	};
	char *out = text;
	if (strncasecmp(text, "hxxp", 4) == 0 || strncasecmp(text, "fxp", 3) == 0)
		memcpy(text + 1, text[0] == 'h' || text[0] == 'H' ? "tt" : "tp", 2);
	for (char *c = text; *c;) {
		size_t i = 0, pairs_n = sizeof pairs / sizeof pairs[0];
		while (i < pairs_n && strncasecmp(c, pairs[i][0], strlen(pairs[i][0])) != 0)
			i++;
		if (i == pairs_n) {
			*out++ = *c++;
			continue;
		}
		memcpy(out, pairs[i][1], strlen(pairs[i][1]));
		out += strlen(pairs[i][1]);
		c += strlen(pairs[i][0]);
	}
	*out = '\0';
}

static bool is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdefABCDEF") == len;
}

/* t13d1516h2_8daaf6152771_b186095e22b6 */
static bool is_ja4(const char *text)
{
	return strlen(text) == 36 && strchr("tqd", text[0]) && text[10] == '_' && text[23] == '_' &&
	       strspn(text + 11, "0123456789abcdef") == 12 &&
	       strspn(text + 24, "0123456789abcdef") == 12;
}

static bool is_address(const char *text)
{
	struct sl_prefix prefix;
	return sl_prefix_parse(text, &prefix, NULL) == 0;
}

static bool is_domain(const char *text, struct sl_err *why)
{
	char ascii[SL_NAME_MAX], normal[SL_NAME_MAX];
	return strlen(text) < SL_NAME_MAX && sl_idn_name(text, ascii, sizeof ascii, why) == 0 &&
	       sl_name_parse(ascii, normal, sizeof normal, why) == 0;
}

static bool is_url(const char *text, struct sl_err *why)
{
	char ascii[SL_URL_MAX], normal[SL_URL_MAX];
	return strlen(text) < SL_URL_MAX && sl_idn_url(text, ascii, sizeof ascii, why) == 0 &&
	       sl_url_parse(ascii, normal, sizeof normal, why) == 0;
}

static const char *kind_guess(const char *text)
{
	if (is_address(text))
		return "address";
	if (strstr(text, "://"))
		return "url";
	if (is_ja4(text))
		return "ja4";
	if (is_hex(text, 32))
		return "md5";
	if (is_hex(text, 40))
		return "sha1";
	if (is_hex(text, 64))
		return "sha256";
	return "domain";
}

static bool is_hash(const char *kind, const char *text)
{
	static const struct {
		const char *kind;
		size_t len;
	} lengths[] = {
		{ "md5", 32 }, { "sha1", 40 }, { "sha256", 64 }, { "cert_sha256", 64 },
		{ "ja3", 32 }, { "ja3s", 32 }, { "hassh", 32 },  { "hassh_server", 32 },
	};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		if (strcmp(lengths[i].kind, kind) == 0)
			return is_hex(text, lengths[i].len);
	if (strcmp(kind, "ja4") == 0)
		return is_ja4(text);
	/* cert_sha1, with colons or without */
	return is_hex(text, 40) ||
	       (strlen(text) == 59 && strspn(text, "0123456789abcdefABCDEF:") == 59);
}

static bool value_check(const char *kind, const char *text, struct sl_err *why)
{
	struct sl_prefix prefix;
	snprintf(why->text, sizeof why->text, "\"%.200s\" is no %s", text, kind);
	if (strcmp(kind, "address") == 0)
		return sl_prefix_parse(text, &prefix, why) == 0;
	if (strcmp(kind, "domain") == 0)
		return is_domain(text, why);
	if (strcmp(kind, "url") == 0)
		return is_url(text, why);
	return is_hash(kind, text);
}

/* The value itself where an id may hold it; otherwise its kind and a digest of it. */
static void id_make(char out[ID_MAX + 1], const char *kind, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:/@+-";
	uint8_t digest[SL_SHA256_SIZE];
	char hex[2 * SL_SHA256_SIZE + 1];
	if (text[strspn(text, allowed)] == '\0' && strlen(text) <= ID_MAX) {
		snprintf(out, ID_MAX + 1, "%s", text);
		return;
	}
	sl_sha256(sl_span_str(text), digest);
	sl_hex(hex, sl_span_of(digest, sizeof digest));
	snprintf(out, ID_MAX + 1, "%s-%.16s", kind, hex);
}

/* "198.51.100.7:443" is an address and its port; the text is cut. */
static int port_cut(char *text)
{
	char *colon = strchr(text, ':');
	if (!colon || strchr(colon + 1, ':') || !isdigit((unsigned char)colon[1]))
		return 0;
	size_t digits = strspn(colon + 1, "0123456789");
	int port = digits <= 5 && !colon[1 + digits] ? atoi(colon + 1) : 0;
	*colon = '\0';
	bool fits = port > 0 && port <= UINT16_MAX && is_address(text);
	*colon = ':';
	if (fits)
		*colon = '\0';
	return fits ? port : 0;
}

/* "*.evil.example", ".evil.example" and "||evil.example^" are the domain: its subdomains count
 * anyway. */
static char *domain_trim(char *text)
{
	size_t len = strlen(text);
	if (strncmp(text, "||", 2) == 0 && len > 3 && text[len - 1] == '^') {
		text[len - 1] = '\0';
		return text + 2;
	}
	return text + (strncmp(text, "*.", 2) == 0 ? 2 : *text == '.');
}

static void value_build(struct sl_import *im, struct sl_place *at, const struct list_value *value,
			char *text)
{
	struct sl_err why = { "" };
	char id[ID_MAX + 1], whole[LIST_VALUE_MAX];
	fangs_restore(text);
	if (!value->kind || strcmp(value->kind, "domain") == 0)
		text = domain_trim(text);
	snprintf(whole, sizeof whole, "%s", text);
	int port = port_cut(text);
	const char *kind = value->kind ? value->kind : kind_guess(text);
	if (!value_check(kind, text, &why)) {
		sl_import_leave(im, at, "%s", why.text);
		return;
	}
	id_make(id, kind, whole);
	const char *own = json_string_value(json_object_get(value->more, "id"));
	if (!own && json_object_get(im->seen, id))
		return;
	json_t *ind = json_pack("{ss ss}", "id", own ? own : id, kind, text);
	if (ind && port)
		json_object_set_new(ind, "port", json_integer(port));
	if (ind && value->more)
		json_object_update(ind, value->more);
	if (json_object_size(value->more)) /* other cells are not checked yet */
		sl_build_add(im, at, ind);
	else
		sl_import_add(im, at, ind);
}

void list_value_add(struct sl_import *im, struct sl_place *at, const struct list_value *value)
{
	if (strlen(value->text) >= LIST_VALUE_MAX) {
		sl_import_leave(im, at, "a value has more than %d bytes", LIST_VALUE_MAX);
		return;
	}
	char *text = strdup(value->text);
	if (!text) {
		im->failed = SL_ENOMEM;
		return;
	}
	value_build(im, at, value, text);
	free(text);
}
