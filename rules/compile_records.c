/* The records of packs, indicators and conditions, and the strings they point at. */
#include <rules/records.h>

#include <stdlib.h>
#include <string.h>

/* What is compared: literals of any case in lower case, so that the sensor folds one side alone. */
static uint32_t bytes_put(struct sl_records *out, const struct sl_condition *c)
{
	uint8_t folded[SL_LITERAL_MAX];
	const uint8_t *bytes = c->bytes;
	if (c->flags & SL_COND_NOCASE && c->op != SL_OP_REGEX && c->len <= sizeof folded) {
		for (size_t i = 0; i < c->len; i++)
			folded[i] = c->bytes[i] >= 'A' && c->bytes[i] <= 'Z' ? c->bytes[i] | 0x20
									     : c->bytes[i];
		bytes = folded;
	}
	uint32_t offset = c->len ? sl_strings_add_bytes(&out->strings, bytes, c->len) : 0;
	out->failed = out->failed || offset == UINT32_MAX;
	return offset;
}

static void conditions_put(struct sl_records *out, const struct sl_plan *plan,
			   const struct sl_indicator *ind)
{
	for (size_t i = 0; i < ind->conditions; i++) {
		const struct sl_condition *c = &ind->condition[i];
		const struct sl_plan_condition *p = &plan->condition[out->conditions_n];
		out->conditions[out->conditions_n++] = (struct sl_ruleset_condition){
			.indicator = out->indicators_n,
			.field = p->field,
			.op = (uint8_t)c->op,
			.flags = p->flags,
			.bit = p->bit,
			.value = sl_record_string(out, c->text),
			.bytes = bytes_put(out, c),
			.len = (uint32_t)c->len,
			.position = sl_record_position(out, c),
		};
	}
}

static uint8_t indicator_flags(const struct sl_indicator *ind, const struct sl_plan_indicator *p)
{
	unsigned flags = p->flags;
	if (ind->kind == SL_IND_DOMAIN && ind->subdomains)
		flags |= SL_IND_SUBDOMAINS;
	if (ind->meta.shadow)
		flags |= SL_IND_SHADOW;
	if (ind->silent)
		flags |= SL_IND_SILENT;
	if (ind->pass)
		flags |= SL_IND_PASS;
	return (uint8_t)flags;
}

static void indicator_put(struct sl_records *out, const struct sl_plan *plan,
			  const struct sl_pack *pack, const struct sl_indicator *ind)
{
	const struct sl_plan_indicator *p = &plan->indicator[out->indicators_n];
	uint32_t id = sl_strings_append(&out->strings, ind->id);
	uint32_t value = sl_strings_append(&out->strings, ind->value);
	out->failed = out->failed || id == UINT32_MAX || value == UINT32_MAX;
	struct sl_ruleset_indicator record = {
		.pack = out->packs_n,
		.id = id,
		.value = value,
		.meta = sl_record_meta(out, ind),
		.where = sl_record_where(out, pack, ind),
		.action = sl_record_action(out, pack, ind),
		.condition = out->conditions_n,
		.conditions_n = (uint8_t)ind->conditions,
		.kind = (uint8_t)ind->kind,
		.scope = p->scope,
		.flags = indicator_flags(ind, p),
	};
	conditions_put(out, plan, ind);
	out->contents[out->indicators_n] = pack->content[ind - pack->indicator];
	out->indicators[out->indicators_n++] = record;
}

static void packs_put(struct sl_records *out, const struct sl_plan *plan,
		      const struct sl_packs *packs)
{
	for (size_t i = 0; i < packs->n; i++) {
		const struct sl_pack *pack = &packs->pack[i];
		struct sl_ruleset_pack record = {
			.name = sl_record_string(out, pack->name),
			.author = sl_record_string(out, pack->author),
			.version = pack->version,
			.indicators = (uint32_t)pack->n,
		};
		memcpy(record.digest, pack->digest, sizeof record.digest);
		for (size_t k = 0; k < pack->n; k++)
			indicator_put(out, plan, pack, &pack->indicator[k]);
		out->packs[out->packs_n++] = record;
	}
}

