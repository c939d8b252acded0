/* Publish: the thread. Takes records from the outboxes in the merge's order; what becomes of a match is
 * publish_match.c's; routes feed Kafka from the journal.
 *
 * While an alert stays in hand nothing more is taken, so the outboxes fill, and workers wait (files) or
 * lose with a count (live). */
#include "publish_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <selat/time.h>

enum { TAKE_MOST = 1024, SAY_MS = 60000, FLIGHT_MS = 5, KAFKA_MS = 250, HAND_MS = 50, BLOCKED_MS = 50 };

#define LATE_NS UINT64_C(1000000000) /* live: packets are seen at most so much later than they came */

/* --- the loop --- */

static void take_record(struct sl_publisher *p, struct sl_outbox *from)
{
	const struct sl_outbox_record *r = sl_outbox_peek(from);
	const void *bytes = r + 1;

	if (r->kind == SL_RECORD_MATCH) {
		const struct sl_match *m = bytes;
		if (!sl_publisher_settle(p, m->time)) /* first what was due before it */
			sl_publisher_take(p, from, m);
		return;
	}
	if (p->dump)
		sl_output_line(p->dump, sl_span_of(bytes, r->len));
	sl_outbox_drop(from);
}

/* Without a match that tells the time: the clock does, live; at the end everything is due. */
static bool settle_idle(struct sl_publisher *p, enum sl_merge_state state)
{
	if (state == SL_MERGE_ENDED)
		return sl_publisher_settle(p, UINT64_MAX);
	return !p->config.retro && sl_publisher_settle(p, sl_time_now() - LATE_NS);
}

/* Takes records until there are none, a round is over, or one stays in hand. */
static enum sl_merge_state take(struct sl_publisher *p, uint64_t *wanted)
{
	enum sl_merge_state state = SL_MERGE_RECORD;
	struct sl_outbox *from;

	if (p->in_hand && !sl_publisher_write_hand(p))
		return SL_MERGE_RECORD;
	for (int i = 0; i < TAKE_MOST && !p->in_hand; i++) {
		state = sl_merge_next(&p->merge, &from, wanted);
		if (state == SL_MERGE_RECORD)
			take_record(p, from);
		else if (settle_idle(p, state))
			state = SL_MERGE_RECORD;
		else
			break;
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

/* What other threads asked for. */
static void take_requests(struct sl_publisher *p)
{
	struct sl_allow *allow = atomic_exchange(&p->allow_next, NULL);

	if (allow) {
		sl_allow_free(p->allow);
		p->allow = allow;
	}
	if (atomic_exchange(&p->reopen, false))
		reopen(p);
	if (atomic_exchange(&p->tell, false) && p->allow)
		sl_allow_tell(p->allow);
}

static void sync_journal(struct sl_publisher *p, bool now)
{
	uint64_t held;

	if (p->journal && sl_journal_sync(p->journal, now, &p->trouble) != SL_OK &&
	    sl_pace_pass(&p->pace, SAY_MS, &held))
		sl_log(SL_ERROR, "journal", "%s", p->trouble.text);
}

/* Live: until the oldest window of repeats ends. */
static int window_due(const struct sl_publisher *p)
{
	uint64_t next = p->repeats && !p->config.retro ? sl_repeats_next(p->repeats) : UINT64_MAX;
	uint64_t now = sl_time_now();

	if (next == UINT64_MAX)
		return -1;
	next += LATE_NS;
	return next > now ? (int)((next - now) / 1000000 % INT_MAX) + 1 : 1;
}

static int sleep_ms(const struct sl_publisher *p, enum sl_merge_state state)
{
	int most = state == SL_MERGE_BLOCKED ? BLOCKED_MS : -1;
	int due = p->journal ? sl_journal_sync_due(p->journal) : -1;

	if (due >= 0 && (most < 0 || due < most))
		most = due;
	due = window_due(p);
	if (due >= 0 && (most < 0 || due < most))
		most = due;
	if (p->feed && (most < 0 || most > KAFKA_MS))
		most = KAFKA_MS;
	if (p->feed && sl_feed_busy(p->feed) && most > FLIGHT_MS)
		most = FLIGHT_MS;
	if (p->in_hand && (most < 0 || most > HAND_MS))
		most = HAND_MS;
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
		take_requests(p);
		if (state == SL_MERGE_RECORD && !p->in_hand) {
			sl_publisher_count(p);
			continue;
		}
		flush(p);
		if (state == SL_MERGE_ENDED && !p->in_hand)
			atomic_store(&p->drained, true);
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
