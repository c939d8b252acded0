/* A record from a topic, as a CERT's terminal would get it. */
#include "fuzz.h"
#include <alerts/alert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_alert a = { 0 };
	if (sl_alert_parse(&a, sl_span_of(data, size), NULL) == SL_OK)
		REQUIRE(a.id.len);
	sl_alert_fini(&a);
	return 0;
}
