/* Output: JSON Lines to a file, a pipe or stdout. Publisher's thread.
 *
 * Lines gather in a buffer and go out whole. An error ends the output for good: a half line is cut
 * off a regular file, what was and was not written is counted, and later lines are thrown away, so
 * that nobody waits for a disk that is full. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <selat/time.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, WAIT_MS = 200 };

struct sl_output {
	const char *path, *what; /* borrowed */
	int fd;
	bool is_stdout;
	bool gone; /* the reader of stdout left */
	int error; /* errno of the first failure */
	uint64_t written, refused;
	_Atomic uint64_t give_up_ms; /* 0: never */
	size_t len, lines; /* in the buffer */
	char buffer[BUFFER];
};

static int open_path(const char *path, int flags)
{
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, 0640);
}

int sl_output_new(struct sl_output **out, const char *path, bool append, const char *what,
		  struct sl_err *err)
{
	struct sl_output *o = malloc(sizeof *o);
	if (!o)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	memset(o, 0, offsetof(struct sl_output, buffer));
	o->path = path;
	o->what = what;
	o->is_stdout = strcmp(path, "-") == 0;
	o->fd = o->is_stdout ? STDOUT_FILENO : open_path(path, append ? O_APPEND : O_TRUNC);
	if (o->fd < 0) {
		int rc = sl_fail(err, SL_EFAIL, "%s: %s", path, strerror(errno));
		free(o);
		return rc;
	}
	*out = o;
	return SL_OK;
}

static size_t count_lines(const char *at, size_t len)
{
	size_t n = 0;
	for (const char *end = at + len; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		n++;
	return n;
}

/* Leaves a regular file at the end of its last whole line. */
static void cut_half_line(struct sl_output *o, const char *at, size_t done)
{
	const char *newline = memrchr(at, '\n', done);
	size_t half = newline ? done - (size_t)(newline - at) - 1 : done;
	struct stat st;

	if (half && fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= (off_t)half)
		if (ftruncate(o->fd, st.st_size - (off_t)half) != 0)
			return; /* the half line stays: the error is said anyway */
}

static void fail_output(struct sl_output *o, int error)
{
	if (error == EPIPE && o->is_stdout)
		o->gone = true;
	else
		o->error = error;
}

void sl_output_give_up(struct sl_output *o, uint64_t when_ms)
{
	if (o)
		atomic_store(&o->give_up_ms, when_ms);
}

/* A write that cannot block: a regular file takes anything, a pipe at least PIPE_BUF once it says that
 * it takes some. -1 with ETIMEDOUT: its reader was waited for long enough. */
static ssize_t write_some(struct sl_output *o, const char *at, size_t len)
{
	struct stat st;
	if (fstat(o->fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
		return write(o->fd, at, len);
	struct pollfd fd = { .fd = o->fd, .events = POLLOUT };
	while (poll(&fd, 1, WAIT_MS) == 0) {
		uint64_t end = atomic_load(&o->give_up_ms);
		if (end && sl_time_mono_ms() >= end) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return write(o->fd, at, len < PIPE_BUF ? len : PIPE_BUF);
}

/* Writes whole lines; returns false after counting what went wrong. */
static bool write_all(struct sl_output *o, const char *at, size_t len, size_t lines)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write_some(o, at + done, len - done);
		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN) { /* somebody made our stdout non-blocking */
			poll(&(struct pollfd){ .fd = o->fd, .events = POLLOUT }, 1, -1);
			continue;
		}
		fail_output(o, errno);
		size_t whole = count_lines(at, done);
		cut_half_line(o, at, done);
		o->written += whole;
		if (!o->gone)
			o->refused += lines - whole;
		return false;
	}
	o->written += lines;
	return true;
}

void sl_output_flush(struct sl_output *o)
{
	if (o->len && !sl_output_ended(o))
		write_all(o, o->buffer, o->len, o->lines);
	o->len = o->lines = 0;
}

static void buffer_line(struct sl_output *o, struct sl_span line)
{
	memcpy(o->buffer + o->len, line.at, line.len);
	o->len += line.len;
	o->buffer[o->len++] = '\n';
	o->lines++;
}

static void write_long(struct sl_output *o, struct sl_span line)
{
	char *copy = malloc(line.len + 1);
	if (!copy) {
		o->error = ENOMEM;
		o->refused++;
		return;
	}
	memcpy(copy, line.at, line.len);
	copy[line.len] = '\n';
	write_all(o, copy, line.len + 1, 1);
	free(copy);
}

void sl_output_line(struct sl_output *o, struct sl_span line)
{
	if (line.len + 1 > sizeof o->buffer - o->len)
		sl_output_flush(o);
	if (o->gone)
		return;
	if (o->error)
		o->refused++;
	else if (line.len + 1 > sizeof o->buffer)
		write_long(o, line);
	else
		buffer_line(o, line);
}

int sl_output_reopen(struct sl_output *o, struct sl_err *err)
{
	if (o->is_stdout || o->error)
		return SL_OK;
	sl_output_flush(o);
	int fd = open_path(o->path, O_APPEND);
	if (fd < 0)
		return sl_fail(err, SL_EFAIL, "%s: %s: the old file stays in use", o->path,
			       strerror(errno));
	close(o->fd);
	o->fd = fd;
	return SL_OK;
}

uint64_t sl_output_written(const struct sl_output *o)
{
	return o->written;
}

uint64_t sl_output_refused(const struct sl_output *o)
{
	return o->refused;
}

bool sl_output_ended(const struct sl_output *o)
{
	return o->gone || o->error;
}

int sl_output_finish(struct sl_output *o, struct sl_err *err)
{
	sl_output_flush(o);
	if (!o->is_stdout && o->fd >= 0) {
		if (close(o->fd) != 0 && !o->error)
			o->error = errno;
		o->fd = -1;
	}
	if (o->error)
		return sl_fail(err, SL_EFAIL, "%s: %s: %" PRIu64 " %s written, %" PRIu64 " not",
			       o->is_stdout ? "standard output" : o->path, strerror(o->error),
			       o->written, o->what, o->refused);
	return SL_OK;
}

void sl_output_free(struct sl_output *o)
{
	if (!o)
		return;
	if (!o->is_stdout && o->fd >= 0)
		close(o->fd);
	free(o);
}
