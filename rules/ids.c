/* An open-addressed table, at most half full. */
#include <rules/ids.h>

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

bool sl_ids_init(struct sl_ids *ids, const struct sl_indicator *indicator, size_t n)
{
	*ids = (struct sl_ids){ .indicator = indicator, .slots = 16 };
	while (ids->slots < 2 * n)
		ids->slots *= 2;
	ids->slot = calloc(ids->slots, sizeof *ids->slot);
	return ids->slot;
}

void sl_ids_fini(struct sl_ids *ids)
{
	free(ids->slot);
	*ids = (struct sl_ids){ 0 };
}

static uint32_t *slot_find(const struct sl_ids *ids, const char *id)
{
	size_t i = XXH3_64bits(id, strlen(id)) & (ids->slots - 1);
	while (ids->slot[i] && strcmp(ids->indicator[ids->slot[i] - 1].id, id) != 0)
		i = (i + 1) & (ids->slots - 1);
	return &ids->slot[i];
}

size_t sl_ids_find(const struct sl_ids *ids, const char *id)
{
	return *slot_find(ids, id);
}

size_t sl_ids_add(struct sl_ids *ids, size_t index)
{
	uint32_t *slot = slot_find(ids, ids->indicator[index].id);
	if (*slot)
		return *slot;
	*slot = (uint32_t)index + 1;
	return 0;
}
