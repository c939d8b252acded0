/* What differs in the lists beside two packs: values are sorted on either side and walked in step.
 */
#include <rules/diff.h>
#include <rules/output.h>

#include <stdlib.h>
#include <string.h>

enum { EXAMPLES_MAX = 5 };

static struct sl_span value_at(const struct sl_values *v, size_t i)
{
	if (v->n)
		return sl_span_of(v->bytes + v->at[i], (size_t)(v->at[i + 1] - v->at[i]));
	return sl_span_of(&v->prefix[i], sizeof v->prefix[i]);
}

static size_t count(const struct sl_values *v)
{
	return v->n ? v->n : v->prefixes;
}

static int span_compare(struct sl_span a, struct sl_span b)
{
	int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int index_compare(const void *left, const void *right, void *values)
{
	return span_compare(value_at(values, *(const size_t *)left),
			    value_at(values, *(const size_t *)right));
}

static size_t *sorted(const struct sl_values *v)
{
	size_t n = count(v), *index = calloc(n + 1, sizeof *index);
	for (size_t i = 0; index && i < n; i++)
		index[i] = i;
	if (index)
		qsort_r(index, n, sizeof *index, index_compare, (void *)(uintptr_t)v);
	return index;
}

struct tally {
	json_int_t added, withdrawn;
	json_t *examples;
};

static void tally_add(struct tally *t, bool added, const struct sl_values *v, size_t i)
{
	char text[SL_ADDRESS_TEXT], line[2 * SL_LITERAL_MAX];
	*(added ? &t->added : &t->withdrawn) += 1;
	if (json_array_size(t->examples) >= EXAMPLES_MAX)
		return;
	struct sl_span value = value_at(v, i);
	if (v->prefixes)
		value = sl_span_str(sl_prefix_format(text, &v->prefix[i]));
	snprintf(line, sizeof line, "%c %.*s", added ? '+' : '-', (int)value.len,
		 (const char *)value.at);
	json_array_append_new(t->examples, sl_out_string(line));
}

static bool values_compare(const struct sl_values *old, const struct sl_values *new,
			   struct tally *t)
{
	size_t *a = sorted(old), *b = sorted(new), i = 0, k = 0;
	while (a && b && (i < count(old) || k < count(new))) {
		int order = i == count(old) ? 1
			    : k == count(new)
				    ? -1
				    : span_compare(value_at(old, a[i]), value_at(new, b[k]));
		if (order < 0)
			tally_add(t, false, old, a[i]);
		else if (order > 0)
			tally_add(t, true, new, b[k]);
		i += order <= 0;
		k += order >= 0;
	}
	bool ok = a && b;
	free(a);
	free(b);
	return ok;
}

/* The condition's list in the old pack: the one that is read in the same way from the same name. */
static const struct sl_values *list_find(const struct sl_pack *pack, const struct sl_values *wanted,
					 const char *name)
{
	for (size_t i = 0; i < pack->n; i++)
		for (size_t k = 0; k < pack->indicator[i].conditions; k++) {
			const struct sl_condition *c = &pack->indicator[i].condition[k];
			if (c->list && strcmp(c->text, name) == 0 && !c->list->n == !wanted->n)
				return c->list;
		}
	return NULL;
}

static void list_diff(json_t *out, const struct sl_pack *old, const struct sl_condition *c)
{
	const struct sl_values *before = list_find(old, c->list, c->text);
	struct tally t = { .examples = json_array() };
	if (before && values_compare(before, c->list, &t) && t.added + t.withdrawn)
		json_array_append_new(out,
				      json_pack("{ss sI sI sO}", "list", c->text, "added", t.added,
						"withdrawn", t.withdrawn, "examples", t.examples));
	json_decref(t.examples);
}

json_t *sl_diff_lists(const struct sl_pack *old, const struct sl_pack *new)
{
	json_t *out = json_array(), *seen = json_object();
	for (size_t i = 0; i < new->n; i++)
		for (size_t k = 0; k < new->indicator[i].conditions; k++) {
			const struct sl_condition *c = &new->indicator[i].condition[k];
			if (!c->list || json_object_get(seen, c->text))
				continue;
			json_object_set_new(seen, c->text, json_true());
			list_diff(out, old, c);
		}
	json_decref(seen);
	return out;
}
