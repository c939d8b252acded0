/* Suricata's buffers and the fields they are. A buffer without a row has no counterpart. */
#include <rules/import/suricata.h>

#include <string.h>

#define BOTH   SL_DIR_BOTH
#define SERVER SL_DIR_TO_SERVER
#define CLIENT SL_DIR_TO_CLIENT

#define FIELD(sticky, modifier, its, direction)                                                    \
	.name = sticky, .old = modifier, .field = its, .dir = direction

const struct suri_field suri_payload = { .name = "pkt_data", .field = "payload", .dir = BOTH };

/* Headers without a field of their own are lines of http.request_header and http.response_header.
 */
static const struct suri_field fields[] = {
	{ FIELD("http.uri", "http_uri", "http.uri", SERVER) },
	{ FIELD("http.uri.raw", "http_raw_uri", "http.uri.raw", SERVER) },
	{ FIELD("http.method", "http_method", "http.method", SERVER) },
	{ FIELD("http.protocol", "http_protocol", "http.protocol", BOTH) },
	{ FIELD("http.request_line", "http_request_line", "http.request_line", SERVER) },
	{ FIELD("http.response_line", "http_response_line", "http.response_line", CLIENT) },
	{ FIELD("http.request_body", "http_client_body", "http.request_body", SERVER) },
	{ FIELD("http.response_body", "http_server_body", "http.response_body", CLIENT) },
	{ FIELD("http.header", "http_header", "http.header", BOTH) },
	{ FIELD("http.header.raw", "http_raw_header", "http.header", BOTH),
	  .note = "the header block is compared in its normal form" },
	{ FIELD("http.header_names", "http_header_names", "http.header_names", BOTH) },
	{ FIELD("http.cookie", "http_cookie", "http.cookie", BOTH) },
	{ FIELD("http.user_agent", "http_user_agent", "http.user_agent", SERVER) },
	{ FIELD("http.host", "http_host", "http.host", SERVER) },
	{ FIELD("http.host.raw", "http_raw_host", "http.host.raw", SERVER) },
	{ FIELD("http.referer", "http_referer", "http.referer", SERVER) },
	{ FIELD("http.content_type", "http_content_type", "http.content_type", BOTH) },
	{ FIELD("http.location", "http_location", "http.location", CLIENT) },
	{ FIELD("http.server", "http_server", "http.server", CLIENT) },
	{ FIELD("http.connection", "http_connection", "http.connection", BOTH) },
	{ FIELD("http.stat_code", "http_stat_code", "http.stat_code", CLIENT) },
	{ FIELD("http.stat_msg", "http_stat_msg", "http.stat_msg", CLIENT) },
	{ FIELD("http.request_header", "http_request_header", "http.request_header", SERVER),
	  .multi = true },
	{ FIELD("http.response_header", "http_response_header", "http.response_header", CLIENT),
	  .multi = true },
	{ FIELD("http.accept", "http_accept", "http.request_header", SERVER), .header = "Accept" },
	{ FIELD("http.accept_enc", "http_accept_enc", "http.request_header", SERVER),
	  .header = "Accept-Encoding" },
	{ FIELD("http.accept_lang", "http_accept_lang", "http.request_header", SERVER),
	  .header = "Accept-Language" },
	{ FIELD("file.data", "file_data", "file.data", BOTH) },
	{ FIELD("file.name", "file_name", "file.name", BOTH), .multi = true },
	{ FIELD("dns.query", "dns_query", "dns.query", SERVER), .multi = true },
	{ FIELD("dns.queries.rrname", NULL, "dns.query", BOTH), .multi = true },
	{ FIELD("dns.query.name", NULL, "dns.query", BOTH), .multi = true },
	{ FIELD("dns.response.rrname", NULL, "dns.response.rrname", CLIENT), .multi = true },
	{ FIELD("dns.answer.name", NULL, "dns.answers.rrname", BOTH), .multi = true },
	{ FIELD("dns.answers.rrname", NULL, "dns.answers.rrname", BOTH), .multi = true },
	{ FIELD("dns.authorities.rrname", NULL, "dns.authorities.rrname", BOTH), .multi = true },
	{ FIELD("dns.additionals.rrname", NULL, "dns.additionals.rrname", BOTH), .multi = true },
	{ FIELD("tls.sni", "tls_sni", "tls.sni", SERVER) },
	{ FIELD("quic.sni", NULL, "tls.sni", SERVER) },
	{ FIELD("quic.version", NULL, "quic.version", BOTH) },
	{ FIELD("tls.alpn", NULL, "tls.alpn", BOTH), .multi = true },
	{ FIELD("tls.cert_subject", "tls_cert_subject", "tls.cert_subject", BOTH) },
	{ FIELD("tls.cert_issuer", "tls_cert_issuer", "tls.cert_issuer", BOTH) },
	{ FIELD("tls.cert_serial", "tls_cert_serial", "tls.cert_serial", BOTH), .nocase = true },
	{ FIELD("tls.cert_fingerprint", "tls_cert_fingerprint", "tls.cert_fingerprint", BOTH),
	  .nocase = true },
	{ FIELD("tls.subjectaltname", NULL, "tls.subjectaltname", CLIENT), .multi = true },
	{ FIELD("ja3.hash", "ja3_hash", "ja3.hash", SERVER), .nocase = true },
	{ FIELD("ja3s.hash", NULL, "ja3s.hash", CLIENT), .nocase = true },
	{ FIELD("ja4.hash", NULL, "ja4.hash", SERVER), .nocase = true },
	{ FIELD("ssh.software", "ssh_software", "ssh.software", BOTH) },
	{ FIELD("ssh.hassh", NULL, "ssh.hassh", SERVER), .nocase = true },
	{ FIELD("ssh.hassh.server", NULL, "ssh.hassh.server", CLIENT), .nocase = true },
	{ FIELD("smtp.helo", NULL, "smtp.helo", SERVER) },
	{ FIELD("smtp.mail_from", NULL, "smtp.mail_from", SERVER), .brackets = true },
	{ FIELD("smtp.rcpt_to", NULL, "smtp.rcpt_to", SERVER), .multi = true, .brackets = true },
	{ FIELD("email.from", NULL, "email.from", SERVER) },
	{ FIELD("email.to", NULL, "email.to", SERVER) },
	{ FIELD("email.subject", NULL, "email.subject", SERVER) },
	{ FIELD("email.cc", NULL, "email.cc", SERVER) },
	{ FIELD("email.date", NULL, "email.date", SERVER) },
	{ FIELD("email.message_id", NULL, "email.message_id", SERVER) },
	{ FIELD("email.x_mailer", NULL, "email.x_mailer", SERVER) },
	{ FIELD("email.received", NULL, "email.received", SERVER), .multi = true },
	{ FIELD("email.url", NULL, "email.url", SERVER), .multi = true },
	{ FIELD("ftp.command", NULL, "ftp.command", SERVER) },
	{ FIELD("ip.src", NULL, "ip.src", BOTH) },
	{ FIELD("ip.dst", NULL, "ip.dst", BOTH) },
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

const struct suri_field *suri_field_find(const char *sticky)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].name, sticky) == 0)
			return &fields[i];
	return NULL;
}

const struct suri_field *suri_field_find_old(const char *modifier)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].old && strcmp(fields[i].old, modifier) == 0)
			return &fields[i];
	return NULL;
}

const struct suri_field *suri_field_find_pcre(char flag)
{
	static const struct {
		char flag;
		const char *name;
	} flags[] = {
		{ 'U', "http.uri" },           { 'I', "http.uri.raw" },
		{ 'V', "http.user_agent" },    { 'W', "http.host" },
		{ 'Z', "http.host.raw" },      { 'H', "http.header" },
		{ 'D', "http.header.raw" },    { 'M', "http.method" },
		{ 'C', "http.cookie" },        { 'P', "http.request_body" },
		{ 'Q', "http.response_body" }, { 'S', "http.stat_code" },
		{ 'Y', "http.stat_msg" },
	};
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (flags[i].flag == flag)
			return suri_field_find(flags[i].name);
	return NULL;
}
