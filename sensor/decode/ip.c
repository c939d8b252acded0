/* IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers. */
#include <netinet/in.h>
#include <sensor/decode/layers.h>

enum { IPV4_HEADER = 20, EXTENSIONS_MAX = 16 };
enum { PROTO_L2TPV3 = 115, PROTO_UDPLITE = 136, PROTO_MPLS = 137, PROTO_MOBILITY = 135, PROTO_HIP = 139,
       PROTO_SHIM6 = 140, PROTO_ETHERIP = 97 };

static enum sl_layer layer_of_transport(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return SL_LAYER_TCP;
	case IPPROTO_UDP:
		return SL_LAYER_UDP;
	case IPPROTO_ICMP:
		return SL_LAYER_ICMP;
	case IPPROTO_ICMPV6:
		return SL_LAYER_ICMPV6;
	case IPPROTO_SCTP:
		return SL_LAYER_SCTP;
	case PROTO_UDPLITE:
		return SL_LAYER_UDPLITE;
	default:
		return SL_LAYER_END;
	}
}

enum sl_layer sl_layer_of_proto(struct sl_decoding *d)
{
	enum sl_layer transport = layer_of_transport(d->p->proto);
	d->outer_ok = true;
	if (transport != SL_LAYER_END)
		return transport;
	d->p->payload = sl_span_of(d->cur.p, sl_cur_left(&d->cur)); /* unless there is more inside */
	switch (d->p->proto) {
	case IPPROTO_IPIP:
		return SL_LAYER_IPV4;
	case IPPROTO_IPV6:
		return SL_LAYER_IPV6;
	case IPPROTO_GRE:
		return SL_LAYER_GRE;
	case IPPROTO_AH:
		return SL_LAYER_AH;
	case IPPROTO_ESP:
		return SL_LAYER_ESP;
	case PROTO_ETHERIP:
		return SL_LAYER_ETHERIP;
	case PROTO_L2TPV3:
		return SL_LAYER_L2TPV3;
	case PROTO_MPLS:
		return SL_LAYER_MPLS;
	default: /* a protocol without ports is a packet all the same */
		return SL_LAYER_END;
	}
}

/* What is inside an IP packet travels in a tunnel, whose kind the headers between them tell, if any. */
static void enclose(struct sl_decoding *d)
{
	struct sl_packet *p = d->p;
	bool v4 = p->src.family == 4;
	if (!d->tunnel_layer || !(d->tunnel_kinds & SL_TUNNEL_INSIDE))
		sl_tunnel_mark(d, v4 ? SL_TUNNEL_IPV4 : SL_TUNNEL_IPV6);
	if (p->tunnels == SL_TUNNELS_MAX)
		return;
	enum sl_layer plain = v4 ? SL_LAYER_IPV4 : SL_LAYER_IPV6;
	p->tunnel[p->tunnels++] = (struct sl_tunnel){
		.src = p->src, .dst = p->dst, .id = d->tunnel_id,
		.layer = d->tunnel_layer ? d->tunnel_layer : (uint8_t)plain,
		.has_id = d->tunnel_has_id
	};
}

/* A header inside another's packet: what was the outer one's transport is forgotten. */
static void begin_ip(struct sl_decoding *d, uint8_t family, const uint8_t *addresses)
{
	struct sl_packet *p = d->p;
	size_t len = family == 4 ? 4 : 16;
	if (p->src.family)
		enclose(d);
	p->tunnel_kinds |= d->tunnel_kinds;
	d->tunnel_layer = SL_LAYER_END;
	d->tunnel_has_id = false;
	d->in_udp = false;
	p->has_ports = p->has_stamp = p->has_quoted = false;
	p->sport = p->dport = 0;
	p->tcp_flags = 0;
	p->payload = sl_span_of(NULL, 0);
	memset(&p->src, 0, sizeof p->src);
	memset(&p->dst, 0, sizeof p->dst);
	p->src.family = p->dst.family = family;
	memcpy(p->src.bytes, addresses, len);
	memcpy(p->dst.bytes, addresses + len, len);
}

