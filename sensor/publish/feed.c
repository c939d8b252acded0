/* Feed: each route walks the journal and keeps a window of alerts in flight.
 *
 * A flight is one alert of a route: withheld by policy, sent, refused or done. The mark follows the
 * first flight that is not done, so a later delivery never hides an earlier loss; route_seq counts
 * what passes. After a refusal only the refused alert is sent again, from the journal, with the
 * same headers; when the producer dies, everything without a report is. */
#include "feed_internal.h"

#include <inttypes.h>
#include <selat/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAY_MS = 60000 };

/* --- delivery reports --- */

static void delivered(void *ctx, uint64_t tag, const char *error)
{
	struct sl_feed *f = ctx;
	struct sl_feed_lane *l = &f->lane[tag >> SL_FEED_TAG_ROUTE];
	uint64_t number = tag & ((UINT64_C(1) << SL_FEED_TAG_ROUTE) - 1);

	if (number < l->first || number >= l->next)
		return;
	struct sl_flight *flight = &l->flight[number % SL_FEED_WINDOW];
	if (flight->state != SL_FLIGHT_SENT)
		return;
	if (error) {
		flight->state = SL_FLIGHT_REFUSED;
		l->refused++;
		l->again_ms = sl_time_mono_ms() + SL_FEED_AGAIN_MS;
		snprintf(l->why, sizeof l->why, "%s", error);
	} else {
		flight->state = SL_FLIGHT_DONE;
		l->why[0] = '\0';
		l->back = true;
		sl_count(f->config.counters, SL_COUNT_DELIVERED);
	}
}

/* --- the producer --- */

static int producer_new(struct sl_feed *f, struct sl_err *err)
{
	return sl_producer_new(&f->producer, f->config.kafka, f->config.servers, delivered, f, err);
}

static void producer_drop(struct sl_feed *f)
{
	sl_producer_free(f->producer);
	f->producer = NULL;
	for (size_t i = 0; i < f->n; i++) {
		struct sl_feed_lane *l = &f->lane[i];
		for (uint64_t k = l->first; k < l->next; k++)
			if (l->flight[k % SL_FEED_WINDOW].state == SL_FLIGHT_SENT) {
				l->flight[k % SL_FEED_WINDOW].state = SL_FLIGHT_REFUSED;
				l->refused++;
			}
	}
}

/* A live producer, made anew if the last one died; false: not now. */
static bool producer_ready(struct sl_feed *f)
{
	struct sl_err err = { "" };

	if (f->producer && sl_producer_dead(f->producer)) {
		sl_log(SL_WARN, "kafka", "the producer failed for good: a new one begins");
		producer_drop(f);
	}
	if (f->producer)
		return true;
	if (sl_time_mono_ms() < f->producer_again_ms)
		return false;
	if (producer_new(f, &err) == SL_OK)
		return true;
	f->producer_again_ms = sl_time_mono_ms() + 10 * SL_FEED_AGAIN_MS;
	sl_log(SL_ERROR, "kafka", "%s", err.text);
	return false;
}

/* --- marks --- */

static void advance(struct sl_feed *f, struct sl_feed_lane *l)
{
	struct sl_err err = { "" };
	uint64_t held, before = l->first;

	while (l->first < l->next && l->flight[l->first % SL_FEED_WINDOW].state == SL_FLIGHT_DONE) {
		const struct sl_flight *flight = &l->flight[l->first % SL_FEED_WINDOW];
		memcpy(l->mark.epoch, flight->epoch, sizeof l->mark.epoch);
		l->mark.seq = flight->seq + 1;
		l->mark.route_seq = flight->route_seq + (flight->withheld ? 0 : 1);
		l->first++;
	}
	l->segment = l->first < l->next ? l->flight[l->first % SL_FEED_WINDOW].at.segment
					: sl_journal_reader_place(l->reader).segment;
	if (l->first == before)
		return;
	if (sl_mark_save(&l->mark, &err) != SL_OK && sl_pace_pass(&l->pace, SAY_MS, &held))
		sl_log(SL_WARN, "journal",
		       "%s/%s.mark: %s: after a restart alerts may be sent twice",
		       sl_journal_path(f->config.journal), l->route->name, err.text);
}

static void release_files(struct sl_feed *f)
{
	uint64_t oldest = UINT64_MAX;

	for (size_t i = 0; i < f->n; i++)
		if (f->lane[i].segment < oldest)
			oldest = f->lane[i].segment;
	sl_journal_release(f->config.journal, oldest);
}

