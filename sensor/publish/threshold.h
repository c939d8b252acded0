/* Thresholds: which matches of an indicator become alerts, as its pack says: from the Nth on, the
 * first N, once, each Nth in a period. Over all workers, by packets' times. Publisher's thread. */
#ifndef SELAT_SENSOR_PUBLISH_THRESHOLD_H
#define SELAT_SENSOR_PUBLISH_THRESHOLD_H

#include <selat/counter.h>
#include <sensor/publish/subject.h>

struct sl_thresholds;

struct sl_thresholds_config {
	uint32_t entries; /* counted at a time: an indicator and what it is counted by */
	uint64_t rate;    /* alerts a second an indicator, for sl_thresholds_spare; 0: no limit */
	const struct sl_subjects *subjects; /* borrowed until free */
	struct sl_counters *counters;       /* the same */
};

int sl_thresholds_new(struct sl_thresholds **out, const struct sl_thresholds_config *config,
		      struct sl_err *err);
void sl_thresholds_free(struct sl_thresholds *t); /* NULL is fine */

/* By the indicator's threshold: true if there is an alert now, with what it stands for. A match that
 * is held back is counted. */
bool sl_thresholds_pass(struct sl_thresholds *t, const struct sl_match *m, struct sl_stretch *for_);

/* By the rate, which is the same for every indicator: true if one alert more may be made. One that
 * may not is counted, and said in the log once a minute. */
bool sl_thresholds_spare(struct sl_thresholds *t, const struct sl_match *m);

#endif
