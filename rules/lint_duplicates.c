/* Indicators that look for the same: found by a text that says all of what each looks for. */
#include <rules/lint.h>
#include <rules/show.h>

#include <stdlib.h>
#include <string.h>

/* The keys of an indicator that say what it looks for, beside the kind's own. */
static const char *const parts[] = {
	"match", "port", "proto", "subdomains", "scope", "where", NULL
};

static char *what_text(const struct sl_indicator *ind, const json_t *object)
{
	char prefix[SL_ADDRESS_TEXT] = "", *text = NULL;
	json_t *rest = json_object();
	for (size_t i = 0; parts[i]; i++)
		if (json_object_get(object, parts[i]))
			json_object_set(rest, parts[i], json_object_get(object, parts[i]));
	char *more =
		json_object_size(rest) ? json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	if (ind->kind == SL_IND_ADDRESS)
		sl_prefix_format(prefix, &ind->prefix);
	if (asprintf(&text, "%s %s%s %s", sl_indicator_kind_text(ind->kind),
		     ind->normal ? ind->normal : "", prefix, more ? more : "") < 0)
		text = NULL;
	free(more);
	json_decref(rest);
	return text;
}

/* `seen` maps texts to a number: the pack's place and the indicator's. */
static void indicator_lint(struct sl_lint *lint, const struct sl_packs *packs, size_t p, size_t i,
			   json_t *seen)
{
	const struct sl_pack *pack = &packs->pack[p];
	const json_t *object = sl_show_source(pack, i);
	char *text = what_text(&pack->indicator[i], object);
	const json_t *before = text ? json_object_get(seen, text) : NULL;
	if (before) {
		json_int_t n = json_integer_value(before);
		const struct sl_pack *other = &packs->pack[n >> 32];
		const char *id = other->indicator[n & UINT32_MAX].id;
		if (other == pack)
			sl_lint_warn(lint, pack, i, "", SL_LINT_DUPLICATE,
				     "looks for the same as \"%s\"", id);
		else
			sl_lint_warn(lint, pack, i, "", SL_LINT_DUPLICATE,
				     "looks for the same as \"%s\" of %s (%s)", id, other->name,
				     other->source.path);
	} else if (text) {
		json_object_set_new(seen, text, json_integer((json_int_t)(p << 32 | i)));
	}
	free(text);
}

void sl_lint_duplicates(struct sl_lint *lint, const struct sl_packs *packs)
{
	json_t *seen = json_object();
	for (size_t p = 0; p < packs->n; p++)
		for (size_t i = 0; i < packs->pack[p].n; i++)
			indicator_lint(lint, packs, p, i, seen);
	json_decref(seen);
}
