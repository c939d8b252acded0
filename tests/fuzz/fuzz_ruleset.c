/* A ruleset file whose digest is right and whose numbers are not: it is refused or safe to use. */
#include "fuzz.h"
#include "ruleset_walk.h"
#include <fcntl.h>
#include <selat/digest.h>
#include <selat/ruleset.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t walked;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_ruleset_header h;
	struct sl_ruleset *rs = NULL;
	char path[64];
	if (size < sizeof h)
		return 0;
	uint8_t *copy = malloc(size);
	REQUIRE(copy);
	memcpy(copy, data, size);
	memcpy(&h, copy, sizeof h);
	memcpy(h.magic, SL_RULESET_MAGIC, sizeof h.magic);
	h.format = SL_RULESET_FORMAT;
	h.size = size;
	memcpy(copy, &h, sizeof h);
	REQUIRE(sl_ruleset_digest(copy, size, -1, h.digest, NULL) == SL_OK);
	memcpy(copy, &h, sizeof h);

	int fd = memfd_create("ruleset", 0);
	REQUIRE(fd >= 0 && write(fd, copy, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (sl_ruleset_open(&rs, path, NULL) == SL_OK)
		walked = walk_ruleset(rs);
	sl_ruleset_free(rs);
	rs = NULL;
	if (sl_ruleset_peek(&rs, path, NULL) == SL_OK) /* nothing is checked but where its parts lie */
		for (uint32_t i = 0; i < rs->indicators_n; i++)
			walked += walk_string(rs, rs->indicators[i].id);
	sl_ruleset_free(rs);
	close(fd);
	free(copy);
	return 0;
}
