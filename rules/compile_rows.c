/* What indicators share: metadata, places, actions, positions. Equal ones are one row. */
#include <rules/records.h>

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint32_t row_put(struct sl_records *out, struct sl_rows *rows, const void *row)
{
	uint32_t index = sl_rows_add(rows, row, 1);
	out->failed = out->failed || index == UINT32_MAX;
	return index;
}

static struct sl_ruleset_range range_put(struct sl_records *out, struct sl_rows *rows,
					 const void *row, size_t n)
{
	uint32_t first = sl_rows_add(rows, row, n);
	out->failed = out->failed || first == UINT32_MAX;
	return (struct sl_ruleset_range){ first, (uint32_t)n };
}

uint32_t sl_record_string(struct sl_records *out, const char *text)
{
	uint32_t offset = sl_strings_add(&out->strings, text);
	out->failed = out->failed || offset == UINT32_MAX;
	return offset;
}

/* One a line. */
static uint32_t references_put(struct sl_records *out, const json_t *references)
{
	size_t n = json_array_size(references), room = 1;
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		room += json_string_length(json_array_get(references, i)) + 1;
	char *text = calloc(1, room), *at = text;
	if (!text) {
		out->failed = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		at = stpcpy(at, i ? "\n" : "");
		at = stpcpy(at, json_string_value(json_array_get(references, i)));
	}
	uint32_t offset = sl_record_string(out, text);
	free(text);
	return offset;
}

uint32_t sl_record_meta(struct sl_records *out, const struct sl_indicator *ind)
{
	struct sl_ruleset_meta meta = {
		.name = sl_record_string(out, ind->name),
		.description = sl_record_string(out, ind->description),
		.class_ = sl_record_string(out, ind->meta.class_),
		.drill = sl_record_string(out, ind->meta.drill),
		.references = references_put(out, ind->references),
		.tlp = (uint8_t)ind->meta.tlp,
		.severity = (uint8_t)ind->meta.severity,
		.confidence = ind->meta.confidence,
		.valid_from = ind->meta.valid_from,
		.valid_until = ind->meta.valid_until,
	};
	return row_put(out, &out->metas, &meta);
}

/* --- where --- */

static struct sl_ruleset_range networks_put(struct sl_records *out,
					    const struct sl_network_item *item, size_t n)
{
	struct sl_ruleset_network *row = n ? calloc(n, sizeof *row) : NULL;
	out->failed = out->failed || (n && !row);
	for (size_t i = 0; row && i < n; i++) {
		row[i].family = item[i].prefix.address.family;
		row[i].bits = item[i].prefix.bits;
		row[i].negated = item[i].negated;
		memcpy(row[i].bytes, item[i].prefix.address.bytes, row[i].family == 4 ? 4 : 16);
	}
	struct sl_ruleset_range range = range_put(out, &out->networks, row, row ? n : 0);
	free(row);
	return range;
}

static struct sl_ruleset_range ports_put(struct sl_records *out, const struct sl_number_range *item,
					 size_t n)
{
	struct sl_ruleset_ports *row = n ? calloc(n, sizeof *row) : NULL;
	out->failed = out->failed || (n && !row);
	for (size_t i = 0; row && i < n; i++) {
		row[i].first = (uint16_t)item[i].first;
		row[i].last = (uint16_t)item[i].last;
		row[i].negated = item[i].negated;
	}
	struct sl_ruleset_range range = range_put(out, &out->ports, row, row ? n : 0);
	free(row);
	return range;
}

/* The same name in the same pack gives the same number in every ruleset. */
static uint32_t mark_number(const char *pack, const char *name)
{
	XXH64_hash_t hash =
		XXH3_64bits_withSeed(name, strlen(name), XXH3_64bits(pack, strlen(pack)));
	uint32_t number = (uint32_t)(hash ^ hash >> 32);
	return number ? number : 1;
}

static struct sl_ruleset_range marks_put(struct sl_records *out, const struct sl_pack *pack,
					 const char *const *name, size_t n)
{
	uint32_t *row = n ? calloc(n, sizeof *row) : NULL;
	out->failed = out->failed || (n && !row);
	for (size_t i = 0; row && i < n; i++)
		row[i] = mark_number(pack->name, name[i]);
	struct sl_ruleset_range range = range_put(out, &out->marks, row, row ? n : 0);
	free(row);
	return range;
}

