/* Compiling the patterns: one Hyperscan database a field and mode, by hs_compile_multi alone (see
 * expression.c), some at a time by threads; the results are taken in order. When Hyperscan refuses,
 * the expressions are compiled one by one, so that an author hears of all that are wrong. */
#include <rules/image.h>
#include <rules/patterns.h>

#include <hs_compile.h>
#include <pthread.h>
#include <selat/digest.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct work {
	struct sl_image *image;
	const struct sl_plan *plan;
	struct sl_patterns patterns;
	struct sl_problems *problems;
	uint32_t *conditions; /* SL_SECTION_PATTERN_CONDITIONS */
	uint32_t conditions_n;
	struct batch *batch; /* a database each */
	size_t batches;
	atomic_size_t next; /* that nobody compiles yet */
};

/* What hs_compile_multi takes for a database, and what came of it. */
struct batch {
	uint32_t param;
	const char **expression;
	unsigned *flags, *id;
	const struct sl_pattern **first; /* of those that are the same */
	struct sl_ruleset_pattern *record;
	size_t n;
	struct sl_cached made;
	bool cached;             /* it came from the cache */
	hs_compile_error_t *why; /* Hyperscan refused; else NULL */
	int rc;
	struct sl_err err;
};
enum { THREADS_MAX = 4 };

static void batch_fini(struct batch *b)
{
	free(b->expression);
	free(b->flags);
	free(b->id);
	free(b->first);
	free(b->record);
	free(b->made.bytes);
	hs_free_compile_error(b->why);
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

/* Hands the database's bytes and records over. */
static int database_add(struct work *w, struct batch *b, struct sl_err *err)
{
	w->image->database[w->image->databases++] = (struct sl_image_database){
		.field = b->param >> 8,
		.mode = (enum sl_database_mode)(b->param & 0xff),
		.patterns = b->n,
		.bytes = (size_t)b->made.memory_bytes,
		.stream_bytes = (size_t)b->made.stream_bytes,
	};
	w->image->patterns += b->n;
	w->image->cached += b->cached;
	int rc = sl_image_add(w->image, SL_SECTION_DATABASE, b->param, b->made.bytes, b->made.size,
			      err);
	int added = sl_image_add(w->image, SL_SECTION_PATTERNS, b->param, b->record,
				 b->n * sizeof *b->record, err);
	b->made.bytes = NULL;
	b->record = NULL;
	return rc < 0 ? rc : added;
}

static int database_serialise(const struct work *w, struct batch *b, const hs_database_t *db)
{
	struct sl_cached *made = &b->made;
	size_t memory = 0, stream = 0;
	if (hs_database_size(db, &memory) != HS_SUCCESS ||
	    (hs_mode(b->param) == HS_MODE_STREAM && hs_stream_size(db, &stream) != HS_SUCCESS) ||
	    hs_serialize_database(db, &made->bytes, &made->size) != HS_SUCCESS)
		return sl_fail(&b->err, SL_EFAIL,
			       "Hyperscan could not serialise the database of %s",
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

static int batch_compile(const struct work *w, struct batch *b)
{
	hs_database_t *db = NULL;
	if (hs_compile_multi(b->expression, b->flags, b->id, (unsigned)b->n, hs_mode(b->param),
			     NULL, &db, &b->why) != HS_SUCCESS)
		return SL_OK;
	b->why = NULL;
	int rc = database_serialise(w, b, db);
	hs_free_database(db);
	return rc;
}

/* In any thread. */
static void batch_make(const struct work *w, struct batch *b)
{
	struct sl_cache *cache = w->image->cache;
	uint8_t key[SL_CACHE_KEY];
	bool keyed = cache && batch_key(b, key);
	b->cached = keyed && sl_cache_get(cache, key, &b->made);
	if (b->cached)
		return;
	b->rc = batch_compile(w, b);
	if (keyed && b->rc == SL_OK && !b->why)
		sl_cache_put(cache, key, &b->made);
}

static int batch_take(struct work *w, struct batch *b, struct sl_err *err)
{
	if (b->rc < 0)
		return sl_fail(err, b->rc, "%s", b->err.text);
	if (!b->why)
		return database_add(w, b, err);
	if (b->why->expression < 0 || (size_t)b->why->expression >= b->n)
		return sl_fail(err, SL_EFAIL, "Hyperscan cannot compile the patterns of %s: %s",
			       sl_field_info(sl_plan_field(w->plan, b->param >> 8))->name,
			       b->why->message);
	batch_complain(w, b, (size_t)b->why->expression, b->why->message);
	return SL_OK;
}

static void *batches_run(void *work)
{
	struct work *w = work;
	for (;;) {
		size_t i = atomic_fetch_add(&w->next, 1);
		if (i >= w->batches)
			return NULL;
		batch_make(w, &w->batch[i]);
	}
}

static void batches_share(struct work *w)
{
	pthread_t thread[THREADS_MAX];
	size_t threads = 0;
	while (threads + 1 < w->batches && threads + 1 < THREADS_MAX &&
	       pthread_create(&thread[threads], NULL, batches_run, w) == 0)
		threads++;
	batches_run(w);
	while (threads)
		pthread_join(thread[--threads], NULL);
}

/* A batch for each run of patterns of one database; false: memory ended. */
static bool batches_make(struct work *w)
{
	const struct sl_pattern *pattern = w->patterns.pattern;
	w->batch = calloc(SL_IMAGE_DATABASES, sizeof *w->batch);
	bool ok = w->batch;
	for (size_t i = 0, end; i < w->patterns.n && ok; i = end) {
		for (end = i + 1;
		     end < w->patterns.n && pattern[end].database == pattern[i].database;)
			end++;
		struct batch *b = &w->batch[w->batches++];
		ok = batch_init(b, end - i);
		if (ok)
			batch_fill(w, b, &pattern[i], end - i);
	}
	return ok;
}

static int databases_compile(struct work *w, struct sl_err *err)
{
	int rc =
		batches_make(w) ? SL_OK : sl_fail(err, SL_ENOMEM, "out of memory for the patterns");
	if (rc == SL_OK)
		batches_share(w);
	for (size_t i = 0; i < w->batches; i++) {
		if (rc == SL_OK)
			rc = batch_take(w, &w->batch[i], err);
		batch_fini(&w->batch[i]);
	}
	free(w->batch);
	return rc;
}

int sl_compile_patterns(struct sl_image *image, const struct sl_plan *plan,
			const struct sl_packs *packs, struct sl_problems *problems,
			struct sl_err *err)
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
