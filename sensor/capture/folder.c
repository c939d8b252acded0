/* Walks folders with fts(3), which bounds depth, sorts, and does not follow links in circles. */
#include <errno.h>
#include <fts.h>
#include <selat/log.h>
#include <sensor/capture/folder.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_capture(const char *name)
{
	static const char *const ends[] = { ".pcap", ".pcapng", ".cap" };
	size_t len = strlen(name);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = strlen(ends[i]);
		if (len > n && strcmp(name + len - n, ends[i]) == 0)
			return true;
	}
	return false;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_unreadable(const FTSENT *e)
{
	bool entry = e->fts_info == FTS_NS || e->fts_info == FTS_SLNONE;
	return e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || (entry && is_capture(e->fts_name));
}

static int add_folder(char *path, struct sl_list *files, bool *partial, struct sl_err *err)
{
	char *roots[] = { path, NULL };
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (!walk)
		return sl_fail(err, SL_EFAIL, "%s: %s", path, strerror(errno));

	int rc = SL_OK;
	for (FTSENT *e; rc == SL_OK && (e = fts_read(walk));) {
		if (is_unreadable(e)) {
			sl_log(SL_ERROR, "capture", "%s: %s; passed over", e->fts_path,
			       strerror(e->fts_errno ? e->fts_errno : ENOENT));
			*partial = true;
		} else if (e->fts_info == FTS_F && is_capture(e->fts_name) &&
			   sl_list_add(files, e->fts_path) != SL_OK) {
			rc = sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
		}
	}
	fts_close(walk);
	return rc;
}

struct timed {
	uint64_t time;
	size_t order; /* by name */
	char *path;
};

static int by_time(const void *x, const void *y)
{
	const struct timed *a = x, *b = y;
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Captures of one folder follow one another in time, whatever they are called. */
static int sort_by_time(char **path, size_t n, uint64_t (*time_of)(const char *path), struct sl_err *err)
{
	struct timed *list = calloc(n ? n : 1, sizeof *list);
	if (!list)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		list[i] = (struct timed){ time_of(path[i]), i, path[i] };
	qsort(list, n, sizeof *list, by_time);
	for (size_t i = 0; i < n; i++)
		path[i] = list[i].path;
	free(list);
	return SL_OK;
}

int sl_folder_expand(const struct sl_list *paths, uint64_t (*time_of)(const char *path),
		     struct sl_list *files, bool *partial, struct sl_err *err)
{
	*partial = false;
	for (size_t i = 0; i < paths->n; i++) {
		struct stat st;
		char *path = paths->item[i];
		size_t before = files->n;
		int rc = SL_OK;
		if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
			rc = sl_list_add(files, path) == SL_OK
				     ? SL_OK
				     : sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
		} else {
			rc = add_folder(path, files, partial, err);
			if (rc == SL_OK && files->n == before)
				rc = sl_fail(err, SL_EFAIL,
					     "%s: no captures in this folder (*.pcap, *.pcapng, *.cap)",
					     path);
			if (rc == SL_OK)
				rc = sort_by_time(files->item + before, files->n - before, time_of, err);
		}
		if (rc != SL_OK)
			return rc;
	}
	return SL_OK;
}
