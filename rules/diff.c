/* `selat-rules diff`: what changed from one version of a pack to another, in words. */
#include <rules/command.h>
#include <rules/diff.h>
#include <rules/output.h>

#include <selat/options.h>
#include <stdlib.h>
#include <string.h>

struct diff_options {
	bool json;
};

static const struct sl_option rows[] = {
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct diff_options, json),
	  .help = "print the differences as JSON" },
};

static const struct sl_options spec = {
	.program = "selat-rules diff",
	.synopsis = "[OPTION…] OLD NEW",
	.about = "Says what changed from one version of a pack to another: indicators that were "
		 "added, that\n"
		 "were withdrawn, and what changed in the others; the values of lists beside the "
		 "pack too.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Exit status: 0 no difference, 1 they differ, 2 a pack cannot be read or wrong "
		  "usage.",
	.operands = true,
};

enum { VALUE_SHOWN = 200 };

/* A value as JSON, cut where it is long. */
static void value_print(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	if (text && strlen(text) > VALUE_SHOWN) {
		size_t cut = VALUE_SHOWN;
		while (cut && ((uint8_t)text[cut] & 0xc0) == 0x80)
			cut--;
		text[cut] = '\0';
		sl_out_text(stdout, text);
		fputs("…", stdout);
	} else if (text) {
		sl_out_text(stdout, text);
	}
	free(text);
}

static void change_print(const json_t *change)
{
	const json_t *from = json_object_get(change, "from"), *to = json_object_get(change, "to");
	sl_out_text(stdout, json_string_value(json_object_get(change, "key")));
	if (!to) {
		fputs(" is gone, was ", stdout);
		value_print(from);
		return;
	}
	fputs(from ? " from " : " is new, ", stdout);
	if (from) {
		value_print(from);
		fputs(" to ", stdout);
	}
	value_print(to);
}

static void changes_print(const char *of, const json_t *changes)
{
	size_t i;
	const json_t *change;
	json_array_foreach(changes, i, change)
	{
		printf("%s: ", of);
		change_print(change);
		putchar('\n');
	}
}

static void subject_print(const char *what, const json_t *item, const char *key)
{
	printf("%s ", what);
	sl_out_text(stdout, json_string_value(json_object_get(item, key)));
}

static void indicators_print(const char *what, const json_t *list)
{
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item)
	{
		subject_print(what, item, "id");
		printf(": %s ", json_string_value(json_object_get(item, "kind")));
		sl_out_text(stdout, json_string_value(json_object_get(item, "value")));
		putchar('\n');
	}
}

static void changed_print(const json_t *list)
{
	size_t i, k;
	const json_t *item, *change;
	json_array_foreach(list, i, item)
	{
		subject_print("changed", item, "id");
		json_array_foreach(json_object_get(item, "keys"), k, change)
		{
			fputs(k ? "; " : ": ", stdout);
			change_print(change);
		}
		putchar('\n');
	}
}

static void lists_print(const json_t *lists)
{
	size_t i, k;
	const json_t *item, *example;
	json_array_foreach(lists, i, item)
	{
		subject_print("list", item, "list");
		printf(": %lld values added, %lld withdrawn:",
		       (long long)json_integer_value(json_object_get(item, "added")),
		       (long long)json_integer_value(json_object_get(item, "withdrawn")));
		json_array_foreach(json_object_get(item, "examples"), k, example)
			printf("  %s", json_string_value(example));
		putchar('\n');
	}
}

/* Who has the old one takes a new one for new by its number. */
static void version_print(const json_t *diff)
{
	long long old = (long long)json_integer_value(json_object_get(diff, "old"));
	long long new = (long long)json_integer_value(json_object_get(diff, "new"));
	if (new <= old)
		printf("pack: version %lld is no higher than %lld: raise it with every change\n", new, old);
}

static void words_print(const json_t *diff)
{
	const json_t *added = json_object_get(diff, "added"),
		     *withdrawn = json_object_get(diff, "withdrawn");
	const json_t *changed = json_object_get(diff, "changed");
	changes_print("pack", json_object_get(diff, "head"));
	changes_print("defaults", json_object_get(diff, "defaults"));
	indicators_print("added", added);
	indicators_print("withdrawn", withdrawn);
	changed_print(changed);
	lists_print(json_object_get(diff, "lists"));
	if (json_is_true(json_object_get(diff, "same"))) {
		puts("no difference");
	} else {
		version_print(diff);
		printf("indicators: %zu added, %zu withdrawn, %zu changed\n",
		       json_array_size(added), json_array_size(withdrawn),
		       json_array_size(changed));
	}
}

/* A pack with mistakes is not compared: what it means is not known. */
static int pack_take(struct sl_packs *packs, char *path, struct sl_err *err)
{
	struct sl_problems problems = { 0 };
	int rc = sl_packs_read(packs, &path, 1, &problems, err);
	if (rc == SL_OK && problems.errors) {
		sl_problems_sort(&problems);
		sl_problems_print(&problems, stderr);
		rc = sl_fail(err, SL_EUSAGE, "%s: has errors", path);
	}
	sl_problems_fini(&problems);
	return rc < 0 ? SL_EUSAGE : rc;
}

/* 0: the same; 1: they differ. */
static int files_diff(char *old, char *new, bool json, struct sl_err *err)
{
	struct sl_packs before = { 0 }, after = { 0 };
	int rc = pack_take(&before, old, err);
	if (rc == SL_OK)
		rc = pack_take(&after, new, err);
	if (rc == SL_OK) {
		json_t *diff = sl_diff(&before.pack[0], &after.pack[0]);
		rc = !json_is_true(json_object_get(diff, "same"));
		if (!json)
			words_print(diff);
		int printed = json ? sl_out_json(json_incref(diff), err) : SL_OK;
		rc = printed < 0 ? SL_EUSAGE : rc;
		json_decref(diff);
	}
	sl_packs_fini(&before);
	sl_packs_fini(&after);
	return rc;
}

int sl_rules_diff(int argc, char **argv, struct sl_err *err)
{
	struct diff_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE)
		rc = 0;
	else if (rc == SL_OPTIONS_GO && files.n != 2)
		rc = sl_fail(err, SL_EUSAGE, "name the old pack, then the new one");
	else if (rc == SL_OPTIONS_GO)
		rc = files_diff(files.item[0], files.item[1], options.json, err);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
