/* A pack somebody sent: read, refused or taken, with every problem in its place. What follows a line of
 * "%%%%" is the list that the pack names as `in: "199"`: descriptor 199 beside the pack's own. */
#include "fuzz.h"
#include <rules/pack.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LIST_FD = 199 };

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("pack", 0);
	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	return fd;
}

/* What was taken fits together: groups, places and lists are what the compiler relies on. */
static void conditions_check(const struct sl_indicator *ind)
{
	REQUIRE(ind->conditions <= SL_CONDITIONS_MAX);
	for (size_t i = 0; i < ind->conditions; i++) {
		const struct sl_condition *c = &ind->condition[i];
		bool linked = c->flags & SL_COND_SAME;
		REQUIRE(c->field < SL_FIELD_COUNT && c->transforms <= SL_TRANSFORMS_MAX);
		REQUIRE(!linked ||
			(i > 0 && c[-1].field == c->field && c[-1].transforms == c->transforms));
		REQUIRE((c->op == SL_OP_IN) == (c->list != NULL));
		REQUIRE(c->op == SL_OP_IN || c->op == SL_OP_ABSENT || c->bytes);
		if (c->list && c->list->n)
			REQUIRE(c->list->at[0] == 0);
		for (size_t k = 0; c->list && k < c->list->n; k++)
			REQUIRE(c->list->at[k] < c->list->at[k + 1]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mark[] = "\n%%%%\n";
	struct sl_packs packs = { 0 };
	struct sl_problems problems = { 0 };
	char path[64], *paths[] = { path };
	const uint8_t *split = memmem(data, size, mark, sizeof mark - 1);
	size_t len = split ? (size_t)(split - data) + 1 : size;
	size_t list_at = split ? len + sizeof mark - 2 : size;
	int fd = file_of(data, len), list = file_of(data + list_at, size - list_at);
	REQUIRE(dup2(list, LIST_FD) == LIST_FD);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (sl_packs_read(&packs, paths, 1, &problems, NULL) == SL_OK && !problems.errors) {
		REQUIRE(packs.n == 1);
		for (size_t i = 0; i < packs.pack[0].n; i++)
			conditions_check(&packs.pack[0].indicator[i]);
	}
	REQUIRE(problems.n <= 2 * SL_PROBLEMS_MAX);
	sl_packs_fini(&packs);
	sl_problems_fini(&problems);
	close(fd);
	close(list);
	return 0;
}
