/* Every number of a ruleset that indexes something else is checked here, once, so that the sensor
 * can use the file in place. The digest says that the bytes are as written; this says that who
 * wrote them was no fool and no enemy. Work is linear in the file's size. */
#include "ruleset_check.h"

#include <pthread.h>

enum { SECTIONS_MAX = SL_SECTION_DATABASE + 2 * SL_FIELDS_ALL * 3 };
enum { LARGE = 16 << 20 }; /* bytes that are worth a second thread */

static const struct sl_ruleset_section *section_table(const struct sl_ruleset *rs)
{
	return (const void *)((const uint8_t *)rs->memory + sizeof *rs->header);
}

struct sl_span sl_section_find(const struct sl_ruleset *rs, uint32_t type, uint32_t param)
{
	const struct sl_ruleset_section *s = section_table(rs);
	for (uint32_t i = 0; i < rs->header->sections; i++)
		if (s[i].type == type && s[i].param == param)
			return sl_span_of((const uint8_t *)rs->memory + s[i].offset,
					  (size_t)s[i].size);
	return sl_span_of(NULL, 0);
}

static bool param_valid(const struct sl_ruleset_section *s)
{
	if (s->type != SL_SECTION_DATABASE && s->type != SL_SECTION_PATTERNS)
		return s->param == 0;
	uint32_t field = s->param >> 8, mode = s->param & 0xff;
	if (field >= SL_FIELDS_ALL || mode > SL_MODE_STREAM)
		return false;
	return mode == SL_MODE_BLOCK || sl_ruleset_field_streams(field);
}

static int section_check(const struct sl_ruleset *rs, uint32_t index, struct sl_err *err)
{
	const struct sl_ruleset_section *all = section_table(rs), *s = &all[index];
	uint64_t from = sizeof *rs->header + rs->header->sections * sizeof *s;
	if (s->type < SL_SECTION_STRINGS || s->type > SL_SECTION_DATABASE || !param_valid(s))
		return sl_fail(err, SL_EFORMAT, "section %u is of no known type", index);
	if (s->offset % SL_RULESET_ALIGN || s->offset < from || s->offset > rs->memory_size ||
	    s->size > rs->memory_size - s->offset)
		return sl_fail(err, SL_EFORMAT, "section %u lies outside of the file", index);
	for (uint32_t i = 0; i < index; i++)
		if (all[i].type == s->type && all[i].param == s->param)
			return sl_fail(err, SL_EFORMAT, "section %u is there twice", index);
	return SL_OK;
}

static int sections_check(const struct sl_ruleset *rs, struct sl_err *err)
{
	uint32_t n = rs->header->sections;
	size_t room = rs->memory_size - sizeof *rs->header;
	if (n > SECTIONS_MAX || n * sizeof(struct sl_ruleset_section) > room)
		return sl_fail(err, SL_EFORMAT, "its section table does not fit");
	for (uint32_t i = 0; i < n; i++) {
		int rc = section_check(rs, i, err);
		if (rc < 0)
			return rc;
	}
	return SL_OK;
}

int sl_section_array(const struct sl_ruleset *rs, uint32_t type, uint32_t param, size_t element,
		     const void **at, uint32_t *n, struct sl_err *err)
{
	struct sl_span s = sl_section_find(rs, type, param);
	*at = s.at;
	*n = 0;
	if (s.len % element || s.len / element > UINT32_MAX - 1)
		return sl_fail(err, SL_EFORMAT, "section of type %u has a broken size", type);
	*n = (uint32_t)(s.len / element);
	return SL_OK;
}

static int strings_check(struct sl_ruleset *rs, struct sl_err *err)
{
	struct sl_span s = sl_section_find(rs, SL_SECTION_STRINGS, 0);
	if (s.len == 0 || s.at[0] != 0 || s.at[s.len - 1] != 0)
		return sl_fail(err, SL_EFORMAT, "its strings do not begin and end with a NUL");
	rs->strings = (const char *)s.at;
	rs->strings_size = s.len;
	return SL_OK;
}

/* What a table's values may point at. */
struct aim {
	uint32_t type; /* of the section */
	uint8_t kind;  /* of the indicator; 0: conditions with `equals` or `in` */
	bool nocase;
};

static bool condition_aimed(const struct sl_ruleset *rs, const struct aim *aim, uint32_t value)
{
	if (value >= rs->conditions_n)
		return false;
	const struct sl_ruleset_condition *c = &rs->conditions[value];
	if (aim->kind == SL_IND_ADDRESS)
		return c->op == SL_OP_IN;
	return (c->op == SL_OP_EQUALS || c->op == SL_OP_IN) &&
	       ((c->flags & SL_COND_NOCASE) != 0) == aim->nocase;
}

