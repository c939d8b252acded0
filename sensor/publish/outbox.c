/* Outbox: a byte ring with one writing and one reading thread, without locks.
 *
 * Records lie whole in the ring: where one would cross its end, a PAD record fills the rest. Sizes
 * are multiples of 32, so a PAD's header always has room. `head` belongs to the worker and `tail`
 * to the publisher; each keeps a copy of the other's and looks again only when it seems to be
 * stuck.
 *
 * Sleeping needs a store before a load on both sides (say "I sleep", look again; put, look whether
 * somebody sleeps): all of these are sequentially consistent, and either side sees the other. */
#include "outbox.h"
#include "publish.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sensor/detect/match.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { ALIGN = 32, LINE = 64 };
static_assert(sizeof(struct sl_outbox_record) <= ALIGN, "a PAD fits wherever the ring ends");

struct sl_outbox {
	uint8_t *ring;
	uint64_t room;
	struct sl_bell *bell;
	int room_fd; /* an eventfd: the worker waits here for room */
	bool lossless;
	_Atomic bool closed;

	alignas(LINE) _Atomic uint64_t head; /* the worker's */
	_Atomic uint64_t reached;
	_Atomic uint64_t matches_put;
	_Atomic bool waits;
	uint64_t tail_seen;

	alignas(LINE) _Atomic uint64_t tail; /* the publisher's */
	_Atomic uint64_t matches_taken;
	uint64_t head_seen;
};

/* --- the bell --- */

int sl_bell_init(struct sl_bell *b, struct sl_err *err)
{
	atomic_init(&b->state, SL_BELL_AWAKE);
	atomic_init(&b->wanted, 0);
	b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->fd < 0)
		return sl_fail(err, SL_EFAIL, "eventfd: %s", strerror(errno));
	return SL_OK;
}

