/* A decoded packet: what the headers say, and where the payload is. Exposed, because every stage of
 * the hot path reads it. Borrows from its frame. */
#ifndef SELAT_SENSOR_DECODE_PACKET_H
#define SELAT_SENSOR_DECODE_PACKET_H

#include <selat/address.h>
#include <selat/span.h>
#include <stdbool.h>
#include <stdint.h>

/* What became of a packet. Bad traffic is data: a verdict and a counter, never an error. */
enum sl_verdict {
	SL_VERDICT_OK,
	SL_VERDICT_TRUNCATED,   /* it ends before its headers do; what was decoded stays */
	SL_VERDICT_MALFORMED,   /* its headers contradict themselves */
	SL_VERDICT_UNSUPPORTED, /* of a kind that is not decoded */
	SL_VERDICT_FRAGMENT,    /* a part of an IP datagram */
};

enum sl_layer {
	SL_LAYER_END, /* no more headers */
	SL_LAYER_ETH,
	SL_LAYER_VLAN,
	SL_LAYER_SLL,
	SL_LAYER_SLL2,
	SL_LAYER_NULL,
	SL_LAYER_LOOP,
	SL_LAYER_RAW,
	SL_LAYER_IPV4,
	SL_LAYER_IPV6,
	SL_LAYER_TCP,
	SL_LAYER_UDP,
	SL_LAYER_ICMP,
	SL_LAYER_ICMPV6,
	SL_LAYER_COUNT
};

enum { SL_LAYERS_MAX = 16, SL_VLANS_MAX = 4 };
enum { SL_TCP_FIN = 1, SL_TCP_SYN = 2, SL_TCP_RST = 4, SL_TCP_ACK = 16 };
enum { SL_PROTO_NONE = 255 }; /* no IP packet: no protocol (255 is reserved) */

struct sl_packet {
	uint64_t number, time;
	struct sl_address src, dst; /* family 0: no IP packet */
	uint16_t sport, dport;      /* ICMP: type and code */
	uint8_t proto;              /* IP protocol number, or SL_PROTO_NONE */
	uint8_t verdict;            /* enum sl_verdict */
	uint8_t tcp_flags;
	uint8_t layers, vlans;
	bool has_ports;
	uint32_t seq;               /* TCP */
	uint32_t len, caplen;       /* of the frame */
	struct sl_span payload;     /* of the innermost protocol; borrowed */
	const uint8_t *mac;         /* destination, then source; NULL: none */
	const char *reason;         /* for a verdict that is not OK; a constant */
	uint8_t layer[SL_LAYERS_MAX];
	uint16_t vlan[SL_VLANS_MAX]; /* outermost first */
};

#endif
