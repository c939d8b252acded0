/* What opens QUIC's Initial packets. Their keys follow from the version and from a connection id that
 * stands in the clear, so anyone on the path may read them. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_QUIC_KEYS_H
#define SELAT_SENSOR_INSPECT_QUIC_KEYS_H

#include <selat/span.h>

enum { SL_QUIC_SECRET = 32, SL_QUIC_TAG = 16, SL_QUIC_SALT = 20 };

enum sl_quic_role { SL_QUIC_CLIENT, SL_QUIC_SERVER };

/* What differs from version to version. */
struct sl_quic_version {
	uint32_t first, last; /* the range of version numbers */
	const uint8_t *salt;  /* SL_QUIC_SALT bytes */
	bool second; /* packet types and labels of RFC 9369 */
	bool google; /* Google's frames; the hello is a CHLO, unless it is TLS */
	bool chlo;
};

/* NULL: unknown. The result is a constant. */
const struct sl_quic_version *sl_quic_version(uint32_t number);

struct sl_quic_keys {
	uint8_t key[16], iv[12], mask[16];
};

/* Both are false only if libcrypto fails. */
bool sl_quic_secret(const struct sl_quic_version *v, struct sl_span connection,
		    uint8_t secret[SL_QUIC_SECRET]);
bool sl_quic_keys(const struct sl_quic_version *v, const uint8_t secret[SL_QUIC_SECRET],
		  enum sl_quic_role from, struct sl_quic_keys *keys);

/* Opens a packet whose packet number lies at number_at. plain has room for packet.len bytes; what it
 * gets is *len bytes. False: it was not sealed with these keys. */
bool sl_quic_open(const struct sl_quic_keys *keys, struct sl_span packet, size_t number_at,
		  uint8_t *plain, size_t *len);

#endif
