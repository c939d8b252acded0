/* Every number of a ruleset that indexes something else is checked here, once, so that the sensor
 * can use the file in place. The digest says that the bytes are as written; this says that who
 * wrote them was no fool and no enemy. Work is linear in the file's size. */
#include "ruleset_check.h"

#include <selat/tlp.h>

enum { SECTIONS_MAX = SL_SECTION_DATABASE + 2 * SL_FIELD_COUNT * 3, CONDITIONS_MAX = 32 };

static int wrong(struct sl_err *err, const char *what)
{
	return sl_fail(err, SL_EFORMAT, "%s", what);
}

static const struct sl_ruleset_section *section_table(const struct sl_ruleset *rs)
{
	return (const void *)((const uint8_t *)rs->memory + sizeof *rs->header);
}

/* What section of that type and param holds; an empty span if there is none. */
static struct sl_span section_find(const struct sl_ruleset *rs, uint32_t type, uint32_t param)
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
	if (field >= SL_FIELD_COUNT || mode > SL_MODE_STREAM)
		return false;
	return mode == SL_MODE_BLOCK || sl_field_info((enum sl_field)field)->stream;
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
		return wrong(err, "its section table does not fit");
	for (uint32_t i = 0; i < n; i++) {
		int rc = section_check(rs, i, err);
		if (rc < 0)
			return rc;
	}
	return SL_OK;
}

/* The section as an array: *n elements of that many bytes. */
static int section_array(const struct sl_ruleset *rs, uint32_t type, uint32_t param, size_t element,
			 const void **at, uint32_t *n, struct sl_err *err)
{
	struct sl_span s = section_find(rs, type, param);
	*at = s.at;
	*n = 0;
	if (s.len % element || s.len / element > UINT32_MAX - 1)
		return sl_fail(err, SL_EFORMAT, "section of type %u has a broken size", type);
	*n = (uint32_t)(s.len / element);
	return SL_OK;
}

static int strings_check(struct sl_ruleset *rs, struct sl_err *err)
{
	struct sl_span s = section_find(rs, SL_SECTION_STRINGS, 0);
	if (s.len == 0 || s.at[0] != 0 || s.at[s.len - 1] != 0)
		return wrong(err, "its strings do not begin and end with a NUL");
	rs->strings = (const char *)s.at;
	rs->strings_size = s.len;
	return SL_OK;
}

static bool string_valid(const struct sl_ruleset *rs, uint32_t offset)
{
	return offset < rs->strings_size;
}

static int packs_check(struct sl_ruleset *rs, struct sl_err *err)
{
	const void *at;
	int rc = section_array(rs, SL_SECTION_PACKS, 0, sizeof *rs->packs, &at, &rs->packs_n, err);
	if (rc < 0)
		return rc;
	rs->packs = at;
	for (uint32_t i = 0; i < rs->packs_n; i++)
		if (!string_valid(rs, rs->packs[i].name) || !string_valid(rs, rs->packs[i].author))
			return sl_fail(err, SL_EFORMAT, "pack %u has a string out of range", i);
	return SL_OK;
}

static bool indicator_valid(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind)
{
	const uint32_t strings[] = { ind->id,     ind->value, ind->name,      ind->description,
				     ind->class_, ind->drill, ind->references };
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		if (!string_valid(rs, strings[i]))
			return false;
	return ind->pack < rs->packs_n && ind->kind >= SL_IND_ADDRESS &&
	       ind->kind <= SL_IND_MATCH && ind->scope <= SL_SCOPE_PACKET &&
	       ind->flags <= (SL_IND_SUBDOMAINS | SL_IND_SHADOW) && ind->tlp > SL_TLP_NONE &&
	       ind->tlp <= SL_TLP_RED && ind->severity > SL_SEVERITY_NONE &&
	       ind->severity <= SL_CRITICAL && ind->confidence <= 100 &&
	       ind->ports_n <= sizeof ind->ports / sizeof ind->ports[0];
}

static bool condition_valid(const struct sl_ruleset *rs, const struct sl_ruleset_condition *c)
{
	return c->field < SL_FIELD_COUNT && c->op >= SL_OP_EQUALS && c->op <= SL_OP_REGEX &&
	       c->flags <= (SL_COND_NOCASE | SL_COND_HEX) && string_valid(rs, c->value);
}

/* An indicator and its conditions point at each other. Adds their number to *used. */
static int indicator_check(const struct sl_ruleset *rs, uint32_t index, uint64_t *used,
			   struct sl_err *err)
{
	const struct sl_ruleset_indicator *ind = &rs->indicators[index];
	if (!indicator_valid(rs, ind))
		return sl_fail(err, SL_EFORMAT, "indicator %u has a number out of range", index);
	if (ind->conditions_n > CONDITIONS_MAX ||
	    (ind->conditions_n > 0) != (ind->kind == SL_IND_MATCH) ||
	    (uint64_t)ind->condition + ind->conditions_n > rs->conditions_n)
		return sl_fail(err, SL_EFORMAT, "indicator %u has conditions out of range", index);
	for (uint32_t bit = 0; bit < ind->conditions_n; bit++) {
		const struct sl_ruleset_condition *c = &rs->conditions[ind->condition + bit];
		if (c->indicator != index || c->bit != bit || !condition_valid(rs, c))
			return sl_fail(err, SL_EFORMAT, "condition %u has a number out of range",
				       ind->condition + bit);
	}
	*used += ind->conditions_n;
	return SL_OK;
}

