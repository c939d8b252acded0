/* A growing array with an open-addressed table of the sequences in it, at most half full. */
#include <rules/rows.h>

#define XXH_INLINE_ALL
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static struct sl_ruleset_range *slot_find(const struct sl_rows *r, const void *row, size_t n)
{
	size_t i = XXH3_64bits(row, n * r->element) & (r->slots - 1);
	while (r->slot[i].n &&
	       (r->slot[i].n != n ||
		memcmp(r->bytes + r->slot[i].first * r->element, row, n * r->element) != 0))
		i = (i + 1) & (r->slots - 1);
	return &r->slot[i];
}

static bool slots_grow(struct sl_rows *r)
{
	struct sl_rows grown = *r;
	grown.slots = r->slots ? r->slots * 2 : 64;
	grown.slot = calloc(grown.slots, sizeof *grown.slot);
	if (!grown.slot)
		return false;
	for (size_t i = 0; i < r->slots; i++)
		if (r->slot[i].n)
			*slot_find(&grown, r->bytes + r->slot[i].first * r->element, r->slot[i].n) =
				r->slot[i];
	free(r->slot);
	*r = grown;
	return true;
}

static bool bytes_grow(struct sl_rows *r, size_t n)
{
	if (r->bytes && r->room - r->n >= n)
		return true;
	size_t room = r->room * 2 + n + 16;
	uint8_t *bytes = reallocarray(r->bytes, room, r->element);
	if (!bytes)
		return false;
	r->bytes = bytes;
	r->room = room;
	return true;
}

uint32_t sl_rows_add(struct sl_rows *r, const void *row, size_t n)
{
	if (n == 0)
		return 0;
	if (r->n + n >= UINT32_MAX || (2 * r->used >= r->slots && !slots_grow(r)))
		return UINT32_MAX;
	struct sl_ruleset_range *slot = slot_find(r, row, n);
	if (slot->n)
		return slot->first;
	if (!bytes_grow(r, n))
		return UINT32_MAX;
	memcpy(r->bytes + r->n * r->element, row, n * r->element);
	*slot = (struct sl_ruleset_range){ (uint32_t)r->n, (uint32_t)n };
	r->n += n;
	r->used++;
	return slot->first;
}

void sl_rows_fini(struct sl_rows *r)
{
	free(r->bytes);
	free(r->slot);
	*r = (struct sl_rows){ .element = r->element };
}
