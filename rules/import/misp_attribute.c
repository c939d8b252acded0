/* One MISP attribute: whether it is for detection, what is said of it, and what it looks for. */
#include <rules/import/misp.h>
#include <rules/misp.h>

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool sl_misp_flag(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);
	return json_is_true(value) || json_integer_value(value) == 1 ||
	       (text && strcmp(text, "1") == 0);
}

/* The strictest label, and the last class, of one list of tags. */
static enum sl_tlp tags_read(const json_t *object, enum sl_tlp tlp, json_t *meta)
{
	const json_t *tags = json_object_get(object, "Tag");
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *name = text_of(json_array_get(tags, i), "name");
		if (!name)
			continue;
		enum sl_tlp label = sl_misp_tag_tlp(name);
		tlp = label > tlp ? label : tlp;
		if (strncasecmp(name, "rsit:", 5) == 0)
			sl_build_class(meta, name + 5);
	}
	return tlp;
}

static void severity_set(const json_t *event, json_t *meta)
{
	static const char *const levels[] = { NULL, "high", "medium", "low" };
	const json_t *level = json_object_get(event, "threat_level_id");
	const char *text = json_string_value(level);
	json_int_t n = text && *text && !text[1] ? text[0] - '0' : json_integer_value(level);
	if (n >= 1 && n <= 3)
		json_object_set_new(meta, "severity", json_string(levels[n]));
}

json_t *sl_misp_meta(struct sl_misp *m, const struct sl_misp_event *e, const struct sl_place *at,
		     const json_t *object, const json_t *attribute)
{
	json_t *meta = json_object();
	enum sl_tlp tlp = tags_read(e->event, SL_TLP_NONE, meta);
	tlp = tags_read(object, tlp, meta);
	tlp = tags_read(attribute, tlp, meta);
	if (tlp)
		json_object_set_new(meta, "tlp", json_string(sl_tlp_text(tlp)));
	severity_set(e->event, meta);
	sl_build_name(m->im, at, meta, text_of(e->event, "info"));
	sl_build_description(m->im, at, meta, text_of(attribute, "comment"));
	for (size_t i = 0; i < json_array_size(e->links); i++)
		sl_build_reference(m->im, at, meta,
				   json_string_value(json_array_get(e->links, i)));
	return meta;
}

/* Is it for detection? On a warning list stands what many harmless hosts have in common. */
static bool is_wanted(struct sl_misp *m, struct sl_misp_event *e, const struct sl_place *at,
		      const json_t *attribute)
{
	const json_t *warnings = json_object_get(attribute, "warnings");
	if (sl_misp_flag(attribute, "deleted"))
		return false;
	if (m->im->options->all)
		return true;
	if (!sl_misp_flag(attribute, "to_ids")) {
		e->not_ids++;
		return false;
	}
	if (!json_array_size(warnings) && !json_object_size(warnings))
		return true;
	const char *list = text_of(json_array_get(warnings, 0), "warninglist_name");
	sl_import_note(m->im, at, "is on the warning list \"%s\": left out (--all takes it over)",
		       list ? list : "");
	return false;
}

void sl_misp_attribute(struct sl_misp *m, struct sl_misp_event *e, const json_t *object,
		       const json_t *attribute)
{
	struct sl_place at = { .file = e->file, .id = text_of(attribute, "uuid") };
	const char *type = text_of(attribute, "type"), *value = text_of(attribute, "value");
	struct sl_err why = { "" };
	if (!is_wanted(m, e, &at, attribute))
		return;
	if (!type || !value || !at.id) {
		sl_import_leave(m->im, &at, "an attribute needs a uuid, a type and a value");
		return;
	}
	json_t *options = sl_misp_options(type, value, &why);
	if (!options) {
		sl_import_leave(m->im, &at, "%s", why.text);
		return;
	}
	json_t *meta = sl_misp_meta(m, e, &at, object, attribute);
	sl_build_options(m->im, &at, meta, options, at.id);
	json_decref(meta);
	json_decref(options);
}
