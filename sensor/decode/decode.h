/* decode: from a frame's bytes to packets. Pure: reads the frame, fills the packets, keeps nothing. */
#ifndef SELAT_SENSOR_DECODE_DECODE_H
#define SELAT_SENSOR_DECODE_DECODE_H

#include <sensor/capture/frame.h>
#include <sensor/decode/packet.h>

/* Decodes one frame. With `checksums` an IP, TCP, UDP or ICMP checksum that is wrong makes the packet
 * malformed. Always leaves a consistent packet, whatever the bytes. */
void sl_decode(const struct sl_frame *frame, bool checksums, struct sl_packet *packet);

/* The same for a frame that may hold several packets: appends the last, then the further ones. */
void sl_decode_all(const struct sl_frame *frame, bool checksums, struct sl_packets *to);

/* Goes on with a packet that is a part when the whole is here: `datagram` is what follows the IP header
 * (IPv6: the fragment header; CAPWAP: its header), and must outlive the packet. Further packets in it
 * are appended to `more`, if that is not NULL. */
void sl_decode_datagram(struct sl_packet *packet, struct sl_span datagram, bool checksums,
			struct sl_packets *more);

bool sl_decode_knows(int link);
const char *sl_layer_text(enum sl_layer layer);
const char *sl_verdict_text(enum sl_verdict verdict);

/* The name in JSON of an IP protocol ("tcp", "icmpv6"); NULL: it has none here, use the number. */
const char *sl_proto_text(uint8_t proto);

/* A hash of the innermost address pair, the same for both directions, or of the pair that an ICMP error
 * quotes: which worker. Packets without an IP header have 0. */
uint32_t sl_packet_pair_hash(const struct sl_packet *p);

/* The verdict's reason when a checksum is wrong: compare pointers. */
extern const char sl_reason_checksum[];

#endif
