/* Journal: writing. Publisher's thread.
 *
 * A record is written at a known offset (pwrite), so that a write that stopped half-way on a full
 * disk is overwritten by the next try and never leaves a hole. Files are made when their first
 * alert comes: a run without alerts leaves nothing. */
#include "journal.h"
#include "journal_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <selat/log.h>
#include <selat/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SEGMENT_DEFAULT = 64 * 1024 * 1024 };

static int lock_directory(struct sl_journal *j, const char *directory, struct sl_err *err)
{
	char path[PATH_MAX], owner[32] = "";

	if (mkdir(directory, 0750) != 0 && errno != EEXIST)
		return sl_fail(err, SL_EFAIL, "journal: %s: %s", directory, strerror(errno));
	snprintf(path, sizeof path, "%s/lock", directory);
	j->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (j->lock < 0)
		return sl_fail(err, SL_EFAIL, "journal: %s: %s", path, strerror(errno));
	if (flock(j->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return sl_fail(err, SL_EFAIL, "journal: %s: %s", path, strerror(errno));
		ssize_t n = pread(j->lock, owner, sizeof owner - 1, 0);
		owner[n > 0 ? strcspn(owner, "\n") : 0] = '\0';
		return sl_fail(err, SL_EFAIL,
			       "journal: %s is in use by another sensor (process %s): stop it, or "
			       "give this one a journal.directory of its own",
			       directory, owner[0] ? owner : "unknown");
	}
	int len = snprintf(owner, sizeof owner, "%ld\n", (long)getpid());
	if (ftruncate(j->lock, 0) != 0 || pwrite(j->lock, owner, (size_t)len, 0) != len)
		sl_log(SL_DEBUG, "journal", "%s: %s", path, strerror(errno)); /* only a hint */
	return SL_OK;
}

static int open_in(struct sl_journal *j, const struct sl_journal_config *config, struct sl_err *err)
{
	char newest[SL_EPOCH_TEXT] = "";

	int n = snprintf(j->path, sizeof j->path, "%s/journal", config->directory);
	if (n < 0 || (size_t)n + 64 > sizeof j->path)
		return sl_fail(err, SL_EUSAGE, "journal: %s: the name is too long",
			       config->directory);
	if (strlen(config->sensor_id) >= sizeof j->sensor ||
	    strlen(config->country) >= sizeof j->country)
		return sl_fail(err, SL_EUSAGE, "sensor.id may have %zu bytes, sensor.country %zu",
			       sizeof j->sensor - 1, sizeof j->country - 1);
	strcpy(j->sensor, config->sensor_id);
	strcpy(j->country, config->country);
	int rc = lock_directory(j, config->directory, err);
	if (rc != SL_OK)
		return rc;
	if (mkdir(j->path, 0750) != 0 && errno != EEXIST)
		return sl_fail(err, SL_EFAIL, "journal: %s: %s", j->path, strerror(errno));
	rc = sl_journal_recover(j, newest, err);
	return rc == SL_OK ? sl_epoch_new(j->epoch, newest, err) : rc;
}

int sl_journal_open(struct sl_journal **out, const struct sl_journal_config *config,
		    struct sl_err *err)
{
	struct sl_journal *j = calloc(1, sizeof *j);
	if (!j)
		return sl_fail(err, SL_ENOMEM, "journal: out of memory");
	j->fd = j->lock = -1;
	j->seq = 1;
	j->max = config->max ? config->max : UINT64_MAX;
	j->segment_max = config->segment ? config->segment : SEGMENT_DEFAULT;
	if (j->segment_max > j->max / 2) /* else nothing could go before everything is full */
		j->segment_max = j->max / 2;
	int rc = open_in(j, config, err);
	if (rc != SL_OK) {
		sl_journal_free(j);
		return rc;
	}
	*out = j;
	return SL_OK;
}

void sl_journal_free(struct sl_journal *j)
{
	if (!j)
		return;
	sl_journal_sync(j, true, NULL);
	if (j->fd >= 0)
		close(j->fd);
	if (j->lock >= 0)
		close(j->lock);
	free(j->segments);
	free(j);
}

const char *sl_journal_epoch(const struct sl_journal *j)
{
	return j->epoch;
}

const char *sl_journal_path(const struct sl_journal *j)
{
	return j->path;
}

uint64_t sl_journal_seq(const struct sl_journal *j)
{
	return j->seq;
}

int sl_journal_add_segment(struct sl_journal *j, const struct segment *s)
{
	if (j->segments_n == j->segments_room) {
		size_t room = j->segments_room ? 2 * j->segments_room : 16;
		struct segment *more = realloc(j->segments, room * sizeof *more);
		if (!more)
			return SL_ENOMEM;
		j->segments = more;
		j->segments_room = room;
	}
	j->segments[j->segments_n++] = *s;
	j->bytes += s->size;
	return SL_OK;
}

void sl_journal_segment_path(const struct sl_journal *j, const struct segment *s,
			     char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s/%s/%020" PRIu64 ".seg", j->path, s->epoch, s->first);
	assert(n > 0 && n < PATH_MAX); /* sl_journal_open saw to it */
	(void)n;
}

static int fail_write(struct sl_journal *j, struct sl_err *err)
{
	int code = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? SL_EAGAIN : SL_EFAIL;
	return sl_fail(err, code, "%s: %s", j->path, strerror(errno));
}

/* So that a file's name survives a power cut as its bytes do. */
static void sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fsync(fd) != 0)
		sl_log(SL_WARN, "journal", "%s: %s", path, strerror(errno));
	close(fd);
}

