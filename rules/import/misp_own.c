/* Objects of this program's own export: their text attribute holds the indicator as its author wrote
 * it, the others what programs look for that know MISP alone. Both have to say the same. */
#include <rules/import/misp.h>
#include <rules/misp.h>

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The one that holds the JSON, or NULL. */
static const json_t *own_attribute(const json_t *object)
{
	const json_t *list = json_object_get(object, "Attribute");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *relation = text_of(json_array_get(list, i), "object_relation");
		if (relation && strcmp(relation, SL_MISP_RELATION) == 0)
			return json_array_get(list, i);
	}
	return NULL;
}

json_t *sl_misp_own_json(const json_t *object)
{
	const char *value = text_of(own_attribute(object), "value");
	return value ? json_loads(value, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* The object's live attribute of that type and value. */
static const json_t *value_find(const json_t *object, const json_t *wanted)
{
	const json_t *list = json_object_get(object, "Attribute");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);
		if (!sl_misp_flag(a, "deleted") &&
		    json_equal(json_object_get(a, "type"), json_object_get(wanted, "type")) &&
		    json_equal(json_object_get(a, "value"), json_object_get(wanted, "value")))
			return a;
	}
	return NULL;
}

static bool values_check(struct sl_misp *m, const struct sl_place *at, const json_t *object,
			 const json_t *ind)
{
	const json_t *list = json_object_get(object, "Attribute");
	json_t *values = sl_misp_values(ind);
	size_t n = json_array_size(values), live = 0, found = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *relation = text_of(json_array_get(list, i), "object_relation");
		live += !sl_misp_flag(json_array_get(list, i), "deleted") &&
			!(relation && strcmp(relation, SL_MISP_RELATION) == 0);
	}
	for (size_t i = 0; i < n; i++)
		found += value_find(object, json_array_get(values, i)) != NULL;
	json_decref(values);
	if (found == n && live == n)
		return true;
	sl_import_leave(m->im, at, "its attributes and its own JSON do not say the same");
	return false;
}

/* Somebody said since that it is not for detection; what is in shadow or off never was. */
static bool is_off(const struct sl_misp *m, const json_t *object, const json_t *ind)
{
	const json_t *defaults = json_object_get(m->own_pack ? m->im->root : NULL, "defaults");
	const char *status = text_of(ind, "status");
	if (!status)
		status = text_of(defaults, "status");
	const json_t *list = json_object_get(object, "Attribute");
	size_t values = 0, on = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);
		const char *relation = text_of(a, "object_relation");
		values += relation && strcmp(relation, SL_MISP_RELATION) != 0;
		on += sl_misp_flag(a, "to_ids");
	}
	return values && !on && !m->im->options->all && (!status || strcmp(status, "active") == 0);
}

/* What it had from its pack, since the new one is another. Its label is the strictest of the tags. */
static void pack_fill(struct sl_misp *m, const struct sl_misp_event *e, const struct sl_place *at,
		      const json_t *object, json_t *ind)
{
	json_t *meta = sl_misp_meta(m, e, at, object, own_attribute(object));
	if (e->head) {
		if (!json_object_get(ind, "tlp") && json_object_get(meta, "tlp"))
			json_object_set(ind, "tlp", json_object_get(meta, "tlp"));
		sl_own_fill(ind, json_object_get(e->head, "defaults"));
	} else {
		sl_own_fill(ind, meta);
	}
	json_decref(meta);
	sl_own_rename(&m->own, ind, text_of(e->head, "pack"));
}

void sl_misp_own(struct sl_misp *m, const struct sl_misp_event *e, const json_t *object)
{
	struct sl_place at = { .file = e->file, .id = text_of(object, "uuid") };
	json_t *ind = sl_misp_own_json(object);
	if (!ind) {
		sl_import_leave(m->im, &at, "the object has no indicator's JSON");
		return;
	}
	if (!sl_build_check(m->im, &at, ind) || !values_check(m, &at, object, ind)) {
		json_decref(ind);
		return;
	}
	if (is_off(m, object, ind)) {
		sl_import_note(m->im, &at, "is not for detection (to_ids): left out");
		json_decref(ind);
		return;
	}
	if (!m->own_pack)
		pack_fill(m, e, &at, object, ind);
	sl_build_add(m->im, &at, ind);
}
