/* A set that remembers the last so many things it was shown; for alerts' ids and for counting what
 * is distinct. Things are kept as 128-bit keyed hashes, so memory is bounded and nobody outside can
 * choose two that collide. Used by one thread. */
#ifndef SELAT_ALERTS_SEEN_H
#define SELAT_ALERTS_SEEN_H

#include <selat/span.h>

struct sl_seen;

struct sl_seen *sl_seen_new(uint32_t window); /* a power of two, at most 2^24; NULL: memory ended */
void sl_seen_free(struct sl_seen *s);         /* NULL is fine */

/* True if the pair is not among the last `window` different ones: it is now. */
bool sl_seen_add(struct sl_seen *s, struct sl_span a, struct sl_span b);

#endif
