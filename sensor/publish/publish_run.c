/* Publish: the thread. Takes records from the outboxes in the merge's order; an alert goes to the
 * output or, rendered once, to the journal; routes feed Kafka from there.
 *
 * An alert that the journal has no room for stays in hand: nothing more is taken until it is
 * written, so the outboxes fill, and workers wait (files) or lose with a count (live). */
#include "alert.h"
#include "publish_internal.h"

#include <inttypes.h>
#include <selat/time.h>

enum { TAKE_MOST = 1024, AGAIN_MS = 500, SAY_MS = 60000, FLIGHT_MS = 5, KAFKA_MS = 250 };
enum { BLOCKED_MS = 50 };

/* --- where alerts go --- */

static void say_journal_waits(struct sl_publisher *p)
{
	uint64_t held, n = 1;

	if (!sl_pace_pass(&p->pace, SAY_MS, &held))
		return;
	p->said = true;
	for (size_t i = 0; i < p->config.workers; i++)
		n += sl_outbox_matches(p->outbox[i]);
	sl_log(SL_ERROR, "journal", "%s: %" PRIu64 " alerts wait; make room, %s", p->trouble.text,
	       n,
	       p->config.retro ? "nothing is lost while the sensor runs"
			       : "when the buffers are full, alerts are lost (matches_lost)");
}

static void refuse_hand(struct sl_publisher *p)
{
	p->in_hand = false;
	p->given_up++;
	sl_count(&p->counters, SL_COUNT_ALERTS_REFUSED);
}

/* Tries to write the alert in hand. False: it stays there. */
static bool write_hand(struct sl_publisher *p)
{
	uint64_t now = sl_time_mono_ms();

	if (p->again_ms > now)
		return false;
	int rc = sl_journal_append(p->journal, &p->hand, &p->trouble);
	if (rc == SL_OK) {
		if (p->said)
			sl_log(SL_INFO, "journal", "%s: there is room again",
			       sl_journal_path(p->journal));
		p->said = false;
		p->again_ms = 0;
		p->in_hand = false;
		sl_count(&p->counters, SL_COUNT_ALERTS_WRITTEN);
		return true;
	}
	uint64_t give_up_ms = atomic_load(&p->give_up_ms);
	if (rc == SL_EFORMAT || (give_up_ms && now >= give_up_ms)) {
		if (rc == SL_EFORMAT)
			sl_log(SL_ERROR, "journal", "%s", p->trouble.text);
		refuse_hand(p);
		return true;
	}
	sl_count(&p->counters, SL_COUNT_JOURNAL_WAITS);
	say_journal_waits(p);
	p->again_ms = now + AGAIN_MS;
	return false;
}

static void publish_alert(struct sl_publisher *p, uint64_t time, const struct sl_ruleset_meta *meta)
{
	struct sl_span json = sl_span_of(p->json.text, p->json.len);

	if (p->json.failed) {
		sl_count(&p->counters, SL_COUNT_ALERTS_REFUSED);
		p->given_up++;
		return;
	}
	if (p->journal) {
		p->hand = (struct sl_journal_entry){ .time = time,
						     .tlp = (enum sl_tlp)meta->tlp,
						     .severity = (enum sl_severity)meta->severity,
						     .json = json };
		p->in_hand = true;
		write_hand(p);
	} else if (p->output) {
		p->seq++;
		sl_output_line(p->output, json);
	}
}

/* Renders the record, lets it go, and publishes what was rendered. */
static void take_match(struct sl_publisher *p, struct sl_outbox *from, const struct sl_match *m)
{
	const struct sl_ruleset_meta *meta = sl_alert_meta(m);
	struct sl_loaded_ruleset *loaded = m->loaded;
	uint64_t time = m->time;
	struct sl_alert alert = {
		.match = m,
		.tail = (const uint8_t *)(m + 1),
		.sensor_id = p->config.sensor_id,
		.country = p->config.country,
		.epoch = p->epoch,
		.seq = p->journal ? sl_journal_seq(p->journal) : p->seq,
		.community_seed = p->config.community_seed,
				  .retro = p->config.retro,
	};

	sl_json_reset(&p->json);
	sl_alert_write(&p->json, &alert);
	sl_outbox_drop(from);
	sl_count(&p->counters, SL_COUNT_ALERTS);
	publish_alert(p, time, meta);
	if (p->config.release)
		p->config.release(loaded);
}

/* --- the loop --- */

static void take_record(struct sl_publisher *p, struct sl_outbox *from)
{
	const struct sl_outbox_record *r = sl_outbox_peek(from);
	const void *bytes = r + 1;

	if (r->kind == SL_RECORD_MATCH) {
		take_match(p, from, bytes);
		return;
	}
	if (p->dump)
		sl_output_line(p->dump, sl_span_of(bytes, r->len));
	sl_outbox_drop(from);
}

/* Takes records until there are none, a round is over, or one stays in hand. */
static enum sl_merge_state take(struct sl_publisher *p, uint64_t *wanted)
{
	enum sl_merge_state state = SL_MERGE_RECORD;
	struct sl_outbox *from;

