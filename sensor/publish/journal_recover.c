/* Journal: what earlier epochs left behind. At start, before any thread.
 *
 * Only the last file of an epoch can end in the middle of a record: the process was killed while it
 * wrote. That end is cut off and said; the alert in it was never published. A file whose head makes
 * no sense is put aside under another name, never removed. */
#include "journal_internal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <selat/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEQ_DIGITS = 20 };

static int is_epoch(const struct dirent *e)
{
	return sl_epoch_valid(e->d_name);
}

static int is_segment(const struct dirent *e)
{
	return strspn(e->d_name, "0123456789") == SEQ_DIGITS &&
	       strcmp(e->d_name + SEQ_DIGITS, ".seg") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_names(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static void put_aside(const char *path)
{
	char aside[PATH_MAX + 16];

	snprintf(aside, sizeof aside, "%s.damaged", path);
	if (rename(path, aside) != 0)
		sl_log(SL_ERROR, "journal", "%s is damaged and cannot be renamed: %s", path,
		       strerror(errno));
	else
		sl_log(SL_ERROR, "journal", "%s is damaged: its alerts are not sent; kept as %s",
		       path, aside);
}

/* 1: a good head; 0: no file of ours, dealt with; negative: it cannot be read. */
static int read_head(int fd, const char *path, struct segment *s, struct sl_err *err)
{
	struct sl_segment_head head;
	struct stat st;

	ssize_t n = pread(fd, &head, sizeof head, 0);
	if (n < 0 || fstat(fd, &st) != 0)
		return sl_fail(err, SL_EFAIL, "journal: %s: %s", path, strerror(errno));
	if (n < (ssize_t)sizeof head) { /* killed before the first record */
		unlink(path);
		return 0;
	}
	if (!sl_segment_head_valid(&head) || strcmp(head.epoch, s->epoch) != 0 ||
	    head.first != s->first) {
		put_aside(path);
		return 0;
	}
	s->size = (uint64_t)st.st_size;
	return 1;
}

/* Reads an epoch's last file to its end; cuts what a killed process left. */
static int scan_last(int fd, const char *path, struct segment *s, struct sl_err *err)
{
	struct sl_window w;
	struct sl_segment_find find;
	struct sl_span json;
	uint64_t end = sizeof(struct sl_segment_head);

	int rc = sl_window_init(&w, dup(fd), err);
	if (rc != SL_OK)
		return rc;
	s->next = s->first;
	while ((rc = sl_segment_find(&w, end, s->size, &find, &json, err)) == 1) {
		end = find.offset + sl_record_size(find.head.len);
		s->next = find.head.seq + 1;
	}
	sl_window_fini(&w);
	if (rc < 0)
		return rc;
	if (find.skipped) {
		bool cut = find.skipped <= sl_record_size(SL_RECORD_JSON_MAX) &&
			   ftruncate(fd, (off_t)end) == 0;
		sl_log(SL_WARN, "journal",
		       "%s: its last %" PRIu64 " bytes are no whole alert: %s; the sensor was "
		       "stopped while it wrote",
		       path, find.skipped, cut ? "cut off" : "passed over");
	}
	s->size = end;
	if (s->next == s->first)
		unlink(path);
	return SL_OK;
}

static int recover_segment(struct sl_journal *j, struct segment *s, bool last, struct sl_err *err)
{
	char path[PATH_MAX];

	sl_journal_segment_path(j, s, path);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return sl_fail(err, SL_EFAIL, "journal: %s: %s", path, strerror(errno));
	int rc = read_head(fd, path, s, err);
	if (rc == 1 && last)
		rc = scan_last(fd, path, s, err);
	close(fd);
	if (rc < 0 || s->size == 0 || (last && s->next == s->first))
		return rc < 0 ? rc : SL_OK;
	if (sl_journal_add_segment(j, s) != SL_OK)
		return sl_fail(err, SL_ENOMEM, "journal: out of memory");
	return SL_OK;
}

static int recover_epoch(struct sl_journal *j, const char *epoch, struct sl_err *err)
{
	char folder[PATH_MAX];
	struct dirent **names;
	int rc = SL_OK;

	int len = snprintf(folder, sizeof folder, "%s/%s", j->path, epoch);
	assert(len > 0 && (size_t)len < sizeof folder);
	(void)len;
	int n = scandir(folder, &names, is_segment, by_name);
	if (n < 0)
		return sl_fail(err, SL_EFAIL, "journal: %s: %s", folder, strerror(errno));
	for (int i = 0; i < n && rc == SL_OK; i++) {
		bool last = i + 1 == n;
		struct segment s = { .first = strtoull(names[i]->d_name, NULL, 10) };
		strcpy(s.epoch, epoch);
		s.next = last ? s.first : strtoull(names[i + 1]->d_name, NULL, 10);
		rc = recover_segment(j, &s, last, err);
	}
	free_names(names, n);
	rmdir(folder); /* only if nothing is left in it */
	return rc;
}

int sl_journal_recover(struct sl_journal *j, char newest[SL_EPOCH_TEXT], struct sl_err *err)
{
	struct dirent **names;
	int rc = SL_OK;

	int n = scandir(j->path, &names, is_epoch, by_name);
	if (n < 0)
		return sl_fail(err, SL_EFAIL, "journal: %s: %s", j->path, strerror(errno));
	for (int i = 0; i < n && rc == SL_OK; i++)
		rc = recover_epoch(j, names[i]->d_name, err);
	if (n > 0)
		strcpy(newest, names[n - 1]->d_name);
	free_names(names, n);
	return rc;
}
