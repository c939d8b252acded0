/* IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers. */
#include <netinet/in.h>
#include <sensor/decode/layers.h>

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, EXTENSIONS_MAX = 16 };

enum sl_layer sl_layer_of_proto(struct sl_decoding *d)
{
	switch (d->p->proto) {
	case IPPROTO_TCP:
		return SL_LAYER_TCP;
	case IPPROTO_UDP:
		return SL_LAYER_UDP;
	case IPPROTO_ICMP:
		return SL_LAYER_ICMP;
	case IPPROTO_ICMPV6:
		return SL_LAYER_ICMPV6;
	default: /* a protocol without ports is a packet all the same */
		d->p->payload = sl_span_of(d->cur.p, sl_cur_left(&d->cur));
		return SL_LAYER_END;
	}
}

static void set_address(struct sl_address *a, uint8_t family, const uint8_t *bytes)
{
	a->family = family;
	memset(a->bytes, 0, sizeof a->bytes);
	if (bytes)
		memcpy(a->bytes, bytes, family == 4 ? 4 : 16);
}

/* Cuts the cursor to what the IP header says, so that the frame's padding is no payload. A length
 * field of zero comes from segmentation offload: take what is there. */
static void limit(struct sl_decoding *d, bool known, size_t len)
{
	size_t left = sl_cur_left(&d->cur);
	d->transport_len = (uint32_t)(known ? len : left);
	if (known && len < left)
		d->cur.end = d->cur.p + len;
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
	uint8_t version_ihl = sl_cur_u8(&d->cur);
	sl_cur_u8(&d->cur);
	uint16_t total = sl_cur_be16(&d->cur);
	sl_cur_be16(&d->cur);
	uint16_t fragment = sl_cur_be16(&d->cur);
	sl_cur_u8(&d->cur);
	uint8_t proto = sl_cur_u8(&d->cur);
	sl_cur_be16(&d->cur);
	const uint8_t *addresses = sl_cur_take(&d->cur, 8);
	size_t header = (size_t)(version_ihl & 15) * 4;
	if (!addresses)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the IPv4 header");
	if (version_ihl >> 4 != 4)
		return sl_stop(d, SL_VERDICT_MALFORMED, "IPv4 version is not 4");
	if (header < IPV4_HEADER || (total && total < header))
		return sl_stop(d, SL_VERDICT_MALFORMED, "IPv4 header length is impossible");

	d->p->proto = proto;
	set_address(&d->p->src, 4, addresses);
	set_address(&d->p->dst, 4, addresses + 4);
	sl_cur_take(&d->cur, header - IPV4_HEADER);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the IPv4 options");
	if (d->checksums && sl_sum_fold(sl_sum_add(0, start, header)) != 0xffff)
		return sl_stop(d, SL_VERDICT_MALFORMED, sl_reason_checksum);
	limit(d, total != 0, total - header);
	d->pseudo = sl_sum_add(proto, addresses, 8);
	if (fragment & 0x3fff) /* more fragments, or an offset */
		return sl_stop(d, SL_VERDICT_FRAGMENT, "IPv4 fragment");
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
static bool skip_fragment(struct sl_decoding *d, uint8_t *next)
{
	*next = sl_cur_u8(&d->cur);
	sl_cur_u8(&d->cur);
	uint16_t offset = sl_cur_be16(&d->cur);
	sl_cur_be32(&d->cur);
	return (offset & 0xfff9) != 0;
}

static enum sl_layer ipv6_extensions(struct sl_decoding *d, uint8_t next)
{
	const uint8_t *start = d->cur.p;
	for (unsigned n = 0; n < EXTENSIONS_MAX; n++) {
		bool fragment = false;
		switch (next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			next = skip_extension(d);
			break;
		case IPPROTO_FRAGMENT:
			fragment = skip_fragment(d, &next);
			break;
		default:
			d->p->proto = next;
			d->pseudo += next;
			d->transport_len -= (uint32_t)(d->cur.p - start);
			return next == IPPROTO_NONE ? SL_LAYER_END : sl_layer_of_proto(d);
		}
		if (d->cur.failed)
			return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in an IPv6 extension header");
		if (fragment) {
			d->p->proto = next;
			return sl_stop(d, SL_VERDICT_FRAGMENT, "IPv6 fragment");
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
	d->p->proto = next;
	set_address(&d->p->src, 6, addresses);
	set_address(&d->p->dst, 6, addresses + 16);
	limit(d, len != 0, len);
	d->pseudo = sl_sum_add(0, addresses, 32);
	return ipv6_extensions(d, next);
}
