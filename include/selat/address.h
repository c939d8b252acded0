/* IP addresses and prefixes. */
#ifndef SELAT_ADDRESS_H
#define SELAT_ADDRESS_H

#include <selat/err.h>
#include <selat/span.h>

enum { SL_ADDRESS_TEXT = 64 }; /* room for an address or a prefix as text */

struct sl_address {
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is zero */
	uint8_t family;    /* 4 or 6; 0 is no address */
};

struct sl_prefix {
	struct sl_address address; /* host bits are zero */
	uint8_t bits;              /* 0 to 32, or 0 to 128 */
};

/* As inet_ntop writes it; returns out. */
char *sl_address_format(char out[SL_ADDRESS_TEXT], const struct sl_address *a);

/* An address and nothing else, as it stands in a value of traffic: no error, and any bytes. */
bool sl_address_of(struct sl_span text, struct sl_address *out);

/* "198.51.100.0/24", "2001:db8::1". A missing length means one host. Host bits that are set are
 * an error that shows the prefix without them. */
int sl_prefix_parse(const char *text, struct sl_prefix *out, struct sl_err *err);
char *sl_prefix_format(char out[SL_ADDRESS_TEXT], const struct sl_prefix *p);

/* Zeroes all but the first bits of an address: the key of the prefix table. */
void sl_address_mask(struct sl_address *a, unsigned bits);

/* The longest prefix length below that one in a set (bit n: length n occurs); -1: there is none. Inline,
 * because it is asked for each end of each flow. */
static inline int sl_prefix_below(const uint64_t *lengths, int below)
{
	for (; below > 0; below = (below - 1) / 64 * 64) {
		unsigned word = (unsigned)(below - 1) / 64;
		uint64_t left = lengths[word] << (64 * (word + 1) - (unsigned)below);
		if (left)
			return below - 1 - __builtin_clzll(left);
	}
	return -1;
}

#endif
