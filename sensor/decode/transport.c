/* TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792), ICMPv6 (RFC 4443). */
#include <netinet/in.h>
#include <sensor/decode/layers.h>

enum { TCP_HEADER = 20, UDP_HEADER = 8 };

/* Is the checksum over the whole segment right? Only a segment that was captured whole can be judged.
 * A host that leaves the checksum to its network card shows the pseudo-header's sum in the field
 * instead: such a packet was captured before it was finished, and is taken as good. */
static bool checksum_wrong(const struct sl_decoding *d, const uint8_t *start, size_t field_at)
{
	size_t len = d->transport_len;
	if (!d->checksums || (size_t)(d->cur.end - start) < len)
		return false;
	uint32_t pseudo = d->pseudo + (uint32_t)(len >> 16) + (uint32_t)(len & 0xffff);
	if (sl_sum_fold(sl_sum_add(pseudo, start, len)) == 0xffff)
		return false;
	uint16_t field = (uint16_t)(start[field_at] << 8 | start[field_at + 1]);
	return field != sl_sum_fold(pseudo);
}

/* RFC 7323, section 3.2: kind 8, length 10, TSval (4), TSecr (4). Nearly every stack puts two no-ops in
 * front, so that one look finds it. */
static void read_stamp(struct sl_packet *p, struct sl_cur options)
{
	enum { END = 0, NOP = 1, STAMP = 8, STAMP_LEN = 10 };
	while (sl_cur_left(&options)) {
		uint8_t kind = sl_cur_u8(&options);
		if (kind == NOP)
			continue;
		uint8_t len = kind == END ? 0 : sl_cur_u8(&options);
		if (len < 2)
			return;
		struct sl_cur value = sl_cur_sub(&options, len - 2u);
		if (kind == STAMP && len == STAMP_LEN) {
			p->stamp = sl_cur_be32(&value);
			p->has_stamp = !value.failed;
			return;
		}
	}
}

/* |          Source Port          |       Destination Port        |
 * |                        Sequence Number                        |
 * |                    Acknowledgment Number                      |
 * | Offset| Rsrvd |   Flags       |            Window             |
 * |           Checksum            |         Urgent Pointer        |  RFC 9293, section 3.1 */
