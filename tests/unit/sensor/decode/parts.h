/* Datagrams cut to fragments, and what puts them together. */
#ifndef SELAT_TEST_PARTS_H
#define SELAT_TEST_PARTS_H

#include "nest.h"
#include <sensor/decode/defrag.h>

enum { BUDGET = 4 << 20, TAKEN_MAX = 16384 };
#define SECOND 1000000000ull

struct fixture {
	struct sl_counters counters;
	struct sl_defrag *d;
	struct sl_packet p; /* the last one; borrows from room when it was joined */
	uint8_t *room;
	uint64_t now;
};

static inline struct fixture *begin(uint64_t budget)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err;
	assert_non_null(x);
	x->room = malloc(SL_DATAGRAM_MAX);
	assert_non_null(x->room);
	x->now = 1000 * SECOND;
	assert_int_equal(sl_defrag_new(&x->d, budget, &x->counters, &err), SL_OK);
	return x;
}

static inline void end(struct fixture *x)
{
	sl_defrag_free(x->d);
	free(x->room);
	free(x);
}

static inline uint64_t count(const struct fixture *x, enum sl_counter c)
{
	return sl_counter_get(&x->counters, c);
}

/* A frame on its way: true if it completed a datagram. */
static inline bool take(struct fixture *x, const struct wire *w, int link)
{
	uint8_t *exact = malloc(w->n);
	assert_non_null(exact);
	memcpy(exact, w->at, w->n);
	struct sl_frame f = { .at = exact,
			      .caplen = (uint32_t)w->n,
			      .len = (uint32_t)w->n,
			      .time = x->now,
			      .link = link };
	sl_decode(&f, true, &x->p);
	bool joined =
		x->p.part != SL_PART_NONE && sl_defrag_packet(x->d, &x->p, true, x->room, NULL);
	free(exact); /* nothing may borrow from it any longer */
	if (joined && x->p.payload.len)
		assert_true(x->p.payload.at >= x->room &&
			    x->p.payload.at + x->p.payload.len <= x->room + SL_DATAGRAM_MAX);
	return joined;
}

/* What the tests cut: a UDP datagram with its checksum, without the IP header. */
struct whole {
	struct wire w;
	size_t at, n;
};

static inline void make_whole(struct whole *x, unsigned version, size_t payload, uint64_t seed)
{
	x->w.n = 0;
	struct ip_at ip = version == 4
				  ? wire_ipv4(&x->w, 17, wire_a4, wire_b4, sl_span_of(NULL, 0))
				  : wire_ipv6(&x->w, 17, 17, wire_a6, wire_b6, sl_span_of(NULL, 0));
	wire_udp(&x->w, 4000, 53);
	for (size_t i = 0; i < payload; i++)
		wire_u8(&x->w, wire_random(&seed));
	wire_finish(&x->w, ip);
	x->at = ip.transport;
	x->n = x->w.n - ip.transport;
}

struct part {
	unsigned version, id, proto;
	size_t offset;
	const uint8_t *bytes;
	size_t n;
	bool more;
};

static inline void put_part(struct wire *w, const struct part *p)
{
	struct ip_at ip;
	if (p->version == 4) {
		ip = wire_ipv4(w, p->proto, wire_a4, wire_b4, sl_span_of(NULL, 0));
		wire_set16(w, ip.header + 4, p->id & 0xffff);
		wire_set16(w, ip.header + 6, (unsigned)(p->offset / 8) | (p->more ? 0x2000 : 0));
	} else {
		struct wire *e = calloc(1, sizeof *e);
		assert_non_null(e);
		wire_u8(e, p->proto);
		wire_u8(e, 0);
		wire_u16(e, (unsigned)p->offset | p->more);
		wire_u32(e, p->id);
		ip = wire_ipv6(w, 44, 99, wire_a6, wire_b6, sl_span_of(e->at, e->n));
		free(e);
	}
	wire_put(w, p->bytes, p->n);
	wire_finish(w, (struct ip_at){ ip.header, ip.transport, p->version, 99 });
}

static inline bool take_part(struct fixture *x, const struct part *p)
{
	struct wire *w = calloc(1, sizeof *w);
	assert_non_null(w);
	put_part(w, p);
	bool joined = take(x, w, LINK_RAW);
	free(w);
	return joined;
}

static inline bool take_slice(struct fixture *x, const struct whole *a, unsigned version, unsigned id,
		       size_t from, size_t to)
{
	to = to < a->n ? to : a->n;
	return take_part(x, &(struct part){ version, id, 17, from, a->w.at + a->at + from,
					    to - from, to < a->n });
}

static inline void expect_whole(const struct fixture *x, const struct whole *a)
{
	assert_verdict(&x->p, SL_VERDICT_OK, NULL); /* so its checksum is right */
	assert_int_equal(x->p.proto, 17);
	assert_int_equal(x->p.sport, 4000);
	assert_int_equal(x->p.dport, 53);
	assert_int_equal(x->p.payload.len, a->n - 8);
	assert_memory_equal(x->p.payload.at, a->w.at + a->at + 8, a->n - 8);
}

#endif
