/* Frames as capture hands them on, a batch at a time. Exposed, because the hot path inlines it. */
#ifndef SELAT_SENSOR_CAPTURE_FRAME_H
#define SELAT_SENSOR_CAPTURE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SL_BATCH = 64,            /* packets; 32 to 128 measured alike, 8 costs a tenth */
	SL_SNAPLEN = 262144,      /* bytes of a packet at most; what is longer is cut */
	SL_BATCH_STORE = SL_BATCH * 2048 + SL_SNAPLEN,
};

struct sl_frame {
	const uint8_t *at; /* borrowed from the batch's store until the batch is reused */
	uint32_t caplen, len; /* bytes here, and on the wire */
	uint64_t time;        /* nanoseconds since 1970 */
	uint64_t number;      /* in the capture, from 1; live: in this worker's */
	int link;             /* link type (LINKTYPE_*, as libpcap's DLT_*) */
};

struct sl_frames {
	size_t n;
	uint64_t observed; /* wall clock when they were read, nanoseconds */
	bool pressed; /* live: the reader falls behind, and packets are about to be lost */
	const char *interface; /* live: where they came from, for the process's life; else NULL */
	struct sl_frame frame[SL_BATCH];
	size_t used; /* bytes of store */
	uint8_t store[SL_BATCH_STORE];
};

#endif
