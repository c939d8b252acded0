/* Opening a ruleset file: read into anonymous memory (so that a file changing under a sensor cannot
 * hurt it), verify magic, format, size and digest, then hand over to ruleset_check.c, which makes
 * the views and checks every number, then make the memory read-only. Immutable afterwards. */
#include "ruleset_check.h"

#include <errno.h>
#include <fcntl.h>
#include <selat/digest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(struct sl_ruleset_header) == 256, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_section) == 24, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_pack) == 48, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_indicator) == 32, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_condition) == 24, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_meta) == 40, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_where) == 168, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_action) == 40, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_position) == 56, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_network) == 20, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_ports) == 8, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_derived) == 8, "no padding on disk");
_Static_assert((unsigned)SL_FIELDS_ALL <= UINT8_MAX, "a field number is a byte");
_Static_assert((unsigned)SL_APP_COUNT <= 64, "protocols are bits of a word");
_Static_assert(sizeof(struct sl_ruleset_pattern) == 16, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_prefixes) == 32, "no padding on disk");

#define SIZE_LIMIT (UINT64_C(8) << 30) /* bytes; a million expressions take 120 MB */
#define HUGE_FROM  ((size_t)4 << 20)   /* bytes from which huge pages are asked for */
#define WAY_OUT    "compile it again with selat-rules compile"

/* A file being opened. */
struct opening {
	const char *path;
	bool peek; /* map it, and look at its outline alone */
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_err *err;
};

static int memory_map(struct sl_ruleset *rs, struct opening *o, int fd, size_t size)
{
	void *memory = o->peek ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0)
			       : mmap(NULL, size, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return sl_fail(o->err, SL_ENOMEM, "%s: no memory for its %zu bytes", o->path, size);
	rs->memory = memory;
	rs->memory_size = size;
	if (!o->peek && size > HUGE_FROM)
		madvise(memory, size, MADV_HUGEPAGE); /* a wish: a refusal costs speed alone */
	return SL_OK;
}

static int memory_fill(struct sl_ruleset *rs, struct opening *o, int fd)
{
	struct sl_err why = { "" };
	int rc = sl_ruleset_digest(rs->memory, rs->memory_size, fd, o->digest, &why);
	return rc < 0 ? sl_fail(o->err, rc, "%s: %s", o->path, why.text) : SL_OK;
}

static int fd_load(struct sl_ruleset *rs, struct opening *o, int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return sl_fail(o->err, SL_EFAIL, "%s: %s", o->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return sl_fail(o->err, SL_EFORMAT, "%s: is no file; name a ruleset file", o->path);
	if (st.st_size == 0)
		return sl_fail(o->err, SL_EFORMAT, "%s: truncated: the file is empty; " WAY_OUT,
			       o->path);
	if ((uint64_t)st.st_size > SIZE_LIMIT)
		return sl_fail(o->err, SL_EFORMAT, "%s: is larger than a ruleset may be (8 GiB)",
			       o->path);
	int rc = memory_map(rs, o, fd, (size_t)st.st_size);
	return rc < 0 || o->peek ? rc : memory_fill(rs, o, fd);
}

static int file_load(struct sl_ruleset *rs, struct opening *o)
{
	int fd = open(o->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return sl_fail(o->err, SL_EFAIL, "%s: cannot open the ruleset: %s", o->path,
			       strerror(errno));
	int rc = fd_load(rs, o, fd);
	close(fd);
	return rc;
}

static int header_check(struct sl_ruleset *rs, struct opening *o)
{
	size_t size = rs->memory_size, magic = sizeof rs->header->magic;
	if (memcmp(rs->memory, SL_RULESET_MAGIC, size < magic ? size : magic) != 0)
		return sl_fail(o->err, SL_EFORMAT,
			       "%s: is no ruleset; selat-rules compile makes one from packs",
			       o->path);
	if (size < sizeof *rs->header)
		return sl_fail(o->err, SL_EFORMAT,
			       "%s: truncated: %zu bytes, less than a header; " WAY_OUT, o->path,
			       size);
	rs->header = rs->memory;
	if (rs->header->format != SL_RULESET_FORMAT)
		return sl_fail(o->err, SL_EFORMAT,
			       "%s: has ruleset format %u, this program reads format %d; compile "
			       "it again with the selat-rules of this version",
			       o->path, rs->header->format, SL_RULESET_FORMAT);
	if (rs->header->size > size)
		return sl_fail(o->err, SL_EFORMAT, "%s: truncated: %zu of %llu bytes; " WAY_OUT,
			       o->path, size, (unsigned long long)rs->header->size);
	if (rs->header->size < size ||
	    (!o->peek && memcmp(o->digest, rs->header->digest, SL_SHA256_SIZE) != 0))
		return sl_fail(o->err, SL_EFORMAT,
			       "%s: corrupt: its digest does not match; " WAY_OUT, o->path);
	return SL_OK;
}

static int content_check(struct sl_ruleset *rs, struct opening *o)
{
	struct sl_err why = { "" };
	int rc = o->peek ? sl_ruleset_check_outline(rs, &why) : sl_ruleset_check(rs, &why);
	if (rc == SL_OK && o->peek)
		rc = sl_ruleset_view_records(rs, &why);
	if (rc < 0)
		return sl_fail(o->err, rc, "%s: corrupt: %s; " WAY_OUT, o->path, why.text);
	if (!o->peek && mprotect(rs->memory, rs->memory_size, PROT_READ) < 0)
		return sl_fail(o->err, SL_EFAIL, "%s: mprotect: %s", o->path, strerror(errno));
	return SL_OK;
}

static int ruleset_open(struct sl_ruleset **out, struct opening *o)
{
	struct sl_ruleset *rs = calloc(1, sizeof *rs);
	if (!rs)
		return sl_fail(o->err, SL_ENOMEM, "%s: out of memory", o->path);
	int rc = file_load(rs, o);
	if (rc == SL_OK)
		rc = header_check(rs, o);
	if (rc == SL_OK)
		rc = content_check(rs, o);
	if (rc < 0) {
		sl_ruleset_free(rs);
		return rc;
	}
	*out = rs;
	return SL_OK;
}

int sl_ruleset_open(struct sl_ruleset **out, const char *path, struct sl_err *err)
{
	struct opening o = { .path = path, .err = err };
	return ruleset_open(out, &o);
}

int sl_ruleset_peek(struct sl_ruleset **out, const char *path, struct sl_err *err)
{
	struct opening o = { .path = path, .err = err, .peek = true };
	return ruleset_open(out, &o);
}

void sl_ruleset_free(struct sl_ruleset *rs)
{
	if (!rs)
		return;
	if (rs->memory)
		munmap(rs->memory, rs->memory_size);
	free(rs);
}
