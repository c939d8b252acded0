/* Hands decoded packets to workers through rings of batches: one writer, one reader each, two
 * semaphores a batch and no lock a packet.
 *
 * Every worker gets a batch each time one is full, also an empty one: its `reached` says that nothing
 * of this worker is still on its way, on which the publisher's order depends. */
#include <semaphore.h>
#include <sensor/capture/capture.h>
#include <sensor/decode/decode.h>
#include <sensor/decode/unpack.h>
#include <sensor/reader.h>
#include <stdlib.h>

enum { RING = 8 };

struct ring {
	struct sl_batch *batch[RING];
	sem_t full, empty;
	bool last[RING];    /* no batch in this place: the end */
	unsigned put, take; /* the reader's, the worker's */
};

struct sl_reader {
	struct sl_source *source;
	bool checksums, carriers;
	unsigned workers;
	struct sl_frames *in;
	struct sl_defrag *defrag;
	struct sl_counters *counters;
	struct ring *ring;
	struct sl_packet packet[SL_BATCH_PACKETS]; /* of the frame at hand */
	uint8_t joined[SL_BATCH_PACKETS][SL_DATAGRAM_MAX];
};

int sl_reader_new(struct sl_reader **out, const struct sl_reader_config *c, struct sl_err *err)
{
	unsigned workers = c->workers;
	struct sl_reader *r = calloc(1, sizeof *r);
	bool ok = r && (r->in = malloc(sizeof *r->in)) && (r->ring = calloc(workers, sizeof *r->ring));
	if (ok) {
		r->source = c->source;
		r->checksums = c->checksums;
		r->carriers = c->carriers;
		r->workers = workers;
		r->counters = c->counters;
	}
	for (unsigned w = 0; ok && w < workers; w++) {
		struct ring *ring = &r->ring[w];
		sem_init(&ring->full, 0, 0);
		sem_init(&ring->empty, 0, RING);
		for (unsigned i = 0; ok && i < RING; i++)
			ok = (ring->batch[i] = malloc(sizeof *ring->batch[i])) != NULL;
	}
	if (!ok) {
		sl_reader_free(r);
		return sl_fail(err, SL_ENOMEM, "reader: out of memory");
	}
	int rc = sl_defrag_new(&r->defrag, c->fragment_bytes, c->counters, err);
	if (rc != SL_OK) {
		sl_reader_free(r);
		return rc;
	}
	*out = r;
	return SL_OK;
}

void sl_reader_free(struct sl_reader *r)
{
	if (!r)
		return;
	for (unsigned w = 0; r->ring && w < r->workers; w++)
		for (unsigned i = 0; i < RING; i++)
			free(r->ring[w].batch[i]);
	sl_defrag_free(r->defrag);
	free(r->ring);
	free(r->in);
	free(r);
}

static void wait_for(sem_t *s)
{
	while (sem_wait(s) != 0)
		; /* interrupted by a signal */
}

/* --- the reader's thread --- */

static struct sl_batch *open_batch(struct ring *ring)
{
	wait_for(&ring->empty);
	struct sl_batch *b = ring->batch[ring->put % RING];
	b->frames.n = 0;
	b->frames.used = 0;
	b->n = b->joined_n = 0;
	b->frames.interface = NULL;
	b->frames.pressed = false; /* files wait */
	return b;
}

static bool is_within(struct sl_span a, const struct sl_frame *frame)
{
	uintptr_t at = (uintptr_t)a.at, begin = (uintptr_t)frame->at;
	return at >= begin && at + a.len <= begin + frame->caplen;
}

/* A copy of the frame in the worker's batch. One is enough for several packets. */
static const uint8_t *copy_frame(struct sl_frames *to, const struct sl_frame *frame)
{
	if (to->n && to->frame[to->n - 1].number == frame->number)
		return to->frame[to->n - 1].at;
	uint8_t *at = to->store + to->used;
	memcpy(at, frame->at, frame->caplen);
	to->frame[to->n] = *frame;
	to->frame[to->n++].at = at;
	to->used += (frame->caplen + 7u) & ~7u;
	return at;
}

/* Copies a packet into the worker's batch; what it borrows moves along. */
static void copy(struct sl_batch *to, const struct sl_frame *frame, const struct sl_packet *packet)
{
	const uint8_t *at = copy_frame(&to->frames, frame);
	struct sl_packet *p = &to->packet[to->n++];
	*p = *packet;
	if (p->payload.at && is_within(p->payload, frame)) {
		p->payload.at = at + (p->payload.at - frame->at);
	} else if (p->payload.len) {
		uint8_t *whole = to->joined[to->joined_n++];
		memcpy(whole, p->payload.at, p->payload.len);
		p->payload.at = whole;
	} else {
		p->payload = sl_span_of(at, 0);
	}
	if (p->mac)
		p->mac = at + (p->mac - frame->at);
}

/* A frame's packets, each to its worker. `spare`: further packets that any worker still has room for. */
static size_t spread_frame(struct sl_reader *r, struct sl_batch **to, const struct sl_frame *frame,
			   size_t spare)
{
	struct sl_packets p = { .at = r->packet, .spare = spare, .carriers = r->carriers,
				.joined = r->joined, .joined_max = SL_BATCH_PACKETS };
	sl_unpack(r->defrag, frame, r->checksums, &p);
	for (size_t i = 0; i < p.n; i++)
		copy(to[sl_packet_pair_hash(&p.at[i]) % r->workers], frame, &p.at[i]);
	if (p.lost)
		sl_count_add(r->counters, SL_COUNT_FURTHER_LOST, p.lost);
	return p.spare;
}

/* One batch of the source becomes one batch a worker. A source's batch is never larger than a
 * worker's, so all of it fits. */
static void spread(struct sl_reader *r)
{
	struct sl_batch *to[r->workers];
	for (unsigned w = 0; w < r->workers; w++) {
		to[w] = open_batch(&r->ring[w]);
		to[w]->frames.observed = r->in->observed;
		to[w]->reached = r->in->frame[r->in->n - 1].number;
	}
	size_t spare = SL_BATCH_PACKETS - SL_BATCH;
	for (size_t i = 0; i < r->in->n; i++)
		spare = spread_frame(r, to, &r->in->frame[i], spare);
	for (unsigned w = 0; w < r->workers; w++) {
		r->ring[w].put++;
		sem_post(&r->ring[w].full);
	}
}

int sl_reader_run(struct sl_reader *r, const atomic_bool *stop, struct sl_err *err)
{
	int rc = SL_OK;
	while (rc == SL_OK && !atomic_load_explicit(stop, memory_order_relaxed)) {
		rc = sl_source_read(r->source, r->in, err);
		if (r->in->n)
			spread(r);
	}
	for (unsigned w = 0; w < r->workers; w++) {
		struct ring *ring = &r->ring[w];
		wait_for(&ring->empty);
		ring->last[ring->put % RING] = true;
		sem_post(&ring->full);
	}
	return rc == SL_SOURCE_END ? SL_OK : rc;
}

/* --- a worker's thread --- */

struct sl_batch *sl_reader_take(struct sl_reader *r, unsigned worker)
{
	struct ring *ring = &r->ring[worker];
	wait_for(&ring->full);
	unsigned at = ring->take++ % RING;
	return ring->last[at] ? NULL : ring->batch[at];
}

void sl_reader_give(struct sl_reader *r, unsigned worker, struct sl_batch *batch)
{
	(void)batch;
	sem_post(&r->ring[worker].empty);
}
