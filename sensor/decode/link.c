/* Link layers: what stands in front of the IP header. */
#include <sensor/decode/layers.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,   /* IEEE 802.1Q */
	ETHERTYPE_QINQ = 0x88a8,   /* IEEE 802.1ad */
	ETHERTYPE_PBB = 0x88e7,    /* IEEE 802.1ah */
	ETHERTYPE_MPLS = 0x8847,   /* RFC 5332 */
	ETHERTYPE_MPLS_UP = 0x8848,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_PPPOE = 0x8864,  /* RFC 2516: the session; 0x8863 is discovery */
	ETHERTYPE_BRIDGED = 0x6558, /* RFC 1701: transparent Ethernet bridging */
	ETHERTYPE_ETAG = 0x893f,   /* IEEE 802.1BR */
	ETHERTYPE_VNTAG = 0x8926,
	ETHERTYPE_CFP = 0x8903,    /* Cisco FabricPath */
	ETHERTYPE_NSH = 0x894f,    /* RFC 8300 */
	ETHERTYPE_LEAST = 0x0600,  /* below: a length, 802.3 with LLC */
};

static enum sl_layer known_ethertype(uint16_t ethertype)
{
	switch (ethertype) {
	case ETHERTYPE_IPV4:
		return SL_LAYER_IPV4;
	case ETHERTYPE_IPV6:
		return SL_LAYER_IPV6;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case 0x9100: /* before 802.1ad */
	case 0x9200:
	case 0x9300:
		return SL_LAYER_VLAN;
	case ETHERTYPE_PBB:
		return SL_LAYER_PBB;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UP:
		return SL_LAYER_MPLS;
	case ETHERTYPE_PPP:
		return SL_LAYER_PPP;
	case ETHERTYPE_PPPOE:
		return SL_LAYER_PPPOE;
	case ETHERTYPE_BRIDGED:
		return SL_LAYER_ETH;
	case ETHERTYPE_ETAG:
		return SL_LAYER_ETAG;
	case ETHERTYPE_VNTAG:
		return SL_LAYER_VNTAG;
	case ETHERTYPE_CFP:
		return SL_LAYER_CFP;
	case ETHERTYPE_NSH:
		return SL_LAYER_NSH;
	default:
		return SL_LAYER_END;
	}
}

enum sl_layer sl_layer_of_ethertype(struct sl_decoding *d, uint16_t ethertype)
{
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the link header");
	enum sl_layer layer = known_ethertype(ethertype);
	return layer != SL_LAYER_END ? layer : sl_stop(d, SL_VERDICT_UNSUPPORTED, "unknown ethertype");
}

/* IEEE 802.3, section 3.2: a type, or a length with LLC behind it; what follows the length is
 * padding. */
static enum sl_layer type_or_length(struct sl_decoding *d, uint16_t type)
{
	if (d->cur.failed || type >= ETHERTYPE_LEAST)
		return sl_layer_of_ethertype(d, type);
	sl_limit(d, type);
	return SL_LAYER_LLC;
}

/* IEEE 802.3: destination (6), source (6), type (2). */
enum sl_layer sl_decode_eth(struct sl_decoding *d)
{
	const uint8_t *mac = sl_cur_take(&d->cur, 12);
	uint16_t type = sl_cur_be16(&d->cur);
	if (!d->p->mac && !d->joined) /* it borrows from the frame alone */
		d->p->mac = mac;
	return type_or_length(d, type);
}

/* IEEE 802.2: DSAP, SSAP, control; with SNAP (RFC 1042) organisation (3) and ethertype (2). */
enum sl_layer sl_decode_llc(struct sl_decoding *d)
{
	enum { SAP_SNAP = 0xaa, SAP_IP = 0x06, UNNUMBERED = 3 };
	uint8_t dsap = sl_cur_u8(&d->cur), ssap = sl_cur_u8(&d->cur), control = sl_cur_u8(&d->cur);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the LLC header");
	if (dsap == SAP_IP && ssap == SAP_IP && control == UNNUMBERED)
		return SL_LAYER_IPV4;
	if (dsap != SAP_SNAP || ssap != SAP_SNAP || control != UNNUMBERED)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "LLC without IP");
	uint32_t organisation = sl_cur_be24(&d->cur);
	uint16_t type = sl_cur_be16(&d->cur);
	if (!d->cur.failed && organisation != 0 && organisation != 0xf8) /* RFC 1042; bridge-tunnel */
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "SNAP of another organisation");
	return sl_layer_of_ethertype(d, type);
}

