/* Tunnels inside UDP: by their port, and where anyone may choose the port, by a header that cannot be
 * chance. */
#include <sensor/decode/layers.h>

enum {
	PORT_L2TP = 1701,
	PORT_GTP_C = 2123,
	PORT_GTP_U = 2152,
	PORT_TEREDO = 3544,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_VXLAN_LINUX = 8472,
	PORT_CAPWAP_DATA = 5247,
	PORT_GENEVE = 6081,
};

/* GTP, CAPWAP and L2TP are attacked themselves: rules look at their headers. */
bool sl_udp_is_plain_overlay(const struct sl_packet *p)
{
	return p->dport == PORT_VXLAN || p->dport == PORT_VXLAN_GPE || p->dport == PORT_GENEVE ||
	       p->sport == PORT_TEREDO || p->dport == PORT_TEREDO;
}

enum sl_layer sl_layer_of_udp(struct sl_decoding *d)
{
	uint16_t s = d->p->sport, t = d->p->dport;
	if (sl_cur_left(&d->cur) < 8)
		return SL_LAYER_END;
	if (t == PORT_VXLAN || t == PORT_VXLAN_GPE || t == PORT_VXLAN_LINUX)
		return d->cur.p[0] & 0x08 ? SL_LAYER_VXLAN : SL_LAYER_END;
	if (t == PORT_GENEVE)
		return SL_LAYER_GENEVE;
	if (t == PORT_GTP_U || s == PORT_GTP_U)
		return (d->cur.p[0] & 0xf0) == 0x30 && d->cur.p[1] == 255 ? SL_LAYER_GTP_U
									   : SL_LAYER_END;
	if (t == PORT_GTP_C || s == PORT_GTP_C)
		return (d->cur.p[0] & 0xf0) == 0x30 ? SL_LAYER_GTP_C : SL_LAYER_END;
	if (t == PORT_L2TP || s == PORT_L2TP) /* RFC 2661, section 8.1: an end may choose its port */
		return t == s || sl_looks_like_l2tp(d) ? SL_LAYER_L2TP : SL_LAYER_END;
	if (t == PORT_CAPWAP_DATA || s == PORT_CAPWAP_DATA)
		return SL_LAYER_CAPWAP;
	if (sl_looks_like_teredo(d))
		return SL_LAYER_TEREDO;
	if (sl_looks_like_vxlan(d))
		return SL_LAYER_VXLAN;
	return sl_looks_like_gtp_u(d) ? SL_LAYER_GTP_U : SL_LAYER_END;
}

/* The protocol numbers of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe) and NSH (RFC 8300, section 2.2). */
static enum sl_layer layer_of_next(struct sl_decoding *d, uint8_t next)
{
	switch (next) {
	case 1:
		return SL_LAYER_IPV4;
	case 2:
		return SL_LAYER_IPV6;
	case 3:
		return SL_LAYER_ETH;
	case 4:
		return SL_LAYER_NSH;
	case 5:
		return SL_LAYER_MPLS;
	default:
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "unknown next protocol");
	}
}

static void enter_network(struct sl_decoding *d, enum sl_layer layer, uint32_t vni)
{
	d->p->vni = vni;
	d->p->has_vni = true;
	sl_tunnel_enter(d, layer, true, vni);
}

/* VXLAN, and VXLAN-GPE where the P bit (0x04) says that a next protocol stands in the fourth byte. */
enum sl_layer sl_decode_vxlan(struct sl_decoding *d)
{
	uint8_t flags = sl_cur_u8(&d->cur);
	sl_cur_be16(&d->cur);
	uint8_t next = sl_cur_u8(&d->cur);
	uint32_t vni = sl_cur_be24(&d->cur);
	sl_cur_u8(&d->cur);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the VXLAN header");
	enter_network(d, SL_LAYER_VXLAN, vni);
	return flags & 0x04 && d->p->dport == PORT_VXLAN_GPE ? layer_of_next(d, next) : SL_LAYER_ETH;
}

/* RFC 8926, section 3.4: version (2 bits), options' length in words (6), flags (8), protocol (16), VNI
 * (24), reserved (8), options. */
enum sl_layer sl_decode_geneve(struct sl_decoding *d)
{
	uint8_t version_len = sl_cur_u8(&d->cur);
	sl_cur_u8(&d->cur);
	uint16_t proto = sl_cur_be16(&d->cur);
	uint32_t vni = sl_cur_be24(&d->cur);
	sl_cur_u8(&d->cur);
	sl_cur_take(&d->cur, (size_t)(version_len & 0x3f) * 4);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the Geneve header");
	if (version_len >> 6)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "Geneve version");
	enter_network(d, SL_LAYER_GENEVE, vni);
	return sl_layer_of_ethertype(d, proto);
}

/* 3GPP TS 29.281, section 5.1: flags (1), type (1), length (2), TEID (4); if any of the E, S, PN bits
 * is set sequence (2), N-PDU (1), next extension (1); extensions: length in words (1), content, next
 * extension (1). */
enum sl_layer sl_decode_gtp_u(struct sl_decoding *d)
{
	uint8_t flags = sl_cur_u8(&d->cur);
	sl_cur_u8(&d->cur);
	uint16_t len = sl_cur_be16(&d->cur);
	uint32_t teid = sl_cur_be32(&d->cur);
	uint8_t next = 0;
	if (!d->cur.failed)
		sl_limit(d, len);
	if (flags & 7) {
		sl_cur_take(&d->cur, 3);
		next = sl_cur_u8(&d->cur);
	}
	for (unsigned n = 0; flags & 4 && next && !d->cur.failed; n++) {
		size_t words = sl_cur_u8(&d->cur);
		if (!d->cur.failed && (!words || n == 16))
			return sl_stop(d, SL_VERDICT_MALFORMED, "GTP-U extension headers");
		sl_cur_take(&d->cur, words ? words * 4 - 2 : 0);
		next = sl_cur_u8(&d->cur);
	}
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the GTP-U header");
	d->p->teid = teid;
	d->p->has_teid = true;
	sl_tunnel_enter(d, SL_LAYER_GTP_U, true, teid);
	return SL_LAYER_RAW;
}

