/* Mark: how far a route has delivered, in a small file of two checked slots written in turn: a
 * write that is torn leaves the other. */
#ifndef SELAT_SENSOR_PUBLISH_MARK_H
#define SELAT_SENSOR_PUBLISH_MARK_H

#include <selat/err.h>
#include <sensor/publish/epoch.h>
#include <stdint.h>

struct sl_mark {
	int fd;
	uint64_t writes;
	char epoch[SL_EPOCH_TEXT]; /* "": before everything */
	uint64_t seq;              /* of the first alert that is not yet delivered */
	uint64_t route_seq;        /* its number on this route, if it passes */
};

/* Reads FOLDER/ROUTE.mark, or makes it. A damaged one is said and counts as none. */
int sl_mark_open(struct sl_mark *m, const char *folder, const char *route, struct sl_err *err);
int sl_mark_save(struct sl_mark *m, struct sl_err *err);
void sl_mark_close(struct sl_mark *m);

#endif
