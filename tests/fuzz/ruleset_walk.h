/* Reads all that a ruleset's numbers point at, as a sensor would: with a sanitizer watching, what
 * leads outside is found. Returns something of everything, so that no reading is left out. */
#ifndef SELAT_TESTS_RULESET_WALK_H
#define SELAT_TESTS_RULESET_WALK_H

#include <selat/ruleset.h>

static inline uint64_t walk_string(const struct sl_ruleset *rs, uint32_t string)
{
	return strlen(sl_ruleset_string(rs, string));
}

static inline uint64_t walk_where(const struct sl_ruleset *rs, const struct sl_ruleset_where *w)
{
	const struct sl_ruleset_range networks[] = { w->client, w->server, w->from, w->to };
	const struct sl_ruleset_range ports[] = { w->port, w->client_port, w->from_port, w->to_port,
						  w->own_port };
	const struct sl_ruleset_range marks[] = { w->marked, w->marked_any, w->not_marked };
	uint64_t sum = w->apps;
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
		for (uint32_t k = 0; k < networks[i].n; k++)
			sum += rs->networks[networks[i].first + k]
				       .bytes[rs->networks[networks[i].first + k].bits / 8 % 16];
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		for (uint32_t k = 0; k < ports[i].n; k++)
			sum += rs->ports[ports[i].first + k].last;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		for (uint32_t k = 0; k < marks[i].n; k++)
			sum += rs->marks[marks[i].first + k];
	return sum;
}

static inline uint64_t walk_action(const struct sl_ruleset *rs, const struct sl_ruleset_action *a)
{
	const struct sl_ruleset_range marks[] = { a->set, a->unset, a->toggle };
	uint64_t sum = a->count;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		for (uint32_t k = 0; k < marks[i].n; k++)
			sum += rs->marks[marks[i].first + k];
	return sum;
}

static inline uint64_t walk_condition(const struct sl_ruleset *rs,
				      const struct sl_ruleset_condition *c)
{
	uint64_t sum = walk_string(rs, c->value) + rs->positions[c->position].min;
	for (uint32_t i = 0; i < c->len; i++)
		sum += (uint8_t)rs->strings[c->bytes + i];
	sum += (uint64_t)sl_field_info(sl_ruleset_field(rs, c->field))->name[0];
	return sum + rs->indicators[c->indicator].kind;
}

static inline uint64_t walk_indicator(const struct sl_ruleset *rs, uint32_t index)
{
	const struct sl_ruleset_indicator *ind = &rs->indicators[index];
	const struct sl_ruleset_meta *meta = sl_ruleset_meta(rs, index);
	uint64_t sum = walk_string(rs, ind->id) + walk_string(rs, ind->value) +
		       walk_string(rs, meta->name) + walk_string(rs, meta->references) +
		       walk_string(rs, rs->packs[ind->pack].name);
	for (uint32_t i = 0; i < ind->conditions_n; i++)
		sum += walk_condition(rs, &rs->conditions[ind->condition + i]);
	return sum + (uint64_t)sl_indicator_kind_text((enum sl_indicator_kind)ind->kind)[0];
}

static inline uint64_t walk_table(const struct sl_ruleset *rs, const struct sl_table *t)
{
	uint64_t at = 0, sum = sl_table_get(t, sl_span_str("nothing")).n;
	for (struct sl_postings p = sl_table_next(t, &at); p.n; p = sl_table_next(t, &at))
		for (uint32_t i = 0; i < p.n; i++) {
			uint32_t number = p.value[i] & ~SL_POSTING_INDICATOR;
			bool marked = number != p.value[i];
			bool indicator =
				t == &rs->equals || t == &rs->equals_nocase ? marked : !marked;
			sum += indicator ? rs->indicators[number].kind : rs->conditions[number].op;
		}
	return sum;
}

static inline uint64_t walk_databases(const struct sl_ruleset *rs)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < rs->databases_n; i++)
		for (uint32_t p = 0; p < rs->database[i].patterns_n; p++)
			for (uint32_t c = 0; c < rs->database[i].patterns[p].conditions_n; c++)
				sum += rs->conditions
					       [rs->pattern_conditions
							[rs->database[i].patterns[p].condition + c]]
						       .op;
	return sum;
}

static inline uint64_t walk_ruleset(const struct sl_ruleset *rs)
{
	const struct sl_table *const tables[] = { &rs->prefix4, &rs->prefix6, &rs->domains,
						  &rs->urls,    &rs->equals,  &rs->equals_nocase };
	uint64_t sum = walk_databases(rs);
	for (uint32_t i = 0; i < rs->indicators_n; i++)
		sum += walk_indicator(rs, i);
	for (uint32_t i = 0; i < rs->wheres_n; i++)
		sum += walk_where(rs, &rs->wheres[i]);
	for (uint32_t i = 0; i < rs->actions_n; i++)
		sum += walk_action(rs, &rs->actions[i]);
	for (uint32_t i = 0; i < rs->always_n; i++)
		sum += rs->conditions[rs->always[i].condition].bit;
	for (uint32_t i = 0; i < rs->flowwise_n; i++)
		sum += rs->indicators[rs->flowwise[i]].where;
	for (uint32_t i = 0; i < rs->endwise_n; i++)
		sum += rs->conditions[rs->indicators[rs->endwise[i]].condition].op;
	for (uint32_t i = 0; i < rs->withdrawn_n; i++)
		sum += rs->withdrawn[i];
	for (uint32_t i = 0; rs->contents && i < rs->indicators_n; i++)
		sum += rs->contents[i];
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		sum += walk_table(rs, tables[i]);
	return sum;
}

#endif