static int indicators_check(struct sl_ruleset *rs, struct sl_err *err)
{
	const void *indicators = NULL, *conditions = NULL;
	int rc = section_array(rs, SL_SECTION_INDICATORS, 0, sizeof *rs->indicators, &indicators,
			       &rs->indicators_n, err);
	if (rc == SL_OK)
		rc = section_array(rs, SL_SECTION_CONDITIONS, 0, sizeof *rs->conditions,
				   &conditions, &rs->conditions_n, err);
	if (rc < 0)
		return rc;
	rs->indicators = indicators;
	rs->conditions = conditions;
	uint64_t used = 0;
	for (uint32_t i = 0; i < rs->indicators_n && rc == SL_OK; i++)
		rc = indicator_check(rs, i, &used, err);
	if (rc == SL_OK && used != rs->conditions_n)
		return wrong(err, "it has conditions that belong to no indicator");
	return rc;
}

/* What a table's values may point at. */
struct aim {
	uint32_t type; /* of the section */
	uint8_t kind;  /* of the indicator; 0: the values are conditions with `equals` */
	bool nocase;
};

static bool value_valid(const struct sl_ruleset *rs, const struct aim *aim, uint32_t value)
{
	if (aim->kind)
		return value < rs->indicators_n && rs->indicators[value].kind == aim->kind;
	return value < rs->conditions_n && rs->conditions[value].op == SL_OP_EQUALS &&
	       ((rs->conditions[value].flags & SL_COND_NOCASE) != 0) == aim->nocase;
}

static int table_check(const struct sl_ruleset *rs, const struct aim *aim, struct sl_table *t,
		       struct sl_err *err)
{
	int rc = sl_table_open(t, section_find(rs, aim->type, 0), err);
	if (rc < 0 || !t->n)
		return rc;
	for (uint64_t i = 0; i < (t->bucket_mask + 1) * 4; i++) {
		if (!t->slots[i].hash)
			continue;
		const uint32_t *list = &t->postings[t->slots[i].posting];
		for (uint32_t k = 1; k <= list[0]; k++)
			if (!value_valid(rs, aim, list[k]))
				return sl_fail(err, SL_EFORMAT,
					       "the table in section type %u has a value out of "
					       "range",
					       aim->type);
	}
	return SL_OK;
}

static int tables_check(struct sl_ruleset *rs, struct sl_err *err)
{
	const struct {
		struct aim aim;
		struct sl_table *table;
	} all[] = {
		{ { SL_SECTION_PREFIX4, SL_IND_ADDRESS, false }, &rs->prefix4 },
		{ { SL_SECTION_PREFIX6, SL_IND_ADDRESS, false }, &rs->prefix6 },
		{ { SL_SECTION_DOMAINS, SL_IND_DOMAIN, false }, &rs->domains },
		{ { SL_SECTION_URLS, SL_IND_URL, false }, &rs->urls },
		{ { SL_SECTION_EQUALS, 0, false }, &rs->equals },
		{ { SL_SECTION_EQUALS_NOCASE, 0, true }, &rs->equals_nocase },
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		int rc = table_check(rs, &all[i].aim, all[i].table, err);
		if (rc < 0)
			return rc;
	}
	return SL_OK;
}

static int prefixes_check(struct sl_ruleset *rs, struct sl_err *err)
{
	struct sl_span s = section_find(rs, SL_SECTION_PREFIXES, 0);
	if (s.len == 0)
		return SL_OK;
	if (s.len != sizeof rs->prefixes)
		return wrong(err, "its prefix lengths have a broken size");
	memcpy(&rs->prefixes, s.at, sizeof rs->prefixes);
	if (rs->prefixes.v4 >> 33 || rs->prefixes.v6[2] >> 1)
		return wrong(err, "it has a prefix longer than an address");
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
			       sl_field_info(db->field)->name);
	*left -= p->conditions_n;
	for (uint32_t i = 0; i < p->conditions_n; i++) {
		uint32_t c = rs->pattern_conditions[p->condition + i];
		if (c >= rs->conditions_n || rs->conditions[c].field != db->field)
			return sl_fail(err, SL_EFORMAT,
				       "pattern %u of %s has a condition out of range", index,
				       sl_field_info(db->field)->name);
	}
	return SL_OK;
}

static int database_check(struct sl_ruleset *rs, const struct sl_ruleset_section *s, uint64_t *left,
			  struct sl_err *err)
{
	struct sl_ruleset_database *db = &rs->database[rs->databases_n];
	const void *patterns;
	*db = (struct sl_ruleset_database){
		.field = (enum sl_field)(s->param >> 8),
		.mode = (enum sl_database_mode)(s->param & 0xff),
		.bytes = section_find(rs, SL_SECTION_DATABASE, s->param),
	};
	int rc = section_array(rs, SL_SECTION_PATTERNS, s->param, sizeof *db->patterns, &patterns,
			       &db->patterns_n, err);
	if (rc < 0)
		return rc;
	db->patterns = patterns;
	if (!db->patterns_n || !db->bytes.len)
		return wrong(err, "a database and its patterns do not go together");
	for (uint32_t i = 0; i < db->patterns_n && rc == SL_OK; i++)
		rc = pattern_check(rs, db, i, left, err);
	rs->databases_n++;
	return rc;
}

static int databases_check(struct sl_ruleset *rs, struct sl_err *err)
{
	const void *at;
	int rc = section_array(rs, SL_SECTION_PATTERN_CONDITIONS, 0, sizeof(uint32_t), &at,
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
		return wrong(err, "it has patterns without a database");
	return rc;
}

int sl_ruleset_check(struct sl_ruleset *rs, struct sl_err *err)
{
	int (*const steps[])(struct sl_ruleset *, struct sl_err *) = {
		strings_check, packs_check,    indicators_check,
		tables_check,  prefixes_check, databases_check,
	};
	int rc = sections_check(rs, err);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == SL_OK; i++)
		rc = steps[i](rs, err);
	return rc;
}
