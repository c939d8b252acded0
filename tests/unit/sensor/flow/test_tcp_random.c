/* TCP reassembly: random streams must come out as they went in, and nonsense stays bounded. */
#include "streams.h"

struct piece {
	uint32_t at, n;
};

/* Cuts [0, len) into pieces, some twice, some with bytes of their neighbours too, then shuffles. */
static size_t make_pieces(struct piece *piece, size_t most, uint32_t len, uint64_t *seed)
{
	size_t n = 0;
	for (uint32_t at = 0; at < len && n < most;) {
		uint32_t want = 1 + wire_random(seed) % (wire_random(seed) % 8 ? 300 : 5000);
		uint32_t size = want < len - at ? want : len - at;
		uint32_t before = wire_random(seed) % 4 ? 0 : wire_random(seed) % (at + 1) % 200;
		uint32_t behind =
			wire_random(seed) % 4 ? 0 : wire_random(seed) % (len - at - size + 1) % 200;
		piece[n++] = (struct piece){ at - before, size + before + behind };
		if (wire_random(seed) % 6 == 0 && n < most)
			piece[n] = piece[n - 1], n++;
		at += size;
	}
	for (size_t i = n;
	     i-- > 1;) { /* nearby ones change places, so that the bound of held blocks holds */
		size_t k = i - wire_random(seed) % (i < 8 ? i + 1 : 8);
		struct piece p = piece[i];
		piece[i] = piece[k];
		piece[k] = p;
	}
	return n;
}

static void random_streams_come_out_whole(void **state)
{
	(void)state;
	static uint8_t stream[20000];
	struct piece piece[4096];
	for (uint64_t round = 1; round <= 4000; round++) {
		uint64_t seed = round * 0x9E3779B97F4A7C15u;
		struct fixture *x = begin(POOL);
		uint32_t len = 1 + wire_random(&seed) % sizeof stream;
		uint32_t isn = round % 3 ? wire_random(&seed) : 0u - wire_random(&seed) % len;
		for (uint32_t i = 0; i < len; i++)
			stream[i] = (uint8_t)wire_random(&seed);
		size_t n = make_pieces(piece, 4096, len, &seed);
		send_bytes(x, &x->flow, isn - 1, SYN, "", 0);
		for (size_t i = 0; i < n; i++)
			send_bytes(x, &x->flow, isn + piece[i].at,
				   piece[i].at + piece[i].n == len ? ACK | FIN : ACK,
				   stream + piece[i].at, piece[i].n);
		if (x->n[0] != len || x->gaps[0] || x->ends[0] != 1)
			fail_msg("seed %llu: %zu of %u bytes, %u gaps, %u ends",
				 (unsigned long long)round, x->n[0], len, x->gaps[0], x->ends[0]);
		assert_memory_equal(x->got[0], stream, len);
		end(x);
	}
}

/* Pieces are lost, but neither the first nor the last byte: what came and what did not add up. */
static void random_streams_with_losses(void **state)
{
	(void)state;
	static uint8_t stream[20000], seen[20000];
	struct piece piece[4096];
	unsigned with_gaps = 0;
	for (uint64_t round = 1; round <= 2000; round++) {
		uint64_t seed = round * 0xD6E8FEB86659FD93u;
		struct fixture *x =
			begin(round % 2 ? POOL : 20000); /* a pool that is too small, too */
		uint32_t len = 1000 + wire_random(&seed) % 19000, isn = wire_random(&seed),
			 came = 1;
		for (uint32_t i = 0; i < len; i++)
			stream[i] = (uint8_t)wire_random(&seed);
		memset(seen, 0, sizeof seen);
		x->truth = stream;
		x->first = isn;
		size_t n = make_pieces(piece, 4096, len - 1, &seed);
		send_bytes(x, &x->flow, isn - 1, SYN, "", 0);
		for (size_t i = 0; i < n; i++) {
			if (wire_random(&seed) % 10 == 0)
				continue;
			memset(seen + piece[i].at, 1, piece[i].n);
			send_bytes(x, &x->flow, isn + piece[i].at, ACK, stream + piece[i].at,
				   piece[i].n);
		}
		sl_tcp_flush(x->tcp, &x->other);
		/* with the flow's own blocks handed on there is room for the last byte */
		send_bytes(x, &x->flow, isn + len - 1, ACK, stream + len - 1, 1);
		sl_tcp_flush(x->tcp, &x->flow);
		for (uint32_t i = 0; i + 1 < len; i++)
			came += seen[i];
		assert_int_equal(x->n[0] + x->flow.side[0].gap_bytes, len);
		if (count(x, SL_COUNT_STREAM_HELD_FULL) == 0)
			assert_int_equal(x->n[0], came);
		assert_true(x->n[0] <= came);
		assert_true((x->gaps[0] > 0) == (x->flow.side[0].gap_bytes > 0));
		with_gaps += x->gaps[0] > 0;
		end(x);
	}
	assert_true(with_gaps > 1000);
}

/* Any numbers and any flags: bounded, and whatever is handed on is followed by an end. */
static void nonsense(void **state)
{
	(void)state;
	static uint8_t bytes[5000];
	for (uint64_t round = 1; round <= 300; round++) {
		uint64_t seed = round;
		struct fixture *x = begin(100000);
		x->syn_again = true;
		for (unsigned i = 0; i < 200 && x->n[0] < ROOM / 2; i++) {
			uint32_t seq = wire_random(&seed) >> wire_random(&seed) % 32;
			unsigned flags = wire_random(&seed) & (i % 20 ? ACK | SYN : 0x1f);
			send_bytes(x, &x->flow, seq, flags, bytes, wire_random(&seed) % 200);
			assert_true(x->flow.side[0].held_n <= 128);
		}
		end(x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_streams_come_out_whole),
		cmocka_unit_test(random_streams_with_losses),
		cmocka_unit_test(nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
