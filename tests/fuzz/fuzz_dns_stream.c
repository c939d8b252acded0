/* DNS over TCP, both sides of one flow. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_flow(IPPROTO_TCP, 300, data, size);
}
