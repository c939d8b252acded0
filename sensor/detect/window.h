/* Windows on streams and bodies. All of their memory is taken from the budget for streams. Private to
 * detect. */
#ifndef SELAT_SENSOR_DETECT_WINDOW_H
#define SELAT_SENSOR_DETECT_WINDOW_H

#include <selat/span.h>
#include <stdbool.h>

struct sl_detect;

/* The last bytes of something that comes in pieces, for groups that are verified. It has what lies up
 * to SL_WINDOW_BYTES before any byte that came since the last flush. */
enum { SL_WINDOW_BYTES = 16 * 1024 };
struct sl_window {
	uint8_t *bytes;
	uint32_t len, room;
	uint32_t steps; /* left for groups: each piece has the whole window verified anew */
	uint64_t end; /* offset behind the last byte in the whole */
};

struct sl_window *sl_window_new(struct sl_detect *d); /* NULL: no room, counted */
void sl_window_free(struct sl_detect *d, struct sl_window *w); /* NULL is fine */
/* offset: of the bytes. What was there before a gap goes. */
void sl_window_add(struct sl_detect *d, struct sl_window *w, struct sl_span bytes, uint64_t offset);
bool sl_window_would_drop(const struct sl_window *w, size_t n, uint64_t offset);
/* What it has before `end`. *base: the offset of its first byte. */
struct sl_span sl_window_bytes(const struct sl_window *w, uint64_t end, uint64_t *base);

#endif
