/* DNS messages written by hand (RFC 1035). */
#ifndef SELAT_TEST_DNS_MESSAGE_H
#define SELAT_TEST_DNS_MESSAGE_H

#include "fixture.h"
#include <sensor/inspect/parse.h>

static inline void header(struct wire *w, unsigned flags, unsigned questions, unsigned answers)
{
	w->n = 0;
	wire_u16(w, 0x1234);
	wire_u16(w, flags);
	wire_u16(w, questions);
	wire_u16(w, answers);
	wire_u32(w, 0);
}

static inline void name(struct wire *w, const char *dotted)
{
	while (*dotted) {
		size_t n = strcspn(dotted, ".");
		wire_u8(w, (unsigned)n);
		wire_put(w, dotted, n);
		dotted += n + (dotted[n] == '.');
	}
	wire_u8(w, 0);
}

static inline void tail(struct wire *w, unsigned type, unsigned class)
{
	wire_u16(w, type);
	wire_u16(w, class);
}

/* Feeds one datagram and says what came of it; every cut of it must be safe too. */
static inline void expect(const struct wire *w, const char *record)
{
	struct fixture *x = fixture_new(17, 0);
	fixture_feed(x, 0, w->at, w->n, false);
	assert_string_equal(x->record, record);
	assert_int_equal(fixture_count(x, SL_COUNT_DNS_MESSAGES), *record ? 1 : 0);
	for (size_t n = 0; n < w->n; n++) {
		fixture_again(x);
		fixture_feed(x, 0, w->at, n, false);
	}
	fixture_free(x);
}

/* A flow on DNS's port. */
static inline struct fixture *at_home(uint8_t proto)
{
	struct fixture *x = fixture_new(proto, 1 << 20);
	x->flow.key.high_port = 53;
	return x;
}

static inline void record(struct wire *w, const char *owner, unsigned type, const char *data)
{
	struct wire rdata = { .n = 0 };
	wire_hex(&rdata, data);
	if (owner)
		name(w, owner);
	else
		wire_hex(w, "c00c");
	tail(w, type, 1);
	wire_hex(w, "00000e10");
	wire_u16(w, (unsigned)rdata.n);
	wire_put(w, rdata.at, rdata.n);
}

#endif
