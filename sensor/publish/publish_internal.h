/* What the publisher's thread and its life-cycle share. */
#ifndef SELAT_SENSOR_PUBLISH_INTERNAL_H
#define SELAT_SENSOR_PUBLISH_INTERNAL_H

#include <pthread.h>
#include <selat/json.h>
#include <selat/log.h>
#include <sensor/publish/allow.h>
#include <sensor/publish/feed.h>
#include <sensor/publish/merge.h>
#include <sensor/publish/output.h>
#include <sensor/publish/publish.h>
#include <sensor/publish/repeat.h>
#include <sensor/publish/threshold.h>

/* Between start and finish all but the atomic fields belong to the thread. */
struct sl_publisher {
	struct sl_publish_config config;
	struct sl_counters counters;
	struct sl_bell bell;
	struct sl_outbox **outbox;
	struct sl_merge merge;
	struct sl_routes routes;
	struct sl_broker *broker;
	struct sl_output *output, *dump;
	struct sl_journal *journal;
	struct sl_feed *feed;
	char epoch[SL_EPOCH_TEXT];
	uint64_t seq; /* the next alert's, without a journal */

	struct sl_subjects subjects;
	struct sl_thresholds *thresholds;
	struct sl_repeats *repeats; /* NULL: each match is an alert of its own */
	struct sl_allow *allow;     /* NULL: there are no exceptions */

	struct sl_json json; /* the alert in hand */
	bool in_hand;        /* rendered, not yet in the journal */
	struct sl_journal_entry hand;
	uint64_t again_ms;
	uint64_t given_up; /* alerts that the journal could not take */
	struct sl_pace pace;
	bool said;             /* that the journal has no room, and not yet taken back */
	struct sl_err trouble; /* the journal's */

	pthread_t thread;
	bool started, joined;
	int drain_ms;                /* written before `finishing` */
	_Atomic uint64_t give_up_ms; /* when a full journal's alerts are given up; 0: never */
	_Atomic bool finishing, reopen, tell, ended, drained;
	_Atomic(struct sl_allow *) allow_next; /* takes the other's place */
};

/* The thread: arg is the publisher. */
void *sl_publisher_main(void *arg);

/* publish_match.c: takes the match at the head of this outbox. Nothing is in hand. */
void sl_publisher_take(struct sl_publisher *p, struct sl_outbox *from, const struct sl_match *m);

/* Publishes one summary of repeats that is due at that time; false: there is none. */
bool sl_publisher_settle(struct sl_publisher *p, uint64_t time);

/* Tries to write the alert in hand. False: it stays there. */
bool sl_publisher_write_hand(struct sl_publisher *p);

/* Brings the counters in line with what the outputs say. */
void sl_publisher_count(struct sl_publisher *p);

#endif
