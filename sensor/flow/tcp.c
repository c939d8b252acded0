/* TCP reassembly. Per worker. Segments beyond a hole lie in blocks of a fixed pool, a sorted list a
 * side; a segment longer than a block takes several. Sequence numbers are compared modulo 2^32. */
#include <sensor/flow/recent.h>
#include <sensor/flow/tcp.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	BLOCK_BYTES = 2032,
	HELD_MOST = 128,  /* blocks a side that wait: 256 KiB, then the hole is skipped */
	HELD_S = 10,      /* seconds that they wait at most */
	ACKED_S = 1,      /* and when the receiver has acknowledged the hole: it will not be filled */
	HOARDS = 64,
	HOARD_LEAST = 8,  /* blocks */
	FAR_BEHIND = 1 << 16,
	SHED_MOST = 1 << 30, /* bytes let go before the stream is moved on: numbers wrap around */
	FAR_AHEAD = 1 << 26, /* beyond any window in use (RFC 7323 allows 2^30) */
};

struct block {
	uint32_t next; /* index; 0: the last */
	uint32_t seq;
	uint32_t len;
	uint32_t since; /* seconds: when it came */
	uint8_t bytes[BLOCK_BYTES];
};

/* Who holds much: asked when the pool is used up. */
struct hoard {
	struct sl_flow *flow;
	unsigned side;
};

struct sl_tcp {
	struct sl_tcp_sink sink;
	struct sl_counters *counters;
	uint64_t depth; /* bytes a direction that are handed on; 0: all */
	struct sl_recent *recent;
	struct hoard hoard[HOARDS];
	struct block *blocks; /* index 0 is none */
	size_t size;
	uint32_t max, fresh, free;
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
	t->max = (uint32_t)(held_bytes / sizeof(struct block));
	t->fresh = 1;
	t->size = ((size_t)t->max + 1) * sizeof(struct block);
	t->blocks = mmap(NULL, t->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->blocks == MAP_FAILED) {
		free(t);
		return sl_fail(err, SL_ENOMEM, "TCP reassembly: no memory; lower flow.reassembly");
	}
	int rc = sl_recent_new(&t->recent, err);
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
	munmap(t->blocks, t->size);
	sl_recent_free(t->recent);
	free(t);
}

static uint32_t block_take(struct sl_tcp *t)
{
	uint32_t i = t->free;
	if (i)
		t->free = t->blocks[i].next;
	else if (t->fresh <= t->max)
		i = t->fresh++;
	return i;
}

static void block_give(struct sl_tcp *t, uint32_t i)
{
	t->blocks[i].next = t->free;
	t->free = i;
}

/* --- pressure --- */

static struct hoard *hoard_of(struct sl_tcp *t, const struct sl_flow *f, unsigned s)
{
	return &t->hoard[(f->hash + s) % HOARDS];
}

static void hoard_note(struct sl_tcp *t, struct sl_flow *f, unsigned s)
{
	struct hoard *h = hoard_of(t, f, s);
	if (f->side[s].held_n < HOARD_LEAST)
		return;
	if (!h->flow || h->flow->side[h->side].held_n < f->side[s].held_n)
		*h = (struct hoard){ f, s };
}

static void hoard_forget(struct sl_tcp *t, const struct sl_flow *f, unsigned s)
{
	struct hoard *h = hoard_of(t, f, s);
	if (h->flow == f && h->side == s)
		h->flow = NULL;
}

/* Lets go what a side holds; its bytes will be missing as a gap. */
static void drop_held(struct sl_tcp *t, struct sl_flow *f, unsigned s)
{
	struct sl_tcp_side *side = &f->side[s];
	while (side->held) {
		uint32_t i = side->held;
		side->held = t->blocks[i].next;
		sl_count_add(t->counters, SL_COUNT_STREAM_HELD_DROPPED, t->blocks[i].len);
		block_give(t, i);
	}
	side->held_n = 0;
	hoard_forget(t, f, s);
}

/* The pool is used up: the one that holds most makes room, unless it is the one that asks. */
static bool make_room(struct sl_tcp *t, const struct sl_tcp_side *asking)
{
	struct hoard *most = NULL;
	for (unsigned i = 0; i < HOARDS; i++) {
		struct hoard *h = &t->hoard[i];
		if (h->flow && (!most || h->flow->side[h->side].held_n > most->flow->side[most->side].held_n))
			most = h;
	}
	if (!most || &most->flow->side[most->side] == asking)
		return false;
	sl_count(t->counters, SL_COUNT_STREAM_HELD_FULL);
	drop_held(t, most->flow, most->side);
	return true;
}

