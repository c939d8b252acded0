/* The streams and windows of a flow's directions (direction.c), for payload.c and whoever ends a flow. */
#ifndef SELAT_SENSOR_DETECT_DIRECTION_H
#define SELAT_SENSOR_DETECT_DIRECTION_H

#include <sensor/detect/detect_internal.h>

static inline const struct sl_scanner *sl_payload_scanner(const struct sl_detect *d, unsigned lane,
							  enum sl_database_mode mode)
{
	return &d->lane[lane].e->scanner[SL_FIELD_PAYLOAD][mode];
}

/* Scans the place's bytes as the next of its side's stream. */
void sl_direction_scan(struct sl_detect *d, struct sl_detect_slot *slot, unsigned lane,
		       const struct sl_place *place);

/* NULL: it has none. */
struct sl_window *sl_direction_window_of(const struct sl_detect *d, struct sl_flow *flow, unsigned side);
/* n bytes of the side come next, with the packet `at`. */
void sl_direction_expect(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side,
			 size_t n);
void sl_direction_feed(struct sl_detect *d, const struct sl_sighting *at, struct sl_detect_slot *slot,
		       const struct sl_flow *flow, unsigned side, struct sl_span bytes, uint64_t offset);

/* Bytes of the side were not seen. */
void sl_direction_begin_anew(struct sl_detect *d, struct sl_detect_slot *slot, unsigned side);
/* The flow goes. */
void sl_direction_forget(struct sl_detect *d, struct sl_detect_slot *slot);
/* The ruleset goes: flows open new streams as their bytes come, and ask again for windows. */
void sl_direction_close_lane(struct sl_detect *d, unsigned lane);

#endif
