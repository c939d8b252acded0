/* The driver: a table of layers and a loop with a depth limit, so that a packet nested without end
 * costs no stack and a bounded time. */
#include <arpa/inet.h>
#include <sensor/decode/layers.h>

/* Link types (https://www.tcpdump.org/linktypes.html), as libpcap gives them on Linux. */
enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

static const struct layer {
	const char *name;
	sl_layer_fn *decode;
} layers[SL_LAYER_COUNT] = {
	[SL_LAYER_ETH] = { "eth", sl_decode_eth },       [SL_LAYER_VLAN] = { "vlan", sl_decode_vlan },
	[SL_LAYER_SLL] = { "sll", sl_decode_sll },       [SL_LAYER_SLL2] = { "sll2", sl_decode_sll2 },
	[SL_LAYER_NULL] = { "null", sl_decode_null },    [SL_LAYER_LOOP] = { "loop", sl_decode_loop },
	[SL_LAYER_RAW] = { "raw", sl_decode_raw },       [SL_LAYER_IPV4] = { "ipv4", sl_decode_ipv4 },
	[SL_LAYER_IPV6] = { "ipv6", sl_decode_ipv6 },    [SL_LAYER_TCP] = { "tcp", sl_decode_tcp },
	[SL_LAYER_UDP] = { "udp", sl_decode_udp },       [SL_LAYER_ICMP] = { "icmp", sl_decode_icmp },
	[SL_LAYER_ICMPV6] = { "icmpv6", sl_decode_icmpv6 },
};

const char sl_reason_checksum[] = "wrong checksum";

static enum sl_layer layer_of_link(int link)
{
	switch (link) {
	case LINK_NULL:
		return SL_LAYER_NULL;
	case LINK_ETHERNET:
		return SL_LAYER_ETH;
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_RAW:
		return SL_LAYER_RAW;
	case LINK_IPV4:
		return SL_LAYER_IPV4;
	case LINK_IPV6:
		return SL_LAYER_IPV6;
	case LINK_LOOP:
		return SL_LAYER_LOOP;
	case LINK_SLL:
		return SL_LAYER_SLL;
	case LINK_SLL2:
		return SL_LAYER_SLL2;
	default:
		return SL_LAYER_END;
	}
}

bool sl_decode_knows(int link)
{
	return layer_of_link(link) != SL_LAYER_END;
}

enum sl_layer sl_stop(struct sl_decoding *d, enum sl_verdict verdict, const char *reason)
{
	d->p->verdict = (uint8_t)verdict;
	d->p->reason = reason;
	return SL_LAYER_END;
}

void sl_decode(const struct sl_frame *frame, bool checksums, struct sl_packet *p)
{
	struct sl_decoding d = { sl_cur_of(frame->at, frame->caplen), p, checksums, 0, 0 };
	enum sl_layer layer = layer_of_link(frame->link);

	memset(p, 0, offsetof(struct sl_packet, layer));
	p->number = frame->number;
	p->time = frame->time;
	p->len = frame->len;
	p->caplen = frame->caplen;
	p->proto = SL_PROTO_NONE;
	while (layer != SL_LAYER_END) {
		if (p->layers == SL_LAYERS_MAX) {
			sl_stop(&d, SL_VERDICT_MALFORMED, "too many headers");
			break;
		}
		p->layer[p->layers++] = (uint8_t)layer;
		layer = layers[layer].decode(&d);
	}
}

const char *sl_layer_text(enum sl_layer layer)
{
	return layer < SL_LAYER_COUNT && layers[layer].name ? layers[layer].name : "?";
}

const char *sl_verdict_text(enum sl_verdict verdict)
{
	static const char *const text[] = { "ok", "truncated", "malformed", "unsupported", "fragment" };
	return text[verdict];
}

const char *sl_proto_text(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}

uint32_t sl_packet_pair_hash(const struct sl_packet *p)
{
	uint64_t a[2], b[2];
	memcpy(a, p->src.bytes, 16);
	memcpy(b, p->dst.bytes, 16);
	uint64_t x = (a[0] ^ b[0]) + (a[1] ^ b[1]) * 0x9E3779B97F4A7C15u;
	x *= 0xD6E8FEB86659FD93u;
	return (uint32_t)(x >> 32);
}
