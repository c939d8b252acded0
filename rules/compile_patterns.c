/* Compiling the patterns: one Hyperscan database a field and mode, by hs_compile_multi alone (see
 * expression.c). When Hyperscan refuses, the expressions are compiled one by one, so that an author
 * hears of all that are wrong. */
#include <rules/image.h>
#include <rules/patterns.h>

#include <hs_compile.h>
#include <selat/digest.h>
#include <stdlib.h>
#include <string.h>

struct work {
	struct sl_image *image;
	const struct sl_plan *plan;
	struct sl_patterns patterns;
	struct sl_problems *problems;
	uint32_t *conditions; /* SL_SECTION_PATTERN_CONDITIONS */
	uint32_t conditions_n;
};

/* What hs_compile_multi takes, for the database being compiled. */
struct batch {
	uint32_t param;
	const char **expression;
	unsigned *flags, *id;
	const struct sl_pattern **first; /* of those that are the same */
	struct sl_ruleset_pattern *record;
	size_t n;
};

static void batch_fini(struct batch *b)
{
	free(b->expression);
	free(b->flags);
	free(b->id);
	free(b->first);
	free(b->record);
}

static bool batch_init(struct batch *b, size_t most)
{
	*b = (struct batch){
		.expression = calloc(most, sizeof *b->expression),
		.flags = calloc(most, sizeof *b->flags),
		.id = calloc(most, sizeof *b->id),
		.first = calloc(most, sizeof *b->first),
		.record = calloc(most, sizeof *b->record),
	};
	return b->expression && b->flags && b->id && b->first && b->record;
}

/* One entry for each run of patterns that are the same, with all their conditions. */
static void batch_fill(struct work *w, struct batch *b, const struct sl_pattern *pattern, size_t n)
{
	b->param = pattern->database;
	for (size_t i = 0; i < n; i++) {
		const struct sl_pattern *p = &pattern[i];
		if (i == 0 || !sl_pattern_same(&w->patterns, &pattern[i - 1], p)) {
			b->expression[b->n] = w->patterns.text + p->expression;
			b->flags[b->n] = p->hs_flags;
			b->id[b->n] = (unsigned)b->n;
			b->first[b->n] = p;
			b->record[b->n++] = (struct sl_ruleset_pattern){
				.condition = w->conditions_n,
				.len = p->len,
				.flags = p->flags,
			};
		}
		b->record[b->n - 1].conditions_n++;
		w->conditions[w->conditions_n++] = p->condition;
	}
}

static unsigned hs_mode(uint32_t param)
{
	return (param & 0xff) == SL_MODE_STREAM ? HS_MODE_STREAM : HS_MODE_BLOCK;
}

static void pattern_problem(struct work *w, const struct sl_pattern *p, const char *message)
{
	const struct sl_condition_at *at = &w->patterns.at[p->condition];
	const struct sl_condition *c = &at->pack->indicator[at->indicator].condition[at->index];
	char keys[64];
	snprintf(keys, sizeof keys, "match\n%u\n%s\n", at->index, sl_condition_key(c));
	size_t first = w->problems->n;
	sl_pack_problem(at->pack, at->indicator, keys, NULL, w->problems, "%s: Hyperscan: %s",
			sl_condition_key(c), message);
	sl_packfile_locate(&at->pack->source, w->problems, first);
}

/* Literals are escaped and cannot be refused for what they say: only `refused` may be one. */
static void batch_complain(struct work *w, const struct batch *b, size_t refused,
			   const char *message)
{
	bool found = false;
	for (size_t i = 0; i < b->n; i++) {
		hs_database_t *db = NULL;
		hs_compile_error_t *why = NULL;
		if (b->first[i]->len && i != refused)
			continue;
		if (hs_compile(b->expression[i], b->flags[i], hs_mode(b->param), NULL, &db, &why) ==
		    HS_SUCCESS) {
			hs_free_database(db);
			continue;
		}
		pattern_problem(w, b->first[i], why->message);
		hs_free_compile_error(why);
		found = true;
	}
	if (!found)
		pattern_problem(w, b->first[refused], message);
}

/* Takes the bytes. */
static int database_add(struct work *w, struct batch *b, struct sl_cached *made, struct sl_err *err)
{
	w->image->database[w->image->databases++] = (struct sl_image_database){
		.field = b->param >> 8,
		.mode = (enum sl_database_mode)(b->param & 0xff),
		.patterns = b->n,
		.bytes = (size_t)made->memory_bytes,
		.stream_bytes = (size_t)made->stream_bytes,
	};
	w->image->patterns += b->n;
	int rc = sl_image_add(w->image, SL_SECTION_DATABASE, b->param, made->bytes, made->size, err);
	int added = sl_image_add(w->image, SL_SECTION_PATTERNS, b->param, b->record,
				 b->n * sizeof *b->record, err);
	b->record = NULL;
	return rc < 0 ? rc : added;
}

