/* The inspector itself: private to inspect.c, talk.c and what they hold for the parsers. */
#ifndef SELAT_SENSOR_INSPECT_INSPECT_INTERNAL_H
#define SELAT_SENSOR_INSPECT_INSPECT_INTERNAL_H

#include <sensor/inspect/expect.h>
#include <sensor/inspect/gather.h>
#include <sensor/inspect/parse.h>

enum { SL_ROOM_BYTES = 384 * 1024 }; /* more than the largest message and its values, unpacked */

struct sl_inspect {
	struct sl_inspect_config config;
	struct sl_gather *gather;
	struct sl_expect *expect;
	uint64_t hold_left;  /* of config.state_bytes */
	size_t values_n;     /* of the message at hand */
	size_t room_used;
	struct sl_value value[SL_VALUES_MAX];
	uint8_t room[SL_ROOM_BYTES];
};

#endif
