/* TCP segments beyond a hole, in a bounded pool: each side of a flow has a list of blocks, sorted, in its
 * sl_tcp_side's held and held_n. Private to tcp.c. */
#ifndef SELAT_SENSOR_FLOW_HELD_H
#define SELAT_SENSOR_FLOW_HELD_H

#include <sensor/flow/flow.h>

enum { SL_HELD_BLOCK = 2032 };

struct sl_held_block {
	uint32_t next; /* index; 0: the last */
	uint32_t seq;
	uint16_t len;
	bool urgent;    /* bytes that are no part of the stream */
	uint32_t since; /* seconds: when it came */
	uint8_t bytes[SL_HELD_BLOCK];
};

struct sl_held;
int sl_held_new(struct sl_held **out, uint64_t bytes, struct sl_counters *counters, struct sl_err *err);
void sl_held_free(struct sl_held *h); /* NULL is fine */

/* A piece of a segment. */
struct sl_held_piece {
	uint32_t seq;
	struct sl_span bytes;
	bool urgent;
	uint32_t now_s; /* when it came */
};

/* Keeps the parts of a segment that lie in no block so far: the first copy wins. False: the side or the
 * pool is full; part of it may be held. */
bool sl_held_put(struct sl_held *h, struct sl_flow *flow, unsigned side,
		 const struct sl_held_piece *piece);

/* The block that comes first; NULL: none. Borrowed until it is given back. */
const struct sl_held_block *sl_held_first(const struct sl_held *h, const struct sl_tcp_side *side);
/* Takes the first one off the list. Its index, for sl_held_give. */
uint32_t sl_held_take(struct sl_held *h, struct sl_tcp_side *side);
void sl_held_give(struct sl_held *h, uint32_t block);

/* The side holds nothing more, and goes. */
void sl_held_forget(struct sl_held *h, const struct sl_flow *flow, unsigned side);

/* How far number a is behind b; negative: before it. */
static inline int32_t sl_seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

#endif
