/* What a reader read: how much, and how long it took from the sensor's eyes to ours. Memory is
 * bounded: times go into a histogram whose steps are less than one per cent wide. */
#ifndef SELAT_ALERTS_SUMMARY_H
#define SELAT_ALERTS_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SL_DELAY_STEPS = 128, SL_DELAY_BUCKETS = (64 - 6) * SL_DELAY_STEPS };

struct sl_delays { /* zero-initialise */
	uint64_t n, max_us;
	uint64_t bucket[SL_DELAY_BUCKETS];
};

void sl_delays_add(struct sl_delays *d, uint64_t us);

/* The time that `percent` of a hundred stay within, in microseconds; 0 if there are none. */
uint64_t sl_delays_at(const struct sl_delays *d, unsigned percent);

struct sl_summary { /* zero-initialise */
	uint64_t alerts, indicators, repeats, unreadable;
	struct sl_delays delays;
};

void sl_summary_print(FILE *out, const struct sl_summary *s, bool as_json);

#endif
