/* The tables of stix.h. Ids of TLP 1: STIX 2.1, 7.2.1.4; of TLP 2: OASIS' extension definition for
 * it. Object paths: STIX 2.1, 6 and 9.8. */
#include <rules/stix.h>

#include <ctype.h>
#include <string.h>

static const struct {
	enum sl_tlp tlp;
	const char *word, *id;
} labels[] = { /* of TLP 2.0 first */
	{ SL_TLP_CLEAR, "clear", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487" },
	{ SL_TLP_GREEN, "green", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb" },
	{ SL_TLP_AMBER, "amber", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421" },
	{ SL_TLP_AMBER_STRICT, "amber+strict",
	  "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003" },
	{ SL_TLP_RED, "red", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1" },
	{ SL_TLP_CLEAR, "white", "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9" },
	{ SL_TLP_GREEN, "green", "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da" },
	{ SL_TLP_AMBER, "amber", "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82" },
	{ SL_TLP_RED, "red", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed" },
};
enum { LABELS = sizeof labels / sizeof labels[0] };

#define HTTP "network-traffic:extensions.'http-request-ext'."

static const struct sl_stix_path paths[] = {
	{ "file:hashes.MD5", "md5", true, false },
	{ "file:hashes.'SHA-1'", "sha1", true, false },
	{ "file:hashes.'SHA-256'", "sha256", true, false },
	{ "file:hashes.SHA1", "sha1", true, false },
	{ "file:hashes.SHA256", "sha256", true, false },
	{ "x509-certificate:hashes.'SHA-1'", "cert_sha1", true, false },
	{ "x509-certificate:hashes.'SHA-256'", "cert_sha256", true, false },
	{ "file:name", "file.name", false, false },
	{ "email-message:subject", "email.subject", false, true },
	{ "email-message:message_id", "email.message_id", false, true },
	{ "email-message:additional_header_fields.'X-Mailer'", "email.x_mailer", false, true },
	{ "x509-certificate:subject", "tls.cert_subject", false, false },
	{ "x509-certificate:issuer", "tls.cert_issuer", false, false },
	{ "domain-name:resolves_to_refs[*].value", "dns.answer", false, false },
	{ "url:value", "http.url", false, true },
	{ HTTP "request_method", "http.method", false, true },
	{ HTTP "request_value", "http.uri.raw", false, true },
	{ HTTP "request_header.'User-Agent'", "http.user_agent", false, true },
	{ HTTP "request_header.Host", "http.host.raw", false, true },
	{ HTTP "request_header.Referer", "http.referer", false, true },
	{ HTTP "request_header.Cookie", "http.cookie", false, true },
	{ HTTP "request_header.'Content-Type'", "http.content_type", false, true },
	{ HTTP "request_header.Connection", "http.connection", false, true },
};
enum { PATHS = sizeof paths / sizeof paths[0] };

const char *sl_stix_marking(enum sl_tlp tlp)
{
	for (size_t i = 0; i < LABELS; i++)
		if (labels[i].tlp == tlp)
			return labels[i].id;
	return NULL;
}

const char *sl_stix_tlp_word(enum sl_tlp tlp)
{
	for (size_t i = 0; i < LABELS; i++)
		if (labels[i].tlp == tlp)
			return labels[i].word;
	return NULL;
}

enum sl_tlp sl_stix_marking_tlp(const char *id)
{
	for (size_t i = 0; i < LABELS; i++)
		if (strcmp(labels[i].id, id) == 0)
			return labels[i].tlp;
	return SL_TLP_NONE;
}

enum sl_tlp sl_stix_word_tlp(const char *word)
{
	for (size_t i = 0; i < LABELS; i++)
		if (strcasecmp(labels[i].word, word) == 0)
			return labels[i].tlp;
	return SL_TLP_NONE;
}

/* Without quotes, in any case: the quotes depend on who wrote it, and names of headers and
 * algorithms are the same in any case. */
static bool path_equal(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += *a == '\'';
		b += *b == '\'';
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

const struct sl_stix_path *sl_stix_path_find(const char *path)
{
	for (size_t i = 0; i < PATHS; i++)
		if (path_equal(paths[i].path, path))
			return &paths[i];
	return NULL;
}

const struct sl_stix_path *sl_stix_path_of(const char *name)
{
	for (size_t i = 0; i < PATHS; i++)
		if (strcmp(paths[i].name, name) == 0)
			return &paths[i];
	return NULL;
}
