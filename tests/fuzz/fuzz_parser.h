/* What fuzz_http and fuzz_tls share: a parser over one side of a stream as inspect drives it. Its
 * values must lie in the message or in the scratch room, and it must never use more than there is.
 */
#ifndef SELAT_TESTS_FUZZ_PARSER_H
#define SELAT_TESTS_FUZZ_PARSER_H

#include "fuzz.h"
#include <sensor/inspect/parse.h>

typedef enum sl_parse parser_fn(struct sl_side *side, struct sl_span in, bool last,
				struct sl_scratch *room, struct sl_message_values *out,
				size_t *consumed);

static inline bool inside(struct sl_span a, const void *at, size_t n)
{
	const uint8_t *from = at;
	return a.at >= from && a.len <= n && a.at + a.len <= from + n;
}

static inline void require_values(const struct sl_message_values *m, struct sl_span in,
				  const struct sl_scratch *room)
{
	REQUIRE(m->n <= SL_VALUES_MAX);
	for (size_t i = 0; i < m->n; i++) {
		struct sl_span v = m->value[i].bytes;
		REQUIRE(v.len == 0 || inside(v, in.at, in.len) || inside(v, room, sizeof *room));
	}
}

static inline void parse_all(parser_fn *parse, const uint8_t *data, size_t size, bool last)
{
	static struct sl_scratch room;
	struct sl_side side = { .skip = 0 };
	for (size_t at = 0, steps = 0; at < size; steps++) {
		REQUIRE(steps <= 2 * size);
		if (side.skip) {
			size_t n = side.skip < size - at ? (size_t)side.skip : size - at;
			side.skip -= n;
			at += n;
			continue;
		}
		struct sl_message_values m = { .n = 0 };
		struct sl_span in = sl_span_of(data + at, size - at);
		size_t consumed = 0;
		enum sl_parse p = parse(&side, in, last, &room, &m, &consumed);
		if (p != SL_PARSE_DONE)
			return;
		REQUIRE(consumed <= in.len);
		require_values(&m, in, &room);
		side.searched = 0;
		at += consumed;
		REQUIRE(consumed || side.skip); /* or it would never end */
	}
}

static inline int parse_input(parser_fn *parse, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* its own block, so that ASan sees its end */
	REQUIRE(copy);
	memcpy(copy, data, size);
	parse_all(parse, copy, size, false);
	parse_all(parse, copy, size, true);
	free(copy);
	return 0;
}

#endif
