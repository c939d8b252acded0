/* The bytes of one side's CRYPTO frames, put in order. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_QUIC_CRYPTO_H
#define SELAT_SENSOR_INSPECT_QUIC_CRYPTO_H

#include <sensor/inspect/parse.h>

enum { SL_QUIC_CRYPTO_MAX = 64 * 1024 }; /* bytes that may wait for others */

/* Zero at first. */
struct sl_quic_crypto {
	uint8_t *at;   /* size bytes, then for each whether it is there */
	uint64_t base; /* the stream's offset of the first of them */
	uint32_t size;
	uint32_t ready; /* bytes from base on without a hole */
};

/* Where bytes overlap, the first copy stays. False: too far ahead, or no memory (counted). */
bool sl_quic_crypto_add(struct sl_inspect *i, struct sl_quic_crypto *c, uint64_t offset,
			struct sl_span bytes);

/* What is there in order. Borrowed until the next call. */
struct sl_span sl_quic_crypto_ready(const struct sl_quic_crypto *c);
/* The first n of them are done with. */
void sl_quic_crypto_use(struct sl_inspect *i, struct sl_quic_crypto *c, size_t n);
void sl_quic_crypto_free(struct sl_inspect *i, struct sl_quic_crypto *c);

#endif
