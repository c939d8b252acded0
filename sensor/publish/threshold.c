/* Thresholds: a counter for each indicator and source, destination, pair or flow that it counts by.
 * The indicator is known by its pack and id, so a counter goes on when the ruleset changes.
 *
 * A period begins with its first match and ends `seconds` later; the next match begins a new one. The
 * table is bounded: the entry that was not used for longest goes. */
#include "threshold.h"

#include <selat/log.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000000000)

enum { SAY_MS = 60000, BY_RATE = 0xff };

struct count {
	uint64_t begun, period; /* ns */
	uint64_t n;             /* matches in the period */
	uint64_t held;          /* since the last alert */
	uint64_t first_held;    /* the time of the first of these */
};

struct sl_thresholds {
	struct sl_thresholds_config config;
	struct sl_tally *tally;
	struct count *count; /* by the tally's entries */
	uint64_t over_rate;  /* since the log said so last */
	struct sl_pace pace;
};

int sl_thresholds_new(struct sl_thresholds **out, const struct sl_thresholds_config *config,
		      struct sl_err *err)
{
	struct sl_thresholds *t = calloc(1, sizeof *t);
	int rc = t ? sl_tally_new(&t->tally, config->entries, err) : SL_ENOMEM;

	if (rc == SL_OK) {
		t->config = *config;
		t->count = calloc(config->entries, sizeof *t->count);
	}
	if (rc != SL_OK || !t->count) {
		sl_thresholds_free(t);
		return sl_fail(err, SL_ENOMEM, "thresholds: out of memory");
	}
	*out = t;
	return SL_OK;
}

void sl_thresholds_free(struct sl_thresholds *t)
{
	if (!t)
		return;
	sl_tally_free(t->tally);
	free(t->count);
	free(t);
}

/* --- what is counted by --- */

struct parts { /* the bytes of a key, one after the other */
	uint8_t bytes[64];
	size_t len;
};

static void add(struct parts *p, const void *at, size_t len)
{
	memcpy(p->bytes + p->len, at, len);
	p->len += len;
}

static void add_address(struct parts *p, const struct sl_address *a)
{
	add(p, &a->family, 1);
	add(p, a->bytes, sizeof a->bytes);
}

/* Both ends, the same for either direction: a flow's client may be learnt late. */
static void add_ends(struct parts *p, const struct sl_flow_view *f, bool ports)
{
	int order = memcmp(f->src.bytes, f->dst.bytes, sizeof f->src.bytes);
	bool swap = order ? order > 0 : f->sport > f->dport;
	const struct sl_address *low = swap ? &f->dst : &f->src, *high = swap ? &f->src : &f->dst;
	uint16_t low_port = swap ? f->dport : f->sport, high_port = swap ? f->sport : f->dport;

	add_address(p, low);
	add_address(p, high);
	if (ports) {
		add(p, &low_port, sizeof low_port);
		add(p, &high_port, sizeof high_port);
	}
}

static struct sl_tally_key key_of(const struct sl_thresholds *t, const struct sl_match *m, uint8_t by)
{
	const struct sl_flow_view *f = &m->flow;
	struct parts p = { .bytes = { by }, .len = 1 };

	switch (by) {
	case SL_BY_SOURCE:
		add_address(&p, m->to_client ? &f->dst : &f->src);
		break;
	case SL_BY_DESTINATION:
		add_address(&p, m->to_client ? &f->src : &f->dst);
		break;
	case SL_BY_PAIR:
		add_ends(&p, f, false);
		break;
	case SL_BY_FLOW:
		add_ends(&p, f, true);
		add(&p, &f->proto, 1);
		add(&p, &f->start, sizeof f->start);
		break;
	default: /* the indicator alone */
		break;
	}
	return sl_subject_key(t->config.subjects, m, sl_span_of(p.bytes, p.len));
}

/* --- counting --- */

