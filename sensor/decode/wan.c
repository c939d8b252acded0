/* MPLS, PPP in its framings, Cisco HDLC. */
#include <sensor/decode/layers.h>

/* Behind a header that gives a frame its type, labels are one more of the frame's. Others have none. */
static bool is_framed(const struct sl_packet *p)
{
	switch (p->layers < 2 ? SL_LAYER_END : p->layer[p->layers - 2]) {
	case SL_LAYER_ETH:
	case SL_LAYER_LLC:
	case SL_LAYER_VLAN:
	case SL_LAYER_ETAG:
	case SL_LAYER_VNTAG:
	case SL_LAYER_SLL:
	case SL_LAYER_SLL2:
	case SL_LAYER_CHDLC:
	case SL_LAYER_NSH:
		return true;
	default:
		return false;
	}
}

/* RFC 3032, section 2.1: label (20 bits), class (3), bottom of stack (1), time to live (8). Nothing
 * says what follows the last label: the first nibble tells IP from a pseudowire, whose control word
 * begins with zero (RFC 4385, section 3). A pseudowire without one may begin with any nibble, so that IP
 * must look like IP too (RFC 4928, section 3). */
enum sl_layer sl_decode_mpls(struct sl_decoding *d)
{
	bool bottom = false;
	for (unsigned n = 0; !bottom && n < 32; n++) {
		uint32_t entry = sl_cur_be32(&d->cur);
		if (d->cur.failed)
			return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the MPLS labels");
		if (d->p->labels < SL_MPLS_MAX)
			d->p->mpls[d->p->labels++] = entry >> 12;
		bottom = entry >> 8 & 1;
	}
	if (!bottom || sl_cur_left(&d->cur) == 0)
		return sl_stop(d, SL_VERDICT_MALFORMED, "MPLS without a payload");
	sl_tunnel_mark(d, SL_TUNNEL_MPLS);
	if (!is_framed(d->p))
		sl_tunnel_mark(d, SL_TUNNEL_MPLS_BARE);
	switch (*d->cur.p >> 4) {
	case 0:
		if (sl_looks_like_eth(d, 4) != SL_LAYER_END || sl_looks_like_eth(d, 0) == SL_LAYER_END)
			sl_cur_take(&d->cur, 4);
		return SL_LAYER_ETH;
	case 1: /* RFC 4385, section 5 */
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "MPLS control channel");
	default:
		return sl_layer_of_label(d);
	}
}

/* RFC 2516, section 4: version and type (1), code (1), session (2), length (2). */
enum sl_layer sl_decode_pppoe(struct sl_decoding *d)
{
	uint8_t version_type = sl_cur_u8(&d->cur);
	uint8_t code = sl_cur_u8(&d->cur);
	sl_cur_be16(&d->cur);
	uint16_t len = sl_cur_be16(&d->cur);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the PPPoE header");
	if (version_type != 0x11 || code != 0)
		return sl_stop(d, SL_VERDICT_MALFORMED, "PPPoE version, type or code");
	sl_limit(d, len);
	return SL_LAYER_PPP;
}

/* RFC 1661, section 2: protocol, one byte if it is odd (section 6.5). RFC 1662, section 3.1: address
 * 0xff and control 0x03 may stand before it. */
enum sl_layer sl_decode_ppp(struct sl_decoding *d)
{
	uint8_t first = sl_cur_u8(&d->cur);
	if (first == 0xff && sl_cur_left(&d->cur) && *d->cur.p == 0x03) {
		sl_cur_u8(&d->cur);
		first = sl_cur_u8(&d->cur);
	}
	unsigned proto = first & 1u ? first : (unsigned)first << 8 | sl_cur_u8(&d->cur);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the PPP header");
	switch (proto) {
	case 0x0021:
		return SL_LAYER_IPV4;
	case 0x0057:
		return SL_LAYER_IPV6;
	case 0x0281:
	case 0x0283:
		return SL_LAYER_MPLS;
	default:
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "PPP without IP");
	}
}

/* LINKTYPE_PPP_HDLC: PPP behind address and control (RFC 1662), or Cisco's framing. */
enum sl_layer sl_decode_ppp_hdlc(struct sl_decoding *d)
{
	if (sl_cur_left(&d->cur) == 0)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "empty");
	uint8_t address = *d->cur.p;
	return address == 0x0f || address == 0x8f ? SL_LAYER_CHDLC : SL_LAYER_PPP;
}

/* Address (1), control (1), ethertype (2). */
enum sl_layer sl_decode_chdlc(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, 2);
	return sl_layer_of_ethertype(d, sl_cur_be16(&d->cur));
}
