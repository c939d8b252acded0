/* What the sensor's tests share: frames written byte by byte, with checksums of their own making.
 */
#ifndef SELAT_TEST_SENSOR_WIRE_H
#define SELAT_TEST_SENSOR_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <selat/span.h>
#include <sensor/decode/decode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_MAX = 70000, LINK_ETHERNET = 1, LINK_RAW = 101 };

struct wire {
	uint8_t at[WIRE_MAX];
	size_t n;
};

static inline void wire_put(struct wire *w, const void *bytes, size_t n)
{
	assert_true(w->n + n <= sizeof w->at);
	if (n)
		memcpy(w->at + w->n, bytes, n);
	w->n += n;
}

static inline void wire_u8(struct wire *w, unsigned v)
{
	uint8_t b = (uint8_t)v;
	wire_put(w, &b, 1);
}

static inline void wire_u16(struct wire *w, unsigned v)
{
	wire_u8(w, v >> 8);
	wire_u8(w, v);
}

static inline void wire_u32(struct wire *w, uint32_t v)
{
	wire_u16(w, v >> 16);
	wire_u16(w, v & 0xffff);
}

static inline void wire_text(struct wire *w, const char *text)
{
	wire_put(w, text, strlen(text));
}

/* Pairs of hex digits; spaces between them are for the reader. */
static inline void wire_hex(struct wire *w, const char *hex)
{
	for (unsigned v; *hex; hex += 2) {
		while (*hex == ' ')
			hex++;
		if (!*hex)
			break;
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		wire_u8(w, v);
	}
}

static inline void wire_set16(struct wire *w, size_t at, unsigned v)
{
	assert_true(at + 2 <= w->n);
	w->at[at] = (uint8_t)(v >> 8);
	w->at[at + 1] = (uint8_t)v;
}

