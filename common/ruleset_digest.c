/* The digest of a ruleset: over pieces, so that several threads can work at it, each on the piece
 * it has just read. Called by one thread, which waits for those it starts. */
#include <errno.h>
#include <pthread.h>
#include <selat/digest.h>
#include <selat/ruleset.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PIECE = 1 << 20, /* bytes */
	THREADS_MAX = 4,
	PIECES_ALONE = 16, /* that are not worth a thread */
};

struct work {
	uint8_t *bytes;
	size_t size, pieces;
	int fd; /* to read from first; -1: the bytes are there */
	atomic_size_t next;
	atomic_int error; /* errno; ENODATA: the file ended early */
	uint8_t (*digest)[SL_SHA256_SIZE];
};

static int piece_read(const struct work *w, size_t from, size_t to)
{
	while (from < to) {
		ssize_t n = pread(w->fd, w->bytes + from, to - from, (off_t)from);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n == 0)
			return ENODATA;
		from += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* The header's own digest counts as zeros. */
static int first_piece_digest(const struct work *w, size_t to)
{
	static const uint8_t zero[SL_SHA256_SIZE];
	const size_t from = offsetof(struct sl_ruleset_header, digest), behind = from + sizeof zero;
	if (to < behind) {
		sl_sha256(sl_span_of(w->bytes, to), w->digest[0]);
		return 0;
	}
	struct sl_sha256 *d = sl_sha256_new();
	if (!d)
		return ENOMEM;
	sl_sha256_add(d, sl_span_of(w->bytes, from));
	sl_sha256_add(d, sl_span_of(zero, sizeof zero));
	sl_sha256_add(d, sl_span_of(w->bytes + behind, to - behind));
	sl_sha256_end(d, w->digest[0]);
	return 0;
}

static int piece_digest(const struct work *w, size_t piece)
{
	size_t from = piece * PIECE, to = from + PIECE < w->size ? from + PIECE : w->size;
	int error = w->fd < 0 ? 0 : piece_read(w, from, to);
	if (error)
		return error;
	if (piece == 0)
		return first_piece_digest(w, to);
	sl_sha256(sl_span_of(w->bytes + from, to - from), w->digest[piece]);
	return 0;
}

static void *work_do(void *work)
{
	struct work *w = work;
	for (;;) {
		size_t piece = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);
		int error = 0;
		if (piece >= w->pieces || atomic_load(&w->error) != 0)
			return NULL;
		if ((error = piece_digest(w, piece)) != 0)
			atomic_store(&w->error, error);
	}
}

static void work_share(struct work *w)
{
	pthread_t thread[THREADS_MAX];
	size_t threads = 0;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
	if (w->pieces > PIECES_ALONE)
		while (threads + 1 < most &&
		       pthread_create(&thread[threads], NULL, work_do, w) == 0)
			threads++;
	work_do(w);
	while (threads)
		pthread_join(thread[--threads], NULL);
}

int sl_ruleset_digest(uint8_t *bytes, size_t size, int fd, uint8_t out[SL_SHA256_SIZE],
		      struct sl_err *err)
{
	struct work w = {
		.bytes = bytes, .size = size, .pieces = (size + PIECE - 1) / PIECE, .fd = fd
	};
	w.digest = calloc(w.pieces + 1, sizeof *w.digest);
	if (!w.digest)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	work_share(&w);
	int error = atomic_load(&w.error);
	if (!error)
		sl_sha256(sl_span_of(w.digest, w.pieces * sizeof *w.digest), out);
	free(w.digest);
	if (error == ENODATA)
		return sl_fail(err, SL_EFORMAT, "truncated while it was read; try again");
	return error ? sl_fail(err, SL_EFAIL, "cannot read: %s", strerror(error)) : SL_OK;
}
