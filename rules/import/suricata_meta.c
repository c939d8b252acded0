/* What a rule says about itself: name, class, severity, references, description. */
#include <rules/import/suricata.h>

#include <selat/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256, DESCRIPTION_MAX = 4096, REFERENCE_MAX = 2048, REFERENCES_MAX = 16 };

void suri_sid(struct suri_rule *r, const char *name, char *value)
{
	int64_t n;
	if (!suri_number(value, 1, UINT32_MAX, &n))
		suri_refuse(r, "%s: \"%.32s\" is no number of a rule", name, value);
}

/* UTF-8 without control characters, cut at max bytes between characters; "" becomes NULL. */
static char *text_clean(const char *text, size_t max)
{
	char *out = malloc(strlen(text) * 4 + 1);
	if (!out)
		return NULL;
	sl_text_escape(out, strlen(text) * 4 + 1, sl_span_str(text), true);
	size_t len = 0, step;
	while (out[len] && (step = sl_utf8_len(sl_span_str(out + len))) && len + step <= max)
		len += step;
	out[len] = '\0';
	return out;
}

/* Backslashes that Suricata wants before ; " : and \. */
static void unescape(char *text)
{
	char *out = text;
	for (char *c = text; *c; c++) {
		if (*c == '\\' && c[1] && strchr(";\":\\", c[1]))
			c++;
		*out++ = *c;
	}
	*out = '\0';
}

void suri_msg(struct suri_rule *r, const char *name, char *value)
{
	if (!suri_unquote(&value, NULL)) {
		suri_refuse(r, "%s: a quote is missing", name);
		return;
	}
	unescape(value);
	free(r->msg);
	r->msg = text_clean(value, NAME_MAX_BYTES);
	if (!r->msg)
		r->failed = true;
}

/* Another sentence of the description: "name: value". */
void suri_describe(struct suri_rule *r, const char *name, char *value)
{
	char *clean = text_clean(value, DESCRIPTION_MAX), *joined = NULL;
	const char *before = r->description ? r->description : "";
	if (!clean || asprintf(&joined, "%s%s%s: %s", before, *before ? "\n" : "", name, clean) < 0)
		r->failed = true;
	free(clean);
	if (!joined)
		return;
	if (strlen(joined) > DESCRIPTION_MAX) {
		free(joined);
		return;
	}
	free(r->description);
	r->description = joined;
}

/* "url,www.example.com/x" */
void suri_reference(struct suri_rule *r, const char *name, char *value)
{
	static const struct {
		const char *system, *prefix;
	} systems[] = {
		{ "url", "https://" },
		{ "cve", "https://www.cve.org/CVERecord?id=CVE-" },
		{ "bugtraq", "https://www.securityfocus.com/bid/" },
		{ "exploitdb", "https://www.exploit-db.com/exploits/" },
		{ "nessus", "https://www.tenable.com/plugins/nessus/" },
		{ "et", "https://doc.emergingthreats.net/" },
	};
	char *id = strchr(value, ','), text[REFERENCE_MAX];
	if (!id) {
		suri_refuse(r, "%s: a system and an id are needed", name);
		return;
	}
	*id++ = '\0';
	id = suri_trim(id);
	const char *prefix = NULL, *system = suri_trim(value);
	for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
		if (strcasecmp(systems[i].system, system) == 0)
			prefix = systems[i].prefix;
	bool whole = strncmp(id, "http://", 7) == 0 || strncmp(id, "https://", 8) == 0;
	if (prefix && strstr(prefix, "CVE-") && strncasecmp(id, "cve-", 4) == 0)
		id += 4;
	if (whole)
		snprintf(text, sizeof text, "%s", id);
	else if (prefix)
		snprintf(text, sizeof text, "%s%.1900s", prefix, id);
	else
		snprintf(text, sizeof text, "%.64s:%.1900s", system, id);
	char *clean = text_clean(text, REFERENCE_MAX - 1);
	if (!clean)
		r->failed = true;
	else if (*clean && json_array_size(r->references) < REFERENCES_MAX &&
		 json_array_append_new(r->references, json_string(clean)) < 0)
		r->failed = true;
	free(clean);
}

