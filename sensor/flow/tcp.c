/* TCP reassembly. Per worker. Segments beyond a hole lie in blocks of a fixed pool, a sorted list a
 * side; a segment longer than a block takes several. Sequence numbers are compared modulo 2^32. */
#include <sensor/flow/tcp.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { BLOCK_BYTES = 2036, HELD_MOST = 128 }; /* blocks a side that wait: 256 KiB, then the hole is skipped */

struct block {
	uint32_t next; /* index; 0: the last */
	uint32_t seq;
	uint32_t len;
	uint8_t bytes[BLOCK_BYTES];
};

struct sl_tcp {
	struct sl_tcp_sink sink;
	struct sl_counters *counters;
	struct block *blocks; /* index 0 is none */
	size_t size;
	uint32_t max, fresh, free;
};

int sl_tcp_new(struct sl_tcp **out, uint64_t held_bytes, const struct sl_tcp_sink *sink,
	       struct sl_counters *counters, struct sl_err *err)
{
	struct sl_tcp *t = calloc(1, sizeof *t);
	if (!t)
		return sl_fail(err, SL_ENOMEM, "TCP reassembly: out of memory");
	t->sink = *sink;
	t->counters = counters;
	t->max = (uint32_t)(held_bytes / sizeof(struct block));
	t->fresh = 1;
	t->size = ((size_t)t->max + 1) * sizeof(struct block);
	t->blocks = mmap(NULL, t->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->blocks == MAP_FAILED) {
		free(t);
		return sl_fail(err, SL_ENOMEM, "TCP reassembly: no memory; lower flow.reassembly");
	}
	*out = t;
	return SL_OK;
}

