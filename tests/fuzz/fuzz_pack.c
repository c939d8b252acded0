/* A pack somebody sent: read, refused or taken, with every problem in its place. */
#include "fuzz.h"
#include <rules/pack.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_packs packs = { 0 };
	struct sl_problems problems = { 0 };
	char path[64], *paths[] = { path };
	int fd = memfd_create("pack", 0);
	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (sl_packs_read(&packs, paths, 1, &problems, NULL) == SL_OK && !problems.errors)
		REQUIRE(packs.n == 1);
	REQUIRE(problems.n <= 2 * SL_PROBLEMS_MAX);
	sl_packs_fini(&packs);
	sl_problems_fini(&problems);
	close(fd);
	return 0;
}