/* What is not yet delivered: in flight, and not yet read. */
static uint64_t lane_waiting(const struct sl_feed *f, const struct sl_feed_lane *l)
{
	uint64_t n = sl_journal_count(f->config.journal, l->read_epoch, l->read_seq);
	for (uint64_t k = l->first; k < l->next; k++)
		n += l->flight[k % SL_FEED_WINDOW].state != SL_FLIGHT_DONE;
	return n;
}

/* One line a minute while alerts wait for a broker, one when it is back. */
static void say_state(struct sl_feed *f, struct sl_feed_lane *l)
{
	const char *trouble =
		f->producer ? sl_producer_trouble(f->producer) : "there is no producer";
	const char *why = trouble ? trouble : l->why[0] ? l->why : NULL;
	uint64_t held;

	if (!why && !l->troubled)
		return;
	uint64_t waiting = lane_waiting(f, l);
	if (why && waiting && sl_pace_pass(&l->pace, SAY_MS, &held)) {
		sl_log(SL_WARN, "kafka", "route %s: %s; %" PRIu64 " alerts wait in %s",
		       l->route->name, why, waiting, sl_journal_path(f->config.journal));
		l->troubled = true;
		l->back = false;
	} else if (!why && l->troubled && l->back && l->refused == 0) {
		sl_log(SL_INFO, "kafka", "route %s: delivering again; %" PRIu64 " alerts wait",
		       l->route->name, waiting);
		l->troubled = false;
		l->pace = (struct sl_pace){ 0 };
	}
}

/* --- life --- */

static int lane_init(struct sl_feed *f, struct sl_feed_lane *l, const struct sl_route *route,
		     struct sl_err *err)
{
	l->route = route;
	int rc = sl_mark_open(&l->mark, sl_journal_path(f->config.journal), route->name, err);
	if (rc == SL_OK)
		rc = sl_journal_reader_new(&l->reader, f->config.journal, err);
	if (rc != SL_OK)
		return rc;
	l->route_seq = l->mark.route_seq;
	memcpy(l->read_epoch, l->mark.epoch, sizeof l->read_epoch);
	l->read_seq = l->mark.seq;
	sl_journal_reader_find(l->reader, l->mark.epoch, l->mark.seq);
	l->segment = sl_journal_reader_place(l->reader).segment;
	return SL_OK;
}

int sl_feed_new(struct sl_feed **out, const struct sl_feed_config *config, struct sl_err *err)
{
	size_t n = config->routes->n;
	struct sl_feed *f = calloc(1, sizeof *f + n * sizeof *f->lane);
	if (!f)
		return sl_fail(err, SL_ENOMEM, "routes: out of memory");
	f->config = *config;
	f->n = n;
	for (size_t i = 0; i < n; i++)
		f->lane[i].mark.fd = -1;
	int rc = SL_OK;
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		rc = lane_init(f, &f->lane[i], &config->routes->route[i], err);
	if (rc == SL_OK)
		rc = producer_new(f, err);
	if (rc != SL_OK) {
		sl_feed_free(f);
		return rc;
	}
	*out = f;
	return SL_OK;
}

void sl_feed_free(struct sl_feed *f)
{
	if (!f)
		return;
	if (f->producer)
		producer_drop(f);
	for (size_t i = 0; i < f->n; i++) {
		sl_journal_reader_free(f->lane[i].reader);
		sl_mark_close(&f->lane[i].mark);
	}
	free(f);
}

void sl_feed_pump(struct sl_feed *f, int wait_ms)
{
	bool ready = producer_ready(f);

	for (size_t i = 0; i < f->n && ready; i++) {
		struct sl_feed_lane *l = &f->lane[i];
		sl_feed_send_refused(f, l);
		for (int k = 0; k < SL_FEED_WINDOW && l->next - l->first < SL_FEED_WINDOW; k++)
			if (!sl_feed_send_next(f, l))
				break;
	}
	if (ready)
		sl_producer_poll(f->producer, wait_ms);
	for (size_t i = 0; i < f->n; i++) {
		advance(f, &f->lane[i]);
		say_state(f, &f->lane[i]);
	}
	release_files(f);
}

bool sl_feed_busy(const struct sl_feed *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->lane[i].first < f->lane[i].next)
			return true;
	return false;
}

bool sl_feed_done(const struct sl_feed *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->lane[i].at_end)
			return false;
	return !sl_feed_busy(f);
}

uint64_t sl_feed_waiting(const struct sl_feed *f)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < f->n; i++)
		sum += lane_waiting(f, &f->lane[i]);
	return sum;
}
