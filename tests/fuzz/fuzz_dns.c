/* Datagrams of one flow: DNS and its like. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_flow(IPPROTO_UDP, 700, data, size);
}
