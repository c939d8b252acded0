/* inspect: from streams and datagrams to fields. Protocols are found by content, not by port. A
 * message split over segments is gathered in a bounded pool; one that arrives whole is not copied.
 *
 * One a worker. What a message yields is handed on at once, as a transaction: its fields together. */
#ifndef SELAT_SENSOR_INSPECT_INSPECT_H
#define SELAT_SENSOR_INSPECT_INSPECT_H

#include <selat/field.h>
#include <sensor/flow/flow.h>

struct sl_value {
	enum sl_field field;
	struct sl_span bytes;
};

enum { SL_VALUES_MAX = 256 }; /* of one transaction */

/* A piece of a value that is a stream: a body, a file. */
struct sl_piece {
	enum sl_field field;
	uint32_t tx; /* the transaction's number, as in sl_inspect_sink */
	struct sl_span bytes;
	uint64_t offset; /* of the bytes in the value */
	bool last;       /* the value ends with these bytes, which may be none */
	bool whole_end;  /* and this is its true end: nothing was to follow */
	bool after_gap;  /* bytes are missing in front of these */
	void **kept;     /* the receiver's own: NULL at the value's first piece, freed by it at the last */
};

/* tx numbers a transaction within its flow, from 1. Its values come in several calls, of both sides:
 *   HTTP/1            the n-th request and the n-th final response, with their bodies; ends with the later one
 *   HTTP/2            the stream's id; ends when both sides have ended it, or a reset
 *   RTSP              a request of either side and its answer, likewise; the side's that asked second from 2^30
 *   DNS               1 + the message's id; ends with the response, or when a query has the id anew
 *   TLS, DTLS, SSH    1: the handshake; ends when the server's side is encrypted, with SSH's second offer
 *   QUIC              a connection of the flow; ends when both hellos are read
 *   SMTP              a mail with what was said since the one before; ends with its last byte, RSET, QUIT,
 *                     another HELO or MAIL
 *   FTP               a command; ends with its reply. A file of a data connection: 1
 * Where bytes are missing a count goes on at a number that neither side has used. 0: the values belong to the
 * flow as a whole. */
struct sl_inspect_sink {
	void *ctx;
	/* A message was read whole. Values are borrowed for the call. side: who sent it. */
	void (*transaction)(void *ctx, struct sl_flow *flow, unsigned side, uint32_t tx,
			    const struct sl_value *values, size_t n);
	/* A stream's piece; borrowed for the call. NULL: nobody wants them. */
	void (*piece)(void *ctx, struct sl_flow *flow, unsigned side, const struct sl_piece *piece);
	/* Nothing more comes of this transaction, of which there may have been nothing at all; its number
	 * may come again, for another. 0: the same of all of the flow's. A flow that ends ends its own
	 * without this. NULL: nobody wants to know. */
	void (*transaction_end)(void *ctx, struct sl_flow *flow, uint32_t tx);
};

struct sl_inspect_config {
	uint64_t gather_bytes; /* for messages until they are whole */
	uint64_t state_bytes;  /* for what parsers keep: their state, bodies being unpacked or hashed */
	struct sl_inspect_sink sink;
	bool seal_all; /* what one end alone says is encrypted is so too */
	bool wanted[SL_FIELD_COUNT]; /* what is dear to find out is found only for fields that are wanted */
	struct sl_counters *counters;
};

struct sl_inspect;
int sl_inspect_new(struct sl_inspect **out, const struct sl_inspect_config *config, struct sl_err *err);
void sl_inspect_free(struct sl_inspect *i); /* NULL is fine */

/* From here on these fields are wanted. What began before goes on as it is: a body in the middle may
 * begin to be handed on, as after a gap. Between batches; fails for want of memory, and changes nothing. */
int sl_inspect_want(struct sl_inspect *i, const bool wanted[SL_FIELD_COUNT], struct sl_err *err);

size_t sl_inspect_slot_bytes(void); /* of SL_SLOT_INSPECT */

/* slot is the flow's SL_SLOT_INSPECT. lost: bytes that are missing before these. It returns how many of
 * the bytes, the last ones, are encrypted: what TLS and SSH carry on this side when the handshake is over.
 * The border is the same wherever the stream is cut. */
size_t sl_inspect_stream(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side,
			 struct sl_span bytes, uint64_t lost);
void sl_inspect_stream_end(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side);
void sl_inspect_datagram(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side,
			 struct sl_span payload);
/* Bytes that parsers keep now. */
uint64_t sl_inspect_held(const struct sl_inspect *i);
void sl_inspect_forget(struct sl_inspect *i, struct sl_flow *flow, void *slot); /* the flow ends */

#endif
