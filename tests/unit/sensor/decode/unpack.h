/* Frames out of which several packets may come. */
#ifndef SELAT_TEST_UNPACK_H
#define SELAT_TEST_UNPACK_H

#include "nest.h"
#include <sensor/decode/unpack.h>

enum { SPARE = 8, PACKETS = 16, LINK_WLAN = 105 };
#define ADDRESSES "020000000001 020000000002 020000000003"
#define AMSDU     "8801 0000 " ADDRESSES " 1000 8000 "
#define SNAP      "aaaa03 000000 0800 "

struct fixture {
	struct sl_counters counters;
	struct sl_defrag *d;
	struct sl_packet packet[PACKETS];
	uint8_t joined[PACKETS][SL_DATAGRAM_MAX];
	struct sl_packets to;
	uint8_t *frame; /* of exactly its size */
	size_t n;
};

static inline struct fixture *begin(void)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err;
	assert_non_null(x);
	assert_int_equal(sl_defrag_new(&x->d, 1 << 20, &x->counters, &err), SL_OK);
	return x;
}

static inline void end(struct fixture *x)
{
	sl_defrag_free(x->d);
	free(x->frame);
	free(x);
}

static inline void unpack(struct fixture *x, const struct wire *w, size_t n, int link, size_t spare)
{
	free(x->frame);
	x->frame = malloc(n ? n : 1);
	assert_non_null(x->frame);
	memcpy(x->frame, w->at, n);
	x->n = n;
	struct sl_frame f = { .at = x->frame,
			      .caplen = (uint32_t)n,
			      .len = (uint32_t)w->n,
			      .time = 1000,
			      .number = 7,
			      .link = link };
	x->to = (struct sl_packets){
		.at = x->packet, .spare = spare, .joined = x->joined, .joined_max = PACKETS
	};
	sl_unpack(x->d, &f, true, &x->to);
	assert_true(x->to.n >= 1 && x->to.n <= 1 + spare);
	for (size_t i = 0; i < x->to.n; i++) {
		const struct sl_packet *p = &x->packet[i];
		const uint8_t *joined = &x->joined[0][0], *at = p->payload.at;
		assert_int_equal(p->further, i + 1 < x->to.n);
		assert_int_equal(p->number, 7);
		assert_int_equal(p->part, SL_PART_NONE);
		if (p->payload.len)
			assert_true(
				(at >= x->frame && at + p->payload.len <= x->frame + n) ||
				(at >= joined && at + p->payload.len <= joined + sizeof x->joined));
		if (p->mac)
			assert_true(p->mac >= x->frame && p->mac + 12 <= x->frame + n);
	}
}

static inline void expect(const struct fixture *x, size_t i, unsigned sport, const char *text)
{
	const struct sl_packet *p = &x->packet[i];
	assert_verdict(p, SL_VERDICT_OK, NULL);
	assert_int_equal(p->sport, sport);
	assert_int_equal(p->payload.len, strlen(text));
	assert_memory_equal(p->payload.at, text, strlen(text));
}

static inline void put_udp(struct wire *w, unsigned sport, const char *text)
{
	struct wire *inner = calloc(1, sizeof *inner);
	assert_non_null(inner);
	struct ip_at ip = wire_ipv4(inner, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
	wire_udp(inner, sport, 53);
	wire_text(inner, text);
	wire_finish(inner, ip);
	wire_put(w, inner->at, inner->n);
	free(inner);
}

/* IEEE 802.11, section 9.3.2.2.2: all but the last are padded to four bytes. Returns its length. */
static inline size_t put_subframe(struct wire *w, struct sl_span packet, bool last)
{
	size_t begin = w->n;
	wire_hex(w, "020000000001 020000000002");
	wire_u16(w, (unsigned)packet.len + 8);
	wire_hex(w, SNAP);
	wire_put(w, packet.at, packet.len);
	size_t len = w->n - begin;
	while (!last && (w->n - begin) % 4)
		wire_u8(w, 0);
	return len;
}

static inline size_t put_udp_subframe(struct wire *w, unsigned sport, const char *text, bool last)
{
	struct wire *packet = calloc(1, sizeof *packet);
	assert_non_null(packet);
	put_udp(packet, sport, text);
	size_t len = put_subframe(w, sl_span_of(packet->at, packet->n), last);
	free(packet);
	return len;
}

/* A fragment of an IPv4 datagram. */
static inline void put_fragment(struct wire *w, unsigned id, size_t offset, struct sl_span bytes,
			 bool more)
{
	struct wire *packet = calloc(1, sizeof *packet);
	assert_non_null(packet);
	struct ip_at ip = wire_ipv4(packet, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
	wire_put(packet, bytes.at, bytes.len);
	wire_set16(packet, 4, id);
	wire_set16(packet, 6, (unsigned)(offset / 8) | (more ? 0x2000 : 0));
	wire_finish(packet, (struct ip_at){ ip.header, ip.transport, 4, 99 });
	wire_put(w, packet->at, packet->n);
	free(packet);
}

#endif
