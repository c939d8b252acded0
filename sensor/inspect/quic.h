/* A QUIC flow: private to quic.c, which opens packets, and quic_hello.c, which reads what is in them. */
#ifndef SELAT_SENSOR_INSPECT_QUIC_H
#define SELAT_SENSOR_INSPECT_QUIC_H

#include <sensor/inspect/quic_crypto.h>
#include <sensor/inspect/quic_packet.h>

enum { SL_QUIC_TOLD_MOST = 4 }; /* versions told of a flow */

struct sl_quic_id {
	uint8_t len, at[SL_QUIC_ID_MAX];
};

/* Keys, made when they are needed. */
struct sl_quic_origin {
	const struct sl_quic_version *version; /* NULL: there are none */
	uint8_t secret[SL_QUIC_SECRET];
	struct sl_quic_keys keys[2]; /* by enum sl_quic_role */
	bool made[2];
};

/* One role's side of the connection. */
struct sl_quic_end {
	struct sl_quic_crypto crypto;
	uint8_t opened; /* Initials */
	bool hello, over;
};

struct sl_quic {
	struct sl_quic_end end[2]; /* by enum sl_quic_role */
	struct sl_quic_origin origin;
	uint32_t told[SL_QUIC_TOLD_MOST];
	struct sl_quic_id begun;   /* that the keys come from */
	struct sl_quic_id refused; /* the last that opened nothing */
	struct sl_quic_id server;  /* the server's own */
	uint32_t ended;            /* connections before this one: their numbers are used */
	uint8_t told_n, failed_n, client;
	uint8_t google_n; /* packets of Google's own form */
	bool retried; /* a Retry was seen, the client's answer not yet */
	bool untold;  /* a version was added to the message at hand */
	bool open;    /* something of the connection was told, and not that it ended */
};

/* The connection's number. */
static inline uint32_t sl_quic_tx(const struct sl_quic *q)
{
	return q->ended + 1;
}

static inline enum sl_quic_role sl_quic_role(const struct sl_talk *t, const struct sl_quic *q)
{
	return t->side == q->client ? SL_QUIC_CLIENT : SL_QUIC_SERVER;
}

/* A packet of this version was seen: told once, with the next hello or by sl_quic_tell. */
void sl_quic_seen(struct sl_talk *t, struct sl_quic *q, uint32_t version);
/* Hands on the message at hand. */
void sl_quic_tell(struct sl_talk *t, struct sl_quic *q);

/* What an Initial of this side held: takes its CRYPTO frames, and tells the hellos that are whole. */
void sl_quic_frames(struct sl_talk *t, struct sl_quic *q, struct sl_span plain);
/* A CHLO was read; name: none if it has none. */
void sl_quic_chlo_told(struct sl_talk *t, struct sl_quic *q, struct sl_span name);
/* A packet that is no Initial: the client, if it is the sender, sends no more of its hello. What there
 * is of it is told. */
void sl_quic_past_hello(struct sl_talk *t, struct sl_quic *q);

#endif