/* 3GPP TS 29.060, section 6: the same header; the control plane carries no packets. */
enum sl_layer sl_decode_gtp_c(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, 4);
	uint32_t teid = sl_cur_be32(&d->cur);
	d->p->teid = teid;
	d->p->has_teid = !d->cur.failed;
	return SL_LAYER_END;
}

enum sl_layer sl_decode_teredo(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, sl_teredo_header(d));
	sl_tunnel_enter(d, SL_LAYER_TEREDO, false, 0);
	return d->cur.failed ? sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the Teredo header")
			     : SL_LAYER_IPV6;
}

/* RFC 2661, section 3.1: flags and version (2), then as the flags say length (2), tunnel (2), session
 * (2), sequence numbers (4), offset (2) and as many bytes. RFC 3931, section 4.1.2.1: version 3 has two
 * reserved bytes before what L2TPv3 has over IP. Control messages are not looked into. */
enum sl_layer sl_decode_l2tp(struct sl_decoding *d)
{
	enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200 };
	uint16_t flags = sl_cur_be16(&d->cur);
	if ((flags & 15) == 3 && !(flags & CONTROL)) {
		sl_cur_be16(&d->cur);
		sl_tunnel_mark(d, SL_TUNNEL_L2TP);
		return d->cur.failed ? sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the L2TP header")
				     : SL_LAYER_L2TPV3;
	}
	if ((flags & 15) != 2 || flags & CONTROL)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "L2TP control, or another version");
	if (flags & LENGTH)
		sl_cur_be16(&d->cur);
	uint32_t ids = sl_cur_be32(&d->cur);
	if (flags & SEQUENCE)
		sl_cur_be32(&d->cur);
	if (flags & OFFSET)
		sl_cur_take(&d->cur, sl_cur_be16(&d->cur));
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the L2TP header");
	sl_tunnel_enter(d, SL_LAYER_L2TP, true, ids);
	return SL_LAYER_PPP;
}

/* RFC 5415, sections 3.4 and 4.3: a frame that is too long comes in parts, numbered for each pair of
 * ends and direction. A part alone stays the UDP packet that it is. */
static enum sl_layer capwap_part(struct sl_decoding *d, uint32_t where, bool last, enum sl_layer layer)
{
	if (d->p->caplen != d->p->len) /* its end may be missing */
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in a CAPWAP fragment");
	d->p->part = SL_PART_CAPWAP;
	d->p->fragment = (struct sl_fragment){ sl_span_of(d->cur.p, sl_cur_left(&d->cur)), where >> 16,
					       where & 0xfff8, !last, (uint8_t)layer };
	return SL_LAYER_END;
}

/* RFC 5415, section 4.3: preamble (1: version, type; 1 is DTLS), header length in words (5 bits), radio
 * (5), binding (5), flags T F L W M K and three more; fragment's number (16 bits) and offset in units of
 * eight bytes (13), reserved (3). T: the frame is the binding's own, 802.11; else 802.3. */
enum sl_layer sl_decode_capwap(struct sl_decoding *d)
{
	enum { FLAG_NATIVE = 0x100, FLAG_FRAGMENT = 0x080, FLAG_LAST = 0x040, FLAG_KEEPALIVE = 0x008 };
	uint8_t preamble = sl_cur_u8(&d->cur);
	uint32_t word = sl_cur_be24(&d->cur);
	size_t header = (size_t)(word >> 19) * 4;
	if (preamble)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "CAPWAP is encrypted, or another version");
	if (!d->cur.failed && header < 8)
		return sl_stop(d, SL_VERDICT_MALFORMED, "CAPWAP header length is impossible");
	uint32_t where = sl_cur_be32(&d->cur);
	sl_cur_take(&d->cur, header - 8);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the CAPWAP header");
	if (word & FLAG_KEEPALIVE)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "CAPWAP keep-alive");
	enum sl_layer layer = word & FLAG_NATIVE ? SL_LAYER_WLAN : SL_LAYER_ETH;
	if (word & FLAG_FRAGMENT)
		return capwap_part(d, where, word & FLAG_LAST, layer);
	sl_tunnel_enter(d, SL_LAYER_CAPWAP, false, 0);
	return layer;
}

/* RFC 8300, section 2.2: version (2 bits), flags, TTL, length in words (6 bits of the first two bytes),
 * metadata type (1), next protocol (1), service path (4), metadata. */
enum sl_layer sl_decode_nsh(struct sl_decoding *d)
{
	uint16_t first = sl_cur_be16(&d->cur);
	sl_cur_u8(&d->cur);
	uint8_t next = sl_cur_u8(&d->cur);
	uint32_t path = sl_cur_be32(&d->cur);
	size_t header = (size_t)(first & 0x3f) * 4;
	if (!d->cur.failed && header < 8)
		return sl_stop(d, SL_VERDICT_MALFORMED, "NSH length is impossible");
	sl_cur_take(&d->cur, header - 8);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the NSH header");
	sl_tunnel_enter(d, SL_LAYER_NSH, true, path >> 8);
	return layer_of_next(d, next);
}
