/* Segment: records in a journal file, and finding them again.
 *
 * A record counts only if its head and its JSON have the right checksums. After a damaged place the
 * search goes on in steps of eight bytes, so that one bad block costs the alerts in it and no more.
 */
#include "segment.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

enum { WINDOW = 256 * 1024, WINDOW_ROOM = SL_RECORD_JSON_MAX + 4096 };

_Static_assert(sizeof(struct sl_segment_head) == 256, "on disk");
_Static_assert(sizeof(struct sl_record_head) == 40, "on disk");

void sl_segment_head_seal(struct sl_segment_head *h)
{
	memcpy(h->magic, SL_SEGMENT_MAGIC, sizeof h->magic);
	h->check = XXH3_64bits(h, offsetof(struct sl_segment_head, check));
}

bool sl_segment_head_valid(const struct sl_segment_head *h)
{
	return memcmp(h->magic, SL_SEGMENT_MAGIC, sizeof h->magic) == 0 &&
	       h->check == XXH3_64bits(h, offsetof(struct sl_segment_head, check)) &&
	       memchr(h->sensor, 0, sizeof h->sensor) && memchr(h->country, 0, sizeof h->country) &&
	       memchr(h->epoch, 0, sizeof h->epoch);
}

static uint32_t head_check(const struct sl_record_head *h)
{
	return (uint32_t)XXH3_64bits(h, offsetof(struct sl_record_head, head_check));
}

void sl_record_seal(struct sl_record_head *h, struct sl_span json)
{
	h->magic = SL_RECORD_MAGIC;
	h->len = (uint32_t)json.len;
	h->unused[0] = h->unused[1] = 0;
	h->check = XXH3_64bits(json.at, json.len);
	h->head_check = head_check(h);
}

bool sl_record_head_valid(const struct sl_record_head *h)
{
	return h->magic == SL_RECORD_MAGIC && h->len <= SL_RECORD_JSON_MAX &&
	       h->head_check == head_check(h);
}

bool sl_record_valid(const struct sl_record_head *h, const uint8_t *json)
{
	return XXH3_64bits(json, h->len) == h->check;
}

int sl_window_init(struct sl_window *w, int fd, struct sl_err *err)
{
	*w = (struct sl_window){ .fd = fd, .bytes = malloc(WINDOW_ROOM) };
	return w->bytes ? SL_OK : sl_fail(err, SL_ENOMEM, "out of memory");
}

void sl_window_use(struct sl_window *w, int fd)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	w->offset = w->len = 0;
}

void sl_window_fini(struct sl_window *w)
{
	sl_window_use(w, -1);
	free(w->bytes);
	w->bytes = NULL;
}

/* The bytes [offset, offset + len) of the file: 1, or 0 if the file ends earlier. */
static int window_get(struct sl_window *w, uint64_t offset, size_t len, uint64_t end,
		      const uint8_t **bytes, struct sl_err *err)
{
	if (offset > end || end - offset < len)
		return 0;
	if (offset < w->offset || offset + len > w->offset + w->len) {
		uint64_t want = end - offset;
		if (want > WINDOW)
			want = len > WINDOW ? len : WINDOW;
		w->offset = offset;
		w->len = 0;
		while (w->len < want) {
			ssize_t n = pread(w->fd, w->bytes + w->len, want - w->len,
					  (off_t)(offset + w->len));
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return sl_fail(err, SL_EFAIL, "reading at %llu: %s",
					       (unsigned long long)offset, strerror(errno));
			if (n == 0)
				break;
			w->len += (size_t)n;
		}
		if (w->len < len)
			return 0;
	}
	*bytes = w->bytes + (offset - w->offset);
	return 1;
}

int sl_segment_find(struct sl_window *w, uint64_t offset, uint64_t end,
		    struct sl_segment_find *find, struct sl_span *json, struct sl_err *err)
{
	const uint8_t *bytes;
	uint64_t begin = offset;
	int rc;

	for (;; offset += 8) {
		rc = window_get(w, offset, sizeof find->head, end, &bytes, err);
		if (rc <= 0)
			break;
		memcpy(&find->head, bytes, sizeof find->head);
		if (!sl_record_head_valid(&find->head))
			continue;
		size_t size = (size_t)sl_record_size(find->head.len);
		rc = window_get(w, offset, size, end, &bytes, err);
		if (rc < 0)
			break;
		if (rc == 0 || !sl_record_valid(&find->head, bytes + sizeof find->head))
			continue;
		find->offset = offset;
		find->skipped = offset - begin;
		*json = sl_span_of(bytes + sizeof find->head, find->head.len);
		return 1;
	}
	find->skipped = end > begin ? end - begin : 0;
	return rc;
}
