/* Mark: a route's delivered position. Publisher's thread.
 *
 * A mark that is older than the truth makes alerts go out twice under the same id and route_seq;
 * one that is newer would lose them. So it is written only after delivery, and never synced. */
#include "mark.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <selat/log.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define MAGIC "SELATM1\n"
enum { SLOTS = 2 };

struct slot { /* 128 bytes */
	char magic[8];
	uint64_t writes, seq, route_seq;
	char epoch[32];
	uint8_t unused[56];
	uint64_t check; /* XXH3 of what precedes */
};
_Static_assert(sizeof(struct slot) == 128, "on disk");

static bool slot_valid(const struct slot *s)
{
	return memcmp(s->magic, MAGIC, sizeof s->magic) == 0 &&
	       s->check == XXH3_64bits(s, offsetof(struct slot, check)) &&
	       memchr(s->epoch, 0, sizeof s->epoch) &&
	       (s->epoch[0] == '\0' || sl_epoch_valid(s->epoch));
}

int sl_mark_open(struct sl_mark *m, const char *folder, const char *route, struct sl_err *err)
{
	char path[PATH_MAX];
	struct slot slot[SLOTS];

	*m = (struct sl_mark){ .fd = -1, .seq = 1, .route_seq = 1 };
	int len = snprintf(path, sizeof path, "%s/%s.mark", folder, route);
	if (len < 0 || (size_t)len >= sizeof path)
		return sl_fail(err, SL_EFAIL, "%s: the name is too long", folder);
	m->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (m->fd < 0)
		return sl_fail(err, SL_EFAIL, "%s: %s", path, strerror(errno));
	ssize_t n = pread(m->fd, slot, sizeof slot, 0);
	if (n < 0)
		return sl_fail(err, SL_EFAIL, "%s: %s", path, strerror(errno));
	for (size_t i = 0; (i + 1) * sizeof *slot <= (size_t)n; i++) {
		if (!slot_valid(&slot[i]) || slot[i].writes < m->writes)
			continue;
		m->writes = slot[i].writes;
		m->seq = slot[i].seq;
		m->route_seq = slot[i].route_seq;
		memcpy(m->epoch, slot[i].epoch, sizeof m->epoch);
	}
	if (n > 0 && m->writes == 0)
		sl_log(SL_WARN, "journal",
		       "%s is damaged: route %s sends the whole journal again, under the same ids",
		       path, route);
	return SL_OK;
}

int sl_mark_save(struct sl_mark *m, struct sl_err *err)
{
	struct slot s = { .writes = m->writes + 1, .seq = m->seq, .route_seq = m->route_seq };

	memcpy(s.magic, MAGIC, sizeof s.magic);
	memcpy(s.epoch, m->epoch, sizeof m->epoch);
	s.check = XXH3_64bits(&s, offsetof(struct slot, check));
	off_t at = (off_t)((s.writes % SLOTS) * sizeof s);
	ssize_t n = pwrite(m->fd, &s, sizeof s, at);
	if (n != (ssize_t)sizeof s)
		return sl_fail(err, SL_EFAIL, "%s", strerror(n < 0 ? errno : ENOSPC));
	m->writes++;
	return SL_OK;
}

void sl_mark_close(struct sl_mark *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}
