/* A decoded packet: what the headers say, and where the payload is. Exposed, because every stage of
 * the hot path reads it. Borrows from its frame. */
#ifndef SELAT_SENSOR_DECODE_PACKET_H
#define SELAT_SENSOR_DECODE_PACKET_H

#include <selat/address.h>
#include <selat/span.h>
#include <selat/tunnel.h>
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
	/* link layers */
	SL_LAYER_ETH,
	SL_LAYER_LLC,
	SL_LAYER_VLAN,
	SL_LAYER_ETAG,
	SL_LAYER_VNTAG,
	SL_LAYER_PBB,
	SL_LAYER_CFP,
	SL_LAYER_SLL,
	SL_LAYER_SLL2,
	SL_LAYER_NULL,
	SL_LAYER_LOOP,
	SL_LAYER_RAW,
	SL_LAYER_MPLS,
	SL_LAYER_PPPOE,
	SL_LAYER_PPP,
	SL_LAYER_PPP_HDLC,
	SL_LAYER_CHDLC,
	SL_LAYER_RADIOTAP,
	SL_LAYER_WLAN,
	/* networks and tunnels */
	SL_LAYER_IPV4,
	SL_LAYER_IPV6,
	SL_LAYER_AH,
	SL_LAYER_ESP,
	SL_LAYER_GRE,
	SL_LAYER_ERSPAN,
	SL_LAYER_ETHERIP,
	SL_LAYER_L2TPV3,
	SL_LAYER_L2TP,
	SL_LAYER_VXLAN,
	SL_LAYER_GENEVE,
	SL_LAYER_GTP_U,
	SL_LAYER_GTP_C,
	SL_LAYER_TEREDO,
	SL_LAYER_CAPWAP,
	SL_LAYER_NSH,
	/* transports */
	SL_LAYER_TCP,
	SL_LAYER_UDP,
	SL_LAYER_UDPLITE,
	SL_LAYER_SCTP,
	SL_LAYER_ICMP,
	SL_LAYER_ICMPV6,
	SL_LAYER_COUNT
};

enum { SL_LAYERS_MAX = 24, SL_VLANS_MAX = 6, SL_MPLS_MAX = 8, SL_TUNNELS_MAX = 4 };
enum { SL_TCP_FIN = 1, SL_TCP_SYN = 2, SL_TCP_RST = 4, SL_TCP_ACK = 16, SL_TCP_URG = 32 };
enum { SL_PROTO_NONE = 255 }; /* no IP packet: no protocol (255 is reserved) */

/* What a packet travelled in: one outer IP header and the identifier behind it. */
struct sl_tunnel {
	struct sl_address src, dst;
	uint32_t id;   /* GRE key, VNI, TEID …, if has_id */
	uint8_t layer; /* enum sl_layer: of what kind */
	bool has_id;
};

/* A part of what was cut to pieces, for reassembly: of an IP datagram or of a frame in CAPWAP. */
enum sl_part { SL_PART_NONE, SL_PART_IP, SL_PART_CAPWAP };
struct sl_fragment {
	struct sl_span bytes; /* borrowed */
	uint32_t id;
	uint32_t offset; /* bytes */
	bool more;
	uint8_t layer; /* enum sl_layer: CAPWAP: what the whole begins with */
};

/* The packet that an ICMP error is about. */
struct sl_quoted {
	struct sl_address src, dst;
	uint16_t sport, dport;
	uint8_t proto;
};

struct sl_packet {
	uint64_t number, time;
	struct sl_address src, dst; /* family 0: no IP packet */
	uint16_t sport, dport;      /* ICMP: type and code */
	uint16_t urgent;            /* TCP: the pointer, whether its flag is set or not */
	uint8_t proto;              /* IP protocol number, or SL_PROTO_NONE */
	uint8_t verdict;            /* enum sl_verdict */
	uint8_t tcp_flags;
	uint8_t layers, vlans, labels, tunnels;
	uint16_t tunnel_kinds;      /* bits 1 << enum sl_tunnel_kind: all that it travelled in */
	uint8_t part;               /* enum sl_part: of what `fragment` is one that waits */
	bool further;               /* one of several in a frame, not the last; len is its part's */
	bool carrier;               /* further: a datagram that carries a tunnel */
	bool has_ports, has_vni, has_teid, has_stamp, has_quoted;
	uint32_t vni, teid; /* of the innermost such tunnel */
	uint32_t seq, ack, stamp;   /* TCP; stamp is TSval, if has_stamp */
	uint32_t len, caplen;       /* of the frame */
	struct sl_span payload;     /* of the innermost protocol; borrowed */
	const uint8_t *mac;         /* destination, then source; NULL: none */
	const char *reason;         /* for a verdict that is not OK; a constant */
	uint8_t layer[SL_LAYERS_MAX];
	/* outermost first, all of the frame's, inside and outside tunnels */
	uint16_t vlan[SL_VLANS_MAX];
	uint32_t mpls[SL_MPLS_MAX];
	struct sl_tunnel tunnel[SL_TUNNELS_MAX];
	struct sl_quoted quoted;     /* if has_quoted */
	struct sl_fragment fragment; /* if it is a part */
};

enum { SL_DATAGRAM_MAX = 65536 }; /* bytes */

/* Where the packets of a batch of frames go, and the datagrams that they borrow. The caller's memory:
 * a packet for each frame, and `spare` more for frames that hold several. */
struct sl_packets {
	struct sl_packet *at;
	size_t n, spare;
	bool carriers; /* wanted: packets for datagrams that carry tunnels */
	size_t lost; /* packets, or datagrams of them, that there was no room for */
	uint8_t (*joined)[SL_DATAGRAM_MAX];
	size_t joined_n, joined_max;
};

#endif
