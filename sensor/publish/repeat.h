/* Repeats: the same indicator between the same two addresses within a window is one alert at once, and
 * one summary at the window's end of what else there was. Publisher's thread. */
#ifndef SELAT_SENSOR_PUBLISH_REPEAT_H
#define SELAT_SENSOR_PUBLISH_REPEAT_H

#include <selat/counter.h>
#include <selat/json.h>
#include <sensor/publish/alert.h>
#include <sensor/publish/subject.h>

struct sl_repeats;

struct sl_repeats_config {
	uint64_t window_ns;
	uint32_t windows;                   /* open at a time */
	const struct sl_subjects *subjects; /* borrowed until free */
	struct sl_counters *counters;       /* the same */
};

int sl_repeats_new(struct sl_repeats **out, const struct sl_repeats_config *config,
		   struct sl_err *err);
void sl_repeats_free(struct sl_repeats *r); /* NULL is fine */

/* Is a window open for this match? Then it is held back for the summary, and counted. */
bool sl_repeats_hold(struct sl_repeats *r, const struct sl_match *m, const uint8_t *tail,
		     const struct sl_stretch *stretch);

/* Opens one: this match becomes an alert. None is open for it, and sl_repeats_due gave nothing. */
void sl_repeats_open(struct sl_repeats *r, const struct sl_match *m);

/* A summary that is due: its window ended by `now`, or the oldest window when no other has room.
 * Borrowed until sl_repeats_close, which must follow; false: none. Windows without repeats end here
 * and say nothing. UINT64_MAX ends all. */
bool sl_repeats_due(struct sl_repeats *r, uint64_t now, struct sl_summary *summary);
void sl_repeats_close(struct sl_repeats *r);

/* When the oldest window ends; UINT64_MAX: none is open. */
uint64_t sl_repeats_next(const struct sl_repeats *r);

#endif
