/* What the files that write an alert share. */
#ifndef SELAT_SENSOR_PUBLISH_ALERT_INTERNAL_H
#define SELAT_SENSOR_PUBLISH_ALERT_INTERNAL_H

#include <sensor/publish/alert.h>

/* A key with a text; nothing if there is none. */
void sl_alert_text(struct sl_json *j, const char *key, const char *value);

void sl_alert_flow(struct sl_json *j, const struct sl_match *m, uint16_t community_seed);
void sl_alert_link(struct sl_json *j, const struct sl_match *m);

/* The next of a tail's fields, each (u8 field, u16 length, bytes); false at the end, or where the bytes
 * end too early. *at begins as 0. */
bool sl_alert_field_next(struct sl_span fields, size_t *at, uint8_t *field, struct sl_span *value);

#endif
