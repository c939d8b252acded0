/* Reading packs: the pack's own keys, its defaults, then every indicator. All problems of all packs
 * are collected; nothing is compiled while there are errors. */
#include <rules/ids.h>
#include <rules/pack_digest.h>
#include <rules/reader.h>

#include <selat/time.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128, AUTHOR_MAX = 256, CREATED_MAX = 64 };

struct heading { /* the pack's own keys */
	const char *name, *author, *created;
	int64_t version;
	struct sl_meta defaults;
	const json_t *indicators;
};

static bool selat_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	(void)into;
	if (!json_is_integer(value) || json_integer_value(value) != 1)
		return sl_reader_fail(r, key, "must be 1, the pack format that %s reads",
				      "selat-rules " SELAT_VERSION);
	return true;
}

static bool name_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct heading *h = into;
	const char *text;
	if (!sl_reader_text(r, key, value, NAME_MAX_BYTES, false, &text))
		return false;
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-/")] || text[0] == '/')
		return sl_reader_fail(r, key,
				      "\"%s\" is no pack name: use lower-case letters, digits and "
				      "\"._-/\", as in \"vn.cert/c2-botnets\"",
				      text);
	h->name = text;
	return true;
}

static bool version_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_integer(r, key, value, 1, UINT32_MAX, &((struct heading *)into)->version);
}

static bool author_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_text(r, key, value, AUTHOR_MAX, false, &((struct heading *)into)->author);
}

static bool created_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct heading *h = into;
	struct sl_err why = { "" };
	uint64_t ns;
	if (!sl_reader_text(r, key, value, CREATED_MAX, false, &h->created))
		return false;
	return sl_time_parse(h->created, &ns, &why) == 0 || sl_reader_fail(r, key, "%s", why.text);
}

static bool pack_tlp_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_meta_tlp(r, key, value, &((struct heading *)into)->defaults);
}

static bool indicators_find(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	if (!json_is_array(value))
		return sl_reader_fail(r, key, "must be a list of indicators");
	((struct heading *)into)->indicators = value;
	return true;
}

/* Read after the pack's label, whatever the order in the file: a default label goes before it. */
static void defaults_read(struct sl_reader *r, const json_t *root, struct sl_meta *meta)
{
	static const struct sl_key keys[] = { SL_META_KEYS, { NULL, NULL } };
	const json_t *defaults = json_object_get(root, "defaults");
	if (defaults && !json_is_object(defaults)) {
		sl_reader_fail(r, "defaults", "must be an object");
	} else if (defaults) {
		snprintf(r->inside, sizeof r->inside, "defaults\n");
		sl_reader_object(r, defaults, keys, meta);
		sl_meta_check(r, meta);
		r->inside[0] = '\0';
	}
}

static const struct sl_key pack_keys[] = {
	{ "selat", selat_read },
	{ "pack", name_read },
	{ "version", version_read },
	{ "author", author_read },
	{ "created", created_read },
	{ "tlp", pack_tlp_read },
	{ "defaults", NULL },
	{ "indicators", indicators_find },
	{ NULL, NULL },
};

static void heading_read(struct sl_reader *r, const json_t *root, struct heading *h)
{
	static const char *const needed[] = { "selat", "pack",       "version", "author",
					      "tlp",   "indicators", NULL };
	for (size_t i = 0; needed[i]; i++)
		if (!json_object_get(root, needed[i]))
			sl_reader_fail(r, NULL, "the key \"%s\" is missing", needed[i]);
	sl_reader_object(r, root, pack_keys, h);
	defaults_read(r, root, &h->defaults);
}

/* An id that an earlier indicator of the pack has. */
static void id_check(struct sl_reader *r, struct sl_ids *seen, size_t index)
{
	size_t before = sl_ids_add(seen, index);
	if (before)
		sl_reader_fail(r, "id", "indicator %zu of this pack has the same id", before);
}

static int indicators_read(struct sl_pack *pack, const struct heading *h,
			   struct sl_problems *problems, struct sl_err *err)
{
	size_t n = json_array_size(h->indicators);
	if (n == 0)
		return SL_OK;
	struct sl_ids seen;
	pack->indicator = calloc(n, sizeof *pack->indicator);
	if (!pack->indicator || n >= UINT32_MAX || !sl_ids_init(&seen, pack->indicator, n))
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", pack->source.path);
	pack->n = n;
	for (size_t i = 0; i < n; i++) {
		struct sl_reader r = {
			.file = pack->source.path,
			.problems = problems,
			.lists = &pack->lists,
			.indicator = (int64_t)i,
		};
		sl_indicator_read(&r, json_array_get(h->indicators, i), &h->defaults,
				  &pack->indicator[i]);
		pack->indicator[i].place = (uint32_t)i;
		if (pack->indicator[i].id)
			id_check(&r, &seen, i);
	}
	sl_ids_fini(&seen);
	return SL_OK;
}

static const struct sl_meta defaults_initial = {
	.severity = SL_MEDIUM,
	.confidence = 50,
	.class_ = "other",
	.drill = "",
	.valid_from = INT64_MIN,
	.valid_until = INT64_MAX,
};

