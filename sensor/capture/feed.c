/* A stdio stream by fopencookie(3). libpcap refuses a pcapng file whose interfaces differ in their
 * snapshot length, as captures from several interfaces do, although it does nothing with the number:
 * every interface's is made the same as the bytes pass (draft-ietf-opsawg-pcapng, section 4.2). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sensor/capture/feed.h>
#include <sensor/capture/frame.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEAD = 16, /* bytes of a block that are looked at */
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in either byte order */
	BLOCK_INTERFACE = 1,
	BLOCK_LEAST = 12,
	SNAPLEN_AT = 12,
	STREAM_BYTES = 65536,
	WAIT_MS = 100,
};
#define BYTE_ORDER_MAGIC 0x1a2b3c4du

struct feed {
	struct sl_feed_config config;
	bool *waiting;
	int fd;
	bool regular; /* else reading may block, and a signal must end it */
	/* pcapng */
	bool known, pcapng, swapped;
	uint64_t at, len; /* in the block */
	uint8_t head[HEAD];
};

static uint32_t number(const struct feed *f, size_t at)
{
	uint32_t n;
	memcpy(&n, f->head + at, 4);
	return f->swapped ? __builtin_bswap32(n) : n;
}

/* The block's head so far: its byte order, its length. */
static void look(struct feed *f)
{
	if (f->at == 4 && !f->known) {
		f->known = true;
		f->pcapng = number(f, 0) == BLOCK_SECTION;
	}
	if (f->at == 12 && number(f, 0) == BLOCK_SECTION) {
		uint32_t magic;
		memcpy(&magic, f->head + 8, 4);
		f->swapped = magic != BYTE_ORDER_MAGIC;
	}
	if (f->at == 12)
		f->len = number(f, 4);
	if (f->at == 12 && f->len < BLOCK_LEAST)
		f->pcapng = false; /* nonsense: libpcap will say so */
}

static void put_right(struct feed *f, uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n && (f->pcapng || !f->known);) {
		if (f->at >= HEAD || (f->at >= 12 && f->at >= f->len)) {
			uint64_t skip = f->len > f->at ? f->len - f->at : 0;
			uint64_t step = skip < n - i ? skip : n - i;
			f->at += step;
			i += (size_t)step;
			if (f->at >= f->len)
				f->at = f->len = 0;
			continue;
		}
		const uint32_t snaplen = f->swapped ? __builtin_bswap32(SL_SNAPLEN) : SL_SNAPLEN;
		if (f->at >= SNAPLEN_AT && number(f, 0) == BLOCK_INTERFACE)
			memcpy(bytes + i, (const uint8_t *)&snaplen + (f->at - SNAPLEN_AT), 1);
		f->head[f->at++] = bytes[i++];
		look(f);
	}
}

/* True if there may be more bytes; false: the run is to end. */
static bool wait_for_more(struct feed *f)
{
	struct pollfd fd = { .fd = f->config.wake_fd, .events = POLLIN };
	*f->waiting = true;
	return poll(&fd, 1, WAIT_MS) == 0;
}

static bool readable_now(int fd)
{
	struct pollfd list = { .fd = fd, .events = POLLIN };
	return poll(&list, 1, 0) > 0;
}

/* A pipe or a terminal: false if the run is to end before there are bytes. */
static bool wait_for_bytes(struct feed *f)
{
	struct pollfd list[2] = { { .fd = f->fd, .events = POLLIN },
				  { .fd = f->config.wake_fd, .events = POLLIN } };
	if (f->regular)
		return true;
	while (poll(list, 2, -1) < 0 && errno == EINTR)
		;
	return list[1].revents == 0;
}

static ssize_t feed_read(void *cookie, char *out, size_t size)
{
	struct feed *f = cookie;
	ssize_t n;
	for (;;) {
		if (!wait_for_bytes(f))
			return 0;
		n = read(f->fd, out, size);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n != 0 || !f->config.follow || !wait_for_more(f))
			break;
	}
	*f->waiting = false;
	if (n > 0)
		put_right(f, (uint8_t *)out, (size_t)n);
	if (n > 0)
		*f->waiting = f->regular ? f->config.follow && (size_t)n < size : !readable_now(f->fd);
	return n;
}

static int feed_close(void *cookie)
{
	struct feed *f = cookie;
	if (f->fd != STDIN_FILENO)
		close(f->fd);
	free(f);
	return 0;
}

FILE *sl_feed_open(const struct sl_feed_config *config, bool *waiting, bool *slow)
{
	cookie_io_functions_t io = { .read = feed_read, .close = feed_close };
	struct feed *f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	f->config = *config;
	f->waiting = waiting;
	*waiting = false;
	f->fd = strcmp(config->path, "-") == 0 ? STDIN_FILENO
					       : open(config->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	f->regular = f->fd >= 0 && fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode);
	*slow = config->follow || !f->regular;
	FILE *stream = f->fd >= 0 ? fopencookie(f, "r", io) : NULL;
	if (!stream) {
		int saved = errno;
		if (f->fd > STDIN_FILENO)
			close(f->fd);
		free(f);
		errno = saved;
		return NULL;
	}
	setvbuf(stream, NULL, _IOFBF, STREAM_BYTES);
	return stream;
}