/* RFC 1071 as plainly as can be: the sum of big-endian words, an odd byte padded with zero. */
static inline uint16_t wire_fold(uint32_t sum, const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* Where the parts of an IP datagram lie, so that lengths and checksums can be put in at the end. */
struct ip_at {
	size_t header, transport;
	unsigned version, proto;
};

static inline struct ip_at wire_ipv4(struct wire *w, unsigned proto, const uint8_t src[4],
				     const uint8_t dst[4], struct sl_span options)
{
	struct ip_at ip = { w->n, 0, 4, proto };
	wire_u8(w, 0x40 | (unsigned)(5 + options.len / 4));
	wire_hex(w, "00 0000 1234 4000 40");
	wire_u8(w, proto);
	wire_u16(w, 0);
	wire_put(w, src, 4);
	wire_put(w, dst, 4);
	wire_put(w, options.at, options.len);
	ip.transport = w->n;
	return ip;
}

/* The extension headers, if any, are bytes as they stand; `next` is the fixed header's. */
static inline struct ip_at wire_ipv6(struct wire *w, unsigned next, unsigned proto,
				     const uint8_t src[16], const uint8_t dst[16],
				     struct sl_span extensions)
{
	struct ip_at ip = { w->n, 0, 6, proto };
	wire_hex(w, "60000000 0000");
	wire_u8(w, next);
	wire_u8(w, 64);
	wire_put(w, src, 16);
	wire_put(w, dst, 16);
	wire_put(w, extensions.at, extensions.len);
	ip.transport = w->n;
	return ip;
}

static inline uint32_t wire_pseudo(const struct wire *w, struct ip_at ip, size_t len)
{
	size_t address = ip.header + (ip.version == 4 ? 12 : 8), n = ip.version == 4 ? 8 : 32;
	return (uint32_t)wire_fold(0, w->at + address, n) + ip.proto + (uint32_t)len;
}

/* Puts the IP header's lengths and checksum in, and the transport's: where the checksum stands
 * depends on the protocol; UDP's own length too. */
static inline void wire_finish(struct wire *w, struct ip_at ip)
{
	size_t len = w->n - ip.transport;
	size_t field = ip.proto == 6 ? 16 : ip.proto == 17 ? 6 : 2;
	if (ip.version == 4) {
		wire_set16(w, ip.header + 2, (unsigned)(w->n - ip.header));
		wire_set16(w, ip.header + 10, 0);
		wire_set16(w, ip.header + 10,
			   (uint16_t)~wire_fold(0, w->at + ip.header, ip.transport - ip.header));
	} else {
		wire_set16(w, ip.header + 4, (unsigned)(w->n - ip.header - 40));
	}
	if (ip.proto != 6 && ip.proto != 17 && ip.proto != 1 && ip.proto != 58)
		return;
	if (ip.proto == 17)
		wire_set16(w, ip.transport + 4, (unsigned)len);
	wire_set16(w, ip.transport + field, 0);
	uint32_t sum = ip.proto == 1 ? 0 : wire_pseudo(w, ip, len);
	uint16_t value = (uint16_t)~wire_fold(sum, w->at + ip.transport, len);
	wire_set16(w, ip.transport + field, value ? value : 0xffff);
}

static inline void wire_udp(struct wire *w, unsigned sport, unsigned dport)
{
	wire_u16(w, sport);
	wire_u16(w, dport);
	wire_u32(w, 0);
}

static inline void wire_tcp(struct wire *w, unsigned sport, unsigned dport, uint32_t seq,
			    unsigned flags)
{
	wire_u16(w, sport);
	wire_u16(w, dport);
	wire_u32(w, seq);
	wire_u32(w, 0x01020304);
	wire_u8(w, 0x50);
	wire_u8(w, flags);
	wire_hex(w, "2000 0000 0000");
}

static inline void wire_eth(struct wire *w, unsigned type)
{
	wire_hex(w, "020000000001 020000000002");
	wire_u16(w, type);
}

static const uint8_t wire_a4[4] = { 192, 0, 2, 1 }, wire_b4[4] = { 198, 51, 100, 7 };
static const uint8_t wire_a6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
static const uint8_t wire_b6[16] = { 0x20, 1, 0xd, 0xb8, [14] = 1, [15] = 2 };

/* Decodes from memory of exactly that size, so that a read beyond it is seen. What the packet
 * borrows is gone afterwards: only its offset in the frame and its length are kept. */
struct decoded {
	struct sl_packet p;
	size_t payload_at;
};

static inline struct decoded wire_decode(const struct wire *w, size_t n, int link, bool checksums)
{
	struct decoded d = { 0 };
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, w->at, n);
	struct sl_frame frame = { .at = exact,
				  .caplen = (uint32_t)n,
				  .len = (uint32_t)w->n,
				  .time = 5,
				  .number = 3,
				  .link = link };
	sl_decode(&frame, checksums, &d.p);
	if (d.p.payload.len) {
		assert_true(d.p.payload.at >= exact && d.p.payload.len <= n &&
			    d.p.payload.at + d.p.payload.len <= exact + n);
		d.payload_at = (size_t)(d.p.payload.at - exact);
	}
	if (d.p.mac)
		assert_true(d.p.mac >= exact && d.p.mac + 12 <= exact + n);
	free(exact);
	return d;
}

static inline void assert_layers(const struct sl_packet *p, const char *want)
{
	char text[256] = "";
	for (unsigned i = 0; i < p->layers; i++) {
		if (i)
			strcat(text, " ");
		strcat(text, sl_layer_text((enum sl_layer)p->layer[i]));
	}
	assert_string_equal(text, want);
}

static inline void assert_verdict(const struct sl_packet *p, enum sl_verdict want,
				  const char *reason)
{
	assert_string_equal(sl_verdict_text((enum sl_verdict)p->verdict), sl_verdict_text(want));
	if (reason)
		assert_string_equal(p->reason, reason);
	else
		assert_null(p->reason);
}

/* A small generator with a seed, so that a failure can be had again. */
static inline uint32_t wire_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

#endif
