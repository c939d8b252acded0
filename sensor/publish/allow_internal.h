/* What reading and looking up exceptions share. */
#ifndef SELAT_SENSOR_PUBLISH_ALLOW_INTERNAL_H
#define SELAT_SENSOR_PUBLISH_ALLOW_INTERNAL_H

#include <selat/address.h>
#include <selat/table.h>
#include <sensor/publish/allow.h>

/* The first byte of a key in the table. */
enum { SL_ALLOW_PREFIX4 = 1, SL_ALLOW_PREFIX6, SL_ALLOW_NAME, SL_ALLOW_ID };
enum { SL_ALLOW_PREFIX_KEY = 2 + 16 };

struct sl_allow_line {
	const char *text; /* without its comment */
	uint64_t hits;
	uint32_t number; /* in the file, from 1 */
};

struct sl_allow {
	char *path;
	char *file;  /* its bytes; lines end with NULs */
	struct sl_allow_line *line;
	size_t lines;
	void *memory; /* the table's */
	struct sl_table table; /* to numbers of lines */
	bool occurs[2][129];   /* prefixes of so many bits, of IPv4 and IPv6 */
};

/* The key of a prefix whose other bits are zero; borrowed from `key`. */
static inline struct sl_span sl_allow_prefix_key(uint8_t key[SL_ALLOW_PREFIX_KEY],
						 const struct sl_address *masked, unsigned bits)
{
	size_t len = masked->family == 4 ? 4 : 16;

	key[0] = masked->family == 4 ? SL_ALLOW_PREFIX4 : SL_ALLOW_PREFIX6;
	key[1] = (uint8_t)bits;
	memcpy(key + 2, masked->bytes, len);
	return sl_span_of(key, 2 + len);
}

#endif
