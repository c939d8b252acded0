/* A TCP flow as RTSP. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_flow(IPPROTO_TCP, 400, data, size);
}
