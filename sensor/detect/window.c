/* Windows: the last bytes of a direction or a body, for groups that are verified there. They grow as
 * bytes come, because most flows are short. */
#include <sensor/detect/detect_internal.h>
#include <stdlib.h>

enum {
	ROOM_FIRST = 2048,
	ROOM_MAX = 2 * SL_WINDOW_BYTES,
	STEPS_OF_BYTE = 8, /* a segment of usual size brings as many as a value has */
};

struct sl_window *sl_window_new(struct sl_detect *d)
{
	struct sl_window *w = d->stream_budget >= sizeof *w ? calloc(1, sizeof *w) : NULL;
	if (w) {
		d->stream_budget -= sizeof *w;
		w->steps = SL_VERIFY_STEPS;
	} else {
		sl_count(d->config.counters, SL_COUNT_WINDOWS_FULL);
	}
	return w;
}

void sl_window_free(struct sl_detect *d, struct sl_window *w)
{
	if (!w)
		return;
	d->stream_budget += sizeof *w + w->room;
	free(w->bytes);
	free(w);
}

bool sl_window_would_drop(const struct sl_window *w, size_t n, uint64_t offset)
{
	return w->len && (offset != w->end || n > SL_WINDOW_BYTES || w->len + n > ROOM_MAX);
}

static bool grow(struct sl_detect *d, struct sl_window *w, size_t need)
{
	uint32_t room = w->room ? w->room : ROOM_FIRST;
	while (room < need)
		room *= 2;
	if (room == w->room)
		return true;
	uint8_t *bytes = d->stream_budget >= room - w->room ? realloc(w->bytes, room) : NULL;
	if (!bytes) {
		sl_count(d->config.counters, SL_COUNT_WINDOWS_FULL);
		return false;
	}
	d->stream_budget -= room - w->room;
	w->bytes = bytes;
	w->room = room;
	return true;
}

static void steps_bring(struct sl_window *w, size_t bytes)
{
	uint64_t steps = w->steps + (uint64_t)bytes * STEPS_OF_BYTE;
	w->steps = steps < SL_VERIFY_STEPS ? (uint32_t)steps : SL_VERIFY_STEPS;
}

static void drop_all_but(struct sl_window *w, uint32_t n)
{
	memmove(w->bytes, w->bytes + w->len - n, n);
	w->len = n;
}

void sl_window_add(struct sl_detect *d, struct sl_window *w, struct sl_span bytes, uint64_t offset)
{
	uint64_t end = offset + bytes.len;
	if (offset != w->end)
		w->len = 0;
	w->end = end;
	steps_bring(w, bytes.len);
	if (bytes.len > SL_WINDOW_BYTES) {
		bytes = sl_span_of(bytes.at + bytes.len - SL_WINDOW_BYTES, SL_WINDOW_BYTES);
		w->len = 0;
	}
	if (!bytes.len)
		return;
	if (w->len + bytes.len > ROOM_MAX)
		drop_all_but(w, SL_WINDOW_BYTES);
	if (!grow(d, w, w->len + bytes.len)) {
		w->len = 0;
		w->end = 0; /* what follows begins anew */
		return;
	}
	memcpy(w->bytes + w->len, bytes.at, bytes.len);
	w->len += (uint32_t)bytes.len;
}

struct sl_span sl_window_bytes(const struct sl_window *w, uint64_t end, uint64_t *base)
{
	uint64_t first = w->end - w->len, last = end < w->end ? end : w->end;
	if (last <= first) {
		*base = last;
		return sl_span_of(NULL, 0);
	}
	*base = last - first > SL_WINDOW_BYTES ? last - SL_WINDOW_BYTES : first;
	return sl_span_of(w->bytes + (*base - first), (size_t)(last - *base));
}
