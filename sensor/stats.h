/* The counters as JSON: --stats, SIGUSR1. */
#ifndef SELAT_SENSOR_STATS_H
#define SELAT_SENSOR_STATS_H

#include <selat/counter.h>
#include <selat/err.h>
#include <stdbool.h>
#include <stddef.h>

struct sl_loaded_ruleset;

struct sl_stats {
	const char *sensor;
	double seconds;  /* spent with the input so far */
	unsigned workers;
	struct sl_loaded_ruleset *loaded; /* in use; NULL: none */
	const struct sl_counters *const *set; /* one a thread */
	size_t sets;
};

uint64_t sl_stats_sum(const struct sl_stats *s, enum sl_counter which);

/* Writes one JSON object: by rename to a file, or "-" to standard error. */
int sl_stats_write(const struct sl_stats *s, const char *path, struct sl_err *err);

#endif
