/* Numbers for requests and what answers them, in protocols that keep both in order (HTTP/1, FTP): the
 * n-th answer is the n-th request's, and both are transaction n. Where bytes are missing the count goes
 * on at a number that neither side has used. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_PAIRS_H
#define SELAT_SENSOR_INSPECT_PAIRS_H

#include <sensor/inspect/parse.h>

enum {
	SL_PAIRS_OPEN = 256,  /* requests without an answer: when there are more, the oldest ends */
	SL_PAIRS_EARLY = 255, /* answers whose request waits behind a hole */
};

/* The last numbers given out. Zero at first. */
struct sl_pairs {
	uint32_t asked, answered;
};

/* Was this number answered, and not asked yet? */
static inline bool sl_pairs_early(const struct sl_pairs *p, uint32_t tx)
{
	return (int32_t)(tx - p->asked) > 0;
}

static inline bool sl_pairs_answered(const struct sl_pairs *p, uint32_t tx)
{
	return (int32_t)(tx - p->answered) <= 0;
}

/* The number of a request that was read. */
static inline uint32_t sl_pairs_ask(const struct sl_talk *t, struct sl_pairs *p)
{
	p->asked++;
	if ((int32_t)(p->asked - p->answered) > SL_PAIRS_OPEN)
		sl_talk_tx_end(t, p->asked - SL_PAIRS_OPEN);
	return p->asked;
}

/* The number of an answer that was read. One that nobody waits for has a number of its own, unless its
 * request is still held back by the reassembly. */
static inline uint32_t sl_pairs_answer(const struct sl_talk *t, struct sl_pairs *p)
{
	bool held = t->flow->side[!t->side].held_n;
	p->answered++;
	if ((int32_t)(p->answered - p->asked) > (held ? SL_PAIRS_EARLY : 0))
		p->asked = p->answered;
	return p->answered;
}

/* Messages of the talk's side are missing: nobody knows which answer is whose. Ends what waits, but for
 * `open`, whose body is under way (0: none). */
static inline void sl_pairs_lost(const struct sl_talk *t, struct sl_pairs *p, uint32_t open)
{
	bool early = (int32_t)(p->answered - p->asked) > 0;
	uint32_t last = early ? p->answered : p->asked, before = early ? p->asked : p->answered;
	if (last - before > SL_PAIRS_OPEN)
		before = last - SL_PAIRS_OPEN;
	p->asked = p->answered = last;
	while (before != last)
		if (++before != open)
			sl_talk_tx_end(t, before);
}

#endif
