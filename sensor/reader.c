/* Hands decoded packets to workers through rings of batches: one writer, one reader each, two
 * semaphores a batch and no lock a packet.
 *
 * Every worker gets a batch each time one is full, also an empty one: its `reached` says that nothing
 * of this worker is still on its way, on which the publisher's order depends. */
#include <semaphore.h>
#include <sensor/capture/capture.h>
#include <sensor/decode/decode.h>
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
	bool checksums;
	unsigned workers;
	struct sl_frames *in;
	struct sl_defrag *defrag;
	uint8_t joined[SL_DATAGRAM_MAX];
	struct ring *ring;
};

int sl_reader_new(struct sl_reader **out, const struct sl_reader_config *c, struct sl_err *err)
{
	unsigned workers = c->workers;
	struct sl_reader *r = calloc(1, sizeof *r);
	bool ok = r && (r->in = malloc(sizeof *r->in)) && (r->ring = calloc(workers, sizeof *r->ring));
	if (ok) {
		r->source = c->source;
		r->checksums = c->checksums;
		r->workers = workers;
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
	b->joined_n = 0;
	b->frames.interface = NULL;
	return b;
}

/* Copies a frame into the worker's batch; what the packet borrows moves along. */
static void copy(struct sl_batch *to, const struct sl_frame *frame, const struct sl_packet *packet,
		 const uint8_t *joined)
{
	size_t i = to->frames.n++;
	uint8_t *at = to->frames.store + to->frames.used;
	memcpy(at, frame->at, frame->caplen);
	to->frames.frame[i] = *frame;
	to->frames.frame[i].at = at;
	to->packet[i] = *packet;
	if (joined && packet->payload.len) {
		uint8_t *whole = to->joined[to->joined_n++];
		memcpy(whole, packet->payload.at, packet->payload.len);
		to->packet[i].payload.at = whole;
	} else if (packet->payload.at && !joined) {
		to->packet[i].payload.at = at + (packet->payload.at - frame->at);
	}
	if (packet->mac)
		to->packet[i].mac = at + (packet->mac - frame->at);
	to->frames.used += (frame->caplen + 7u) & ~7u;
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
	for (size_t i = 0; i < r->in->n; i++) {
		struct sl_packet packet;
		sl_decode(&r->in->frame[i], r->checksums, &packet);
		bool joined = packet.verdict == SL_VERDICT_FRAGMENT &&
			      sl_defrag_packet(r->defrag, &packet, r->checksums, r->joined);
		copy(to[sl_packet_pair_hash(&packet) % r->workers], &r->in->frame[i], &packet,
		     joined ? r->joined : NULL);
	}
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
