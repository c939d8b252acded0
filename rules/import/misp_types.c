/* The types of MISP attributes that a pack has a place for. Addresses are looked for at either end
 * of a flow, whatever side the type names. Values that were made harmless ("hxxp", "[.]") are
 * refused: what was meant is the author's to say. */
#include <rules/import/misp.h>

#include <stdlib.h>
#include <string.h>

typedef json_t *value_fn(const char *value, const char *name, struct sl_err *why);

static json_t *none(struct sl_err *why, const char *reason)
{
	sl_fail(why, SL_EFORMAT, "%s", reason);
	return NULL;
}

/* name: the kind. */
static json_t *kind_options(const char *value, const char *name, struct sl_err *why)
{
	(void)why;
	return json_pack("[{ss}]", name, value);
}

/* name: the field. */
static json_t *field_options(const char *value, const char *name, struct sl_err *why)
{
	(void)why;
	json_t *option = sl_build_match(name, "equals", value, false);
	return json_pack("[o]", option);
}

static json_t *hostname_options(const char *value, const char *name, struct sl_err *why)
{
	(void)name, (void)why;
	return json_pack("[{ss sb}]", "domain", value, "subdomains", false);
}

/* MISP writes "address|port", and of old "address:port". */
static bool port_split(const char *value, char **first, json_int_t *port)
{
	const char *bar = strchr(value, '|');
	char *end;
	if (!bar || bar == value || strlen(bar) > 6)
		return false;
	*port = strtoll(bar + 1, &end, 10);
	if (end == bar + 1 || *end || *port < 1 || *port > UINT16_MAX)
		return false;
	*first = strndup(value, (size_t)(bar - value));
	return *first != NULL;
}

static json_t *address_port_options(const char *value, const char *name, struct sl_err *why)
{
	char *address;
	json_int_t port;
	(void)name;
	if (!port_split(value, &address, &port))
		return none(why, "is no address|port");
	json_t *options = json_pack("[{ss sI}]", "address", address, "port", port);
	free(address);
	return options;
}

static json_t *hostname_port_options(const char *value, const char *name, struct sl_err *why)
{
	char *host;
	json_int_t port;
	(void)name;
	if (!port_split(value, &host, &port))
		return none(why, "is no hostname|port");
	json_t *options = json_pack("[{ss sb s{sI}}]", "domain", host, "subdomains", false, "where",
				    "port", port);
	free(host);
	return options;
}

/* Two values in one attribute, each of which is looked for. */
static json_t *domain_ip_options(const char *value, const char *name, struct sl_err *why)
{
	const char *bar = strchr(value, '|');
	(void)name;
	if (!bar)
		return none(why, "is no domain|ip");
	return json_pack("[{so} {ss}]", "domain", json_stringn(value, (size_t)(bar - value)),
			 "address", bar + 1);
}

/* "name|hash": the hash says which file it is; name: the kind. */
static json_t *file_hash_options(const char *value, const char *name, struct sl_err *why)
{
	const char *bar = strrchr(value, '|');
	if (!bar || bar == value)
		return none(why, "is no filename|hash");
	return json_pack("[{ss}]", name, bar + 1);
}

static json_t *url_options(const char *value, const char *name, struct sl_err *why)
{
	(void)name;
	if (!strstr(value, "://"))
		return none(why, "has no scheme (http://)");
	return json_pack("[{ss}]", "url", value);
}

static json_t *uri_options(const char *value, const char *name, struct sl_err *why)
{
	if (value[0] == '/')
		return field_options(value, "http.uri.raw", why);
	return url_options(value, name, why);
}

static json_t *mail_options(const char *value, const char *name, struct sl_err *why)
{
	int where = strcmp(name, "src") == 0   ? SL_MAIL_SENDER
		    : strcmp(name, "dst") == 0 ? SL_MAIL_RECIPIENT
					       : SL_MAIL_SENDER | SL_MAIL_RECIPIENT;
	if (!strchr(value, '@'))
		return none(why, "is no mail address");
	return sl_build_mail(value, where);
}

static json_t *suricata_options(const char *value, const char *name, struct sl_err *why)
{
	(void)value, (void)name;
	return none(why, "is a rule: write it to a file and import it --from suricata");
}

static const struct {
	const char *type;
	value_fn *options;
	const char *name;
} types[] = {
	{ "ip-src", kind_options, "address" },
	{ "ip-dst", kind_options, "address" },
	{ "ip-src|port", address_port_options, NULL },
	{ "ip-dst|port", address_port_options, NULL },
	{ "domain", kind_options, "domain" },
	{ "hostname", hostname_options, NULL },
	{ "hostname|port", hostname_port_options, NULL },
	{ "domain|ip", domain_ip_options, NULL },
	{ "url", url_options, NULL },
	{ "uri", uri_options, NULL },
	{ "user-agent", field_options, "http.user_agent" },
	{ "md5", kind_options, "md5" },
	{ "sha1", kind_options, "sha1" },
	{ "sha256", kind_options, "sha256" },
	{ "filename|md5", file_hash_options, "md5" },
	{ "filename|sha1", file_hash_options, "sha1" },
	{ "filename|sha256", file_hash_options, "sha256" },
	{ "malware-sample", file_hash_options, "md5" },
	{ "filename", field_options, "file.name" },
	{ "email-attachment", field_options, "file.name" },
	{ "ja3-fingerprint-md5", kind_options, "ja3" },
	{ "hassh-md5", kind_options, "hassh" },
	{ "hasshserver-md5", kind_options, "hassh_server" },
	{ "x509-fingerprint-sha1", kind_options, "cert_sha1" },
	{ "x509-fingerprint-sha256", kind_options, "cert_sha256" },
	{ "email", mail_options, "" },
	{ "email-src", mail_options, "src" },
	{ "email-dst", mail_options, "dst" },
	{ "email-subject", field_options, "email.subject" },
	{ "email-message-id", field_options, "email.message_id" },
	{ "email-x-mailer", field_options, "email.x_mailer" },
	{ "snort", suricata_options, NULL },
	{ "suricata", suricata_options, NULL },
};

static bool is_harmless(const char *value)
{
	static const char *const marks[] = { "[.]", "(.)", "{.}", "[dot]", "(dot)",
					     "[:]", "[@]", "[at]" };
	if (strncasecmp(value, "hxxp", 4) == 0)
		return true;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (strcasestr(value, marks[i]))
			return true;
	return false;
}

json_t *sl_misp_options(const char *type, const char *value, struct sl_err *why)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(types[i].type, type) != 0)
			continue;
		if (types[i].options != field_options && is_harmless(value))
			return none(why, "was made harmless (defanged): write it as it is");
		return types[i].options(value, types[i].name, why);
	}
	sl_fail(why, SL_EFORMAT, "a pack has no place for the type \"%.64s\"", type);
	return NULL;
}
