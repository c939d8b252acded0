/* What the targets share: reasons and pieces of packs. */
#include <rules/export/export.h>

#include <selat/text.h>
#include <selat/time.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)

struct sl_export_item sl_export_item(const struct sl_pack *pack, size_t i)
{
	json_t *list = json_object_get(pack->source.root, "indicators");
	return (struct sl_export_item){ pack, &pack->indicator[i], json_array_get(list, i) };
}

static void reason_add(struct sl_export *ex, const struct sl_export_item *item, const char *text,
		       bool note)
{
	for (size_t i = 0; i < ex->reasons; i++)
		if (ex->reason[i].text == text && ex->reason[i].note == note) {
			ex->reason[i].n++;
			return;
		}
	if (ex->reasons < SL_EXPORT_REASONS)
		ex->reason[ex->reasons++] =
			(struct sl_export_reason){ text, strdup(item->ind->id), 1, note };
}

void sl_export_leave(struct sl_export *ex, const struct sl_export_item *item, const char *text)
{
	ex->left++;
	reason_add(ex, item, text, false);
}

void sl_export_note(struct sl_export *ex, const struct sl_export_item *item, const char *text)
{
	reason_add(ex, item, text, true);
}

void sl_export_tell(struct sl_export *ex)
{
	for (size_t i = 0; i < ex->reasons; i++) {
		struct sl_export_reason *r = &ex->reason[i];
		char shown[1024];
		sl_text_escape(shown, sizeof shown, sl_span_str(r->first ? r->first : ""), true);
		fprintf(stderr, "%s%s", r->note ? "note: " : "", shown);
		if (r->n > 1)
			fprintf(stderr, " and %zu more", r->n - 1);
		fprintf(stderr, ": %s\n", r->text);
		free(r->first);
	}
	ex->reasons = 0;
}

const char *sl_export_kind(const json_t *indicator)
{
	static const char *const kinds[] = { "address", "domain",    "url",         "match", "md5",
					     "sha1",    "sha256",    "cert_sha1",   "ja3",   "ja3s",
					     "ja4",     "hassh",     "cert_sha256", "hassh_server" };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (json_object_get(indicator, kinds[i]))
			return kinds[i];
	return "";
}

json_t *sl_export_head(const struct sl_pack *pack)
{
	json_t *head = json_copy(pack->source.root), *lists = sl_export_lists(pack);
	if (head)
		json_object_del(head, "indicators");
	if (head && json_object_size(lists))
		json_object_set(head, "lists", lists);
	json_decref(lists);
	return head;
}

bool sl_export_only(const json_t *object, const char *const *keys)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t i = 0;
		while (keys[i] && strcmp(keys[i], name) != 0)
			i++;
		if (!keys[i])
			return false;
	}
	return true;
}

char *sl_export_text(const json_t *json)
{
	return json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
}

char *sl_export_time(char out[SL_TIME_TEXT], int64_t seconds)
{
	sl_time_format(out, (uint64_t)seconds * NS_PER_SECOND);
	strcpy(out + strlen("2026-11-22T04:05:06"), "Z");
	return out;
}

int64_t sl_export_created(const struct sl_pack *pack)
{
	const char *text = json_string_value(json_object_get(pack->source.root, "created"));
	uint64_t ns = 0;
	if (text && sl_time_parse(text, &ns, NULL) < 0)
		ns = 0;
	return (int64_t)(ns / NS_PER_SECOND);
}

int64_t sl_export_modified(const struct sl_pack *pack)
{
	return sl_export_created(pack) + pack->version;
}