/* Room for one more: what was not used for longest goes. */
static void make_room(struct sl_thresholds *t, uint64_t now)
{
	if (!sl_tally_full(t->tally))
		return;
	uint32_t oldest = sl_tally_oldest(t->tally);
	const struct count *c = &t->count[oldest];
	if (!sl_time_elapsed(c->begun, now, c->period))
		sl_count(t->config.counters, SL_COUNT_THRESHOLDS_FULL);
	sl_tally_drop(t->tally, oldest);
}

/* The counter that this match is in, in its period, with the match. */
static struct count *count_match(struct sl_thresholds *t, const struct sl_match *m, uint8_t by,
				 uint64_t period)
{
	struct sl_tally_key key = key_of(t, m, by);
	uint32_t entry = sl_tally_find(t->tally, key);

	if (entry == SL_TALLY_NONE) {
		make_room(t, m->time);
		entry = sl_tally_add(t->tally, key);
		t->count[entry] = (struct count){ .begun = m->time };
	} else {
		sl_tally_touch(t->tally, entry);
	}
	struct count *c = &t->count[entry];
	c->period = period;
	if (sl_time_elapsed(c->begun, m->time, period)) {
		c->begun = m->time;
		c->n = 0;
	}
	c->n++;
	return c;
}

static bool passes(enum sl_threshold_type type, uint64_t n, uint64_t count)
{
	switch (type) {
	case SL_THRESHOLD_FROM:
		return n >= count;
	case SL_THRESHOLD_LIMIT:
		return n <= count;
	case SL_THRESHOLD_BOTH:
		return n == count;
	case SL_THRESHOLD_EVERY:
		return n % count == 0;
	case SL_THRESHOLD_NONE:
		break;
	}
	return true;
}

bool sl_thresholds_pass(struct sl_thresholds *t, const struct sl_match *m, struct sl_stretch *for_)
{
	const struct sl_ruleset_indicator *ind = &m->ruleset->indicators[m->indicator];
	const struct sl_ruleset_action *a = ind->action ? &m->ruleset->actions[ind->action] : NULL;

	*for_ = (struct sl_stretch){ 1, m->time, m->time };
	if (!a || a->threshold == SL_THRESHOLD_NONE || a->count == 0)
		return true;
	struct count *c = count_match(t, m, a->by, a->seconds * SECOND);
	if (c->n == 1 && a->threshold != SL_THRESHOLD_LIMIT)
		c->held = 0; /* a period that did not come so far is over; a limit's rest is told */
	if (c->held == 0 || m->time < c->first_held)
		c->first_held = m->time;
	c->held++;
	if (!passes((enum sl_threshold_type)a->threshold, c->n, a->count)) {
		sl_count(t->config.counters, SL_COUNT_ALERTS_THRESHOLDED);
		return false;
	}
	*for_ = (struct sl_stretch){ c->held, c->first_held, m->time };
	c->held = 0;
	return true;
}

static void say_over_rate(struct sl_thresholds *t, const struct sl_match *m)
{
	const struct sl_ruleset_indicator *ind = &m->ruleset->indicators[m->indicator];
	uint64_t held;

	sl_count(t->config.counters, SL_COUNT_ALERTS_OVER_RATE);
	t->over_rate++;
	if (!sl_pace_pass(&t->pace, SAY_MS, &held))
		return;
	sl_log(SL_WARN, "alerts",
	       "%s/%s: more than %llu alerts a second (alerts.rate); %llu held back so far, of all "
	       "indicators: look at the indicator, or give it a threshold",
	       sl_ruleset_string(m->ruleset, m->ruleset->packs[ind->pack].name),
	       sl_ruleset_string(m->ruleset, ind->id), (unsigned long long)t->config.rate,
	       (unsigned long long)t->over_rate);
}

bool sl_thresholds_spare(struct sl_thresholds *t, const struct sl_match *m)
{
	if (t->config.rate == 0)
		return true;
	if (count_match(t, m, BY_RATE, SECOND)->n <= t->config.rate)
		return true;
	say_over_rate(t, m);
	return false;
}
