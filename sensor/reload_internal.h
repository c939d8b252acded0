/* What loading (reload.c) and watching (reload_watch.c) share. */
#ifndef SELAT_SENSOR_RELOAD_INTERNAL_H
#define SELAT_SENSOR_RELOAD_INTERNAL_H

#include <pthread.h>
#include <sensor/reload.h>
#include <stdatomic.h>
#include <stdint.h>

/* What tells one state of a file from another; all zero: it is not there. */
struct sl_file_sign {
	uint64_t device, inode, size, changed, modified; /* times in ns */
};

struct sl_watched {
	char *path;
	struct sl_file_sign now;   /* when it was looked at last */
	struct sl_file_sign tried; /* when it was loaded, or refused */
	bool refused;
};

enum { SL_WATCH_RULESET, SL_WATCH_DELTA, SL_WATCH_ALLOW, SL_WATCHED };

struct sl_reload {
	struct sl_reload_config config;
	struct sl_counters counters;
	struct sl_publisher *publisher;
	struct sl_watched file[SL_WATCHED];
	struct sl_loaded_ruleset *base; /* of the ruleset in use; the thread's */
	bool has_delta;                 /* the ruleset in use is more than its base */

	pthread_mutex_t lock; /* over `current` and what goes with it */
	struct sl_loaded_ruleset *current;
	_Atomic uint64_t generation;
	struct sl_taken { /* of each worker: generations that it was given, and looks for */
		uint64_t given;
		_Atomic uint64_t taken;
	} *worker;

	pthread_t thread;
	bool started;
	int wake_fd, inotify_fd;
	_Atomic bool stop, ask;
};

/* reload.c: loads what changed. since_ns: wall clock when the file changed. */
void sl_reload_ruleset(struct sl_reload *r, bool base_changed, uint64_t since_ns);
void sl_reload_allow(struct sl_reload *r);

/* reload_watch.c */
void sl_watched_look(struct sl_watched *w); /* brings `now` up to date */
void *sl_reload_main(void *reload);

#endif
