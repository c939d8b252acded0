/* The driver: its depth limit, the checksum's sum, the pair's hash, and bytes without sense. */
#include "../wire.h"
#include <sensor/decode/layers.h>

static void depth_is_limited(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	wire_eth(&w, 0x8100);
	for (unsigned i = 0; i < 10000; i++)
		wire_u32(&w, 0x00018100);
	struct decoded d = wire_decode(&w, w.n, LINK_ETHERNET, true);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "too many headers");
	assert_int_equal(d.p.layers, SL_LAYERS_MAX);
	assert_int_equal(d.p.vlans, SL_VLANS_MAX);
}

/* The fast sum against the plain one, at every length and alignment; large ones with all bits set.
 */
static void sums_agree(void **state)
{
	(void)state;
	static uint8_t bytes[65535 + 8];
	uint64_t seed = 42;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)wire_random(&seed);
	for (size_t at = 0; at < 8; at++)
		for (size_t n = 0; n < 200; n++)
			assert_int_equal(sl_sum_fold(sl_sum_add(0x1fffe, bytes + at, n)),
					 wire_fold(wire_fold(0, (const uint8_t[]){ 0xff, 0xff }, 2),
						   bytes + at, n));
	memset(bytes, 0xff, sizeof bytes);
	for (size_t n = 65000; n <= 65535; n += 107)
		assert_int_equal(sl_sum_fold(sl_sum_add(17, bytes, n)), wire_fold(17, bytes, n));
}

static void pair_hash_is_symmetric(void **state)
{
	(void)state;
	uint64_t seed = 7;
	uint32_t used = 0;
	for (unsigned i = 0; i < 1000; i++) {
		struct sl_packet a = { .src.family = 4, .dst.family = 4 }, b = a;
		for (unsigned k = 0; k < 4; k++) {
			a.src.bytes[k] = b.dst.bytes[k] = (uint8_t)wire_random(&seed);
			a.dst.bytes[k] = b.src.bytes[k] = (uint8_t)wire_random(&seed);
		}
		a.sport = (uint16_t)i; /* ports are no part of it */
		assert_int_equal(sl_packet_pair_hash(&a), sl_packet_pair_hash(&b));
		used |= 1u << sl_packet_pair_hash(&a) % 32;
	}
	assert_int_equal(used, UINT32_MAX); /* it spreads */
	struct sl_packet no_ip = { .src.family = 0 };
	assert_int_equal(sl_packet_pair_hash(&no_ip), 0);
}

/* Whatever the bytes: no read beyond them (the sanitizer sees it), and a packet that is consistent.
 */
static void check(const struct sl_packet *p, const uint8_t *at, size_t n)
{
	assert_in_range(p->verdict, SL_VERDICT_OK, SL_VERDICT_FRAGMENT);
	assert_true((p->verdict == SL_VERDICT_OK) == (p->reason == NULL));
	assert_true(p->layers <= SL_LAYERS_MAX && p->vlans <= SL_VLANS_MAX);
	if (p->payload.len)
		assert_true(p->payload.at >= at && p->payload.at + p->payload.len <= at + n);
	if (p->verdict == SL_VERDICT_OK)
		assert_true(p->src.family == 4 || p->src.family == 6);
	if (p->has_ports)
		assert_true(p->proto == 6 || p->proto == 17 || p->proto == 132 || p->proto == 136);
}

/* Random bytes get past the first checks of their link more often than by chance. */
static void plausible_make(uint8_t *bytes, size_t n, int link, unsigned round, uint64_t *seed)
{
	static const uint8_t heads[][14] = { { [12] = 8 },
					     { [12] = 0x86, [13] = 0xdd },
					     { [12] = 0x81 } };
	static const uint8_t protos[] = { 6, 17, 1, 0 };
	static const uint8_t nexts[] = { 0, 43, 44, 60, 6, 17, 58, 59 };
	if (link == 1 && n > 15 && round % 4) {
		memcpy(bytes, heads[round % 3], 14);
		bytes[14] = round % 3 == 0 ? 0x45 : round % 3 == 1 ? 0x60 : bytes[14];
	}
	if ((link == 101 || link == 228 || link == 12) && n > 9 && round % 2) {
		bytes[0] = (uint8_t)(0x45 + (round >> 3) % 2);
		bytes[6] = bytes[7] = 0;
		bytes[9] = protos[round / 2 % 4];
		bytes[2] = 0;
		bytes[3] = (uint8_t)(20 + wire_random(seed) % 80);
	}
	if (link == 229 && n > 6) {
		bytes[0] = 0x60;
		bytes[6] = nexts[round % 8];
		if (n >= 40 && round % 3) { /* else cut, and no fragment can be whole */
			bytes[4] = 0;
			bytes[5] = (uint8_t)(n - 40);
		}
	}
}

static void random_bytes(void **state)
{
	(void)state;
	static const int links[] = { 0,   1, 12, 101, 108, 113, 228, 229,
				     276, 9, 50, 51,  104, 105, 127, 219 };
	uint64_t seed = 1;
	unsigned verdicts[5] = { 0 };
	for (unsigned round = 0; round < 1000000; round++) {
		size_t n = wire_random(&seed) % 96;
		uint8_t *bytes = malloc(n + 1);
		assert_non_null(bytes);
		for (size_t i = 0; i < n; i += 4) {
			uint32_t r = wire_random(&seed);
			memcpy(bytes + i, &r, n - i < 4 ? n - i : 4);
		}
		int link = links[wire_random(&seed) %
				 (round / 16 % 2 ? 9 : sizeof links / sizeof *links)];
		plausible_make(bytes, n, link, round, &seed);
		struct sl_frame f = {
			.at = bytes, .caplen = (uint32_t)n, .len = (uint32_t)n, .link = link
		};
		struct sl_packet p;
		sl_decode(&f, round % 5 == 0, &p);
		check(&p, bytes, n);
		verdicts[p.verdict]++;
		free(bytes);
	}
	for (unsigned v = 0; v < 5; v++)
		assert_true(verdicts[v] > 1000); /* it did reach every outcome */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(sums_agree),
		cmocka_unit_test(pair_hash_is_symmetric),
		cmocka_unit_test(random_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
