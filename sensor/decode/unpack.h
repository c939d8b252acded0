/* All that is in a frame: the step from capture to the stages that look at packets. */
#ifndef SELAT_SENSOR_DECODE_UNPACK_H
#define SELAT_SENSOR_DECODE_UNPACK_H

#include <sensor/capture/frame.h>
#include <sensor/decode/defrag.h>

/* Decodes a frame, puts fragments together, and appends its packets: one, or as many as it holds,
 * in their order. The last is the frame's own; those before it are marked `further`. */
void sl_unpack(struct sl_defrag *defrag, const struct sl_frame *frame, bool checksums,
	       struct sl_packets *to);

#endif
