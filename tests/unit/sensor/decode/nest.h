/* Packets in packets from a line of text: hex digits as they stand, and for what needs lengths and
 * checksums
 *   @e0800    an Ethernet header of that type      @i47   an IPv4 header of that protocol
 *   @j47      an IPv6 header                       @u1,2  a UDP header of these ports
 *   @4 @6 @t  the innermost datagram: UDP from 4000 to 53, "hello"; @t has a Teredo address */
#ifndef SELAT_TEST_NEST_H
#define SELAT_TEST_NEST_H

#include "../wire.h"
#include <ctype.h>

enum { NEST_MAX = 64, NEST_PAYLOAD = 5 };

struct nest {
	struct wire w;
	struct ip_at ip[NEST_MAX];
	unsigned n;
};

static inline void nest_ip(struct nest *x, unsigned version, unsigned proto)
{
	struct sl_span none = sl_span_of(NULL, 0);
	assert_true(x->n < NEST_MAX);
	x->ip[x->n++] = version == 4 ? wire_ipv4(&x->w, proto, wire_a4, wire_b4, none)
				     : wire_ipv6(&x->w, proto, proto, wire_a6, wire_b6, none);
}

/* Its addresses are the outer ones the other way round. */
static inline void nest_inner(struct nest *x, char kind)
{
	static const uint8_t teredo[16] = { 0x20, 1, 0, 0, 0x41, 0x36, 0xe3, 0x78, [15] = 1 };
	struct sl_span none = sl_span_of(NULL, 0);
	x->ip[x->n++] = kind == '4' ? wire_ipv4(&x->w, 17, wire_b4, wire_a4, none)
				    : wire_ipv6(&x->w, 17, 17, kind == 't' ? teredo : wire_b6,
						wire_a6, none);
	wire_udp(&x->w, 4000, 53);
	wire_text(&x->w, "hello");
}

static inline void nest_token(struct nest *x, const char *token)
{
	unsigned a = 0, b = 0;
	switch (token[1]) {
	case 'e':
		assert_int_equal(sscanf(token, "@e%x", &a), 1);
		wire_eth(&x->w, a);
		break;
	case 'i':
	case 'j':
		assert_int_equal(sscanf(token + 2, "%u", &a), 1);
		nest_ip(x, token[1] == 'i' ? 4 : 6, a);
		break;
	case 'u':
		assert_int_equal(sscanf(token, "@u%u,%u", &a, &b), 2);
		wire_udp(&x->w, a, b);
		break;
	default:
		nest_inner(x, token[1]);
	}
}

static inline void nest_make(struct nest *x, const char *text)
{
	char token[128];
	int used;
	x->n = 0;
	x->w.n = 0;
	for (; sscanf(text, "%127s%n", token, &used) == 1; text += used) {
		if (token[0] == '@')
			nest_token(x, token);
		else
			wire_hex(&x->w, token);
	}
	for (unsigned i = x->n; i-- > 0;) /* innermost first: the outer checksums cover it */
		wire_finish(&x->w, x->ip[i]);
}

static inline void nest_layers(const struct sl_packet *p, char text[256])
{
	text[0] = 0;
	for (unsigned i = 0; i < p->layers; i++)
		strcat(strcat(text, i ? " " : ""), sl_layer_text((enum sl_layer)p->layer[i]));
}

static inline void assert_tunnels(const struct sl_packet *p, const char *want)
{
	char text[256] = "";
	for (unsigned i = 0; i < p->tunnels; i++) {
		const struct sl_tunnel *t = &p->tunnel[i];
		size_t n = strlen(text);
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? " " : "",
				      sl_layer_text((enum sl_layer)t->layer));
		if (t->has_id)
			snprintf(text + n, sizeof text - n, ":%u", t->id);
		assert_int_equal(t->src.family, t->dst.family);
		assert_memory_equal(t->src.bytes, t->src.family == 4 ? wire_a4 : wire_a6,
				    t->src.family == 4 ? 4 : 16);
		assert_memory_equal(t->dst.bytes, t->src.family == 4 ? wire_b4 : wire_b6,
				    t->src.family == 4 ? 4 : 16);
	}
	assert_string_equal(text, want);
}