static int begin_segment(struct sl_journal *j, struct sl_err *err)
{
	struct segment s = { .first = j->seq,
			     .next = j->seq,
			     .size = sizeof(struct sl_segment_head) };
	struct sl_segment_head head = { .first = j->seq };
	char path[PATH_MAX], folder[PATH_MAX];

	strcpy(s.epoch, j->epoch);
	memcpy(head.sensor, j->sensor, sizeof head.sensor);
	memcpy(head.country, j->country, sizeof head.country);
	memcpy(head.epoch, j->epoch, sizeof j->epoch);
	sl_segment_head_seal(&head);

	int n = snprintf(folder, sizeof folder, "%s/%s", j->path, j->epoch);
	if (n < 0 || (size_t)n >= sizeof folder || (mkdir(folder, 0750) != 0 && errno != EEXIST))
		return fail_write(j, err);
	sl_journal_segment_path(j, &s, path);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return fail_write(j, err);
	ssize_t wrote = pwrite(fd, &head, sizeof head, 0);
	if (wrote >= 0 && wrote < (ssize_t)sizeof head)
		errno = ENOSPC;
	if (wrote != (ssize_t)sizeof head || sl_journal_add_segment(j, &s) != SL_OK) {
		int rc = fail_write(j, err);
		close(fd);
		unlink(path);
		return rc;
	}
	sync_directory(folder);
	sync_directory(j->path);
	j->fd = fd;
	return SL_OK;
}

static int end_segment(struct sl_journal *j, struct sl_err *err)
{
	int rc = sl_journal_sync(j, true, err);
	if (rc != SL_OK)
		return rc;
	close(j->fd);
	j->fd = -1;
	return SL_OK;
}

/* Is there room within journal.max? Without readers the oldest file makes room. */
static int make_room(struct sl_journal *j, uint64_t size, struct sl_err *err)
{
	while (j->unread && j->segments_n > 1 && j->bytes + size > j->max)
		sl_journal_release(j, j->base + 1);
	if (j->bytes + size > j->max)
		return sl_fail(err, SL_EAGAIN,
			       "%s: No space left on device (journal.max, %" PRIu64
			       " bytes, is used up)",
			       j->path, j->max);
	return SL_OK;
}

/* The record at its place in the file; what a failure left there, the next try overwrites. */
static int write_record(struct sl_journal *j, struct segment *s, const struct sl_record_head *head,
			struct sl_span json, struct sl_err *err)
{
	static const uint8_t zeros[8] = { 0 };
	uint64_t size = sl_record_size(json.len);
	struct iovec part[3] = {
		{ .iov_base = (void *)head, .iov_len = sizeof *head },
		{ .iov_base = (void *)json.at, .iov_len = json.len },
		{ .iov_base = (void *)zeros, .iov_len = size - sizeof *head - json.len },
	};

