/* A batch on its way through a worker: frames and what was decoded of them. */
#ifndef SELAT_SENSOR_BATCH_H
#define SELAT_SENSOR_BATCH_H

#include <sensor/capture/frame.h>
#include <sensor/decode/defrag.h>
#include <sensor/decode/packet.h>

struct sl_batch {
	struct sl_frames frames;
	struct sl_packet packet[SL_BATCH]; /* of frames.frame, by index */
	size_t joined_n;
	uint8_t joined[SL_BATCH][SL_DATAGRAM_MAX]; /* datagrams that packets borrow; touched when used */
	uint64_t reached; /* every packet of this worker up to this number is in this batch or before */
};

#endif
