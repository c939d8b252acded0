/* The course of a run: the main thread starts the others, waits for signals, and brings what was found
 * to where it should go. Nothing here is on the packet path. */
#include <errno.h>
#include <poll.h>
#include <selat/log.h>
#include <selat/time.h>
#include <sensor/capture/capture.h>
#include <sensor/detect/loaded.h>
#include <sensor/publish/publish.h>
#include <sensor/reload.h>
#include <sensor/run_internal.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { DRAIN_MS = 10000, TICK_MS = 1000, DRAINED_MS = 2 };


static void announce(const struct sl_run *r)
{
	for (size_t i = 0; r->config->live && i < r->config->interfaces.n; i++)
		sl_log(SL_INFO, "capture", "%s: capturing, workers %llu", r->config->interfaces.item[i],
		       (unsigned long long)r->config->workers);
}

static int start(struct sl_run *r, struct sl_err *err)
{
	int rc = sl_publisher_start(r->publisher, err);
	if (rc != SL_OK)
		return rc;
	announce(r);
	rc = r->reload ? sl_reload_start(r->reload, r->publisher, err) : SL_OK;
	if (rc != SL_OK)
		return rc;
	atomic_store(&r->running, r->lanes + (r->reader ? 1 : 0));
	if (r->reader) { /* first: without it workers would wait for ever */
		rc = pthread_create(&r->reader_thread, NULL, sl_run_reader, r);
		if (rc != 0)
			return sl_fail(err, SL_EFAIL, "cannot start the reader's thread: %s",
				       strerror(rc));
		r->reader_started = true;
	}
	for (unsigned i = 0; i < r->lanes; i++) {
		struct sl_lane *l = &r->lane[i];
		rc = pthread_create(&l->thread, NULL, sl_run_lane, l);
		if (rc != 0) {
			fprintf(stderr, "selat-sensor: cannot start a worker's thread: %s\n",
				strerror(rc));
			_exit(1); /* the threads that run cannot end without the one that is missing */
		}
		l->started = true;
	}
	return SL_OK;
}

/* Since the first packet came, over all sources. */
static double seconds(const struct sl_run *r)
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

static int tell(struct sl_run *r, const char *path)
{
	struct sl_err err = { "" };
	r->stats.seconds = seconds(r);
	r->stats.loaded = r->reload ? sl_reload_current(r->reload) : NULL;
	int rc = sl_stats_write(&r->stats, path, &err);
	sl_loaded_release(r->stats.loaded);
	if (rc != SL_OK)
		sl_log(SL_ERROR, "stats", "%s", err.text);
	return rc;
}

/* Outputs are opened anew; what can change is looked at. */
static void again(struct sl_run *r)
{
	sl_publisher_reopen(r->publisher);
	if (r->reload)
		sl_reload_ask(r->reload);
}

static void take_signal(struct sl_run *r)
{
	struct signalfd_siginfo info;
	if (read(r->signal_fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGUSR1) {
		tell(r, "-");
		sl_publisher_tell(r->publisher);
	}
	else if (info.ssi_signo == SIGHUP)
		again(r);
	else
		sl_run_stop(r);
	if (atomic_load(&r->stop))
		sl_publisher_hurry(r->publisher, DRAIN_MS);
}

/* Until every thread ended, or until a signal if `linger`. */
static void wait_here(struct sl_run *r, bool linger)
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
			sl_run_stop(r);
	}
}

static int join(struct sl_run *r, struct sl_err *err)
{
	int rc = SL_OK;
	if (r->reader_started)
		pthread_join(r->reader_thread, NULL);
	if (r->reader_started && r->reader_rc != SL_OK)
		rc = sl_fail(err, r->reader_rc, "%s", r->reader_err.text);
	for (unsigned i = 0; i < r->lanes; i++) {
		struct sl_lane *l = &r->lane[i];
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

/* What the workers found becomes alerts, if the journal has room: a moment for it. */
static void wait_drained(struct sl_run *r)
{
	struct pollfd fd = { .fd = r->signal_fd, .events = POLLIN };
	uint64_t end_ms = sl_time_mono_ms() + TICK_MS;
	while (!sl_publisher_drained(r->publisher) && !sl_publisher_ended(r->publisher) &&
	       sl_time_mono_ms() < end_ms)
		if (poll(&fd, 1, DRAINED_MS) > 0)
			take_signal(r);
}

static void summary(struct sl_run *r)
{
	uint64_t packets = sl_stats_sum(&r->stats, SL_COUNT_PACKETS);
	uint64_t alerts = sl_stats_sum(&r->stats, SL_COUNT_ALERTS);
	sl_log(SL_INFO, "run", "%llu packets, %llu bytes in %.3f s, %llu alerts",
	       (unsigned long long)packets, (unsigned long long)sl_stats_sum(&r->stats, SL_COUNT_BYTES),
	       seconds(r), (unsigned long long)alerts);
}

static int run(struct sl_run *r, struct sl_err *err)
{
	int rc = start(r, err);
	if (rc == SL_OK)
		wait_here(r, false);
	int joined = join(r, rc == SL_OK ? err : NULL);
	r->end_ms = sl_time_mono_ms();
	if (rc == SL_OK)
		rc = joined;
	if (rc == SL_OK && !r->config->dump && sl_stats_sum(&r->stats, SL_COUNT_PACKETS)) {
		wait_drained(r);
		summary(r);
	}
	if (rc == SL_OK && !r->config->live && sl_publisher_broker(r->publisher) &&
	    !atomic_load(&r->stop)) {
		sl_log(SL_INFO, "run",
		       "the embedded broker at %s stays for readers until a signal comes",
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

int sl_run(const struct sl_sensor_config *config, struct sl_err *err)
{
	struct sl_run r = { .config = config };
	int rc = sl_run_build(&r, err);
	if (rc == SL_OK)
		rc = run(&r, err);
	int source = sl_run_take_down(&r);
	if (rc == SL_OK && source == SL_EFAIL)
		return sl_fail(err, SL_EFAIL, "nothing could be read");
	return rc == SL_OK ? source : rc;
}
