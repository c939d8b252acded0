/* Looking ahead, where nothing but the content tells what comes: every fixed bit right, and a
 * length that fits. Judges by what was captured: lengths are compared with what the wire had.
 * Looks, does not move. */
#include <netinet/in.h>
#include <sensor/decode/layers.h>

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, ETH_HEADER = 14 };
enum { LOOK_IPV4 = 4, LOOK_IPV6 = 6 }; /* bytes up to and with the length */

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static const uint8_t *look(const struct sl_decoding *d, size_t at, size_t len)
{
	return sl_cur_left(&d->cur) >= at + len ? d->cur.p + at : NULL;
}

enum sl_layer sl_looks_like_ip(const struct sl_decoding *d, size_t at)
{
	const uint8_t *p = look(d, at, LOOK_IPV4);
	size_t wire = sl_wire_left(d);
	if (!p || wire < at + IPV4_HEADER)
		return SL_LAYER_END;
	wire -= at;
	size_t header = (p[0] & 15u) * 4, total = be16(p + 2);
	if (p[0] >> 4 == 4 && header >= IPV4_HEADER && total >= header && total <= wire)
		return SL_LAYER_IPV4;
	if (p[0] >> 4 == 6 && look(d, at, LOOK_IPV6) && be16(p + 4) + (size_t)IPV6_HEADER <= wire)
		return SL_LAYER_IPV6;
	return SL_LAYER_END;
}

/* RFC 826: for Ethernet (1) and IPv4, whose addresses have 6 and 4 bytes. */
static bool looks_like_arp(const struct sl_decoding *d, size_t at)
{
	static const uint8_t begin[] = { 0, 1, 8, 0, 6, 4 };
	const uint8_t *p = look(d, at, sizeof begin);
	return p && memcmp(p, begin, sizeof begin) == 0;
}

enum sl_layer sl_looks_like_eth(const struct sl_decoding *d, size_t at)
{
	enum { VLAN_TAG = 4 };
	for (unsigned tags = 0; tags <= SL_VLANS_MAX; tags++, at += VLAN_TAG) {
		const uint8_t *p = look(d, at, ETH_HEADER);
		if (!p)
			return SL_LAYER_END;
		unsigned ethertype = be16(p + ETH_HEADER - 2);
		enum sl_layer inside = sl_looks_like_ip(d, at + ETH_HEADER);
		if ((ethertype == 0x0800 && inside == SL_LAYER_IPV4) ||
		    (ethertype == 0x86dd && inside == SL_LAYER_IPV6) ||
		    (ethertype == 0x0806 && looks_like_arp(d, at + ETH_HEADER)))
			return SL_LAYER_ETH;
		if (ethertype != 0x8100 && ethertype != 0x88a8)
			return SL_LAYER_END;
	}
	return SL_LAYER_END;
}

/* --- behind MPLS labels --- */

static enum sl_layer ipv4_or_eth(const struct sl_decoding *d)
{
	const uint8_t *p = look(d, 0, IPV4_HEADER);
	size_t header = (*d->cur.p & 15u) * 4;
	if (!p)
		return sl_wire_left(d) < IPV4_HEADER ? SL_LAYER_ETH : SL_LAYER_IPV4;
	if (header >= IPV4_HEADER && look(d, 0, header) &&
	    sl_sum_fold(sl_sum_add(0, p, header)) == 0xffff)
		return SL_LAYER_IPV4;
	if (sl_looks_like_eth(d, 0) != SL_LAYER_END)
		return SL_LAYER_ETH;
	return sl_looks_like_ip(d, 0) == SL_LAYER_IPV4 ? SL_LAYER_IPV4 : SL_LAYER_ETH;
}

/* No checksum here: a length that fits to the byte; else (padding behind, or an end that was cut
 * before the capture) no Ethernet frame that fits, and a common protocol. */
static enum sl_layer ipv6_or_eth(const struct sl_decoding *d)
{
	const uint8_t *p = look(d, 0, IPV6_HEADER);
	if (!p)
		return sl_wire_left(d) < IPV6_HEADER ? SL_LAYER_ETH : SL_LAYER_IPV6;
	if (be16(p + 4) + (size_t)IPV6_HEADER == sl_wire_left(d))
		return SL_LAYER_IPV6;
	if (sl_looks_like_eth(d, 0) != SL_LAYER_END)
		return SL_LAYER_ETH;
	return p[6] == IPPROTO_TCP || p[6] == IPPROTO_UDP || p[6] == IPPROTO_ICMPV6 ? SL_LAYER_IPV6
										    : SL_LAYER_ETH;
}

enum sl_layer sl_layer_of_label(const struct sl_decoding *d)
{
	switch (*d->cur.p >> 4) {
	case 4:
		return ipv4_or_eth(d);
	case 6:
		return ipv6_or_eth(d);
	default:
		return SL_LAYER_ETH;
	}
}

/* --- in UDP --- */

bool sl_looks_like_vxlan(const struct sl_decoding *d)
{
	const uint8_t *p = look(d, 0, 8);
	return p && p[0] == 0x08 && !p[1] && !p[2] && !p[3] && !p[7] &&
	       sl_looks_like_eth(d, 8) != SL_LAYER_END;
}

