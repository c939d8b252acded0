/* Fragments of IPv4 (RFC 791, section 3.2; RFC 815), IPv6 (RFC 8200, section 4.5) and of frames in
 * CAPWAP (RFC 5415, section 3.4) put together, in bounded memory. The first copy of a byte wins.
 * One for each thread that decodes. */
#ifndef SELAT_SENSOR_DECODE_DEFRAG_H
#define SELAT_SENSOR_DECODE_DEFRAG_H

#include <selat/counter.h>
#include <selat/err.h>
#include <sensor/decode/packet.h>

struct sl_defrag;
int sl_defrag_new(struct sl_defrag **out, uint64_t bytes, struct sl_counters *counters,
		  struct sl_err *err);
void sl_defrag_free(struct sl_defrag *d); /* NULL is fine */

/* Takes a packet that is a part. If it completes its datagram, puts that into `room`
 * (SL_DATAGRAM_MAX bytes), decodes on, and returns true: the packet, and those appended to `more`,
 * borrow from room then. Else it stays as it was. A tunnel's datagram may be a part again: that is
 * taken too. */
bool sl_defrag_packet(struct sl_defrag *d, struct sl_packet *p, bool checksums, uint8_t *room,
		      struct sl_packets *more);

#endif
