/* A TCP flow as SMTP: what does not begin so gets a command before it. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char before[] = "EHLO a\r\nDATA\r\n";
	if (size < 3 || data[2] & 1)
		return fuzz_flow(IPPROTO_TCP, 1500, data, size);
	uint8_t *all = malloc(size + sizeof before);
	REQUIRE(all);
	memcpy(all, data, 2);
	memcpy(all + 2, before, sizeof before - 1);
	memcpy(all + 1 + sizeof before, data + 2, size - 2);
	fuzz_flow(IPPROTO_TCP, 1500, all, size + sizeof before - 1);
	free(all);
	return 0;
}
