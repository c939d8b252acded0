/* A frame of any link type: what was decoded must lie inside it, or in a datagram that was put
 * together. The first byte chooses the type, and with its highest bit an end that was not captured.
 */
#include "fuzz.h"
#include <sensor/decode/decode.h>
#include <sensor/decode/unpack.h>

enum { SPARE = 5 };

static struct sl_packet packets[1 + SPARE];
static uint8_t joined[4][SL_DATAGRAM_MAX];

static bool within(struct sl_span a, const void *at, size_t len)
{
	uintptr_t from = (uintptr_t)a.at, begin = (uintptr_t)at;
	return from >= begin && from + a.len <= begin + len;
}

static void check(const struct sl_packet *p, const struct sl_frame *f)
{
	REQUIRE(p->layers <= SL_LAYERS_MAX && p->vlans <= SL_VLANS_MAX &&
		p->tunnels <= SL_TUNNELS_MAX);
	REQUIRE(p->verdict <= SL_VERDICT_FRAGMENT);
	REQUIRE(!p->reason == (p->verdict == SL_VERDICT_OK));
	if (p->payload.len)
		REQUIRE(within(p->payload, f->at, f->caplen) ||
			within(p->payload, joined, sizeof joined));
	if (p->mac)
		REQUIRE(within(sl_span_of(p->mac, 12), f->at, f->caplen));
}

static void unpack(const struct sl_frame *f, bool checksums)
{
	struct sl_counters counters = { 0 };
	struct sl_defrag *d;
	REQUIRE(sl_defrag_new(&d, 8192, &counters, NULL) == SL_OK);
	for (size_t spare = 0; spare <= SPARE; spare += SPARE) {
		struct sl_packets to = {
			.at = packets, .spare = spare, .joined = joined, .joined_max = 4
		};
		sl_unpack(d, f, checksums, &to);
		REQUIRE(to.n >= 1 && to.n + to.spare == 1 + spare && to.joined_n <= 4);
		for (size_t i = 0; i < to.n; i++) {
			check(&packets[i], f);
			REQUIRE(packets[i].further == (i + 1 < to.n));
		}
	}
	sl_defrag_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int links[] = { 0,   1, 12, 101, 108, 113, 228, 229,
				     276, 9, 50, 51,  104, 105, 127, 219 };
	if (size == 0)
		return 0;
	uint8_t *copy = malloc(size); /* its own block, so that ASan sees its ends */
	REQUIRE(copy);
	memcpy(copy, data, size);
	struct sl_frame frame = { .at = copy + 1,
				  .caplen = (uint32_t)(size - 1),
				  .len = (uint32_t)(size - 1) + (data[0] & 0x80 ? 40 : 0),
				  .link = links[data[0] % (sizeof links / sizeof *links)] };
	for (int checksums = 0; checksums < 2; checksums++) {
		struct sl_packet p;
		sl_decode(&frame, checksums, &p);
		check(&p, &frame);
		unpack(&frame, checksums);
	}
	free(copy);
	return 0;
}
