/* What one comparison of a STIX pattern asks for, in a pack's words. Exactly that, or a reason why
 * there is no such thing. */
#include <rules/expression.h>
#include <rules/import/build.h>
#include <rules/import/stix.h>
#include <rules/stix.h>

#include <selat/address.h>
#include <selat/url.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef json_t *options_fn(const struct sl_stix_test *t, bool alone, struct sl_err *why);

static json_t *none(struct sl_err *why, const struct sl_stix_test *t, const char *reason)
{
	sl_fail(why, SL_EFORMAT, "%.128s: %s", t->path, reason);
	return NULL;
}

/* The text of a value, or NULL if it is no text. */
static const char *text_at(const struct sl_stix_test *t, size_t i)
{
	return json_string_value(json_array_get(t->values, i));
}

static bool all_text(const struct sl_stix_test *t)
{
	for (size_t i = 0; i < json_array_size(t->values); i++)
		if (!text_at(t, i))
			return false;
	return true;
}

static bool is_equality(const struct sl_stix_test *t)
{
	return t->op == SL_STIX_EQUAL || t->op == SL_STIX_IN;
}

/* LIKE: '%' any characters, '_' one. With '%' at the ends alone it is starts, ends, contains. */
static json_t *like_condition(const char *field, const char *pattern)
{
	size_t len = strlen(pattern);
	bool before = len > 0 && pattern[0] == '%', after = len > 1 && pattern[len - 1] == '%';
	char *inner = strndup(pattern + before, len - before - after), *regex = NULL;
	json_t *c = NULL;
	if (inner && *inner && !strpbrk(inner, "%_")) {
		const char *op = before ? after ? "contains" : "ends" : after ? "starts" : "equals";
		c = json_pack("{ss ss}", "field", field, op, inner);
	} else if (inner && *inner) {
		size_t size;
		FILE *out = open_memstream(&regex, &size);
		fputs("(?s)^", out);
		for (const char *s = pattern; *s; s++) {
			char one[2] = { *s, '\0' }, *quoted = sl_expression_quote(one);
			fputs(*s == '%' ? ".*" : *s == '_' ? "." : quoted, out);
			free(quoted);
		}
		fputc('$', out);
		fclose(out);
		c = json_pack("{ss ss}", "field", field, "regex", regex);
	}
	free(inner);
	free(regex);
	return c;
}

static json_t *condition(const struct sl_stix_test *t, const char *field, size_t i)
{
	json_t *c;
	if (t->op == SL_STIX_LIKE)
		c = like_condition(field, text_at(t, i));
	else
		c = json_pack("{ss ss}", "field", field,
			      t->op == SL_STIX_MATCHES ? "regex" : "equals", text_at(t, i));
	if (c && t->negated)
		json_object_set_new(c, "not", json_true());
	return c;
}

/* Adds to the list an option for each value; of a negated one, one option that denies all. */
static bool conditions_add(json_t *list, const struct sl_stix_test *t, const char *field)
{
	json_t *match = NULL;
	for (size_t i = 0; i < json_array_size(t->values); i++) {
		json_t *c = condition(t, field, i);
		if (!c)
			return false;
		if (!match || !t->negated) {
			match = json_array();
			json_array_append_new(list, json_pack("{so}", "match", match));
		}
		json_array_append_new(match, c);
	}
	return true;
}

static json_t *field_options(const struct sl_stix_test *t, const char *const *fields, bool single,
			     struct sl_err *why)
{
	if (!all_text(t) || (!is_equality(t) && t->op != SL_STIX_LIKE && t->op != SL_STIX_MATCHES))
		return none(why, t, "only =, !=, IN, LIKE and MATCHES with texts can be taken over");
	if (t->negated && !single)
		return none(why, t, "negated, and there may be several values: STIX asks for one that "
				    "differs, a pack for none that is the same");
	json_t *list = json_array();
	for (size_t i = 0; fields[i]; i++)
		if (!conditions_add(list, t, fields[i])) {
			json_decref(list);
			return none(why, t, "LIKE holds for any value");
		}
	return list;
}

