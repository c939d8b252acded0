/* Connections that others have announced: FTP's data connections. A small table per worker, of a fixed
 * size: the least recently announced of its place makes room, counted. An announcement is good for
 * minutes and for one connection. It is found by both addresses and the port that listens: a flow's
 * addresses stay with one worker. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_EXPECT_H
#define SELAT_SENSOR_INSPECT_EXPECT_H

#include <selat/err.h>
#include <sensor/flow/flow.h>

enum { SL_EXPECT_NAME_MAX = 255 };
enum sl_expect_kind { SL_EXPECT_FILE, SL_EXPECT_LISTING };

struct sl_expected {
	enum sl_expect_kind kind;
	bool part; /* it is to begin in the file's middle */
	uint8_t name_len;
	uint8_t name[SL_EXPECT_NAME_MAX];
};

struct sl_expect;
int sl_expect_new(struct sl_expect **out, struct sl_counters *counters, struct sl_err *err);
void sl_expect_free(struct sl_expect *e); /* NULL is fine */

/* A connection between the ends of `control`, to this port of its side `listener`. What is known of it
 * can be filled in until the table is used next. */
struct sl_expected *sl_expect_add(struct sl_expect *e, const struct sl_flow *control, unsigned listener,
				  uint16_t port);
/* The same later; NULL: it is not expected any more. */
struct sl_expected *sl_expect_find(struct sl_expect *e, const struct sl_flow *control, unsigned listener,
				   uint16_t port);

/* Is this flow one that is expected? Cheap while nothing is. */
bool sl_expect_meets(struct sl_expect *e, const struct sl_flow *flow);
/* The same, with what was said of it; it is not expected any more. */
bool sl_expect_take(struct sl_expect *e, const struct sl_flow *flow, struct sl_expected *out);

#endif
