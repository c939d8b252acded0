/* A datagram as DNS: names stay within their bounds. */
#include "fuzz.h"
#include <sensor/inspect/parse.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sl_scratch room;
	struct sl_message_values m = { .n = 0 };
	bool response;
	if (!sl_dns_parse(sl_span_of(data, size), &room, &m, &response))
		return 0;
	REQUIRE(m.n <= SL_VALUES_MAX);
	for (size_t i = 0; i < m.n; i++)
		REQUIRE(m.value[i].bytes.len < 256);
	return 0;
}
