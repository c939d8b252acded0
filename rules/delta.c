/* The base is looked at and not verified, which would take longer than all the rest: the sensor
 * that loads both verifies it. So every number in it is checked before it is used. An indicator is
 * the same if its pack, its id and the hash of its content are. */
#include <rules/delta.h>

#include <rules/ids.h>
#include <stdlib.h>
#include <string.h>

struct comparison {
	const struct sl_ruleset *base;
	struct sl_delta *delta;
	const struct sl_pack **pack; /* by the base's packs; NULL: not among those named */
	struct sl_ids *ids;          /* likewise */
	bool **keep;                 /* likewise: of the pack's indicators */
};

/* The indicator of the new pack with that id; SIZE_MAX: none. */
static size_t counterpart(const struct comparison *c, uint32_t pack, uint32_t indicator)
{
	const char *id = sl_ruleset_string(c->base, c->base->indicators[indicator].id);
	size_t number = sl_ids_find(&c->ids[pack], id);
	return number ? number - 1 : SIZE_MAX;
}

static void indicator_compare(struct comparison *c, uint32_t indicator)
{
	uint32_t pack = c->base->indicators[indicator].pack;
	if (pack >= c->base->packs_n || !c->pack[pack])
		return;
	size_t now = counterpart(c, pack, indicator);
	if (now != SIZE_MAX && c->pack[pack]->content[now] == c->base->contents[indicator]) {
		c->keep[pack][now] = false;
		c->delta->same++;
		return;
	}
	c->delta->withdrawn[c->delta->withdrawn_n++] = indicator;
}

static const struct sl_pack *pack_find(const struct sl_packs *packs, const char *name)
{
	for (size_t i = 0; i < packs->n; i++)
		if (strcmp(packs->pack[i].name, name) == 0)
			return &packs->pack[i];
	return NULL;
}

static bool pack_prepare(struct comparison *c, uint32_t index, const struct sl_packs *packs)
{
	const struct sl_ruleset *base = c->base;
	const struct sl_pack *pack =
		pack_find(packs, sl_ruleset_string(base, base->packs[index].name));
	c->pack[index] = pack;
	if (!pack)
		return true;
	c->keep[index] = malloc(pack->n + 1);
	if (!c->keep[index] || !sl_ids_init(&c->ids[index], pack->indicator, pack->n))
		return false;
	memset(c->keep[index], true, pack->n);
	for (size_t i = 0; i < pack->n; i++)
		sl_ids_add(&c->ids[index], i);
	return true;
}

/* A pack of the base that is not among those named stays live. */
static bool pack_keep(struct comparison *c, uint32_t index)
{
	const struct sl_ruleset_pack *pack = &c->base->packs[index];
	struct sl_kept_pack *kept = &c->delta->kept[c->delta->kept_n];
	kept->name = strdup(sl_ruleset_string(c->base, pack->name));
	kept->version = pack->version;
	memcpy(kept->digest, pack->digest, sizeof kept->digest);
	c->delta->kept_n += kept->name != NULL;
	return kept->name != NULL;
}

static int compare(struct comparison *c, struct sl_packs *packs)
{
	const struct sl_ruleset *base = c->base;
	c->delta->withdrawn = calloc((size_t)base->indicators_n + 1, sizeof *c->delta->withdrawn);
	c->delta->kept = calloc((size_t)base->packs_n + 1, sizeof *c->delta->kept);
	c->pack = calloc((size_t)base->packs_n + 1, sizeof *c->pack);
	c->ids = calloc((size_t)base->packs_n + 1, sizeof *c->ids);
	c->keep = calloc((size_t)base->packs_n + 1, sizeof *c->keep);
	if (!c->delta->withdrawn || !c->delta->kept || !c->pack || !c->ids || !c->keep)
		return SL_ENOMEM;
	for (uint32_t i = 0; i < base->packs_n; i++)
		if (!pack_prepare(c, i, packs) || (!c->pack[i] && !pack_keep(c, i)))
			return SL_ENOMEM;
	for (uint32_t i = 0; i < base->indicators_n; i++)
		indicator_compare(c, i);
	for (uint32_t i = 0; i < base->packs_n; i++)
		if (c->pack[i])
			sl_pack_filter(&packs->pack[c->pack[i] - packs->pack], c->keep[i]);
	return SL_OK;
}

static void comparison_fini(struct comparison *c)
{
	for (uint32_t i = 0; i < c->base->packs_n; i++) {
		if (c->ids)
			sl_ids_fini(&c->ids[i]);
		if (c->keep)
			free(c->keep[i]);
	}
	free(c->pack);
	free(c->ids);
	free(c->keep);
}

static int base_check(const struct sl_ruleset *base, const char *path, struct sl_err *err)
{
	if (base->base)
		return sl_fail(err, SL_EUSAGE,
			       "%s: is a delta itself; name the ruleset that it goes with", path);
	if (base->indicators_n && !base->contents)
		return sl_fail(err, SL_EFORMAT,
			       "%s: does not say what its indicators were; compile it again", path);
	for (uint32_t i = 1; i < base->packs_n; i++)
		if (strcmp(sl_ruleset_string(base, base->packs[i - 1].name),
			   sl_ruleset_string(base, base->packs[i].name)) >= 0)
			return sl_fail(err, SL_EFORMAT, "%s: corrupt: its packs are out of order",
				       path);
	return SL_OK;
}

int sl_delta_make(struct sl_delta *delta, struct sl_packs *packs, const char *path,
		  struct sl_err *err)
{
	*delta = (struct sl_delta){ 0 };
	struct sl_ruleset *base;
	int rc = sl_ruleset_peek(&base, path, err);
	if (rc < 0)
		return rc;
	rc = base_check(base, path, err);
	if (rc == SL_OK) {
		struct comparison c = { .base = base, .delta = delta };
		memcpy(delta->base, base->header->digest, sizeof delta->base);
		rc = compare(&c, packs);
		comparison_fini(&c);
		if (rc < 0)
			rc = sl_fail(err, rc, "%s: out of memory", path);
	}
	sl_ruleset_free(base);
	return rc;
}

void sl_delta_fini(struct sl_delta *delta)
{
	for (size_t i = 0; i < delta->kept_n; i++)
		free(delta->kept[i].name);
	free(delta->kept);
	free(delta->withdrawn);
	*delta = (struct sl_delta){ 0 };
}