void sl_tcp_free(struct sl_tcp *t)
{
	if (!t)
		return;
	munmap(t->blocks, t->size);
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

static inline int32_t after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* --- handing on --- */

static void deliver(struct sl_tcp *t, struct sl_flow *f, unsigned s, struct sl_span bytes, bool gap)
{
	struct sl_tcp_side *side = &f->side[s];
	side->next += (uint32_t)bytes.len;
	side->delivered += bytes.len;
	sl_count_add(t->counters, SL_COUNT_STREAM_BYTES, bytes.len);
	t->sink.data(t->sink.ctx, f, s, bytes, gap);
}

static void end_side(struct sl_tcp *t, struct sl_flow *f, unsigned s)
{
	struct sl_tcp_side *side = &f->side[s];
	if (side->flags & SL_SIDE_ENDED)
		return;
	while (side->held) { /* lies beyond the FIN: no part of the stream */
		uint32_t i = side->held;
		side->held = t->blocks[i].next;
		block_give(t, i);
	}
	side->held_n = 0;
	side->flags |= SL_SIDE_ENDED;
	t->sink.end(t->sink.ctx, f, s);
}

/* Hands on held blocks that are due. With `skip` the hole before the first one is given up. */
static void drain(struct sl_tcp *t, struct sl_flow *f, unsigned s, bool skip)
{
	struct sl_tcp_side *side = &f->side[s];
	while (side->held) {
		uint32_t i = side->held;
		struct block *b = &t->blocks[i];
		int32_t ahead = after(b->seq, side->next);
		bool gap = ahead > 0;
		if (gap && !skip)
			return;
		if (gap) {
			side->next = b->seq;
			side->gap_bytes += (uint32_t)ahead;
			sl_count(t->counters, SL_COUNT_STREAM_GAPS);
			sl_count_add(t->counters, SL_COUNT_STREAM_GAP_BYTES, (uint32_t)ahead);
			skip = false;
		}
		side->held = b->next;
		side->held_n--;
		uint32_t old = ahead < 0 ? (uint32_t)-ahead : 0;
		if (old < b->len)
			deliver(t, f, s, sl_span_of(b->bytes + old, b->len - old), gap);
		block_give(t, i);
	}
}

/* --- holding --- */

/* Puts bytes that no block has yet between two blocks, in as many blocks as they need. False: full. */
static bool hold_run(struct sl_tcp *t, struct sl_tcp_side *side, uint32_t **link, uint32_t seq,
		     struct sl_span run)
{
	while (run.len) {
		uint32_t i = side->held_n < HELD_MOST ? block_take(t) : 0;
		if (!i)
			return false;
		struct block *b = &t->blocks[i];
		b->len = (uint32_t)(run.len < BLOCK_BYTES ? run.len : BLOCK_BYTES);
		b->seq = seq;
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

/* Keeps the parts of a segment that lie in no block so far: the first copy wins. */
static bool hold(struct sl_tcp *t, struct sl_tcp_side *side, uint32_t seq, struct sl_span bytes)
{
	uint32_t *link = &side->held;
	while (bytes.len) {
		struct block *b = *link ? &t->blocks[*link] : NULL;
		size_t room = b ? (after(b->seq, seq) > 0 ? b->seq - seq : 0) : bytes.len;
		size_t run = room < bytes.len ? room : bytes.len;
		if (run && !hold_run(t, side, &link, seq, sl_span_of(bytes.at, run)))
			return false;
		seq += (uint32_t)run;
		bytes = sl_span_of(bytes.at + run, bytes.len - run);
		if (!b || !bytes.len)
			break;
		int32_t covered = after(b->seq + b->len, seq);
		size_t step = covered <= 0 ? 0 : (size_t)covered < bytes.len ? (size_t)covered : bytes.len;
		if (step)
			sl_count_add(t->counters, SL_COUNT_STREAM_REPEATED, step);
		seq += (uint32_t)step;
		bytes = sl_span_of(bytes.at + step, bytes.len - step);
		link = &b->next;
	}
	return true;
}

/* --- a packet --- */

/* A segment that begins at or before what is due. Where a held block has its bytes already, the block
 * came first and wins. */
static void take_due(struct sl_tcp *t, struct sl_flow *f, unsigned s, uint32_t seq, struct sl_span bytes)
{
	struct sl_tcp_side *side = &f->side[s];
	for (;;) {
		size_t old = side->next - seq;
		if (old)
			sl_count_add(t->counters, SL_COUNT_STREAM_REPEATED,
				     old < bytes.len ? old : bytes.len);
		if (old >= bytes.len)
			return;
		bytes = sl_span_of(bytes.at + old, bytes.len - old);
		size_t room = side->held ? t->blocks[side->held].seq - side->next : bytes.len;
		size_t run = room < bytes.len ? room : bytes.len;
		seq = side->next + (uint32_t)run;
		deliver(t, f, s, sl_span_of(bytes.at, run), false);
		bytes = sl_span_of(bytes.at + run, bytes.len - run);
		if (side->held)
			drain(t, f, s, false);
		if (!bytes.len)
			return;
	}
}

/* When there is no room to wait any longer the oldest hole is given up, which makes room; a second
 * failure means that other flows hold the whole pool, and then the segment is lost as a gap. */
static void take_data(struct sl_tcp *t, struct sl_flow *f, unsigned s, uint32_t seq,
		      struct sl_span bytes)
{
	struct sl_tcp_side *side = &f->side[s];
	int32_t ahead = after(seq, side->next);
	if (ahead > 0) {
		if (hold(t, side, seq, bytes))
			return;
		sl_count(t->counters, SL_COUNT_STREAM_HELD_FULL);
		drain(t, f, s, true);
		ahead = after(seq, side->next);
		if (ahead > 0) {
			hold(t, side, seq, bytes);
			return;
		}
	}
	take_due(t, f, s, seq, bytes);
}

static void start_side(struct sl_flow *f, unsigned s, const struct sl_packet *p, uint32_t seq)
{
	f->side[s].flags |= SL_SIDE_STARTED;
	f->side[s].next = seq;
	if (p->tcp_flags & SL_TCP_SYN)
		sl_flow_prove_client(f, p->tcp_flags & SL_TCP_ACK ? s ^ 1 : s);
}

void sl_tcp_packet(struct sl_tcp *t, struct sl_flow *f, unsigned s, const struct sl_packet *p)
{
	struct sl_tcp_side *side = &f->side[s];
	uint32_t seq = p->seq + (p->tcp_flags & SL_TCP_SYN ? 1 : 0);

	if (p->tcp_flags & SL_TCP_RST) {
		f->reset = 1;
		sl_tcp_flush(t, f);
		return;
	}
	bool untouched = !side->delivered && !side->held && !(side->flags & SL_SIDE_FIN);
	if (!(side->flags & SL_SIDE_STARTED) || (p->tcp_flags & SL_TCP_SYN && untouched))
		start_side(f, s, p, seq); /* a SYN that nobody answered is tried again, with any number */
	if (p->payload.len && !(side->flags & SL_SIDE_ENDED))
		take_data(t, f, s, seq, p->payload);
	if (p->tcp_flags & SL_TCP_FIN && !(side->flags & SL_SIDE_FIN)) {
		side->flags |= SL_SIDE_FIN;
		side->fin = seq + (uint32_t)p->payload.len;
	}
	if (side->flags & SL_SIDE_FIN && after(side->next, side->fin) >= 0)
		end_side(t, f, s);
}

void sl_tcp_flush(struct sl_tcp *t, struct sl_flow *f)
{
	for (unsigned s = 0; s < 2; s++) {
		while (f->side[s].held)
			drain(t, f, s, true);
		end_side(t, f, s);
	}
}
