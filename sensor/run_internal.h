/* The inside of a run, shared by run.c (its course), run_build.c (its parts) and run_lane.c (its
 * threads): private to these. */
#ifndef SELAT_SENSOR_RUN_INTERNAL_H
#define SELAT_SENSOR_RUN_INTERNAL_H

#include <pthread.h>
#include <selat/counter.h>
#include <sensor/run.h>
#include <sensor/stats.h>
#include <stdatomic.h>

struct sl_publisher;
struct sl_reader;
struct sl_reload;
struct sl_source;
struct sl_worker;

/* A thread that takes packets: from a source of its own, or from the reader. */
struct sl_lane {
	struct sl_run *run;
	unsigned index;
	struct sl_worker *worker;
	struct sl_source *source; /* NULL: the reader's */
	pthread_t thread;
	bool started;
	int rc;
	struct sl_err err;
};

struct sl_run {
	const struct sl_sensor_config *config;
	struct sl_reload *reload; /* the ruleset; NULL when dumping */
	struct sl_publisher *publisher;
	struct sl_source *source; /* shared files */
	struct sl_counters source_counters;
	struct sl_reader *reader;
	pthread_t reader_thread;
	bool reader_started;
	int reader_rc;
	struct sl_err reader_err;
	struct sl_lane *lane;
	unsigned lanes;
	uint16_t *group; /* of each interface */
	atomic_bool stop;
	atomic_uint running;
	int wake_fd;   /* written once: sources return at once */
	int done_fd;   /* counts threads that ended */
	int signal_fd;
	uint64_t end_ms;
	const struct sl_counters **counters;
	struct sl_stats stats;
};

/* run_build.c: makes everything but the threads; takes it down again, half-built too, and says how the
 * reading went. */
int sl_run_build(struct sl_run *r, struct sl_err *err);
int sl_run_take_down(struct sl_run *r);

/* run_lane.c: the threads' bodies. */
void *sl_run_lane(void *lane);
void *sl_run_reader(void *run);
void sl_run_stop(struct sl_run *r); /* any thread */

#endif