/* The kinds of tunnels by the names of the layers in front of the innermost IP header. */
static inline void assert_kinds(const struct sl_packet *p)
{
	static const char *const names[] = {
#define X(id, name) name,
		SL_TUNNEL_KINDS(X)
#undef X
	};
	unsigned last = 0, want = 0;
	for (unsigned i = 0; i < p->layers; i++)
		if (p->layer[i] == SL_LAYER_IPV4 || p->layer[i] == SL_LAYER_IPV6)
			last = i;
	for (unsigned i = 0; i < last; i++) {
		bool ip = p->layer[i] == SL_LAYER_IPV4 || p->layer[i] == SL_LAYER_IPV6;
		uint8_t next = p->layer[i + 1] == SL_LAYER_AH ? p->layer[i + 2] : p->layer[i + 1];
		bool direct = next == SL_LAYER_IPV4 || next == SL_LAYER_IPV6 || next == SL_LAYER_MPLS;
		for (unsigned k = 0; k < SL_TUNNEL_KIND_COUNT; k++)
			if ((!ip || direct) && strcmp(names[k], sl_layer_text((enum sl_layer)p->layer[i])) == 0)
				want |= 1u << k;
	}
	assert_int_equal(p->tunnel_kinds & ~(1u << SL_TUNNEL_MPLS_BARE), want);
	assert_int_equal((p->tunnel_kinds & SL_TUNNEL_INSIDE) != 0, p->tunnels > 0);
}

struct nest_case {
	int link;
	const char *text, *layers, *tunnels;
	/* told by its content: where that is cut, it is an ordinary packet */
	bool by_look;
};

/* A packet that is cut before its innermost headers end is truncated; one that is cut in a UDP
 * tunnel's first bytes may be plain UDP. Nothing is ever reported that was not there. */
static inline void nest_cut(const struct nest_case *c, const struct nest *x, size_t n)
{
	char layers[256];
	struct decoded d = wire_decode(&x->w, n, c->link, true);
	size_t headers = x->w.n - NEST_PAYLOAD;
	nest_layers(&d.p, layers);
	if (strcmp(layers, c->layers) == 0 && d.p.verdict == SL_VERDICT_OK) {
		assert_true(n >= headers);
		assert_int_equal(d.p.payload.len, n - headers);
		assert_tunnels(&d.p, c->tunnels);
		return;
	}
	if (c->by_look)
		return;
	if (n >= headers)
		fail_msg("%s: cut at %zu of %zu: %s", c->text, n, x->w.n, layers);
	const char *last = strrchr(layers, ' ');
	if (d.p.verdict == SL_VERDICT_OK && last && strcmp(last, " udp") == 0 &&
	    d.p.payload.len < 8)
		return;
	if (d.p.verdict != SL_VERDICT_TRUNCATED)
		fail_msg("%s: cut at %zu of %zu: %s, %s (%s)", c->text, n, x->w.n, layers,
			 sl_verdict_text((enum sl_verdict)d.p.verdict),
			 d.p.reason ? d.p.reason : "");
}

static inline struct decoded nest_expect(const struct nest_case *c)
{
	struct nest *x = malloc(sizeof *x);
	assert_non_null(x);
	nest_make(x, c->text);
	struct decoded d = wire_decode(&x->w, x->w.n, c->link, true);
	char layers[256];
	nest_layers(&d.p, layers);
	if (d.p.verdict != SL_VERDICT_OK || strcmp(layers, c->layers) != 0)
		fail_msg("%s: %s, %s (%s)", c->text, layers,
			 sl_verdict_text((enum sl_verdict)d.p.verdict),
			 d.p.reason ? d.p.reason : "");
	assert_tunnels(&d.p, c->tunnels);
	assert_kinds(&d.p);
	assert_int_equal(d.p.proto, 17);
	assert_true(d.p.has_ports);
	assert_int_equal(d.p.sport, 4000);
	assert_int_equal(d.p.dport, 53);
	assert_int_equal(d.p.payload.len, NEST_PAYLOAD);
	assert_int_equal(d.payload_at, x->w.n - NEST_PAYLOAD);
	assert_memory_equal(d.p.dst.bytes, d.p.dst.family == 4 ? wire_a4 : wire_a6,
			    d.p.dst.family == 4 ? 4 : 16);
	for (size_t n = 0; n < x->w.n; n++)
		nest_cut(c, x, n);
	free(x);
	return d;
}

/* A packet that is decoded as far as it can be. */
static inline struct decoded nest_decode(const char *text, int link)
{
	struct nest *x = malloc(sizeof *x);
	assert_non_null(x);
	nest_make(x, text);
	struct decoded d = wire_decode(&x->w, x->w.n, link, true);
	free(x);
	return d;
}

#endif
