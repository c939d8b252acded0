/* A worker: the whole path of a packet, run to completion in one thread. Workers share nothing that
 * changes but counters. */
#ifndef SELAT_SENSOR_WORKER_H
#define SELAT_SENSOR_WORKER_H

#include <selat/counter.h>
#include <selat/err.h>
#include <sensor/batch.h>
#include <sensor/config.h>

struct sl_worker;
struct sl_outbox;
struct sl_loaded_ruleset;

struct sl_worker_config {
	const struct sl_sensor_config *sensor;
	struct sl_loaded_ruleset *loaded; /* NULL when dumping */
	struct sl_outbox *outbox;
	unsigned workers; /* in all: each takes its share of the memory */
};

int sl_worker_new(struct sl_worker **out, const struct sl_worker_config *config, struct sl_err *err);
void sl_worker_free(struct sl_worker *w); /* NULL is fine */

struct sl_counters *sl_worker_counters(struct sl_worker *w);

/* Decodes the batch's frames: for a worker that reads for itself. */
void sl_worker_decode(struct sl_worker *w, struct sl_batch *batch);

/* Takes a batch of decoded packets all the way. Afterwards the batch may be reused. */
void sl_worker_batch(struct sl_worker *w, const struct sl_batch *batch);

/* Looks for what this ruleset says from now on; between batches. On failure the one before stays. */
int sl_worker_swap(struct sl_worker *w, struct sl_loaded_ruleset *loaded, struct sl_err *err);

/* Live, without traffic: lets time pass. */
void sl_worker_idle(struct sl_worker *w, uint64_t now);

/* The input ended: ends all flows, closes the outbox. */
void sl_worker_end(struct sl_worker *w);

#endif
