/* Records while they are made: strings and shared rows. For compile_records.c and compile_rows.c.
 */
#ifndef SELAT_RULES_RECORDS_H
#define SELAT_RULES_RECORDS_H

#include <rules/image.h>
#include <rules/rows.h>
#include <rules/strings.h>

struct sl_records {
	struct sl_strings strings;
	struct sl_rows metas, wheres, actions, positions, networks, ports, marks;
	struct sl_ruleset_pack *packs;
	struct sl_ruleset_indicator *indicators;
	uint64_t *contents;
	struct sl_ruleset_condition *conditions;
	uint32_t packs_n, indicators_n, conditions_n;
	bool failed; /* memory ended, or offsets did */
};

/* All but the arrays; row 0 of each kind that has one is made. */
void sl_records_init(struct sl_records *out);
void sl_records_fini(struct sl_records *out);

/* Each gives a row, or sets out->failed. */
uint32_t sl_record_string(struct sl_records *out, const char *text);
uint32_t sl_record_meta(struct sl_records *out, const struct sl_indicator *ind);
uint32_t sl_record_where(struct sl_records *out, const struct sl_pack *pack,
			 const struct sl_indicator *ind);
uint32_t sl_record_action(struct sl_records *out, const struct sl_pack *pack,
			  const struct sl_indicator *ind);
uint32_t sl_record_position(struct sl_records *out, const struct sl_condition *c);

#endif
