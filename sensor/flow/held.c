/* Blocks of a fixed pool, a list a side in the order of their numbers, no byte in two of them; a segment
 * longer than a block takes several. When the pool is used up the side that holds most gives up its own.
 * Per worker. Sequence numbers are compared modulo 2^32. */
#include <sensor/flow/held.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	HELD_MOST = 128, /* blocks a side that wait: 256 KiB, then the hole is skipped */
	HOARDS = 64,
	HOARD_LEAST = 8, /* blocks */
};

/* Who holds much: asked when the pool is used up. */
struct hoard {
	struct sl_flow *flow;
	unsigned side;
};

struct sl_held {
	struct sl_counters *counters;
	struct hoard hoard[HOARDS];
	struct sl_held_block *blocks; /* index 0 is none */
	size_t size;
	uint32_t max, fresh, free;
};

int sl_held_new(struct sl_held **out, uint64_t bytes, struct sl_counters *counters, struct sl_err *err)
{
	struct sl_held *h = calloc(1, sizeof *h);
	if (!h)
		return sl_fail(err, SL_ENOMEM, "TCP reassembly: out of memory");
	h->counters = counters;
	h->max = (uint32_t)(bytes / sizeof(struct sl_held_block));
	h->fresh = 1;
	h->size = ((size_t)h->max + 1) * sizeof(struct sl_held_block);
	h->blocks = mmap(NULL, h->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (h->blocks == MAP_FAILED) {
		free(h);
		return sl_fail(err, SL_ENOMEM, "TCP reassembly: no memory; lower flow.reassembly");
	}
	*out = h;
	return SL_OK;
}

void sl_held_free(struct sl_held *h)
{
	if (!h)
		return;
	munmap(h->blocks, h->size);
	free(h);
}

static uint32_t block_take(struct sl_held *h)
{
	uint32_t i = h->free;
	if (i)
		h->free = h->blocks[i].next;
	else if (h->fresh <= h->max)
		i = h->fresh++;
	return i;
}

void sl_held_give(struct sl_held *h, uint32_t i)
{
	h->blocks[i].next = h->free;
	h->free = i;
}

/* --- pressure --- */

static struct hoard *hoard_of(struct sl_held *h, const struct sl_flow *f, unsigned s)
{
	return &h->hoard[(f->hash + s) % HOARDS];
}

static void hoard_note(struct sl_held *h, struct sl_flow *f, unsigned s)
{
	struct hoard *o = hoard_of(h, f, s);
	if (f->side[s].held_n < HOARD_LEAST)
		return;
	if (!o->flow || o->flow->side[o->side].held_n < f->side[s].held_n)
		*o = (struct hoard){ f, s };
}

void sl_held_forget(struct sl_held *h, const struct sl_flow *f, unsigned s)
{
	struct hoard *o = hoard_of(h, f, s);
	if (o->flow == f && o->side == s)
		o->flow = NULL;
}

/* Lets go what a side holds; its bytes will be missing as a gap. */
static void drop_held(struct sl_held *h, struct sl_flow *f, unsigned s)
{
	struct sl_tcp_side *side = &f->side[s];
	while (side->held) {
		uint32_t i = side->held;
		side->held = h->blocks[i].next;
		sl_count_add(h->counters, SL_COUNT_STREAM_HELD_DROPPED, h->blocks[i].len);
		sl_held_give(h, i);
	}
	side->held_n = 0;
	sl_held_forget(h, f, s);
}

/* The pool is used up: the one that holds most makes room, unless it is the one that asks. */
static bool make_room(struct sl_held *h, const struct sl_tcp_side *asking)
{
	struct hoard *most = NULL;
	for (unsigned i = 0; i < HOARDS; i++) {
		struct hoard *o = &h->hoard[i];
		if (o->flow && (!most || o->flow->side[o->side].held_n > most->flow->side[most->side].held_n))
			most = o;
	}
	if (!most || &most->flow->side[most->side] == asking)
		return false;
	sl_count(h->counters, SL_COUNT_STREAM_HELD_FULL);
	drop_held(h, most->flow, most->side);
	return true;
}

static uint32_t block_for(struct sl_held *h, const struct sl_tcp_side *side)
{
	uint32_t i = side->held_n < HELD_MOST ? block_take(h) : 0;
	if (!i && side->held_n < HELD_MOST && make_room(h, side))
		i = block_take(h);
	return i;
}

/* --- putting --- */

/* Puts bytes that no block has yet between two blocks, in as many blocks as they need. False: full. */
static bool put_run(struct sl_held *h, struct sl_tcp_side *side, uint32_t **link,
		    const struct sl_held_piece *of, uint32_t seq, struct sl_span run)
{
	while (run.len) {
		uint32_t i = block_for(h, side);
		if (!i)
			return false;
		struct sl_held_block *b = &h->blocks[i];
		b->len = (uint16_t)(run.len < SL_HELD_BLOCK ? run.len : SL_HELD_BLOCK);
		b->seq = seq;
		b->urgent = of->urgent;
		b->since = of->now_s;
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
static void compare(struct sl_held *h, const struct sl_held_block *b, uint32_t seq, const uint8_t *again,
		    size_t n)
{
	sl_count_add(h->counters, SL_COUNT_STREAM_REPEATED, n);
	if (memcmp(b->bytes + (seq - b->seq), again, n) != 0)
		sl_count_add(h->counters, SL_COUNT_STREAM_CONFLICTS, n);
}

/* Keeps the parts of a segment that lie in no block so far: the first copy wins. */
static bool put(struct sl_held *h, struct sl_tcp_side *side, const struct sl_held_piece *piece)
{
	uint32_t *link = &side->held, seq = piece->seq;
	struct sl_span bytes = piece->bytes;
	while (bytes.len) {
		struct sl_held_block *b = *link ? &h->blocks[*link] : NULL;
		size_t room = b ? (sl_seq_after(b->seq, seq) > 0 ? b->seq - seq : 0) : bytes.len;
		size_t run = room < bytes.len ? room : bytes.len;
		if (run && !put_run(h, side, &link, piece, seq, sl_span_of(bytes.at, run)))
			return false;
		seq += (uint32_t)run;
		bytes = sl_span_of(bytes.at + run, bytes.len - run);
		if (!b || !bytes.len)
			break;
		int32_t covered = sl_seq_after(b->seq + b->len, seq);
		size_t step = covered <= 0 ? 0 : (size_t)covered < bytes.len ? (size_t)covered : bytes.len;
		if (step)
			compare(h, b, seq, bytes.at, step);
		seq += (uint32_t)step;
		bytes = sl_span_of(bytes.at + step, bytes.len - step);
		link = &b->next;
	}
	return true;
}

bool sl_held_put(struct sl_held *h, struct sl_flow *f, unsigned s, const struct sl_held_piece *piece)
{
	bool all = put(h, &f->side[s], piece);
	if (all)
		hoard_note(h, f, s);
	return all;
}

/* --- taking --- */

const struct sl_held_block *sl_held_first(const struct sl_held *h, const struct sl_tcp_side *side)
{
	return side->held ? &h->blocks[side->held] : NULL;
}

uint32_t sl_held_take(struct sl_held *h, struct sl_tcp_side *side)
{
	uint32_t i = side->held;
	side->held = h->blocks[i].next;
	side->held_n--;
	return i;
}
