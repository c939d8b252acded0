/* TCP reassembly. Per worker. Segments beyond a hole wait in held.c's pool. Sequence numbers are compared
 * modulo 2^32. */
#include <sensor/flow/held.h>
#include <sensor/flow/recent.h>
#include <sensor/flow/tcp.h>
#include <stdlib.h>

enum {
	HELD_S = 10,      /* seconds that segments wait at most */
	ACKED_S = 1,      /* and when the receiver has acknowledged the hole: it will not be filled */
	FAR_BEHIND = 1 << 16,
	SHED_MOST = 1 << 30, /* bytes let go before the stream is moved on: numbers wrap around */
	FAR_AHEAD = 1 << 26, /* beyond any window in use (RFC 7323 allows 2^30) */
};

struct sl_tcp {
	struct sl_tcp_sink sink;
	struct sl_counters *counters;
	uint64_t depth; /* bytes a direction that are handed on; 0: all */
	bool urgent_inline;
	struct sl_recent *recent;
	struct sl_held *held;
};

int sl_tcp_new(struct sl_tcp **out, uint64_t held_bytes, uint64_t depth,
	       const struct sl_tcp_sink *sink, struct sl_counters *counters, struct sl_err *err)
{
	struct sl_tcp *t = calloc(1, sizeof *t);
	if (!t)
		return sl_fail(err, SL_ENOMEM, "TCP reassembly: out of memory");
	t->sink = *sink;
	t->counters = counters;
	t->depth = depth;
	int rc = sl_held_new(&t->held, held_bytes, counters, err);
	if (rc == SL_OK)
		rc = sl_recent_new(&t->recent, err);
	if (rc != SL_OK) {
		sl_tcp_free(t);
		return rc;
	}
	*out = t;
	return SL_OK;
}

void sl_tcp_free(struct sl_tcp *t)
{
	if (!t)
		return;
	sl_held_free(t->held);
	sl_recent_free(t->recent);
	free(t);
}

void sl_tcp_urgent_inline(struct sl_tcp *t)
{
	t->urgent_inline = true;
}

/* --- handing on --- */

/* One direction of one connection: the flow's hash is keyed, and the same ports may be used again. */
static uint64_t stream_of(const struct sl_flow *f, unsigned s)
{
	return (f->hash ^ f->start) << 32 ^ (uint64_t)s << 63;
}

static void deliver(struct sl_tcp *t, struct sl_flow *f, unsigned s, struct sl_span bytes, uint32_t lost)
{
	struct sl_tcp_side *side = &f->side[s];
	sl_recent_note(t->recent, stream_of(f, s), side->next, bytes);
	side->next += (uint32_t)bytes.len;
	if (t->depth && side->delivered + bytes.len >= t->depth) {
		size_t within = (size_t)(t->depth - side->delivered);
		side->flags |= SL_SIDE_BEYOND;
		sl_count_add(t->counters, SL_COUNT_STREAM_BEYOND, bytes.len - within);
		bytes.len = within;
		if (!within)
			return;
	}
	lost = side->flags & SL_SIDE_UNTOLD ? UINT32_MAX : lost;
	side->flags &= (uint8_t)~(SL_SIDE_ENDED | SL_SIDE_UNTOLD);
	side->delivered += bytes.len;
	sl_count_add(t->counters, SL_COUNT_STREAM_BYTES, bytes.len);
	t->sink.data(t->sink.ctx, f, s, bytes, lost);
}

/* Bytes that the receiver's program does not find in the stream. A hole before them is told with what
 * follows. */
static void pass_over(struct sl_tcp *t, struct sl_flow *f, unsigned s, struct sl_span bytes, uint32_t lost)
{
	struct sl_tcp_side *side = &f->side[s];
	sl_recent_note(t->recent, stream_of(f, s), side->next, bytes);
	side->next += (uint32_t)bytes.len;
	if (lost)
		side->flags |= SL_SIDE_UNTOLD;
	sl_count_add(t->counters, SL_COUNT_STREAM_URGENT_BYTES, bytes.len);
}

static void hand_on(struct sl_tcp *t, struct sl_flow *f, unsigned s, struct sl_span bytes, uint32_t lost,
		    bool urgent)
{
	if (urgent)
		pass_over(t, f, s, bytes, lost);
	else
		deliver(t, f, s, bytes, lost);
}