static uint32_t block_for(struct sl_tcp *t, const struct sl_tcp_side *side)
{
	uint32_t i = side->held_n < HELD_MOST ? block_take(t) : 0;
	if (!i && side->held_n < HELD_MOST && make_room(t, side))
		i = block_take(t);
	return i;
}

static inline int32_t after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
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
	int32_t hole = after(seq, side->next);
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
	while (side->held) {
		uint32_t i = side->held;
		struct block *b = &t->blocks[i];
		int32_t ahead = after(b->seq, side->next);
		uint32_t lost = ahead > 0 ? (uint32_t)ahead : 0;
		if (lost && !skip)
			return;
		if (lost)
			skip_to(t, side, b->seq);
		skip = skip && !lost;
		side->held = b->next;
		side->held_n--;
		uint32_t old = ahead < 0 ? (uint32_t)-ahead : 0;
		if (old < b->len)
			deliver(t, f, s, sl_span_of(b->bytes + old, b->len - old), lost);
		block_give(t, i);
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
	if (after(seq, side->next) <= 0)
		return;
	skip_to(t, side, seq);
	side->flags |= SL_SIDE_UNTOLD;
}

/* --- holding --- */

/* Puts bytes that no block has yet between two blocks, in as many blocks as they need. False: full. */
static bool hold_run(struct sl_tcp *t, struct sl_tcp_side *side, uint32_t **link, uint32_t seq,
		     struct sl_span run, uint32_t now_s)
{
	while (run.len) {
		uint32_t i = block_for(t, side);
		if (!i)
			return false;
		struct block *b = &t->blocks[i];
		b->len = (uint32_t)(run.len < BLOCK_BYTES ? run.len : BLOCK_BYTES);
		b->seq = seq;
		b->since = now_s;
		memcpy(b->bytes, run.at, b->len);
		b->next = **link;
		**link = i;
		*link = &b->next;
		side->held_n++;
		seq += b->len;
		run = sl_span_of(run.at + b->len, run.len - b->len);
	}
	return true;
}

/* Bytes that lie in a block already came again: the same, or others. */
static void compare(struct sl_tcp *t, const struct block *b, uint32_t seq, const uint8_t *again, size_t n)
{
	sl_count_add(t->counters, SL_COUNT_STREAM_REPEATED, n);
	if (memcmp(b->bytes + (seq - b->seq), again, n) != 0)
		sl_count_add(t->counters, SL_COUNT_STREAM_CONFLICTS, n);
}

