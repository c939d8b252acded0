/* Two sides that say something to each other, in any cuts, and the transactions that it makes: which
 * values belong together, and when nothing more comes. Of the fixture's `txs`: "n " values, "n* " the
 * last piece of a file, "n. " the end. */
#ifndef SELAT_TEST_TRANSACTIONS_H
#define SELAT_TEST_TRANSACTIONS_H

#include "tls_bytes.h"
#include <sensor/inspect/expect.h>
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/pairs.h>

enum { POOL = 1 << 20, CLIENT = 0, SERVER = 1 };

struct said {
	unsigned side;
	const char *text;
};

static inline void say(struct fixture *x, unsigned side, const char *text)
{
	fixture_feed(x, side, text, strlen(text), 0);
}

static inline void hole(struct fixture *x, unsigned side, const char *text)
{
	fixture_feed(x, side, text, strlen(text), 1000);
}

static inline void say_wire(struct fixture *x, unsigned side, const struct wire *w)
{
	fixture_feed(x, side, w->at, w->n, 0);
}

static inline void say_in_cuts(struct fixture *x, const struct said *s, uint64_t *seed, size_t most)
{
	size_t n = strlen(s->text);
	for (size_t at = 0, step; at < n; at += step) {
		step = 1 + wire_random(seed) % most;
		step = step < n - at ? step : n - at;
		fixture_feed(x, s->side, s->text + at, step, 0);
	}
}

/* What two sides say to each other gives these transactions, however it is cut. */
static inline void talk(struct fixture *x, const struct said *said, size_t n, const char *txs)
{
	uint64_t seed = 3;
	for (unsigned round = 0; round < 200; round++) {
		fixture_again(x);
		x->flow.known_client = 1;
		for (size_t i = 0; i < n; i++)
			say_in_cuts(x, &said[i], &seed, round ? 1 + round % 50 : WIRE_MAX);
		assert_string_equal(x->txs, txs);
	}
}
#define TALK(x, said, txs) talk(x, said, sizeof said / sizeof *said, txs)

#endif
