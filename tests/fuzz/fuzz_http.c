/* A TCP flow as HTTP/1, both sides; or, if the second byte says so, datagrams. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool datagrams = size > 1 && data[1] == 0xff;
	return fuzz_flow(datagrams ? IPPROTO_UDP : IPPROTO_TCP, 1500, data, size);
}