/* Keeps the parts of a segment that lie in no block so far: the first copy wins. */
static bool hold(struct sl_tcp *t, struct sl_tcp_side *side, uint32_t seq, struct sl_span bytes,
		 uint32_t now_s)
{
	uint32_t *link = &side->held;
	while (bytes.len) {
		struct block *b = *link ? &t->blocks[*link] : NULL;
		size_t room = b ? (after(b->seq, seq) > 0 ? b->seq - seq : 0) : bytes.len;
		size_t run = room < bytes.len ? room : bytes.len;
		if (run && !hold_run(t, side, &link, seq, sl_span_of(bytes.at, run), now_s))
			return false;
		seq += (uint32_t)run;
		bytes = sl_span_of(bytes.at + run, bytes.len - run);
		if (!b || !bytes.len)
			break;
		int32_t covered = after(b->seq + b->len, seq);
		size_t step = covered <= 0 ? 0 : (size_t)covered < bytes.len ? (size_t)covered : bytes.len;
		if (step)
			compare(t, b, seq, bytes.at, step);
		seq += (uint32_t)step;
		bytes = sl_span_of(bytes.at + step, bytes.len - step);
		link = &b->next;
	}
	return true;
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
static void take_due(struct sl_tcp *t, struct sl_flow *f, unsigned s, uint32_t seq, struct sl_span bytes,
		     uint32_t lost)
{
	struct sl_tcp_side *side = &f->side[s];
	for (;;) {
		size_t old = side->next - seq;
		if (old)
			again(t, f, s, seq, sl_span_of(bytes.at, old < bytes.len ? old : bytes.len));
		if (old >= bytes.len)
			return;
		bytes = sl_span_of(bytes.at + old, bytes.len - old);
		size_t room = side->held ? t->blocks[side->held].seq - side->next : bytes.len;
		size_t run = room < bytes.len ? room : bytes.len;
		seq = side->next + (uint32_t)run;
		deliver(t, f, s, sl_span_of(bytes.at, run), lost);
		lost = 0;
		bytes = sl_span_of(bytes.at + run, bytes.len - run);
		if (side->held)
			drain(t, f, s, false);
		if (!bytes.len)
			return;
	}
}

/* When there is no room to wait any longer the holes are given up. */
static void take_ahead(struct sl_tcp *t, struct sl_flow *f, unsigned s, uint32_t seq, struct sl_span bytes,
		       uint32_t now_s)
{
	struct sl_tcp_side *side = &f->side[s];
	if (hold(t, side, seq, bytes, now_s)) {
		hoard_note(t, f, s);
		return;
	}
	sl_count(t->counters, SL_COUNT_STREAM_HELD_FULL);
	drain_all(t, f, s);
	int32_t lost = after(seq, side->next);
	skip_to(t, side, seq);
	take_due(t, f, s, seq, bytes, lost > 0 ? (uint32_t)lost : 0);
}

/* Past the depth nothing is kept or put in order: the stream is only followed. */
static void take_beyond(struct sl_tcp *t, struct sl_tcp_side *side, uint32_t seq, struct sl_span bytes)
{
	uint32_t end = seq + (uint32_t)bytes.len;
	if (after(end, side->next) <= 0)
		return;
	sl_count_add(t->counters, SL_COUNT_STREAM_BEYOND, end - side->next);
	side->next = end;
}

static void take_data(struct sl_tcp *t, struct sl_flow *f, unsigned s, uint32_t seq,
		      struct sl_span bytes, uint32_t now_s)
{
	struct sl_tcp_side *side = &f->side[s];
	int32_t ahead = after(seq, side->next);
	if (side->flags & SL_SIDE_BEYOND) {
		take_beyond(t, side, seq, bytes);
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
		take_ahead(t, f, s, seq, bytes, now_s);
	else
		take_due(t, f, s, seq, bytes, 0);
	if (ahead > 0 && side->flags & SL_SIDE_SHED) {
		drain_all(t, f, s);
		side->flags &= (uint8_t)~SL_SIDE_SHED;
	}
}

/* A hole does not wait for ever: nor for what both ends have, nor when both are done. */
static void give_up_holes(struct sl_tcp *t, struct sl_flow *f, unsigned s, const struct sl_packet *p)
{
	uint32_t now_s = (uint32_t)(p->time / 1000000000u);
	for (unsigned i = 0; i < 2; i++) {
		struct sl_tcp_side *side = &f->side[i];
		if (!side->held)
			continue;
		uint32_t since = t->blocks[side->held].since;
		uint32_t waited = now_s > since ? now_s - since : 0;
		bool acked = i != s && p->tcp_flags & SL_TCP_ACK &&
			     after(p->ack, t->blocks[side->held].seq) >= 0;
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
	if (side->flags & SL_SIDE_STAMP && after(p->stamp, side->stamp) < 0) {
		sl_count(t->counters, SL_COUNT_STREAM_OLD_STAMPS);
		return true;
	}
	if (after(seq, side->next) <= 0) {
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
	if (p->tcp_flags & SL_TCP_FIN && !(side->flags & SL_SIDE_FIN) && after(fin, side->next) >= -1) {
		side->flags |= SL_SIDE_FIN;
		side->fin = fin;
	}
}

static void end_if_due(struct sl_tcp *t, struct sl_flow *f, unsigned s)
{
	const struct sl_tcp_side *side = &f->side[s];
	if (side->flags & SL_SIDE_FIN && after(side->next, side->fin) >= 0)
		end_side(t, f, s);
}

void sl_tcp_packet(struct sl_tcp *t, struct sl_flow *f, unsigned s, const struct sl_packet *p)
{
	struct sl_tcp_side *side = &f->side[s];
	bool syn = p->tcp_flags & SL_TCP_SYN, reset = p->tcp_flags & SL_TCP_RST;
	uint32_t seq = p->seq + (syn ? 1 : 0);
	bool expected = side->flags & SL_SIDE_STARTED && seq == side->next;

	if (p->tcp_flags & SL_TCP_URG && p->payload.len)
		sl_count(t->counters, SL_COUNT_STREAM_URGENT);
	if (reset)
		f->reset = 1;
	bool untouched = !side->delivered && !side->held;
	if ((!(side->flags & SL_SIDE_STARTED) && (!reset || p->payload.len)) || (syn && untouched))
		start_side(f, s, p, seq); /* a SYN that nobody answered is tried again, with any number */
	if (p->payload.len && !outdated(t, side, p, seq)) {
		take_data(t, f, s, seq, p->payload, (uint32_t)(p->time / 1000000000u));
	}
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
	int32_t ahead = after(p->seq, side->next);
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
		hoard_forget(t, f, s);
		end_side(t, f, s);
	}
}
