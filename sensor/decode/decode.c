/* The driver: a table of layers and a loop with a depth limit, so that a packet nested without end
 * costs no stack and a bounded time. */
#include <arpa/inet.h>
#include <sensor/decode/layers.h>

/* Link types (https://www.tcpdump.org/linktypes.html), as libpcap gives them on Linux. */
static const struct link {
	int type;
	enum sl_layer layer;
} links[] = {
	{ 0, SL_LAYER_NULL },      { 1, SL_LAYER_ETH },
	{ 9, SL_LAYER_PPP },       { 12, SL_LAYER_RAW }, /* LINKTYPE_RAW as BSDs number it */
	{ 14, SL_LAYER_RAW },      { 50, SL_LAYER_PPP_HDLC },
	{ 51, SL_LAYER_PPPOE },    { 101, SL_LAYER_RAW },
	{ 104, SL_LAYER_CHDLC },   { 105, SL_LAYER_WLAN },
	{ 108, SL_LAYER_LOOP },    { 113, SL_LAYER_SLL },
	{ 127, SL_LAYER_RADIOTAP }, { 219, SL_LAYER_MPLS },
	{ 228, SL_LAYER_RAW },     { 229, SL_LAYER_RAW }, /* of either version, whatever they say */
	{ 276, SL_LAYER_SLL2 },
};

static const struct layer {
	const char *name;
	sl_layer_fn *decode;
} layers[SL_LAYER_COUNT] = {
	[SL_LAYER_ETH] = { "eth", sl_decode_eth },
	[SL_LAYER_LLC] = { "llc", sl_decode_llc },
	[SL_LAYER_VLAN] = { "vlan", sl_decode_vlan },
	[SL_LAYER_ETAG] = { "etag", sl_decode_etag },
	[SL_LAYER_VNTAG] = { "vntag", sl_decode_vntag },
	[SL_LAYER_PBB] = { "pbb", sl_decode_pbb },
	[SL_LAYER_CFP] = { "cfp", sl_decode_cfp },
	[SL_LAYER_SLL] = { "sll", sl_decode_sll },
	[SL_LAYER_SLL2] = { "sll2", sl_decode_sll2 },
	[SL_LAYER_NULL] = { "null", sl_decode_null },
	[SL_LAYER_LOOP] = { "loop", sl_decode_loop },
	[SL_LAYER_RAW] = { "raw", sl_decode_raw },
	[SL_LAYER_MPLS] = { "mpls", sl_decode_mpls },
	[SL_LAYER_PPPOE] = { "pppoe", sl_decode_pppoe },
	[SL_LAYER_PPP] = { "ppp", sl_decode_ppp },
	[SL_LAYER_PPP_HDLC] = { "ppp-hdlc", sl_decode_ppp_hdlc },
	[SL_LAYER_CHDLC] = { "chdlc", sl_decode_chdlc },
	[SL_LAYER_RADIOTAP] = { "radiotap", sl_decode_radiotap },
	[SL_LAYER_WLAN] = { "wlan", sl_decode_wlan },
	[SL_LAYER_IPV4] = { "ipv4", sl_decode_ipv4 },
	[SL_LAYER_IPV6] = { "ipv6", sl_decode_ipv6 },
	[SL_LAYER_AH] = { "ah", sl_decode_ah },
	[SL_LAYER_ESP] = { "esp", sl_decode_esp },
	[SL_LAYER_GRE] = { "gre", sl_decode_gre },
	[SL_LAYER_ERSPAN] = { "erspan", sl_decode_erspan },
	[SL_LAYER_ETHERIP] = { "etherip", sl_decode_etherip },
	[SL_LAYER_L2TPV3] = { "l2tpv3", sl_decode_l2tpv3 },
	[SL_LAYER_L2TP] = { "l2tp", sl_decode_l2tp },
	[SL_LAYER_VXLAN] = { "vxlan", sl_decode_vxlan },
	[SL_LAYER_GENEVE] = { "geneve", sl_decode_geneve },
	[SL_LAYER_GTP_U] = { "gtp-u", sl_decode_gtp_u },
	[SL_LAYER_GTP_C] = { "gtp-c", sl_decode_gtp_c },
	[SL_LAYER_TEREDO] = { "teredo", sl_decode_teredo },
	[SL_LAYER_CAPWAP] = { "capwap", sl_decode_capwap },
	[SL_LAYER_NSH] = { "nsh", sl_decode_nsh },
	[SL_LAYER_TCP] = { "tcp", sl_decode_tcp },
	[SL_LAYER_UDP] = { "udp", sl_decode_udp },
	[SL_LAYER_UDPLITE] = { "udplite", sl_decode_udplite },
	[SL_LAYER_SCTP] = { "sctp", sl_decode_sctp },
	[SL_LAYER_ICMP] = { "icmp", sl_decode_icmp },
	[SL_LAYER_ICMPV6] = { "icmpv6", sl_decode_icmpv6 },
};

