/* The decoders, one a protocol: private to decode. Each reads its header through the cursor, fills
 * the packet and names the next layer; SL_LAYER_END where there is none. */
#ifndef SELAT_SENSOR_DECODE_LAYERS_H
#define SELAT_SENSOR_DECODE_LAYERS_H

#include <selat/cursor.h>
#include <sensor/decode/decode.h>

struct sl_forks;

struct sl_decoding {
	struct sl_cur cur;
	struct sl_packet *p;
	struct sl_forks *forks; /* NULL: one packet is enough */
	bool forked;       /* there was more than one */
	bool carriers;     /* a datagram that carries a tunnel is a packet too, see transport.c */
	bool checksums;
	bool joined;       /* not in the frame, but in a datagram that was put together */
	bool in_udp;       /* in what only a UDP port or a look says is a tunnel */
	bool outer_ok;     /* an IP packet was decoded: what it carries may be unknown */
	size_t cut;        /* bytes behind the cursor's end that the wire had and the capture has not */
	uint32_t pseudo;   /* the IP header's part of the transport checksum, not folded */
	uint32_t transport_len; /* bytes of the transport header and payload as the IP header says */
	/* the tunnel that the next IP header is in, if it is in one */
	uint8_t tunnel_layer;
	bool tunnel_has_id;
	uint16_t tunnel_kinds; /* of all headers so far */
	uint32_t tunnel_id;
};

/* What the wire had from the cursor on: at least what was captured. */
static inline size_t sl_wire_left(const struct sl_decoding *d)
{
	return sl_cur_left(&d->cur) + d->cut;
}

/* A header says that `len` bytes follow: what is behind them is padding. */
static inline void sl_limit(struct sl_decoding *d, size_t len)
{
	size_t left = sl_cur_left(&d->cur);
	if (len < left)
		d->cur.end = d->cur.p + len;
	if (len < left + d->cut)
		d->cut = len < left ? 0 : len - left;
}

typedef enum sl_layer sl_layer_fn(struct sl_decoding *d);

/* link.c */
sl_layer_fn sl_decode_eth, sl_decode_llc, sl_decode_vlan, sl_decode_etag, sl_decode_vntag, sl_decode_pbb,
	sl_decode_cfp, sl_decode_sll, sl_decode_sll2, sl_decode_null, sl_decode_loop, sl_decode_raw;
/* wan.c */
sl_layer_fn sl_decode_mpls, sl_decode_pppoe, sl_decode_ppp, sl_decode_ppp_hdlc, sl_decode_chdlc;
/* wlan.c */
sl_layer_fn sl_decode_radiotap, sl_decode_wlan;
/* ip.c */
sl_layer_fn sl_decode_ipv4, sl_decode_ipv6, sl_decode_ah, sl_decode_esp;
/* tunnel.c */
sl_layer_fn sl_decode_gre, sl_decode_erspan, sl_decode_etherip, sl_decode_l2tpv3;
/* overlay.c */
sl_layer_fn sl_decode_l2tp, sl_decode_vxlan, sl_decode_geneve, sl_decode_gtp_u, sl_decode_gtp_c,
	sl_decode_teredo, sl_decode_capwap, sl_decode_nsh;
/* transport.c */
sl_layer_fn sl_decode_tcp, sl_decode_udp, sl_decode_udplite, sl_decode_sctp, sl_decode_icmp,
	sl_decode_icmpv6;

/* Which tunnel, if any, a UDP payload at the cursor is: by port, or by what it looks like. */
enum sl_layer sl_layer_of_udp(struct sl_decoding *d);
/* By its port an overlay whose outer datagrams say nothing of their own. */
bool sl_udp_is_plain_overlay(const struct sl_packet *p);

/* Goes on behind the fragment header of an IPv6 datagram that was put together. */
enum sl_layer sl_decode_ipv6_rest(struct sl_decoding *d, uint8_t next);

/* look.c: do the bytes at the cursor, or `at` bytes behind it, begin such a packet, and one that fits
 * what is left? For tunnels that nothing but their content names. Looks, does not move. */
enum sl_layer sl_looks_like_ip(const struct sl_decoding *d, size_t at);
enum sl_layer sl_looks_like_eth(const struct sl_decoding *d, size_t at); /* with IP or ARP inside */
/* RFC 7348, section 5: flags 0x08, reserved (3), VNI (3), reserved (1). */
bool sl_looks_like_vxlan(const struct sl_decoding *d);
/* 3GPP TS 29.281, section 5.1: a G-PDU of version 1 whose length is what is left. */
bool sl_looks_like_gtp_u(const struct sl_decoding *d);
/* RFC 4380, section 5.1.1: optional authentication and origin before an IPv6 packet. One of its
 * addresses is Teredo's, 2001::/32, or it is of link-local scope, between client and server. */
bool sl_looks_like_teredo(const struct sl_decoding *d);
size_t sl_teredo_header(const struct sl_decoding *d);
/* RFC 2661, section 3.1; RFC 3931, section 4.1.2.1: a data message of either version with IP inside. */
bool sl_looks_like_l2tp(const struct sl_decoding *d);
/* RFC 3931, section 4.1.1: a session, and behind as many bytes as *cookie says an Ethernet frame. */
bool sl_looks_like_l2tpv3(const struct sl_decoding *d, size_t at, size_t *cookie);
/* Behind the last MPLS label, where no control word is: IP, or an Ethernet pseudowire. */
enum sl_layer sl_layer_of_label(const struct sl_decoding *d);

/* What a next IP header lies in besides. */
static inline void sl_tunnel_mark(struct sl_decoding *d, enum sl_tunnel_kind kind)
{
	d->tunnel_kinds |= (uint16_t)(1u << kind);
}

/* A tunnel header with an identifier was read: the next IP header's tunnel. */
void sl_tunnel_enter(struct sl_decoding *d, enum sl_layer layer, bool has_id, uint32_t id);

enum sl_layer sl_layer_of_ethertype(struct sl_decoding *d, uint16_t ethertype);
enum sl_layer sl_layer_of_proto(struct sl_decoding *d);

/* The frame holds one more packet: decoded from `layer` on, when this one is. `len`: its bytes on the
 * wire. */
void sl_fork(struct sl_decoding *d, struct sl_cur cur, size_t len, enum sl_layer layer);

/* The datagram at hand carries a tunnel: it is a packet of its own, and finished. */
void sl_carry(struct sl_decoding *d);

/* Sets the verdict and ends decoding: `return sl_stop(d, SL_VERDICT_MALFORMED, "…")`. */
enum sl_layer sl_stop(struct sl_decoding *d, enum sl_verdict verdict, const char *reason);

/* The Internet checksum's running sum (RFC 1071) over bytes; fold to 16 bits at the end. */
uint32_t sl_sum_add(uint32_t sum, const uint8_t *at, size_t len);
uint16_t sl_sum_fold(uint32_t sum);

#endif
