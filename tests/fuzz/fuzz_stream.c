/* A TCP stream in pieces: the first message that comes out must not depend on where it was cut. (After
 * nonsense a parser looks again where a segment begins, so what follows may.) The first byte seeds the
 * cuts. */
#include "fuzz.h"
#include <sensor/inspect/parse.h>

struct seen {
	uint64_t digest;
	size_t messages;
};

static uint64_t mix(uint64_t digest, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len; i++)
		digest = (digest ^ p[i]) * 0x100000001b3u;
	return digest;
}

static void on_transaction(void *ctx, struct sl_flow *flow, unsigned side, const struct sl_value *values,
			   size_t n)
{
	struct seen *seen = ctx;
	(void)flow;
	(void)side;
	if (seen->messages++)
		return;
	for (size_t i = 0; i < n; i++) {
		uint8_t field = (uint8_t)values[i].field;
		seen->digest = mix(seen->digest, &field, 1);
		seen->digest = mix(seen->digest, values[i].bytes.at, values[i].bytes.len);
	}
}

static struct seen play(const uint8_t *data, size_t size, uint32_t cuts)
{
	static struct sl_counters counters;
	struct seen seen = { 0, 0 };
	struct sl_inspect_config config = { .gather_bytes = 1 << 20, .state_bytes = 8 << 20,
					    .sink = { &seen, on_transaction, NULL },
					    .counters = &counters };
	struct sl_inspect *inspect;
	struct sl_flow flow = { .known_client = 1 };
	void *slot = calloc(1, sl_inspect_slot_bytes());
	REQUIRE(slot && sl_inspect_new(&inspect, &config, NULL) == SL_OK);
	for (size_t at = 0; at < size;) {
		size_t n = size - at;
		if (cuts) {
			cuts = cuts * 1664525u + 1013904223u;
			n = 1 + (cuts >> 24) % 64 < n ? 1 + (cuts >> 24) % 64 : n;
		}
		uint8_t *piece = malloc(n);
		REQUIRE(piece);
		memcpy(piece, data + at, n);
		sl_inspect_stream(inspect, &flow, slot, 0, sl_span_of(piece, n), 0);
		free(piece);
		at += n;
	}
	sl_inspect_forget(inspect, &flow, slot);
	sl_inspect_free(inspect);
	free(slot);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct sl_span whole = sl_span_of(data + 1, size - 1);
	struct seen a = play(whole.at, whole.len, 0), b = play(whole.at, whole.len, data[0] + 1u);
	if (sl_http_parser.probe(NULL, whole) == SL_PARSE_DONE ||
	    sl_tls_parser.probe(NULL, whole) == SL_PARSE_DONE) {
		REQUIRE(!a.messages == !b.messages);
		REQUIRE(a.digest == b.digest);
	}
	return 0;
}
