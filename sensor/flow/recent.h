/* What TCP delivered lately: digests of segments, so that one that comes again with other bytes is
 * told from an honest repetition. A fixed table per worker; a segment overwrites what has its place.
 *
 * Known by where they begin: a repetition is compared when it begins where a delivered piece began, and
 * goes on through the pieces behind it. It covers the same segment again, and several sent again as
 * one. Not compared: what begins in the middle of a piece, the part of a piece that is shorter
 * than it was, and what is so long ago that its place is taken.
 *
 * Of a piece longer than 64 bytes eight words of 8 bytes are looked at: the first, the last, and six at
 * secret places. Other bytes altogether are always seen; a few changed ones by chance, and
 * nobody can know which. All of it would cost 6 % of the throughput; this is 2 %. */
#ifndef SELAT_SENSOR_FLOW_RECENT_H
#define SELAT_SENSOR_FLOW_RECENT_H

#include <selat/err.h>
#include <selat/span.h>

struct sl_recent;

int sl_recent_new(struct sl_recent **out, struct sl_err *err);
void sl_recent_free(struct sl_recent *r); /* NULL is fine */

/* Remembers bytes that are delivered. `stream` tells one direction of one connection from all others;
 * its lower 32 bits are zero. */
void sl_recent_note(struct sl_recent *r, uint64_t stream, uint32_t seq, struct sl_span bytes);

/* Bytes that came again. How many of them lie in pieces that were other bytes before. */
size_t sl_recent_differing(const struct sl_recent *r, uint64_t stream, uint32_t seq,
			   struct sl_span bytes);

#endif
