/* STIX bundles. */
#include "fuzz_exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return exchange_input(sl_import_stix, data, size);
}
