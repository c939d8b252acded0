/* Feed: an alert from the journal to the producer, as a CloudEvent in Kafka's binary mode. */
#include "feed_internal.h"

#include <inttypes.h>
#include <selat/time.h>
#include <stdio.h>
#include <string.h>

static int send_entry(struct sl_feed *f, struct sl_feed_lane *l, uint64_t number,
		      const struct sl_journal_entry *e, struct sl_err *err)
{
	char id[SL_ALERT_ID_TEXT], time[SL_TIME_TEXT], seq[24];
	uint64_t route_seq = l->flight[number % SL_FEED_WINDOW].route_seq;

	snprintf(seq, sizeof seq, "%" PRIu64, route_seq);
	struct sl_header header[] = {
		{ "ce_specversion", sl_span_str("1.0") },
		{ "ce_id", sl_span_str(sl_alert_id(id, e->sensor, e->epoch, e->seq)) },
		{ "ce_type", sl_span_str("org.selat.alert.v1") },
		{ "ce_source", sl_span_str(e->sensor) },
		{ "ce_time", sl_span_str(sl_time_format(time, e->time)) },
		{ "content-type", sl_span_str("application/json") },
		{ "tlp", sl_span_str(sl_tlp_text(e->tlp)) },
		{ "severity", sl_span_str(sl_severity_text(e->severity)) },
		{ "country", sl_span_str(e->country) },
		{ "route", sl_span_str(l->route->name) },
		{ "route_seq", sl_span_str(seq) },
	};
	struct sl_record record = {
		.topic = l->route->topic,
		.key = sl_span_str(e->sensor),
		.value = e->json,
		.header = header,
		.headers_n = sizeof header / sizeof *header,
		.time_ms = sl_time_now() / 1000000,
		.tag = (uint64_t)(l - f->lane) << SL_FEED_TAG_ROUTE | number,
	};
	return sl_producer_send(f->producer, &record, err);
}

static void refuse(struct sl_feed_lane *l, const struct sl_err *err)
{
	snprintf(l->why, sizeof l->why, "%.255s", err->text);
	l->again_ms = sl_time_mono_ms() + SL_FEED_AGAIN_MS;
}

void sl_feed_send_refused(struct sl_feed *f, struct sl_feed_lane *l)
{
	struct sl_journal_place here, found;
	struct sl_journal_entry e;
	struct sl_err err = { "" };

	if (l->refused == 0 || sl_time_mono_ms() < l->again_ms)
		return;
	here = sl_journal_reader_place(l->reader);
	for (uint64_t k = l->first; k < l->next && l->refused; k++) {
		struct sl_flight *flight = &l->flight[k % SL_FEED_WINDOW];
		if (flight->state != SL_FLIGHT_REFUSED)
			continue;
		sl_journal_reader_seek(l->reader, flight->at);
		int rc = sl_journal_reader_next(l->reader, &e, &found, &err);
		if (rc == 1)
			rc = send_entry(f, l, k, &e, &err);
		else if (rc == 0)
			rc = sl_fail(&err, SL_EFAIL, "an alert is gone from the journal");
		if (rc == SL_EAGAIN)
			break;
		if (rc != SL_OK) {
			refuse(l, &err);
			break;
		}
		flight->state = SL_FLIGHT_SENT;
		l->refused--;
		sl_count(f->config.counters, SL_COUNT_DELIVERY_RETRIES);
	}
	sl_journal_reader_seek(l->reader, here);
}

static void take_flight(struct sl_feed_lane *l, const struct sl_flight *flight)
{
	memcpy(l->read_epoch, flight->epoch, sizeof l->read_epoch);
	l->read_seq = flight->seq + 1;
	l->next++;
}

bool sl_feed_send_next(struct sl_feed *f, struct sl_feed_lane *l)
{
	struct sl_journal_place at;
	struct sl_journal_entry e;
	struct sl_err err = { "" };

	int rc = sl_journal_reader_next(l->reader, &e, &at, &err);
	l->at_end = rc == 0;
	if (rc <= 0) {
		if (rc < 0)
			refuse(l, &err);
		return false;
	}
	uint64_t number = l->next;
	struct sl_flight *flight = &l->flight[number % SL_FEED_WINDOW];
	*flight = (struct sl_flight){ .at = at, .seq = e.seq, .route_seq = l->route_seq };
	snprintf(flight->epoch, sizeof flight->epoch, "%s", e.epoch);
	if (!sl_tlp_passes(e.tlp, l->route->tlp)) {
		flight->state = SL_FLIGHT_DONE;
		flight->withheld = true;
		sl_count(f->config.counters, SL_COUNT_WITHHELD);
		take_flight(l, flight);
		return true;
	}
	rc = send_entry(f, l, number, &e, &err);
	if (rc == SL_EAGAIN) {
		sl_journal_reader_seek(l->reader, at);
		return false;
	}
	take_flight(l, flight);
	l->route_seq++;
	sl_count(f->config.counters, SL_COUNT_ROUTED);
	if (rc != SL_OK) {
		flight->state = SL_FLIGHT_REFUSED;
		l->refused++;
		refuse(l, &err);
	}
	return true;
}
