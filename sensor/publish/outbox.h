/* The outbox from the publisher's side: a ring of records that one worker writes and one publisher
 * reads, and the bell that wakes the publisher. */
#ifndef SELAT_SENSOR_PUBLISH_OUTBOX_H
#define SELAT_SENSOR_PUBLISH_OUTBOX_H

#include <selat/err.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_outbox;

/* Wakes the publisher. Workers ring it only while it said that it sleeps. */
enum sl_bell_state { SL_BELL_AWAKE, SL_BELL_IDLE, SL_BELL_BLOCKED };

struct sl_bell {
	int fd;                  /* an eventfd */
	_Atomic int state;       /* enum sl_bell_state */
	_Atomic uint64_t wanted; /* BLOCKED: the packet number that somebody must reach */
};

int sl_bell_init(struct sl_bell *b, struct sl_err *err);
void sl_bell_fini(struct sl_bell *b);
void sl_bell_ring(struct sl_bell *b); /* any thread; safe in a signal handler */

/* Sleeps until it rings, at most timeout_ms (-1: no limit). */
void sl_bell_wait(struct sl_bell *b, int timeout_ms);

enum sl_record_kind { SL_RECORD_PAD, SL_RECORD_MATCH, SL_RECORD_LINE };

struct sl_outbox_record { /* then len bytes */
	uint32_t size;    /* in the ring: header, bytes and padding */
	uint32_t len;
	uint64_t packet;
	uint32_t kind; /* enum sl_record_kind */
	uint32_t unused;
};

/* room: bytes, a power of two. With `lossless` a put waits for room. */
int sl_outbox_new(struct sl_outbox **out, size_t room, bool lossless, struct sl_bell *bell,
		  struct sl_err *err);
void sl_outbox_free(struct sl_outbox *o); /* NULL is fine */

/* The oldest record, borrowed until it is dropped; NULL if there is none. */
const struct sl_outbox_record *sl_outbox_peek(struct sl_outbox *o);
void sl_outbox_drop(struct sl_outbox *o);

/* No record that is still to come has a lower number: the oldest record's, or one more than what
 * the worker reached. *has: there is a record; *ended: closed and empty. */
uint64_t sl_outbox_bound(struct sl_outbox *o, bool *has, bool *ended);

/* Match records that were put and not yet dropped: for messages. */
uint64_t sl_outbox_matches(const struct sl_outbox *o);

#endif
