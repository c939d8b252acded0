/* Publish: making, starting and ending the publisher. Main's thread; publish_run.c is the other. */
#include "publish_internal.h"

#include <inttypes.h>
#include <selat/kafka.h>
#include <selat/time.h>
#include <sensor/detect/match.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOWS = 16384, THRESHOLDS = 65536 };

#define JOURNAL_LEAST (UINT64_C(4) << 20)

int sl_publish_check(const struct sl_publish_config *c, struct sl_err *err)
{
	struct sl_routes routes;

	if (c->output && c->dump && strcmp(c->output, c->dump) == 0 && strcmp(c->dump, "-") != 0)
		return sl_fail(err, SL_EUSAGE, "%s: alerts and dump lines need a file each",
			       c->output);
	if (c->journal && c->journal_max && c->journal_max < JOURNAL_LEAST)
		return sl_fail(err, SL_EUSAGE, "journal.max is %" PRIu64 " bytes: at least 4 MiB",
			       c->journal_max);
	struct sl_allow *allow = NULL;
	int rc = c->allow ? sl_allow_open(&allow, c->allow, err) : SL_OK;
	sl_allow_free(allow);
	if (rc == SL_OK)
		rc = sl_routes_read(&routes, c->kafka, c->routes, err);
	if (rc == SL_OK && c->kafka && c->kafka->n)
		rc = sl_kafka_check(c->kafka, err);
	return rc;
}

static int open_outboxes(struct sl_publisher *p, struct sl_err *err)
{
	size_t n = p->config.workers;

	p->outbox = calloc(n ? n : 1, sizeof *p->outbox);
	if (!p->outbox)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		int rc = sl_outbox_new(&p->outbox[i], SL_OUTBOX_ROOM, p->config.retro, &p->bell,
				       err);
		if (rc != SL_OK)
			return rc;
	}
	p->merge = (struct sl_merge){ p->outbox, n, p->config.retro, 0 };
	return SL_OK;
}

/* What decides which matches become alerts. */
static int open_tables(struct sl_publisher *p, struct sl_err *err)
{
	const struct sl_publish_config *c = &p->config;
	struct sl_thresholds_config thresholds = { .entries = c->thresholds ? c->thresholds : THRESHOLDS,
						   .rate = c->rate,
						   .subjects = &p->subjects,
						   .counters = &p->counters };
	struct sl_repeats_config repeats = { .window_ns = c->window_s * UINT64_C(1000000000),
					     .windows = c->windows ? c->windows : WINDOWS,
					     .subjects = &p->subjects,
					     .counters = &p->counters };
	int rc = sl_subjects_init(&p->subjects, err);

	if (rc == SL_OK)
		rc = sl_thresholds_new(&p->thresholds, &thresholds, err);
	if (rc == SL_OK && c->window_s)
		rc = sl_repeats_new(&p->repeats, &repeats, err);
	if (rc == SL_OK && c->allow)
		rc = sl_allow_open(&p->allow, c->allow, err);
	return rc;
}

static int open_outputs(struct sl_publisher *p, struct sl_err *err)
{
	const struct sl_publish_config *c = &p->config;
	int rc = SL_OK;

	if (c->output)
		rc = sl_output_new(&p->output, c->output, !c->retro, "alerts", err);
	if (rc == SL_OK && c->dump)
		rc = sl_output_new(&p->dump, c->dump, !c->retro, "lines", err);
	return rc == SL_OK ? sl_epoch_new(p->epoch, NULL, err) : rc;
}

static int open_broker(struct sl_publisher *p, struct sl_err *err)
{
	const char *topics[SL_ROUTES_MAX + 1] = { NULL };

	if (!sl_kafka_embedded(p->config.kafka, false))
		return SL_OK;
	for (size_t i = 0; i < p->routes.n; i++)
		topics[i] = p->routes.route[i].topic;
	int rc = sl_broker_start(&p->broker, topics, err);
	if (rc != SL_OK)
		return rc;
	sl_log(SL_INFO, "kafka", "the embedded broker is at %s (written in %s)",
	       sl_broker_address(p->broker), sl_broker_file(p->broker));
	return SL_OK;
}

static int open_journal(struct sl_publisher *p, struct sl_err *err)
{
	const struct sl_publish_config *c = &p->config;
	struct sl_journal_config config = { .directory = c->journal,
					    .sensor_id = c->sensor_id,
					    .country = c->country,
					    .max = c->journal_max };

	int rc = sl_routes_read(&p->routes, c->kafka, c->routes, err);
	if (rc == SL_OK)
		rc = sl_journal_open(&p->journal, &config, err);
	if (rc != SL_OK)
		return rc;
	memcpy(p->epoch, sl_journal_epoch(p->journal), sizeof p->epoch);
	if (p->routes.n == 0) {
		sl_journal_unread(p->journal);
		return SL_OK;
	}
	rc = open_broker(p, err);
	if (rc != SL_OK)
		return rc;
	struct sl_feed_config feed = { .journal = p->journal,
				       .kafka = c->kafka,
				       .servers = sl_publisher_broker(p),
				       .routes = &p->routes,
				       .counters = &p->counters };
	return sl_feed_new(&p->feed, &feed, err);
}

