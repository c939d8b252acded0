/* CRYPTO frames may come in any order, overlap and be of one byte each (RFC 9000, section 19.6). A
 * byte a byte says what has come: the work is bounded by the frames' bytes, however they are cut, and
 * no sender can use up a list of pieces. Per worker. */
#include <sensor/inspect/quic_crypto.h>

enum { SIZE_FIRST = 2048 }; /* most hellos */

static uint8_t *seen_of(const struct sl_quic_crypto *c)
{
	return c->at + c->size;
}

/* Room for `need` bytes; it is at most the bound. */
static bool reserve(struct sl_inspect *i, struct sl_quic_crypto *c, size_t need)
{
	if (need <= c->size)
		return true;
	uint32_t size = c->size ? c->size : SIZE_FIRST;
	while (size < need)
		size *= 2;
	uint8_t *at = sl_hold_take(i, 2 * (size_t)size);
	if (!at)
		return false;
	if (c->at) {
		memcpy(at, c->at, c->size);
		memcpy(at + size, seen_of(c), c->size);
		sl_hold_give(i, c->at);
	}
	c->at = at;
	c->size = size;
	return true;
}

bool sl_quic_crypto_add(struct sl_inspect *i, struct sl_quic_crypto *c, uint64_t offset,
			struct sl_span bytes)
{
	if (offset < c->base) {
		uint64_t old = c->base - offset;
		if (old >= bytes.len)
			return true;
		bytes = sl_span_of(bytes.at + old, bytes.len - (size_t)old);
		offset = c->base;
	}
	uint64_t from = offset - c->base;
	if (from > SL_QUIC_CRYPTO_MAX || bytes.len > SL_QUIC_CRYPTO_MAX - from)
		return false;
	if (!bytes.len)
		return true;
	if (!reserve(i, c, (size_t)from + bytes.len))
		return false;
	uint8_t *at = c->at + from, *seen = seen_of(c) + from;
	for (size_t k = 0; k < bytes.len; k++) {
		at[k] = seen[k] ? at[k] : bytes.at[k];
		seen[k] = 1;
	}
	if (from <= c->ready) {
		const uint8_t *start = seen_of(c) + c->ready;
		const uint8_t *hole = memchr(start, 0, c->size - c->ready);
		c->ready = hole ? (uint32_t)(hole - seen_of(c)) : c->size;
	}
	return true;
}

struct sl_span sl_quic_crypto_ready(const struct sl_quic_crypto *c)
{
	return sl_span_of(c->at, c->ready);
}

void sl_quic_crypto_use(struct sl_inspect *i, struct sl_quic_crypto *c, size_t n)
{
	uint8_t *seen = seen_of(c);
	size_t left = c->size - n;
	c->base += n;
	c->ready -= (uint32_t)n;
	if (!memchr(seen + n, 1, left)) {
		uint64_t base = c->base;
		sl_quic_crypto_free(i, c);
		c->base = base;
		return;
	}
	memmove(c->at, c->at + n, left);
	memmove(seen, seen + n, left);
	memset(seen + left, 0, n);
}

void sl_quic_crypto_free(struct sl_inspect *i, struct sl_quic_crypto *c)
{
	sl_hold_give(i, c->at);
	*c = (struct sl_quic_crypto){ 0 };
}
