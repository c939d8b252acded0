/* A ruleset made ready for scanning. sl_ruleset_open has verified the digest, and only then is a
 * database given to Hyperscan, which trusts what it deserialises. Expressions that Hyperscan cannot
 * judge by itself are compiled by PCRE2 here, once; what can be known of a ruleset as a whole is
 * found out here and not while packets wait. */
#include <sensor/detect/verify.h>
#include <stdlib.h>

static int open_database(struct sl_engine *e, const struct sl_ruleset_database *d, const char *path,
			 struct sl_err *err)
{
	struct sl_scanner *s = &e->scanner[d->field][d->mode];
	hs_error_t rc = hs_deserialize_database((const char *)d->bytes.at, d->bytes.len, &s->db);
	if (rc == HS_DB_VERSION_ERROR || rc == HS_DB_PLATFORM_ERROR)
		return sl_fail(err, SL_EFORMAT,
			       "%s: was compiled %s; compile the packs again on this machine", path,
			       rc == HS_DB_VERSION_ERROR ? "by another version of Hyperscan"
							 : "for another kind of processor");
	if (rc != HS_SUCCESS)
		return sl_fail(err, SL_EFORMAT, "%s: Hyperscan refuses the database for %s (error %d)", path,
			       sl_field_info(sl_ruleset_field(e->rs, d->field))->name, rc);
	s->patterns = d->patterns;
	s->patterns_n = d->patterns_n;
	if (d->mode == SL_MODE_STREAM && hs_stream_size(s->db, &s->stream_bytes) != HS_SUCCESS)
		return sl_fail(err, SL_EFORMAT, "%s: the stream database is none", path);
	return SL_OK;
}

static int open_databases(struct sl_engine *e, const char *path, struct sl_err *err)
{
	const struct sl_ruleset *rs = e->rs;
	int rc = SL_OK;
	if (strncmp(rs->header->hyperscan, hs_version(), sizeof rs->header->hyperscan) != 0)
		return sl_fail(err, SL_EFORMAT,
			       "%s: was compiled by Hyperscan %.48s, this is %s; compile the packs again", path,
			       rs->header->hyperscan, hs_version());
	if (hs_valid_platform() != HS_SUCCESS)
		return sl_fail(err, SL_EFAIL, "this processor lacks SSSE3, which Hyperscan needs");
	for (uint32_t i = 0; rc == SL_OK && i < rs->databases_n; i++)
		rc = open_database(e, &rs->database[i], path, err);
	return rc;
}

/* --- expressions --- */

static bool group_is_verified(const struct sl_ruleset *rs, uint32_t first)
{
	unsigned n = sl_group_size(rs, first);
	for (unsigned i = 0; i < n; i++)
		if (rs->conditions[first + i].flags & (SL_COND_CONFIRM | SL_COND_PCRE))
			return true;
	return false;
}

/* Marks the expressions of groups that are verified, or judged on every value. */
static size_t find_expressions(const struct sl_engine *e, uint8_t *wanted)
{
	const struct sl_ruleset *rs = e->rs;
	size_t n = 0;
	for (uint32_t i = 0; i < rs->always_n; i++)
		wanted[sl_group_first(rs, rs->always[i].condition)] = 1;
	for (uint32_t first = 0, size; first < rs->conditions_n; first += size) {
		bool all = wanted[first] || group_is_verified(rs, first);
		size = sl_group_size(rs, first);
		for (uint32_t c = first; c < first + size; c++) {
			wanted[c] = all && rs->conditions[c].op == SL_OP_REGEX;
			n += wanted[c];
		}
	}
	return n;
}

static int compile_expression(struct sl_engine *e, uint32_t c, const char *path, struct sl_err *err)
{
	const struct sl_ruleset_condition *cond = &e->rs->conditions[c];
	uint32_t options = cond->flags & SL_COND_NOCASE ? PCRE2_CASELESS : 0;
	const uint8_t *text = (const uint8_t *)e->rs->strings + cond->bytes;
	PCRE2_SIZE at;
	int code;
	struct sl_expression *x = &e->expression[e->expressions];
	*x = (struct sl_expression){ c, pcre2_compile(text, cond->len, options, &code, &at, NULL) };
	if (!x->code) {
		PCRE2_UCHAR why[128];
		pcre2_get_error_message(code, why, sizeof why);
		return sl_fail(err, SL_EFORMAT, "%s: PCRE2 refuses an expression (%s): %s", path, (char *)why,
			       sl_ruleset_string(e->rs, cond->value));
	}
	pcre2_jit_compile(x->code, PCRE2_JIT_COMPLETE); /* a refusal costs speed alone */
	e->expressions++;
	return SL_OK;
}

static int compile_expressions(struct sl_engine *e, const char *path, struct sl_err *err)
{
	uint8_t *wanted = calloc(e->rs->conditions_n + 1, 1);
	size_t n = wanted ? find_expressions(e, wanted) : 0;
	int rc = SL_OK;
	e->expression = calloc(n + 1, sizeof *e->expression);
	if (!wanted || !e->expression)
		rc = sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	for (uint32_t c = 0; rc == SL_OK && n && c < e->rs->conditions_n; c++)
		if (wanted[c])
			rc = compile_expression(e, c, path, err);
	free(wanted);
	return rc;
}