int sl_publisher_new(struct sl_publisher **out, const struct sl_publish_config *config,
		     struct sl_err *err)
{
	int rc = sl_publish_check(config, err);
	if (rc != SL_OK)
		return rc;
	struct sl_publisher *p = calloc(1, sizeof *p);
	if (!p)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	p->config = *config;
	p->seq = 1;
	p->bell.fd = -1;
	sl_json_init(&p->json);
	rc = sl_bell_init(&p->bell, err);
	if (rc == SL_OK)
		rc = open_outboxes(p, err);
	if (rc == SL_OK)
		rc = open_outputs(p, err);
	if (rc == SL_OK)
		rc = open_tables(p, err);
	if (rc == SL_OK && config->journal)
		rc = open_journal(p, err);
	if (rc != SL_OK) {
		sl_publisher_free(p);
		return rc;
	}
	*out = p;
	return SL_OK;
}

int sl_publisher_start(struct sl_publisher *p, struct sl_err *err)
{
	sigset_t all, before;

	sigfillset(&all); /* signals are main's; a reader who leaves is an EPIPE here */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&p->thread, NULL, sl_publisher_main, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return sl_fail(err, SL_EFAIL, "the publisher's thread: %s", strerror(rc));
	p->started = true;
	return SL_OK;
}

void sl_publisher_hurry(struct sl_publisher *p, int within_ms)
{
	uint64_t never = 0, then = sl_time_mono_ms() + (uint64_t)within_ms;

	if (atomic_compare_exchange_strong(&p->give_up_ms, &never, then)) { /* the first one counts */
		sl_output_give_up(p->output, then);
		sl_output_give_up(p->dump, then);
	}
	sl_bell_ring(&p->bell);
}

static void stop_thread(struct sl_publisher *p, int drain_ms)
{
	if (!p->started || p->joined)
		return;
	p->drain_ms = drain_ms > 0 ? drain_ms : 0;
	atomic_store(&p->finishing, true);
	sl_publisher_hurry(p, p->drain_ms);
	pthread_join(p->thread, NULL);
	p->joined = true;
}

int sl_publisher_finish(struct sl_publisher *p, int drain_ms, struct sl_err *err)
{
	int rc = SL_OK;

	stop_thread(p, drain_ms);
	if (p->output)
		rc = sl_output_finish(p->output, err);
	if (p->dump) {
		int dumped = sl_output_finish(p->dump, rc == SL_OK ? err : NULL);
		rc = rc == SL_OK ? dumped : rc;
	}
	sl_publisher_count(p);
	if (rc == SL_OK && p->given_up)
		rc = sl_fail(err, SL_EFAIL, "%s: %" PRIu64 " alerts could not be written",
			     p->trouble.text[0] ? p->trouble.text : "out of memory", p->given_up);
	return rc;
}

/* Records nobody took hold references. */
static void drop_records(struct sl_publisher *p, struct sl_outbox *o)
{
	const struct sl_outbox_record *r;

	while ((r = sl_outbox_peek(o))) {
		const void *bytes = r + 1;
		const struct sl_match *m = bytes;
		if (r->kind == SL_RECORD_MATCH && p->config.release)
			p->config.release(m->loaded);
		sl_outbox_drop(o);
	}
}

void sl_publisher_free(struct sl_publisher *p)
{
	if (!p)
		return;
	for (size_t i = 0; p->outbox && i < p->config.workers && p->outbox[i]; i++)
		if (p->started && !p->joined)
			sl_outbox_close(p->outbox[i]);
	stop_thread(p, 0);
	for (size_t i = 0; p->outbox && i < p->config.workers && p->outbox[i]; i++) {
		drop_records(p, p->outbox[i]);
		sl_outbox_free(p->outbox[i]);
	}
	free(p->outbox);
	sl_feed_free(p->feed);
	sl_journal_free(p->journal);
	sl_broker_free(p->broker);
	sl_output_free(p->output);
	sl_output_free(p->dump);
	sl_thresholds_free(p->thresholds);
	sl_repeats_free(p->repeats);
	sl_allow_free(p->allow);
	sl_allow_free(atomic_load(&p->allow_next));
	sl_json_fini(&p->json);
	sl_bell_fini(&p->bell);
	free(p);
}

struct sl_outbox *sl_publisher_outbox(struct sl_publisher *p, size_t worker)
{
	return p->outbox[worker];
}

const struct sl_counters *sl_publisher_counters(const struct sl_publisher *p)
{
	return &p->counters;
}

const char *sl_publisher_broker(const struct sl_publisher *p)
{
	return p->broker ? sl_broker_address(p->broker) : NULL;
}

bool sl_publisher_ended(const struct sl_publisher *p)
{
	return atomic_load(&p->ended);
}

bool sl_publisher_drained(const struct sl_publisher *p)
{
	return atomic_load(&p->drained);
}

void sl_publisher_allow(struct sl_publisher *p, struct sl_allow *allow)
{
	sl_allow_free(atomic_exchange(&p->allow_next, allow));
	sl_bell_ring(&p->bell);
}

void sl_publisher_tell(struct sl_publisher *p)
{
	atomic_store(&p->tell, true);
	sl_bell_ring(&p->bell);
}

void sl_publisher_reopen(struct sl_publisher *p)
{
	atomic_store(&p->reopen, true);
	sl_bell_ring(&p->bell);
}
