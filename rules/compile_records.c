/* The records of packs, indicators and conditions, and the strings they point at. */
#include <rules/image.h>
#include <rules/strings.h>

#include <stdlib.h>
#include <string.h>

struct records {
	struct sl_strings strings;
	struct sl_ruleset_pack *packs;
	struct sl_ruleset_indicator *indicators;
	struct sl_ruleset_condition *conditions;
	uint32_t packs_n, indicators_n, conditions_n;
	bool failed; /* memory ended, or offsets did */
};

static uint32_t string_put(struct records *out, const char *text)
{
	uint32_t offset = sl_strings_add(&out->strings, text);
	out->failed = out->failed || offset == UINT32_MAX;
	return offset;
}

/* One a line. */
static uint32_t references_put(struct records *out, const json_t *references)
{
	size_t room = 1;
	for (size_t i = 0; i < json_array_size(references); i++)
		room += json_string_length(json_array_get(references, i)) + 1;
	char *text = calloc(1, room), *at = text;
	if (!text) {
		out->failed = true;
		return 0;
	}
	for (size_t i = 0; i < json_array_size(references); i++) {
		at = stpcpy(at, i ? "\n" : "");
		at = stpcpy(at, json_string_value(json_array_get(references, i)));
	}
	uint32_t offset = string_put(out, text);
	free(text);
	return offset;
}

static void conditions_put(struct records *out, const struct sl_indicator *ind)
{
	for (size_t i = 0; i < ind->conditions; i++) {
		const struct sl_condition *c = &ind->condition[i];
		out->conditions[out->conditions_n++] = (struct sl_ruleset_condition){
			.indicator = out->indicators_n,
			.field = (uint8_t)c->field,
			.op = (uint8_t)c->op,
			.flags = c->flags,
			.bit = (uint8_t)i,
			.value = string_put(out, c->text),
		};
	}
}

static void indicator_put(struct records *out, const struct sl_indicator *ind)
{
	struct sl_ruleset_indicator record = {
		.pack = out->packs_n,
		.id = string_put(out, ind->id),
		.value = string_put(out, ind->value),
		.name = string_put(out, ind->name),
		.description = string_put(out, ind->description),
		.class_ = string_put(out, ind->meta.class_),
		.drill = string_put(out, ind->meta.drill),
		.references = references_put(out, ind->references),
		.kind = (uint8_t)ind->kind,
		.scope = (uint8_t)ind->scope,
		.tlp = (uint8_t)ind->meta.tlp,
		.severity = (uint8_t)ind->meta.severity,
		.confidence = ind->meta.confidence,
		.proto = ind->proto,
		.ports_n = ind->ports_n,
		.valid_from = ind->meta.valid_from,
		.valid_until = ind->meta.valid_until,
		.condition = out->conditions_n,
		.conditions_n = (uint32_t)ind->conditions,
	};
	if (ind->kind == SL_IND_DOMAIN && ind->subdomains)
		record.flags |= SL_IND_SUBDOMAINS;
	if (ind->meta.shadow)
		record.flags |= SL_IND_SHADOW;
	memcpy(record.ports, ind->ports, sizeof record.ports);
	conditions_put(out, ind);
	out->indicators[out->indicators_n++] = record;
}

static void packs_put(struct records *out, const struct sl_packs *packs)
{
	for (size_t i = 0; i < packs->n; i++) {
		const struct sl_pack *pack = &packs->pack[i];
		struct sl_ruleset_pack record = {
			.name = string_put(out, pack->name),
			.author = string_put(out, pack->author),
			.version = pack->version,
			.indicators = (uint32_t)pack->n,
		};
		for (size_t k = 0; k < pack->n; k++)
			indicator_put(out, &pack->indicator[k]);
		out->packs[out->packs_n++] = record;
	}
}

static int records_add(struct sl_image *image, struct records *out, struct sl_err *err)
{
	const struct sl_image_section all[] = {
		{ SL_SECTION_STRINGS, 0, out->strings.bytes, out->strings.size },
		{ SL_SECTION_PACKS, 0, out->packs, out->packs_n * sizeof *out->packs },
		{ SL_SECTION_INDICATORS, 0, out->indicators,
		  out->indicators_n * sizeof *out->indicators },
		{ SL_SECTION_CONDITIONS, 0, out->conditions,
		  out->conditions_n * sizeof *out->conditions },
	};
	out->strings.bytes = NULL;
	int rc = SL_OK;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		int added = sl_image_add(image, all[i].type, 0, all[i].bytes, all[i].size, err);
		rc = rc < 0 ? rc : added;
	}
	sl_strings_fini(&out->strings);
	return rc;
}

int sl_compile_records(struct sl_image *image, const struct sl_packs *packs, struct sl_err *err)
{
	size_t indicators = 0;
	for (size_t kind = 0; kind <= SL_IND_MATCH; kind++)
		indicators += image->indicators[kind];
	if (indicators > UINT32_MAX / 2 || image->conditions > UINT32_MAX / 2)
		return sl_fail(err, SL_EFAIL, "too many indicators for one ruleset");
	struct records out = {
		.packs = calloc(packs->n + 1, sizeof *out.packs),
		.indicators = calloc(indicators + 1, sizeof *out.indicators),
		.conditions = calloc(image->conditions + 1, sizeof *out.conditions),
	};
	out.failed = !out.packs || !out.indicators || !out.conditions;
	if (!out.failed)
		packs_put(&out, packs);
	if (!out.failed)
		return records_add(image, &out, err);
	free(out.packs);
	free(out.indicators);
	free(out.conditions);
	sl_strings_fini(&out.strings);
	return sl_fail(err, SL_ENOMEM, "out of memory, or more than 4 GiB of texts");
}
