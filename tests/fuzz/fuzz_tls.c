/* One side of a stream as TLS. */
#include "fuzz_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return parse_input(sl_tls_parse, data, size);
}
