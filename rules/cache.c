/* A file an entry, by the key in hex: a head, then the bytes. It is written beside and renamed.
 * Nothing in a file is used before its digest matched, and folder and files must be the user's own
 * that nobody else may write: a database is a program, in a way, and who writes it would be
 * trusted.
 *
 * Bounded: when an entry is put, the least recently used go until the rest is small enough; what was
 * left half written goes when the folder is opened an hour later. */
#include <rules/cache.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <selat/digest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC     "SELATDB1"
#define BYTES_MAX (UINT64_C(512) << 20) /* of all entries */
enum { ENTRIES_MAX = 256, NAME_ROOM = 2 * SL_CACHE_KEY + 1 };
enum { STALE_S = 3600, HALF_ROOM = NAME_ROOM + 17 };

struct head { /* 96 bytes */
	char magic[8];
	uint8_t digest[SL_SHA256_SIZE]; /* of the file with these bytes as zeros */
	uint8_t key[SL_CACHE_KEY];
	uint64_t memory_bytes, stream_bytes, size;
};
_Static_assert(sizeof(struct head) == 96, "no padding on disk");

struct sl_cache {
	int folder;
};

/* --- the folder --- */

static int default_path(char *out, size_t room, struct sl_err *err)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n = -1;
	if (cache && cache[0] == '/')
		n = snprintf(out, room, "%s/selat", cache);
	else if (home && home[0] == '/')
		n = snprintf(out, room, "%s/.cache/selat", home);
	return n > 0 && (size_t)n < room ? SL_OK
					 : sl_fail(err, SL_EFAIL, "there is no folder for a cache");
}

static void folders_make(const char *path)
{
	char part[4096];
	snprintf(part, sizeof part, "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(part, 0700);
		*slash = '/';
	}
	mkdir(part, 0700);
}

