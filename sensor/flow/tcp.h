/* TCP reassembly (RFC 9293, section 3.10.7.4 as a listener can follow it): from segments in any order
 * to each direction's bytes in order. In-order data is handed on without a copy; a segment beyond a
 * hole is kept in a bounded pool; the first copy of a byte wins; a hole that is not filled within a
 * bound is skipped. Works on one direction alone and does not wait for acknowledgements. */
#ifndef SELAT_SENSOR_FLOW_TCP_H
#define SELAT_SENSOR_FLOW_TCP_H

#include <sensor/flow/flow.h>

/* Who takes the streams. Bytes are borrowed for the call. lost: bytes that are missing before these;
 * UINT32_MAX: nobody knows how many. */
struct sl_tcp_sink {
	void *ctx;
	void (*data)(void *ctx, struct sl_flow *flow, unsigned side, struct sl_span bytes, uint32_t lost);
	/* Nothing more is to be expected. After a forged FIN or RST data may come all the same, and
	 * then this comes once more. */
	void (*end)(void *ctx, struct sl_flow *flow, unsigned side);
};

struct sl_tcp;

/* held_bytes: the pool for segments beyond holes. depth: bytes a direction that are handed on, 0: all;
 * past it a stream is only counted. */
int sl_tcp_new(struct sl_tcp **out, uint64_t held_bytes, uint64_t depth, const struct sl_tcp_sink *sink,
	       struct sl_counters *counters, struct sl_err *err);
void sl_tcp_free(struct sl_tcp *t); /* NULL is fine */

/* Urgent bytes stay in the stream, as for programs with SO_OOBINLINE. At first they are taken out. */
void sl_tcp_urgent_inline(struct sl_tcp *t);

/* Takes one TCP packet of the flow, sent by that side. */
void sl_tcp_packet(struct sl_tcp *t, struct sl_flow *flow, unsigned side, const struct sl_packet *p);

/* Under pressure, instead of sl_tcp_packet: lets a segment of a stream's middle go. False: it must be
 * taken, or costs nothing. What follows later comes behind a gap. */
bool sl_tcp_shed(struct sl_tcp *t, struct sl_flow *flow, unsigned side, const struct sl_packet *p);

/* The flow ends: hands on what waited behind holes, then ends both sides. */
void sl_tcp_flush(struct sl_tcp *t, struct sl_flow *flow);

#endif
