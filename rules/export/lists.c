/* Lists beside a pack travel with its own keys, so that the pack that comes back is the same. Carried
 * are those right beside it, in UTF-8, up to a bound; of the others it is told that they are not. */
#include <rules/export/export.h>

#include <rules/import/import.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LIST_MAX = 64 << 20 }; /* bytes */

/* Adds the list's text under its name. False: it cannot be carried. */
static bool list_add(json_t *lists, const struct sl_condition *c)
{
	struct stat st;
	char *text;
	size_t len;
	if (json_object_get(lists, c->text))
		return true;
	if (strchr(c->text, '/') || c->text[0] == '.' || stat(c->list->path, &st) < 0 ||
	    st.st_size > LIST_MAX || sl_import_load(c->list->path, &text, &len, NULL) < 0)
		return false;
	int rc = json_object_set_new(lists, c->text, json_stringn(text, len));
	free(text);
	return rc == 0;
}

json_t *sl_export_lists(const struct sl_pack *pack)
{
	json_t *lists = json_object();
	for (size_t i = 0; i < pack->n; i++)
		for (size_t k = 0; k < pack->indicator[i].conditions; k++)
			if (pack->indicator[i].condition[k].list)
				list_add(lists, &pack->indicator[i].condition[k]);
	return lists;
}

void sl_export_lists_tell(struct sl_export *ex)
{
	json_t *lists = json_object();
	for (size_t p = 0; p < ex->packs->n; p++, json_object_clear(lists))
		for (size_t i = 0; i < ex->packs->pack[p].n; i++) {
			struct sl_export_item item = sl_export_item(&ex->packs->pack[p], i);
			for (size_t k = 0; k < item.ind->conditions; k++)
				if (item.ind->condition[k].list &&
				    !list_add(lists, &item.ind->condition[k]))
					sl_export_note(ex, &item,
						       "its list is not carried: it is not right "
						       "beside the pack, larger than 64 MiB, or not "
						       "UTF-8; hand it on yourself");
		}
	json_decref(lists);
}