static bool value_valid(const struct sl_ruleset *rs, const struct aim *aim, uint32_t value)
{
	uint32_t number = value & ~SL_POSTING_CONDITION;
	if (value != number && aim->kind == SL_IND_ADDRESS)
		return condition_aimed(rs, aim, number);
	if (value == number && !aim->kind)
		return condition_aimed(rs, aim, number);
	if (value != number && aim->kind)
		return false;
	if (number >= rs->indicators_n)
		return false;
	return aim->kind ? rs->indicators[number].kind == aim->kind
			 : rs->indicators[number].kind > SL_IND_MATCH;
}

/* Values point all over the records: they are fetched some at a time, for a table has a million. */
struct batch {
	uint32_t value[64];
	unsigned n;
};

static bool batch_check(const struct sl_ruleset *rs, const struct aim *aim, struct batch *b)
{
	bool ok = true;
	for (unsigned i = 0; i < b->n; i++)
		ok = ok && value_valid(rs, aim, b->value[i]);
	b->n = 0;
	return ok;
}

static bool value_add(const struct sl_ruleset *rs, const struct aim *aim, struct batch *b,
		      uint32_t value)
{
	uint32_t number = value & ~SL_POSTING_CONDITION;
	if (number < rs->indicators_n)
		__builtin_prefetch(&rs->indicators[number]);
	b->value[b->n++] = value;
	return b->n < sizeof b->value / sizeof b->value[0] || batch_check(rs, aim, b);
}

static int table_check(const struct sl_ruleset *rs, const struct aim *aim, struct sl_table *t,
		       struct sl_err *err)
{
	int rc = sl_table_open(t, sl_section_find(rs, aim->type, 0), err);
	if (rc < 0 || !t->n)
		return rc;
	uint64_t at = 0;
	struct batch b = { .n = 0 };
	bool ok = true;
	for (struct sl_postings p = sl_table_next(t, &at); p.n && ok; p = sl_table_next(t, &at))
		for (uint32_t k = 0; k < p.n && ok; k++)
			ok = value_add(rs, aim, &b, p.value[k]);
	if (ok && batch_check(rs, aim, &b))
		return SL_OK;
	return sl_fail(err, SL_EFORMAT, "the table in section type %u has a value out of range",
		       aim->type);
}

static int addresses_and_names_check(struct sl_ruleset *rs, struct sl_err *err)
{
	int rc = table_check(rs, &(struct aim){ SL_SECTION_PREFIX4, SL_IND_ADDRESS, false },
			     &rs->prefix4, err);
	if (rc == SL_OK)
		rc = table_check(rs, &(struct aim){ SL_SECTION_PREFIX6, SL_IND_ADDRESS, false },
				 &rs->prefix6, err);
	if (rc == SL_OK)
		rc = table_check(rs, &(struct aim){ SL_SECTION_DOMAINS, SL_IND_DOMAIN, false },
				 &rs->domains, err);
	return rc;
}

static int values_check(struct sl_ruleset *rs, struct sl_err *err)
{
	int rc = table_check(rs, &(struct aim){ SL_SECTION_URLS, SL_IND_URL, false }, &rs->urls,
			     err);
	if (rc == SL_OK)
		rc = table_check(rs, &(struct aim){ SL_SECTION_EQUALS, 0, false }, &rs->equals,
				 err);
	if (rc == SL_OK)
		rc = table_check(rs, &(struct aim){ SL_SECTION_EQUALS_NOCASE, 0, true },
				 &rs->equals_nocase, err);
	return rc;
}

static int prefixes_check(struct sl_ruleset *rs, struct sl_err *err)
{
	struct sl_span s = sl_section_find(rs, SL_SECTION_PREFIXES, 0);
	if (s.len == 0)
		return SL_OK;
	if (s.len != sizeof rs->prefixes)
		return sl_fail(err, SL_EFORMAT, "its prefix lengths have a broken size");
	memcpy(&rs->prefixes, s.at, sizeof rs->prefixes);
	if (rs->prefixes.v4 >> 33 || rs->prefixes.v6[2] >> 1)
		return sl_fail(err, SL_EFORMAT, "it has a prefix longer than an address");
	return SL_OK;
}

static bool pattern_valid(const struct sl_ruleset_pattern *p, enum sl_database_mode mode)
{
	if (p->flags > (SL_PATTERN_STARTS | SL_PATTERN_ENDS) || (p->flags && !p->len))
		return false;
	return mode != SL_MODE_GATHER || (p->len && p->len <= SL_TAIL_MAX + 1);
}

/* A pattern's conditions are in range and look at the database's field. *left bounds the work:
 * all patterns together have as many conditions as there are. */