static void where_fill(struct sl_records *out, const struct sl_pack *pack, const struct sl_where *w,
		       struct sl_ruleset_where *row)
{
	*row = (struct sl_ruleset_where){
		.client = networks_put(out, w->client, w->clients_n),
		.server = networks_put(out, w->server, w->servers_n),
		.from = networks_put(out, w->from, w->froms_n),
		.to = networks_put(out, w->to, w->tos_n),
		.port = ports_put(out, w->port, w->ports_n),
		.client_port = ports_put(out, w->client_port, w->client_ports_n),
		.from_port = ports_put(out, w->from_port, w->from_ports_n),
		.to_port = ports_put(out, w->to_port, w->to_ports_n),
		.marked = marks_put(out, pack, w->marked, w->marked_n),
		.marked_any = marks_put(out, pack, w->marked_any, w->marked_any_n),
		.not_marked = marks_put(out, pack, w->not_marked, w->not_marked_n),
		.apps = w->apps,
		.apps_before = w->apps_before,
		.direction = w->direction,
		.part = w->part,
		.tunnel_any = w->tunnel_any,
		.tunnel_none = w->tunnel_none,
		.flags_set = w->flags_set,
		.flags_clear = w->flags_clear,
		.flags = w->flags,
		.icmp_type_min = w->icmp_type_min,
		.icmp_type_max = w->icmp_type_max,
		.icmp_code_min = w->icmp_code_min,
		.icmp_code_max = w->icmp_code_max,
		.vni = w->vni,
	};
	memcpy(row->protos, w->protos, sizeof row->protos);
}

/* An address's own port and protocol stand here too. */
uint32_t sl_record_where(struct sl_records *out, const struct sl_pack *pack,
			 const struct sl_indicator *ind)
{
	struct sl_ruleset_where row = { 0 };
	struct sl_number_range own[SL_PORTS_MAX];
	if (!ind->where && !ind->ports_n && !ind->proto)
		return 0;
	if (ind->where)
		where_fill(out, pack, ind->where, &row);
	for (size_t i = 0; i < ind->ports_n; i++)
		own[i] = (struct sl_number_range){ ind->ports[i], ind->ports[i], false };
	row.own_port = ports_put(out, own, ind->ports_n);
	if (ind->proto)
		row.protos[ind->proto / 64] |= UINT64_C(1) << ind->proto % 64;
	return row_put(out, &out->wheres, &row);
}

uint32_t sl_record_action(struct sl_records *out, const struct sl_pack *pack,
			  const struct sl_indicator *ind)
{
	const struct sl_action *a = ind->action;
	if (!a)
		return 0;
	struct sl_ruleset_action row = {
		.threshold = a->threshold,
		.by = a->by,
		.count = a->count,
		.seconds = a->seconds,
		.set = marks_put(out, pack, a->set, a->sets),
		.unset = marks_put(out, pack, a->unset, a->unsets),
		.toggle = marks_put(out, pack, a->toggle, a->toggles),
	};
	return row_put(out, &out->actions, &row);
}

static struct sl_ruleset_position position_row(const struct sl_position *p)
{
	return (struct sl_ruleset_position){ .offset = p->offset,
					     .depth = p->depth,
					     .distance = p->distance,
					     .within = p->within,
					     .after_min = p->after_min,
					     .after_max = p->after_max,
					     .min = p->min,
					     .max = p->max };
}

uint32_t sl_record_position(struct sl_records *out, const struct sl_condition *c)
{
	if (!c->positioned && c->op != SL_OP_LENGTH && c->op != SL_OP_NUMBER)
		return 0;
	struct sl_ruleset_position row = position_row(&c->position);
	return row_put(out, &out->positions, &row);
}

void sl_records_init(struct sl_records *out)
{
	const struct sl_ruleset_where anything = { 0 };
	const struct sl_ruleset_action nothing = { 0 };
	const struct sl_position none = sl_position_none();
	const struct sl_ruleset_position anywhere = position_row(&none);
	*out = (struct sl_records){
		.metas.element = sizeof(struct sl_ruleset_meta),
		.wheres.element = sizeof(struct sl_ruleset_where),
		.actions.element = sizeof(struct sl_ruleset_action),
		.positions.element = sizeof(struct sl_ruleset_position),
		.networks.element = sizeof(struct sl_ruleset_network),
		.ports.element = sizeof(struct sl_ruleset_ports),
		.marks.element = sizeof(uint32_t),
	};
	row_put(out, &out->wheres, &anything);
	row_put(out, &out->actions, &nothing);
	row_put(out, &out->positions, &anywhere);
}

void sl_records_fini(struct sl_records *out)
{
	struct sl_rows *const rows[] = { &out->metas,     &out->wheres,   &out->actions,
					 &out->positions, &out->networks, &out->ports,
					 &out->marks };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		sl_rows_fini(rows[i]);
	sl_strings_fini(&out->strings);
}