static const char *severity_of(int64_t priority)
{
	return priority <= 1 ? "high" : priority == 2 ? "medium" : "low";
}

/* Suricata's class types, the class of the Reference Security Incident Taxonomy that is nearest,
 * and the priority they have. */
static const struct {
	const char *name, *rsit;
	int priority;
} classes[] = {
	{ "attempted-admin", "intrusion-attempts/exploit", 1 },
	{ "attempted-dos", "availability/dos", 2 },
	{ "attempted-recon", "information-gathering/scanner", 2 },
	{ "attempted-user", "intrusion-attempts/exploit", 1 },
	{ "bad-unknown", "other", 2 },
	{ "coin-mining", "malicious-code/infected-system", 2 },
	{ "command-and-control", "malicious-code/c2-server", 1 },
	{ "credential-theft", "fraud/phishing", 1 },
	{ "default-login-attempt", "intrusion-attempts/brute-force", 2 },
	{ "denial-of-service", "availability/dos", 2 },
	{ "domain-c2", "malicious-code/c2-server", 1 },
	{ "exploit-kit", "intrusion-attempts/exploit", 1 },
	{ "external-ip-check", "information-gathering", 2 },
	{ "inappropriate-content", "abusive-content", 1 },
	{ "misc-attack", "intrusion-attempts", 2 },
	{ "network-scan", "information-gathering/scanner", 3 },
	{ "policy-violation", "other", 1 },
	{ "pup-activity", "malicious-code", 2 },
	{ "rpc-portmap-decode", "information-gathering", 2 },
	{ "shellcode-detect", "intrusion-attempts/exploit", 1 },
	{ "social-engineering", "information-gathering/social-engineering", 2 },
	{ "successful-admin", "intrusions/privileged-account-compromise", 1 },
	{ "successful-dos", "availability/dos", 2 },
	{ "successful-recon-largescale", "information-content-security/data-leak", 2 },
	{ "successful-recon-limited", "information-content-security/data-leak", 2 },
	{ "successful-user", "intrusions/unprivileged-account-compromise", 1 },
	{ "suspicious-login", "intrusion-attempts/brute-force", 2 },
	{ "targeted-activity", "intrusion-attempts", 1 },
	{ "trojan-activity", "malicious-code/infected-system", 1 },
	{ "unsuccessful-user", "intrusion-attempts/exploit", 1 },
	{ "web-application-attack", "intrusion-attempts/exploit", 1 },
	{ "web-application-activity", "other", 2 },
};

void suri_classtype(struct suri_rule *r, const char *name, char *value)
{
	int priority = 3;
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (strcmp(classes[i].name, value) == 0) {
			r->class_ = classes[i].rsit;
			priority = classes[i].priority;
		}
	if (!r->severity_own)
		r->severity = severity_of(priority);
	suri_describe(r, name, value);
}

void suri_priority(struct suri_rule *r, const char *name, char *value)
{
	int64_t n;
	if (!suri_number(value, 1, 255, &n)) {
		suri_refuse(r, "%s: \"%.32s\" is no number from 1 to 255", name, value);
		return;
	}
	r->severity = severity_of(n);
	r->severity_own = true;
}

/* "signature_severity Major" and "confidence High", as the Emerging Threats rules write them. */
static void metadata_read(struct suri_rule *r, const char *pair)
{
	static const struct {
		const char *pair, *severity;
		int confidence;
	} known[] = {
		{ "signature_severity Critical", "critical", 0 },
		{ "signature_severity Major", "high", 0 },
		{ "signature_severity Minor", "medium", 0 },
		{ "signature_severity Informational", "low", 0 },
		{ "confidence High", NULL, 90 },
		{ "confidence Medium", NULL, 60 },
		{ "confidence Low", NULL, 30 },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcasecmp(known[i].pair, pair) != 0)
			continue;
		if (known[i].severity) {
			r->severity = known[i].severity;
			r->severity_own = true;
		} else {
			suri_set(r, r->more, "confidence", json_integer(known[i].confidence));
		}
	}
}

void suri_metadata(struct suri_rule *r, const char *name, char *value)
{
	suri_describe(r, name, value);
	char *rest = value, *pair;
	while ((pair = suri_piece(&rest, ',')))
		metadata_read(r, pair);
}
