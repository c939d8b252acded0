/* From a frame to its packets. Most frames hold one; an 802.11 aggregate holds several, each of
 * which may be a fragment whose datagram is whole now, in which there may be an aggregate again.
 * Bounded by the room that the caller gives. */
#include <sensor/decode/decode.h>
#include <sensor/decode/unpack.h>

/* Further packets borrow what was joined before them: each round has a room of its own. */
static void join(struct sl_defrag *d, struct sl_packets *to, size_t i, bool checksums)
{
	struct sl_packet *p = &to->at[i];
	while (p->part != SL_PART_NONE && to->joined_n < to->joined_max &&
	       sl_defrag_packet(d, p, checksums, to->joined[to->joined_n], to))
		to->joined_n++;
	if (p->part != SL_PART_NONE) { /* no room is left */
		p->part = SL_PART_NONE;
		to->lost++;
	}
}

/* The frame's own packet is at `own`: puts what is a part together, and the own one last. Not inlined: a
 * packet would be on the stack of every frame's way. */
__attribute__((noinline)) static void sort_out(struct sl_defrag *defrag, bool checksums, struct sl_packets *to, size_t own)
{
	size_t i = own + 1;
	for (; i < to->n; i++)
		join(defrag, to, i, checksums);
	join(defrag, to, own, checksums);
	for (; i < to->n; i++) /* what came out of the last one */
		join(defrag, to, i, checksums);
	if (to->n == own + 1)
		return;
	struct sl_packet last = to->at[own];
	memmove(&to->at[own], &to->at[own + 1], (to->n - own - 1) * sizeof last);
	to->at[to->n - 1] = last;
}

void sl_unpack(struct sl_defrag *defrag, const struct sl_frame *frame, bool checksums,
	       struct sl_packets *to)
{
	size_t own = to->n;
	sl_decode_all(frame, checksums, to);
	if (to->n > own + 1 || to->at[own].part != SL_PART_NONE)
		sort_out(defrag, checksums, to, own);
}