/* Where the packet in a G-PDU begins; 0: nowhere. */
static size_t gtp_u_header(const struct sl_decoding *d)
{
	enum { PLAIN = 8, LONG = 12, EXTENSIONS_MAX = 4 };
	const uint8_t *p = look(d, 0, LONG);
	size_t at = LONG;
	if (!(*d->cur.p & 7))
		return PLAIN;
	if (!p)
		return 0;
	uint8_t next = p[0] & 4 ? p[LONG - 1] : 0;
	for (unsigned n = 0; next; n++) {
		p = look(d, at, 1);
		size_t len = p ? *p * 4u : 0;
		p = look(d, at, len);
		if (!len || !p || n == EXTENSIONS_MAX)
			return 0;
		next = p[len - 1];
		at += len;
	}
	return at;
}

bool sl_looks_like_gtp_u(const struct sl_decoding *d)
{
	const uint8_t *p = look(d, 0, 8);
	if (!p || (p[0] & 0xf8) != 0x30 || p[1] != 255 || be16(p + 2) != sl_wire_left(d) - 8)
		return false;
	size_t at = gtp_u_header(d);
	return at && sl_looks_like_ip(d, at) != SL_LAYER_END;
}

size_t sl_teredo_header(const struct sl_decoding *d)
{
	enum { AUTHENTICATION = 13, ORIGIN = 8 };
	const uint8_t *p = look(d, 0, AUTHENTICATION);
	size_t at = p && p[0] == 0 && p[1] == 1 ? (size_t)AUTHENTICATION + p[2] + p[3] : 0;
	p = look(d, at, ORIGIN);
	return p && p[0] == 0 && p[1] == 0 ? at + ORIGIN : at;
}

bool sl_looks_like_teredo(const struct sl_decoding *d)
{
	enum { SOURCE = 8, DESTINATION = 24 };
	static const uint8_t prefix[] = { 0x20, 0x01, 0, 0 }, local[] = { 0xfe, 0x80 };
	size_t at = sl_teredo_header(d);
	const uint8_t *src = look(d, at + SOURCE, sizeof prefix),
		      *dst = look(d, at + DESTINATION, sizeof prefix);
	if (!src || sl_looks_like_ip(d, at) != SL_LAYER_IPV6 ||
	    be16(d->cur.p + at + 4) + at + IPV6_HEADER != sl_wire_left(d))
		return false;
	return memcmp(src, prefix, sizeof prefix) == 0 || memcmp(src, local, sizeof local) == 0 ||
	       (dst && memcmp(dst, prefix, sizeof prefix) == 0);
}

/* RFC 1661, section 2: address and control may be left out, and so may the protocol's first byte.
 */
static bool looks_like_ppp(const struct sl_decoding *d, size_t at)
{
	const uint8_t *p = look(d, at, 2);
	if (p && p[0] == 0xff && p[1] == 0x03)
		at += 2;
	p = look(d, at, 2);
	if (p && p[0] == 0)
		at++;
	p = look(d, at, 1);
	return p && ((*p == 0x21 && sl_looks_like_ip(d, at + 1) == SL_LAYER_IPV4) ||
		     (*p == 0x57 && sl_looks_like_ip(d, at + 1) == SL_LAYER_IPV6));
}

/* RFC 2661, section 3.1: a data message with IP inside, no reserved bit set, its length right. */
static bool looks_like_l2tpv2(const struct sl_decoding *d)
{
	enum {
		LENGTH = 0x4000,
		SEQUENCE = 0x0800,
		OFFSET = 0x0200,
		PRIORITY = 0x0100,
		VERSION = 2
	};
	struct sl_cur c = d->cur;
	unsigned flags = sl_cur_be16(&c);
	if ((flags & ~(unsigned)(LENGTH | SEQUENCE | OFFSET | PRIORITY)) != VERSION)
		return false;
	if (flags & LENGTH && sl_cur_be16(&c) != sl_wire_left(d))
		return false;
	uint16_t tunnel = sl_cur_be16(&c);
	sl_cur_be16(&c);
	if (flags & SEQUENCE)
		sl_cur_be32(&c);
	if (flags & OFFSET)
		sl_cur_take(&c, sl_cur_be16(&c));
	return !c.failed && tunnel && looks_like_ppp(d, (size_t)(c.p - d->cur.p));
}

bool sl_looks_like_l2tp(const struct sl_decoding *d)
{
	static const uint8_t version3[] = { 0, 3, 0, 0 };
	const uint8_t *p = look(d, 0, sizeof version3);
	size_t cookie;
	if (p && memcmp(p, version3, sizeof version3) == 0)
		return sl_looks_like_l2tpv3(d, sizeof version3, &cookie);
	return looks_like_l2tpv2(d);
}

bool sl_looks_like_l2tpv3(const struct sl_decoding *d, size_t at, size_t *cookie)
{
	enum { SESSION = 4, COOKIE_AND_SUBLAYER = 12 };
	const uint8_t *p = look(d, at, SESSION);
	if (!p || !(p[0] | p[1] | p[2] | p[3]))
		return false;
	for (*cookie = 0; *cookie <= COOKIE_AND_SUBLAYER; *cookie += 4)
		if (sl_looks_like_eth(d, at + SESSION + *cookie) != SL_LAYER_END)
			return true;
	return false;
}