void sl_bell_fini(struct sl_bell *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

static void fd_signal(int fd)
{
	uint64_t one = 1;
	while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void sl_bell_ring(struct sl_bell *b)
{
	int saved = errno;
	atomic_store(&b->state, SL_BELL_AWAKE);
	fd_signal(b->fd);
	errno = saved;
}

void sl_bell_wait(struct sl_bell *b, int timeout_ms)
{
	struct pollfd wait = { .fd = b->fd, .events = POLLIN };
	uint64_t count;

	poll(&wait, 1, timeout_ms);
	atomic_store(&b->state, SL_BELL_AWAKE);
	while (read(b->fd, &count, sizeof count) < 0 && errno == EINTR)
		;
}

/* A worker did something: is the publisher asleep, and does it want to know? */
static void bell_touch(struct sl_bell *b, uint64_t packet, bool record)
{
	int state = atomic_load(&b->state);
	if (state == SL_BELL_AWAKE)
		return;
	if (state == SL_BELL_IDLE ? record : packet >= atomic_load(&b->wanted))
		if (atomic_exchange(&b->state, SL_BELL_AWAKE) != SL_BELL_AWAKE)
			fd_signal(b->fd);
}

/* --- life --- */

int sl_outbox_new(struct sl_outbox **out, size_t room, bool lossless, struct sl_bell *bell,
		  struct sl_err *err)
{
	assert(room >= 2 * ALIGN && (room & (room - 1)) == 0);
	struct sl_outbox *o = aligned_alloc(LINE, sizeof *o);
	if (!o)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	memset(o, 0, sizeof *o);
	o->room = room;
	o->bell = bell;
	o->lossless = lossless;
	o->ring = aligned_alloc(LINE, room);
	o->room_fd = eventfd(0, EFD_CLOEXEC);
	if (!o->ring || o->room_fd < 0) {
		sl_outbox_free(o);
		return sl_fail(err, SL_ENOMEM, "out of memory or file descriptors");
	}
	*out = o;
	return SL_OK;
}

void sl_outbox_free(struct sl_outbox *o)
{
	if (!o)
		return;
	if (o->room_fd >= 0)
		close(o->room_fd);
	free(o->ring);
	free(o);
}

/* --- the worker's side --- */

static bool has_room(struct sl_outbox *o, uint64_t head, uint64_t need)
{
	if (o->room - (head - o->tail_seen) >= need)
		return true;
	o->tail_seen = atomic_load(&o->tail);
	return o->room - (head - o->tail_seen) >= need;
}

static bool wait_for_room(struct sl_outbox *o, uint64_t head, uint64_t need)
{
	uint64_t count;

	while (!has_room(o, head, need)) {
		if (!o->lossless)
			return false;
		atomic_store(&o->waits, true);
		if (has_room(o, head, need)) {
			atomic_store(&o->waits, false);
			break;
		}
		bell_touch(o->bell, UINT64_MAX, true);
		if (read(o->room_fd, &count, sizeof count) < 0 && errno != EINTR)
			return false;
	}
	return true;
}

struct part {
	const void *at;
	size_t len;
};

static bool put(struct sl_outbox *o, enum sl_record_kind kind, uint64_t packet,
		const struct part *part, size_t parts)
{
	size_t len = 0;
	for (size_t i = 0; i < parts; i++)
		len += part[i].len;
	if (len > o->room / 2 - ALIGN) /* it would never fit behind a PAD */
		return false;

	uint64_t size =
		(sizeof(struct sl_outbox_record) + len + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
	uint64_t head = atomic_load_explicit(&o->head, memory_order_relaxed);
	uint64_t to_end = o->room - (head & (o->room - 1));
	uint64_t pad = to_end < size ? to_end : 0;

	if (!wait_for_room(o, head, size + pad))
		return false;
	if (pad) {
		struct sl_outbox_record filler = { .size = (uint32_t)pad, .kind = SL_RECORD_PAD };
		memcpy(o->ring + (head & (o->room - 1)), &filler, sizeof filler);
		head += pad;
	}
	struct sl_outbox_record r = { (uint32_t)size, (uint32_t)len, packet, (uint32_t)kind, 0 };
	uint8_t *at = o->ring + (head & (o->room - 1));
	memcpy(at, &r, sizeof r);
	at += sizeof r;
	for (size_t i = 0; i < parts; i++) {
		if (part[i].len)
			memcpy(at, part[i].at, part[i].len);
		at += part[i].len;
	}
	atomic_store(&o->head, head + size);
	bell_touch(o->bell, packet, true);
	return true;
}

bool sl_outbox_match(struct sl_outbox *o, const struct sl_match *m, const void *tail,
		     size_t tail_len)
{
	assert(tail_len == (size_t)m->value_len + m->around_len + m->fields_len);
	struct part part[] = { { m, sizeof *m }, { tail, tail_len } };
	uint64_t before = atomic_load_explicit(&o->matches_put, memory_order_relaxed);

	if (!put(o, SL_RECORD_MATCH, m->packet, part, 2))
		return false;
	atomic_store_explicit(&o->matches_put, before + 1, memory_order_relaxed);
	return true;
}

bool sl_outbox_line(struct sl_outbox *o, uint64_t packet, const char *line, size_t len)
{
	struct part part = { line, len };
	return put(o, SL_RECORD_LINE, packet, &part, 1);
}

void sl_outbox_reached(struct sl_outbox *o, uint64_t packet)
{
	atomic_store(&o->reached, packet);
	bell_touch(o->bell, packet, false);
}

void sl_outbox_close(struct sl_outbox *o)
{
	atomic_store(&o->closed, true);
	bell_touch(o->bell, UINT64_MAX, true);
}

/* --- the publisher's side --- */

const struct sl_outbox_record *sl_outbox_peek(struct sl_outbox *o)
{
	for (;;) {
		uint64_t tail = atomic_load_explicit(&o->tail, memory_order_relaxed);
		if (o->head_seen == tail)
			o->head_seen = atomic_load(&o->head);
		if (o->head_seen == tail)
			return NULL;
		const void *at = o->ring + (tail & (o->room - 1));
		const struct sl_outbox_record *r = at;
		if (r->kind != SL_RECORD_PAD)
			return r;
		atomic_store(&o->tail, tail + r->size);
	}
}

void sl_outbox_drop(struct sl_outbox *o)
{
	uint64_t tail = atomic_load_explicit(&o->tail, memory_order_relaxed);
	const void *at = o->ring + (tail & (o->room - 1));
	const struct sl_outbox_record *r = at;

	if (r->kind == SL_RECORD_MATCH)
		atomic_store_explicit(
			&o->matches_taken,
			atomic_load_explicit(&o->matches_taken, memory_order_relaxed) + 1,
			memory_order_relaxed);
	tail += r->size;
	atomic_store(&o->tail, tail);
	if (!atomic_load(&o->waits))
		return;
	/* The worker is woken when most of the ring is free, not for each record. */
	uint64_t used = atomic_load(&o->head) - tail;
	if (used <= o->room / 4 && atomic_exchange(&o->waits, false))
		fd_signal(o->room_fd);
}

uint64_t sl_outbox_bound(struct sl_outbox *o, bool *has, bool *ended)
{
	/* Looked at before the ring: what was said to be put is then seen there. */
	bool closed = atomic_load(&o->closed);
	uint64_t reached = atomic_load(&o->reached);
	const struct sl_outbox_record *r = sl_outbox_peek(o);

	*has = r != NULL;
	*ended = !r && closed;
	if (r)
		return r->packet;
	return reached == UINT64_MAX ? reached : reached + 1;
}

uint64_t sl_outbox_matches(const struct sl_outbox *o)
{
	uint64_t taken = atomic_load_explicit(&o->matches_taken, memory_order_relaxed);
	uint64_t given = atomic_load_explicit(&o->matches_put, memory_order_relaxed);
	return given > taken ? given - taken : 0;
}
