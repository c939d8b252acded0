/* Repeats: a window an (indicator, client, server), from the match that became an alert on. The second
 * match makes a digest of what a summary will say, so that a window that never sees one costs its key
 * alone. What the ruleset said is kept as JSON: a window does not hold on to a ruleset.
 *
 * All windows are equally long, so they end in the order in which they began. Distinct values are
 * counted by a second table, of (window, value): if that is full, a value may count twice. */
#include "repeat.h"

#include <stdlib.h>

enum { VALUES = SL_SUMMARY_VALUES, VALUE_MAX = 256, DISTINCT_A_WINDOW = 16 };

struct digest { /* of the matches that were held back */
	struct sl_match last;
	struct sl_stretch stretch;
	struct sl_json rule;
	enum sl_tlp tlp;
	enum sl_severity severity;
	uint64_t distinct;
	size_t values;
	struct sl_span value[VALUES]; /* each in its row below */
	uint8_t bytes[VALUES][VALUE_MAX];
};

struct window {
	uint64_t begun;
	uint64_t number; /* unique: tells its values from an earlier window's */
	struct digest *digest; /* NULL: nothing was held back */
};

struct sl_repeats {
	struct sl_repeats_config config;
	struct sl_tally *tally;
	struct window *window; /* by the tally's entries */
	uint64_t opened;
	struct sl_tally *values;
	uint64_t *value_window; /* by its entries: the number of the window */
};

int sl_repeats_new(struct sl_repeats **out, const struct sl_repeats_config *config,
		   struct sl_err *err)
{
	struct sl_repeats *r = calloc(1, sizeof *r);
	uint32_t values = config->windows * DISTINCT_A_WINDOW;
	int rc = r ? sl_tally_new(&r->tally, config->windows, err) : SL_ENOMEM;

	if (rc == SL_OK)
		rc = sl_tally_new(&r->values, values, err);
	if (rc == SL_OK) {
		r->config = *config;
		r->window = calloc(config->windows, sizeof *r->window);
		r->value_window = calloc(values, sizeof *r->value_window);
	}
	if (rc != SL_OK || !r->window || !r->value_window) {
		sl_repeats_free(r);
		return sl_fail(err, SL_ENOMEM, "repeats: out of memory");
	}
	*out = r;
	return SL_OK;
}

static void digest_free(struct digest *d)
{
	if (!d)
		return;
	sl_json_fini(&d->rule);
	free(d);
}

static void drop_oldest(struct sl_repeats *r)
{
	uint32_t oldest = sl_tally_oldest(r->tally);

	digest_free(r->window[oldest].digest);
	sl_tally_drop(r->tally, oldest);
}

void sl_repeats_free(struct sl_repeats *r)
{
	if (!r)
		return;
	while (r->window && sl_tally_oldest(r->tally) != SL_TALLY_NONE)
		drop_oldest(r);
	sl_tally_free(r->tally);
	sl_tally_free(r->values);
	free(r->window);
	free(r->value_window);
	free(r);
}

static struct sl_tally_key key_of(const struct sl_repeats *r, const struct sl_match *m)
{
	const struct sl_address *end[2] = { &m->flow.src, &m->flow.dst };
	uint8_t bytes[2 * 17];

	for (size_t i = 0; i < 2; i++) {
		bytes[i * 17] = end[i]->family;
		memcpy(bytes + i * 17 + 1, end[i]->bytes, 16);
	}
	return sl_subject_key(r->config.subjects, m, sl_span_of(bytes, sizeof bytes));
}

/* --- a window's values --- */

static bool value_is_new(struct sl_repeats *r, const struct window *w, struct sl_span value)
{
	struct {
		struct sl_tally_key value;
		uint64_t window;
	} both = { sl_subject_digest(r->config.subjects, value), w->number };
	struct sl_tally_key key =
		sl_subject_digest(r->config.subjects, sl_span_of(&both, sizeof both));

	if (sl_tally_find(r->values, key) != SL_TALLY_NONE)
		return false;
	if (sl_tally_full(r->values)) {
		uint32_t oldest = sl_tally_oldest(r->values);
		uint32_t first = sl_tally_oldest(r->tally);
		if (r->value_window[oldest] >= r->window[first].number) /* still open */
			sl_count(r->config.counters, SL_COUNT_REPEAT_VALUES_FULL);
		sl_tally_drop(r->values, oldest);
	}
	r->value_window[sl_tally_add(r->values, key)] = w->number;
	return true;
}

