/* An indicator as a STIX pattern (STIX 2.1, 9), where STIX can say the same: no more and no less.
 * All else has no pattern here, and is carried by other means. */
#include <rules/stix.h>

#include <rules/export/export.h>
#include <rules/expression.h>
#include <rules/idn.h>
#include <selat/address.h>
#include <selat/name.h>
#include <selat/url.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys that do not change what an indicator finds. */
#define META                                                                                       \
	"id", "name", "description", "references", "severity", "confidence", "class", "tlp",       \
		"valid_from", "valid_until", "status", "drill"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A string literal: quotes and backslashes escaped. */
static void literal_write(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

static bool path_write(FILE *out, const char *path, const char *op, const char *text)
{
	fprintf(out, "%s %s ", path, op);
	literal_write(out, text);
	return true;
}

static bool prefix_write(FILE *out, const char *path, const char *text)
{
	struct sl_prefix prefix;
	char normal[SL_ADDRESS_TEXT];
	if (sl_prefix_parse(text, &prefix, NULL) < 0)
		return false;
	sl_prefix_format(normal, &prefix);
	bool host = prefix.bits == (prefix.address.family == 4 ? 32 : 128);
	if (host && strchr(normal, '/'))
		*strchr(normal, '/') = '\0';
	fprintf(out, "%s %s '%s'", path, host ? "=" : "ISSUBSET", normal);
	return true;
}

/* One port, or a list of them. */
static bool ports_write(FILE *out, const char *path, const json_t *ports)
{
	if (json_is_integer(ports)) {
		fprintf(out, "%s = %lld", path, (long long)json_integer_value(ports));
		return true;
	}
	fprintf(out, "%s IN (", path);
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *port = json_array_get(ports, i);
		if (!json_is_integer(port))
			return false;
		fprintf(out, "%s%lld", i ? ", " : "", (long long)json_integer_value(port));
	}
	fputc(')', out);
	return json_array_size(ports) > 0;
}

/* An address at one end ("dst", "src"), with its own port and the protocol. */
static bool end_write(FILE *out, const json_t *ind, const char *end)
{
	char path[64];
	const json_t *port = json_object_get(ind, "port");
	const char *proto = text_of(ind, "proto");
	snprintf(path, sizeof path, "network-traffic:%s_ref.value", end);
	fputc('(', out);
	if (!prefix_write(out, path, text_of(ind, "address")))
		return false;
	snprintf(path, sizeof path, " AND network-traffic:%s_port", end);
	if (port && !ports_write(out, path, port))
		return false;
	if (proto)
		path_write(out, " AND network-traffic:protocols[*]", "=", proto);
	fputc(')', out);
	return true;
}

static bool address_write(FILE *out, const json_t *ind)
{
	static const char *const keys[] = { META, "address", "port", "proto", NULL };
	const char *text = text_of(ind, "address");
	if (!sl_export_only(ind, keys))
		return false;
	if (!json_object_get(ind, "port") && !json_object_get(ind, "proto"))
		return prefix_write(
			out, strchr(text, ':') ? "ipv6-addr:value" : "ipv4-addr:value", text);
	if (!end_write(out, ind, "dst"))
		return false;
	fputs(" OR ", out);
	return end_write(out, ind, "src");
}

static bool domain_write(FILE *out, const json_t *ind)
{
	static const char *const keys[] = { META, "domain", "subdomains", NULL };
	char ascii[SL_NAME_MAX], name[SL_NAME_MAX];
	if (!sl_export_only(ind, keys) ||
	    sl_idn_name(text_of(ind, "domain"), ascii, sizeof ascii, NULL) < 0 ||
	    sl_name_parse(ascii, name, sizeof name, NULL) < 0)
		return false;
	path_write(out, "domain-name:value", "=", name);
	/* '_' stands for any character in LIKE: a name with one has no exact form. */
	if (json_is_false(json_object_get(ind, "subdomains")))
		return true;
	fprintf(out, " OR domain-name:value LIKE '%%.%s'", name);
	return !strchr(name, '_');
}

static bool url_write(FILE *out, const json_t *ind)
{
	static const char *const keys[] = { META, "url", NULL };
	return sl_export_only(ind, keys) && path_write(out, "url:value", "=", text_of(ind, "url"));
}

