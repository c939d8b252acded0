/* Reload: the run's ruleset and its site's exceptions follow their files.
 *
 * A thread of its own sees that a file changed, or is asked to look; loads; refuses what must not be
 * used; and publishes what may be by one store. Workers take it up between batches. The ruleset before
 * is freed when its last user lets go of it. */
#ifndef SELAT_SENSOR_RELOAD_H
#define SELAT_SENSOR_RELOAD_H

#include <selat/counter.h>
#include <selat/err.h>
#include <stdbool.h>
#include <stddef.h>

struct sl_loaded_ruleset;
struct sl_publisher;
struct sl_reload;

struct sl_reload_config { /* borrowed until free */
	const char *ruleset;
	const char *allow; /* NULL: there are no exceptions */
	bool watch;        /* else only when asked */
	bool force;        /* takes a ruleset with less than half of its predecessor's indicators */
	unsigned workers;
};

/* Loads the ruleset, and FILE.delta if it is there and was made for it. */
int sl_reload_new(struct sl_reload **out, const struct sl_reload_config *config, struct sl_err *err);

/* Begins to watch. Exceptions go to the publisher, which outlives the thread. */
int sl_reload_start(struct sl_reload *r, struct sl_publisher *publisher, struct sl_err *err);

void sl_reload_free(struct sl_reload *r); /* ends the thread; NULL is fine */

/* Looks now, also at what was refused before (SIGHUP). Any thread. */
void sl_reload_ask(struct sl_reload *r);

/* The ruleset in use, with a reference for the caller. Any thread. */
struct sl_loaded_ruleset *sl_reload_current(struct sl_reload *r);

/* A worker's, between batches: a newer ruleset than the one that it has, with a reference; NULL: there
 * is none. When it is in use, or could not be, the worker says so. */
struct sl_loaded_ruleset *sl_reload_next(struct sl_reload *r, unsigned worker);
void sl_reload_taken(struct sl_reload *r, unsigned worker);

const struct sl_counters *sl_reload_counters(const struct sl_reload *r);

#endif
