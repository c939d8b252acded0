/* What walking (feed.c) and sending (feed_send.c) share. */
#ifndef SELAT_SENSOR_FEED_INTERNAL_H
#define SELAT_SENSOR_FEED_INTERNAL_H

#include "alert.h"
#include "feed.h"
#include "mark.h"

#include <selat/kafka.h>
#include <selat/log.h>

enum { SL_FEED_WINDOW = 4096, SL_FEED_AGAIN_MS = 500, SL_FEED_TAG_ROUTE = 48 };

enum sl_flight_state { SL_FLIGHT_SENT, SL_FLIGHT_REFUSED, SL_FLIGHT_DONE };

struct sl_flight {
	struct sl_journal_place at;
	uint64_t seq,
		route_seq; /* route_seq: the one it has, or the next one's if it is withheld */
	enum sl_flight_state state;
	bool withheld;
	char epoch[SL_EPOCH_TEXT];
};

struct sl_feed_lane { /* a route at work */
	const struct sl_route *route;
	struct sl_journal_reader *reader;
	struct sl_mark mark;
	struct sl_flight flight[SL_FEED_WINDOW]; /* by number modulo SL_FEED_WINDOW */
	uint64_t first, next;                    /* numbers in flight */
	uint64_t segment;   /* the file of the first alert that is not delivered */
	uint64_t route_seq; /* the next one that passes gets it */
	uint64_t refused;   /* flights to be sent again */
	uint64_t again_ms;  /* not before */
	char why[256];      /* the last refusal; "": none since the last delivery */
	struct sl_pace pace;
	char read_epoch[SL_EPOCH_TEXT]; /* the next alert to read from the journal */
	uint64_t read_seq;
	bool back;     /* something was delivered since the last complaint */
	bool troubled; /* said, and not yet taken back */
	bool at_end;   /* of the journal, when it last looked */
};

struct sl_feed {
	struct sl_feed_config config;
	struct sl_producer *producer;
	uint64_t producer_again_ms;
	size_t n;
	struct sl_feed_lane lane[];
};

/* feed_send.c: sends again what was refused, oldest first. */
void sl_feed_send_refused(struct sl_feed *f, struct sl_feed_lane *l);
/* Takes one alert from the journal into the window. False: there is none, or not now. */
bool sl_feed_send_next(struct sl_feed *f, struct sl_feed_lane *l);

#endif
