/* QUIC's long headers. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_QUIC_PACKET_H
#define SELAT_SENSOR_INSPECT_QUIC_PACKET_H

#include <selat/cursor.h>
#include <sensor/inspect/quic_keys.h>

enum { SL_QUIC_ID_MAX = 20 };

enum sl_quic_type { SL_QUIC_INITIAL, SL_QUIC_ZERO_RTT, SL_QUIC_HANDSHAKE, SL_QUIC_RETRY, SL_QUIC_NEGOTIATION };

struct sl_quic_packet {
	enum sl_quic_type type;
	uint32_t number; /* the version's; 0: negotiation */
	const struct sl_quic_version *version; /* NULL: none that is known, or negotiation */
	struct sl_span to, from; /* connection ids */
	struct sl_span bytes;    /* the whole packet; others may follow it */
	size_t number_at;        /* where its packet number lies, of INITIAL, ZERO_RTT and HANDSHAKE */
};

/* Reads the packet at the beginning of `in`. False: it is none with a long header, or not whole. */
bool sl_quic_packet_read(struct sl_span in, struct sl_quic_packet *p);

/* Does this datagram begin as QUIC does, as far as is to be seen without opening it? */
bool sl_quic_plausible(struct sl_span in);

/* A variable-length integer: RFC 9000, section 16. */
uint64_t sl_quic_int(struct sl_cur *c);

#endif
