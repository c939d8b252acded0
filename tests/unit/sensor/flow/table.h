/* What the tests of the flow table share: a table that notes which flows end, and packets. */
#ifndef SELAT_TEST_TABLE_H
#define SELAT_TEST_TABLE_H

#include "../wire.h"
#include <sensor/flow/flow.h>

#define SECOND UINT64_C(1000000000)

struct fixture {
	struct sl_counters counters;
	struct sl_flow_table *t;
	unsigned ended[SL_END_SHUTDOWN + 1], ends;
	uint16_t last_port; /* of the flow that ended last */
	uint64_t last_start;
	const char *last_state;
};

static inline uint16_t client_port(const struct sl_flow *f)
{
	struct sl_flow_view v;
	sl_flow_view(f, &v);
	return v.sport;
}

static inline void on_end(void *ctx, struct sl_flow *f, enum sl_flow_end why)
{
	struct fixture *x = ctx;
	x->ended[why]++;
	x->ends++;
	x->last_port = client_port(f);
	x->last_start = f->start;
	f->side[0].flags = f->side[1].flags = SL_SIDE_ENDED; /* as sl_tcp_flush does */
	x->last_state = sl_flow_state_text(f);
	uint64_t *slot = sl_flow_slot(x->t, f, SL_SLOT_DETECT);
	assert_int_equal(*slot,
			 f->start); /* the stage's own bytes are still there, and its alone */
	*slot = UINT64_MAX;         /* a flow that ended twice would be seen */
}

static inline struct fixture *begin(uint64_t max)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err;
	assert_non_null(x);
	struct sl_flow_config c = { .max = max,
				    .idle_s = SL_FLOW_IDLE_S,
				    .slot_bytes = { 8, 16, 0 },
				    .ended = on_end,
				    .ctx = x,
				    .counters = &x->counters };
	assert_int_equal(sl_flow_table_new(&x->t, &c, &err), SL_OK);
	return x;
}

static inline void end(struct fixture *x)
{
	sl_flow_end_all(x->t);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FLOWS), x->ends);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FLOWS_ENDED), x->ends);
	sl_flow_table_free(x->t);
	free(x);
}

static inline struct sl_packet packet(uint8_t proto, uint16_t sport, uint16_t dport, uint64_t time)
{
	struct sl_packet p = { .time = time,
			       .proto = proto,
			       .sport = sport,
			       .dport = dport,
			       .len = 100,
			       .src.family = 4,
			       .dst.family = 4,
			       .has_ports = true };
	memcpy(p.src.bytes, wire_a4, 4);
	memcpy(p.dst.bytes, wire_b4, 4);
	return p;
}

static inline struct sl_packet reply(struct sl_packet p)
{
	struct sl_address a = p.src;
	uint16_t port = p.sport;
	p.src = p.dst;
	p.dst = a;
	p.sport = p.dport;
	p.dport = port;
	return p;
}

static inline struct sl_flow *get(struct fixture *x, const struct sl_packet *p, bool *fresh)
{
	struct sl_flow_lookup lookup;
	sl_flow_prepare(x->t, p, &lookup);
	sl_flow_prefetch(x->t, &lookup);
	struct sl_flow *f = sl_flow_get(x->t, &lookup, p, fresh);
	assert_non_null(f);
	if (*fresh) {
		assert_int_equal(*(uint64_t *)sl_flow_slot(x->t, f, SL_SLOT_INSPECT), 0);
		assert_int_equal(*(uint64_t *)sl_flow_slot(x->t, f, SL_SLOT_DETECT), 0);
		*(uint64_t *)sl_flow_slot(x->t, f, SL_SLOT_DETECT) = f->start;
	}
	return f;
}

#endif