static int database_serialise(const struct work *w, const struct batch *b, const hs_database_t *db,
			      struct sl_cached *made, struct sl_err *err)
{
	size_t memory = 0, stream = 0;
	*made = (struct sl_cached){ 0 };
	if (hs_database_size(db, &memory) != HS_SUCCESS ||
	    (hs_mode(b->param) == HS_MODE_STREAM && hs_stream_size(db, &stream) != HS_SUCCESS) ||
	    hs_serialize_database(db, &made->bytes, &made->size) != HS_SUCCESS)
		return sl_fail(err, SL_EFAIL, "Hyperscan could not serialise the database of %s",
			       sl_field_info(sl_plan_field(w->plan, b->param >> 8))->name);
	made->memory_bytes = memory;
	made->stream_bytes = stream;
	return SL_OK;
}

/* All that a database depends on. Identifiers are the expressions' places. */
static bool batch_key(const struct batch *b, uint8_t key[SL_CACHE_KEY])
{
	hs_platform_info_t platform = { 0 };
	struct sl_sha256 *d = sl_sha256_new();
	if (!d || hs_populate_platform(&platform) != HS_SUCCESS) {
		sl_sha256_free(d);
		return false;
	}
	const uint64_t head[] = { hs_mode(b->param), platform.tune, platform.cpu_features, b->n };
	sl_sha256_add(d, sl_span_str(hs_version()));
	sl_sha256_add(d, sl_span_of(head, sizeof head));
	for (size_t i = 0; i < b->n; i++) {
		sl_sha256_add(d, sl_span_of(&b->flags[i], sizeof b->flags[i]));
		sl_sha256_add(d, sl_span_of(b->expression[i], strlen(b->expression[i]) + 1));
	}
	sl_sha256_end(d, key);
	return true;
}

/* 1: compiled, 0: refused, and the author was told. */
static int batch_compile(struct work *w, struct batch *b, struct sl_cached *made, struct sl_err *err)
{
	hs_database_t *db = NULL;
	hs_compile_error_t *why = NULL;
	if (hs_compile_multi(b->expression, b->flags, b->id, (unsigned)b->n, hs_mode(b->param),
			     NULL, &db, &why) == HS_SUCCESS) {
		int rc = database_serialise(w, b, db, made, err);
		hs_free_database(db);
		return rc < 0 ? rc : 1;
	}
	int rc = SL_OK;
	if (why->expression >= 0 && (size_t)why->expression < b->n)
		batch_complain(w, b, (size_t)why->expression, why->message);
	else
		rc = sl_fail(err, SL_EFAIL, "Hyperscan cannot compile the patterns of %s: %s",
			     sl_field_info(sl_plan_field(w->plan, b->param >> 8))->name, why->message);
	hs_free_compile_error(why);
	return rc;
}

static int batch_make(struct work *w, struct batch *b, struct sl_err *err)
{
	struct sl_cache *cache = w->image->cache;
	struct sl_cached made;
	uint8_t key[SL_CACHE_KEY];
	bool keyed = cache && batch_key(b, key);
	if (keyed && sl_cache_get(cache, key, &made)) {
		w->image->cached++;
		return database_add(w, b, &made, err);
	}
	int rc = batch_compile(w, b, &made, err);
	if (rc <= 0)
		return rc;
	if (keyed)
		sl_cache_put(cache, key, &made);
	return database_add(w, b, &made, err);
}

static int databases_compile(struct work *w, struct sl_err *err)
{
	const struct sl_pattern *pattern = w->patterns.pattern;
	int rc = SL_OK;
	for (size_t i = 0, end; i < w->patterns.n && rc == SL_OK; i = end) {
		for (end = i + 1;
		     end < w->patterns.n && pattern[end].database == pattern[i].database;)
			end++;
		struct batch b;
		if (batch_init(&b, end - i)) {
			batch_fill(w, &b, &pattern[i], end - i);
			rc = batch_make(w, &b, err);
		} else {
			rc = sl_fail(err, SL_ENOMEM, "out of memory for the patterns");
		}
		batch_fini(&b);
	}
	return rc;
}

int sl_compile_patterns(struct sl_image *image, const struct sl_plan *plan, const struct sl_packs *packs,
			struct sl_problems *problems, struct sl_err *err)
{
	struct work w = { .image = image, .plan = plan, .problems = problems };
	int rc = sl_patterns_collect(&w.patterns, packs, plan);
	w.conditions = calloc(w.patterns.n + 1, sizeof *w.conditions);
	if (rc < 0 || !w.conditions) {
		rc = sl_fail(err, SL_ENOMEM, "out of memory for the patterns");
		free(w.conditions);
	} else {
		rc = databases_compile(&w, err);
		int added = sl_image_add(image, SL_SECTION_PATTERN_CONDITIONS, 0, w.conditions,
					 w.conditions_n * sizeof *w.conditions, err);
		rc = rc < 0 ? rc : added;
	}
	sl_patterns_fini(&w.patterns);
	return rc;
}
