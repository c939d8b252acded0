/* Flow table. One a worker, so no locks. Its size never changes: memory is reserved at the start and
 * touched as flows come. When it is full the oldest flow of the least valuable state ends early,
 * counted. Flows are found by a keyed hash over the address pair, the ports and the protocol, the same
 * for both directions; VLAN tags are no part of it, because they may differ by direction. */
#ifndef SELAT_SENSOR_FLOW_FLOW_H
#define SELAT_SENSOR_FLOW_FLOW_H

#include <selat/counter.h>
#include <selat/err.h>
#include <sensor/decode/packet.h>
#include <selat/app.h>
#include <sensor/flow/view.h>

/* What other stages keep in a flow: bytes of their own behind the flow, zero at its start. */
enum sl_flow_slot { SL_SLOT_INSPECT, SL_SLOT_DETECT, SL_SLOT_DUMP, SL_SLOT_COUNT };

/* From least to most worth keeping. */
enum sl_flow_state {
	SL_FLOW_CLOSED,
	SL_FLOW_NEW,             /* neither TCP nor answered */
	SL_FLOW_TCP_NEW,         /* TCP, one direction so far */
	SL_FLOW_ESTABLISHED,     /* not TCP, both directions */
	SL_FLOW_TCP_ESTABLISHED, /* TCP, both directions */
	SL_FLOW_STATES
};

enum sl_flow_end { SL_END_CLOSED, SL_END_TIMEOUT, SL_END_EVICTED, SL_END_REPLACED, SL_END_SHUTDOWN };

/* One direction of a TCP stream. tcp.c alone writes it. */
struct sl_tcp_side {
	uint64_t delivered; /* stream bytes so far */
	uint32_t gap_bytes; /* stays at UINT32_MAX */
	uint32_t next;    /* the sequence number that is due */
	uint32_t fin;     /* the FIN's, if SL_SIDE_FIN */
	uint32_t held;    /* first segment that waits for a hole to be filled; 0: none */
	uint32_t stamp;   /* the last TSval in order, if SL_SIDE_STAMP */
	uint16_t held_n;
	uint8_t flags;
};
enum {
	SL_SIDE_STARTED = 1,
	SL_SIDE_FIN = 2,
	SL_SIDE_ENDED = 4,
	SL_SIDE_STAMP = 8,
	SL_SIDE_BEYOND = 16, /* past the inspection depth: counted only */
	SL_SIDE_SHED = 32,   /* segments beyond `next` were let go: the hole will not be filled */
	SL_SIDE_UNTOLD = 64, /* a hole was skipped with nothing behind it */
};

/* The flow's two ends in a fixed order, so that both directions make the same key. */
struct sl_flow_key {
	uint8_t low[16], high[16];
	uint16_t low_port, high_port;
	uint16_t tags[2]; /* the two outer VLAN ids, if they are to tell flows apart; else 0 */
	uint8_t family, proto;
	uint8_t unused[2]; /* zero */
};

_Static_assert(SL_APP_COUNT <= 16, "a protocol fits four bits");

struct sl_flow {
	uint32_t hash; /* the lower half of its key's */
	struct sl_flow_key key;
	uint32_t chain;            /* next in the bucket; 0: the last */
	uint32_t older, newer;     /* in its state's list */
	uint32_t queued;           /* seconds: when it was put there */
	uint8_t state : 4, seen : 2; /* enum sl_flow_state; bits by side */
	uint8_t known_client : 1;  /* proven by a SYN or by a parser */
	uint8_t reset : 1;
	uint8_t client : 1;        /* which side is the client: 0 low, 1 high */
	uint8_t vlans : 3;
	uint8_t app_before : 4;    /* enum sl_app: what it turned from; SL_APP_NONE: it did not */
	uint8_t app;               /* enum sl_app; set by inspect */
	uint8_t icmp_errors;       /* that quoted this flow; stays at 255 */
	uint16_t icmp;             /* type and code of the first packet */
	uint16_t vlan[SL_VIEW_VLANS];
	uint16_t tunnel_kinds;     /* of the first packet */
	uint64_t start, last;      /* packet times */
	uint64_t bytes[2];         /* by sending side */
	uint32_t packets[2];       /* stays at UINT32_MAX */
	struct sl_tcp_side side[2];
};