static int pattern_check(const struct sl_ruleset *rs, const struct sl_ruleset_database *db,
			 uint32_t index, uint64_t *left, struct sl_err *err)
{
	const struct sl_ruleset_pattern *p = &db->patterns[index];
	if (!pattern_valid(p, db->mode) || p->conditions_n == 0 || p->conditions_n > *left ||
	    (uint64_t)p->condition + p->conditions_n > rs->pattern_conditions_n)
		return sl_fail(err, SL_EFORMAT, "pattern %u of %s has a number out of range", index,
			       sl_field_info(sl_ruleset_field(rs, db->field))->name);
	*left -= p->conditions_n;
	for (uint32_t i = 0; i < p->conditions_n; i++) {
		uint32_t c = rs->pattern_conditions[p->condition + i];
		if (c >= rs->conditions_n || rs->conditions[c].field != db->field)
			return sl_fail(err, SL_EFORMAT,
				       "pattern %u of %s has a condition out of range", index,
				       sl_field_info(sl_ruleset_field(rs, db->field))->name);
	}
	return SL_OK;
}

static int database_check(struct sl_ruleset *rs, const struct sl_ruleset_section *s, uint64_t *left,
			  struct sl_err *err)
{
	struct sl_ruleset_database *db = &rs->database[rs->databases_n];
	const void *patterns;
	if (s->param >> 8 >= SL_FIELD_COUNT + rs->derived_n)
		return sl_fail(err, SL_EFORMAT, "it has a database for no field");
	*db = (struct sl_ruleset_database){
		.field = s->param >> 8,
		.mode = (enum sl_database_mode)(s->param & 0xff),
		.bytes = sl_section_find(rs, SL_SECTION_DATABASE, s->param),
	};
	int rc = sl_section_array(rs, SL_SECTION_PATTERNS, s->param, sizeof *db->patterns,
				  &patterns, &db->patterns_n, err);
	if (rc < 0)
		return rc;
	db->patterns = patterns;
	if (!db->patterns_n || !db->bytes.len)
		return sl_fail(err, SL_EFORMAT, "a database and its patterns do not go together");
	for (uint32_t i = 0; i < db->patterns_n && rc == SL_OK; i++)
		rc = pattern_check(rs, db, i, left, err);
	rs->databases_n++;
	return rc;
}

static int databases_check(struct sl_ruleset *rs, struct sl_err *err)
{
	const void *at;
	int rc = sl_section_array(rs, SL_SECTION_PATTERN_CONDITIONS, 0, sizeof(uint32_t), &at,
				  &rs->pattern_conditions_n, err);
	rs->pattern_conditions = at;
	uint64_t left = rs->pattern_conditions_n;
	const struct sl_ruleset_section *s = section_table(rs);
	uint32_t lists = 0;
	for (uint32_t i = 0; i < rs->header->sections && rc == SL_OK; i++) {
		lists += s[i].type == SL_SECTION_PATTERNS;
		if (s[i].type == SL_SECTION_DATABASE)
			rc = database_check(rs, &s[i], &left, err);
	}
	if (rc == SL_OK && (lists != rs->databases_n || left))
		return sl_fail(err, SL_EFORMAT, "it has patterns without a database");
	return rc;
}

int sl_ruleset_check_outline(struct sl_ruleset *rs, struct sl_err *err)
{
	int rc = sections_check(rs, err);
	return rc == SL_OK ? strings_check(rs, err) : rc;
}

/* Half of the tables, beside the rest: they write members of their own. */
struct beside {
	struct sl_ruleset *rs;
	struct sl_err err;
	int rc;
};

static void *beside_run(void *beside)
{
	struct beside *b = beside;
	b->rc = addresses_and_names_check(b->rs, &b->err);
	return NULL;
}

static int records_and_tables_check(struct sl_ruleset *rs, struct sl_err *err)
{
	struct beside b = { .rs = rs, .err = { "" } };
	pthread_t thread;
	bool started =
		rs->memory_size > LARGE && pthread_create(&thread, NULL, beside_run, &b) == 0;
	int rc = sl_ruleset_check_records(rs, err);
	if (rc == SL_OK)
		rc = values_check(rs, err);
	if (started)
		pthread_join(thread, NULL);
	else if (rc == SL_OK)
		beside_run(&b);
	return rc == SL_OK && b.rc < 0 ? sl_fail(err, b.rc, "%s", b.err.text) : rc;
}

int sl_ruleset_check(struct sl_ruleset *rs, struct sl_err *err)
{
	int (*const steps[])(struct sl_ruleset *, struct sl_err *) = {
		sl_ruleset_check_outline, sl_ruleset_check_rows, sl_ruleset_view_records,
		records_and_tables_check, prefixes_check,        databases_check,
	};
	int rc = SL_OK;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == SL_OK; i++)
		rc = steps[i](rs, err);
	return rc;
}
