/* Connections made from the samples' hellos. */
#ifndef SELAT_TEST_QUIC_FEED_H
#define SELAT_TEST_QUIC_FEED_H

#include "fixture.h"
#include "quic_seal.h"
#include "quic_vectors.h"
#include <sensor/inspect/quic_crypto.h>

#define CLIENT                                                                                      \
	"tls.version=TLS 1.3\nja3.hash=41bc9ae914d6cb3bd0bd0a5453ab7d7f\n"                          \
	"ja4.hash=q13d0211an_62ed6f6ca7ad_4d634acda6c0\ntls.sni=example.com\ntls.alpn=alpn\n--\n"
#define SERVER "tls.version=TLS 1.3\nja3s.hash=eb1d94daa7e0344597e756a1fb6e7054\n--\n"
#define FIRST "quic.version=1\n" CLIENT

enum { HELLO = 241, ANSWER = 90 };

static const uint8_t first_id[8] = { 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08 };

static const uint8_t server_id[8] = { 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62, 0xb5 };

static struct wire hello, answer; /* the samples' handshake messages */

/* First of all. */
static inline void read_samples(void)
{
	struct wire w = { .n = 0 };
	wire_hex(&w, quic_vectors[0].client_plain);
	wire_put(&hello, w.at + 4, HELLO);
	wire_hex(&answer,
		 "020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a120013"
		 "0100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf3"
		 "2bb9da1a002b00020304");
}

static inline struct seal from_client(void)
{
	struct sl_span id = { first_id, 8 };
	return (struct seal){ .version = V1, .origin = id, .to = id, .number = 2, .least = 1162 };
}

static inline struct seal from_server(void)
{
	struct sl_span id = { first_id, 8 };
	return (struct seal){
		.version = V1, .origin = id, .from = { server_id, 8 }, .role = SL_QUIC_SERVER
	};
}

static inline void feed(struct fixture *x, unsigned side, const struct wire *w)
{
	fixture_feed(x, side, w->at, w->n, 0);
}

static inline void feed_hex(struct fixture *x, unsigned side, const char *hex)
{
	struct wire w = { .n = 0 };
	wire_hex(&w, hex);
	feed(x, side, &w);
}

/* A datagram of one Initial that holds these bytes of a message. */
static inline void feed_part(struct fixture *x, unsigned side, const struct seal *s,
			     const struct wire *message, size_t from, size_t n)
{
	struct wire frames = { .n = 0 }, w = { .n = 0 };
	wire_crypto(&frames, from, message->at + from, n);
	seal(&w, s, &frames);
	feed(x, side, &w);
}

static inline void feed_client(struct fixture *x, const struct seal *s)
{
	feed_part(x, 0, s, &hello, 0, HELLO);
}

static inline void feed_server(struct fixture *x, const struct seal *s)
{
	feed_part(x, 1, s, &answer, 0, ANSWER);
}

static inline void assert_record(struct fixture *x, const char *record)
{
	assert_string_equal(x->record, record);
	x->n = 0;
	x->record[0] = '\0';
}

#endif
