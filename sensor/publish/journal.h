/* Journal: alerts on disk, append-only, until every route has delivered them.
 *
 * DIRECTORY/lock, DIRECTORY/journal/EPOCH/SEQ.seg. Every start begins a new epoch; what earlier
 * ones hold is only read. An alert is there as soon as sl_journal_append returned: a killed process
 * loses nothing; a machine that loses power loses what sl_journal_sync had not yet written down.
 * Publisher's thread alone. */
#ifndef SELAT_SENSOR_PUBLISH_JOURNAL_H
#define SELAT_SENSOR_PUBLISH_JOURNAL_H

#include <selat/err.h>
#include <selat/span.h>
#include <selat/tlp.h>
#include <sensor/publish/epoch.h>

struct sl_journal;

struct sl_journal_config {
	const char *directory, *sensor_id, *country;
	uint64_t max;     /* bytes on disk; 0: no limit */
	uint64_t segment; /* bytes a file; 0: the default, 64 MiB */
};

/* Locks the directory (made if it is not there), cuts a torn end off, names a new epoch. */
int sl_journal_open(struct sl_journal **out, const struct sl_journal_config *config,
		    struct sl_err *err);
void sl_journal_free(struct sl_journal *j); /* syncs; NULL is fine */

const char *sl_journal_epoch(const struct sl_journal *j);
const char *sl_journal_path(const struct sl_journal *j); /* DIRECTORY/journal */
uint64_t sl_journal_seq(const struct sl_journal *j);     /* the next alert's */

/* What routes decide by, and the JSON. sl_journal_append takes time, labels and JSON. */
struct sl_journal_entry {
	uint64_t seq, time;
	enum sl_tlp tlp;
	enum sl_severity severity;
	struct sl_span json;
	const char *epoch, *sensor, *country; /* from the file's head; borrowed like json */
};

/* SL_OK; SL_EAGAIN: no room on disk, nothing was written, try again; SL_EFORMAT: it is longer than
 * an alert may be; SL_EFAIL: another trouble, worth trying again too. */
int sl_journal_append(struct sl_journal *j, const struct sl_journal_entry *e, struct sl_err *err);

/* fdatasync if the last one is older than the group commit's time, or `now`. */
int sl_journal_sync(struct sl_journal *j, bool now, struct sl_err *err);
/* Milliseconds until a sync is due; -1: nothing is unwritten. */
int sl_journal_sync_due(const struct sl_journal *j);

/* --- reading: each route at its own place --- */

struct sl_journal_place {
	uint64_t segment; /* a number that rises from file to file */
	uint64_t offset;
};

struct sl_journal_reader;

int sl_journal_reader_new(struct sl_journal_reader **out, struct sl_journal *j, struct sl_err *err);
void sl_journal_reader_free(struct sl_journal_reader *r); /* NULL is fine */

/* Goes to the first alert of (epoch, seq) or after it; what is older than the journal: its begin.
 */
void sl_journal_reader_find(struct sl_journal_reader *r, const char *epoch, uint64_t seq);
void sl_journal_reader_seek(struct sl_journal_reader *r, struct sl_journal_place at);
struct sl_journal_place sl_journal_reader_place(const struct sl_journal_reader *r);

/* 1: an alert, borrowed until the next call, and its place; 0: there is no more yet; negative:
 * the file cannot be read. Damaged records are logged and stepped over. */
int sl_journal_reader_next(struct sl_journal_reader *r, struct sl_journal_entry *e,
			   struct sl_journal_place *at, struct sl_err *err);

/* Alerts from (epoch, seq) on. */
uint64_t sl_journal_count(const struct sl_journal *j, const char *epoch, uint64_t seq);

/* Every route is done with all files before this one: they may go, even the one that is written. */
void sl_journal_release(struct sl_journal *j, uint64_t segment);
uint64_t sl_journal_end(const struct sl_journal *j); /* number of the file after the last */

/* No route reads this journal: it keeps the newest files within its bound. */
void sl_journal_unread(struct sl_journal *j);

#endif
