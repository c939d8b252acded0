/* Fingerprints of hellos: JA3, JA3S and JA4. Private to hello.c. */
#ifndef SELAT_SENSOR_INSPECT_JA_H
#define SELAT_SENSOR_INSPECT_JA_H

#include <selat/span.h>
#include <sensor/inspect/hello.h>

/* What a hello says, borrowed from it. Lists are as they stand on the wire, without their lengths. */
struct sl_hello {
	enum sl_hello_over over;
	uint16_t version;          /* legacy_version */
	bool has_sni, has_versions;
	struct sl_span ciphers;    /* a ServerHello's: the one */
	struct sl_span extensions; /* type, length, data of each */
	struct sl_span groups, formats, signatures, versions;
	struct sl_span alpn;       /* the first that is no GREASE */
};

enum { SL_JA3_SIZE = 33, SL_JA4_SIZE = 37 };

/* RFC 8701: values that stand for nothing. */
static inline bool sl_is_grease(unsigned value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* False: libcrypto would not (MD5 is switched off, memory ended). */
bool sl_ja3(const struct sl_hello *h, char out[SL_JA3_SIZE]);
bool sl_ja3s(const struct sl_hello *h, char out[SL_JA3_SIZE]);
/* room: of as many 16-bit values as the longer of ciphers and extensions has bytes / 2. */
bool sl_ja4(const struct sl_hello *h, uint16_t *room, char out[SL_JA4_SIZE]);

/* The version that a hello means: the highest of its list, or the only one. 0: none. */
uint16_t sl_hello_version(const struct sl_hello *h);

#endif