static void end_side(struct sl_tcp *t, struct sl_flow *f, unsigned s)
{
	struct sl_tcp_side *side = &f->side[s];
	if (side->flags & SL_SIDE_ENDED)
		return;
	side->flags |= SL_SIDE_ENDED;
	t->sink.end(t->sink.ctx, f, s);
}

/* Gives up what is missing before seq. */
static void skip_to(struct sl_tcp *t, struct sl_tcp_side *side, uint32_t seq)
{
	int32_t hole = sl_seq_after(seq, side->next);
	if (hole <= 0)
		return;
	side->next = seq;
	side->gap_bytes = (uint32_t)hole < UINT32_MAX - side->gap_bytes ?
				  side->gap_bytes + (uint32_t)hole :
				  UINT32_MAX;
	sl_count(t->counters, SL_COUNT_STREAM_GAPS);
	sl_count_add(t->counters, SL_COUNT_STREAM_GAP_BYTES, (uint32_t)hole);
}

/* Hands on held blocks that are due. With `skip` the hole before the first one is given up. */
static void drain(struct sl_tcp *t, struct sl_flow *f, unsigned s, bool skip)
{
	struct sl_tcp_side *side = &f->side[s];
	const struct sl_held_block *b;
	while ((b = sl_held_first(t->held, side))) {
		int32_t ahead = sl_seq_after(b->seq, side->next);
		uint32_t lost = ahead > 0 ? (uint32_t)ahead : 0;
		if (lost && !skip)
			return;
		if (lost)
			skip_to(t, side, b->seq);
		skip = skip && !lost;
		uint32_t taken = sl_held_take(t->held, side);
		uint32_t old = ahead < 0 ? (uint32_t)-ahead : 0;
		if (old < b->len)
			hand_on(t, f, s, sl_span_of(b->bytes + old, b->len - old), lost, b->urgent);
		sl_held_give(t->held, taken);
	}
}

static void drain_all(struct sl_tcp *t, struct sl_flow *f, unsigned s)
{
	while (f->side[s].held)
		drain(t, f, s, true);
}

/* What was shed before seq will not come: moves on, though nothing is to be handed on yet. */
static void skip_shed(struct sl_tcp *t, struct sl_flow *f, unsigned s, uint32_t seq)
{
	struct sl_tcp_side *side = &f->side[s];
	drain_all(t, f, s);
	side->flags &= (uint8_t)~SL_SIDE_SHED;
	if (sl_seq_after(seq, side->next) <= 0)
		return;
	skip_to(t, side, seq);
	side->flags |= SL_SIDE_UNTOLD;
}

/* --- taking --- */

/* Bytes that were delivered already came again. A keep-alive's byte says nothing (RFC 9293, 3.8.4). */
static void again(struct sl_tcp *t, const struct sl_flow *f, unsigned s, uint32_t seq, struct sl_span bytes)
{
	sl_count_add(t->counters, SL_COUNT_STREAM_REPEATED, bytes.len);
	if (bytes.len == 1 && seq + 1 == f->side[s].next)
		return;
	size_t differing = sl_recent_differing(t->recent, stream_of(f, s), seq, bytes);
	if (differing)
		sl_count_add(t->counters, SL_COUNT_STREAM_CONFLICTS, differing);
}

/* A segment that begins at or before what is due. Where a held block has its bytes already, the block
 * came first and wins. */
static void take_due(struct sl_tcp *t, struct sl_flow *f, unsigned s,
		     const struct sl_held_piece *piece, uint32_t lost)
{
	struct sl_tcp_side *side = &f->side[s];
	struct sl_span bytes = piece->bytes;
	uint32_t seq = piece->seq;
	for (;;) {
		size_t old = side->next - seq;
		if (old)
			again(t, f, s, seq, sl_span_of(bytes.at, old < bytes.len ? old : bytes.len));
		if (old >= bytes.len)
			return;
		bytes = sl_span_of(bytes.at + old, bytes.len - old);
		const struct sl_held_block *held = side->held ? sl_held_first(t->held, side) : NULL;
		size_t room = held ? held->seq - side->next : bytes.len;
		size_t run = room < bytes.len ? room : bytes.len;
		seq = side->next + (uint32_t)run;
		hand_on(t, f, s, sl_span_of(bytes.at, run), lost, piece->urgent);
		lost = 0;
		bytes = sl_span_of(bytes.at + run, bytes.len - run);
		if (side->held)
			drain(t, f, s, false);
		if (!bytes.len)
			return;
	}
}

