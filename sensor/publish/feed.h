/* Feed: from the journal to Kafka, each route by its own policy and its own mark. Publisher's
 * thread alone, once it runs. */
#ifndef SELAT_SENSOR_PUBLISH_FEED_H
#define SELAT_SENSOR_PUBLISH_FEED_H

#include <selat/counter.h>
#include <sensor/publish/journal.h>
#include <sensor/publish/route.h>

struct sl_feed;

struct sl_feed_config { /* all borrowed until free */
	struct sl_journal *journal;
	const struct sl_map *kafka;
	const char *servers; /* the embedded broker's; NULL: the settings' */
	const struct sl_routes *routes;
	struct sl_counters *counters;
};

int sl_feed_new(struct sl_feed **out, const struct sl_feed_config *config, struct sl_err *err);
void sl_feed_free(struct sl_feed *f); /* NULL is fine */

/* Sends what is new, takes delivery reports for at most wait_ms, moves marks, lets files go. */
void sl_feed_pump(struct sl_feed *f, int wait_ms);

bool sl_feed_busy(const struct sl_feed *f); /* reports are due, or something is to be sent again */
bool sl_feed_done(const struct sl_feed *f); /* all that the journal has is delivered */
uint64_t sl_feed_waiting(const struct sl_feed *f); /* alerts not yet delivered, over all routes */

#endif
