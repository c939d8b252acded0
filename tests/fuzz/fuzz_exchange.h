/* What others wrote, imported: whatever the bytes, what was taken over is a pack without errors. */
#ifndef SELAT_TESTS_FUZZ_EXCHANGE_H
#define SELAT_TESTS_FUZZ_EXCHANGE_H

#include "fuzz.h"
#include <rules/import/import.h>
#include <rules/pack.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file in memory, by a path. */
static inline int exchange_file(const void *bytes, size_t size, char path[64])
{
	int fd = memfd_create("input", 0);
	REQUIRE(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static inline void exchange_check(struct sl_import *im)
{
	struct sl_packs packs = { 0 };
	struct sl_problems problems = { 0 };
	char path[64], *paths[] = { path };
	REQUIRE(json_object_set(im->root, "indicators", im->indicators) == 0);
	char *text = json_dumps(im->root, JSON_COMPACT);
	REQUIRE(text);
	int fd = exchange_file(text, strlen(text), path);
	REQUIRE(sl_packs_read(&packs, paths, 1, &problems, NULL) == SL_OK && !problems.errors);
	sl_packs_fini(&packs);
	sl_problems_fini(&problems);
	close(fd);
	free(text);
}

static inline int exchange_input(sl_import_fn *read, const uint8_t *data, size_t size)
{
	char output[] = "pack.json", author[] = "a", tlp[] = "TLP:RED", path[64], *paths[] = { path };
	struct sl_import_options options = {
		.output = output, .author = author, .tlp = tlp, .version = 1, .keep_going = true
	};
	struct sl_import im;
	static FILE *nowhere; /* the complaints' place: libFuzzer's own words go on to the descriptor */
	if (!nowhere)
		stderr = nowhere = fopen("/dev/null", "w");
	int fd = exchange_file(data, size, path);
	REQUIRE(sl_import_init(&im, &options, NULL) == SL_OK);
	/* Lists would have to lie beside the pack: what names them was checked as it was added. */
	if (read(&im, paths, 1, NULL) == SL_OK && !im.failed && json_array_size(im.indicators) &&
	    !json_object_size(im.lists))
		exchange_check(&im);
	sl_import_fini(&im);
	close(fd);
	return 0;
}

#endif