	errno = 0;
	ssize_t n = pwritev(j->fd, part, 3, (off_t)s->size);
	if (n == (ssize_t)size)
		return SL_OK;
	if (n >= 0) { /* cut short: the disk is full */
		if (ftruncate(j->fd, (off_t)s->size) != 0)
			sl_log(SL_DEBUG, "journal", "%s: %s", j->path, strerror(errno));
		errno = ENOSPC;
	}
	return fail_write(j, err);
}

int sl_journal_append(struct sl_journal *j, const struct sl_journal_entry *e, struct sl_err *err)
{
	struct sl_record_head head = { .seq = j->seq,
				       .time = e->time,
				       .tlp = (uint8_t)e->tlp,
				       .severity = (uint8_t)e->severity };
	uint64_t size = sl_record_size(e->json.len);
	int rc = SL_OK;

	if (e->json.len > SL_RECORD_JSON_MAX)
		return sl_fail(err, SL_EFORMAT,
			       "alert %s/%s/%" PRIu64 " has %zu bytes, more than %d", j->sensor,
			       j->epoch, j->seq, e->json.len, SL_RECORD_JSON_MAX);
	if (j->fd >= 0 && j->segments[j->segments_n - 1].size + size > j->segment_max &&
	    j->segments[j->segments_n - 1].next > j->segments[j->segments_n - 1].first)
		rc = end_segment(j, err);
	if (rc == SL_OK)
		rc = make_room(j, size + (j->fd < 0 ? sizeof(struct sl_segment_head) : 0), err);
	if (rc == SL_OK && j->fd < 0)
		rc = begin_segment(j, err);
	if (rc != SL_OK)
		return rc;

	sl_record_seal(&head, e->json);
	struct segment *s = &j->segments[j->segments_n - 1];
	rc = write_record(j, s, &head, e->json, err);
	if (rc != SL_OK)
		return rc;
	s->size += size;
	s->next = ++j->seq;
	j->bytes += size;
	if (!j->dirty)
		j->dirty_ms = sl_time_mono_ms();
	j->dirty = true;
	return SL_OK;
}

int sl_journal_sync_due(const struct sl_journal *j)
{
	if (!j->dirty)
		return -1;
	uint64_t waited = sl_time_mono_ms() - j->dirty_ms;
	return waited >= JOURNAL_SYNC_MS ? 0 : (int)(JOURNAL_SYNC_MS - waited);
}

int sl_journal_sync(struct sl_journal *j, bool now, struct sl_err *err)
{
	if (!j->dirty || (!now && sl_journal_sync_due(j) > 0))
		return SL_OK;
	if (fdatasync(j->fd) != 0) {
		j->dirty_ms = sl_time_mono_ms();
		return fail_write(j, err);
	}
	j->dirty = false;
	return SL_OK;
}

void sl_journal_unread(struct sl_journal *j)
{
	j->unread = true;
}

uint64_t sl_journal_end(const struct sl_journal *j)
{
	return j->base + j->segments_n;
}

void sl_journal_release(struct sl_journal *j, uint64_t segment)
{
	char path[PATH_MAX];
	size_t n = 0;

	while (n < j->segments_n && j->base + n < segment) {
		struct segment *s = &j->segments[n];
		if (n + 1 == j->segments_n && j->fd >= 0) { /* it was being written */
			close(j->fd);
			j->fd = -1;
			j->dirty = false;
		}
		sl_journal_segment_path(j, s, path);
		if (unlink(path) != 0 && errno != ENOENT)
			sl_log(SL_WARN, "journal", "%s: cannot remove it: %s", path,
			       strerror(errno));
		*strrchr(path, '/') = '\0';
		rmdir(path); /* fails while the epoch has other files */
		j->bytes -= s->size;
		n++;
	}
	if (n == 0)
		return;
	memmove(j->segments, j->segments + n, (j->segments_n - n) * sizeof *j->segments);
	j->segments_n -= n;
	j->base += n;
}

uint64_t sl_journal_count(const struct sl_journal *j, const char *epoch, uint64_t seq)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < j->segments_n; i++) {
		const struct segment *s = &j->segments[i];
		int order = strcmp(s->epoch, epoch);
		uint64_t from = order == 0 && seq > s->first ? seq : s->first;
		if (order >= 0 && s->next > from)
			sum += s->next - from;
	}
	return sum;
}
