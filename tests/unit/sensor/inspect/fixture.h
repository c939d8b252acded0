/* What the inspect tests share: a flow, its slot, and a record of what came out, one line a value.
 */
#ifndef SELAT_TEST_INSPECT_FIXTURE_H
#define SELAT_TEST_INSPECT_FIXTURE_H

#include "../wire.h"
#include <sensor/inspect/inspect.h>

enum { RECORD_MAX = 1 << 17 };

struct fixture {
	struct sl_counters counters;
	struct sl_inspect *inspect;
	struct sl_flow flow;
	void *slot;
	char record[RECORD_MAX]; /* "field=value\n", and "--\n" behind each transaction */
	size_t n;
	char txs[RECORD_MAX]; /* "n " a transaction's values, "n* " a file's last piece, "n. " its end */
	size_t txs_n;
};

static inline void fixture_add(struct fixture *x, struct sl_span bytes)
{
	assert_true(x->n + bytes.len < sizeof x->record);
	if (bytes.len)
		memcpy(x->record + x->n, bytes.at, bytes.len);
	x->n += bytes.len;
	x->record[x->n] = '\0';
}

static inline void fixture_tx(struct fixture *x, uint32_t tx, const char *what)
{
	assert_true(x->txs_n + 16 < sizeof x->txs);
	x->txs_n += (size_t)snprintf(x->txs + x->txs_n, 16, "%u%s", tx, what);
}

static inline void fixture_transaction_end(void *ctx, struct sl_flow *flow, uint32_t tx)
{
	struct fixture *x = ctx;
	assert_ptr_equal(flow, &x->flow);
	fixture_tx(x, tx, ". ");
}

static inline void fixture_piece(void *ctx, struct sl_flow *flow, unsigned side, const struct sl_piece *piece)
{
	struct fixture *x = ctx;
	assert_ptr_equal(flow, &x->flow);
	assert_true(side < 2);
	if (piece->last && piece->field == SL_FIELD_FILE_DATA)
		fixture_tx(x, piece->tx, "* ");
}

static inline void fixture_transaction(void *ctx, struct sl_flow *flow, unsigned side, uint32_t tx,
				       const struct sl_value *values, size_t n)
{
	struct fixture *x = ctx;
	fixture_tx(x, tx, " ");
	assert_ptr_equal(flow, &x->flow);
	assert_true(side < 2);
	for (size_t i = 0; i < n; i++) {
		fixture_add(x, sl_span_str(sl_field_info(values[i].field)->name));
		fixture_add(x, sl_span_str("="));
		fixture_add(x, values[i].bytes);
		fixture_add(x, sl_span_str("\n"));
	}
	fixture_add(x, sl_span_str("--\n"));
}

static inline struct fixture *fixture_new_as(uint8_t proto, uint64_t gather, bool seal_all)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err;
	assert_non_null(x);
	struct sl_inspect_config config = { .gather_bytes = gather, .state_bytes = 64 << 20,
					    .sink = { x, fixture_transaction, fixture_piece, fixture_transaction_end },
					    .seal_all = seal_all, .counters = &x->counters };
	memset(config.wanted, 1, sizeof config.wanted);
	config.wanted[SL_FIELD_FILE_SIZE] = config.wanted[SL_FIELD_FILE_WHOLE] = false; /* few tests are about them */
	config.wanted[SL_FIELD_HTTP_URL] = false;
	assert_int_equal(sl_inspect_new(&x->inspect, &config, &err), SL_OK);
	x->slot = calloc(1, sl_inspect_slot_bytes());
	assert_non_null(x->slot);
	x->flow.key.proto = proto;
	return x;
}

static inline struct fixture *fixture_new(uint8_t proto, uint64_t gather)
{
	return fixture_new_as(proto, gather, false);
}

/* A new flow for the same inspect: what it gathered goes back to the pool. */
static inline void fixture_again(struct fixture *x)
{
	uint8_t proto = x->flow.key.proto;
	sl_inspect_forget(x->inspect, &x->flow, x->slot);
	assert_int_equal(sl_inspect_held(x->inspect), 0);
	memset(x->slot, 0, sl_inspect_slot_bytes());
	memset(&x->flow, 0, sizeof x->flow);
	x->flow.key.proto = proto;
	x->n = 0;
	x->record[0] = '\0';
	x->txs_n = 0;
	x->txs[0] = '\0';
}

static inline void fixture_free(struct fixture *x)
{
	sl_inspect_forget(x->inspect, &x->flow, x->slot);
	assert_int_equal(sl_inspect_held(x->inspect), 0);
	sl_inspect_free(x->inspect);
	free(x->slot);
	free(x);
}

/* Each piece lies in memory of its own size, gone after the call. Returns how many of its bytes, the last ones,
 * are said to be encrypted. */
static inline size_t fixture_feed(struct fixture *x, unsigned side, const void *bytes, size_t n,
				  uint64_t lost)
{
	size_t encrypted = 0;
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	if (x->flow.key.proto == 17)
		sl_inspect_datagram(x->inspect, &x->flow, x->slot, side, sl_span_of(exact, n));
	else
		encrypted = sl_inspect_stream(x->inspect, &x->flow, x->slot, side, sl_span_of(exact, n), lost);
	free(exact);
	return encrypted;
}

/* The side's stream ends. */
static inline void fixture_end(struct fixture *x, unsigned side)
{
	sl_inspect_stream_end(x->inspect, &x->flow, x->slot, side);
}

static inline uint64_t fixture_count(const struct fixture *x, enum sl_counter which)
{
	return sl_counter_get(&x->counters, which);
}

static inline void fixture_expect(struct fixture *x, const char *record, const char *txs)
{
	assert_string_equal(x->record, record);
	assert_string_equal(x->txs, txs);
}

/* The stream gives the record, and the same transactions, in one piece, cut at each place, cut at random places, and a byte at
 * a time. */
static inline void fixture_every_split(struct fixture *x, unsigned side, const void *bytes,
				       size_t n, const char *record)
{
	const uint8_t *at = bytes;
	uint64_t seed = n + 1;
	static char txs[RECORD_MAX];
	fixture_again(x);
	fixture_feed(x, side, at, n, false);
	assert_string_equal(x->record, record);
	memcpy(txs, x->txs, sizeof txs);
	for (size_t cut = 1; cut < n; cut++) {
		fixture_again(x);
		fixture_feed(x, side, at, cut, false);
		fixture_feed(x, side, at + cut, n - cut, false);
		if (strcmp(x->record, record) != 0)
			print_error("cut at %zu of %zu\n", cut, n);
		fixture_expect(x, record, txs);
	}
	for (unsigned round = 0; round < 300; round++) {
		fixture_again(x);
		for (size_t i = 0, step; i < n; i += step) {
			step = 1 + wire_random(&seed) % (1 + n / (1 + round % 20));
			step = step < n - i ? step : n - i;
			fixture_feed(x, side, at + i, step, false);
		}
		fixture_expect(x, record, txs);
	}
	fixture_again(x);
	for (size_t i = 0; i < n; i++)
		fixture_feed(x, side, at + i, 1, false);
	fixture_expect(x, record, txs);
}

#endif
