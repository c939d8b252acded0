/* Reload: seeing that a file changed. inotify on the folders tells of renames at once; once a second the
 * files are looked at all the same, because links and network file systems tell nothing. What decides
 * is what stat says, so nothing is loaded twice. The reload thread. */
#include <libgen.h>
#include <poll.h>
#include <selat/log.h>
#include <selat/time.h>
#include <sensor/reload_internal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TICK_MS = 1000 };

#define SECOND UINT64_C(1000000000)
#define OLD (10 * SECOND) /* a change that is older was not made for this look */

static uint64_t nanoseconds(struct timespec t)
{
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

void sl_watched_look(struct sl_watched *w)
{
	struct stat st;

	w->now = (struct sl_file_sign){ 0 };
	if (w->path && stat(w->path, &st) == 0)
		w->now = (struct sl_file_sign){ st.st_dev, st.st_ino, (uint64_t)st.st_size,
						nanoseconds(st.st_ctim), nanoseconds(st.st_mtim) };
}

static bool same(const struct sl_file_sign *a, const struct sl_file_sign *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* Did it change? Without a word from inotify or from the operator it must have been at rest for a tick:
 * somebody may be writing it. */
static bool changed(struct sl_watched *w, bool told)
{
	struct sl_file_sign before = w->now;

	sl_watched_look(w);
	if (same(&w->now, &w->tried) || !(told || same(&w->now, &before)))
		return false;
	w->tried = w->now;
	return true;
}

/* When the files changed that are to be loaded. */
static uint64_t since(const struct sl_watched *a, const struct sl_watched *b)
{
	uint64_t now = sl_time_now(),
		 latest = a->now.changed > b->now.changed ? a->now.changed : b->now.changed;
	return latest < now && now - latest < OLD ? latest : now;
}

static void look(struct sl_reload *r, bool told)
{
	struct sl_watched *ruleset = &r->file[SL_WATCH_RULESET], *delta = &r->file[SL_WATCH_DELTA];
	struct sl_watched *allow = &r->file[SL_WATCH_ALLOW];
	bool base_changed = changed(ruleset, told), delta_changed = changed(delta, told);

	if (changed(allow, told))
		sl_reload_allow(r);
	if (base_changed || delta_changed)
		sl_reload_ruleset(r, base_changed, since(ruleset, delta));
}

/* What was refused is tried again when somebody asks. */
static void forget_refused(struct sl_reload *r)
{
	for (unsigned i = 0; i < SL_WATCHED; i++)
		if (r->file[i].refused)
			r->file[i].tried = (struct sl_file_sign){ .inode = UINT64_MAX };
}

/* --- inotify --- */

static void watch_folder(struct sl_reload *r, const char *path)
{
	char *copy = path ? strdup(path) : NULL;

	if (copy && inotify_add_watch(r->inotify_fd, dirname(copy), IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		sl_log(SL_DEBUG, "ruleset", "%s: cannot be watched: it is looked at once a second",
		       path);
	free(copy);
}

static bool is_ours(const struct sl_reload *r, const char *name)
{
	for (unsigned i = 0; i < SL_WATCHED; i++) {
		const char *path = r->file[i].path, *slash = path ? strrchr(path, '/') : NULL;
		if (path && strcmp(slash ? slash + 1 : path, name) == 0)
			return true;
	}
	return false;
}

/* Takes what inotify has to say; true if it was about one of the files. */
static bool take_events(const struct sl_reload *r)
{
	alignas(struct inotify_event) char bytes[4096];
	bool ours = false;
	ssize_t n;

	while ((n = read(r->inotify_fd, bytes, sizeof bytes)) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(bytes + at);
			ours = ours || (e->len && is_ours(r, e->name));
			at += (ssize_t)(sizeof *e + e->len);
		}
	return ours;
}

static void watch(struct sl_reload *r)
{
	if (!r->config.watch)
		return;
	r->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->inotify_fd < 0)
		return;
	watch_folder(r, r->file[SL_WATCH_RULESET].path);
	watch_folder(r, r->file[SL_WATCH_ALLOW].path);
}

void *sl_reload_main(void *arg)
{
	struct sl_reload *r = arg;
	uint64_t count, tick_ms = sl_time_mono_ms() + TICK_MS;

	watch(r);
	if (r->config.watch)
		look(r, true); /* it may have changed since it was loaded */
	while (!atomic_load(&r->stop)) {
		struct pollfd fd[2] = { { .fd = r->wake_fd, .events = POLLIN },
					{ .fd = r->inotify_fd, .events = POLLIN } };
		int n = poll(fd, 2, r->config.watch ? TICK_MS : -1);
		bool told = n > 0 && fd[1].revents && take_events(r);
		if (n > 0 && fd[0].revents && read(r->wake_fd, &count, sizeof count) > 0 &&
		    atomic_exchange(&r->ask, false)) {
			forget_refused(r);
			told = true;
		}
		bool tick = r->config.watch && sl_time_mono_ms() >= tick_ms;
		if (tick)
			tick_ms = sl_time_mono_ms() + TICK_MS;
		if (told || tick)
			look(r, told);
	}
	if (r->inotify_fd >= 0)
		close(r->inotify_fd);
	return NULL;
}