static json_t *domain_options(const struct sl_stix_test *t, bool alone, struct sl_err *why)
{
	static const char *const fields[] = { "dns.query", "tls.sni", "http.host", NULL };
	const char *text = text_at(t, 0);
	if (alone && !t->negated && t->op == SL_STIX_LIKE && text && strncmp(text, "%.", 2) == 0 &&
	    !strpbrk(text + 2, "%_"))
		return json_pack("[{ss}]", "below", text + 2);
	if (!alone || !is_equality(t) || t->negated || !all_text(t))
		return field_options(t, fields, false, why);
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(t->values); i++)
		json_array_append_new(list, json_pack("{s{ss sb}}", "kind", "domain", text_at(t, i),
						      "subdomains", false));
	return list;
}

/* The same test of the values' normal form, which http.url has. NULL: one is no such URL. */
static json_t *normal_urls(const struct sl_stix_test *t, struct sl_err *why)
{
	json_t *values = json_array();
	for (size_t i = 0; i < json_array_size(t->values); i++) {
		char url[SL_URL_MAX];
		if (sl_url_parse(text_at(t, i), url, sizeof url, why) < 0) {
			json_decref(values);
			return NULL;
		}
		json_array_append_new(values, json_string(url));
	}
	return values;
}

/* One that stands alone is looked up, with all others at once; else its request is looked at. */
static json_t *url_options(const struct sl_stix_test *t, bool alone, struct sl_err *why)
{
	static const char *const fields[] = { "http.url", NULL };
	struct sl_stix_test normal = *t;
	if (!is_equality(t) || !all_text(t))
		return field_options(t, fields, true, why);
	if (!alone || t->negated) {
		normal.values = normal_urls(t, why);
		json_t *options = normal.values ? field_options(&normal, fields, true, why) : NULL;
		json_decref(normal.values);
		return options;
	}
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(t->values); i++)
		json_array_append_new(list, json_pack("{s{ss}}", "kind", "url", text_at(t, i)));
	return list;
}

static json_t *mail_options(const struct sl_stix_test *t, int where, bool header_only,
			    struct sl_err *why)
{
	if (!is_equality(t) || t->negated || !all_text(t))
		return none(why, t, "of mail addresses only = and IN can be taken over");
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(t->values); i++) {
		json_t *mails = sl_build_mail(text_at(t, i), where);
		if (header_only) /* not the envelope, which stands first */
			json_array_remove(mails, 0);
		json_array_extend(list, mails);
		json_decref(mails);
	}
	return list;
}

/* The address or network that is asked for, as a pack writes it; NULL: why not. */
static json_t *network_of(const struct sl_stix_test *t, size_t i, struct sl_err *why)
{
	const char *text = text_at(t, i);
	struct sl_prefix prefix;
	char normal[SL_ADDRESS_TEXT];
	bool list = t->op == SL_STIX_SUBSET || t->op == SL_STIX_SUPERSET;
	if (!text || (!is_equality(t) && !list))
		return none(why, t, "of addresses only =, !=, IN and ISSUBSET can be taken over");
	if (sl_prefix_parse(text, &prefix, why) < 0)
		return NULL;
	bool host = prefix.bits == (prefix.address.family == 4 ? 32 : 128);
	if (t->op == SL_STIX_SUPERSET && !host)
		return none(why, t, "ISSUPERSET: an address holds no network");
	sl_prefix_format(normal, &prefix);
	if (host && strchr(normal, '/'))
		*strchr(normal, '/') = '\0';
	return json_sprintf("%s%s", t->negated ? "!" : "", normal);
}

/* One end's networks: { "where": { "server": … } }, denied ones all in one. */
static json_t *end_options(const struct sl_stix_test *t, const char *end, bool alone,
			   struct sl_err *why)
{
	json_t *list = json_array(), *denied = json_array();
	for (size_t i = 0; i < json_array_size(t->values); i++) {
		json_t *network = network_of(t, i, why);
		if (!network) {
			json_decref(list);
			json_decref(denied);
			return NULL;
		}
		if (t->negated)
			json_array_append_new(denied, network);
		else if (alone)
			json_array_append_new(list, json_pack("{s{sO} s{so}}", "kind", "address",
							      network, "where", end, network));
		else
			json_array_append_new(list, json_pack("{s{so}}", "where", end, network));
	}
	if (json_array_size(denied))
		json_array_append_new(list, json_pack("{s{sO}}", "where", end, denied));
	json_decref(denied);
	return list;
}

