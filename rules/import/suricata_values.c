/* Keywords whose values are named: versions of TLS, response codes of DNS. */
#include <rules/import/suricata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct suri_field version = { .name = "tls.version", .field = "tls.version" };
static const struct suri_field rcode = { .name = "dns.rcode", .field = "dns.rcode" };

struct named {
	const char *name;  /* as a rule says it */
	const char *value; /* as the field says it, escaped for an expression */
};

static const struct named versions[] = {
	{ "sslv2", "SSLv2" },      { "sslv3", "SSLv3" },      { "tls1.0", "TLSv1" },
	{ "tls1.1", "TLS 1\\.1" }, { "tls1.2", "TLS 1\\.2" }, { "tls1.3", "TLS 1\\.3" },
};
enum { VERSIONS = sizeof versions / sizeof versions[0] };

/* Numbers of RFC 6895, 2.3; 12 to 15 are not assigned. */
static const struct named rcodes[] = {
	{ "0", "NOERROR" }, { "1", "FORMERR" }, { "2", "SERVFAIL" }, { "3", "NXDOMAIN" },
	{ "4", "NOTIMP" },  { "5", "REFUSED" }, { "6", "YXDOMAIN" }, { "7", "YXRRSET" },
	{ "8", "NXRRSET" }, { "9", "NOTAUTH" }, { "10", "NOTZONE" },
};
enum { RCODES = sizeof rcodes / sizeof rcodes[0] };

/* One of the chosen values, whole. */
static void choice_add(struct suri_rule *r, const char *keyword, const struct suri_field *field,
		       const struct named *all, size_t n, const bool *chosen)
{
	char text[512];
	size_t len = (size_t)snprintf(text, sizeof text, "^(?:"), first = len;
	for (size_t i = 0; i < n; i++)
		if (chosen[i])
			len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
						len > first ? "|" : "", all[i].value);
	snprintf(text + len, sizeof text - len, ")$");
	if (len == first) {
		suri_refuse(r, "%s: no value is left that could hold", keyword);
		return;
	}
	struct suri_match *m = suri_match_add(r, SURI_REGEX);
	if (!m)
		return;
	m->field = field;
	m->bytes = (uint8_t *)strdup(text);
	m->len = strlen(text);
	m->instance = ++r->instance;
	json_decref(m->transforms);
	m->transforms = NULL;
	if (!m->bytes)
		r->failed = true;
}

/* "tls1.0,tls1.1", all negated by a '!' in front (or in front of each). */
void suri_ssl_version(struct suri_rule *r, const char *name, char *value)
{
	bool named[VERSIONS] = { false }, negated = *value == '!';
	char *rest = value, *piece;
	while ((piece = suri_piece(&rest, ','))) {
		size_t i = 0;
		piece += *piece == '!';
		while (i < VERSIONS && strcasecmp(versions[i].name, piece) != 0)
			i++;
		if (i == VERSIONS) {
			suri_refuse(r, "%s: \"%.32s\" has no counterpart", name, piece);
			return;
		}
		named[i] = true;
	}
	for (size_t i = 0; i < VERSIONS; i++)
		named[i] = named[i] != negated;
	choice_add(r, name, &version, versions, VERSIONS, named);
}

/* "1.2" */
void suri_tls_version(struct suri_rule *r, const char *name, char *value)
{
	char full[32];
	bool negated = false;
	if (!suri_unquote(&value, &negated)) {
		suri_refuse(r, "%s: a quote is missing", name);
		return;
	}
	snprintf(full, sizeof full, "%stls%.16s", negated ? "!" : "", value);
	suri_ssl_version(r, name, full);
}

void suri_rcode(struct suri_rule *r, const char *name, char *value)
{
	bool chosen[RCODES] = { false }, negated;
	int64_t min, max;
	if (!suri_range(r, name, value, UINT8_MAX, &min, &max, &negated))
		return;
	for (int64_t i = 0; i < RCODES; i++)
		chosen[i] = (i >= min && (max < 0 || i <= max)) != negated;
	choice_add(r, name, &rcode, rcodes, RCODES, chosen);
}
