/* What differs between two packs: by id, and for each id by key. Order is that of the new pack,
 * then what is in the old one alone. */
#include <rules/diff.h>
#include <rules/output.h>
#include <rules/show.h>

#include <stdlib.h>
#include <string.h>

static void change_add(json_t *list, const char *key, json_t *from, json_t *to)
{
	json_t *change = json_pack("{ss}", "key", key);
	if (from)
		json_object_set(change, "from", from);
	if (to)
		json_object_set(change, "to", to);
	json_array_append_new(list, change);
}

/* Of two objects' keys, but for those in `without`. Either may be NULL. */
static json_t *changes_of(const json_t *old, const json_t *new, const char *const *without)
{
	json_t *list = json_array(), *value;
	const char *key;
	json_object_foreach((json_t *)(uintptr_t) new, key, value)
	{
		json_t *before = json_object_get(old, key);
		size_t i = 0;
		while (without[i] && strcmp(without[i], key) != 0)
			i++;
		if (!without[i] && !json_equal(before, value))
			change_add(list, key, before, value);
	}
	json_object_foreach((json_t *)(uintptr_t)old, key, value)
	{
		size_t i = 0;
		while (without[i] && strcmp(without[i], key) != 0)
			i++;
		if (!without[i] && !json_object_get(new, key))
			change_add(list, key, value, NULL);
	}
	return list;
}

static json_t *ids_map(const struct sl_pack *pack)
{
	json_t *map = json_object();
	for (size_t i = 0; i < pack->n; i++)
		json_object_set_new(map, pack->indicator[i].id, json_integer((json_int_t)i));
	return map;
}

static void indicator_add(json_t *list, const struct sl_pack *pack, size_t index)
{
	char *value = sl_show_value(pack, index);
	json_t *kind = json_string(sl_indicator_kind_text(pack->indicator[index].kind));
	json_array_append_new(list, json_pack("{ss so so}", "id", pack->indicator[index].id, "kind",
					      kind, "value", sl_out_string(value ? value : "")));
	free(value);
}

/* Those of `pack` that the other does not have. */
static json_t *alone_in(const struct sl_pack *pack, const json_t *other)
{
	json_t *list = json_array();
	for (size_t i = 0; i < pack->n; i++)
		if (!json_object_get(other, pack->indicator[i].id))
			indicator_add(list, pack, i);
	return list;
}

static json_t *changed_in(const struct sl_pack *old, const struct sl_pack *new,
			  const json_t *old_ids)
{
	static const char *const without[] = { "id", NULL };
	json_t *list = json_array();
	for (size_t i = 0; i < new->n; i++) {
		const json_t *place = json_object_get(old_ids, new->indicator[i].id);
		if (!place)
			continue;
		json_t *keys = changes_of(sl_show_source(old, (size_t)json_integer_value(place)),
					  sl_show_source(new, i), without);
		if (json_array_size(keys))
			json_array_append_new(list, json_pack("{ss sO}", "id", new->indicator[i].id,
							      "keys", keys));
		json_decref(keys);
	}
	return list;
}

json_t *sl_diff(const struct sl_pack *old, const struct sl_pack *new)
{
	static const char *const not_head[] = { "indicators", "defaults", NULL };
	static const char *const none[] = { NULL };
	const json_t *from = old->source.root, *to = new->source.root;
	json_t *old_ids = ids_map(old), *new_ids = ids_map(new);
	json_t *out = json_pack("{ss sI sI so so so so so so}", "pack", new->name, "old",
				(json_int_t)old->version, "new", (json_int_t) new->version, "head",
				changes_of(from, to, not_head), "defaults",
				changes_of(json_object_get(from, "defaults"),
					   json_object_get(to, "defaults"), none),
				"added", alone_in(new, old_ids), "withdrawn",
				alone_in(old, new_ids), "changed", changed_in(old, new, old_ids),
				"lists", sl_diff_lists(old, new));
	static const char *const parts[] = { "head",    "defaults", "added", "withdrawn",
					     "changed", "lists",    NULL };
	size_t n = 0;
	for (size_t i = 0; parts[i]; i++)
		n += json_array_size(json_object_get(out, parts[i]));
	json_object_set_new(out, "same", json_boolean(n == 0));
	json_decref(old_ids);
	json_decref(new_ids);
	return out;
}
