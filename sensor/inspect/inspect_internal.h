/* The inspector itself: private to inspect.c, stream.c, talk.c and what they hold for the parsers. */
#ifndef SELAT_SENSOR_INSPECT_INSPECT_INTERNAL_H
#define SELAT_SENSOR_INSPECT_INSPECT_INTERNAL_H

#include <sensor/inspect/expect.h>
#include <sensor/inspect/gather.h>
#include <sensor/inspect/parse.h>

enum {
	SL_ROOM_BYTES = 384 * 1024,  /* more than the largest message and its values, unpacked */
	SL_SPARE_BYTES = 18 << 20, /* the ring of Brotli's largest window, and some more */
	SL_FILE_HASHES = 3,
	SL_TRIES_MOST = 4, /* chunks a side, or datagrams, after which no protocol is looked for */
};

struct sl_inspect {
	struct sl_inspect_config config;
	struct sl_gather *gather;
	struct sl_expect *expect;
	struct evp_md_st *hash[SL_FILE_HASHES]; /* NULL: not wanted; of file.c */
	uint64_t hold_left;  /* of config.state_bytes */
	uint64_t spare; /* bytes that bodies may unpack beyond what they earn: SL_SPARE_BYTES at most */
	size_t values_n;     /* of the message at hand */
	size_t room_used;
	struct sl_value value[SL_VALUES_MAX];
	uint8_t room[SL_ROOM_BYTES];
};

extern const struct sl_parser *const sl_parsers[SL_APP_COUNT]; /* NULL: none */

/* Inline: once a packet. */
static inline struct sl_talk sl_talk_of(struct sl_inspect *i, struct sl_flow *flow, struct sl_slot *slot,
					unsigned side)
{
	i->values_n = 0;
	i->room_used = 0;
	return (struct sl_talk){ .inspect = i, .flow = flow, .slot = slot, .at = &slot->side[side],
				 .state = slot->state, .parser = sl_parsers[flow->app], .side = side };
}

/* The flow speaks this from now on. False: there is no memory for its state. */
bool sl_talk_found(struct sl_talk *t, enum sl_app app);

#endif
