/* The tables of misp.h. Types and categories: the MISP core format. */
#include <rules/misp.h>

#include <rules/idn.h>
#include <selat/name.h>
#include <stdio.h>
#include <string.h>

static const char network[] = "Network activity", payload[] = "Payload delivery";

static const struct {
	const char *kind, *type, *category;
} kinds[] = {
	{ "url", "url", network },
	{ "md5", "md5", payload },
	{ "sha1", "sha1", payload },
	{ "sha256", "sha256", payload },
	{ "cert_sha1", "x509-fingerprint-sha1", network },
	{ "cert_sha256", "x509-fingerprint-sha256", network },
	{ "ja3", "ja3-fingerprint-md5", network },
	{ "hassh", "hassh-md5", network },
	{ "hassh_server", "hasshserver-md5", network },
};

static const struct {
	const char *field, *type, *category;
} fields[] = { /* of a match with one condition, `equals` */
	{ "http.user_agent", "user-agent", network },
	{ "http.uri.raw", "uri", network },
	{ "file.name", "filename", payload },
	{ "email.subject", "email-subject", payload },
	{ "email.message_id", "email-message-id", payload },
	{ "email.x_mailer", "email-x-mailer", payload },
};

static const struct {
	enum sl_tlp tlp;
	const char *tag;
} tags[] = {
	{ SL_TLP_CLEAR, "tlp:clear" },  { SL_TLP_GREEN, "tlp:green" },
	{ SL_TLP_AMBER, "tlp:amber" },  { SL_TLP_AMBER_STRICT, "tlp:amber+strict" },
	{ SL_TLP_RED, "tlp:red" },      { SL_TLP_CLEAR, "tlp:white" },
	{ SL_TLP_RED, "tlp:ex:chr" },
};
enum { TAGS = sizeof tags / sizeof tags[0] };

const char *sl_misp_tlp_tag(enum sl_tlp tlp)
{
	for (size_t i = 0; i < TAGS; i++)
		if (tags[i].tlp == tlp)
			return tags[i].tag;
	return "";
}

enum sl_tlp sl_misp_tag_tlp(const char *tag)
{
	for (size_t i = 0; i < TAGS; i++)
		if (strcasecmp(tags[i].tag, tag) == 0)
			return tags[i].tlp;
	return SL_TLP_NONE;
}

static void value_add(json_t *list, const char *type, const char *category, json_t *value)
{
	json_array_append_new(list, json_pack("{ss ss so}", "type", type, "category", category,
					      "value", value));
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* MISP's value has one port: an attribute each. */
static void address_add(json_t *list, const json_t *ind)
{
	const char *address = text_of(ind, "address");
	const json_t *port = json_object_get(ind, "port");
	if (!port)
		value_add(list, "ip-dst", network, json_string(address));
	else if (json_is_integer(port))
		value_add(list, "ip-dst|port", network,
			  json_sprintf("%s|%lld", address, (long long)json_integer_value(port)));
	for (size_t i = 0; i < json_array_size(port); i++)
		value_add(list, "ip-dst|port", network,
			  json_sprintf("%s|%lld", address,
				       (long long)json_integer_value(json_array_get(port, i))));
}

/* As it travels: other programs may not know other scripts. */
static void domain_add(json_t *list, const char *name, bool host)
{
	char ascii[SL_NAME_MAX];
	if (sl_idn_name(name, ascii, sizeof ascii, NULL) == 0)
		value_add(list, host ? "hostname" : "domain", network, json_string(ascii));
}

static void match_add(json_t *list, const json_t *match)
{
	const json_t *c = json_array_get(match, 0);
	const char *field = text_of(c, "field"), *value = text_of(c, "equals");
	if (json_array_size(match) != 1 || json_object_size(c) != 2 || !field || !value)
		return;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strcmp(fields[i].field, field) == 0)
			value_add(list, fields[i].type, fields[i].category, json_string(value));
}

json_t *sl_misp_values(const json_t *ind)
{
	json_t *list = json_array();
	/* What holds only somewhere, or only counts, is not for programs that know no conditions. */
	if (!list || json_object_get(ind, "where") || json_object_get(ind, "silent") ||
	    json_object_get(ind, "pass"))
		return list;
	if (text_of(ind, "address"))
		address_add(list, ind);
	if (text_of(ind, "domain"))
		domain_add(list, text_of(ind, "domain"),
			   json_is_false(json_object_get(ind, "subdomains")));
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (text_of(ind, kinds[i].kind))
			value_add(list, kinds[i].type, kinds[i].category,
				  json_string(text_of(ind, kinds[i].kind)));
	match_add(list, json_object_get(ind, "match"));
	return list;
}
