/* A file somebody sent, imported: read, taken over or left, never a crash. */
#ifndef SELAT_TESTS_FUZZ_IMPORT_H
#define SELAT_TESTS_FUZZ_IMPORT_H

#include "fuzz.h"
#include <rules/import/import.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static inline int import_input(sl_import_fn *read, const uint8_t *data, size_t size)
{
	char output[] = "pack.json", author[] = "a", tlp[] = "TLP:GREEN", path[64],
	     *paths[] = { path };
	struct sl_import_options options = {
		.output = output, .author = author, .tlp = tlp, .version = 1
	};
	struct sl_import im;
	FILE *said = stderr; /* what is told, for nobody; sanitizers write to the descriptor */
	stderr = fopen("/dev/null", "w");
	REQUIRE(stderr);
	int fd = memfd_create("input", 0);
	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	REQUIRE(sl_import_init(&im, &options, NULL) == SL_OK);
	if (read(&im, paths, 1, NULL) == SL_OK && !im.failed) {
		char *text = json_dumps(im.indicators, JSON_COMPACT);
		REQUIRE(text);
		free(text);
	}
	sl_import_fini(&im);
	close(fd);
	fclose(stderr);
	stderr = said;
	return 0;
}

#endif
