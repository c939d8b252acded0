/* The inspector itself: private to inspect.c, talk.c and what they hold for the parsers. */
#ifndef SELAT_SENSOR_INSPECT_INSPECT_INTERNAL_H
#define SELAT_SENSOR_INSPECT_INSPECT_INTERNAL_H

#include <sensor/inspect/expect.h>
#include <sensor/inspect/gather.h>
#include <sensor/inspect/parse.h>

enum {
	SL_ROOM_BYTES = 384 * 1024,  /* more than the largest message and its values, unpacked */
	SL_SPARE_BYTES = 16 << 20,
};

struct sl_inspect {
	struct sl_inspect_config config;
	struct sl_gather *gather;
	struct sl_expect *expect;
	uint64_t hold_left;  /* of config.state_bytes */
	uint64_t spare;      /* bytes that bodies may unpack beyond what they earn: SL_SPARE_BYTES at most */
	size_t values_n;     /* of the message at hand */
	size_t room_used;
	struct sl_value value[SL_VALUES_MAX];
	uint8_t room[SL_ROOM_BYTES];
};

#endif
