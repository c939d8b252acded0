/* A mail, or a multipart body: in one piece and in many it must give the same, to the byte. The first
 * byte seeds where it is cut, the second says which it is. */
#include "fuzz.h"
#include <netinet/in.h>
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/mime.h>

struct seen {
	uint64_t sum, n;
};

static void byte_see(struct seen *s, uint8_t byte)
{
	s->sum = (s->sum ^ byte) * UINT64_C(1099511628211) + ++s->n;
}

static void transaction(void *ctx, struct sl_flow *flow, unsigned side, uint32_t tx,
			const struct sl_value *values, size_t n)
{
	REQUIRE(flow && side < 2 && tx == 0 && n <= SL_VALUES_MAX);
	for (size_t i = 0; i < n; i++) {
		byte_see(ctx, (uint8_t)values[i].field);
		for (size_t k = 0; k < values[i].bytes.len; k++)
			byte_see(ctx, values[i].bytes.at[k]);
	}
}

static struct seen run(uint8_t kind, uint32_t cuts, const uint8_t *data, size_t size)
{
	static struct sl_counters counters;
	struct seen seen = { 0 };
	struct sl_inspect_config config = { .gather_bytes = 1 << 20,
					    .state_bytes = 8 << 20,
					    .sink = { &seen, transaction, NULL, NULL },
					    .counters = &counters };
	struct sl_flow flow = { .key = { .proto = IPPROTO_TCP } };
	struct sl_inspect *i;
	memset(config.wanted, 1, sizeof config.wanted);
	REQUIRE(sl_inspect_new(&i, &config, NULL) == SL_OK);
	struct sl_talk t = { .inspect = i, .flow = &flow, .parser = &sl_smtp_parser };
	const char *type =
		kind & 2 ? "multipart/mixed; boundary=b" : "multipart/form-data; boundary=\"b\"";
	struct sl_mime *m =
		kind & 1 ? sl_mime_new_multipart(&t, sl_span_str(type)) : sl_mime_new_mail(&t);
	REQUIRE(m);
	for (size_t at = 0, n; at < size; at += n) {
		uint32_t random = cuts = cuts * 1664525u + 1013904223u;
		n = cuts ? 1 + (random >> 8) % (1u << (random >> 29)) : size;
		n = kind & 128 || n > size - at ? size - at : n;
		uint8_t *piece = malloc(n);
		REQUIRE(piece);
		memcpy(piece, data + at, n);
		i->values_n = i->room_used = 0;
		sl_mime_data(&t, m, sl_span_of(piece, n));
		free(piece);
	}
	i->values_n = i->room_used = 0;
	sl_mime_end(&t, m, true);
	REQUIRE(sl_inspect_held(i) == 0);
	sl_inspect_free(i);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	uint8_t kind = data[1] & 3;
	struct seen whole = run(kind | 128, 1, data + 2, size - 2);
	struct seen cut = run(kind, data[0] * 7919u + 1, data + 2, size - 2);
	/* room for values is a call's: a piece with very many mails may leave some out */
	REQUIRE(size > 60000 || (whole.sum == cut.sum && whole.n == cut.n));
	return 0;
}