struct sl_flow_config {
	uint64_t max;                     /* flows */
	uint64_t idle_s[SL_FLOW_STATES];  /* seconds without a packet after which one ends */
	bool vlan;                        /* the same addresses and ports in two VLANs are two flows */
	size_t slot_bytes[SL_SLOT_COUNT]; /* multiples of 8 */
	/* Called before a flow goes: other stages free what they keep. */
	void (*ended)(void *ctx, struct sl_flow *flow, enum sl_flow_end why);
	void *ctx;
	struct sl_counters *counters;
};

/* Time-outs that suit most networks. */
#define SL_FLOW_IDLE_S                                                                     \
	{                                                                                  \
		[SL_FLOW_CLOSED] = 30, [SL_FLOW_NEW] = 60, [SL_FLOW_TCP_NEW] = 120,        \
		[SL_FLOW_ESTABLISHED] = 300, [SL_FLOW_TCP_ESTABLISHED] = 3600              \
	}

struct sl_flow_table;
int sl_flow_table_new(struct sl_flow_table **out, const struct sl_flow_config *config,
		      struct sl_err *err);
void sl_flow_table_free(struct sl_flow_table *t); /* NULL is fine; flows go without a word */

/* The key and side of a packet. Computed first for a whole batch, so that look-ups can be prefetched. */
struct sl_flow_lookup {
	struct sl_flow_key key;
	uint64_t hash;
	uint8_t side; /* who sent it: 0 low, 1 high */
};
void sl_flow_prepare(const struct sl_flow_table *t, const struct sl_packet *p,
		     struct sl_flow_lookup *lookup);  /* and prefetches the bucket */
void sl_flow_prefetch(const struct sl_flow_table *t, const struct sl_flow_lookup *lookup); /* the flow */

/* Finds or makes the packet's flow and counts the packet in it. Never NULL. *fresh: it is new. A flow
 * that timed out, or a closed one that a SYN begins again, ends first. */
struct sl_flow *sl_flow_get(struct sl_flow_table *t, const struct sl_flow_lookup *lookup,
			    const struct sl_packet *p, bool *fresh);

/* The packet is an ICMP error about another flow: counts it there. False: no such flow is followed. */
bool sl_flow_quoted(struct sl_flow_table *t, const struct sl_packet *p);

/* Ends what has been idle too long, a bounded number a call. Call between batches. */
void sl_flow_expire(struct sl_flow_table *t, uint64_t now);
void sl_flow_end_all(struct sl_flow_table *t);

/* Puts the flow into its state's list anew after it changed (answered, closed). */
void sl_flow_restate(struct sl_flow_table *t, struct sl_flow *flow);

void *sl_flow_slot(const struct sl_flow_table *t, struct sl_flow *flow, enum sl_flow_slot slot);

/* A parser proved which side is the client. The first proof stays. */
void sl_flow_prove_client(struct sl_flow *flow, unsigned side);

void sl_flow_view(const struct sl_flow *flow, struct sl_flow_view *view);

/* What changes in a flow from packet to packet: enough to give a view of an earlier moment. Inline,
 * because one is taken for every packet. */
struct sl_flow_moment {
	uint64_t last, bytes[2];
	uint32_t packets[2];
	uint8_t seen, client, app, app_before;
};

static inline void sl_flow_moment(const struct sl_flow *flow, struct sl_flow_moment *m)
{
	*m = (struct sl_flow_moment){ flow->last, { flow->bytes[0], flow->bytes[1] },
				      { flow->packets[0], flow->packets[1] }, flow->seen, flow->client,
				      flow->app, flow->app_before };
}
void sl_flow_view_at(const struct sl_flow *flow, const struct sl_flow_moment *m,
		     struct sl_flow_view *view);
const char *sl_flow_state_text(const struct sl_flow *flow);

static inline bool sl_flow_to_client(const struct sl_flow *flow, unsigned side)
{
	return side != flow->client;
}

#endif
