/* The Internet checksum, RFC 1071: the ones' complement sum of 16-bit words. Summed as 64-bit words in
 * the machine's order, each carry added again (section 2 C), and folded at the end; the byte order is put
 * right once (section 2 B). Four sums at a time, so that none waits for the one before. */
#include <arpa/inet.h>
#include <sensor/decode/layers.h>

static inline uint64_t word_add(uint64_t sum, const uint8_t *at)
{
	uint64_t w;
	memcpy(&w, at, sizeof w);
	sum += w;
	return sum + (sum < w);
}

/* 4, 2 and 1 byte, as many of them as there are: fewer than 2^34, so that no carry is lost. */
static inline uint64_t rest_of(const uint8_t *at, size_t len)
{
	uint64_t sum = 0;
	if (len & 4) {
		uint32_t w;
		memcpy(&w, at, sizeof w);
		sum += w;
		at += sizeof w;
	}
	if (len & 2) {
		uint16_t w;
		memcpy(&w, at, sizeof w);
		sum += w;
		at += sizeof w;
	}
	if (len & 1)
		sum += ntohs((uint16_t)(*at << 8)); /* a zero behind it */
	return sum;
}

static inline uint64_t halve(uint64_t sum)
{
	return (sum >> 32) + (sum & UINT32_MAX);
}

uint32_t sl_sum_add(uint32_t sum, const uint8_t *at, size_t len)
{
	uint64_t a = 0;
	if (len >= 32) {
		uint64_t b = 0, c = 0, d = 0;
		for (; len >= 32; len -= 32, at += 32) {
			a = word_add(a, at);
			b = word_add(b, at + 8);
			c = word_add(c, at + 16);
			d = word_add(d, at + 24);
		}
		a = halve(a) + halve(b) + halve(c) + halve(d);
	}
	for (; len >= 8; len -= 8, at += 8)
		a = word_add(a, at);
	uint64_t all = halve(a) + rest_of(at, len);
	return sum + ntohs(sl_sum_fold((uint32_t)halve(halve(all))));
}

uint16_t sl_sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}
