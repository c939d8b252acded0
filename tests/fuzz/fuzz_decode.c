/* A frame of any link type: what was decoded must lie inside it. The first byte chooses the type. */
#include "fuzz.h"
#include <sensor/decode/decode.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int links[] = { 0, 1, 12, 101, 108, 113, 228, 229, 276 };
	if (size == 0)
		return 0;
	uint8_t *copy = malloc(size); /* its own block, so that ASan sees its ends */
	REQUIRE(copy);
	memcpy(copy, data, size);
	struct sl_frame frame = { .at = copy + 1,
				  .caplen = (uint32_t)(size - 1),
				  .len = (uint32_t)(size - 1),
				  .link = links[data[0] % (sizeof links / sizeof *links)] };
	for (int checksums = 0; checksums < 2; checksums++) {
		struct sl_packet p;
		sl_decode(&frame, checksums, &p);
		REQUIRE(p.layers <= SL_LAYERS_MAX && p.vlans <= SL_VLANS_MAX);
		REQUIRE(p.verdict <= SL_VERDICT_FRAGMENT);
		REQUIRE(!p.reason == (p.verdict == SL_VERDICT_OK));
		if (p.payload.len)
			REQUIRE(p.payload.at >= copy + 1 && p.payload.at + p.payload.len <= copy + size);
	}
	free(copy);
	return 0;
}
