/* Marks that are asked for and never set, and those that are set and never asked for: in one pack,
 * since they are its own. */
#include <rules/lint.h>

static void names_add(json_t *names, const char *const *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_object_set_new(names, name[i], json_true());
}

static void asked_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index,
		       const char *key, const json_t *set, const char *const *name, size_t n)
{
	char keys[64];
	snprintf(keys, sizeof keys, "where\n%s\n", key);
	for (size_t i = 0; i < n; i++)
		if (!json_object_get(set, name[i]))
			sl_lint_warn(lint, pack, index, keys, SL_LINT_UNSET_MARK,
				     "%s: no indicator of the pack sets the mark \"%s\"", key,
				     name[i]);
}

static void set_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index,
		     const json_t *asked)
{
	const struct sl_action *a = pack->indicator[index].action;
	for (size_t i = 0; i < a->sets; i++)
		if (!json_object_get(asked, a->set[i]))
			sl_lint_warn(lint, pack, index, "mark\n", SL_LINT_UNUSED_MARK,
				     "mark: no indicator of the pack asks for the mark \"%s\"",
				     a->set[i]);
}

static void names_gather(const struct sl_pack *pack, json_t *set, json_t *asked)
{
	for (size_t i = 0; i < pack->n; i++) {
		const struct sl_action *a = pack->indicator[i].action;
		const struct sl_where *w = pack->indicator[i].where;
		if (a) {
			names_add(set, a->set, a->sets);
			names_add(set, a->toggle, a->toggles);
		}
		if (w) {
			names_add(asked, w->marked, w->marked_n);
			names_add(asked, w->marked_any, w->marked_any_n);
			names_add(asked, w->not_marked, w->not_marked_n);
		}
	}
}

void sl_lint_marks(struct sl_lint *lint, const struct sl_pack *pack)
{
	json_t *set = json_object(), *asked = json_object();
	names_gather(pack, set, asked);
	for (size_t i = 0; i < pack->n; i++) {
		const struct sl_where *w = pack->indicator[i].where;
		if (w) {
			asked_lint(lint, pack, i, "marked", set, w->marked, w->marked_n);
			asked_lint(lint, pack, i, "marked_any", set, w->marked_any,
				   w->marked_any_n);
		}
		if (pack->indicator[i].action)
			set_lint(lint, pack, i, asked);
	}
	json_decref(set);
	json_decref(asked);
}
