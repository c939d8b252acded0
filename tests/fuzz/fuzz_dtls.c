/* A UDP flow as DTLS. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_flow(IPPROTO_UDP, 1500, data, size);
}
