/* The decoders, one a protocol: private to decode. Each reads its header through the cursor, fills
 * the packet and names the next layer; SL_LAYER_END where there is none. */
#ifndef SELAT_SENSOR_DECODE_LAYERS_H
#define SELAT_SENSOR_DECODE_LAYERS_H

#include <selat/cursor.h>
#include <sensor/decode/decode.h>

struct sl_decoding {
	struct sl_cur cur;
	struct sl_packet *p;
	bool checksums;
	uint32_t pseudo; /* the IP header's part of the transport checksum, not folded */
	uint32_t transport_len; /* bytes of the transport header and payload as the IP header says */
};

typedef enum sl_layer sl_layer_fn(struct sl_decoding *d);
sl_layer_fn sl_decode_eth, sl_decode_vlan, sl_decode_sll, sl_decode_sll2, sl_decode_null, sl_decode_loop,
	sl_decode_raw, sl_decode_ipv4, sl_decode_ipv6, sl_decode_tcp, sl_decode_udp, sl_decode_icmp,
	sl_decode_icmpv6;

enum sl_layer sl_layer_of_ethertype(struct sl_decoding *d, uint16_t ethertype);
enum sl_layer sl_layer_of_proto(struct sl_decoding *d);

/* Sets the verdict and ends decoding: `return sl_stop(d, SL_VERDICT_MALFORMED, "…")`. */
enum sl_layer sl_stop(struct sl_decoding *d, enum sl_verdict verdict, const char *reason);

/* The Internet checksum's running sum (RFC 1071) over bytes; fold to 16 bits at the end. */
uint32_t sl_sum_add(uint32_t sum, const uint8_t *at, size_t len);
uint16_t sl_sum_fold(uint32_t sum);

#endif
