/* The cursor: the only way to read bytes that came from the wire.
 *
 * The first short read sticks: every later read fails too and yields zero, so that a decoder
 * reads a whole header and tests `failed` once. Inline, because the hot path lives on it. */
#ifndef SELAT_CURSOR_H
#define SELAT_CURSOR_H

#include <selat/span.h>

struct sl_cur {
	const uint8_t *p, *end;
	bool failed;
};

static inline struct sl_cur sl_cur_of(const void *at, size_t len)
{
	const uint8_t *p = (const uint8_t *)at;
	return (struct sl_cur){ p, p ? p + len : p, false };
}

static inline size_t sl_cur_left(const struct sl_cur *c)
{
	return c->failed ? 0 : (size_t)(c->end - c->p);
}

/* Borrows the next n bytes and steps over them; NULL if there are fewer. */
static inline const uint8_t *sl_cur_take(struct sl_cur *c, size_t n)
{
	if (c->failed || (size_t)(c->end - c->p) < n) {
		c->failed = true;
		return NULL;
	}
	c->p += n;
	return c->p - n;
}

static inline uint8_t sl_cur_u8(struct sl_cur *c)
{
	const uint8_t *b = sl_cur_take(c, 1);
	return b ? b[0] : 0;
}

static inline uint16_t sl_cur_be16(struct sl_cur *c)
{
	const uint8_t *b = sl_cur_take(c, 2);
	return (uint16_t)(b ? b[0] << 8 | b[1] : 0);
}

static inline uint32_t sl_cur_be24(struct sl_cur *c)
{
	const uint8_t *b = sl_cur_take(c, 3);
	return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

static inline uint32_t sl_cur_be32(struct sl_cur *c)
{
	const uint8_t *b = sl_cur_take(c, 4);
	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

/* Cuts the next n bytes off as a cursor of their own; a failed one if there are fewer. */
static inline struct sl_cur sl_cur_sub(struct sl_cur *c, size_t n)
{
	const uint8_t *b = sl_cur_take(c, n);
	return b ? sl_cur_of(b, n) : (struct sl_cur){ NULL, NULL, true };
}

#endif