/* An address at either end. */
static json_t *address_options(const struct sl_stix_test *t, bool alone, struct sl_err *why)
{
	json_t *list = json_array();
	if (t->negated) {
		json_decref(list);
		return none(why, t, "negated, and a flow has two addresses");
	}
	for (size_t i = 0; alone && i < json_array_size(t->values); i++) {
		json_t *network = network_of(t, i, why);
		if (!network) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, json_pack("{s{so}}", "kind", "address", network));
	}
	for (int end = 0; !alone && end < 2; end++) {
		json_t *one = end_options(t, end ? "server" : "client", false, why);
		if (!one) {
			json_decref(list);
			return NULL;
		}
		json_array_extend(list, one);
		json_decref(one);
	}
	return list;
}

/* What a reference of network-traffic points to: an address, or a name. */
static json_t *ref_options(const struct sl_stix_test *t, bool alone, struct sl_err *why)
{
	bool client = strstr(t->path, ":src_ref") != NULL;
	struct sl_prefix prefix;
	const char *text = text_at(t, 0);
	if (text && is_equality(t) && sl_prefix_parse(text, &prefix, NULL) < 0)
		return client ? none(why, t, "a client's name is not seen")
			      : domain_options(t, alone, why);
	return end_options(t, client ? "client" : "server", alone, why);
}

static json_t *mail_any(const struct sl_stix_test *t, bool alone, struct sl_err *why)
{
	(void)alone;
	return mail_options(t, SL_MAIL_SENDER | SL_MAIL_RECIPIENT, false, why);
}

static json_t *mail_from(const struct sl_stix_test *t, bool alone, struct sl_err *why)
{
	(void)alone;
	return mail_options(t, SL_MAIL_SENDER, true, why);
}

static json_t *mail_to(const struct sl_stix_test *t, bool alone, struct sl_err *why)
{
	(void)alone;
	return mail_options(t, SL_MAIL_RECIPIENT, true, why);
}

static const struct {
	const char *path;
	options_fn *options;
} paths[] = {
	{ "ipv4-addr:value", address_options },
	{ "ipv6-addr:value", address_options },
	{ "network-traffic:src_ref.value", ref_options },
	{ "network-traffic:dst_ref.value", ref_options },
	{ "domain-name:value", domain_options },
	{ "url:value", url_options },
	{ "email-addr:value", mail_any },
	{ "email-message:from_ref.value", mail_from },
	{ "email-message:to_refs[*].value", mail_to },
};

/* A hash: its kind if it stands alone, else a condition on its field. */
static json_t *hash_options(const struct sl_stix_test *t, const char *kind, bool alone,
			    struct sl_err *why)
{
	static const struct {
		const char *kind, *field;
	} fields[] = { { "md5", "file.md5" },
		       { "sha1", "file.sha1" },
		       { "sha256", "file.sha256" },
		       { "cert_sha256", "tls.cert_sha256" } };
	if (!is_equality(t) || t->negated || !all_text(t))
		return none(why, t, "of hashes only = and IN can be taken over");
	json_t *list = json_array();
	for (size_t i = 0; alone && i < json_array_size(t->values); i++)
		json_array_append_new(list, json_pack("{s{ss}}", "kind", kind, text_at(t, i)));
	for (size_t i = 0; !alone && i < sizeof fields / sizeof fields[0]; i++)
		if (strcmp(fields[i].kind, kind) == 0)
			conditions_add(list, t, fields[i].field);
	for (size_t i = 0; !alone && i < json_array_size(list); i++)
		json_object_set_new(json_array_get(json_object_get(json_array_get(list, i), "match"),
						   0),
				    "nocase", json_true());
	if (json_array_size(list))
		return list;
	json_decref(list);
	return none(why, t, "together with other conditions it has no place");
}

json_t *sl_stix_options(const struct sl_stix_test *t, bool alone, struct sl_err *why)
{
	if (t->op == SL_STIX_EXISTS)
		return none(why, t, "EXISTS: a pack looks for values alone");
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (strcmp(paths[i].path, t->path) == 0)
			return paths[i].options(t, alone, why);
	if (sl_stix_is_where(t))
		return sl_stix_where_options(t, why);
	char path[160];
	snprintf(path, sizeof path, "%s", t->path);
	size_t len = strlen(path); /* the one value that such a list has in a request */
	if (strstr(path, "request_header") && len > 3 && path[len - 1] == ']')
		path[len - 3] = '\0';
	const struct sl_stix_path *known = sl_stix_path_find(path);
	if (!known)
		return none(why, t, "a pack has no place for it");
	if (known->kind)
		return hash_options(t, known->name, alone, why);
	const char *const fields[] = { known->name, NULL };
	return field_options(t, fields, known->single, why);
}
