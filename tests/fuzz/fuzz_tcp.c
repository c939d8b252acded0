/* Four known streams, two flows with two sides each. The input chooses how they are cut into
 * segments, their order, what comes again, comes again with other bytes, is shed, or never comes. Each
 * piece that comes out must be the true bytes of its place; bytes delivered, missing and past the depth
 * add up to the way made; a hole is told to who reads on behind it; and while there is room, time
 * stands still and nobody resets, whatever was sent comes out.
 *
 * The first six bytes: pool and depth, the first sequence number, the flows' hashes. Then six a
 * packet. */
#include "fuzz.h"
#include <sensor/flow/tcp.h>

enum { STREAMS = 4, LENGTH = 65536 + 8192, OP = 6 };
enum kind { ORDERED, ANYWHERE, AGAIN, FALSELY, SYN, ACK, RST, FIN };

struct stream {
	uint8_t sent[LENGTH], got[LENGTH];
	size_t base;                   /* where it was picked up */
	size_t cursor;                 /* the next byte to send in order */
	size_t high;                   /* the end of what was sent */
	uint64_t gaps_told, delivered; /* as the sink saw them */
};

struct run {
	struct sl_counters counters;
	struct sl_tcp *tcp;
	struct sl_flow flow[2];
	struct stream *stream;
	uint32_t first;
	uint64_t depth;
	bool calm, lied;
};

static uint8_t truth(unsigned stream, size_t at)
{
	uint32_t x = (uint32_t)at * 2654435761u + stream * 97u;
	return (uint8_t)(x >> 24 ^ x >> 9);
}

static uint64_t count(const struct run *r, enum sl_counter which)
{
	return sl_counter_get(&r->counters, which);
}

static void on_data(void *ctx, struct sl_flow *flow, unsigned side, struct sl_span bytes,
		    uint32_t lost)
{
	struct run *r = ctx;
	unsigned which = (unsigned)(flow - r->flow) * 2 + side;
	struct stream *s = &r->stream[which];
	const struct sl_tcp_side *t = &flow->side[side];
	size_t at = s->base + t->delivered - bytes.len + t->gap_bytes;
	REQUIRE(bytes.len > 0 && at + bytes.len <= LENGTH);
	if (!(t->flags & SL_SIDE_BEYOND))
		REQUIRE(r->first + (uint32_t)(at + bytes.len) == t->next);
	for (size_t i = 0; i < bytes.len; i++) {
		REQUIRE(bytes.at[i] == truth(which, at + i));
		s->got[at + i] = 1;
	}
	REQUIRE((lost != 0) == (t->gap_bytes != s->gaps_told));
	s->gaps_told = t->gap_bytes;
	s->delivered += bytes.len;
	REQUIRE(s->delivered == t->delivered && (!r->depth || t->delivered <= r->depth));
}

static void on_end(void *ctx, struct sl_flow *flow, unsigned side)
{
	(void)ctx;
	REQUIRE(flow->side[side].flags & SL_SIDE_ENDED);
}

static void send_packet(struct run *r, unsigned which, size_t at, size_t len, unsigned flags,
			uint64_t now, bool falsely)
{
	struct stream *s = &r->stream[which];
	struct sl_flow *flow = &r->flow[which / 2];
	struct sl_tcp_side *side = &flow->side[which % 2];
	bool untouched = !side->delivered && !side->held;
	uint8_t *bytes = malloc(len ? len : 1);
	REQUIRE(bytes);
	for (size_t i = 0; i < len; i++) {
		bool lie = falsely && s->sent[at + i];
		r->lied |= lie;
		bytes[i] = (uint8_t)(truth(which, at + i) ^ (lie ? 0x55 : 0));
		s->sent[at + i] = 1;
	}
	if (!(side->flags & SL_SIDE_STARTED) || (flags & SL_TCP_SYN && untouched))
		s->base = at;
	const struct stream *other = &r->stream[which ^ 1];
	struct sl_packet p = { .time = now,
			       .proto = 6,
			       .tcp_flags = (uint8_t)flags,
			       .seq = r->first + (uint32_t)at - (flags & SL_TCP_SYN ? 1 : 0),
			       .ack = r->first + (uint32_t)other->high,
			       .payload = sl_span_of(len ? bytes : NULL, len) };
	sl_tcp_packet(r->tcp, flow, which % 2, &p);
	free(bytes);
	if (len && at + len > s->high)
		s->high = at + len;
}

/* As under pressure: true if nothing needs to be sent. */
static bool shed(struct run *r, unsigned which, size_t at, size_t len)
{
	struct sl_packet p = { .proto = 6, .tcp_flags = SL_TCP_ACK, .seq = r->first + (uint32_t)at };
	uint8_t *bytes = calloc(1, len ? len : 1);
	REQUIRE(bytes);
	p.payload = sl_span_of(bytes, len);
	bool gone = sl_tcp_shed(r->tcp, &r->flow[which / 2], which % 2, &p);
	free(bytes);
	r->calm &= !gone;
	return gone;
}