	if (p->in_hand && !write_hand(p))
		return SL_MERGE_RECORD;
	for (int i = 0; i < TAKE_MOST && !p->in_hand; i++) {
		state = sl_merge_next(&p->merge, &from, wanted);
		if (state != SL_MERGE_RECORD)
			break;
		take_record(p, from);
	}
	return state;
}

/* The output's sums as counters; they only grow. */
void sl_publisher_count(struct sl_publisher *p)
{
	struct sl_counters *c = &p->counters;

	if (p->output) {
		sl_count_add(c, SL_COUNT_ALERTS_WRITTEN,
			     sl_output_written(p->output) -
				     sl_counter_get(c, SL_COUNT_ALERTS_WRITTEN));
		sl_count_add(c, SL_COUNT_ALERTS_REFUSED,
			     sl_output_refused(p->output) + p->given_up -
				     sl_counter_get(c, SL_COUNT_ALERTS_REFUSED));
	}
	if ((p->output && sl_output_ended(p->output)) || (p->dump && sl_output_ended(p->dump)))
		atomic_store(&p->ended, true);
}

static void flush(struct sl_publisher *p)
{
	if (p->output)
		sl_output_flush(p->output);
	if (p->dump)
		sl_output_flush(p->dump);
	sl_publisher_count(p);
}

static void reopen(struct sl_publisher *p)
{
	struct sl_output *outputs[] = { p->output, p->dump };
	struct sl_err err = { "" };

	for (size_t i = 0; i < 2; i++)
		if (outputs[i] && sl_output_reopen(outputs[i], &err) != SL_OK)
			sl_log(SL_WARN, "output", "%s", err.text);
}

static void sync_journal(struct sl_publisher *p, bool now)
{
	uint64_t held;

	if (p->journal && sl_journal_sync(p->journal, now, &p->trouble) != SL_OK &&
	    sl_pace_pass(&p->pace, SAY_MS, &held))
		sl_log(SL_ERROR, "journal", "%s", p->trouble.text);
}

static int sleep_ms(const struct sl_publisher *p, enum sl_merge_state state)
{
	int most = state == SL_MERGE_BLOCKED ? BLOCKED_MS : -1;
	int due = p->journal ? sl_journal_sync_due(p->journal) : -1;

	if (due >= 0 && (most < 0 || due < most))
		most = due;
	if (p->feed && (most < 0 || most > KAFKA_MS))
		most = KAFKA_MS;
	if (p->feed && sl_feed_busy(p->feed) && most > FLIGHT_MS)
		most = FLIGHT_MS;
	if (p->in_hand && (most < 0 || most > AGAIN_MS / 10))
		most = AGAIN_MS / 10;
	return most;
}

/* Says what would wake it, looks once more, sleeps. */
static void sleep_until_woken(struct sl_publisher *p, enum sl_merge_state state, uint64_t wanted)
{
	struct sl_outbox *from;
	uint64_t wanted_now;

	if (!p->in_hand) { /* else records are of no use now */
		atomic_store(&p->bell.wanted, wanted);
		atomic_store(&p->bell.state,
			     state == SL_MERGE_BLOCKED ? SL_BELL_BLOCKED : SL_BELL_IDLE);
		enum sl_merge_state again = sl_merge_next(&p->merge, &from, &wanted_now);
		if (again == SL_MERGE_RECORD || again == SL_MERGE_ENDED) {
			atomic_store(&p->bell.state, SL_BELL_AWAKE);
			return;
		}
	}
	sl_bell_wait(&p->bell, sleep_ms(p, state));
}

static void run(struct sl_publisher *p)
{
	uint64_t wanted = 0;

	for (;;) {
		enum sl_merge_state state = take(p, &wanted);
		if (p->feed)
			sl_feed_pump(p->feed, 0);
		sync_journal(p, false);
		if (atomic_exchange(&p->reopen, false))
			reopen(p);
		if (state == SL_MERGE_RECORD && !p->in_hand) {
			sl_publisher_count(p);
			continue;
		}
		flush(p);
		if (state == SL_MERGE_ENDED && !p->in_hand && atomic_load(&p->finishing))
			return;
		if (state == SL_MERGE_ENDED)
			sl_bell_wait(&p->bell, sleep_ms(p, state));
		else
			sleep_until_woken(p, state, wanted);
	}
}

static void drain_feed(struct sl_publisher *p)
{
	uint64_t end_ms = sl_time_mono_ms() + (uint64_t)p->drain_ms;

	do
		sl_feed_pump(p->feed, FLIGHT_MS);
	while (!sl_feed_done(p->feed) && sl_time_mono_ms() < end_ms);
	if (sl_feed_done(p->feed))
		sl_journal_release(p->journal, sl_journal_end(p->journal));
	else
		sl_log(SL_WARN, "kafka",
		       "%" PRIu64 " alerts are not delivered: they stay in %s, and the next start "
		       "sends them",
		       sl_feed_waiting(p->feed), sl_journal_path(p->journal));
}

void *sl_publisher_main(void *arg)
{
	struct sl_publisher *p = arg;

	run(p);
	sync_journal(p, true);
	if (p->feed)
		drain_feed(p);
	return NULL;
}
