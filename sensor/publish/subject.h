/* Subject: what alerts are counted by: an indicator, by the names that outlive a ruleset, and what
 * else tells its matches apart. */
#ifndef SELAT_SENSOR_PUBLISH_SUBJECT_H
#define SELAT_SENSOR_PUBLISH_SUBJECT_H

#include <sensor/detect/match.h>
#include <sensor/publish/tally.h>

/* The matches that an alert stands for. */
struct sl_stretch {
	uint64_t count;
	uint64_t first, last; /* times of packets */
};

struct sl_subjects { /* a secret of this run, under which keys are made */
	uint8_t secret[192];
};

int sl_subjects_init(struct sl_subjects *s, struct sl_err *err);

/* Of the indicator (its pack's name and its id) and these bytes. */
struct sl_tally_key sl_subject_key(const struct sl_subjects *s, const struct sl_match *m,
				   struct sl_span bytes);

/* Of any bytes. */
struct sl_tally_key sl_subject_digest(const struct sl_subjects *s, struct sl_span bytes);

/* Did more than so long pass since `begun`? Time that went back by as much is of another capture. */
static inline bool sl_time_elapsed(uint64_t begun, uint64_t now, uint64_t period_ns)
{
	return now > begun ? now - begun > period_ns : begun - now > period_ns;
}

#endif
