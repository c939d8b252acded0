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
	X(IP_SRC, "ip.src", ADDRESS, "ip", BOTH, false, "the address of a flow's client")           \
	X(IP_DST, "ip.dst", ADDRESS, "ip", BOTH, false, "the address of a flow's server")           \
	X(DNS_QUERY, "dns.query", TEXT, "dns", BOTH, false, "the name a DNS message asks for")      \
	X(HTTP_METHOD, "http.method", TEXT, "http", TO_SERVER, false, "the request's method")       \
	X(HTTP_URI, "http.uri", TEXT, "http", TO_SERVER, false,                                     \
	  "the request's target, percent-decoded and normalised")                                   \
	X(HTTP_URI_RAW, "http.uri.raw", TEXT, "http", TO_SERVER, false, "the request's target as sent") \
	X(HTTP_HOST, "http.host", TEXT, "http", TO_SERVER, false,                                   \
	  "the host a request is for, in lower case, without the port")                             \
	X(HTTP_HOST_RAW, "http.host.raw", TEXT, "http", TO_SERVER, false, "the Host header as sent") \
	X(HTTP_USER_AGENT, "http.user_agent", TEXT, "http", TO_SERVER, false, "the User-Agent header") \
	X(TLS_SNI, "tls.sni", TEXT, "tls", TO_SERVER, false, "the server name a ClientHello asks for")

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

/* SL_FIELD_COUNT if no field has that name. */
enum sl_field sl_field_find(const char *name);

/* All names, ended by NULL: for sl_text_nearest. */
const char *const *sl_field_names(void);

#endif
