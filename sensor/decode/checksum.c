/* The Internet checksum, RFC 1071: the ones' complement sum of 16-bit words. Summed as 32-bit words in
 * the machine's order, which compilers turn into vectors, and folded at the end (section 2 C); the byte
 * order is put right once (section 2 B). */
#include <arpa/inet.h>
#include <sensor/decode/layers.h>

/* 32-bit words into a 64-bit sum: room for 2^32 of them before a carry could be lost. */
static uint64_t sum_words(const uint8_t *at, size_t words)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < words; i++) {
		uint32_t w;
		memcpy(&w, at + i * 4, 4);
		sum += w;
	}
	return sum;
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
