/* Reload: loading, refusing, publishing. The last good ruleset stays until a better one is whole.
 *
 * Generations: `current` is one, workers that have not yet taken it up hold the one before. The thread
 * waits a moment for them before it loads again; a worker that waits for packets, of files, takes the
 * newest up with its next one. */
#include <errno.h>
#include <inttypes.h>
#include <selat/log.h>
#include <selat/ruleset.h>
#include <selat/time.h>
#include <sensor/detect/loaded.h>
#include <sensor/publish/allow.h>
#include <sensor/publish/publish.h>
#include <sensor/reload_internal.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { TAKE_UP_MS = 1000, LOOK_NS = 500000 };

/* --- loading --- */

static bool same_file(const struct sl_loaded_ruleset *a, const struct sl_loaded_ruleset *b)
{
	const struct sl_ruleset_header *x = sl_loaded_view(a)->header, *y = sl_loaded_view(b)->header;
	return memcmp(x->digest, y->digest, sizeof x->digest) == 0;
}

/* The base and the delta beside it, if that is there and fits. *delta: it is part of the result. */
static struct sl_loaded_ruleset *with_delta(struct sl_reload *r, struct sl_loaded_ruleset *base,
					    bool *delta, struct sl_err *err)
{
	struct sl_loaded_ruleset *both;
	struct sl_watched *w = &r->file[SL_WATCH_DELTA];

	*delta = false;
	if (w->now.inode == 0)
		return sl_loaded_retain(base);
	if (sl_loaded_open_delta(&both, base, w->path, err) != SL_OK) {
		w->refused = true;
		return NULL;
	}
	*delta = true;
	return both;
}

static int refuse_worse(const struct sl_reload *r, const struct sl_loaded_ruleset *next,
			struct sl_err *err)
{
	uint32_t n = sl_loaded_indicators(next), before = sl_loaded_indicators(r->current);
	const char *path = r->config.ruleset;

	if (n == 0)
		return sl_fail(err, SL_EFORMAT, "%s: has no indicators", path);
	if (!r->config.force && n < before / 2 + before % 2)
		return sl_fail(err, SL_EFORMAT,
			       "%s: has %u indicators, less than half of the %u before; if that is "
			       "meant, start the sensor anew or with --force",
			       path, n, before);
	return SL_OK;
}

/* What the files say now. Without a new base, a delta that does not fit changes nothing. */
static int load(struct sl_reload *r, bool base_changed, struct sl_loaded_ruleset **base,
		struct sl_loaded_ruleset **next, bool *delta, struct sl_err *err)
{
	struct sl_err why = { "" };
	int rc = SL_OK;

	*next = NULL;
	if (base_changed)
		rc = sl_loaded_open(base, r->config.ruleset, err);
	else
		*base = sl_loaded_retain(r->base);
	if (rc != SL_OK)
		return rc;
	*next = with_delta(r, *base, delta, &why);
	if (!*next && !base_changed)
		return sl_fail(err, SL_EFORMAT, "%s", why.text);
	if (!*next) {
		sl_count(&r->counters, SL_COUNT_DELTAS_SET_ASIDE);
		sl_log(SL_WARN, "ruleset", "%s; it is not used", why.text);
		*next = sl_loaded_retain(*base);
	}
	return SL_OK;
}

/* --- publishing --- */

/* Gives back the one before. */
static struct sl_loaded_ruleset *put_current(struct sl_reload *r, struct sl_loaded_ruleset *next)
{
	pthread_mutex_lock(&r->lock);
	struct sl_loaded_ruleset *before = r->current;
	r->current = next;
	atomic_fetch_add(&r->generation, 1);
	pthread_mutex_unlock(&r->lock);
	return before;
}

static unsigned workers_behind(const struct sl_reload *r)
{
	unsigned n = 0;
	for (unsigned i = 0; i < r->config.workers; i++)
		n += atomic_load(&r->worker[i].taken) != atomic_load(&r->generation);
	return n;
}

static unsigned wait_for_workers(struct sl_reload *r)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	uint64_t end_ms = sl_time_mono_ms() + TAKE_UP_MS;
	unsigned behind;

	while ((behind = workers_behind(r)) && sl_time_mono_ms() < end_ms && !atomic_load(&r->stop))
		nanosleep(&look, NULL);
	return behind;
}

static void say_live(struct sl_reload *r, uint64_t since_ns)
{
	unsigned behind = wait_for_workers(r);
	uint64_t now = sl_time_now();

	if (behind)
		sl_log(SL_INFO, "ruleset",
		       "%s: %u indicators%s live with the next packets; %u workers wait for some",
		       r->config.ruleset, sl_loaded_indicators(r->current),
		       r->has_delta ? ", with the delta's," : "", behind);
	else
		sl_log(SL_INFO, "ruleset", "%s: %u indicators%s live after %" PRIu64 " ms",
		       r->config.ruleset, sl_loaded_indicators(r->current),
		       r->has_delta ? ", with the delta's," : "",
		       now > since_ns ? (now - since_ns) / 1000000 : 0);
}