static enum sl_layer fragment_of(struct sl_decoding *d, const char *reason, uint32_t id, uint32_t offset,
				 bool more)
{
	if (sl_cur_left(&d->cur) < d->transport_len) { /* cut by the capture: it can never be whole */
		sl_stop(d, SL_VERDICT_TRUNCATED, "cut in a fragment");
		return offset == 0 ? sl_layer_of_proto(d) : SL_LAYER_END;
	}
	d->p->part = SL_PART_IP;
	d->p->fragment = (struct sl_fragment){ sl_span_of(d->cur.p, sl_cur_left(&d->cur)), id, offset,
					       more, SL_LAYER_END };
	return sl_stop(d, SL_VERDICT_FRAGMENT, reason);
}

/* Cuts the cursor to what the IP header says, so that the frame's padding is no payload. A length
 * field of zero comes from segmentation offload: take what is there. A packet that came shorter than
 * it says is dropped by hosts and routers (RFC 1812, section 5.2.2): nobody reads what it carries, and
 * its checksum cannot be judged. Who takes wrong checksums takes these too: frames may come sliced. */
static void limit(struct sl_decoding *d, bool known, size_t len)
{
	d->transport_len = (uint32_t)(known ? len : sl_cur_left(&d->cur));
	if (known && d->checksums && len > sl_wire_left(d))
		sl_stop(d, SL_VERDICT_MALFORMED, "IP length is longer than the packet");
	if (known)
		sl_limit(d, len);
}

/*  0                   1                   2                   3
 * |Version|  IHL  |Type of Service|          Total Length         |
 * |         Identification        |Flags|      Fragment Offset    |
 * |  Time to Live |    Protocol   |         Header Checksum       |
 * |                       Source Address                          |
 * |                    Destination Address                        |  RFC 791, section 3.1 */
enum sl_layer sl_decode_ipv4(struct sl_decoding *d)
{
	const uint8_t *start = d->cur.p;
	struct sl_cur c = sl_cur_sub(&d->cur, IPV4_HEADER);
	uint8_t version_ihl = sl_cur_u8(&c);
	sl_cur_u8(&c);
	uint16_t total = sl_cur_be16(&c);
	uint16_t id = sl_cur_be16(&c);
	uint16_t fragment = sl_cur_be16(&c);
	sl_cur_u8(&c);
	uint8_t proto = sl_cur_u8(&c);
	sl_cur_be16(&c);
	const uint8_t *addresses = sl_cur_take(&c, 8);
	size_t header = (size_t)(version_ihl & 15) * 4;
	if (!addresses)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the IPv4 header");
	if (version_ihl >> 4 != 4)
		return sl_stop(d, SL_VERDICT_MALFORMED, "IPv4 version is not 4");
	if (header < IPV4_HEADER || (total && total < header))
		return sl_stop(d, SL_VERDICT_MALFORMED, "IPv4 header length is impossible");

	begin_ip(d, 4, addresses);
	d->p->proto = proto;
	sl_cur_take(&d->cur, header - IPV4_HEADER);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the IPv4 options");
	if (d->checksums && sl_sum_fold(sl_sum_add(0, start, header)) != 0xffff)
		return sl_stop(d, SL_VERDICT_MALFORMED, sl_reason_checksum);
	limit(d, total != 0, total - header);
	d->pseudo = sl_sum_add(proto, addresses, 8);
	if (fragment & 0x3fff) /* more fragments, or an offset */
		return fragment_of(d, "IPv4 fragment", id, (fragment & 0x1fffu) * 8, fragment & 0x2000);
	return sl_layer_of_proto(d);
}

/* Steps over one extension header that has a length of its own (RFC 8200, sections 4.3 to 4.6). */
static uint8_t skip_extension(struct sl_decoding *d)
{
	uint8_t next = sl_cur_u8(&d->cur);
	uint8_t len = sl_cur_u8(&d->cur);
	sl_cur_take(&d->cur, (size_t)len * 8 + 6);
	return next;
}