static void play_op(struct run *r, const uint8_t *b, uint64_t *now)
{
	unsigned which = b[0] & 3;
	struct stream *s = &r->stream[which];
	size_t any = b[1] | (size_t)b[2] << 8, len = 1 + b[3] * (b[4] & 1 ? 16u : 1u);
	bool after_drop =
		count(r, SL_COUNT_STREAM_HELD_DROPPED) > 0; /* then a copy may be the first again */
	if (b[5]) {
		*now += b[5] * 100000000ull;
		r->calm = false;
	}
	switch ((enum kind)(b[0] >> 2 & 7)) {
	case ORDERED: /* with a loss before it now and then */
		s->cursor += b[4] & 2 ? b[1] : 0;
		len = s->cursor + len > 65536 ? 0 : len;
		if (!(b[4] & 4) || !shed(r, which, s->cursor, len))
			send_packet(r, which, s->cursor, len, SL_TCP_ACK, *now, false);
		s->cursor += len;
		break;
	case ANYWHERE:
		send_packet(r, which, any, len, SL_TCP_ACK, *now, false);
		break;
	case AGAIN:
	case FALSELY: /* near what was sent last */
		any = s->high > any % 8192 ? s->high - any % 8192 : 0;
		len = any + len > LENGTH ? LENGTH - any : len;
		send_packet(r, which, any, len, SL_TCP_ACK, *now,
			    (b[0] >> 2 & 7) == FALSELY && !after_drop);
		break;
	case SYN:
		send_packet(r, which, 0, 0, SL_TCP_SYN, *now, false);
		break;
	case ACK:
		send_packet(r, which, s->cursor, 0, SL_TCP_ACK, *now, false);
		break;
	case RST:
	case FIN: /* behind everything; neither begins a stream here */
		r->calm = false;
		if (!(r->flow[which / 2].side[which % 2].flags & SL_SIDE_STARTED))
			break;
		if ((b[0] >> 2 & 7) == RST)
			send_packet(r, which, s->cursor, 0, SL_TCP_RST, *now, false);
		else
			send_packet(r, which, LENGTH, 0, SL_TCP_FIN | SL_TCP_ACK, *now, false);
		break;
	}
}

static void require_sums(const struct run *r)
{
	uint64_t way = 0, delivered = 0, missing = 0;
	for (unsigned i = 0; i < STREAMS; i++) {
		const struct sl_tcp_side *side = &r->flow[i / 2].side[i % 2];
		if (!(side->flags & SL_SIDE_STARTED))
			continue;
		way += side->next - r->first - (uint32_t)r->stream[i].base;
		delivered += side->delivered;
		missing += side->gap_bytes;
	}
	REQUIRE(delivered == count(r, SL_COUNT_STREAM_BYTES));
	REQUIRE(missing == count(r, SL_COUNT_STREAM_GAP_BYTES));
	REQUIRE(way == delivered + missing + count(r, SL_COUNT_STREAM_BEYOND));
	REQUIRE(r->lied || count(r, SL_COUNT_STREAM_CONFLICTS) == 0);
}

/* Nothing that was sent is lost while there is room for it. */
static void require_all(const struct run *r)
{
	for (unsigned i = 0; i < STREAMS; i++)
		for (size_t at = r->stream[i].base; at < r->stream[i].high; at++)
			REQUIRE(!r->stream[i].sent[at] || r->stream[i].got[at]);
}

static void play(struct run *r, const uint8_t *data, size_t size)
{
	uint64_t now = 1000000000000ull;
	for (; size >= OP; data += OP, size -= OP) {
		play_op(r, data, &now);
		require_sums(r);
	}
	sl_tcp_flush(r->tcp, &r->flow[0]);
	sl_tcp_flush(r->tcp, &r->flow[1]);
	require_sums(r);
	for (unsigned i = 0; i < STREAMS; i++)
		REQUIRE(!r->flow[i / 2].side[i % 2].held && !r->flow[i / 2].side[i % 2].held_n);
	if (r->calm && !r->depth && !count(r, SL_COUNT_STREAM_HELD_FULL))
		require_all(r);
}

/* From the last input: only what it touched. */
static void stream_reset(struct stream *s)
{
	memset(s->sent, 0, s->high);
	memset(s->got, 0, s->high);
	s->base = s->cursor = s->high = 0;
	s->gaps_told = s->delivered = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t pools[] = { 8192, 65536, 1 << 20, 1 << 23 },
			      depths[] = { 0, 0, 1000, 40000 };
	static struct stream streams[STREAMS];
	if (size < 6 || size > 6 + OP * 1000)
		return 0;
	struct run r = { .stream = streams, .calm = true };
	for (unsigned i = 0; i < STREAMS; i++)
		stream_reset(&streams[i]);
	r.depth = depths[data[0] >> 2 & 3];
	memcpy(&r.first, data + 1, sizeof r.first);
	r.flow[0].hash = data[5] & 15;
	r.flow[1].hash = data[5] >> 4;
	r.flow[1].start = 1 << 8; /* two connections, also where their hashes are the same */
	r.flow[0].key.proto = r.flow[1].key.proto = 6;
	struct sl_tcp_sink sink = { &r, on_data, on_end };
	REQUIRE(sl_tcp_new(&r.tcp, pools[data[0] & 3], r.depth, &sink, &r.counters, NULL) == SL_OK);
	play(&r, data + 6, size - 6);
	sl_tcp_free(r.tcp);
	return 0;
}
