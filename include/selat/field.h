/* Fields: the named pieces of traffic that conditions look at, under Suricata's names.
 *
 * One table, SL_FIELDS, holds each field's name, kind, protocol, direction, whether it is scanned
 * whole or as a stream, and what it is; `selat-sensor --list-fields` and error messages print it. */
#ifndef SELAT_FIELD_H
#define SELAT_FIELD_H

#include <selat/span.h>

enum sl_field_kind { SL_KIND_TEXT, SL_KIND_BYTES, SL_KIND_ADDRESS };
enum sl_field_dir { SL_DIR_BOTH, SL_DIR_TO_SERVER, SL_DIR_TO_CLIENT };

/*        id               name               kind     protocol  direction  stream  what it is */
#define SL_FIELDS(X)                                                                                 \
	X(PAYLOAD, "payload", BYTES, "any", BOTH, true, "a datagram's payload, or the TCP stream's bytes") \
	X(IP_SRC, "ip.src", ADDRESS, "ip", BOTH, false, "the address a packet comes from")           \
	X(IP_DST, "ip.dst", ADDRESS, "ip", BOTH, false, "the address a packet goes to")           \
	X(DNS_QUERY, "dns.query", TEXT, "dns", BOTH, false, "the name a DNS message asks for")              \
	X(DNS_RRNAME, "dns.response.rrname", TEXT, "dns", TO_CLIENT, false,                                 \
	  "a name in a DNS response: asked for, of a record, or in its data (NS, CNAME, SOA, PTR, MX)")     \
	X(DNS_ANSWERS, "dns.answers.rrname", TEXT, "dns", TO_CLIENT, false,                                 \
	  "the name of a record in a DNS response's answers")                                               \
	X(DNS_AUTHORITIES, "dns.authorities.rrname", TEXT, "dns", TO_CLIENT, false,                         \
	  "the name of a record in its authority section")                                                  \
	X(DNS_ADDITIONALS, "dns.additionals.rrname", TEXT, "dns", TO_CLIENT, false,                         \
	  "the name of a record in its additional section")                                                 \
	X(DNS_ANSWER, "dns.answer", TEXT, "dns", TO_CLIENT, false,                                          \
	  "the data of a record in a DNS answer: an address, a name, a text")                               \
	X(DNS_RCODE, "dns.rcode", TEXT, "dns", TO_CLIENT, false,                                            \
	  "the response code's name: NOERROR, NXDOMAIN …")                                                  \
	X(HTTP_METHOD, "http.method", TEXT, "http", TO_SERVER, false, "the request's method")               \
	X(HTTP_URI, "http.uri", TEXT, "http", TO_SERVER, false,                                             \
	  "the request's target, percent-decoded and normalised")                                           \
	X(HTTP_URI_RAW, "http.uri.raw", TEXT, "http", TO_SERVER, false, "the request's target as sent")     \
	X(HTTP_URL, "http.url", TEXT, "http", TO_SERVER, false,                                             \
	  "the request's whole URL, normalised: scheme, host, port unless it is the scheme's, path and query") \
	X(HTTP_HOST, "http.host", TEXT, "http", TO_SERVER, false,                                           \
	  "the host a request is for, in lower case, without the port")                                     \
	X(HTTP_HOST_RAW, "http.host.raw", TEXT, "http", TO_SERVER, false, "the Host header as sent")        \
	X(HTTP_USER_AGENT, "http.user_agent", TEXT, "http", TO_SERVER, false, "the User-Agent header")      \
	X(HTTP_REFERER, "http.referer", TEXT, "http", TO_SERVER, false, "the Referer header")               \
	X(HTTP_COOKIE, "http.cookie", TEXT, "http", BOTH, false,                                            \
	  "the Cookie header, or Set-Cookie of a response")                                                 \
	X(HTTP_CONTENT_TYPE, "http.content_type", TEXT, "http", BOTH, false, "the Content-Type header")     \
	X(HTTP_LOCATION, "http.location", TEXT, "http", TO_CLIENT, false, "the Location header")            \
	X(HTTP_SERVER, "http.server", TEXT, "http", TO_CLIENT, false, "the Server header")                  \
	X(HTTP_CONNECTION, "http.connection", TEXT, "http", BOTH, false, "the Connection header")           \
	X(HTTP_HEADER, "http.header", BYTES, "http", BOTH, false,                                           \
	  "all header lines, normalised: name, colon, blank, value, CRLF")                                  \
	X(HTTP_HEADER_NAMES, "http.header_names", BYTES, "http", BOTH, false,                               \
	  "the headers' names, each between CRLFs")                                                         \
	X(HTTP_REQUEST_LINE, "http.request_line", BYTES, "http", TO_SERVER, false,                          \
	  "the request line as sent")                                                                       \
	X(HTTP_REQUEST_HEADER, "http.request_header", TEXT, "http", TO_SERVER, false,                       \
	  "one request header as \"name: value\"")                                                          \
	X(HTTP_REQUEST_BODY, "http.request_body", BYTES, "http", TO_SERVER, true,                           \
	  "the request's body, decoded")                                                                    \
	X(HTTP_RESPONSE_LINE, "http.response_line", BYTES, "http", TO_CLIENT, false,                        \
	  "the status line as sent")                                                                        \
	X(HTTP_RESPONSE_HEADER, "http.response_header", TEXT, "http", TO_CLIENT, false,                     \
	  "one response header as \"name: value\"")                                                         \
	X(HTTP_RESPONSE_BODY, "http.response_body", BYTES, "http", TO_CLIENT, true,                         \
	  "the response's body, decoded")                                                                   \
	X(HTTP_STAT_CODE, "http.stat_code", TEXT, "http", TO_CLIENT, false, "the status code")              \
	X(HTTP_STAT_MSG, "http.stat_msg", TEXT, "http", TO_CLIENT, false, "the reason phrase")              \
	X(HTTP_PROTOCOL, "http.protocol", TEXT, "http", BOTH, false, "the protocol version: HTTP/1.1")      \
	X(TLS_SNI, "tls.sni", TEXT, "tls", TO_SERVER, false,                                                \
	  "the server name a ClientHello asks for (QUIC and DTLS too)")                                     \
	X(TLS_ECH, "tls.ech", TEXT, "tls", TO_SERVER, false,                                                \
	  "Encrypted ClientHello (or its imitation, GREASE): outer, with the real name hidden, or inner")  \
	X(TLS_ALPN, "tls.alpn", TEXT, "tls", BOTH, false, "a protocol of the ALPN extension")               \
	X(TLS_VERSION, "tls.version", TEXT, "tls", BOTH, false,                                             \
	  "the version: the highest a client offers, the one a server chose")                               \
	X(TLS_CERT_SUBJECT, "tls.cert_subject", TEXT, "tls", BOTH, false, "a certificate's subject")        \
	X(TLS_CERT_ISSUER, "tls.cert_issuer", TEXT, "tls", BOTH, false, "a certificate's issuer")           \
	X(TLS_CERT_SERIAL, "tls.cert_serial", TEXT, "tls", BOTH, false,                                     \
	  "a certificate's serial number, hex pairs with colons")                                           \
	X(TLS_CERT_FINGERPRINT, "tls.cert_fingerprint", TEXT, "tls", BOTH, false,                           \
	  "SHA-1 of a certificate, hex pairs with colons")                                                  \
	X(TLS_CERT_SHA256, "tls.cert_sha256", TEXT, "tls", BOTH, false, "SHA-256 of a certificate, hex")    \
	X(TLS_SUBJECTALTNAME, "tls.subjectaltname", TEXT, "tls", BOTH, false,                               \
	  "an alternative name of a certificate")                                                           \
	X(JA3_HASH, "ja3.hash", TEXT, "tls", TO_SERVER, false, "JA3 of a ClientHello")                      \
	X(JA3S_HASH, "ja3s.hash", TEXT, "tls", TO_CLIENT, false, "JA3S of a ServerHello")                   \
	X(JA4_HASH, "ja4.hash", TEXT, "tls", TO_SERVER, false, "JA4 of a ClientHello")                      \
	X(QUIC_VERSION, "quic.version", TEXT, "quic", BOTH, false, "the version of a QUIC connection")      \
	X(SMTP_HELO, "smtp.helo", TEXT, "smtp", TO_SERVER, false, "the name after HELO or EHLO")            \
	X(SMTP_MAIL_FROM, "smtp.mail_from", TEXT, "smtp", TO_SERVER, false,                                 \
	  "the sender's address after MAIL FROM")                                                           \
	X(SMTP_RCPT_TO, "smtp.rcpt_to", TEXT, "smtp", TO_SERVER, false,                                     \
	  "a recipient's address after RCPT TO")                                                            \
	X(EMAIL_FROM, "email.from", TEXT, "smtp", BOTH, false, "the From header of a mail")                 \
	X(EMAIL_TO, "email.to", TEXT, "smtp", BOTH, false, "the To header of a mail")                       \
	X(EMAIL_SUBJECT, "email.subject", TEXT, "smtp", BOTH, false, "the Subject header of a mail")        \
	X(EMAIL_CC, "email.cc", TEXT, "smtp", BOTH, false, "the Cc header of a mail")                       \
	X(EMAIL_DATE, "email.date", TEXT, "smtp", BOTH, false, "the Date header of a mail")                 \
	X(EMAIL_MESSAGE_ID, "email.message_id", TEXT, "smtp", BOTH, false, "the Message-ID header of a mail") \
	X(EMAIL_X_MAILER, "email.x_mailer", TEXT, "smtp", BOTH, false, "the X-Mailer header of a mail")     \
	X(EMAIL_RECEIVED, "email.received", TEXT, "smtp", BOTH, false, "a Received header of a mail")       \
	X(EMAIL_URL, "email.url", TEXT, "smtp", BOTH, false, "a link in a mail's text")                     \
	X(SSH_SOFTWARE, "ssh.software", TEXT, "ssh", BOTH, false, "the software in an SSH banner")          \
	X(SSH_HASSH, "ssh.hassh", TEXT, "ssh", TO_SERVER, false, "HASSH of an SSH client")                  \
	X(SSH_HASSH_SERVER, "ssh.hassh.server", TEXT, "ssh", TO_CLIENT, false, "HASSH of an SSH server")    \
	X(FTP_COMMAND, "ftp.command", TEXT, "ftp", TO_SERVER, false,                                        \
	  "a command of FTP, without its argument")                                                         \
	X(FTP_USER, "ftp.user", TEXT, "ftp", TO_SERVER, false, "the argument of USER")                      \
	X(FILE_NAME, "file.name", TEXT, "file", BOTH, false, "the name of a body, attachment or transfer")  \
	X(FILE_SIZE, "file.size", TEXT, "file", BOTH, false, "its size in bytes, decoded, as far as it came") \
	X(FILE_WHOLE, "file.whole", TEXT, "file", BOTH, false, "yes, or no: it was cut short, or not all was seen") \
	X(FILE_DATA, "file.data", BYTES, "file", BOTH, true, "its bytes, decoded")                          \
	X(FILE_MD5, "file.md5", TEXT, "file", BOTH, false, "MD5 of it, if all of it was seen")                     \
	X(FILE_SHA1, "file.sha1", TEXT, "file", BOTH, false, "SHA-1 of it, if all of it was seen")                 \
	X(FILE_SHA256, "file.sha256", TEXT, "file", BOTH, false, "SHA-256 of it, if all of it was seen")

enum sl_field {
#define X(id, name, kind, proto, dir, stream, help) SL_FIELD_##id,
	SL_FIELDS(X)
#undef X
		SL_FIELD_COUNT
};

struct sl_field_info {
	const char *name;
	enum sl_field_kind kind;
	const char *protocol; /* "any", "ip", "dns" … */
	enum sl_field_dir direction;
	bool stream; /* values are pieces of a stream; a pattern may lie across them */
	const char *help;
};

/* Borrowed for the process's life; field < SL_FIELD_COUNT. */
const struct sl_field_info *sl_field_info(enum sl_field field);
const char *sl_field_kind_text(enum sl_field_kind kind);
const char *sl_field_dir_text(enum sl_field_dir dir);

/* Are its values domain names? They are compared as RFC 4343 says, whatever the case. */
bool sl_field_is_name(enum sl_field field);

/* SL_FIELD_COUNT if no field has that name. */
enum sl_field sl_field_find(const char *name);

/* All names, ended by NULL: for sl_text_nearest. */
const char *const *sl_field_names(void);

#endif
