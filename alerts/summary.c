/* The summary at a reader's end. A time's bucket: below 128 µs its own value; above, its leading
 * eight bits, so that every power of two has 128 steps. */
#include "alerts/summary.h"

#include <inttypes.h>
#include <selat/json.h>

static unsigned bucket_of(uint64_t us)
{
	if (us < SL_DELAY_STEPS)
		return (unsigned)us;
	unsigned shift = (unsigned)(63 - __builtin_clzll(us)) - 7;
	return (shift + 1) * SL_DELAY_STEPS + (unsigned)(us >> shift) - SL_DELAY_STEPS;
}

/* The largest time that falls into a bucket. */
static uint64_t bucket_top(unsigned bucket)
{
	if (bucket < 2 * SL_DELAY_STEPS)
		return bucket;
	unsigned shift = bucket / SL_DELAY_STEPS - 1;
	uint64_t lead = bucket % SL_DELAY_STEPS + SL_DELAY_STEPS;
	return (lead << shift) + ((1ULL << shift) - 1);
}

void sl_delays_add(struct sl_delays *d, uint64_t us)
{
	d->bucket[bucket_of(us)]++;
	d->n++;
	if (us > d->max_us)
		d->max_us = us;
}

uint64_t sl_delays_at(const struct sl_delays *d, unsigned percent)
{
	uint64_t below = 0;
	for (unsigned i = 0; i < SL_DELAY_BUCKETS; i++) {
		below += d->bucket[i];
		if (below && (double)below * 100 >= (double)d->n * percent)
			return bucket_top(i) < d->max_us ? bucket_top(i) : d->max_us;
	}
	return d->max_us;
}

static double ms(uint64_t us)
{
	return (double)us / 1000;
}

static void print_json(FILE *out, const struct sl_summary *s)
{
	struct sl_json j;
	sl_json_init(&j);
	sl_json_open(&j, NULL, '{');
	sl_json_u64(&j, "alerts", s->alerts);
	sl_json_u64(&j, "indicators", s->indicators);
	sl_json_u64(&j, "repeats", s->repeats);
	sl_json_u64(&j, "unreadable", s->unreadable);
	if (s->delays.n) {
		sl_json_open(&j, "observed_to_read_ms", '{');
		sl_json_double(&j, "median", ms(sl_delays_at(&s->delays, 50)));
		sl_json_double(&j, "p99", ms(sl_delays_at(&s->delays, 99)));
		sl_json_double(&j, "max", ms(s->delays.max_us));
		sl_json_close(&j, '}');
	}
	sl_json_close(&j, '}');
	if (!j.failed)
		fprintf(out, "%.*s\n", (int)j.len, j.text);
	sl_json_fini(&j);
}

void sl_summary_print(FILE *out, const struct sl_summary *s, bool as_json)
{
	if (as_json) {
		print_json(out, s);
		return;
	}
	fprintf(out,
		"alerts read          %" PRIu64 "\n"
		"distinct indicators  %" PRIu64 "\n"
		"repeats dropped      %" PRIu64 "\n"
		"unreadable           %" PRIu64 "\n",
		s->alerts, s->indicators, s->repeats, s->unreadable);
	if (s->delays.n)
		fprintf(out, "observed to read     median %.1f ms, p99 %.1f ms, max %.1f ms\n",
			ms(sl_delays_at(&s->delays, 50)), ms(sl_delays_at(&s->delays, 99)),
			ms(s->delays.max_us));
}
