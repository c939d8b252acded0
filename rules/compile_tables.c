/* The exact tables: addresses by prefix, domains, URLs, hashes, and `equals` and `in` on values
 * that are whole. Keys are as ruleset.h describes them. */
#include <rules/image.h>

#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 4096 }; /* bytes of an exact value */

enum table { PREFIX4, PREFIX6, DOMAINS, URLS, EQUALS, EQUALS_NOCASE, TABLES };

static const uint32_t section_of[TABLES] = {
	[PREFIX4] = SL_SECTION_PREFIX4, [PREFIX6] = SL_SECTION_PREFIX6,
	[DOMAINS] = SL_SECTION_DOMAINS, [URLS] = SL_SECTION_URLS,
	[EQUALS] = SL_SECTION_EQUALS,   [EQUALS_NOCASE] = SL_SECTION_EQUALS_NOCASE,
};

struct tables {
	struct sl_table_builder *builder[TABLES];
	struct sl_ruleset_prefixes prefixes;
	bool any_prefix;
	int rc; /* the first failure */
};

static void pair_add(struct tables *t, enum table table, struct sl_span key, size_t value)
{
	int rc = sl_table_builder_add(t->builder[table], key, (uint32_t)value);
	if (t->rc == SL_OK)
		t->rc = rc;
}

static void prefix_add(struct tables *t, const struct sl_prefix *prefix, size_t value)
{
	uint8_t key[17] = { prefix->bits };
	bool four = prefix->address.family == 4;
	memcpy(key + 1, prefix->address.bytes, four ? 4 : 16);
	pair_add(t, four ? PREFIX4 : PREFIX6, sl_span_of(key, four ? 5 : 17), value);
	uint64_t *bits = four ? &t->prefixes.v4 : &t->prefixes.v6[prefix->bits / 64];
	*bits |= UINT64_C(1) << prefix->bits % 64;
	t->any_prefix = true;
}

static void value_add(struct tables *t, uint8_t field, struct sl_span value, bool nocase,
		      size_t condition)
{
	uint8_t key[1 + VALUE_MAX] = { field };
	if (value.len > VALUE_MAX) {
		t->rc = t->rc < 0 ? t->rc : SL_EFORMAT;
		return;
	}
	for (size_t i = 0; i < value.len; i++) {
		uint8_t byte = value.at[i];
		key[1 + i] = nocase && byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
	}
	pair_add(t, nocase ? EQUALS_NOCASE : EQUALS, sl_span_of(key, 1 + value.len), condition);
}

static void condition_add(struct tables *t, const struct sl_condition *c, uint8_t field,
			  size_t index)
{
	bool nocase = c->flags & SL_COND_NOCASE;
	const struct sl_values *list = c->list;
	if (!list) {
		value_add(t, field, sl_span_of(c->bytes, c->len), nocase, index);
		return;
	}
	for (size_t i = 0; i < list->prefixes && t->rc == SL_OK; i++)
		prefix_add(t, &list->prefix[i], SL_POSTING_CONDITION | index);
	for (size_t i = 0; i < list->n && t->rc == SL_OK; i++)
		value_add(t, field,
			  sl_span_of(list->bytes + list->at[i],
				     (size_t)(list->at[i + 1] - list->at[i])),
			  nocase, index);
}

static void conditions_add(struct tables *t, const struct sl_plan *plan,
			   const struct sl_indicator *ind, size_t first)
{
	for (size_t i = 0; i < ind->conditions; i++)
		if (plan->condition[first + i].table)
			condition_add(t, &ind->condition[i], plan->condition[first + i].field,
				      first + i);
}

static void indicator_add(struct tables *t, const struct sl_plan *plan,
			  const struct sl_indicator *ind, size_t index, size_t condition)
{
	switch (ind->kind) {
	case SL_IND_ADDRESS:
		prefix_add(t, &ind->prefix, index);
		break;
	case SL_IND_DOMAIN:
		pair_add(t, DOMAINS, sl_span_str(ind->normal), index);
		break;
	case SL_IND_URL:
		pair_add(t, URLS, sl_span_str(ind->normal), index);
		break;
	case SL_IND_MATCH:
		conditions_add(t, plan, ind, condition);
		break;
	default: /* a hash or fingerprint: the indicator itself, under its kind's field */
		value_add(t, (uint8_t)sl_indicator_kind_field(ind->kind), sl_span_str(ind->normal),
			  false, SL_POSTING_INDICATOR | index);
	}
}

static void tables_fill(struct tables *t, const struct sl_plan *plan, const struct sl_packs *packs)
{
	size_t index = 0, condition = 0;
	for (size_t i = 0; i < packs->n && t->rc == SL_OK; i++)
		for (size_t k = 0; k < packs->pack[i].n; k++) {
			const struct sl_indicator *ind = &packs->pack[i].indicator[k];
			indicator_add(t, plan, ind, index++, condition);
			condition += ind->conditions;
		}
}

static int tables_write(struct tables *t, struct sl_image *image, struct sl_err *err)
{
	for (size_t i = 0; i < TABLES; i++) {
		uint8_t *bytes;
		size_t size;
		int rc = sl_table_builder_write(t->builder[i], &bytes, &size);
		if (rc < 0)
			return sl_fail(err, rc, "out of memory for the tables");
		rc = sl_image_add(image, section_of[i], 0, bytes, size, err);
		if (rc < 0)
			return rc;
	}
	if (!t->any_prefix)
		return SL_OK;
	struct sl_ruleset_prefixes *prefixes = malloc(sizeof *prefixes);
	if (!prefixes)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	*prefixes = t->prefixes;
	return sl_image_add(image, SL_SECTION_PREFIXES, 0, prefixes, sizeof *prefixes, err);
}

int sl_compile_tables(struct sl_image *image, const struct sl_packs *packs, struct sl_err *err)
{
	struct tables t = { .rc = SL_OK };
	for (size_t i = 0; i < TABLES; i++) {
		t.builder[i] = sl_table_builder_new(image->seed);
		if (!t.builder[i])
			t.rc = SL_ENOMEM;
	}
	if (t.rc == SL_OK)
		tables_fill(&t, &image->plan, packs);
	int rc =
		t.rc == SL_EFORMAT
			? sl_fail(err, t.rc, "a value of a list is longer than %d bytes", VALUE_MAX)
		: t.rc < 0 ? sl_fail(err, t.rc, "out of memory for the tables")
			   : tables_write(&t, image, err);
	for (size_t i = 0; i < TABLES; i++)
		sl_table_builder_free(t.builder[i]);
	return rc;
}