/* Hands the bytes over. */
static struct sl_image_section section_take(uint32_t type, struct sl_rows *rows)
{
	struct sl_image_section section = { type, 0, rows->bytes, rows->n * rows->element };
	rows->bytes = NULL;
	return section;
}

static struct sl_image_section section_copy(uint32_t type, const void *rows, size_t size, bool *ok)
{
	void *bytes = malloc(size + 1);
	*ok = *ok && bytes;
	return (struct sl_image_section){ type, 0,
					  bytes && size ? memcpy(bytes, rows, size) : bytes,
					  bytes ? size : 0 };
}

/* What the plan found that needs a look of its own. */
static int lists_add(struct sl_image *image, struct sl_err *err)
{
	const struct sl_plan *p = &image->plan;
	bool ok = true;
	const struct sl_image_section all[] = {
		section_copy(SL_SECTION_DERIVED, p->derived, p->derived_n * sizeof *p->derived,
			     &ok),
		section_copy(SL_SECTION_ALWAYS, p->always, p->always_n * sizeof *p->always, &ok),
		section_copy(SL_SECTION_FLOWWISE, p->flowwise, p->flowwise_n * sizeof *p->flowwise,
			     &ok),
		section_copy(SL_SECTION_ENDWISE, p->endwise, p->endwise_n * sizeof *p->endwise,
			     &ok),
	};
	int rc = ok ? SL_OK : sl_fail(err, SL_ENOMEM, "out of memory for the records");
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		int added = sl_image_add(image, all[i].type, 0, all[i].bytes, all[i].size, err);
		rc = rc < 0 ? rc : added;
	}
	return rc;
}

static int records_add(struct sl_image *image, struct sl_records *out, struct sl_err *err)
{
	const struct sl_image_section all[] = {
		{ SL_SECTION_STRINGS, 0, out->strings.bytes, out->strings.size },
		{ SL_SECTION_PACKS, 0, out->packs, out->packs_n * sizeof *out->packs },
		{ SL_SECTION_INDICATORS, 0, out->indicators,
		  out->indicators_n * sizeof *out->indicators },
		{ SL_SECTION_CONDITIONS, 0, out->conditions,
		  out->conditions_n * sizeof *out->conditions },
		{ SL_SECTION_CONTENTS, 0, out->contents,
		  out->indicators_n * sizeof *out->contents },
		section_take(SL_SECTION_METAS, &out->metas),
		section_take(SL_SECTION_WHERES, &out->wheres),
		section_take(SL_SECTION_ACTIONS, &out->actions),
		section_take(SL_SECTION_POSITIONS, &out->positions),
		section_take(SL_SECTION_NETWORKS, &out->networks),
		section_take(SL_SECTION_PORTS, &out->ports),
		section_take(SL_SECTION_MARKS, &out->marks),
	};
	out->strings.bytes = NULL;
	out->packs = NULL;
	out->indicators = NULL;
	out->contents = NULL;
	out->conditions = NULL;
	int rc = lists_add(image, err);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		int added = sl_image_add(image, all[i].type, 0, all[i].bytes, all[i].size, err);
		rc = rc < 0 ? rc : added;
	}
	return rc;
}

int sl_compile_records(struct sl_image *image, const struct sl_packs *packs, struct sl_err *err)
{
	const struct sl_plan *plan = &image->plan;
	if (plan->indicators > INT32_MAX || plan->conditions > INT32_MAX)
		return sl_fail(err, SL_EFAIL, "too many indicators for one ruleset");
	struct sl_records out;
	sl_records_init(&out);
	out.packs = calloc(packs->n + 1, sizeof *out.packs);
	out.indicators = calloc(plan->indicators + 1, sizeof *out.indicators);
	out.contents = calloc(plan->indicators + 1, sizeof *out.contents);
	out.conditions = calloc(plan->conditions + 1, sizeof *out.conditions);
	out.failed =
		out.failed || !out.packs || !out.indicators || !out.contents || !out.conditions;
	if (!out.failed)
		packs_put(&out, plan, packs);
	int rc = out.failed ? sl_fail(err, SL_ENOMEM, "out of memory, or more than 4 GiB of texts")
			    : records_add(image, &out, err);
	free(out.packs);
	free(out.indicators);
	free(out.contents);
	free(out.conditions);
	sl_records_fini(&out);
	return rc;
}