static bool is_ours(int fd, mode_t kind)
{
	struct stat st;
	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind && st.st_uid == geteuid() &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static DIR *folder_list(const struct sl_cache *cache)
{
	int fd = openat(cache->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static bool is_hex(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdef") == len;
}

/* An entry that is being written, or was when its writer was killed: its name, a dot, a number. */
static bool is_half(const char *name)
{
	size_t len = strlen(name);
	return len > NAME_ROOM && len < HALF_ROOM && name[NAME_ROOM - 1] == '.' &&
	       is_hex(name, NAME_ROOM - 1) && is_hex(name + NAME_ROOM, len - NAME_ROOM);
}

static void stale_remove(const struct sl_cache *cache)
{
	DIR *dir = folder_list(cache);
	struct stat st;
	time_t now = time(NULL);
	for (struct dirent *d; dir && (d = readdir(dir));)
		if (is_half(d->d_name) &&
		    fstatat(cache->folder, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    now - st.st_mtime > STALE_S)
			unlinkat(cache->folder, d->d_name, 0);
	if (dir)
		closedir(dir);
}

int sl_cache_open(struct sl_cache **out, const char *path, struct sl_err *err)
{
	char place[4096];
	if (!path && default_path(place, sizeof place, err) < 0)
		return SL_EFAIL;
	path = path ? path : place;
	folders_make(path);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return sl_fail(err, SL_EFAIL, "%s: cannot be the cache: %s", path, strerror(errno));
	struct sl_cache *cache = is_ours(folder, S_IFDIR) ? malloc(sizeof *cache) : NULL;
	if (!cache) {
		close(folder);
		return sl_fail(err, SL_EFAIL, "%s: cannot be the cache: others may write to it",
			       path);
	}
	cache->folder = folder;
	stale_remove(cache);
	*out = cache;
	return SL_OK;
}

void sl_cache_close(struct sl_cache *cache)
{
	if (!cache)
		return;
	close(cache->folder);
	free(cache);
}

static void name_make(char out[NAME_ROOM], const uint8_t key[SL_CACHE_KEY])
{
	sl_hex(out, sl_span_of(key, SL_CACHE_KEY));
}

/* --- entries --- */

static void digest_make(const struct head *head, const char *bytes, uint8_t out[SL_SHA256_SIZE])
{
	struct head zeroed = *head;
	struct sl_sha256 *d = sl_sha256_new();
	memset(zeroed.digest, 0, sizeof zeroed.digest);
	memset(out, 0, SL_SHA256_SIZE);
	if (!d)
		return; /* no digest is all zeros */
	sl_sha256_add(d, sl_span_of(&zeroed, sizeof zeroed));
	sl_sha256_add(d, sl_span_of(bytes, head->size));
	sl_sha256_end(d, out);
}

static bool read_all(int fd, void *bytes, size_t size)
{
	uint8_t *at = bytes;
	while (size) {
		ssize_t n = read(fd, at, size);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool write_all(int fd, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	while (size) {
		ssize_t n = write(fd, at, size);
		if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool head_read(int fd, const uint8_t key[SL_CACHE_KEY], struct head *head)
{
	struct stat st;
	return is_ours(fd, S_IFREG) && fstat(fd, &st) == 0 && read_all(fd, head, sizeof *head) &&
	       memcmp(head->magic, MAGIC, sizeof head->magic) == 0 &&
	       memcmp(head->key, key, SL_CACHE_KEY) == 0 && head->size <= BYTES_MAX &&
	       head->size + sizeof *head == (uint64_t)st.st_size;
}

static bool entry_read(int fd, const uint8_t key[SL_CACHE_KEY], struct sl_cached *out)
{
	struct head head;
	uint8_t digest[SL_SHA256_SIZE];
	if (!head_read(fd, key, &head))
		return false;
	char *bytes = malloc(head.size + 1);
	bool ok = bytes && read_all(fd, bytes, head.size);
	if (ok)
		digest_make(&head, bytes, digest);
	if (!ok || memcmp(digest, head.digest, sizeof digest) != 0) {
		free(bytes);
		return false;
	}
	*out = (struct sl_cached){ bytes, head.size, head.memory_bytes, head.stream_bytes };
	return true;
}

bool sl_cache_get(struct sl_cache *cache, const uint8_t key[SL_CACHE_KEY], struct sl_cached *out)
{
	char name[NAME_ROOM];
	name_make(name, key);
	int fd = openat(cache->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	bool ok = entry_read(fd, key, out);
	if (ok)
		futimens(fd, NULL); /* used now */
	else
		unlinkat(cache->folder, name, 0);
	close(fd);
	return ok;
}

/* --- room --- */

struct entry {
	char name[NAME_ROOM];
	struct timespec used;
	uint64_t size;
};

/* The last used first. */
static int entry_compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	if (a->used.tv_sec != b->used.tv_sec)
		return a->used.tv_sec > b->used.tv_sec ? -1 : 1;
	if (a->used.tv_nsec != b->used.tv_nsec)
		return a->used.tv_nsec > b->used.tv_nsec ? -1 : 1;
	return strcmp(a->name, b->name);
}

static size_t entries_list(const struct sl_cache *cache, DIR *dir, struct entry *entry, size_t room)
{
	size_t n = 0;
	struct dirent *d;
	while (n < room && (d = readdir(dir))) {
		struct stat st;
		size_t len = strlen(d->d_name);
		bool ours = len == NAME_ROOM - 1 && is_hex(d->d_name, len);
		if (!ours || fstatat(cache->folder, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		memcpy(entry[n].name, d->d_name, len + 1);
		entry[n].used = st.st_mtim;
		entry[n++].size = (uint64_t)st.st_size;
	}
	return n;
}

static void room_make(const struct sl_cache *cache)
{
	enum { LISTED = 4 * ENTRIES_MAX };
	DIR *dir = folder_list(cache);
	struct entry *entry = dir ? calloc(LISTED, sizeof *entry) : NULL;
	size_t n = entry ? entries_list(cache, dir, entry, LISTED) : 0;
	if (n)
		qsort(entry, n, sizeof *entry, entry_compare);
	uint64_t total = 0;
	for (size_t i = 0; i < n; i++) {
		total += entry[i].size;
		if (i >= ENTRIES_MAX || total > BYTES_MAX)
			unlinkat(cache->folder, entry[i].name, 0);
	}
	free(entry);
	if (dir)
		closedir(dir);
}

/* A file of this writer alone, whoever else writes the same entry. */
static int half_open(const struct sl_cache *cache, const char *name, char half[HALF_ROOM])
{
	uint64_t number;
	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return -1;
	snprintf(half, HALF_ROOM, "%s.%016" PRIx64, name, number);
	return openat(cache->folder, half, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

void sl_cache_put(struct sl_cache *cache, const uint8_t key[SL_CACHE_KEY],
		  const struct sl_cached *entry)
{
	struct head head = { .magic = MAGIC,
			     .memory_bytes = entry->memory_bytes,
			     .stream_bytes = entry->stream_bytes,
			     .size = entry->size };
	char name[NAME_ROOM], half[HALF_ROOM];
	if (entry->size > BYTES_MAX)
		return;
	memcpy(head.key, key, SL_CACHE_KEY);
	digest_make(&head, entry->bytes, head.digest);
	name_make(name, key);
	int fd = half_open(cache, name, half);
	if (fd < 0)
		return;
	bool ok = write_all(fd, &head, sizeof head) && write_all(fd, entry->bytes, entry->size);
	ok = close(fd) == 0 && ok;
	if (!ok || renameat(cache->folder, half, cache->folder, name) < 0)
		unlinkat(cache->folder, half, 0);
	room_make(cache);
}
