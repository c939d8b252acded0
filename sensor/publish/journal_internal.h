/* What the journal's three files share. */
#ifndef SELAT_SENSOR_PUBLISH_JOURNAL_INTERNAL_H
#define SELAT_SENSOR_PUBLISH_JOURNAL_INTERNAL_H

#include <limits.h>
#include <sensor/publish/journal.h>
#include <sensor/publish/segment.h>

struct segment {
	char epoch[SL_EPOCH_TEXT];
	uint64_t first, next; /* seq of its first record, and after its last */
	uint64_t size;        /* bytes that count */
};

struct sl_journal {
	char path[PATH_MAX]; /* DIRECTORY/journal */
	int lock;
	char sensor[SL_SEGMENT_SENSOR], country[SL_SEGMENT_COUNTRY], epoch[SL_EPOCH_TEXT];
	uint64_t max, segment_max;

	struct segment *segments; /* oldest first; the last one is written if fd is open */
	size_t segments_n, segments_room;
	uint64_t base;  /* number of segments[0] */
	uint64_t bytes; /* on disk */
	bool unread;

	int fd; /* the file that is written; -1: none yet */
	uint64_t seq;
	bool dirty;
	uint64_t dirty_ms; /* when it became so */
};

enum { JOURNAL_SYNC_MS = 200 };

/* Finds what earlier epochs left; cuts torn ends. Fills segments and the newest epoch's name. */
int sl_journal_recover(struct sl_journal *j, char newest[SL_EPOCH_TEXT], struct sl_err *err);
int sl_journal_add_segment(struct sl_journal *j, const struct segment *s);
void sl_journal_segment_path(const struct sl_journal *j, const struct segment *s,
			     char out[PATH_MAX]);

#endif
