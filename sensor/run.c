/* Threads: the main one waits for signals; each worker one; a reader, when workers share files; the
 * publisher. Workers say through an eventfd that they ended. Nothing here is on the packet path. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <selat/log.h>
#include <selat/time.h>
#include <sensor/capture/capture.h>
#include <sensor/decode/decode.h>
#include <sensor/detect/loaded.h>
#include <sensor/publish/publish.h>
#include <sensor/reader.h>
#include <sensor/run.h>
#include <sensor/stats.h>
#include <sensor/worker.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { DRAIN_MS = 10000, TICK_MS = 1000 };

/* A thread that takes packets: from a source of its own, or from the reader. */
struct lane {
	struct run *run;
	unsigned index;
	struct sl_worker *worker;
	struct sl_source *source; /* NULL: the reader's */
	pthread_t thread;
	bool started;
	int rc;
	struct sl_err err;
};

struct run {
	const struct sl_sensor_config *config;
	struct sl_loaded_ruleset *loaded;
	struct sl_publisher *publisher;
	struct sl_source *source; /* shared files */
	struct sl_counters source_counters;
	struct sl_reader *reader;
	pthread_t reader_thread;
	bool reader_started;
	int reader_rc;
	struct sl_err reader_err;
	struct lane *lane;
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

static void stop(struct run *r)
{
	uint64_t one = 1;
	atomic_store(&r->stop, true);
	if (write(r->wake_fd, &one, sizeof one) < 0)
		abort(); /* an eventfd that never fills up */
}

/* --- threads --- */

static void lane_from_source(struct lane *l)
{
	struct run *r = l->run;
	struct sl_batch *batch = malloc(sizeof *batch);
	l->rc = batch ? SL_OK : sl_fail(&l->err, SL_ENOMEM, "worker: out of memory");
	while (l->rc == SL_OK && !atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		l->rc = sl_source_read(l->source, &batch->frames, &l->err);
		if (batch->frames.n) {
			sl_worker_decode(l->worker, batch);
			sl_worker_batch(l->worker, batch);
		} else if (l->rc == SL_OK) {
			sl_worker_idle(l->worker, sl_time_now());
		}
	}
	if (l->rc == SL_SOURCE_END)
		l->rc = SL_OK;
	free(batch);
}

static void lane_from_reader(struct lane *l)
{
	struct sl_batch *batch;
	while ((batch = sl_reader_take(l->run->reader, l->index))) {
		sl_worker_batch(l->worker, batch);
		sl_reader_give(l->run->reader, l->index, batch);
	}
}

static void thread_done(struct run *r)
{
	uint64_t one = 1;
	if (atomic_fetch_sub(&r->running, 1) == 1 && write(r->done_fd, &one, sizeof one) < 0)
		abort();
}

/* Binds the thread to a processor of capture.cpus, in turn. */
static void bind_lane(const struct lane *l)
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

static void *lane_thread(void *arg)
{
	struct lane *l = arg;
	bind_lane(l);
	if (l->source)
		lane_from_source(l);
	else
		lane_from_reader(l);
	if (l->rc < 0) { /* what it reads would go unseen: say so now, and end the run */
		sl_log(SL_ERROR, "run", "%s", l->err.text);
		stop(l->run);
	}
	sl_worker_end(l->worker);
	thread_done(l->run);
	return NULL;
}

static void *reader_thread(void *arg)
{
	struct run *r = arg;
	r->reader_rc = sl_reader_run(r->reader, &r->stop, &r->reader_err);
	thread_done(r);
	return NULL;
}

/* --- building --- */

static int build_publisher(struct run *r, struct sl_err *err)
{
	const struct sl_sensor_config *c = r->config;
	bool here = c->output || c->dump;
	struct sl_publish_config p = {
		.sensor_id = c->id,
		.country = c->country,
		.output = c->output,
		.dump = c->dump ? "-" : NULL,
		.journal = here ? NULL : c->journal,
		.journal_max = c->journal_max,
		.kafka = &c->kafka,
		.routes = &c->routes,
		.retro = !c->live,
		.workers = r->lanes,
		.release = sl_loaded_release,
	};
	return sl_publisher_new(&r->publisher, &p, err);
}

static int build_source(struct run *r, struct lane *l, struct sl_err *err)
{
	const struct sl_sensor_config *c = r->config;
	if (!c->live)
		return SL_OK;
	unsigned workers = (unsigned)c->workers, interface = l->index / workers;
	struct sl_live_config live = {
		.interface = c->interfaces.item[interface],
		.workers = workers,
		.worker = l->index % workers,
		.group = &r->group[interface],
		.ring_bytes = c->ring_bytes,
		.promiscuous = c->promiscuous,
		.duplicates = c->duplicates,
		.filter = c->filter,
		.wake_fd = r->wake_fd,
	};
	return sl_source_live(&l->source, &live, sl_decode_knows, sl_worker_counters(l->worker), err);
}

static int build_lanes(struct run *r, struct sl_err *err)
{
	int rc = SL_OK;
	r->lane = calloc(r->lanes, sizeof *r->lane);
	r->group = calloc(r->config->interfaces.n + 1, sizeof *r->group);
	if (!r->lane || !r->group)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (unsigned i = 0; rc == SL_OK && i < r->lanes; i++) {
		struct lane *l = &r->lane[i];
		struct sl_worker_config worker = { .sensor = r->config, .loaded = r->loaded,
						   .outbox = sl_publisher_outbox(r->publisher, i),
						   .workers = r->lanes };
		l->run = r;
		l->index = i;
		rc = sl_worker_new(&l->worker, &worker, err);
		if (rc == SL_OK)
			rc = build_source(r, l, err);
	}
	return rc;
}

static int build_files(struct run *r, struct sl_err *err)
{
	if (r->config->live)
		return SL_OK;
	struct sl_file_config files = { .paths = &r->config->read, .filter = r->config->filter,
					.follow = r->config->follow, .pace = r->config->pace,
					.wake_fd = r->wake_fd };
	int rc = sl_source_files(&r->source, &files, sl_decode_knows, &r->source_counters, err);
	struct sl_reader_config reader = { .source = r->source, .workers = r->lanes,
					   .checksums = !r->config->no_checksums,
					   .fragment_bytes = r->config->fragment_bytes,
					   .counters = &r->source_counters };
	if (rc == SL_OK && r->lanes > 1)
		rc = sl_reader_new(&r->reader, &reader, err);
	else if (rc == SL_OK)
		r->lane[0].source = r->source;
	return rc;
}

static int build_stats(struct run *r, struct sl_err *err)
{
	r->counters = calloc(r->lanes + 2, sizeof *r->counters);
	if (!r->counters)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (unsigned i = 0; i < r->lanes; i++)
		r->counters[i] = sl_worker_counters(r->lane[i].worker);
	r->counters[r->lanes] = &r->source_counters;
	r->counters[r->lanes + 1] = sl_publisher_counters(r->publisher);
	r->stats = (struct sl_stats){ .sensor = r->config->id, .workers = r->lanes, .set = r->counters,
				      .sets = r->lanes + 2 };
	return SL_OK;
}

static int build_signals(struct run *r, struct sl_err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* all threads begin with it blocked */
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	r->wake_fd = eventfd(0, EFD_CLOEXEC);
	r->done_fd = eventfd(0, EFD_CLOEXEC);
	if (r->signal_fd < 0 || r->wake_fd < 0 || r->done_fd < 0)
		return sl_fail(err, SL_EFAIL, "cannot wait for signals: %s", strerror(errno));
	return SL_OK;
}

static int build(struct run *r, struct sl_err *err)
{
	const struct sl_sensor_config *c = r->config;
	r->lanes = (unsigned)(c->live ? c->workers * c->interfaces.n : c->workers);
	r->signal_fd = r->wake_fd = r->done_fd = -1;
	int rc = build_signals(r, err);
	if (rc == SL_OK && !c->dump)
		rc = sl_loaded_open(&r->loaded, c->ruleset, err);
	if (rc == SL_OK)
		rc = build_publisher(r, err);
	if (rc == SL_OK)
		rc = build_lanes(r, err);
	if (rc == SL_OK)
		rc = build_files(r, err);
	if (rc == SL_OK)
		rc = build_stats(r, err);
	return rc;
}

/* --- running --- */

static void announce(const struct run *r)
{
	for (size_t i = 0; r->config->live && i < r->config->interfaces.n; i++)
		sl_log(SL_INFO, "capture", "%s: capturing, workers %llu", r->config->interfaces.item[i],
		       (unsigned long long)r->config->workers);
}

static int start(struct run *r, struct sl_err *err)
{
	int rc = sl_publisher_start(r->publisher, err);
	if (rc != SL_OK)
		return rc;
	announce(r);
	atomic_store(&r->running, r->lanes + (r->reader ? 1 : 0));
	if (r->reader) { /* first: without it workers would wait for ever */
		rc = pthread_create(&r->reader_thread, NULL, reader_thread, r);
		if (rc != 0)
			return sl_fail(err, SL_EFAIL, "cannot start the reader's thread: %s", strerror(rc));
		r->reader_started = true;
	}
	for (unsigned i = 0; i < r->lanes; i++) {
		struct lane *l = &r->lane[i];
		rc = pthread_create(&l->thread, NULL, lane_thread, l);
		if (rc != 0) {
			fprintf(stderr, "selat-sensor: cannot start a worker's thread: %s\n", strerror(rc));
			_exit(1); /* the threads that run cannot end without the one that is missing */
		}
		l->started = true;
	}
	return SL_OK;
}

/* Since the first packet came, over all sources. */
static double seconds(const struct run *r)
{
	uint64_t first = 0, end = r->end_ms ? r->end_ms : sl_time_mono_ms();
	for (unsigned i = 0; i < r->lanes; i++) {
		const struct sl_source *s = r->source ? r->source : r->lane[i].source;
		uint64_t begun = sl_source_begun_ms(s);
		if (begun && (!first || begun < first))
			first = begun;
	}
	return first && end > first ? (double)(end - first) / 1000 : 0;
}

static int tell(struct run *r, const char *path)
{
	struct sl_err err = { "" };
	r->stats.seconds = seconds(r);
	int rc = sl_stats_write(&r->stats, path, &err);
	if (rc != SL_OK)
		sl_log(SL_ERROR, "stats", "%s", err.text);
	return rc;
}

static void take_signal(struct run *r)
{
	struct signalfd_siginfo info;
	if (read(r->signal_fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGUSR1)
		tell(r, "-");
	else if (info.ssi_signo == SIGHUP)
		sl_publisher_reopen(r->publisher);
	else
		stop(r);
	if (atomic_load(&r->stop))
		sl_publisher_hurry(r->publisher, DRAIN_MS);
}

/* Until every thread ended, or until a signal if `linger`. */
static void wait_here(struct run *r, bool linger)
{
	struct pollfd fd[2] = { { .fd = r->signal_fd, .events = POLLIN },
				{ .fd = linger ? -1 : r->done_fd, .events = POLLIN } };
	bool tick = r->config->live && r->config->stats && strcmp(r->config->stats, "-") != 0;
	while (!linger || !atomic_load(&r->stop)) {
		int n = poll(fd, 2, TICK_MS);
		if (n > 0 && fd[0].revents)
			take_signal(r);
		if (n > 0 && fd[1].revents)
			return;
		if (tick)
			tell(r, r->config->stats);
		if (sl_publisher_ended(r->publisher) && !atomic_load(&r->stop))
			stop(r);
	}
}

static int join(struct run *r, struct sl_err *err)
{
	int rc = SL_OK;
	if (r->reader_started)
		pthread_join(r->reader_thread, NULL);
	if (r->reader_started && r->reader_rc != SL_OK)
		rc = sl_fail(err, r->reader_rc, "%s", r->reader_err.text);
	for (unsigned i = 0; i < r->lanes; i++) {
		struct lane *l = &r->lane[i];
		if (l->started)
			pthread_join(l->thread, NULL);
		if (l->started && l->rc != SL_OK)
			rc = sl_fail(err, l->rc, "%s", l->err.text);
	}
	return rc;
}

static void let_signals_end(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void summary(struct run *r)
{
	uint64_t packets = sl_stats_sum(&r->stats, SL_COUNT_PACKETS);
	uint64_t alerts = sl_stats_sum(&r->stats, SL_COUNT_MATCHES) -
			  sl_stats_sum(&r->stats, SL_COUNT_MATCHES_SHADOW) -
			  sl_stats_sum(&r->stats, SL_COUNT_MATCHES_EXPIRED) -
			  sl_stats_sum(&r->stats, SL_COUNT_MATCHES_LOST);
	sl_log(SL_INFO, "run", "%llu packets, %llu bytes in %.3f s, %llu alerts",
	       (unsigned long long)packets,
	       (unsigned long long)sl_stats_sum(&r->stats, SL_COUNT_BYTES), seconds(r), (unsigned long long)alerts);
}

static int run(struct run *r, struct sl_err *err)
{
	int rc = start(r, err);
	if (rc == SL_OK)
		wait_here(r, false);
	int joined = join(r, rc == SL_OK ? err : NULL);
	r->end_ms = sl_time_mono_ms();
	if (rc == SL_OK)
		rc = joined;
	if (rc == SL_OK && !r->config->dump && sl_stats_sum(&r->stats, SL_COUNT_PACKETS))
		summary(r);
	if (rc == SL_OK && !r->config->live && sl_publisher_broker(r->publisher) &&
	    !atomic_load(&r->stop)) {
		sl_log(SL_INFO, "run", "the embedded broker at %s stays for readers until a signal comes",
		       sl_publisher_broker(r->publisher));
		wait_here(r, true);
	}
	if (atomic_load(&r->stop)) /* a second signal ends at once: the journal keeps what is in it */
		let_signals_end();
	int finished = sl_publisher_finish(r->publisher, DRAIN_MS, rc == SL_OK ? err : NULL);
	int told = r->config->stats ? tell(r, r->config->stats) : SL_OK;
	if (rc == SL_OK)
		rc = finished;
	return rc == SL_OK ? told : rc;
}

static int take_down(struct run *r)
{
	int rc = sl_source_close(r->source);
	for (unsigned i = 0; r->lane && i < r->lanes; i++) {
		if (r->config->live)
			sl_source_close(r->lane[i].source);
		sl_worker_free(r->lane[i].worker);
	}
	sl_reader_free(r->reader);
	sl_publisher_free(r->publisher);
	sl_loaded_release(r->loaded);
	free(r->lane);
	free(r->group);
	free(r->counters);
	int fd[] = { r->signal_fd, r->wake_fd, r->done_fd };
	for (unsigned i = 0; i < sizeof fd / sizeof *fd; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	return rc;
}

int sl_run(const struct sl_sensor_config *config, struct sl_err *err)
{
	struct run r = { .config = config };
	int rc = build(&r, err);
	if (rc == SL_OK)
		rc = run(&r, err);
	int source = take_down(&r);
	if (rc == SL_OK && source == SL_EFAIL)
		return sl_fail(err, SL_EFAIL, "nothing could be read");
	return rc == SL_OK ? source : rc;
}

int sl_run_check(const struct sl_sensor_config *c, struct sl_err *err)
{
	struct sl_loaded_ruleset *loaded = NULL;
	int rc = c->ruleset ? sl_loaded_open(&loaded, c->ruleset, err) : SL_OK;
	sl_loaded_release(loaded);
	struct sl_publish_config p = { .sensor_id = c->id, .country = c->country, .journal = c->journal,
				       .journal_max = c->journal_max, .kafka = &c->kafka,
				       .routes = &c->routes, .workers = 1, .release = sl_loaded_release };
	return rc == SL_OK ? sl_publish_check(&p, err) : rc;
}
