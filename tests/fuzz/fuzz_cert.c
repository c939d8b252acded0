/* A certificate: the bytes as the only one of a server's chain, in one record. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t in[2 + 5 + 4 + 6 + 16000];
	if (size == 0 || size > 16000)
		return 0;
	size_t record = size + 10, message = size + 6, list = size + 3;
	const uint8_t head[] = { 0, 0, 22, 3, 3, (uint8_t)(record >> 8), (uint8_t)record,
				 11, 0, (uint8_t)(message >> 8), (uint8_t)message,
				 0, (uint8_t)(list >> 8), (uint8_t)list,
				 0, (uint8_t)(size >> 8), (uint8_t)size };
	memcpy(in, head, sizeof head);
	memcpy(in + sizeof head, data, size);
	return fuzz_flow(IPPROTO_TCP, 20000, in, sizeof head + size);
}
