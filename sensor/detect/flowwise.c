/* Indicators that hold by `where` alone: found by the networks that they name, so that a flow is not
 * compared with all of them. */
#include <selat/address.h>
#include <sensor/detect/loaded_internal.h>
#include <stdlib.h>

enum { SEED = 0x5e1a7 };

/* The first of the indicator's lists that names networks where an end must be; n 0: none does. */
static struct sl_ruleset_range list_of(const struct sl_ruleset *rs, const struct sl_ruleset_where *w)
{
	const struct sl_ruleset_range all[] = { w->client, w->server, w->from, w->to };
	for (unsigned i = 0; i < 4; i++)
		for (uint32_t k = 0; k < all[i].n; k++)
			if (!rs->networks[all[i].first + k].negated)
				return all[i];
	return (struct sl_ruleset_range){ 0, 0 };
}

static int add_network(struct sl_flowwise *f, struct sl_table_builder *b,
		       const struct sl_ruleset_network *n, uint32_t indicator)
{
	struct sl_address a = { .family = n->family };
	uint8_t key[17] = { n->bits };
	if (n->negated)
		return SL_OK;
	memcpy(a.bytes, n->bytes, sizeof a.bytes);
	sl_address_mask(&a, n->bits);
	memcpy(key + 1, a.bytes, 16);
	f->lengths[n->family == 6][n->bits / 64] |= UINT64_C(1) << n->bits % 64;
	return sl_table_builder_add(b, sl_span_of(key, n->family == 4 ? 5 : 17), indicator);
}

/* Which packets it may hold for, as far as a glance tells. */
static void want_packets(struct sl_flowwise *f, const struct sl_ruleset_where *w)
{
	if (w->flags_set | w->flags_clear) {
		for (unsigned flags = 0; flags < 256; flags++)
			if ((flags & w->flags_set) == w->flags_set && !(flags & w->flags_clear))
				f->tcp_flags[flags / 64] |= UINT64_C(1) << flags % 64;
		return;
	}
	uint64_t any = w->protos[0] | w->protos[1] | w->protos[2] | w->protos[3];
	for (unsigned i = 0; i < 4; i++)
		f->protos[i] |= any ? w->protos[i] : UINT64_MAX;
}

static int add_indicator(struct sl_flowwise *f, struct sl_table_builder *b, const struct sl_ruleset *rs,
			 uint32_t indicator)
{
	const struct sl_ruleset_where *w = &rs->wheres[rs->indicators[indicator].where];
	struct sl_ruleset_range list = list_of(rs, w);
	int rc = SL_OK;
	if (w->flags & SL_WHERE_PACKETS)
		want_packets(f, w);
	if (w->marked.n + w->marked_any.n + w->not_marked.n)
		f->marked[f->marked_n++] = indicator;
	if (!list.n)
		f->rest[f->rest_n++] = indicator;
	for (uint32_t i = 0; rc == SL_OK && i < list.n; i++)
		rc = add_network(f, b, &rs->networks[list.first + i], indicator);
	return rc;
}

static bool is_of_packets(const struct sl_ruleset *rs, uint32_t indicator)
{
	return rs->wheres[rs->indicators[indicator].where].flags & SL_WHERE_PACKETS;
}

int sl_flowwise_init(struct sl_flowwise *f, const struct sl_ruleset *rs, bool packets)
{
	struct sl_table_builder *b = sl_table_builder_new(SEED ^ rs->header->seed);
	int rc = b ? SL_OK : SL_ENOMEM;
	f->rest = calloc(rs->flowwise_n + 1, sizeof *f->rest);
	f->marked = calloc(rs->flowwise_n + 1, sizeof *f->marked);
	if (!f->rest || !f->marked)
		rc = SL_ENOMEM;
	for (uint32_t i = 0; rc == SL_OK && i < rs->flowwise_n; i++)
		if (is_of_packets(rs, rs->flowwise[i]) == packets)
			rc = add_indicator(f, b, rs, rs->flowwise[i]);
	if (rc == SL_OK)
		rc = sl_table_builder_open(b, &f->networks, &f->memory, NULL);
	sl_table_builder_free(b);
	return rc;
}

void sl_flowwise_fini(struct sl_flowwise *f)
{
	free(f->rest);
	free(f->marked);
	free(f->memory);
}
