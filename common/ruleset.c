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
_Static_assert(sizeof(struct sl_ruleset_pack) == 16, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_indicator) == 32, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_condition) == 24, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_meta) == 40, "no padding on disk");
_Static_assert(sizeof(struct sl_ruleset_where) == 160, "no padding on disk");
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

static int memory_map(struct sl_ruleset *rs, size_t size, const char *path, struct sl_err *err)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return sl_fail(err, SL_ENOMEM, "%s: no memory for its %zu bytes", path, size);
	rs->memory = memory;
	rs->memory_size = size;
	if (size > HUGE_FROM)
		madvise(memory, size, MADV_HUGEPAGE); /* a wish: a refusal costs speed alone */
	return SL_OK;
}

static int memory_fill(struct sl_ruleset *rs, int fd, const char *path, uint8_t digest[SL_SHA256_SIZE],
		       struct sl_err *err)
{
	struct sl_err why = { "" };
	int rc = sl_ruleset_digest(rs->memory, rs->memory_size, fd, digest, &why);
	return rc < 0 ? sl_fail(err, rc, "%s: %s", path, why.text) : SL_OK;
}

static int fd_load(struct sl_ruleset *rs, int fd, const char *path, uint8_t digest[SL_SHA256_SIZE],
		   struct sl_err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EFAIL, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return sl_fail(err, SL_EFORMAT, "%s: is no file; name a ruleset file", path);
	if (st.st_size == 0)
		return sl_fail(err, SL_EFORMAT, "%s: truncated: the file is empty; " WAY_OUT, path);
	if ((uint64_t)st.st_size > SIZE_LIMIT)
		return sl_fail(err, SL_EFORMAT, "%s: is larger than a ruleset may be (8 GiB)",
			       path);
	int rc = memory_map(rs, (size_t)st.st_size, path, err);
	return rc < 0 ? rc : memory_fill(rs, fd, path, digest, err);
}

static int file_load(struct sl_ruleset *rs, const char *path, uint8_t digest[SL_SHA256_SIZE], struct sl_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return sl_fail(err, SL_EFAIL, "%s: cannot open the ruleset: %s", path,
			       strerror(errno));
	int rc = fd_load(rs, fd, path, digest, err);
	close(fd);
	return rc;
}

static int header_check(struct sl_ruleset *rs, const char *path, const uint8_t digest[SL_SHA256_SIZE],
			struct sl_err *err)
{
	size_t size = rs->memory_size, magic = sizeof rs->header->magic;
	if (memcmp(rs->memory, SL_RULESET_MAGIC, size < magic ? size : magic) != 0)
		return sl_fail(err, SL_EFORMAT,
			       "%s: is no ruleset; selat-rules compile makes one from packs", path);
	if (size < sizeof *rs->header)
		return sl_fail(err, SL_EFORMAT,
			       "%s: truncated: %zu bytes, less than a header; " WAY_OUT, path,
			       size);
	rs->header = rs->memory;
	if (rs->header->format != SL_RULESET_FORMAT)
		return sl_fail(err, SL_EFORMAT,
			       "%s: has ruleset format %u, this program reads format %d; compile "
			       "it again with the selat-rules of this version",
			       path, rs->header->format, SL_RULESET_FORMAT);
	if (rs->header->size > size)
		return sl_fail(err, SL_EFORMAT, "%s: truncated: %zu of %llu bytes; " WAY_OUT, path,
			       size, (unsigned long long)rs->header->size);
	if (rs->header->size < size || memcmp(digest, rs->header->digest, SL_SHA256_SIZE) != 0)
		return sl_fail(err, SL_EFORMAT, "%s: corrupt: its digest does not match; " WAY_OUT,
			       path);
	return SL_OK;
}

static int content_check(struct sl_ruleset *rs, const char *path, struct sl_err *err)
{
	struct sl_err why = { "" };
	int rc = sl_ruleset_check(rs, &why);
	if (rc < 0)
		return sl_fail(err, rc, "%s: corrupt: %s; " WAY_OUT, path, why.text);
	if (mprotect(rs->memory, rs->memory_size, PROT_READ) < 0)
		return sl_fail(err, SL_EFAIL, "%s: mprotect: %s", path, strerror(errno));
	return SL_OK;
}

int sl_ruleset_open(struct sl_ruleset **out, const char *path, struct sl_err *err)
{
	struct sl_ruleset *rs = calloc(1, sizeof *rs);
	if (!rs)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	uint8_t digest[SL_SHA256_SIZE];
	int rc = file_load(rs, path, digest, err);
	if (rc == SL_OK)
		rc = header_check(rs, path, digest, err);
	if (rc == SL_OK)
		rc = content_check(rs, path, err);
	if (rc < 0) {
		sl_ruleset_free(rs);
		return rc;
	}
	*out = rs;
	return SL_OK;
}

void sl_ruleset_free(struct sl_ruleset *rs)
{
	if (!rs)
		return;
	if (rs->memory)
		munmap(rs->memory, rs->memory_size);
	free(rs);
}

const char *sl_ruleset_string(const struct sl_ruleset *rs, uint32_t offset)
{
	return offset < rs->strings_size ? rs->strings + offset : "";
}

enum sl_field sl_ruleset_field(const struct sl_ruleset *rs, unsigned field)
{
	return (enum sl_field)(field < SL_FIELD_COUNT ? field : rs->derived[field - SL_FIELD_COUNT].field);
}

bool sl_ruleset_field_streams(unsigned field)
{
	return field < SL_FIELD_COUNT && sl_field_info((enum sl_field)field)->stream;
}

const char *sl_indicator_kind_text(enum sl_indicator_kind kind)
{
	static const char *const names[SL_IND_KINDS] = {
#define X(id, name, field) [SL_IND_##id] = name,
		SL_INDICATOR_KINDS(X)
#undef X
	};
	return kind > SL_IND_NONE && kind < SL_IND_KINDS ? names[kind] : "";
}

enum sl_field sl_indicator_kind_field(enum sl_indicator_kind kind)
{
	static const enum sl_field fields[SL_IND_KINDS] = {
#define X(id, name, field) [SL_IND_##id] = SL_FIELD_##field,
		SL_INDICATOR_KINDS(X)
#undef X
	};
	return kind > SL_IND_NONE && kind < SL_IND_KINDS ? fields[kind] : SL_FIELD_COUNT;
}

const char *sl_op_text(enum sl_op op)
{
	static const char *const names[] = {
		[SL_OP_EQUALS] = "equals", [SL_OP_CONTAINS] = "contains", [SL_OP_STARTS] = "starts",
		[SL_OP_ENDS] = "ends",     [SL_OP_REGEX] = "regex",       [SL_OP_LENGTH] = "length",
		[SL_OP_NUMBER] = "number", [SL_OP_IN] = "in",             [SL_OP_ABSENT] = "absent",
	};
	return op >= SL_OP_EQUALS && op <= SL_OP_ABSENT ? names[op] : "";
}