void sl_reload_ruleset(struct sl_reload *r, bool base_changed, uint64_t since_ns)
{
	struct sl_loaded_ruleset *base = NULL, *next = NULL;
	struct sl_err err = { "" };
	bool delta = false;
	int rc = load(r, base_changed, &base, &next, &delta, &err);

	if (rc == SL_OK && base_changed && !delta && !r->has_delta && same_file(base, r->base)) {
		sl_loaded_release(next); /* touched, and nothing else */
		sl_loaded_release(base);
		return;
	}
	if (rc == SL_OK)
		rc = refuse_worse(r, next, &err);
	if (rc == SL_OK)
		rc = sl_loaded_follow(next, r->current, &err);
	r->file[base_changed ? SL_WATCH_RULESET : SL_WATCH_DELTA].refused = rc != SL_OK;
	if (rc != SL_OK) {
		sl_count(&r->counters, SL_COUNT_RULESETS_REFUSED);
		sl_log(SL_ERROR, "ruleset", "%s; the one before stays in use, with %u indicators",
		       err.text, sl_loaded_indicators(r->current));
		sl_loaded_release(next);
		sl_loaded_release(base);
		return;
	}
	struct sl_loaded_ruleset *base_before = r->base, *before = put_current(r, next);
	r->base = base;
	r->has_delta = delta;
	sl_count(&r->counters, SL_COUNT_RULESETS_TAKEN);
	say_live(r, since_ns); /* then workers have let go, and freeing it costs no packet */
	sl_loaded_release(before);
	sl_loaded_release(base_before);
}

void sl_reload_allow(struct sl_reload *r)
{
	struct sl_watched *w = &r->file[SL_WATCH_ALLOW];
	struct sl_allow *allow = NULL;
	struct sl_err err = { "" };

	w->refused = sl_allow_open(&allow, w->path, &err) != SL_OK;
	if (w->refused) {
		sl_count(&r->counters, SL_COUNT_EXCEPTIONS_REFUSED);
		sl_log(SL_ERROR, "allow", "%s; the exceptions before stay in use", err.text);
		return;
	}
	sl_log(SL_INFO, "allow", "%s: %zu exceptions in use", w->path, sl_allow_lines(allow));
	sl_publisher_allow(r->publisher, allow);
}

/* --- life --- */

static int set_paths(struct sl_reload *r, struct sl_err *err)
{
	const struct sl_reload_config *c = &r->config;
	bool ok = (r->file[SL_WATCH_RULESET].path = strdup(c->ruleset)) &&
		  asprintf(&r->file[SL_WATCH_DELTA].path, "%s.delta", c->ruleset) >= 0 &&
		  (!c->allow || (r->file[SL_WATCH_ALLOW].path = strdup(c->allow)));

	r->worker = calloc(c->workers, sizeof *r->worker);
	if (!ok || !r->worker)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (unsigned i = 0; i < SL_WATCHED; i++) {
		sl_watched_look(&r->file[i]); /* before it is read: a later change is seen */
		r->file[i].tried = r->file[i].now;
	}
	return SL_OK;
}

int sl_reload_new(struct sl_reload **out, const struct sl_reload_config *config, struct sl_err *err)
{
	struct sl_reload *r = calloc(1, sizeof *r);

	if (!r)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	r->config = *config;
	r->wake_fd = r->inotify_fd = -1;
	pthread_mutex_init(&r->lock, NULL);
	int rc = set_paths(r, err);
	if (rc == SL_OK)
		rc = load(r, true, &r->base, &r->current, &r->has_delta, err);
	if (rc != SL_OK) {
		sl_reload_free(r);
		return rc;
	}
	*out = r;
	return SL_OK;
}

int sl_reload_start(struct sl_reload *r, struct sl_publisher *publisher, struct sl_err *err)
{
	r->publisher = publisher;
	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = r->wake_fd < 0 ? errno : pthread_create(&r->thread, NULL, sl_reload_main, r);
	if (rc != 0)
		return sl_fail(err, SL_EFAIL, "cannot watch the ruleset: %s", strerror(rc));
	r->started = true;
	return SL_OK;
}

static void wake(struct sl_reload *r)
{
	uint64_t one = 1;
	if (r->wake_fd >= 0 && write(r->wake_fd, &one, sizeof one) < 0)
		return; /* its count is full: it wakes up all the same */
}

void sl_reload_ask(struct sl_reload *r)
{
	atomic_store(&r->ask, true);
	wake(r);
}

void sl_reload_free(struct sl_reload *r)
{
	if (!r)
		return;
	atomic_store(&r->stop, true);
	wake(r);
	if (r->started)
		pthread_join(r->thread, NULL);
	for (unsigned i = 0; i < SL_WATCHED; i++)
		free(r->file[i].path);
	if (r->wake_fd >= 0)
		close(r->wake_fd);
	sl_loaded_release(r->current);
	sl_loaded_release(r->base);
	pthread_mutex_destroy(&r->lock);
	free(r->worker);
	free(r);
}

/* --- who uses it --- */

struct sl_loaded_ruleset *sl_reload_current(struct sl_reload *r)
{
	pthread_mutex_lock(&r->lock);
	struct sl_loaded_ruleset *current = sl_loaded_retain(r->current);
	pthread_mutex_unlock(&r->lock);
	return current;
}

struct sl_loaded_ruleset *sl_reload_next(struct sl_reload *r, unsigned worker)
{
	struct sl_taken *w = &r->worker[worker];
	uint64_t generation = atomic_load_explicit(&r->generation, memory_order_acquire);

	if (generation == atomic_load_explicit(&w->taken, memory_order_relaxed))
		return NULL;
	pthread_mutex_lock(&r->lock);
	struct sl_loaded_ruleset *next = sl_loaded_retain(r->current);
	w->given = atomic_load(&r->generation);
	pthread_mutex_unlock(&r->lock);
	return next;
}

void sl_reload_taken(struct sl_reload *r, unsigned worker)
{
	atomic_store(&r->worker[worker].taken, r->worker[worker].given);
}

const struct sl_counters *sl_reload_counters(const struct sl_reload *r)
{
	return &r->counters;
}
