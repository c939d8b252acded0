/* Suricata's rules. */
#include "fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return import_input(sl_import_suricata, data, size);
}
