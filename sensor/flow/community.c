/* community-id v1 (https://github.com/corelight/community-id-spec):
 * "1:" + base64(SHA1(seed, address, address, protocol, 0, port, port)), all big endian, the smaller
 * (address, port) first. Computed when something is dumped or alerted, never per flow. */
#include <netinet/in.h>
#include <selat/digest.h>
#include <sensor/flow/key.h>
#include <sensor/flow/view.h>

bool sl_icmp_ports(uint8_t proto, uint8_t type, uint8_t code, uint16_t *from, uint16_t *to)
{
	/* pairs that answer each other, RFC 792, 950, 1256, 4443, 4861, 3810 … */
	static const uint8_t v4[][2] = { { 8, 0 }, { 13, 14 }, { 15, 16 }, { 10, 9 }, { 17, 18 } };
	static const uint8_t v6[][2] = { { 128, 129 }, { 133, 134 }, { 135, 136 }, { 130, 131 },
					 { 139, 140 }, { 144, 145 } };
	const uint8_t(*pair)[2] = proto == IPPROTO_ICMP ? v4 : v6;
	size_t n = proto == IPPROTO_ICMP ? sizeof v4 / sizeof *v4 : sizeof v6 / sizeof *v6;

	*from = type;
	for (size_t i = 0; i < n; i++)
		for (unsigned side = 0; side < 2; side++)
			if (pair[i][side] == type) {
				*to = pair[i][1 - side];
				return true;
			}
	*to = code;
	return false;
}

static uint8_t *put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return at + 2;
}

char *sl_community_id(char out[SL_COMMUNITY_ID_TEXT], const struct sl_flow_view *v, uint16_t seed)
{
	bool icmp = v->proto == IPPROTO_ICMP || v->proto == IPPROTO_ICMPV6;
	bool ports = icmp || v->proto == IPPROTO_TCP || v->proto == IPPROTO_UDP ||
		     v->proto == IPPROTO_SCTP;
	uint16_t sport = v->sport, dport = v->dport;
	bool sortable = !icmp || sl_icmp_ports(v->proto, (uint8_t)v->sport, (uint8_t)v->dport, &sport,
					       &dport);
	size_t len = v->src.family == 4 ? 4 : 16;
	int order = memcmp(v->src.bytes, v->dst.bytes, len);
	bool swap = sortable && (order > 0 || (order == 0 && sport > dport));

	uint8_t text[40], digest[SL_SHA1_SIZE], *at = put16(text, seed);
	memcpy(at, swap ? v->dst.bytes : v->src.bytes, len);
	memcpy(at + len, swap ? v->src.bytes : v->dst.bytes, len);
	at += 2 * len;
	*at++ = v->proto;
	*at++ = 0;
	if (ports) {
		at = put16(at, swap ? dport : sport);
		at = put16(at, swap ? sport : dport);
	}
	sl_sha1(sl_span_of(text, (size_t)(at - text)), digest);
	memcpy(out, "1:", 3);
	sl_base64(out + 2, sl_span_of(digest, sizeof digest));
	return out;
}