/* When there is no room to wait any longer the holes are given up. */
static void take_ahead(struct sl_tcp *t, struct sl_flow *f, unsigned s, const struct sl_held_piece *piece)
{
	struct sl_tcp_side *side = &f->side[s];
	if (sl_held_put(t->held, f, s, piece))
		return;
	sl_count(t->counters, SL_COUNT_STREAM_HELD_FULL);
	drain_all(t, f, s);
	int32_t lost = sl_seq_after(piece->seq, side->next);
	skip_to(t, side, piece->seq);
	take_due(t, f, s, piece, lost > 0 ? (uint32_t)lost : 0);
}

/* Past the depth nothing is kept or put in order: the stream is only followed. */
static void take_beyond(struct sl_tcp *t, struct sl_tcp_side *side, uint32_t seq, struct sl_span bytes)
{
	uint32_t end = seq + (uint32_t)bytes.len;
	if (sl_seq_after(end, side->next) <= 0)
		return;
	sl_count_add(t->counters, SL_COUNT_STREAM_BEYOND, end - side->next);
	side->next = end;
}

static void take_data(struct sl_tcp *t, struct sl_flow *f, unsigned s, const struct sl_held_piece *piece)
{
	struct sl_tcp_side *side = &f->side[s];
	uint32_t seq = piece->seq;
	int32_t ahead = sl_seq_after(seq, side->next);
	if (side->flags & SL_SIDE_BEYOND) {
		take_beyond(t, side, seq, piece->bytes);
		return;
	}
	if (side->flags & SL_SIDE_FIN && ahead == 1 && side->next == side->fin) {
		side->next++; /* the FIN's own number */
		ahead = 0;
	}
	if ((ahead > FAR_AHEAD || ahead < -FAR_BEHIND) && !side->delivered && !side->held) {
		side->next = seq; /* the handshake seen was not this connection's */
		ahead = 0;
	}
	if (ahead > 0)
		take_ahead(t, f, s, piece);
	else
		take_due(t, f, s, piece, 0);
	if (ahead > 0 && side->flags & SL_SIDE_SHED) {
		drain_all(t, f, s);
		side->flags &= (uint8_t)~SL_SIDE_SHED;
	}
}

/* Where the urgent byte is in the payload; its length: nowhere. The pointer is to the byte behind it, as
 * receivers have it (RFC 6093, section 3.1). */
static size_t urgent_at(const struct sl_tcp *t, const struct sl_packet *p, uint32_t seq)
{
	size_t at = p->seq + p->urgent - 1u - seq;
	bool out = p->tcp_flags & SL_TCP_URG && p->urgent && !t->urgent_inline;
	return out && at < p->payload.len ? at : p->payload.len;
}

/* Receivers take the urgent byte out of the stream, unless their program asked for it in line. */
static void take_segment(struct sl_tcp *t, struct sl_flow *f, unsigned s, uint32_t seq,
			 const struct sl_packet *p)
{
	size_t urgent = urgent_at(t, p, seq), len = p->payload.len;
	const size_t cuts[] = { 0, urgent, urgent < len ? urgent + 1 : len, len };
	struct sl_held_piece piece = { .now_s = (uint32_t)(p->time / 1000000000u) };
	for (unsigned i = 0; i < 3; i++) {
		piece.seq = seq + (uint32_t)cuts[i];
		piece.bytes = sl_span_of(p->payload.at + cuts[i], cuts[i + 1] - cuts[i]);
		piece.urgent = i == 1;
		if (piece.bytes.len)
			take_data(t, f, s, &piece);
	}
}

/* A hole does not wait for ever: nor for what both ends have, nor when both are done. */
static void give_up_holes(struct sl_tcp *t, struct sl_flow *f, unsigned s, const struct sl_packet *p)
{
	uint32_t now_s = (uint32_t)(p->time / 1000000000u);
	for (unsigned i = 0; i < 2; i++) {
		struct sl_tcp_side *side = &f->side[i];
		const struct sl_held_block *held = sl_held_first(t->held, side);
		if (!held)
			continue;
		uint32_t waited = now_s > held->since ? now_s - held->since : 0;
		bool acked = i != s && p->tcp_flags & SL_TCP_ACK &&
			     sl_seq_after(p->ack, held->seq) >= 0;
		bool both = f->side[0].flags & f->side[1].flags & SL_SIDE_FIN && !p->payload.len;
		if (waited > HELD_S || (acked && waited > ACKED_S) || both)
			drain(t, f, i, true);
	}
}

