/* TLS records, for all that carry them in a stream of bytes of their own; and DTLS, which shares the
 * protocol's name. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_TLS_H
#define SELAT_SENSOR_INSPECT_TLS_H

#include <sensor/inspect/hello.h>

/* Where one side is in its records. It begins anew when t->at->phase is 0: at first, and after a gap. */
struct sl_tls_side {
	uint32_t message_left; /* bytes of a handshake message that nobody wants */
	uint16_t record_left;  /* bytes of the record at hand */
	unsigned record : 5;   /* its type */
	bool over : 1;         /* tls_stream.c's: what comes now are records that are stepped over */
	bool client : 1;       /* a ClientHello was seen */
	bool server : 1;       /* a ServerHello or certificates were */
	bool ciphered : 1;     /* ChangeCipherSpec was seen: what follows is no handshake, but for another hello */
	bool waits : 1;        /* bytes are being gathered */
	unsigned opaque : 5;   /* encrypted records of the client's, which may be early data */
};

/* RFC 8446, section 5.1: type (1), version (2), length (2). */
enum sl_record {
	SL_RECORD_HEADER = 5, /* bytes */
	SL_RECORD_CIPHER = 20,
	SL_RECORD_HANDSHAKE = 22,
	SL_RECORD_DATA = 23,
	SL_RECORD_HEARTBEAT = 24,
};
bool sl_record_begins(const uint8_t *at); /* do these, SL_RECORD_HEADER of them, look like a header? */

struct sl_dtls; /* messages in pieces */

struct sl_tls_state {
	struct sl_tls_side side[2];
	struct sl_dtls *dtls; /* NULL: none */
	bool dtls_open;       /* something of the handshake was told, and not that it ended */
	bool guessed;         /* a stream was something else before, and nothing says that it was to turn to TLS */
};

enum { SL_TLS_TX = 1 }; /* the handshake's number: of both hellos and of the certificates */

/* The side sends nothing more in the clear. If it is the server the handshake's transaction ends: a
 * client may be through with its own messages before the server begins. */
static inline void sl_tls_over(const struct sl_talk *t)
{
	if (sl_flow_to_client(t->flow, t->side))
		sl_talk_tx_end(t, SL_TLS_TX);
}

/* One step as sl_parser's stream: a record's header, a message, or what lies between them. t->at holds
 * `searched` and `phase`. */
enum sl_parse sl_tls_records(struct sl_talk *t, struct sl_tls_side *s, struct sl_span in, size_t *consumed);
/* Of a record, or of the message in it, what nobody wants. */
enum sl_parse sl_tls_step_over(struct sl_tls_side *s, struct sl_span in, size_t *consumed);
/* These begin with a record's header: does another handshake begin in the clear? MORE: it may. */
enum sl_parse sl_tls_begins_anew(struct sl_span in);
/* Do these bytes begin with a hello's record? */
enum sl_parse sl_tls_probe(const struct sl_talk *t, struct sl_span in);

/* A whole handshake message: type and body. Hands it on if it is a hello or certificates. */
void sl_tls_message(struct sl_talk *t, unsigned type, struct sl_span body, enum sl_hello_over over);

enum { SL_TLS_CLIENT_HELLO = 1, SL_TLS_SERVER_HELLO = 2, SL_TLS_CERTIFICATE = 11 };

bool sl_dtls_probe(const struct sl_talk *t, struct sl_span in);
bool sl_dtls_datagram(struct sl_talk *t, struct sl_span in);
void sl_dtls_free(struct sl_talk *t, struct sl_dtls *d); /* NULL is fine */

#endif
