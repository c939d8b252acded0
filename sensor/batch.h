/* A batch on its way through a worker: frames and what was decoded of them. */
#ifndef SELAT_SENSOR_BATCH_H
#define SELAT_SENSOR_BATCH_H

#include <sensor/capture/frame.h>
#include <sensor/decode/packet.h>

enum { SL_BATCH_PACKETS = 2 * SL_BATCH }; /* one a frame, and room for frames that hold several */

struct sl_batch {
	struct sl_frames frames;
	size_t n;
	struct sl_packet packet[SL_BATCH_PACKETS]; /* in the frames' order */
	size_t joined_n;
	uint8_t joined[SL_BATCH_PACKETS][SL_DATAGRAM_MAX]; /* what packets borrow; touched when used */
	uint64_t reached; /* every packet of this worker up to this number is in this batch or before */
};

#endif