const char sl_reason_checksum[] = "wrong checksum";

static enum sl_layer layer_of_link(int link)
{
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (links[i].type == link)
			return links[i].layer;
	return SL_LAYER_END;
}

bool sl_decode_knows(int link)
{
	return layer_of_link(link) != SL_LAYER_END;
}

/* What an IP packet carries may be unknown: the packet itself was decoded, and is fine. One that is
 * malformed stays that, whatever is found to be missing of it. */
enum sl_layer sl_stop(struct sl_decoding *d, enum sl_verdict verdict, const char *reason)
{
	if (d->p->verdict == SL_VERDICT_MALFORMED)
		return SL_LAYER_END;
	if (verdict == SL_VERDICT_UNSUPPORTED && d->outer_ok)
		return SL_LAYER_END;
	if (d->in_udp && verdict != SL_VERDICT_FRAGMENT && d->p->caplen == d->p->len)
		return SL_LAYER_END; /* the frame is whole: no tunnel; anyone may use its port */
	d->p->verdict = (uint8_t)verdict;
	d->p->reason = reason;
	return SL_LAYER_END;
}

static void walk(struct sl_decoding *d, enum sl_layer layer)
{
	while (layer != SL_LAYER_END) {
		if (d->p->layers == SL_LAYERS_MAX) {
			sl_stop(d, SL_VERDICT_MALFORMED, "too many headers");
			return;
		}
		d->p->layer[d->p->layers++] = (uint8_t)layer;
		layer = layers[layer].decode(d);
	}
}

/* Packets of the same frame that wait for their turn: they begin with all that was decoded before they
 * parted. A list instead of recursion. Several kilobytes, so it is made only for a frame that asks
 * for it. */
enum { FORKS_MAX = 64 };
struct sl_forks {
	struct sl_packets *to;
	size_t n;
	struct fork {
		struct sl_decoding d;
		enum sl_layer layer;
	} at[FORKS_MAX];
};

void sl_fork(struct sl_decoding *d, struct sl_cur cur, size_t len, enum sl_layer layer)
{
	struct sl_forks *f = d->forks;
	d->forked = true;
	if (!f)
		return;
	if (!f->to->spare || f->n == FORKS_MAX) {
		f->to->lost++;
		return;
	}
	struct sl_packet *p = &f->to->at[f->to->n];
	f->to->spare--;
	*p = *d->p;
	p->further = true;
	p->len = (uint32_t)len;
	p->caplen = (uint32_t)sl_cur_left(&cur);
	struct fork *fork = &f->at[f->n++];
	*fork = (struct fork){ *d, layer };
	f->to->n++;
	fork->d.cur = cur;
	fork->d.p = p;
}

void sl_carry(struct sl_decoding *d)
{
	struct sl_packets *to = d->forks ? d->forks->to : NULL;
	d->forked = true;
	if (!to)
		return;
	if (!to->spare) {
		to->lost++;
		return;
	}
	struct sl_packet *p = &to->at[to->n++];
	to->spare--;
	*p = *d->p;
	p->further = p->carrier = true;
}

/* What was taken for a tunnel and turned out to be none: its datagram is the frame's own packet. */
static void drop_carriers(struct sl_packets *to, size_t from, const struct sl_packet *own)
{
	size_t kept = from;
	for (size_t i = from; i < to->n; i++) {
		if (to->at[i].carrier && to->at[i].tunnels >= own->tunnels)
			to->spare++;
		else
			to->at[kept++] = to->at[i];
	}
	to->n = kept;
}

