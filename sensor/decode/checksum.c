/* The Internet checksum, RFC 1071: the ones' complement sum of 16-bit words. Summed as 64-bit words
 * in the machine's order with the carries gathered apart, which compilers turn into vectors; the
 * byte order is put right once at the end (RFC 1071, section 2 B). */
#include <arpa/inet.h>
#include <sensor/decode/layers.h>

static uint64_t sum_words(const uint8_t *at, size_t words)
{
	uint64_t low = 0, high = 0;
	for (size_t i = 0; i < words; i++) {
		uint32_t w;
		memcpy(&w, at + i * 4, 4);
		low += w & 0xffff;
		high += w >> 16;
	}
	return low + high;
}

uint32_t sl_sum_add(uint32_t sum, const uint8_t *at, size_t len)
{
	uint64_t s = sum_words(at, len / 4);
	size_t done = len & ~(size_t)3;
	uint8_t rest[4] = { 0 };
	memcpy(rest, at + done, len - done);
	s += sum_words(rest, 1);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return sum + ntohs((uint16_t)s);
}

uint16_t sl_sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}