static int pack_read(struct sl_pack *pack, const char *path, struct sl_problems *problems,
		     struct sl_err *err)
{
	size_t first = problems->n;
	int rc = sl_packfile_read(&pack->source, path, problems, err);
	if (rc < 0 || !pack->source.root)
		return rc;
	struct sl_reader r = {
		.file = path,
		.problems = problems,
		.indicator = SL_NO_INDICATOR,
	};
	struct heading h = { .defaults = defaults_initial };
	heading_read(&r, pack->source.root, &h);
	pack->name = h.name ? h.name : "";
	pack->author = h.author ? h.author : "";
	pack->version = (uint32_t)h.version;
	struct sl_pack_digest digest;
	pack->content = calloc(json_array_size(h.indicators) + 1, sizeof *pack->content);
	sl_pack_digest_start(&digest, pack->source.root, pack->content);
	rc = indicators_read(pack, &h, problems, err);
	int rc_digest = sl_pack_digest_end(&digest, &pack->lists, pack->digest);
	if (rc == SL_OK && (rc_digest < 0 || !pack->content))
		rc = sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	if (rc == SL_OK)
		sl_pack_contents_finish(pack);
	sl_packfile_locate(&pack->source, problems, first);
	return rc;
}

void sl_pack_head_check(struct sl_reader *r, const json_t *head)
{
	struct heading h = { .defaults = defaults_initial };
	heading_read(r, head, &h);
}

static int pack_compare(const void *left, const void *right)
{
	const struct sl_pack *a = left, *b = right;
	int order = strcmp(a->name, b->name);
	return order ? order : strcmp(a->source.path, b->source.path);
}

static void names_check(const struct sl_packs *packs, struct sl_problems *problems)
{
	size_t first = problems->n;
	for (size_t i = 1; i < packs->n; i++) {
		const struct sl_pack *a = &packs->pack[i - 1], *b = &packs->pack[i];
		if (b->name[0] == '\0' || strcmp(a->name, b->name) != 0)
			continue;
		struct sl_reader r = {
			.file = b->source.path,
			.problems = problems,
			.indicator = SL_NO_INDICATOR,
		};
		sl_reader_fail(&r, "pack", "\"%s\" is the name of %s too; name one of them",
			       b->name, a->source.path);
		sl_packfile_locate(&b->source, problems, first);
	}
}

int sl_packs_read(struct sl_packs *packs, char *const *paths, size_t n,
		  struct sl_problems *problems, struct sl_err *err)
{
	*packs = (struct sl_packs){ .pack = calloc(n ? n : 1, sizeof *packs->pack) };
	if (!packs->pack)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	int rc = SL_OK;
	for (size_t i = 0; i < n && rc == SL_OK; i++) {
		struct sl_pack *pack = &packs->pack[packs->n++];
		pack->name = pack->author = "";
		rc = pack_read(pack, paths[i], problems, err);
	}
	if (rc < 0)
		return rc;
	qsort(packs->pack, packs->n, sizeof *packs->pack, pack_compare);
	names_check(packs, problems);
	return problems->failed ? sl_fail(err, SL_ENOMEM, "out of memory") : SL_OK;
}

static void indicator_fini(struct sl_indicator *ind)
{
	for (size_t i = 0; i < ind->conditions; i++)
		free(ind->condition[i].bytes);
	free(ind->condition);
	free(ind->normal);
	sl_where_free(ind->where);
	sl_action_free(ind->action);
}

/* Keeps indicator i as the next of those that stay, or drops it. */
static void indicator_move(struct sl_pack *pack, size_t i, bool keep, size_t *kept)
{
	if (!keep) {
		indicator_fini(&pack->indicator[i]);
		return;
	}
	pack->content[*kept] = pack->content[i];
	pack->indicator[(*kept)++] = pack->indicator[i];
}

void sl_pack_filter(struct sl_pack *pack, const bool *keep)
{
	size_t kept = 0;
	for (size_t i = 0; i < pack->n; i++)
		indicator_move(pack, i, keep[i], &kept);
	pack->n = kept;
}

void sl_packs_off_drop(struct sl_packs *packs)
{
	for (size_t i = 0; i < packs->n; i++) {
		struct sl_pack *pack = &packs->pack[i];
		size_t kept = 0;
		for (size_t k = 0; k < pack->n; k++)
			indicator_move(pack, k, !pack->indicator[k].meta.off, &kept);
		pack->n = kept;
	}
}

void sl_packs_fini(struct sl_packs *packs)
{
	for (size_t i = 0; i < packs->n; i++) {
		for (size_t k = 0; k < packs->pack[i].n; k++)
			indicator_fini(&packs->pack[i].indicator[k]);
		free(packs->pack[i].indicator);
		free(packs->pack[i].content);
		sl_lists_fini(&packs->pack[i].lists);
		sl_packfile_fini(&packs->pack[i].source);
	}
	free(packs->pack);
	*packs = (struct sl_packs){ 0 };
}

struct sl_problem *sl_pack_problem(const struct sl_pack *pack, size_t indicator, const char *keys,
		     const char *code, struct sl_problems *problems, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	struct sl_problem *p = sl_problems_add(problems, pack->source.path, code, text);
	if (!p)
		return NULL;
	p->indicator = (int64_t)pack->indicator[indicator].place;
	p->id = strdup(pack->indicator[indicator].id);
	p->keys = strdup(keys);
	return p;
}