/* --- a packet --- */

static void start_side(struct sl_flow *f, unsigned s, const struct sl_packet *p, uint32_t seq)
{
	struct sl_tcp_side *side = &f->side[s];
	side->flags = SL_SIDE_STARTED;
	side->next = seq;
	if (p->tcp_flags & SL_TCP_SYN)
		sl_flow_prove_client(f, p->tcp_flags & SL_TCP_ACK ? s ^ 1 : s);
}

/* RFC 7323, section 5 (PAWS): a receiver drops a segment whose timestamp is before the last one in
 * order, so what it carries was never read. */
static bool outdated(struct sl_tcp *t, struct sl_tcp_side *side, const struct sl_packet *p, uint32_t seq)
{
	if (!p->has_stamp)
		return false;
	if (side->flags & SL_SIDE_STAMP && sl_seq_after(p->stamp, side->stamp) < 0) {
		sl_count(t->counters, SL_COUNT_STREAM_OLD_STAMPS);
		return true;
	}
	if (sl_seq_after(seq, side->next) <= 0) {
		side->stamp = p->stamp;
		side->flags |= SL_SIDE_STAMP;
	}
	return false;
}

/* A FIN that comes after all its data ends the side. Data may come after it all the same: a FIN or RST
 * may be forged. It is handed on, and the side ends again when the flow does. */
static void note_fin(struct sl_tcp_side *side, const struct sl_packet *p, uint32_t seq)
{
	uint32_t fin = seq + (uint32_t)p->payload.len;
	if (p->tcp_flags & SL_TCP_FIN && !(side->flags & SL_SIDE_FIN) && sl_seq_after(fin, side->next) >= -1) {
		side->flags |= SL_SIDE_FIN;
		side->fin = fin;
	}
}

static void end_if_due(struct sl_tcp *t, struct sl_flow *f, unsigned s)
{
	const struct sl_tcp_side *side = &f->side[s];
	if (side->flags & SL_SIDE_FIN && sl_seq_after(side->next, side->fin) >= 0)
		end_side(t, f, s);
}

void sl_tcp_packet(struct sl_tcp *t, struct sl_flow *f, unsigned s, const struct sl_packet *p)
{
	struct sl_tcp_side *side = &f->side[s];
	bool syn = p->tcp_flags & SL_TCP_SYN, reset = p->tcp_flags & SL_TCP_RST;
	uint32_t seq = p->seq + (syn ? 1 : 0);
	bool expected = side->flags & SL_SIDE_STARTED && seq == side->next;

	if (p->tcp_flags & SL_TCP_URG && (p->payload.len || p->urgent))
		sl_count(t->counters, SL_COUNT_STREAM_URGENT);
	if (reset)
		f->reset = 1;
	bool untouched = !side->delivered && !side->held;
	if ((!(side->flags & SL_SIDE_STARTED) && (!reset || p->payload.len)) || (syn && untouched))
		start_side(f, s, p, seq); /* a SYN that nobody answered is tried again, with any number */
	if (p->payload.len && !outdated(t, side, p, seq))
		take_segment(t, f, s, seq, p);
	if (side->flags & SL_SIDE_SHED && p->tcp_flags & SL_TCP_FIN)
		skip_shed(t, f, s, seq); /* else the side would not end */
	note_fin(side, p, seq);
	if (f->side[0].held | f->side[1].held)
		give_up_holes(t, f, s, p);
	end_if_due(t, f, 0);
	end_if_due(t, f, 1);
	if (reset && expected)
		sl_tcp_flush(t, f);
}

bool sl_tcp_shed(struct sl_tcp *t, struct sl_flow *f, unsigned s, const struct sl_packet *p)
{
	struct sl_tcp_side *side = &f->side[s];
	int32_t ahead = sl_seq_after(p->seq, side->next);
	if (!side->delivered || side->flags & SL_SIDE_BEYOND || ahead < 0)
		return false;
	if (ahead > SHED_MOST)
		skip_shed(t, f, s, p->seq);
	side->flags |= SL_SIDE_SHED;
	return true;
}

void sl_tcp_flush(struct sl_tcp *t, struct sl_flow *f)
{
	for (unsigned s = 0; s < 2; s++) {
		drain_all(t, f, s);
		sl_held_forget(t->held, f, s);
		end_side(t, f, s);
	}
}
