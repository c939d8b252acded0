/* A STIX 2.1 bundle: who wrote it, the labels, an indicator object an indicator, and a grouping a
 * pack. Ids are made of names, times of the pack's own: the same packs give the same bytes.
 *
 * `x_selat_indicator` and `x_selat_pack` carry what the author wrote, so that an import makes the
 * same pack. An indicator that STIX patterns cannot say has the pattern type "selat": its pattern
 * is its own JSON. */
#include <rules/export/export.h>
#include <rules/stix.h>
#include <rules/uuid.h>

#include <selat/text.h>
#include <stdlib.h>
#include <string.h>

struct bundle {
	FILE *out;
	json_t *written; /* ids of objects that packs share */
	bool comma, failed;
};

static void id_make(char out[96], const char *type, const char *const *parts)
{
	char uuid[SL_UUID_TEXT];
	snprintf(out, 96, "%s--%s", type, sl_uuid_name(uuid, parts));
}

static void author_id(char out[96], const struct sl_pack *pack)
{
	id_make(out, "identity", (const char *const[]){ "author", pack->author, NULL });
}

/* Writes the object, once in the bundle, and releases it. */
static void object_write(struct bundle *b, json_t *object)
{
	const char *id = json_string_value(json_object_get(object, "id"));
	if (!id) {
		b->failed = true;
	} else if (!json_object_get(b->written, id)) {
		b->failed = json_object_set_new(b->written, id, json_true()) < 0 || b->failed;
		fputs(b->comma ? ",\n" : "\n", b->out);
		b->comma = true;
		if (json_dumpf(object, b->out, JSON_COMPACT | JSON_SORT_KEYS) < 0)
			b->failed = true;
	}
	json_decref(object);
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

/* "2026-11-22T04:05:06.000Z": STIX wants milliseconds in created and modified. */
static json_t *stamp(int64_t seconds)
{
	char text[SL_TIME_TEXT];
	sl_export_time(text, seconds);
	return json_sprintf("%.19s.000Z", text);
}

static json_t *object_new(const char *type, const char *id, const struct sl_pack *pack)
{
	char author[96];
	author_id(author, pack);
	json_t *object = json_pack("{ss ss ss}", "type", type, "spec_version", "2.1", "id", id);
	if (!object)
		return NULL;
	set(object, "created", stamp(sl_export_created(pack)));
	set(object, "modified", stamp(sl_export_modified(pack)));
	if (strcmp(author, id) != 0)
		set(object, "created_by_ref", json_string(author));
	return object;
}

/* Its times are those of its own making: bundles of several packs have the same object. */
static void identity_write(struct bundle *b, const struct sl_pack *pack)
{
	char id[96];
	author_id(id, pack);
	object_write(b, json_pack("{ss ss ss ss ss ss}", "type", "identity", "spec_version", "2.1",
				  "id", id, "name", pack->author, "created",
				  "1970-01-01T00:00:00.000Z", "modified",
				  "1970-01-01T00:00:00.000Z"));
}

static void extension_write(struct bundle *b, const struct sl_pack *pack)
{
	char author[96];
	author_id(author, pack);
	object_write(
		b, json_pack("{ss ss ss ss ss ss ss ss ss s[s] s[ss]}", "type",
			     "extension-definition", "spec_version", "2.1", "id", SL_STIX_EXTENSION,
			     "created", "2026-11-22T00:00:00.000Z", "modified",
			     "2026-11-22T00:00:00.000Z", "created_by_ref", author, "name",
			     "Selat packs", "version", "1.0.0", "schema",
			     "the keys of a pack and of its indicators, as Selat's documentation "
			     "of packs (docs/rules.md) has them",
			     "extension_types", "toplevel-property-extension",
			     "extension_properties", "x_selat_indicator", "x_selat_pack"));
}

/* TLP 2.0 in STIX 2.1, by the extension that OASIS defined for it. */
static void marking_write(struct bundle *b, enum sl_tlp tlp)
{
	object_write(b, json_pack("{ss ss ss ss ss s{s{ss ss}}}", "type", "marking-definition",
				  "spec_version", "2.1", "id", sl_stix_marking(tlp), "created",
				  "2022-10-01T00:00:00.000Z", "name", sl_tlp_text(tlp),
				  "extensions", SL_STIX_TLP2_EXTENSION, "extension_type",
				  "property-extension", "tlp_2_0", sl_stix_tlp_word(tlp)));
}

static json_t *own_extension(void)
{
	return json_pack("{s{ss}}", SL_STIX_EXTENSION, "extension_type",
			 "toplevel-property-extension");
}

/* What STIX has no property for, as labels. */
static json_t *labels_of(const struct sl_meta *meta)
{
	json_t *labels = json_pack("[o o]", json_sprintf("rsit:%s", meta->class_),
				   json_sprintf("severity:%s", sl_severity_text(meta->severity)));
	if (labels && (meta->shadow || meta->off))
		json_array_append_new(labels, json_sprintf("status:%s", sl_status_text(meta)));
	if (labels && meta->drill[0])
		json_array_append_new(labels, json_sprintf("drill:%s", meta->drill));
	return labels;
}

static json_t *references_of(const struct sl_export_item *item)
{
	json_t *list = json_pack("[{ss so}]", "source_name", "selat", "external_id",
				 json_sprintf("%s:%s", item->pack->name, item->ind->id));
	for (size_t i = 0; i < json_array_size(item->ind->references); i++)
		json_array_append_new(list, json_pack("{ss sO}", "source_name", "reference", "url",
						      json_array_get(item->ind->references, i)));
	return list;
}

/* STIX wants valid_from, and before valid_until. */
static void validity_set(json_t *object, const struct sl_export_item *item)
{
	const struct sl_meta *meta = &item->ind->meta;
	char text[SL_TIME_TEXT];
	int64_t from = sl_export_created(item->pack);
	if (meta->valid_from != INT64_MIN)
		from = meta->valid_from;
	else if (from >= meta->valid_until)
		from = meta->valid_until - 1;
	set(object, "valid_from", json_string(sl_export_time(text, from)));
	if (meta->valid_until != INT64_MAX)
		set(object, "valid_until",
		    json_string(sl_export_time(text, meta->valid_until)));
}

static void pattern_set(struct bundle *b, json_t *object, const struct sl_export_item *item)
{
	char *pattern = sl_stix_pattern(item->json);
	set(object, "pattern_type", json_string(pattern ? "stix" : "selat"));
	if (!pattern)
		pattern = sl_export_text(item->json);
	b->failed = b->failed || !pattern;
	set(object, "pattern", json_string(pattern ? pattern : ""));
	free(pattern);
}

static void indicator_id(char out[96], const struct sl_export_item *item)
{
	id_make(out, "indicator",
		(const char *const[]){ "indicator", item->pack->name, item->ind->id, NULL });
}

static void indicator_write(struct bundle *b, const struct sl_export_item *item)
{
	const struct sl_indicator *ind = item->ind;
	char id[96];
	indicator_id(id, item);
	marking_write(b, ind->meta.tlp);
	json_t *object = object_new("indicator", id, item->pack);
	if (!object) {
		b->failed = true;
		return;
	}
	set(object, "name", json_string(ind->name[0] ? ind->name : ind->id));
	if (ind->description[0])
		set(object, "description", json_string(ind->description));
	set(object, "confidence", json_integer(ind->meta.confidence));
	set(object, "indicator_types",
	    json_pack("[s]", strncmp(ind->meta.class_, "malicious-code", 14) == 0
				     ? "malicious-activity"
				     : "unknown"));
	set(object, "labels", labels_of(&ind->meta));
	set(object, "external_references", references_of(item));
	set(object, "object_marking_refs", json_pack("[s]", sl_stix_marking(ind->meta.tlp)));
	validity_set(object, item);
	pattern_set(b, object, item);
	set(object, "extensions", own_extension());
	json_object_set(object, "x_selat_indicator", item->json);
	object_write(b, object);
}

static void pack_write(struct bundle *b, const struct sl_pack *pack)
{
	char id[96];
	json_t *refs = json_array();
	identity_write(b, pack);
	extension_write(b, pack);
	for (size_t i = 0; i < pack->n; i++) {
		struct sl_export_item item = sl_export_item(pack, i);
		indicator_write(b, &item);
		indicator_id(id, &item);
		json_array_append_new(refs, json_string(id));
	}
	id_make(id, "grouping", (const char *const[]){ "pack", pack->name, NULL });
	json_t *object = object_new("grouping", id, pack);
	if (!object || !refs) {
		b->failed = true;
		json_decref(object);
		json_decref(refs);
		return;
	}
	set(object, "name", json_string(pack->name));
	set(object, "context", json_string("unspecified"));
	set(object, "object_refs", refs);
	set(object, "extensions", own_extension());
	set(object, "x_selat_pack", sl_export_head(pack));
	object_write(b, object);
}

int sl_export_stix(struct sl_export *ex, struct sl_err *err)
{
	struct bundle b = { .out = ex->out, .written = json_object() };
	char id[96], version[16];
	snprintf(version, sizeof version, "%u", ex->packs->pack[0].version);
	id_make(id, "bundle",
		(const char *const[]){ "bundle", ex->packs->pack[0].name, version, NULL });
	fprintf(ex->out, "{\"type\":\"bundle\",\"id\":\"%s\",\"objects\":[", id);
	for (size_t i = 0; i < ex->packs->n; i++)
		pack_write(&b, &ex->packs->pack[i]);
	fputs("\n]}\n", ex->out);
	bool failed = b.failed || !b.written;
	json_decref(b.written);
	return failed ? sl_fail(err, SL_ENOMEM, "out of memory") : SL_OK;
}
