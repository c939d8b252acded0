/* A TCP flow as HTTP/2. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_flow(IPPROTO_TCP, 1500, data, size);
}