/* RFC 8200, section 4.5: next header (1), reserved (1), offset (13 bits), reserved (2), more (1),
 * identification (4). An atomic fragment (RFC 6946) is a whole datagram. */
static bool skip_fragment(struct sl_decoding *d, uint8_t *next, uint16_t *offset, uint32_t *id)
{
	*next = sl_cur_u8(&d->cur);
	sl_cur_u8(&d->cur);
	*offset = sl_cur_be16(&d->cur);
	*id = sl_cur_be32(&d->cur);
	return (*offset & 0xfff9) != 0;
}

enum sl_layer sl_decode_ipv6_rest(struct sl_decoding *d, uint8_t next)
{
	const uint8_t *start = d->cur.p;
	uint16_t offset = 0;
	uint32_t id = 0;
	for (unsigned n = 0; n < EXTENSIONS_MAX; n++) {
		bool fragment = false;
		switch (next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case PROTO_MOBILITY:
		case PROTO_HIP:
		case PROTO_SHIM6:
			next = skip_extension(d);
			break;
		case IPPROTO_FRAGMENT:
			fragment = skip_fragment(d, &next, &offset, &id);
			break;
		default:
			d->p->proto = next;
			d->pseudo += next;
			d->transport_len -= (uint32_t)(d->cur.p - start);
			return sl_layer_of_proto(d);
		}
		if (d->cur.failed)
			return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in an IPv6 extension header");
		if (fragment) {
			d->p->proto = next;
			d->transport_len -= (uint32_t)(d->cur.p - start);
			return fragment_of(d, "IPv6 fragment", id, offset & 0xfff8u, offset & 1);
		}
	}
	return sl_stop(d, SL_VERDICT_MALFORMED, "too many IPv6 extension headers");
}

/* |Version| Traffic Class |           Flow Label                  |
 * |         Payload Length        |  Next Header  |   Hop Limit   |
 * |                  Source Address, 16 bytes                     |
 * |               Destination Address, 16 bytes                   |  RFC 8200, section 3 */
enum sl_layer sl_decode_ipv6(struct sl_decoding *d)
{
	uint32_t version = sl_cur_be32(&d->cur) >> 28;
	uint16_t len = sl_cur_be16(&d->cur);
	uint8_t next = sl_cur_u8(&d->cur);
	sl_cur_u8(&d->cur);
	const uint8_t *addresses = sl_cur_take(&d->cur, 32);
	if (!addresses)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the IPv6 header");
	if (version != 6)
		return sl_stop(d, SL_VERDICT_MALFORMED, "IPv6 version is not 6");
	begin_ip(d, 6, addresses);
	d->p->proto = next;
	limit(d, len != 0, len);
	d->pseudo = sl_sum_add(0, addresses, 32);
	return sl_decode_ipv6_rest(d, next);
}

/* RFC 4302, section 2: next header (1), length in 4-byte words less 2 (1), reserved (2), SPI (4),
 * sequence (4), check value. */
enum sl_layer sl_decode_ah(struct sl_decoding *d)
{
	const uint8_t *start = d->cur.p;
	uint8_t next = sl_cur_u8(&d->cur);
	size_t len = ((size_t)sl_cur_u8(&d->cur) + 2) * 4;
	if (!d->cur.failed && len < 12)
		return sl_stop(d, SL_VERDICT_MALFORMED, "AH length is impossible");
	sl_cur_take(&d->cur, len - 2);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the AH header");
	d->transport_len -= (uint32_t)(d->cur.p - start);
	d->pseudo -= d->p->proto;
	d->p->proto = next;
	if (d->p->src.family == 6)
		return sl_decode_ipv6_rest(d, next); /* which adds the last one's */
	d->pseudo += next;
	return sl_layer_of_proto(d);
}

/* RFC 4303: encrypted; nothing to see but that it is there. */
enum sl_layer sl_decode_esp(struct sl_decoding *d)
{
	(void)d;
	return SL_LAYER_END;
}
