/* The parts of a run, from the ruleset to the sources, in the order in which they need one another. */
#include <errno.h>
#include <sensor/capture/capture.h>
#include <sensor/decode/decode.h>
#include <sensor/detect/loaded.h>
#include <sensor/publish/publish.h>
#include <sensor/reader.h>
#include <sensor/reload.h>
#include <sensor/run_internal.h>
#include <sensor/worker.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>


static int build_publisher(struct sl_run *r, struct sl_err *err)
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
		.allow = c->dump ? NULL : c->allow,
		.window_s = c->window_s,
		.windows = (uint32_t)c->windows,
		.thresholds = (uint32_t)c->thresholds,
		.rate = c->rate,
		.community_seed = (uint16_t)c->community_seed,
		.retro = !c->live,
		.workers = r->lanes,
		.release = sl_loaded_release,
	};
	return sl_publisher_new(&r->publisher, &p, err);
}

static int build_source(struct sl_run *r, struct sl_lane *l, struct sl_err *err)
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

static int build_ruleset(struct sl_run *r, struct sl_err *err)
{
	const struct sl_sensor_config *c = r->config;
	struct sl_reload_config reload = { .ruleset = c->ruleset, .allow = c->allow, .force = c->force,
					   .watch = c->live || c->follow || c->pace > 0,
					   .workers = r->lanes };
	return c->dump ? SL_OK : sl_reload_new(&r->reload, &reload, err);
}

static int build_lanes(struct sl_run *r, struct sl_err *err)
{
	int rc = SL_OK;
	struct sl_loaded_ruleset *loaded = r->reload ? sl_reload_current(r->reload) : NULL;
	r->lane = calloc(r->lanes, sizeof *r->lane);
	r->group = calloc(r->config->interfaces.n + 1, sizeof *r->group);
	if (!r->lane || !r->group)
		rc = sl_fail(err, SL_ENOMEM, "out of memory");
	for (unsigned i = 0; rc == SL_OK && i < r->lanes; i++) {
		struct sl_lane *l = &r->lane[i];
		struct sl_worker_config worker = { .sensor = r->config, .loaded = loaded,
						   .outbox = sl_publisher_outbox(r->publisher, i),
						   .workers = r->lanes };
		l->run = r;
		l->index = i;
		rc = sl_worker_new(&l->worker, &worker, err);
		if (rc == SL_OK)
			rc = build_source(r, l, err);
	}
	sl_loaded_release(loaded);
	return rc;
}

static int build_files(struct sl_run *r, struct sl_err *err)
{
	if (r->config->live)
		return SL_OK;
	struct sl_file_config files = { .paths = &r->config->read, .filter = r->config->filter,
					.follow = r->config->follow, .pace = r->config->pace,
					.wake_fd = r->wake_fd };
	int rc = sl_source_files(&r->source, &files, sl_decode_knows, &r->source_counters, err);
	struct sl_reader_config reader = { .source = r->source, .workers = r->lanes,
					   .checksums = !r->config->no_checksums,
					   .carriers = r->config->flow_carriers && r->reload,
					   .fragment_bytes = r->config->fragment_bytes,
					   .counters = &r->source_counters };
	if (rc == SL_OK && r->lanes > 1)
		rc = sl_reader_new(&r->reader, &reader, err);
	else if (rc == SL_OK)
		r->lane[0].source = r->source;
	return rc;
}

static int build_stats(struct sl_run *r, struct sl_err *err)
{
	size_t n = 0;
	r->counters = calloc(r->lanes + 3, sizeof *r->counters);
	if (!r->counters)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (unsigned i = 0; i < r->lanes; i++)
		r->counters[n++] = sl_worker_counters(r->lane[i].worker);
	r->counters[n++] = &r->source_counters;
	r->counters[n++] = sl_publisher_counters(r->publisher);
	if (r->reload)
		r->counters[n++] = sl_reload_counters(r->reload);
	r->stats = (struct sl_stats){ .sensor = r->config->id, .workers = r->lanes, .set = r->counters,
				      .sets = n };
	return SL_OK;
}

static int build_signals(struct sl_run *r, struct sl_err *err)
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

int sl_run_build(struct sl_run *r, struct sl_err *err)
{
	const struct sl_sensor_config *c = r->config;
	r->lanes = (unsigned)(c->live ? c->workers * c->interfaces.n : c->workers);
	r->signal_fd = r->wake_fd = r->done_fd = -1;
	int rc = sl_capture_check_filter(c->filter, err); /* else every file would complain of it */
	if (rc == SL_OK)
		rc = build_signals(r, err);
	if (rc == SL_OK)
		rc = build_ruleset(r, err);
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

int sl_run_take_down(struct sl_run *r)
{
	int rc = sl_source_close(r->source);
	sl_reload_free(r->reload); /* it knows the publisher */
	for (unsigned i = 0; r->lane && i < r->lanes; i++) {
		if (r->config->live)
			sl_source_close(r->lane[i].source);
		sl_worker_free(r->lane[i].worker);
	}
	sl_reader_free(r->reader);
	sl_publisher_free(r->publisher);
	free(r->lane);
	free(r->group);
	free(r->counters);
	int fd[] = { r->signal_fd, r->wake_fd, r->done_fd };
	for (unsigned i = 0; i < sizeof fd / sizeof *fd; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	return rc;
}

int sl_run_check(const struct sl_sensor_config *c, struct sl_err *err)
{
	struct sl_loaded_ruleset *loaded = NULL;
	int rc = sl_capture_check_filter(c->filter, err);
	if (rc == SL_OK && c->ruleset)
		rc = sl_loaded_open(&loaded, c->ruleset, err);
	sl_loaded_release(loaded);
	struct sl_publish_config p = { .sensor_id = c->id,
				       .country = c->country,
				       .journal = c->journal,
				       .allow = c->allow,
				       .journal_max = c->journal_max,
				       .kafka = &c->kafka,
				       .routes = &c->routes,
				       .workers = 1,
				       .release = sl_loaded_release };
	return rc == SL_OK ? sl_publish_check(&p, err) : rc;
}