static void walk_all(struct sl_decoding *d, enum sl_layer layer)
{
	struct sl_packets *to = d->forks->to;
	size_t from = to->n;
	walk(d, layer);
	for (size_t i = 0; i < d->forks->n; i++)
		walk(&d->forks->at[i].d, d->forks->at[i].layer);
	if (to->carriers)
		drop_carriers(to, from, d->p);
}

static inline struct sl_decoding begin(const struct sl_frame *frame, bool checksums, struct sl_packet *p)
{
	memset(p, 0, offsetof(struct sl_packet, layer));
	p->number = frame->number;
	p->time = frame->time;
	p->len = frame->len;
	p->caplen = frame->caplen;
	p->proto = SL_PROTO_NONE;
	return (struct sl_decoding){ .cur = sl_cur_of(frame->at, frame->caplen), .p = p,
				     .checksums = checksums,
				     .cut = frame->len > frame->caplen ? frame->len - frame->caplen
								       : 0 };
}

void sl_decode(const struct sl_frame *frame, bool checksums, struct sl_packet *p)
{
	struct sl_decoding d = begin(frame, checksums, p);
	walk(&d, layer_of_link(frame->link));
}

/* Not inlined: the list would be on the stack of every frame's way. */
__attribute__((noinline)) static void decode_several(const struct sl_frame *frame, bool checksums,
						     struct sl_packet *own, struct sl_packets *to)
{
	struct sl_forks forks;
	struct sl_decoding d = begin(frame, checksums, own);
	forks.to = to;
	forks.n = 0;
	d.forks = &forks;
	d.carriers = to->carriers;
	walk_all(&d, layer_of_link(frame->link));
}

/* Nearly every frame holds one packet. One that turns out to hold more is decoded anew. */
void sl_decode_all(const struct sl_frame *frame, bool checksums, struct sl_packets *to)
{
	struct sl_packet *own = &to->at[to->n++];
	struct sl_decoding d = begin(frame, checksums, own);
	d.carriers = to->carriers;
	walk(&d, layer_of_link(frame->link));
	if (d.forked)
		decode_several(frame, checksums, own, to);
}

/* Where decoding goes on behind the header that the parts had. */
static enum sl_layer begin_datagram(struct sl_decoding *d, enum sl_part part)
{
	struct sl_packet *p = d->p;
	size_t len = p->src.family == 4 ? 4 : 16;
	if (part == SL_PART_CAPWAP) {
		d->in_udp = true;
		sl_tunnel_enter(d, SL_LAYER_CAPWAP, false, 0);
		return (enum sl_layer)p->fragment.layer;
	}
	d->pseudo = sl_sum_add(sl_sum_add(0, p->src.bytes, len), p->dst.bytes, len);
	if (p->src.family == 6)
		return sl_decode_ipv6_rest(d, p->proto);
	d->pseudo += p->proto;
	return sl_layer_of_proto(d);
}

void sl_decode_datagram(struct sl_packet *p, struct sl_span datagram, bool checksums,
			struct sl_packets *more)
{
	struct sl_forks forks;
	forks.to = more;
	forks.n = 0;
	struct sl_decoding d = { .cur = sl_cur_of(datagram.at, datagram.len), .p = p,
				 .forks = more ? &forks : NULL, .checksums = checksums, .joined = true,
				 .outer_ok = true, .transport_len = (uint32_t)datagram.len,
				 .carriers = more && more->carriers };
	p->verdict = SL_VERDICT_OK;
	p->reason = NULL;
	enum sl_part part = (enum sl_part)p->part;
	p->part = SL_PART_NONE;
	if (more)
		walk_all(&d, begin_datagram(&d, part));
	else
		walk(&d, begin_datagram(&d, part));
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
	memcpy(a, p->has_quoted ? p->quoted.src.bytes : p->src.bytes, 16);
	memcpy(b, p->has_quoted ? p->quoted.dst.bytes : p->dst.bytes, 16);
	uint64_t x = (a[0] ^ b[0]) + (a[1] ^ b[1]) * 0x9E3779B97F4A7C15u;
	x *= 0xD6E8FEB86659FD93u;
	return (uint32_t)(x >> 32);
}
