/* What there is to do with the values of each field: found out once, when a ruleset is opened, so that
 * a value that nothing asks for costs a glance. */
#include <sensor/detect/detect_internal.h>

static void look_at_table(struct sl_engine *e, const struct sl_table *table, uint8_t how)
{
	uint64_t at = 0;
	for (struct sl_postings found = sl_table_next(table, &at); found.n; found = sl_table_next(table, &at)) {
		struct sl_span key = sl_table_key(found);
		if (key.len && key.at[0] < SL_FIELDS_ALL)
			e->look[key.at[0]] |= how;
	}
}

static unsigned labels_of(struct sl_span name)
{
	unsigned n = 1;
	for (size_t i = 0; i < name.len; i++)
		n += name.at[i] == '.';
	return n < SL_LABELS_MOST ? n : SL_LABELS_MOST;
}

static void find_labels(struct sl_engine *e)
{
	uint64_t at = 0;
	const struct sl_table *names = &e->rs->domains;
	for (struct sl_postings found = sl_table_next(names, &at); found.n; found = sl_table_next(names, &at))
		e->labels |= UINT64_C(1) << labels_of(sl_table_key(found));
}

static void look_at_field(struct sl_engine *e, unsigned field)
{
	const struct sl_ruleset *rs = e->rs;
	bool addresses = rs->prefix4.n + rs->prefix6.n;
	if (rs->domains.n && field < SL_FIELD_COUNT && sl_exact_names((enum sl_field)field))
		e->look[field] |= SL_LOOK_NAME;
	if (addresses && field == SL_FIELD_DNS_ANSWER)
		e->look[field] |= SL_LOOK_ADDRESS;
	if (rs->urls.n && field == SL_FIELD_HTTP_URL)
		e->look[field] |= SL_LOOK_URL;
	if (e->scanner[field][SL_MODE_BLOCK].db)
		e->look[field] |= SL_LOOK_PATTERNS;
	if (e->always[field] < e->always[field + 1])
		e->look[field] |= SL_LOOK_ALWAYS;
	if (sl_ruleset_field_streams(field)) /* these are looked at as they come */
		e->look[field] = 0;
}

void sl_look_init(struct sl_engine *e)
{
	look_at_table(e, &e->rs->equals, SL_LOOK_EQUALS);
	look_at_table(e, &e->rs->equals_nocase, SL_LOOK_NOCASE);
	for (unsigned f = 0; f < SL_FIELDS_ALL; f++)
		look_at_field(e, f);
	for (uint32_t i = 0; i < e->rs->derived_n; i++)
		e->look[e->rs->derived[i].field] |= SL_LOOK_DERIVED;
	find_labels(e);
}