static void take_value(struct sl_repeats *r, struct window *w, struct sl_span value)
{
	struct digest *d = w->digest;

	if (value.len == 0 || !value_is_new(r, w, value))
		return;
	d->distinct++;
	if (d->values == VALUES)
		return;
	size_t len = value.len < VALUE_MAX ? value.len : VALUE_MAX;
	memcpy(d->bytes[d->values], value.at, len);
	d->value[d->values] = sl_span_of(d->bytes[d->values], len);
	d->values++;
}

/* --- matches --- */

static struct digest *digest_new(const struct sl_match *m, const struct sl_stretch *stretch)
{
	struct digest *d = malloc(sizeof *d); /* the rows are written as they are needed */

	if (!d)
		return NULL;
	d->distinct = d->values = 0;
	sl_json_init(&d->rule);
	sl_alert_rule(&d->rule, m);
	sl_alert_labels(m, &d->tlp, &d->severity);
	d->stretch = (struct sl_stretch){ 0, stretch->first, stretch->last };
	if (d->rule.failed) {
		digest_free(d);
		return NULL;
	}
	return d;
}

static void take_match(struct digest *d, const struct sl_match *m, const struct sl_stretch *stretch)
{
	struct sl_stretch *all = &d->stretch;

	d->last = *m;
	d->last.loaded = NULL; /* the reference goes with the record */
	d->last.ruleset = NULL;
	all->count += stretch->count;
	if (stretch->first < all->first)
		all->first = stretch->first;
	if (stretch->last > all->last)
		all->last = stretch->last;
}

bool sl_repeats_hold(struct sl_repeats *r, const struct sl_match *m, const uint8_t *tail,
		     const struct sl_stretch *stretch)
{
	uint32_t entry = sl_tally_find(r->tally, key_of(r, m));

	if (entry == SL_TALLY_NONE)
		return false;
	struct window *w = &r->window[entry];
	if (!w->digest)
		w->digest = digest_new(m, stretch);
	if (!w->digest)
		return false;
	take_match(w->digest, m, stretch);
	take_value(r, w, sl_span_of(tail, m->value_len));
	sl_count(r->config.counters, SL_COUNT_ALERTS_REPEATED);
	return true;
}

void sl_repeats_open(struct sl_repeats *r, const struct sl_match *m)
{
	struct sl_tally_key key = key_of(r, m);

	if (sl_tally_full(r->tally) || sl_tally_find(r->tally, key) != SL_TALLY_NONE)
		return; /* memory ended: the match is an alert of its own */
	r->window[sl_tally_add(r->tally, key)] =
		(struct window){ .begun = m->time, .number = ++r->opened };
}

/* --- ends --- */

static bool oldest_is_due(struct sl_repeats *r, uint64_t now)
{
	uint32_t oldest = sl_tally_oldest(r->tally);

	if (oldest == SL_TALLY_NONE)
		return false;
	if (sl_time_elapsed(r->window[oldest].begun, now, r->config.window_ns))
		return true;
	if (!sl_tally_full(r->tally))
		return false;
	sl_count(r->config.counters, SL_COUNT_REPEATS_FULL);
	return true;
}

bool sl_repeats_due(struct sl_repeats *r, uint64_t now, struct sl_summary *summary)
{
	while (oldest_is_due(r, now)) {
		const struct digest *d = r->window[sl_tally_oldest(r->tally)].digest;
		if (d) {
			*summary = (struct sl_summary){ .last = &d->last,
							.stretch = d->stretch,
							.rule = sl_span_of(d->rule.text,
									   d->rule.len),
							.tlp = d->tlp,
							.severity = d->severity,
							.value = d->value,
							.values = d->values,
							.distinct = d->distinct };
			return true;
		}
		drop_oldest(r);
	}
	return false;
}

void sl_repeats_close(struct sl_repeats *r)
{
	drop_oldest(r);
}

uint64_t sl_repeats_next(const struct sl_repeats *r)
{
	uint32_t oldest = sl_tally_oldest(r->tally);
	return oldest == SL_TALLY_NONE ? UINT64_MAX : r->window[oldest].begun + r->config.window_ns;
}
