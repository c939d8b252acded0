/* A flow as inspect sees it, from fuzzed bytes. The first byte seeds where pieces are cut, the second
 * and each piece's own choose the side and, rarely, a hole. Nothing may be read beyond a piece, values
 * are bounded, and all memory comes back. */
#ifndef SELAT_TESTS_FUZZ_PARSER_H
#define SELAT_TESTS_FUZZ_PARSER_H

#include "fuzz.h"
#include <netinet/in.h>
#include <sensor/inspect/inspect.h>

static inline void fuzz_transaction(void *ctx, struct sl_flow *flow, unsigned side, uint32_t tx,
				    const struct sl_value *values, size_t n)
{
	uint64_t *sum = ctx;
	*sum += tx;
	REQUIRE(flow && side < 2 && n <= SL_VALUES_MAX);
	for (size_t i = 0; i < n; i++) {
		REQUIRE(values[i].field < SL_FIELD_COUNT);
		for (size_t k = 0; k < values[i].bytes.len; k++)
			*sum += values[i].bytes.at[k]; /* so that ASan sees each byte */
	}
}

static inline void fuzz_piece(void *ctx, struct sl_flow *flow, unsigned side, const struct sl_piece *p)
{
	uint64_t *sum = ctx;
	REQUIRE(flow && side < 2 && p->kept);
	for (size_t k = 0; k < p->bytes.len; k++)
		*sum += p->bytes.at[k];
	*sum += p->tx;
	if (!*p->kept && !p->last)
		*p->kept = malloc(1); /* a leak, if the last piece never comes */
	if (p->last) {
		free(*p->kept);
		*p->kept = NULL;
	}
}

static inline void fuzz_feed(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side,
			     const uint8_t *data, size_t n, uint64_t lost)
{
	uint8_t *piece = malloc(n ? n : 1);
	REQUIRE(piece);
	memcpy(piece, data, n);
	if (flow->key.proto == IPPROTO_UDP)
		sl_inspect_datagram(i, flow, slot, side, sl_span_of(piece, n));
	else
		REQUIRE(sl_inspect_stream(i, flow, slot, side, sl_span_of(piece, n), lost) <= n);
	free(piece);
}

/* proto: IPPROTO_TCP or IPPROTO_UDP. most: the longest piece. */
static inline int fuzz_flow(uint8_t proto, size_t most, const uint8_t *data, size_t size)
{
	static struct sl_counters counters;
	uint64_t sum = 0;
	struct sl_inspect_config config = { .gather_bytes = 1 << 20, .state_bytes = 8 << 20,
					    .sink = { &sum, fuzz_transaction, fuzz_piece, NULL },
					    .seal_all = true,
					    .counters = &counters };
	struct sl_flow flow = { .key = { .proto = proto, .low_port = 1025, .high_port = 80 } };
	struct sl_inspect *i;
	void *slot = calloc(1, sl_inspect_slot_bytes());
	if (size < 2) {
		free(slot);
		return 0;
	}
	memset(config.wanted, 1, sizeof config.wanted);
	REQUIRE(slot && sl_inspect_new(&i, &config, NULL) == SL_OK);
	uint32_t cuts = data[0] * 7919u + 1;
	unsigned side = data[1] & 1, turns = data[1] >> 1;
	for (size_t at = 2; at < size;) {
		cuts = cuts * 1664525u + 1013904223u;
		size_t n = data[0] ? 1 + (cuts >> 8) % most : size - at;
		n = n < size - at ? n : size - at;
		fuzz_feed(i, &flow, slot, side, data + at, n,
			  turns && (cuts >> 20) % 97 == 0 ? cuts % 70 : 0);
		at += n;
		side ^= turns && (cuts >> 28) % (1 + turns % 8) == 0;
	}
	for (unsigned s = 0; s < 2; s++)
		sl_inspect_stream_end(i, &flow, slot, s);
	sl_inspect_forget(i, &flow, slot);
	REQUIRE(sl_inspect_held(i) == 0);
	sl_inspect_free(i);
	free(slot);
	return 0;
}

#endif
