/* The reader: one thread that reads and decodes for several workers, when they share files. Each
 * packet goes to the worker that its innermost address pair chooses, so that everything of a flow,
 * and what belongs to it, meets in one worker. */
#ifndef SELAT_SENSOR_READER_H
#define SELAT_SENSOR_READER_H

#include <selat/err.h>
#include <sensor/batch.h>
#include <stdatomic.h>
#include <stdbool.h>

struct sl_source;
struct sl_reader;

struct sl_reader_config {
	struct sl_source *source;
	unsigned workers;
	bool checksums, carriers;
	uint64_t fragment_bytes;
	struct sl_counters *counters; /* of the reader's thread */
};

int sl_reader_new(struct sl_reader **out, const struct sl_reader_config *config, struct sl_err *err);
void sl_reader_free(struct sl_reader *r); /* NULL is fine */

/* The reader's thread: until the source ends, fails or *stop is set. Then tells every worker. */
int sl_reader_run(struct sl_reader *r, const atomic_bool *stop, struct sl_err *err);

/* A worker's thread: the next batch, waiting for it; NULL at the end. Give each back before the next. */
struct sl_batch *sl_reader_take(struct sl_reader *r, unsigned worker);
void sl_reader_give(struct sl_reader *r, unsigned worker, struct sl_batch *batch);

#endif