/* IEEE 802.1BR: priority and ids (6), type (2). */
enum sl_layer sl_decode_etag(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, 6);
	return sl_layer_of_ethertype(d, sl_cur_be16(&d->cur));
}

/* VN-Tag: virtual interfaces (4), type (2). */
enum sl_layer sl_decode_vntag(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, 4);
	return sl_layer_of_ethertype(d, sl_cur_be16(&d->cur));
}

/* IEEE 802.1ah: service instance (4), then a whole Ethernet frame. */
enum sl_layer sl_decode_pbb(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, 4);
	return SL_LAYER_ETH;
}

/* Cisco FabricPath: forwarding tag and time to live (2), then a whole Ethernet frame. */
enum sl_layer sl_decode_cfp(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, 2);
	return SL_LAYER_ETH;
}

/* IEEE 802.1Q: priority (3 bits), drop eligible (1), VLAN id (12), type (2 bytes). */
enum sl_layer sl_decode_vlan(struct sl_decoding *d)
{
	uint16_t tag = sl_cur_be16(&d->cur);
	uint16_t type = sl_cur_be16(&d->cur);
	if (!d->cur.failed && d->p->vlans < SL_VLANS_MAX)
		d->p->vlan[d->p->vlans++] = tag & 0x0fff;
	return type_or_length(d, type);
}

/* LINKTYPE_LINUX_SLL: packet type (2), ARPHRD type (2), address length (2), address (8),
 * protocol (2). */
enum sl_layer sl_decode_sll(struct sl_decoding *d)
{
	enum { PROTOCOL_802_2 = 4 };
	sl_cur_take(&d->cur, 14);
	uint16_t type = sl_cur_be16(&d->cur);
	return type == PROTOCOL_802_2 && !d->cur.failed ? SL_LAYER_LLC : sl_layer_of_ethertype(d, type);
}

/* LINKTYPE_LINUX_SLL2: protocol (2), reserved (2), interface (4), ARPHRD type (2), packet type (1),
 * address length (1), address (8). */
enum sl_layer sl_decode_sll2(struct sl_decoding *d)
{
	uint16_t type = sl_cur_be16(&d->cur);
	sl_cur_take(&d->cur, 18);
	return sl_layer_of_ethertype(d, type);
}

/* The address family's value differs between systems: 2 is IPv4 everywhere, IPv6 is 24 (NetBSD,
 * OpenBSD), 28 (FreeBSD), 30 (macOS) or 10 (Linux). */
static enum sl_layer layer_of_family(struct sl_decoding *d, uint32_t family)
{
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the link header");
	if (family == 2)
		return SL_LAYER_IPV4;
	if (family == 24 || family == 28 || family == 30 || family == 10)
		return SL_LAYER_IPV6;
	return sl_stop(d, SL_VERDICT_UNSUPPORTED, "unknown address family");
}

/* LINKTYPE_NULL: the family (4) in the order of the machine that wrote it, whichever that was. */
enum sl_layer sl_decode_null(struct sl_decoding *d)
{
	uint32_t family = sl_cur_be32(&d->cur);
	return layer_of_family(d, family > 0xffff ? __builtin_bswap32(family) : family);
}

/* LINKTYPE_LOOP: the same in network order. */
enum sl_layer sl_decode_loop(struct sl_decoding *d)
{
	return layer_of_family(d, sl_cur_be32(&d->cur));
}

/* LINKTYPE_RAW: an IP header, and its version says which. */
enum sl_layer sl_decode_raw(struct sl_decoding *d)
{
	if (sl_cur_left(&d->cur) == 0)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "empty");
	switch (*d->cur.p >> 4) {
	case 4:
		return SL_LAYER_IPV4;
	case 6:
		return SL_LAYER_IPV6;
	default:
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "no IP version");
	}
}
