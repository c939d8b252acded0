/* The warning lists, parsed once: names sorted, prefixes in a row (there are some hundred). */
#include <rules/warnlist.h>

#include <selat/name.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *list, *line;
} lines[] = {
#include "warnlist.inc"
};
enum { LINES = sizeof lines / sizeof lines[0], VALUE_MAX = 64, NOTE_MAX = 96 };

struct entry {
	struct sl_known known;
	struct sl_prefix prefix;
	char value[VALUE_MAX], note[NOTE_MAX];
};

struct sl_warnlist {
	struct entry *name, *prefix;
	size_t names, prefixes;
};

static int name_compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	return strcmp(a->value, b->value);
}

/* "value  # note"; the lists are ours, and a test reads them all. */
static void entry_add(struct sl_warnlist *w, const char *list, const char *line)
{
	struct entry e = { .known = { .list = list } };
	struct sl_err err = { "" };
	size_t len = strcspn(line, " ");
	const char *note = strstr(line, "# ");
	snprintf(e.value, sizeof e.value, "%.*s", (int)len, line);
	snprintf(e.note, sizeof e.note, "%s", note ? note + 2 : "");
	bool address = strchr(e.value, ':') || strspn(e.value, "0123456789./") == strlen(e.value);
	if (address && sl_prefix_parse(e.value, &e.prefix, &err) == 0)
		w->prefix[w->prefixes++] = e;
	else
		w->name[w->names++] = e;
}

/* Once the entries lie where they stay. */
static void entries_point(struct entry *entry, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		entry[i].known.value = entry[i].value;
		entry[i].known.note = entry[i].note;
	}
}

int sl_warnlist_new(struct sl_warnlist **out, struct sl_err *err)
{
	struct sl_warnlist *w = calloc(1, sizeof *w);
	if (w) {
		w->name = calloc(LINES, sizeof *w->name);
		w->prefix = calloc(LINES, sizeof *w->prefix);
	}
	if (!w || !w->name || !w->prefix) {
		sl_warnlist_free(w);
		return sl_fail(err, SL_ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < LINES; i++)
		entry_add(w, lines[i].list, lines[i].line);
	qsort(w->name, w->names, sizeof *w->name, name_compare);
	entries_point(w->name, w->names);
	entries_point(w->prefix, w->prefixes);
	*out = w;
	return SL_OK;
}

void sl_warnlist_free(struct sl_warnlist *w)
{
	if (!w)
		return;
	free(w->name);
	free(w->prefix);
	free(w);
}

static const struct sl_known *name_find(const struct sl_warnlist *w, const char *name)
{
	struct entry wanted;
	if (snprintf(wanted.value, sizeof wanted.value, "%s", name) >= (int)sizeof wanted.value)
		return NULL;
	const struct entry *found =
		bsearch(&wanted, w->name, w->names, sizeof wanted, name_compare);
	return found ? &found->known : NULL;
}

const struct sl_known *sl_warnlist_name(const struct sl_warnlist *w, const char *name)
{
	if (strncmp(name, "www.", 4) == 0)
		name += 4;
	const struct sl_known *known = name_find(w, name);
	for (const char *dot = strchr(name, '.'); dot && !known; dot = strchr(dot + 1, '.')) {
		known = name_find(w, dot + 1);
		if (known && strcmp(known->list, "documentation") != 0)
			known = NULL;
	}
	return known;
}

static bool prefixes_meet(const struct sl_prefix *a, const struct sl_prefix *b)
{
	unsigned bits = a->bits < b->bits ? a->bits : b->bits;
	struct sl_address x = a->address, y = b->address;
	if (x.family != y.family)
		return false;
	sl_address_mask(&x, bits);
	sl_address_mask(&y, bits);
	return memcmp(x.bytes, y.bytes, sizeof x.bytes) == 0;
}

const struct sl_known *sl_warnlist_prefix(const struct sl_warnlist *w,
					  const struct sl_prefix *prefix)
{
	for (size_t i = 0; i < w->prefixes; i++)
		if (prefixes_meet(&w->prefix[i].prefix, prefix))
			return &w->prefix[i].known;
	return NULL;
}
