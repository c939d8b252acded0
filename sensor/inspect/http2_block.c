/* Header blocks of HTTP/2, unpacked by libnghttp2 as their bytes come. All memory is inspect's, so that
 * tables and strings are bounded and counted. What is beyond a block's bound is unpacked all the same, or
 * the table would be wrong, but not kept. Per worker. */
#include <sensor/inspect/http2.h>

enum {
	LENGTHS = 8,
	SEPARATOR = 2,
	ROOM_FIRST = 1024,
	EARNED_FIRST = 64 * 1024,
	EARNED_MOST = 1 << 20,
	RATIO = 128, /* a byte may mean a header of the table's size, again and again: few do for long */
};

/* --- memory for libnghttp2 --- */

static void *mem_malloc(size_t size, void *inspect)
{
	return sl_hold_take(inspect, size);
}

static void mem_free(void *at, void *inspect)
{
	sl_hold_give(inspect, at);
}

static void *mem_calloc(size_t n, size_t size, void *inspect)
{
	size_t bytes;
	return __builtin_mul_overflow(n, size, &bytes) ? NULL : sl_hold_take(inspect, bytes);
}

static void *mem_realloc(void *at, size_t size, void *inspect)
{
	return sl_hold_grow(inspect, at, size);
}

/* A decoder's owner says in SETTINGS how large the table may be, but the encoder says in the block itself
 * when it uses more or less than the 4,096 bytes of the start (RFC 7541, section 4.2): the other side's
 * SETTINGS need not be known. */
static bool inflater_new(struct sl_talk *t)
{
	struct sl_h2 *h = t->state;
	struct sl_h2_side *s = sl_h2_side_of(t);
	h->mem = (nghttp2_mem){ t->inspect, mem_malloc, mem_free, mem_calloc, mem_realloc };
	if (nghttp2_hd_inflate_new2(&s->inflater, &h->mem) != 0) {
		s->inflater = NULL;
		return false;
	}
	s->earned = EARNED_FIRST;
	return nghttp2_hd_inflate_change_table_size(s->inflater, SL_H2_TABLE_MAX) == 0;
}

void sl_h2_inflater_free(struct sl_h2_side *s)
{
	if (s->inflater)
		nghttp2_hd_inflate_del(s->inflater);
	s->inflater = NULL;
}

/* --- blocks --- */

static bool block_room(struct sl_talk *t, struct sl_h2_block *b, size_t bytes)
{
	struct sl_h2_side *s = sl_h2_side_of(t);
	if (bytes > SL_H2_BLOCK_MAX || b->used + bytes > SL_H2_BLOCK_MAX || bytes > s->earned)
		return false;
	s->earned -= bytes;
	if (b->used + bytes <= b->room)
		return true;
	uint32_t room = b->room ? b->room : ROOM_FIRST;
	while (room < b->used + bytes)
		room *= 2;
	uint8_t *larger = sl_hold_grow(t->inspect, b->bytes, room);
	if (!larger)
		return false;
	b->bytes = larger;
	b->room = room;
	return true;
}

void sl_h2_block_add(struct sl_talk *t, struct sl_h2_block *b, struct sl_span name, struct sl_span value)
{
	uint32_t lengths[2] = { (uint32_t)name.len, (uint32_t)value.len };
	if (b->cut || !block_room(t, b, LENGTHS + SEPARATOR + name.len + value.len)) {
		if (!b->cut)
			sl_count(sl_talk_counters(t), SL_COUNT_MESSAGE_TOO_LONG);
		b->cut = true;
		return;
	}
	uint8_t *to = b->bytes + b->used;
	memcpy(to, lengths, LENGTHS);
	to += LENGTHS;
	if (name.len)
		memcpy(to, name.at, name.len);
	to += name.len;
	memcpy(to, ": ", SEPARATOR);
	if (value.len)
		memcpy(to + SEPARATOR, value.at, value.len);
	b->used += LENGTHS + SEPARATOR + lengths[0] + lengths[1];
}

bool sl_h2_block_next(const struct sl_h2_block *b, uint32_t *at, struct sl_span *name, struct sl_span *value)
{
	uint32_t lengths[2];
	if (*at >= b->used)
		return false;
	const uint8_t *p = b->bytes + *at + LENGTHS;
	memcpy(lengths, b->bytes + *at, LENGTHS);
	*name = sl_span_of(p, lengths[0]);
	*value = sl_span_of(p + lengths[0] + SEPARATOR, lengths[1]);
	*at += LENGTHS + SEPARATOR + lengths[0] + lengths[1];
	return true;
}

void sl_h2_block_drop(struct sl_talk *t, struct sl_h2_block *b)
{
	sl_hold_give(t->inspect, b->bytes);
	*b = (struct sl_h2_block){ 0 };
}

void sl_h2_earn(struct sl_talk *t, size_t bytes)
{
	struct sl_h2_side *s = sl_h2_side_of(t);
	s->earned += (uint64_t)bytes * RATIO;
	s->earned = s->earned < EARNED_MOST ? s->earned : EARNED_MOST;
}

bool sl_h2_inflate(struct sl_talk *t, struct sl_span part, bool final)
{
	struct sl_h2_side *s = sl_h2_side_of(t);
	const uint8_t none = 0;
	const uint8_t *p = part.len ? part.at : &none;
	size_t left = part.len;
	if (!s->inflater && !inflater_new(t))
		return false;
	sl_h2_earn(t, part.len);
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t used = nghttp2_hd_inflate_hd2(s->inflater, &nv, &flags, p, left, final);
		if (used < 0 || (size_t)used > left)
			return false;
		p += used;
		left -= (size_t)used;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			sl_h2_block_add(t, &s->block, sl_span_of(nv.name, nv.namelen),
					sl_span_of(nv.value, nv.valuelen));
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			return nghttp2_hd_inflate_end_headers(s->inflater) == 0;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && !left)
			return !final;
	}
}
