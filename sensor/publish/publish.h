/* publish: the last stage. One thread takes the workers' records from their outboxes, puts them in
 * order, and writes them: alerts to a file or to the journal and from there to Kafka, dump lines to
 * the output.
 *
 * Life: new, then start, then workers put; each worker closes its outbox at its end; finish waits
 * for the rest, drains, and gives the sums. Each outbox has one writing thread. */
#ifndef SELAT_SENSOR_PUBLISH_PUBLISH_H
#define SELAT_SENSOR_PUBLISH_PUBLISH_H

#include <selat/counter.h>
#include <selat/err.h>
#include <selat/options.h>
#include <stdbool.h>
#include <stddef.h>

struct sl_loaded_ruleset;

struct sl_publish_config { /* strings and maps are borrowed until sl_publisher_free */
	const char *sensor_id, *country;
	const char
		*output;  /* alerts as JSON Lines to this file; "-" is stdout; NULL: the journal */
	const char *dump; /* dump lines to this file; "-" is stdout; NULL: there are none */
	const char *journal;  /* directory; NULL with `output` or `dump` */
	uint64_t journal_max; /* bytes */
	const struct sl_map *kafka, *routes;
	const char *allow; /* the site's exceptions: a file; NULL: none */
	uint64_t window_s; /* repeats within so long are one alert and a summary; 0: each is one */
	uint32_t windows, thresholds; /* entries of these tables; 0: 16384, 65536 */
	uint64_t rate;     /* alerts a second an indicator; 0: no limit */
	uint16_t community_seed;
	bool retro; /* alerts come from files: order by packet, mark them */
	size_t workers;
	void (*release)(struct sl_loaded_ruleset *); /* drops a match record's reference */
};

struct sl_publisher;

enum { SL_OUTBOX_ROOM = 1024 * 1024, SL_OUTBOX_LINE_MAX = SL_OUTBOX_ROOM / 2 - 64 }; /* bytes */

/* Everything about the configuration that can be checked without touching anything: for
 * --check-config; sl_publisher_new does it too. */
int sl_publish_check(const struct sl_publish_config *config, struct sl_err *err);

int sl_publisher_new(struct sl_publisher **out, const struct sl_publish_config *config,
		     struct sl_err *err);
int sl_publisher_start(struct sl_publisher *p, struct sl_err *err);

/* --- the worker's side --- */
struct sl_outbox;
struct sl_outbox *sl_publisher_outbox(struct sl_publisher *p, size_t worker);

/* A match record (match.h) or a dump line (without its newline) with its packet's number. In replay
 * they wait for room, so nothing is lost; live they return false when the outbox is full: the
 * caller counts it and keeps the record's reference. A line longer than SL_OUTBOX_LINE_MAX is
 * refused too. Numbers put into one outbox never fall. */
struct sl_match;
bool sl_outbox_match(struct sl_outbox *o, const struct sl_match *m, const void *tail,
		     size_t tail_len);
bool sl_outbox_line(struct sl_outbox *o, uint64_t packet, const char *line, size_t len);

/* Everything this worker has to say about packets up to this number has been put. In replay the
 * others' records wait for this: call it after each batch, and while there is no work with the last
 * number that was handed to any worker, or a worker without packets holds up those with some. */
void sl_outbox_reached(struct sl_outbox *o, uint64_t packet);
void sl_outbox_close(struct sl_outbox *o);

/* --- the end --- */

/* The run is to end soon (a signal came). Workers may be waiting for room because the journal's
 * disk is full: it is tried for within_ms more, then alerts are given up, counted, and said by
 * finish. Call it before the workers are joined. Any thread. */
void sl_publisher_hurry(struct sl_publisher *p, int within_ms);

/* Waits until every outbox is closed and empty and all is written; then gives Kafka at most
 * drain_ms. What is not delivered by then stays in the journal, and is said. A journal whose disk
 * is full is tried for drain_ms more, then its alerts are given up, counted and said. Fails if the
 * output or the journal did. Without a start before it, there is nothing to do. */
int sl_publisher_finish(struct sl_publisher *p, int drain_ms, struct sl_err *err);
void sl_publisher_free(struct sl_publisher *p); /* NULL is fine */

/* Nothing more can be written: the output failed, or the reader of stdout left. The run may end
 * early; records are still taken and thrown away. Any thread. */
bool sl_publisher_ended(const struct sl_publisher *p);

/* The publisher's own counters: any thread reads. */
const struct sl_counters *sl_publisher_counters(const struct sl_publisher *p);

/* Every outbox is closed and empty, and all is written. Any thread. */
bool sl_publisher_drained(const struct sl_publisher *p);

/* The address of the embedded broker, or NULL. */
const char *sl_publisher_broker(const struct sl_publisher *p);

/* Reopen the output files (SIGHUP). Safe in any thread, and in a signal handler. */
void sl_publisher_reopen(struct sl_publisher *p);

/* From now on these exceptions count, which become the publisher's own. Any thread. */
struct sl_allow;
void sl_publisher_allow(struct sl_publisher *p, struct sl_allow *allow);

/* Logs what the exceptions silenced (SIGUSR1). Any thread. */
void sl_publisher_tell(struct sl_publisher *p);

#endif
