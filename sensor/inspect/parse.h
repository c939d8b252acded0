/* What inspect and its parsers share. Private to inspect.
 *
 * A parser sees the bytes of a message from its first byte on. It says how far it came; what it could
 * not finish is kept and comes again with more behind it. A body is not kept: the parser takes what
 * there is of it, remembers where it is in its state or in its side, and says DONE. */
#ifndef SELAT_SENSOR_INSPECT_PARSE_H
#define SELAT_SENSOR_INSPECT_PARSE_H

#include <selat/cursor.h>
#include <sensor/inspect/inspect.h>

enum sl_parse {
	SL_PARSE_DONE,   /* *consumed bytes (more than none) were used up */
	SL_PARSE_MORE,   /* the message is not whole yet: come again with more bytes behind these */
	SL_PARSE_REFUSE, /* it is no such protocol, or nonsense */
	SL_PARSE_FINISH, /* nothing more on this side will be of interest */
};

/* One side of a stream, as long as it is inspected. Zero at first. */
struct sl_side {
	uint64_t skip : 37;     /* bytes still to come that nobody wants; see sl_side_skip */
	uint64_t searched : 18; /* of the bytes at hand, already seen without finding the message's end */
	uint64_t phase : 4;     /* the parser's own */
	uint64_t tries : 3;     /* chunks in which no protocol was found */
	uint64_t finished : 1;
	uint64_t sealed : 1;    /* all that comes is encrypted; see sl_talk_seal */
};

/* The flow's SL_SLOT_INSPECT. */
struct sl_slot {
	struct sl_side side[2];
	uint32_t buffer[2]; /* gathered so far (gather.h) */
	void *state;        /* the parser's, of the whole flow; NULL: it has none, or none yet */
};

/* What a parser works with, in one call. */
struct sl_talk {
	struct sl_inspect *inspect;
	struct sl_flow *flow;
	struct sl_slot *slot;
	struct sl_side *at; /* of the side that sent the bytes */
	void *state;        /* of the flow, state_bytes of it, zero when the protocol is found */
	const struct sl_parser *parser;
	unsigned side;      /* who sent the bytes */
	uint32_t tx;        /* the transaction of what is handed on: the parser's to set; 0 at first */
	size_t sealed;      /* stream.c's: of the chunk's bytes, the last so many are encrypted */
	bool turned;        /* inspect.c's: to another protocol, in this call */
	bool last;          /* there will be no more bytes of this message: use what there is */
};

/* A protocol. Functions that are NULL are not called. */
struct sl_parser {
	size_t state_bytes;       /* of state a flow; 0: none */
	enum sl_counter messages; /* counted for each message that is handed on */

	/* Could these bytes begin such a stream? DONE: yes; MORE: so far; REFUSE: no. t->state is NULL. */
	enum sl_parse (*probe)(const struct sl_talk *t, struct sl_span in);
	enum sl_parse (*stream)(struct sl_talk *t, struct sl_span in, size_t *consumed);

	/* A datagram of a flow that is not known yet: is it one? NULL: `datagram` finds out, without state. */
	bool (*probe_datagram)(const struct sl_talk *t, struct sl_span in);
	/* A whole datagram. False: none of this protocol's. */
	bool (*datagram)(struct sl_talk *t, struct sl_span in);

	/* `bytes` of this side will never come. True: the parser knows where it is all the same. Without
	 * this function, or when it says false, it begins anew with a message, and the side is zeroed. */
	bool (*lost)(struct sl_talk *t, uint64_t bytes);
	/* This side's stream ends. It may come again after a forged FIN. */
	void (*end)(struct sl_talk *t);
	/* The flow goes, or turns to another protocol: frees what the state holds (not the state). */
	void (*forget)(struct sl_talk *t);
};

extern const struct sl_parser sl_http2_parser;
extern const struct sl_parser sl_http_parser, sl_tls_parser, sl_dns_parser;
extern const struct sl_parser sl_quic_parser;
extern const struct sl_parser sl_openvpn_parser;
extern const struct sl_parser sl_smtp_parser;
extern const struct sl_parser sl_rtsp_parser;
extern const struct sl_parser sl_ftp_parser, sl_ftp_data_parser, sl_ssh_parser, sl_socks_parser;

/* --- what a message says --- */

enum { SL_VALUES_A_FIELD = 4 }; /* of a header that comes again and again */

/* Puts a value into the message at hand. It is borrowed until sl_talk_done. More than SL_VALUES_MAX are
 * left out, counted. */
void sl_value_add(struct sl_talk *t, enum sl_field field, struct sl_span bytes);
/* For a field that a sender may repeat as often as it likes: the first SL_VALUES_A_FIELD. */
void sl_value_add_few(struct sl_talk *t, enum sl_field field, struct sl_span bytes);

/* Room for values that are not as they stood on the wire: lasts until the call ends. NULL: used up,
 * counted as a value left out. */
uint8_t *sl_talk_room(struct sl_talk *t, size_t bytes);

/* The message is whole: hands its values on as a transaction, and begins another. */
void sl_talk_done(struct sl_talk *t);

/* Nothing more comes of this transaction. 0: of none of the flow's. */
void sl_talk_tx_end(const struct sl_talk *t, uint32_t tx);

/* Is this field of interest to anyone? For what is dear to find out. */
bool sl_talk_wants(const struct sl_talk *t, enum sl_field field);

static inline void sl_talk_client(struct sl_talk *t, unsigned side)
{
	sl_flow_prove_client(t->flow, side);
}

/* From the next byte of either side on the flow is of another protocol, to be found out anew. The state
 * is gone when this returns. The call must end with DONE (and what it consumed) or FINISH. */
void sl_talk_anew(struct sl_talk *t);

/* What this side sends is encrypted from here on: the last `left` of the bytes at hand, and all behind
 * them. Its parser may go on with it, for what is still to be seen there. agreed: both ends said that they
 * speak this; one alone may say so to hide what it says, and is believed only where the site wants it. */
void sl_talk_seal(struct sl_talk *t, size_t left, bool agreed);

/* Memory that a parser keeps beyond a call: bounded over all flows, zeroed; NULL: used up, counted. */
void *sl_hold_take(struct sl_inspect *i, size_t bytes);
void *sl_hold_grow(struct sl_inspect *i, void *at, size_t bytes); /* NULL: `at` stays as it was */
void sl_hold_give(struct sl_inspect *i, void *at);                /* NULL is fine */
void *sl_hold_state(struct sl_inspect *i, size_t bytes); /* the same for a flow's state: it comes first */

/* The same bound for memory that a library takes by itself. False: used up, counted. */
bool sl_hold_charge(struct sl_inspect *i, size_t bytes);
void sl_hold_refund(struct sl_inspect *i, size_t bytes);

struct sl_counters *sl_talk_counters(const struct sl_talk *t);

/* --- small helpers --- */

#define SL_SKIP_MOST (UINT64_C(1) << 36)
#define SL_SEARCHED_MOST ((UINT64_C(1) << 18) - 1)

/* The next n bytes of this side are of no interest. */
static inline void sl_side_skip(struct sl_side *s, uint64_t n)
{
	s->skip = (n < SL_SKIP_MOST ? n : SL_SKIP_MOST) & (SL_SKIP_MOST * 2 - 1);
}

/* More than is gathered: there is nothing to see before the message's bound. */
static inline void sl_side_searched(struct sl_side *s, size_t n)
{
	s->searched = (n < SL_SEARCHED_MOST ? n : SL_SEARCHED_MOST) & SL_SEARCHED_MOST;
}

#endif
