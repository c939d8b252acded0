/* A pack as a MISP event: an object an indicator, which holds the attributes that other programs
 * look for and, as text, what the author wrote; and one object with the pack's own keys. Text
 * attributes outlive a MISP instance, which drops keys it does not know. Ids are made of names. */
#include <rules/export/misp.h>

#include <selat/digest.h>
#include <stdlib.h>
#include <string.h>

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *uuid_json(const char *const *parts)
{
	char uuid[SL_UUID_TEXT];
	return json_string(sl_uuid_name(uuid, parts));
}

static json_t *stamp(const struct sl_pack *pack)
{
	return json_sprintf("%lld", (long long)sl_export_modified(pack));
}

/* 0: this organisation alone, 1: the community, 3: everyone. */
static const char *distribution(enum sl_tlp tlp)
{
	return tlp == SL_TLP_CLEAR ? "3" : tlp == SL_TLP_GREEN ? "1" : "0";
}

static json_t *tag_new(const char *name)
{
	return json_pack("{ss}", "name", name);
}

/* rsit:malicious-code="c2-server" */
static json_t *class_tag(const char *class)
{
	const char *slash = strchr(class, '/');
	if (!slash)
		return json_pack("{so}", "name", json_sprintf("rsit:%s", class));
	return json_pack("{so}", "name", json_sprintf("rsit:%.*s=\"%s\"", (int)(slash - class),
						      class, slash + 1));
}

static json_t *tags_of(const struct sl_meta *meta)
{
	return json_pack("[o o]", tag_new(sl_misp_tlp_tag(meta->tlp)), class_tag(meta->class_));
}

struct attribute {
	const char *type, *category, *relation, *value, *comment;
	bool to_ids;
};

/* Its id is made of its object's and its place in it. */
static json_t *attribute_new(const struct sl_pack *pack, const json_t *object, size_t place,
			     const struct attribute *a)
{
	char number[24];
	snprintf(number, sizeof number, "%zu", place);
	const char *uuid = json_string_value(json_object_get(object, "uuid"));
	return json_pack("{so ss ss ss so sb so ss ss sb}", "uuid",
			 uuid_json((const char *const[]){ "attribute", uuid ? uuid : "", number, NULL }),
			 "type", a->type, "category", a->category, "value", a->value,
			 "object_relation", json_string(a->relation), "to_ids", a->to_ids,
			 "timestamp", stamp(pack), "distribution", "5", "comment", a->comment,
			 "disable_correlation", !a->to_ids);
}

static json_t *object_new(const struct sl_pack *pack, const char *name, json_t *uuid,
			  enum sl_tlp tlp)
{
	return json_pack("{so ss ss ss so ss so ss s[]}", "uuid", uuid, "name", name,
			 "meta-category", "misc", "description",
			 "what a Selat pack holds, as its author wrote it", "template_uuid",
			 uuid_json((const char *const[]){ "template", name, NULL }),
			 "template_version", "1", "timestamp", stamp(pack), "distribution",
			 distribution(tlp), "Attribute");
}

/* The text attribute; json is released. False: memory ended. */
static bool own_add(json_t *list, const struct sl_pack *pack, const json_t *object,
		    const json_t *json)
{
	char *text = json ? sl_export_text(json) : NULL;
	if (!text)
		return false;
	struct attribute own = { .type = "text",
				 .category = "Other",
				 .relation = SL_MISP_RELATION,
				 .value = text,
				 .comment = "" };
	json_t *a = attribute_new(pack, object, 0, &own);
	free(text);
	return json_array_append_new(list, a) == 0;
}

