/* What the TCP tests share: a flow, segments to send, and a record of what came out. */
#ifndef SELAT_TEST_STREAMS_H
#define SELAT_TEST_STREAMS_H

#include "../wire.h"
#include <sensor/flow/tcp.h>

enum {
	POOL = 1 << 20,
	ROOM = 1 << 16,
	ACK = SL_TCP_ACK,
	SYN = SL_TCP_SYN,
	FIN = SL_TCP_FIN,
	URG = SL_TCP_URG,
	RST = SL_TCP_RST
};

struct fixture {
	struct sl_counters counters;
	struct sl_tcp *tcp;
	struct sl_flow flow, other;
	uint8_t got[2][ROOM];
	size_t n[2];
	unsigned gaps[2], ends[2];
	bool ended[2];        /* and no data since */
	bool syn_again;       /* streams begin anew in between */
	size_t gap_at;        /* bytes delivered before the last piece behind a gap */
	const uint8_t *truth; /* if set: what each delivered piece must be at its place */
	uint32_t first;
};

static inline void on_data(void *ctx, struct sl_flow *f, unsigned side, struct sl_span bytes,
			   uint32_t lost)
{
	struct fixture *x = ctx;
	assert_true(bytes.len > 0);
	if (f == &x->other)
		return;
	x->ended[side] = false; /* a FIN or RST may be forged: data goes on, and ends once more */
	assert_true(x->n[side] + bytes.len <= ROOM);
	if (lost)
		x->gap_at = x->n[side];
	x->gaps[side] += lost != 0;
	if (x->truth) {
		uint32_t at = f->side[side].next - (uint32_t)bytes.len - x->first;
		assert_memory_equal(bytes.at, x->truth + at, bytes.len);
	}
	memcpy(x->got[side] + x->n[side], bytes.at, bytes.len);
	x->n[side] += bytes.len;
	assert_int_equal(f->side[side].delivered, x->n[side]);
}

static inline void on_end(void *ctx, struct sl_flow *f, unsigned side)
{
	struct fixture *x = ctx;
	if (f != &x->flow)
		return;
	if (!x->syn_again)
		assert_false(x->ended[side]); /* never twice in a row */
	x->ended[side] = true;
	x->ends[side]++;
}

static inline struct fixture *begin(uint64_t pool)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err;
	assert_non_null(x);
	struct sl_tcp_sink sink = { x, on_data, on_end };
	assert_int_equal(sl_tcp_new(&x->tcp, pool, 0, &sink, &x->counters, &err), SL_OK);
	x->flow.key.proto = x->other.key.proto = 6;
	return x;
}

static inline void end(struct fixture *x)
{
	sl_tcp_flush(x->tcp, &x->flow);
	sl_tcp_flush(x->tcp, &x->flow); /* nothing left: the sink's counts do not change */
	assert_true(x->ended[0]);
	assert_true(x->ended[1]);
	assert_int_equal(x->flow.side[0].held, 0);
	assert_int_equal(x->flow.side[0].held_n, 0);
	sl_tcp_flush(x->tcp, &x->other);
	sl_tcp_free(x->tcp);
	free(x);
}

static inline void send_bytes(struct fixture *x, struct sl_flow *f, uint32_t seq, unsigned flags,
			      const void *bytes, size_t n)
{
	/* memory of exactly that size: a read beyond it is seen */
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	struct sl_packet p = { .proto = 6,
			       .seq = seq,
			       .tcp_flags = (uint8_t)flags,
			       .payload = sl_span_of(n ? exact : NULL, n) };
	sl_tcp_packet(x->tcp, f, 0, &p);
	free(exact);
}

static inline void send_text(struct fixture *x, uint32_t seq, unsigned flags, const char *text)
{
	send_bytes(x, &x->flow, seq, flags, text, strlen(text));
}

static inline void expect(const struct fixture *x, const char *want)
{
	assert_int_equal(x->n[0], strlen(want));
	assert_memory_equal(x->got[0], want, strlen(want));
}

static inline uint64_t count(const struct fixture *x, enum sl_counter c)
{
	return sl_counter_get(&x->counters, c);
}

#endif
