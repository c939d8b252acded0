/* Publish: what becomes of a match. The site's exceptions, the indicator's threshold and the window of
 * repeats decide whether there is an alert now; an alert is rendered once, to the output or to the
 * journal. Publisher's thread.
 *
 * An alert that the journal has no room for stays in hand until it is written or given up. */
#include "publish_internal.h"

#include <inttypes.h>
#include <selat/time.h>

enum { AGAIN_MS = 500, SAY_MS = 60000 };

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
bool sl_publisher_write_hand(struct sl_publisher *p)
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

/* Publishes what was rendered. */
static void publish(struct sl_publisher *p, uint64_t time, enum sl_tlp tlp, enum sl_severity severity)
{
	struct sl_span json = sl_span_of(p->json.text, p->json.len);

	sl_count(&p->counters, SL_COUNT_ALERTS);
	if (p->json.failed) {
		sl_count(&p->counters, SL_COUNT_ALERTS_REFUSED);
		p->given_up++;
		return;
	}
	if (p->journal) {
		p->hand = (struct sl_journal_entry){
			.time = time, .tlp = tlp, .severity = severity, .json = json
		};
		p->in_hand = true;
		sl_publisher_write_hand(p);
	} else if (p->output) {
		p->seq++;
		sl_output_line(p->output, json);
	}
}

static struct sl_alert next_alert(const struct sl_publisher *p)
{
	return (struct sl_alert){
		.sensor_id = p->config.sensor_id,
		.country = p->config.country,
		.epoch = p->epoch,
		.seq = p->journal ? sl_journal_seq(p->journal) : p->seq,
		.community_seed = p->config.community_seed,
		.retro = p->config.retro,
	};
}

/* --- matches --- */

/* Is there an alert now, and what does it stand for? What is held back is counted where it is. */
static bool becomes_alert(struct sl_publisher *p, const struct sl_match *m, const uint8_t *tail,
			  struct sl_stretch *stretch)
{
	if (p->allow && sl_allow_silences(p->allow, m, tail)) {
		sl_count(&p->counters, SL_COUNT_ALERTS_ALLOWED);
		return false;
	}
	if (!sl_thresholds_pass(p->thresholds, m, stretch))
		return false;
	if (p->repeats && sl_repeats_hold(p->repeats, m, tail, stretch))
		return false;
	if (!sl_thresholds_spare(p->thresholds, m))
		return false;
	if (p->repeats)
		sl_repeats_open(p->repeats, m);
	return true;
}

void sl_publisher_take(struct sl_publisher *p, struct sl_outbox *from, const struct sl_match *m)
{
	struct sl_loaded_ruleset *loaded = m->loaded;
	struct sl_alert alert = next_alert(p);
	uint64_t time = m->time;
	enum sl_tlp tlp;
	enum sl_severity severity;

	alert.match = m;
	alert.tail = (const uint8_t *)(m + 1);
	bool now = becomes_alert(p, m, alert.tail, &alert.stretch);
	if (now) {
		sl_json_reset(&p->json);
		sl_alert_write(&p->json, &alert);
		sl_alert_labels(m, &tlp, &severity);
	}
	sl_outbox_drop(from); /* before the journal, which may take its time */
	if (now)
		publish(p, time, tlp, severity);
	if (p->config.release)
		p->config.release(loaded);
}

bool sl_publisher_settle(struct sl_publisher *p, uint64_t time)
{
	struct sl_summary summary;

	if (!p->repeats || !sl_repeats_due(p->repeats, time, &summary))
		return false;
	struct sl_alert alert = next_alert(p);
	uint64_t last = summary.last->time;
	sl_json_reset(&p->json);
	sl_alert_write_summary(&p->json, &alert, &summary);
	sl_repeats_close(p->repeats);
	publish(p, last, summary.tlp, summary.severity);
	return true;
}
