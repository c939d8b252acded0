/* The threads of a run: a lane takes packets, from a source of its own or from the reader, all the way.
 * Threads say through an eventfd that they ended. */
#include <selat/log.h>
#include <selat/time.h>
#include <sched.h>
#include <sensor/capture/capture.h>
#include <sensor/detect/loaded.h>
#include <sensor/reader.h>
#include <sensor/reload.h>
#include <sensor/run_internal.h>
#include <sensor/worker.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REST_MS = 1000, REST_PAUSE_MS = 20, REST_LOOKS = 4 };

void sl_run_stop(struct sl_run *r)
{
	uint64_t one = 1;
	atomic_store(&r->stop, true);
	if (write(r->wake_fd, &one, sizeof one) < 0)
		abort(); /* an eventfd that never fills up */
}

/* Between batches: a new ruleset is taken up. */
static void follow_ruleset(struct sl_lane *l)
{
	struct sl_reload *reload = l->run->reload;
	struct sl_loaded_ruleset *next = reload ? sl_reload_next(reload, l->index) : NULL;
	struct sl_err err = { "" };
	if (!next)
		return;
	if (sl_worker_swap(l->worker, next, &err) != SL_OK)
		sl_log(SL_ERROR, "ruleset", "worker %u: %s; it looks for what the ruleset before says",
		       l->index, err.text);
	sl_loaded_release(next);
	sl_reload_taken(reload, l->index);
}

/* A batch from the lane's own source, all the way. False: nothing came. */
static bool take_batch(struct sl_lane *l, struct sl_batch *batch)
{
	l->rc = sl_source_read(l->source, &batch->frames, &l->err);
	follow_ruleset(l);
	if (!batch->frames.n)
		return false;
	sl_worker_decode(l->worker, batch);
	sl_worker_batch(l->worker, batch);
	return true;
}

/* The end of a live capture: what the ring has so far is still taken, for a bounded time. The kernel
 * hands a block over when it is full or old enough, so one look is not enough. */
static void take_rest(struct sl_lane *l, struct sl_batch *batch)
{
	const struct timespec pause = { .tv_nsec = REST_PAUSE_MS * 1000000 };
	uint64_t end_ms = sl_time_mono_ms() + REST_MS;
	for (unsigned quiet = 0; quiet < REST_LOOKS && l->rc == SL_OK && sl_time_mono_ms() < end_ms;) {
		if (take_batch(l, batch)) {
			quiet = 0;
		} else {
			quiet++;
			nanosleep(&pause, NULL);
		}
	}
	sl_source_settle(l->source);
}

static void lane_from_source(struct sl_lane *l)
{
	struct sl_run *r = l->run;
	struct sl_batch *batch = malloc(sizeof *batch);
	l->rc = batch ? SL_OK : sl_fail(&l->err, SL_ENOMEM, "worker: out of memory");
	while (l->rc == SL_OK && !atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		if (!take_batch(l, batch) && l->rc == SL_OK)
			sl_worker_idle(l->worker, sl_time_now());
	}
	if (batch && r->config->live)
		take_rest(l, batch);
	if (l->rc == SL_SOURCE_END)
		l->rc = SL_OK;
	free(batch);
}

static void lane_from_reader(struct sl_lane *l)
{
	struct sl_batch *batch;
	while ((batch = sl_reader_take(l->run->reader, l->index))) {
		follow_ruleset(l);
		sl_worker_batch(l->worker, batch);
		sl_reader_give(l->run->reader, l->index, batch);
	}
}

static void thread_done(struct sl_run *r)
{
	uint64_t one = 1;
	if (atomic_fetch_sub(&r->running, 1) == 1 && write(r->done_fd, &one, sizeof one) < 0)
		abort();
}

/* Binds the thread to a processor of capture.cpus, in turn. */
static void bind_lane(const struct sl_lane *l)
{
	const struct sl_list *cpus = &l->run->config->cpus;
	cpu_set_t set;
	if (!cpus->n)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)strtoul(cpus->item[l->index % cpus->n], NULL, 10) % CPU_SETSIZE, &set);
	int rc = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
	if (rc != 0)
		sl_log(SL_WARN, "run", "worker %u cannot be bound to processor %s: %s", l->index,
		       cpus->item[l->index % cpus->n], strerror(rc));
}

void *sl_run_lane(void *arg)
{
	struct sl_lane *l = arg;
	bind_lane(l);
	if (l->source)
		lane_from_source(l);
	else
		lane_from_reader(l);
	if (l->rc < 0) { /* what it reads would go unseen: say so now, and end the run */
		sl_log(SL_ERROR, "run", "%s", l->err.text);
		sl_run_stop(l->run);
	}
	sl_worker_end(l->worker);
	thread_done(l->run);
	return NULL;
}

void *sl_run_reader(void *arg)
{
	struct sl_run *r = arg;
	r->reader_rc = sl_reader_run(r->reader, &r->stop, &r->reader_err);
	thread_done(r);
	return NULL;
}
