/* Alert: a match, written as the JSON that is published about it. */
#ifndef SELAT_SENSOR_PUBLISH_ALERT_H
#define SELAT_SENSOR_PUBLISH_ALERT_H

#include <selat/json.h>
#include <sensor/detect/match.h>

struct sl_alert {
	const struct sl_match *match;
	const uint8_t *tail; /* value, bytes around the match, fields: as match.h says */
	const char *sensor_id, *country, *epoch;
	uint64_t seq;
	uint16_t community_seed;
	bool retro;
};

enum { SL_ALERT_ID_TEXT = 256 };

/* "vn-hn-ix1/01JD…/184467"; returns out. */
char *sl_alert_id(char out[SL_ALERT_ID_TEXT], const char *sensor, const char *epoch, uint64_t seq);

/* Appends the object. Borrows everything only for the call. */
void sl_alert_write(struct sl_json *j, const struct sl_alert *a);

/* What routes decide by. */
const struct sl_ruleset_indicator *sl_alert_indicator(const struct sl_match *m);
const struct sl_ruleset_meta *sl_alert_meta(const struct sl_match *m);

#endif
