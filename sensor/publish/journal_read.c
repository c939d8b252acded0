/* Journal: reading, each route at its own place. Publisher's thread.
 *
 * A reader ends where the journal's own count of bytes ends, so it never sees a record that is
 * being written. A damaged place is said once, when it is passed. */
#include "journal_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <selat/log.h>
#include <stdlib.h>
#include <unistd.h>

struct sl_journal_reader {
	struct sl_journal *journal;
	struct sl_journal_place at;  /* of the next record */
	struct sl_window window;     /* fd -1: the file is not open */
	struct sl_segment_head head; /* of the open file */
	uint64_t from;               /* alerts of this file before this seq are stepped over */
};

int sl_journal_reader_new(struct sl_journal_reader **out, struct sl_journal *j, struct sl_err *err)
{
	struct sl_journal_reader *r = calloc(1, sizeof *r);
	if (!r)
		return sl_fail(err, SL_ENOMEM, "journal: out of memory");
	r->journal = j;
	int rc = sl_window_init(&r->window, -1, err);
	if (rc != SL_OK) {
		free(r);
		return rc;
	}
	sl_journal_reader_seek(r, (struct sl_journal_place){ j->base, 0 });
	*out = r;
	return SL_OK;
}

void sl_journal_reader_free(struct sl_journal_reader *r)
{
	if (!r)
		return;
	sl_window_fini(&r->window);
	free(r);
}

void sl_journal_reader_seek(struct sl_journal_reader *r, struct sl_journal_place at)
{
	if (at.segment != r->at.segment)
		sl_window_use(&r->window, -1);
	if (at.offset < sizeof(struct sl_segment_head))
		at.offset = sizeof(struct sl_segment_head);
	r->at = at;
	r->from = 0;
}

struct sl_journal_place sl_journal_reader_place(const struct sl_journal_reader *r)
{
	return r->at;
}

void sl_journal_reader_find(struct sl_journal_reader *r, const char *epoch, uint64_t seq)
{
	const struct sl_journal *j = r->journal;
	size_t i = 0;

	while (i < j->segments_n) {
		const struct segment *s = &j->segments[i];
		int order = strcmp(s->epoch, epoch);
		if (order > 0 || (order == 0 && seq < s->next))
			break;
		i++;
	}
	sl_journal_reader_seek(r, (struct sl_journal_place){ j->base + i, 0 });
	if (i < j->segments_n && strcmp(j->segments[i].epoch, epoch) == 0)
		r->from = seq;
}

static int open_file(struct sl_journal_reader *r, const struct segment *s, struct sl_err *err)
{
	char path[PATH_MAX];

	sl_journal_segment_path(r->journal, s, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sl_fail(err, SL_EFAIL, "journal: %s: %s", path, strerror(errno));
	if (pread(fd, &r->head, sizeof r->head, 0) != (ssize_t)sizeof r->head ||
	    !sl_segment_head_valid(&r->head)) {
		close(fd);
		return sl_fail(err, SL_EFAIL, "journal: %s: its head became unreadable", path);
	}
	sl_window_use(&r->window, fd);
	return SL_OK;
}

static void say_damage(const struct sl_journal_reader *r, const struct segment *s, uint64_t bytes)
{
	char path[PATH_MAX];

	sl_journal_segment_path(r->journal, s, path);
	sl_log(SL_ERROR, "journal",
	       "%s: %" PRIu64 " bytes from %" PRIu64 " on are damaged: the alerts in them are lost",
	       path, bytes, r->at.offset);
}

static void fill_entry(const struct sl_journal_reader *r, const struct sl_record_head *head,
		       struct sl_span json, struct sl_journal_entry *e)
{
	*e = (struct sl_journal_entry){ .seq = head->seq,
					.time = head->time,
					.tlp = (enum sl_tlp)head->tlp,
					.severity = (enum sl_severity)head->severity,
					.json = json,
					.epoch = r->head.epoch,
					.sensor = r->head.sensor,
					.country = r->head.country };
}

/* The next record of the file the reader is in: 1, 0 at its end, or negative. */
static int next_here(struct sl_journal_reader *r, const struct segment *s,
		     struct sl_journal_entry *e, struct sl_journal_place *at, struct sl_err *err)
{
	struct sl_segment_find find;
	struct sl_span json;

	while (r->at.offset < s->size) {
		int rc = r->window.fd < 0 ? open_file(r, s, err) : SL_OK;
		if (rc == SL_OK)
			rc = sl_segment_find(&r->window, r->at.offset, s->size, &find, &json, err);
		if (rc < 0)
			return rc;
		if (find.skipped)
			say_damage(r, s, find.skipped);
		if (rc == 0) {
			r->at.offset = s->size;
			return 0;
		}
		*at = (struct sl_journal_place){ r->at.segment, find.offset };
		r->at.offset = find.offset + sl_record_size(find.head.len);
		if (find.head.seq < r->from)
			continue;
		fill_entry(r, &find.head, json, e);
		return 1;
	}
	return 0;
}

int sl_journal_reader_next(struct sl_journal_reader *r, struct sl_journal_entry *e,
			   struct sl_journal_place *at, struct sl_err *err)
{
	const struct sl_journal *j = r->journal;

	if (r->at.segment < j->base)
		sl_journal_reader_seek(r, (struct sl_journal_place){ j->base, 0 });
	while (r->at.segment < sl_journal_end(j)) {
		const struct segment *s = &j->segments[r->at.segment - j->base];
		int rc = next_here(r, s, e, at, err);
		if (rc != 0)
			return rc;
		if (r->at.segment + 1 == sl_journal_end(j) && j->fd >= 0)
			return 0; /* more may come to this file */
		sl_journal_reader_seek(r, (struct sl_journal_place){ r->at.segment + 1, 0 });
	}
	return 0;
}
