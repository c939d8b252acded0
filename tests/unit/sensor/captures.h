/* Capture files made by hand, in a folder that goes away. */
#ifndef SELAT_TEST_CAPTURES_H
#define SELAT_TEST_CAPTURES_H

#include "wire.h"
#include <ftw.h>
#include <sensor/capture/capture.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int captures_remove(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void captures_begin(char folder[64])
{
	strcpy(folder, "/tmp/selat-captures-XXXXXX");
	assert_non_null(mkdtemp(folder));
}

static inline void captures_end(const char *folder)
{
	nftw(folder, captures_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void put32(FILE *f, uint32_t v, bool swapped)
{
	v = swapped ? __builtin_bswap32(v) : v;
	assert_int_equal(fwrite(&v, 4, 1, f), 1);
}

struct capture {
	const char *name;
	int link;
	bool nano, swapped;
	unsigned packets;
	size_t size; /* bytes of each; packet i holds i in its first four and 0xab in the rest */
	size_t less; /* bytes cut off the file's end */
};

/* Writes folder/name and leaves its path. */
static inline void capture_write(char path[256], const char *folder, const struct capture *c)
{
	uint8_t *bytes = malloc(c->size);
	snprintf(path, 256, "%s/%s", folder, c->name);
	FILE *f = fopen(path, "w");
	assert_true(f && bytes);
	memset(bytes, 0xab, c->size);
	put32(f, c->nano ? 0xa1b23c4d : 0xa1b2c3d4, c->swapped);
	put32(f, c->swapped ? 2u << 16 | 4 : 4u << 16 | 2, false);
	if (c->swapped) { /* two 16-bit numbers, each swapped */
		fseek(f, 4, SEEK_SET);
		put32(f, 0x04000200, false);
	}
	put32(f, 0, false);
	put32(f, 0, false);
	put32(f, 262144, c->swapped);
	put32(f, (uint32_t)c->link, c->swapped);
	for (unsigned i = 0; i < c->packets; i++) {
		put32(f, 1000 + i, c->swapped);
		put32(f, 7, c->swapped);
		put32(f, (uint32_t)c->size, c->swapped);
		put32(f, (uint32_t)c->size + 1, c->swapped); /* one byte was not captured */
		if (c->size >= 4)
			memcpy(bytes, &i, 4);
		assert_int_equal(fwrite(bytes, 1, c->size, f), c->size);
	}
	long end = ftell(f);
	fclose(f);
	free(bytes);
	assert_int_equal(truncate(path, end - (long)c->less), 0);
}

#endif
