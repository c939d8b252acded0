/* Merge: which outbox has the next record. */
#ifndef SELAT_SENSOR_PUBLISH_MERGE_H
#define SELAT_SENSOR_PUBLISH_MERGE_H

#include <sensor/publish/outbox.h>

struct sl_merge {
	struct sl_outbox **outbox;
	size_t n;
	bool ordered; /* by packet number; else each in its turn */
	size_t turn;
};

enum sl_merge_state {
	SL_MERGE_RECORD,  /* *from has a record to take */
	SL_MERGE_IDLE,    /* no outbox has a record */
	SL_MERGE_BLOCKED, /* there are records; a worker that lags must first reach *wanted */
	SL_MERGE_ENDED,   /* all are closed and empty */
};

enum sl_merge_state sl_merge_next(struct sl_merge *m, struct sl_outbox **from, uint64_t *wanted);

#endif
