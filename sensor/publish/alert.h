/* Alert: a match, or the repeats of one, written as the JSON that is published about it. */
#ifndef SELAT_SENSOR_PUBLISH_ALERT_H
#define SELAT_SENSOR_PUBLISH_ALERT_H

#include <selat/json.h>
#include <selat/tlp.h>
#include <sensor/detect/match.h>
#include <sensor/publish/subject.h>

struct sl_alert {
	const struct sl_match *match;
	const uint8_t *tail; /* value, bytes around the match, fields: as match.h says */
	struct sl_stretch stretch; /* what it stands for */
	const char *sensor_id, *country, *epoch;
	uint64_t seq;
	uint16_t community_seed;
	bool retro;
};

enum { SL_ALERT_ID_TEXT = 256, SL_SUMMARY_VALUES = 16 };

/* What else there was in a window. */
struct sl_summary {
	const struct sl_match *last; /* of them; without its tail and its ruleset */
	struct sl_stretch stretch;
	struct sl_span rule; /* as sl_alert_rule wrote it */
	enum sl_tlp tlp;
	enum sl_severity severity;
	const struct sl_span *value; /* distinct ones, at most SL_SUMMARY_VALUES */
	size_t values;
	uint64_t distinct; /* how many there were */
};

/* "vn-hn-ix1/01JD…/184467"; returns out. */
char *sl_alert_id(char out[SL_ALERT_ID_TEXT], const char *sensor, const char *epoch, uint64_t seq);

/* Appends the object. Borrows everything only for the call. */
void sl_alert_write(struct sl_json *j, const struct sl_alert *a);

/* The same of a summary; a->match, tail and stretch are not looked at. */
void sl_alert_write_summary(struct sl_json *j, const struct sl_alert *a, const struct sl_summary *s);

/* What the ruleset says about a match, as keys of an object without its brackets: for a summary. */
void sl_alert_rule(struct sl_json *j, const struct sl_match *m);

/* What routes decide by. */
void sl_alert_labels(const struct sl_match *m, enum sl_tlp *tlp, enum sl_severity *severity);

#endif
