/* A TCP stream in pieces. Any bytes, whole and cut: nothing may break. And a request made of these
 * bytes: what comes out must not depend on where it was cut. (Of nonsense it may: a parser that gave up
 * looks again where a segment begins.) The first byte seeds the cuts. */
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

static void on_transaction(void *ctx, struct sl_flow *flow, unsigned side, uint32_t tx,
			   const struct sl_value *values, size_t n)
{
	struct seen *seen = ctx;
	(void)flow;
	(void)side;
	if (seen->messages++)
		return;
	seen->digest = mix(seen->digest, &tx, sizeof tx);
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
					    .sink = { &seen, on_transaction, NULL, NULL },
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

struct text {
	uint8_t at[8192];
	size_t n;
};

static void put(struct text *t, const char *text)
{
	size_t n = strlen(text);
	REQUIRE(n <= sizeof t->at - t->n);
	memcpy(t->at + t->n, text, n);
	t->n += n;
}

/* Up to `most` of the bytes, as letters and signs; returns what is left. */
static struct sl_span put_some(struct text *t, struct sl_span from, size_t most)
{
	size_t n = from.len < most ? from.len : most;
	for (size_t i = 0; i < n; i++)
		t->at[t->n++] = (uint8_t)('!' + from.at[i] % 94);
	return sl_span_of(from.at + n, from.len - n);
}

/* RFC 9112, section 3 */
static void request_make(struct text *t, struct sl_span from)
{
	static const char *const methods[] = { "GET", "HEAD", "DELETE", "PROPFIND" };
	t->n = 0;
	put(t, methods[from.at[0] % 4]);
	put(t, " /");
	from = put_some(t, from, 200);
	put(t, " HTTP/1.1\r\nHost: h");
	from = put_some(t, from, 100);
	while (from.len && t->n < 4000) {
		put(t, from.at[0] & 1 ? "\r\nUser-Agent: a" : "\r\nX-Other: a");
		from = put_some(t, from, 150);
	}
	put(t, "\r\n\r\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct sl_span whole = sl_span_of(data + 1, size - 1);
	play(whole.at, whole.len, 0);
	play(whole.at, whole.len, data[0] + 1u);

	struct text request;
	request_make(&request, whole);
	struct seen a = play(request.at, request.n, 0), b = play(request.at, request.n, data[0] + 1u);
	REQUIRE(a.messages == 1 && b.messages == 1);
	REQUIRE(a.digest == b.digest);
	return 0;
}
