/* Each pattern is compiled by itself and scans the sample as a sensor would scan: a stream in
 * pieces of a packet's size, gathered payloads at once, whole values one by one. A pattern among
 * many shares with the others, so the sum is more than what all cost together: that is measured
 * too. */
#include <rules/cost.h>

#include <hs_compile.h>
#include <hs_runtime.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	VALUE_BYTES = 512,    /* a whole value */
	PACKET_BYTES = 1460,  /* a piece of a stream */
	GATHER_BYTES = 65536, /* payloads scanned by one call */
	ROUNDS = 3,           /* the fastest counts: others had the processor meanwhile */
	EACH_BYTES = 1 << 16, /* of the sample, for a pattern by itself */
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *matches)
{
	(void)id, (void)from, (void)to, (void)flags;
	++*(uint64_t *)matches;
	return 0;
}

struct scan {
	const hs_database_t *db;
	hs_scratch_t *scratch;
	enum sl_database_mode mode;
	const uint8_t *bytes;
	size_t size;
	uint64_t matches;
};

static size_t piece_size(enum sl_database_mode mode)
{
	return mode == SL_MODE_STREAM   ? PACKET_BYTES
	       : mode == SL_MODE_GATHER ? GATHER_BYTES
					: VALUE_BYTES;
}

static hs_error_t sample_scan(struct scan *s)
{
	hs_stream_t *stream = NULL;
	hs_error_t rc = s->mode == SL_MODE_STREAM ? hs_open_stream(s->db, 0, &stream) : HS_SUCCESS;
	s->matches = 0;
	for (size_t at = 0, n; at < s->size && rc == HS_SUCCESS; at += n) {
		n = s->size - at < piece_size(s->mode) ? s->size - at : piece_size(s->mode);
		const char *piece = (const char *)s->bytes + at;
		rc = stream ? hs_scan_stream(stream, piece, (unsigned)n, 0, s->scratch, on_match,
					     &s->matches)
			    : hs_scan(s->db, piece, (unsigned)n, 0, s->scratch, on_match,
				      &s->matches);
	}
	if (stream)
		hs_close_stream(stream, s->scratch, on_match, &s->matches);
	return rc;
}

static double ns_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int database_measure(struct sl_cost *cost, const hs_database_t *db,
			    enum sl_database_mode mode, const uint8_t *bytes, size_t size,
			    hs_scratch_t **scratch, struct sl_err *err)
{
	if (hs_database_size(db, &cost->bytes) != HS_SUCCESS ||
	    hs_alloc_scratch(db, scratch) != HS_SUCCESS ||
	    (mode == SL_MODE_STREAM && hs_stream_size(db, &cost->stream_bytes) != HS_SUCCESS))
		return sl_fail(err, SL_ENOMEM, "out of memory for Hyperscan");
	struct scan s = {
		.db = db, .scratch = *scratch, .mode = mode, .bytes = bytes, .size = size
	};
	double best = -1;
	for (int i = 0; i < ROUNDS; i++) {
		double start = ns_now();
		if (sample_scan(&s) != HS_SUCCESS)
			return sl_fail(err, SL_EFAIL, "Hyperscan cannot scan the sample");
		double ns = ns_now() - start;
		best = best < 0 || ns < best ? ns : best;
	}
	cost->ns_per_kb = best * 1024 / (double)size;
	cost->matches_per_mb = (double)s.matches * 1048576 / (double)size;
	return SL_OK;
}

/* --- each by itself --- */

static int pattern_measure(struct sl_cost *cost, const struct sl_patterns *all, size_t index,
			   const struct sl_sample *sample, hs_scratch_t **scratch,
			   struct sl_err *err)
{
	const struct sl_pattern *p = &all->pattern[index];
	enum sl_database_mode mode = (enum sl_database_mode)(p->database & 0xff);
	hs_database_t *db = NULL;
	hs_compile_error_t *why = NULL;
	*cost = (struct sl_cost){ .pattern = index };
	if (hs_compile(all->text + p->expression, p->hs_flags,
		       mode == SL_MODE_STREAM ? HS_MODE_STREAM : HS_MODE_BLOCK, NULL, &db,
		       &why) != HS_SUCCESS) {
		int rc = sl_fail(err, SL_EFORMAT, "Hyperscan: %s", why->message);
		hs_free_compile_error(why);
		return rc;
	}
	size_t size = sample->size < EACH_BYTES ? sample->size : EACH_BYTES;
	int rc = database_measure(cost, db, mode, sample->bytes, size, scratch, err);
	hs_free_database(db);
	return rc;
}

/* Time first, then memory. */
static int cost_compare(const void *left, const void *right)
{
	const struct sl_cost *a = left, *b = right;
	if (a->ns_per_kb != b->ns_per_kb)
		return a->ns_per_kb > b->ns_per_kb ? -1 : 1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return (a->pattern > b->pattern) - (a->pattern < b->pattern);
}

int sl_cost_each(struct sl_cost **costs, size_t *n, const struct sl_patterns *patterns,
		 const struct sl_sample *sample, struct sl_err *err)
{
	hs_scratch_t *scratch = NULL;
	int rc = SL_OK;
	*n = 0;
	*costs = calloc(patterns->n + 1, sizeof **costs);
	if (!*costs)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (size_t i = 0; i < patterns->n && rc == SL_OK; i++)
		if (i == 0 ||
		    !sl_pattern_same(patterns, &patterns->pattern[i - 1], &patterns->pattern[i]))
			rc = pattern_measure(&(*costs)[(*n)++], patterns, i, sample, &scratch, err);
	hs_free_scratch(scratch);
	if (rc == SL_OK)
		qsort(*costs, *n, sizeof **costs, cost_compare);
	return rc;
}

/* --- together --- */

int sl_cost_database(struct sl_cost *cost, const struct sl_image *image, size_t database,
		     const struct sl_sample *sample, struct sl_err *err)
{
	const struct sl_image_database *info = &image->database[database];
	const struct sl_image_section *section = NULL;
	for (size_t i = 0; i < image->sections && !section; i++)
		if (image->section[i].type == SL_SECTION_DATABASE &&
		    image->section[i].param == SL_DATABASE(info->field, info->mode))
			section = &image->section[i];
	hs_database_t *db = NULL;
	hs_scratch_t *scratch = NULL;
	*cost = (struct sl_cost){ .pattern = info->patterns };
	if (!section || hs_deserialize_database(section->bytes, section->size, &db) != HS_SUCCESS)
		return sl_fail(err, SL_EFAIL, "Hyperscan refuses its own database");
	int rc = database_measure(cost, db, info->mode, sample->bytes, sample->size, &scratch, err);
	hs_free_scratch(scratch);
	hs_free_database(db);
	return rc;
}