/* Hashes have their kind as a path; colons, which some are written with, are left out. */
static bool hash_write(FILE *out, const json_t *ind, const struct sl_stix_path *path)
{
	const char *const keys[] = { META, path->name, NULL };
	char hex[256];
	size_t len = 0;
	if (!sl_export_only(ind, keys))
		return false;
	for (const char *c = text_of(ind, path->name); *c && len + 1 < sizeof hex; c++)
		if (*c != ':')
			hex[len++] = *c;
	hex[len] = '\0';
	return path_write(out, path->path, "=", hex);
}

static bool like_write(FILE *out, const char *path, const char *const around[2], const char *text)
{
	char *pattern;
	if (asprintf(&pattern, "%s%s%s", around[0], text, around[1]) < 0)
		return false;
	path_write(out, path, "LIKE", pattern);
	free(pattern);
	return true;
}

static bool regex_write(FILE *out, const char *path, const char *regex, bool nocase)
{
	char *pattern;
	if (asprintf(&pattern, "%s%s", nocase ? "(?i)" : "", regex) < 0)
		return false;
	path_write(out, path, "MATCHES", pattern);
	free(pattern);
	return true;
}

/* LIKE has no way to say a '%' or '_' that is one, and knows no other case: MATCHES does. */
static bool literal_match(FILE *out, const char *path, const char *const around[2],
			  const char *text, bool nocase)
{
	char *quoted = sl_expression_quote(text), *regex = NULL;
	if (!quoted || asprintf(&regex, "(?s%s)%s%s%s", nocase ? "i" : "", around[0], quoted,
				around[1]) < 0)
		regex = NULL;
	bool ok = regex && path_write(out, path, "MATCHES", regex);
	free(regex);
	free(quoted);
	return ok;
}

static bool condition_write(FILE *out, const json_t *condition)
{
	static const char *const keys[] = { "field", "equals", "contains", "starts",
					    "ends",  "regex",  "nocase",   NULL };
	static const struct {
		const char *key, *like[2], *regex[2];
	} ops[] = {
		{ "equals", { "", "" }, { "^", "$" } },
		{ "contains", { "%", "%" }, { "", "" } },
		{ "starts", { "", "%" }, { "^", "" } },
		{ "ends", { "%", "" }, { "", "$" } },
	};
	const struct sl_stix_path *path = sl_stix_path_of(text_of(condition, "field"));
	const char *text = text_of(condition, "regex");
	bool nocase = json_is_true(json_object_get(condition, "nocase"));
	if (!path || path->kind || !sl_export_only(condition, keys))
		return false;
	if (text)
		return regex_write(out, path->path, text, nocase);
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (!(text = text_of(condition, ops[i].key)))
			continue;
		if (i == 0 && !nocase)
			return path_write(out, path->path, "=", text);
		if (nocase || strpbrk(text, "%_"))
			return literal_match(out, path->path, ops[i].regex, text, nocase);
		return like_write(out, path->path, ops[i].like, text);
	}
	return false;
}

static bool match_write(FILE *out, const json_t *ind)
{
	static const char *const keys[] = { META, "match", NULL };
	const json_t *match = json_object_get(ind, "match");
	if (!sl_export_only(ind, keys))
		return false;
	for (size_t i = 0; i < json_array_size(match); i++) {
		if (i)
			fputs(" AND ", out);
		if (!condition_write(out, json_array_get(match, i)))
			return false;
	}
	return json_array_size(match) > 0;
}

static bool indicator_write(FILE *out, const json_t *ind)
{
	static const char *const hashes[] = { "md5",         "sha1", "sha256", "cert_sha1",
					      "cert_sha256", NULL };
	if (text_of(ind, "address"))
		return address_write(out, ind);
	if (text_of(ind, "domain"))
		return domain_write(out, ind);
	if (text_of(ind, "url"))
		return url_write(out, ind);
	for (size_t i = 0; hashes[i]; i++)
		if (text_of(ind, hashes[i]))
			return hash_write(out, ind, sl_stix_path_of(hashes[i]));
	return match_write(out, ind);
}

char *sl_stix_pattern(const json_t *indicator)
{
	char *pattern = NULL;
	size_t len;
	FILE *out = open_memstream(&pattern, &len);
	if (!out)
		return NULL;
	fputc('[', out);
	bool said = indicator_write(out, indicator);
	fputc(']', out);
	if (fclose(out) == 0 && said)
		return pattern;
	free(pattern);
	return NULL;
}
