/* detect: which indicators hold. Exact values by tables, patterns by Hyperscan.
 *
 * One a worker. During a batch hits are collected; sl_detect_flush at its end scans the gathered
 * payloads with one call, puts the hits in the packets' order, and says which indicators hold: each
 * once in its scope. */
#ifndef SELAT_SENSOR_DETECT_DETECT_H
#define SELAT_SENSOR_DETECT_DETECT_H

#include <selat/counter.h>
#include <sensor/detect/loaded.h>
#include <sensor/detect/match.h>
#include <sensor/flow/flow.h>
#include <sensor/inspect/inspect.h>

struct sl_detect_config {
	struct sl_loaded_ruleset *loaded; /* detect takes a reference */
	const struct sl_flow_table *flows;
	struct sl_counters *counters;
	uint64_t at;           /* validity is judged by this time; 0: by the packet's */
	uint64_t stream_bytes; /* budget for Hyperscan's streams */
	/* An indicator held. The record and its tail are borrowed for the call; the record's reference
	 * to the ruleset is the receiver's. */
	void (*match)(void *ctx, const struct sl_match *m, const void *tail, size_t tail_len);
	void *ctx;
};

struct sl_detect;
int sl_detect_new(struct sl_detect **out, const struct sl_detect_config *config, struct sl_err *err);
void sl_detect_free(struct sl_detect *d); /* NULL is fine */
size_t sl_detect_slot_bytes(void);        /* of SL_SLOT_DETECT */

/* Is there anything to look for in this field: a condition, or a domain, an address, a URL? */
bool sl_detect_wants(const struct sl_loaded_ruleset *loaded, enum sl_field field);

/* The packet at hand: what a match says about where it was seen. Stays valid until the flush. */
struct sl_sighting {
	uint64_t packet, time, observed;
	const uint8_t *mac;    /* destination and source; NULL: none */
	const char *interface; /* NULL: from a file */
	const struct sl_tunnel *tunnel; /* that it travelled in, outermost first */
	uint8_t tunnels;
	uint16_t tunnel_kinds; /* as in struct sl_packet */
	uint8_t tcp_flags, icmp_type, icmp_code; /* of the packet; 0 where it has none */
	bool has_vni;
	uint32_t vni;
	uint32_t payload; /* the packet's length of it, and 1; 0: it is no packet, but a flow that ends */
	struct sl_flow_moment flow; /* as it was then: later packets of the batch do not change an alert */
};

/* A packet of the flow, before its bytes: every one, in order. */
void sl_detect_packet(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side);
/* After them: the flow's protocol became known with this packet. */
void sl_detect_learnt(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
		      unsigned side);
void sl_detect_stream(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
		      unsigned side, struct sl_span bytes, uint64_t offset, bool after_gap);
/* Instead, of bytes that are encrypted: none of them is looked at as payload. The packet is none without. */
void sl_detect_encrypted(struct sl_detect *d, struct sl_flow *flow, unsigned side, size_t bytes);
void sl_detect_datagram(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			unsigned side, struct sl_span payload);
/* tx: as in struct sl_inspect_sink. */
void sl_detect_transaction(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			   unsigned side, uint32_t tx, const struct sl_value *values, size_t n);
void sl_detect_transaction_end(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			       uint32_t tx);

/* A piece of a body or a file. *piece->kept is made here, and let go of with the last piece. */
void sl_detect_piece(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
		     unsigned side, const struct sl_piece *piece);

/* A side of a stream ended: what is decided at the end is decided. */
void sl_detect_stream_end(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			  unsigned side);
void sl_detect_flush(struct sl_detect *d);

/* From here on the worker looks for what this ruleset says. Between batches, on the worker's thread.
 * detect takes a reference of its own and lets go of the old one's. Streams begin anew, what was half
 * held is kept by (pack, id) or dropped and counted, and flows' addresses are looked up again with
 * their next packets. On failure the old ruleset stays. */
int sl_detect_swap(struct sl_detect *d, struct sl_loaded_ruleset *loaded, struct sl_err *err);

/* The flow goes: what waits for its end is decided, and what is kept for it freed. */
void sl_detect_forget(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow);

#endif
