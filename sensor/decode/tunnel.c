/* Tunnels that are IP protocols of their own: GRE, ERSPAN, EtherIP, L2TPv3. */
#include <sensor/decode/layers.h>

static const uint8_t kinds[SL_LAYER_COUNT] = {
	[SL_LAYER_GRE] = SL_TUNNEL_GRE,
	[SL_LAYER_ERSPAN] = SL_TUNNEL_ERSPAN,
	[SL_LAYER_ETHERIP] = SL_TUNNEL_ETHERIP,
	[SL_LAYER_L2TPV3] = SL_TUNNEL_L2TPV3,
	[SL_LAYER_L2TP] = SL_TUNNEL_L2TP,
	[SL_LAYER_VXLAN] = SL_TUNNEL_VXLAN,
	[SL_LAYER_GENEVE] = SL_TUNNEL_GENEVE,
	[SL_LAYER_GTP_U] = SL_TUNNEL_GTP_U,
	[SL_LAYER_TEREDO] = SL_TUNNEL_TEREDO,
	[SL_LAYER_CAPWAP] = SL_TUNNEL_CAPWAP,
	[SL_LAYER_NSH] = SL_TUNNEL_NSH,
};

void sl_tunnel_enter(struct sl_decoding *d, enum sl_layer layer, bool has_id, uint32_t id)
{
	d->tunnel_layer = (uint8_t)layer;
	d->tunnel_has_id = has_id;
	d->tunnel_id = id;
	sl_tunnel_mark(d, (enum sl_tunnel_kind)kinds[layer]);
}

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080,     /* version 1 */
	GRE_VERSION = 0x0007,
	PROTO_ERSPAN = 0x88be,
	PROTO_ERSPAN_III = 0x22eb,
	PROTO_PPP = 0x880b,
	PROTO_ARUBA_FIRST = 0x8200, /* an access point's tunnels to its controller, one a network */
	PROTO_ARUBA_LAST = 0x8fff,
};

static enum sl_layer gre_payload(struct sl_decoding *d, uint16_t proto, bool sequence)
{
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the GRE header");
	if (proto == PROTO_ERSPAN) /* type I has no header of its own, and GRE no sequence number */
		return sequence ? SL_LAYER_ERSPAN : SL_LAYER_ETH;
	if (proto == PROTO_ERSPAN_III)
		return SL_LAYER_ERSPAN;
	if (proto >= PROTO_ARUBA_FIRST && proto <= PROTO_ARUBA_LAST && proto != PROTO_PPP &&
	    (proto & 0xff00) != 0x8600 && (proto & 0xff00) != 0x8800 && (proto & 0xff00) != 0x8900)
		return SL_LAYER_WLAN;
	return sl_layer_of_ethertype(d, proto);
}

/* RFC 2784 and RFC 2890: flags and version (2), protocol (2), then as the flags say checksum and
 * offset (4), key (4), sequence (4); RFC 1701 routing entries: family (2), offset (1), length (1).
 * Version 1 is PPTP's (RFC 2637, section 4.1): key = payload length, call; acknowledgement (4). */
enum sl_layer sl_decode_gre(struct sl_decoding *d)
{
	uint16_t flags = sl_cur_be16(&d->cur);
	uint16_t proto = sl_cur_be16(&d->cur);
	uint32_t key = 0;
	unsigned version = flags & GRE_VERSION;
	if (!d->cur.failed && version > 1)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "GRE version");
	if (version == 0 && flags & (GRE_CHECKSUM | GRE_ROUTING))
		sl_cur_take(&d->cur, 4);
	if (flags & GRE_KEY)
		key = sl_cur_be32(&d->cur);
	if (flags & GRE_SEQUENCE)
		sl_cur_take(&d->cur, 4);
	if (version == 1 && flags & GRE_ACK)
		sl_cur_take(&d->cur, 4);
	for (unsigned n = 0; version == 0 && flags & GRE_ROUTING && n < 16; n++) {
		uint16_t family = sl_cur_be16(&d->cur);
		sl_cur_u8(&d->cur);
		uint8_t len = sl_cur_u8(&d->cur);
		if (family == 0 && len == 0)
			break;
		sl_cur_take(&d->cur, len);
	}
	sl_tunnel_enter(d, SL_LAYER_GRE, flags & GRE_KEY, key);
	if (version == 1 && !d->cur.failed && sl_cur_left(&d->cur) == 0)
		return SL_LAYER_END; /* an acknowledgement alone */
	return gre_payload(d, proto, flags & GRE_SEQUENCE);
}

/* ERSPAN type II (version 1): 8 bytes; type III (version 2): 12 bytes, and 8 more if the O bit is set.
 * Both begin with version (4 bits), VLAN (12), class and flags (5), T (1), session (10): with T the frame
 * was cut when it was mirrored. That behind type III may lack the Ethernet header (frame type 2 is IP).
 * draft-foschiano-erspan */
enum sl_layer sl_decode_erspan(struct sl_decoding *d)
{
	enum { TYPE_II = 1, TYPE_III = 2, FRAME_IP = 2, CUT = 0x0400, CUT_MOST = 65535 };
	uint16_t version_vlan = sl_cur_be16(&d->cur);
	uint16_t session = sl_cur_be16(&d->cur);
	unsigned version = version_vlan >> 12, frame = 0;
	if (version == TYPE_II) {
		sl_cur_take(&d->cur, 4);
	} else if (version == TYPE_III) {
		sl_cur_take(&d->cur, 6);
		uint16_t flags = sl_cur_be16(&d->cur);
		frame = flags >> 10 & 31;
		if (flags & 1)
			sl_cur_take(&d->cur, 8);
	}
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the ERSPAN header");
	if (version != TYPE_II && version != TYPE_III)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "ERSPAN version");
	if (session & CUT)
		d->cut = CUT_MOST;
	sl_tunnel_enter(d, SL_LAYER_ERSPAN, true, session & 0x03ffu);
	return frame == FRAME_IP ? SL_LAYER_RAW : SL_LAYER_ETH;
}

/* RFC 3378: version 3 (4 bits), reserved (12), then an Ethernet frame. */
enum sl_layer sl_decode_etherip(struct sl_decoding *d)
{
	uint16_t version = sl_cur_be16(&d->cur);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the EtherIP header");
	if (version >> 12 != 3)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "EtherIP version");
	sl_tunnel_enter(d, SL_LAYER_ETHERIP, false, 0);
	return SL_LAYER_ETH;
}

/* RFC 3931, section 4.1.1: session (4), a cookie of 0, 4 or 8 bytes and a sublayer of 0 or 4 that the
 * two ends agreed on out of sight: taken where an Ethernet frame with IP inside is found. */
enum sl_layer sl_decode_l2tpv3(struct sl_decoding *d)
{
	size_t cookie;
	bool known = sl_looks_like_l2tpv3(d, 0, &cookie);
	uint32_t session = sl_cur_be32(&d->cur);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the L2TPv3 header");
	if (!known)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "L2TPv3 payload");
	sl_cur_take(&d->cur, cookie);
	sl_tunnel_enter(d, SL_LAYER_L2TPV3, true, session);
	return SL_LAYER_ETH;
}
