/* Link layers: what stands in front of the IP header. */
#include <sensor/decode/layers.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,  /* IEEE 802.1Q */
	ETHERTYPE_QINQ = 0x88a8,  /* IEEE 802.1ad */
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_LEAST = 0x0600, /* below: a length, 802.3 with LLC */
};

enum sl_layer sl_layer_of_ethertype(struct sl_decoding *d, uint16_t ethertype)
{
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the link header");
	switch (ethertype) {
	case ETHERTYPE_IPV4:
		return SL_LAYER_IPV4;
	case ETHERTYPE_IPV6:
		return SL_LAYER_IPV6;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
		return SL_LAYER_VLAN;
	default:
		return sl_stop(d, SL_VERDICT_UNSUPPORTED,
			       ethertype < ETHERTYPE_LEAST ? "802.3 frame" : "unknown ethertype");
	}
}

/* IEEE 802.3: destination (6), source (6), type (2). */
enum sl_layer sl_decode_eth(struct sl_decoding *d)
{
	const uint8_t *mac = sl_cur_take(&d->cur, 12);
	uint16_t type = sl_cur_be16(&d->cur);
	if (!d->p->mac)
		d->p->mac = mac;
	return sl_layer_of_ethertype(d, type);
}

/* IEEE 802.1Q: priority (3 bits), drop eligible (1), VLAN id (12), type (2 bytes). */
enum sl_layer sl_decode_vlan(struct sl_decoding *d)
{
	uint16_t tag = sl_cur_be16(&d->cur);
	uint16_t type = sl_cur_be16(&d->cur);
	if (!d->cur.failed && d->p->vlans < SL_VLANS_MAX)
		d->p->vlan[d->p->vlans++] = tag & 0x0fff;
	return sl_layer_of_ethertype(d, type);
}

/* LINKTYPE_LINUX_SLL: packet type (2), ARPHRD type (2), address length (2), address (8), protocol (2). */
enum sl_layer sl_decode_sll(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, 14);
	return sl_layer_of_ethertype(d, sl_cur_be16(&d->cur));
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