pcre2_code *sl_engine_expression(const struct sl_engine *e, uint32_t condition)
{
	size_t lo = 0, hi = e->expressions;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (e->expression[mid].condition < condition)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < e->expressions && e->expression[lo].condition == condition ? e->expression[lo].code : NULL;
}

/* --- what holds of the ruleset as a whole --- */

static void watch_indicator(struct sl_engine *e, const struct sl_ruleset_indicator *ind)
{
	for (uint32_t i = 0; i < ind->conditions_n; i++) {
		const struct sl_ruleset_condition *c = &e->rs->conditions[ind->condition + i];
		if (c->flags & SL_COND_NOT || c->op == SL_OP_ABSENT)
			sl_field_set_add(&e->watched[ind->scope], sl_ruleset_field(e->rs, c->field));
	}
	e->ends = true;
}

static bool needs_absence_alone(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind)
{
	for (uint32_t i = 0; i < ind->conditions_n; i++)
		if (rs->conditions[ind->condition + i].op != SL_OP_ABSENT)
			return false;
	return true;
}

/* Does an indicator of scope packet need an expression? Then segments are scanned one by one too. */
static bool needs_segments(const struct sl_engine *e)
{
	const struct sl_ruleset *rs = e->rs;
	const struct sl_scanner *block = &e->scanner[SL_FIELD_PAYLOAD][SL_MODE_BLOCK];
	for (uint32_t i = 0; block->db && i < block->patterns_n; i++)
		for (uint32_t k = 0; k < block->patterns[i].conditions_n; k++) {
			uint32_t c = rs->pattern_conditions[block->patterns[i].condition + k];
			if (rs->indicators[rs->conditions[c].indicator].scope == SL_SCOPE_PACKET)
				return true;
		}
	return false;
}

static void index_all(struct sl_engine *e)
{
	const struct sl_ruleset *rs = e->rs;
	for (uint32_t i = 0; i < rs->indicators_n; i++)
		if (rs->indicators[i].flags & SL_IND_ENDWISE)
			watch_indicator(e, &rs->indicators[i]);
	for (uint32_t i = 0; i < rs->derived_n; i++)
		if (sl_ruleset_field_streams(rs->derived[i].field))
			sl_field_set_add(&e->derived, rs->derived[i].field);
	for (uint32_t i = 0; i < rs->endwise_n; i++)
		e->bare |= needs_absence_alone(rs, &rs->indicators[rs->endwise[i]]);
	for (uint32_t i = 0; i < rs->conditions_n; i++)
		e->addresses |= rs->conditions[i].field == SL_FIELD_IP_SRC || rs->conditions[i].field == SL_FIELD_IP_DST;
	e->segments = needs_segments(e);
}

/* --- life --- */

/* Where there is anything to look for, but for names, addresses and URLs, which are sl_exact_wants'. */
static void find_looked(struct sl_engine *e)
{
	const struct sl_ruleset *rs = e->rs;
	bool kind[SL_IND_KINDS] = { false };
	for (uint32_t i = 0; i < rs->conditions_n; i++)
		sl_field_set_add(&e->looked, sl_ruleset_field(rs, rs->conditions[i].field));
	for (uint32_t i = 0; i < rs->indicators_n; i++)
		kind[rs->indicators[i].kind] = true;
	for (unsigned k = 0; k < SL_IND_KINDS; k++) {
		enum sl_field field = sl_indicator_kind_field((enum sl_indicator_kind)k);
		if (kind[k] && field < SL_FIELD_COUNT)
			sl_field_set_add(&e->looked, field);
	}
}

int sl_engine_open(struct sl_engine **out, const char *path, struct sl_err *err)
{
	struct sl_engine *e = calloc(1, sizeof *e);
	if (!e)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	int rc = sl_ruleset_open(&e->rs, path, err);
	if (rc == SL_OK)
		rc = open_databases(e, path, err);
	if (rc == SL_OK)
		rc = compile_expressions(e, path, err);
	if (rc == SL_OK && (sl_flowwise_init(&e->flowwise, e->rs, false) != SL_OK ||
			    sl_flowwise_init(&e->packetwise, e->rs, true) != SL_OK || sl_windows_init(e) != SL_OK ||
			    sl_crowds_init(e) != SL_OK || sl_always_init(e) != SL_OK || sl_lengths_init(e) != SL_OK))
		rc = sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	if (rc != SL_OK) {
		sl_engine_free(e);
		return rc;
	}
	index_all(e);
	find_looked(e);
	sl_look_init(e);
	*out = e;
	return SL_OK;
}

void sl_engine_free(struct sl_engine *e)
{
	if (!e)
		return;
	for (unsigned f = 0; f < SL_FIELDS_ALL; f++)
		for (unsigned m = 0; m < SL_MODES; m++)
			hs_free_database(e->scanner[f][m].db);
	for (size_t i = 0; i < e->expressions; i++)
		pcre2_code_free(e->expression[i].code);
	free(e->expression);
	free(e->windowed);
	free(e->judged);
	free(e->length);
	sl_flowwise_fini(&e->flowwise);
	sl_flowwise_fini(&e->packetwise);
	sl_crowds_fini(&e->crowds);
	sl_ruleset_free(e->rs);
	free(e);
}