static json_t *indicator_object(const struct sl_export_item *item)
{
	const struct sl_pack *pack = item->pack;
	const struct sl_indicator *ind = item->ind;
	json_t *object = object_new(
		pack, SL_MISP_OBJECT,
		uuid_json((const char *const[]){ "indicator", pack->name, ind->id, NULL }),
		ind->meta.tlp);
	json_t *list = json_object_get(object, "Attribute"), *values = sl_misp_values(item->json);
	bool ok = values && own_add(list, pack, object, item->json);
	if (ok)
		set(json_array_get(list, 0), "Tag", tags_of(&ind->meta));
	for (size_t i = 0; ok && i < json_array_size(values); i++) {
		struct attribute a = { .relation = "indicator",
				       .comment = ind->name,
				       .to_ids = !ind->meta.shadow && !ind->meta.off };
		ok = json_unpack(json_array_get(values, i), "{ss ss ss}", "type", &a.type,
				 "category", &a.category, "value", &a.value) == 0;
		json_t *attribute = ok ? attribute_new(pack, object, i + 1, &a) : NULL;
		if (attribute)
			set(attribute, "Tag", tags_of(&ind->meta));
		ok = ok && json_array_append_new(list, attribute) == 0;
	}
	json_decref(values);
	if (ok)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *head_object(const struct sl_pack *pack, enum sl_tlp tlp)
{
	json_t *object = object_new(pack, SL_MISP_PACK,
				    uuid_json((const char *const[]){ "pack", pack->name, NULL }),
				    tlp);
	json_t *head = sl_export_head(pack);
	bool ok = own_add(json_object_get(object, "Attribute"), pack, object, head);
	json_decref(head);
	if (ok)
		return object;
	json_decref(object);
	return NULL;
}

static enum sl_tlp pack_tlp(const struct sl_pack *pack)
{
	return sl_tlp_parse(json_string_value(json_object_get(pack->source.root, "tlp")));
}

json_t *sl_export_misp_head(const struct sl_pack *pack)
{
	char date[SL_TIME_TEXT];
	date[10] = '\0';
	sl_export_time(date, sl_export_created(pack));
	enum sl_tlp tlp = pack_tlp(pack);
	return json_pack("{so so so ss ss so s{so ss} s[o]}", "info",
			 json_sprintf("%s version %u", pack->name, pack->version), "date",
			 json_stringn(date, 10), "timestamp", stamp(pack), "analysis", "2",
			 "threat_level_id", "4", "uuid",
			 uuid_json((const char *const[]){ "event", pack->name, NULL }), "Orgc",
			 "uuid", uuid_json((const char *const[]){ "author", pack->author, NULL }),
			 "name", pack->author, "Tag", tag_new(sl_misp_tlp_tag(tlp)));
}

/* md5(value),event: a line each half of a value with a bar in it has its own. */
static void hashes_write(FILE *out, const json_t *object, const char *event)
{
	const json_t *list = json_object_get(object, "Attribute"), *a;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)list, i, a)
	{
		const char *value = json_string_value(json_object_get(a, "value"));
		const char *type = json_string_value(json_object_get(a, "type"));
		while (value && type) {
			uint8_t digest[SL_MD5_SIZE];
			char hex[2 * SL_MD5_SIZE + 1];
			size_t len = strchr(type, '|') ? strcspn(value, "|") : strlen(value);
			sl_md5(sl_span_of(value, len), digest);
			sl_hex(hex, sl_span_of(digest, sizeof digest));
			fprintf(out, "%s,%s\n", hex, event);
			value = value[len] ? value + len + 1 : NULL;
		}
	}
}

static int object_write(FILE *out, FILE *hashes, json_t *object, const char *event)
{
	int rc = object ? json_dumpf(object, out, JSON_COMPACT | JSON_SORT_KEYS) : -1;
	if (rc == 0 && hashes)
		hashes_write(hashes, object, event);
	json_decref(object);
	return rc;
}

int sl_export_misp_event(FILE *out, FILE *hashes, const struct sl_pack *pack)
{
	json_t *head = sl_export_misp_head(pack);
	enum sl_tlp tlp = pack_tlp(pack);
	if (!head)
		return -1;
	set(head, "distribution", json_string(distribution(tlp)));
	set(head, "published", json_false());
	char *text = sl_export_text(head);
	const char *event = json_string_value(json_object_get(head, "uuid"));
	int rc = -1;
	if (text) { /* the head's own bracket stays open for the objects */
		fprintf(out, "{\"Event\":%.*s,\"Attribute\":[],\"Object\":[\n",
			(int)strlen(text) - 1, text);
		rc = object_write(out, hashes, head_object(pack, tlp), event);
	}
	for (size_t i = 0; rc == 0 && i < pack->n; i++) {
		struct sl_export_item item = sl_export_item(pack, i);
		fputs(",\n", out);
		rc = object_write(out, hashes, indicator_object(&item), event);
	}
	fputs("\n]}}", out);
	free(text);
	json_decref(head);
	return rc;
}