enum sl_layer sl_decode_tcp(struct sl_decoding *d)
{
	struct sl_packet *p = d->p;
	const uint8_t *start = d->cur.p;
	p->sport = sl_cur_be16(&d->cur);
	p->dport = sl_cur_be16(&d->cur);
	p->has_ports = !d->cur.failed;
	struct sl_cur c = sl_cur_sub(&d->cur, TCP_HEADER - 4);
	p->seq = sl_cur_be32(&c);
	p->ack = sl_cur_be32(&c);
	size_t header = (size_t)(sl_cur_u8(&c) >> 4) * 4;
	p->tcp_flags = sl_cur_u8(&c);
	sl_cur_take(&c, 4);
	p->urgent = sl_cur_be16(&c);
	if (c.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the TCP header");
	if (header < TCP_HEADER)
		return sl_stop(d, SL_VERDICT_MALFORMED, "TCP header length is impossible");
	struct sl_cur options = sl_cur_sub(&d->cur, header - TCP_HEADER);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the TCP options");
	if (header > TCP_HEADER)
		read_stamp(p, options);
	if (checksum_wrong(d, start, 16))
		return sl_stop(d, SL_VERDICT_MALFORMED, sl_reason_checksum);
	p->payload = sl_span_of(d->cur.p, sl_cur_left(&d->cur));
	return SL_LAYER_END;
}

/* RFC 768: source port, destination port, length (header included), checksum; two bytes each. A
 * length of zero is a jumbogram's or a segmentation offload's: all that is left. */
enum sl_layer sl_decode_udp(struct sl_decoding *d)
{
	struct sl_packet *p = d->p;
	const uint8_t *start = d->cur.p;
	p->sport = sl_cur_be16(&d->cur);
	p->dport = sl_cur_be16(&d->cur);
	p->has_ports = !d->cur.failed;
	uint16_t len = sl_cur_be16(&d->cur);
	uint16_t checksum = sl_cur_be16(&d->cur);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the UDP header");
	if (len && (len < UDP_HEADER || (len > d->transport_len && d->p->verdict == SL_VERDICT_OK)))
		return sl_stop(d, SL_VERDICT_MALFORMED, "UDP length is impossible");
	if (len && len < d->transport_len)
		d->transport_len = len;
	if (checksum && checksum_wrong(d, start, 6))
		return sl_stop(d, SL_VERDICT_MALFORMED, sl_reason_checksum);
	sl_limit(d, d->transport_len - UDP_HEADER);
	p->payload = sl_span_of(d->cur.p, sl_cur_left(&d->cur));
	enum sl_layer tunnel = sl_layer_of_udp(d);
	d->in_udp = tunnel != SL_LAYER_END;
	if (d->in_udp && d->carriers && !sl_udp_is_plain_overlay(p))
		sl_carry(d);
	return tunnel;
}

/* RFC 3828: as UDP, with the checksum's coverage in place of the length. */
enum sl_layer sl_decode_udplite(struct sl_decoding *d)
{
	struct sl_packet *p = d->p;
	p->sport = sl_cur_be16(&d->cur);
	p->dport = sl_cur_be16(&d->cur);
	p->has_ports = !d->cur.failed;
	sl_cur_take(&d->cur, 4);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the UDP-Lite header");
	p->payload = sl_span_of(d->cur.p, sl_cur_left(&d->cur));
	return SL_LAYER_END;
}

/* RFC 9260, section 3.1: ports (2, 2), verification tag (4), checksum (4); then chunks. */
enum sl_layer sl_decode_sctp(struct sl_decoding *d)
{
	struct sl_packet *p = d->p;
	p->sport = sl_cur_be16(&d->cur);
	p->dport = sl_cur_be16(&d->cur);
	p->has_ports = !d->cur.failed;
	sl_cur_take(&d->cur, 8);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the SCTP header");
	p->payload = sl_span_of(d->cur.p, sl_cur_left(&d->cur));
	return SL_LAYER_END;
}

static bool is_error(const struct sl_packet *p)
{
	if (p->proto == IPPROTO_ICMPV6)
		return p->sport >= 1 && p->sport <= 4; /* RFC 4443, section 2.1 */
	return p->sport == 3 || p->sport == 4 || p->sport == 5 || p->sport == 11 || p->sport == 12;
}

/* Steps over a quoted IPv6 packet's extension headers. True: it is a fragment other than the first, in
 * which no transport header is. */
static bool skip_quoted_extensions(struct sl_cur *c, uint8_t *next)
{
	enum { EXTENSIONS_MAX = 8 };
	for (unsigned n = 0; n < EXTENSIONS_MAX && !c->failed; n++) {
		uint8_t header = *next;
		if (header != IPPROTO_HOPOPTS && header != IPPROTO_ROUTING &&
		    header != IPPROTO_DSTOPTS && header != IPPROTO_FRAGMENT)
			return false;
		*next = sl_cur_u8(c);
		uint8_t len = sl_cur_u8(c);
		if (header != IPPROTO_FRAGMENT) {
			sl_cur_take(c, (size_t)len * 8 + 6);
			continue;
		}
		uint16_t offset = sl_cur_be16(c);
		sl_cur_take(c, 4);
		if (offset & 0xfff8)
			return true;
	}
	return false;
}

/* RFC 792 and RFC 4443: an error carries the beginning of the packet that it is about: its IP header,
 * and of its transport at least the ports, unless that packet was a later fragment. */
static void read_quoted(struct sl_packet *p, struct sl_cur c)
{
	struct sl_quoted *q = &p->quoted;
	bool v4 = p->src.family == 4;
	size_t len = v4 ? 4 : 16;
	uint8_t first = sl_cur_u8(&c);
	memset(q, 0, sizeof *q);
	sl_cur_take(&c, 5);
	uint16_t fragment = v4 ? sl_cur_be16(&c) : 0;
	sl_cur_take(&c, v4 ? 1 : 0);
	q->proto = sl_cur_u8(&c);
	sl_cur_take(&c, v4 ? 2 : 1);
	const uint8_t *addresses = sl_cur_take(&c, 2 * len);
	if (!addresses || first >> 4 != (v4 ? 4 : 6) || (v4 && (first & 15) < 5))
		return;
	sl_cur_take(&c, v4 ? (first & 15u) * 4 - 20 : 0);
	bool later = v4 ? (fragment & 0x1fff) != 0 : skip_quoted_extensions(&c, &q->proto);
	if (!later) {
		q->sport = sl_cur_be16(&c);
		q->dport = sl_cur_be16(&c);
	}
	if (c.failed)
		return;
	q->src.family = q->dst.family = p->src.family;
	memcpy(q->src.bytes, addresses, len);
	memcpy(q->dst.bytes, addresses + len, len);
	p->has_quoted = true;
}

/* Type and code stand where other protocols have ports. What an error quotes is payload here. */
static enum sl_layer decode_icmp(struct sl_decoding *d, bool pseudo)
{
	const uint8_t *start = d->cur.p;
	if (!pseudo)
		d->pseudo = 0;
	d->p->sport = sl_cur_u8(&d->cur);
	d->p->dport = sl_cur_u8(&d->cur);
	sl_cur_be16(&d->cur);
	sl_cur_be32(&d->cur);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the ICMP header");
	size_t len = d->transport_len;
	bool whole = (size_t)(d->cur.end - start) >= len;
	uint32_t sum = d->pseudo + (pseudo ? (uint32_t)len : 0);
	if (d->checksums && whole && sl_sum_fold(sl_sum_add(sum, start, len)) != 0xffff)
		return sl_stop(d, SL_VERDICT_MALFORMED, sl_reason_checksum);
	d->p->payload = sl_span_of(d->cur.p, sl_cur_left(&d->cur));
	if (is_error(d->p))
		read_quoted(d->p, d->cur);
	return SL_LAYER_END;
}

enum sl_layer sl_decode_icmp(struct sl_decoding *d)
{
	return decode_icmp(d, false);
}

enum sl_layer sl_decode_icmpv6(struct sl_decoding *d)
{
	return decode_icmp(d, true);
}
