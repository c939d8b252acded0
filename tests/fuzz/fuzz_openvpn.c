/* A flow as OpenVPN: the first byte's top bit chooses TCP. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_flow(size && data[0] & 0x80 ? IPPROTO_TCP : IPPROTO_UDP, 1500, data, size);
}
