/* Ruleset files whose digest is right and whose numbers are not: each is refused with its reason. */
#include "ruleset.h"

/* A number in a section (or of its entry in the table) that points where nothing is. */
struct hostile {
	const char *what;
	uint32_t section;
	bool entry; /* offset is in the section table's entry */
	size_t offset, width;
	uint64_t value;
};

#define IN(type, section, member, value)                                                           \
	{                                                                                          \
#type "." #member, section, false, offsetof(struct type, member),                  \
			sizeof(((struct type *)0)->member), value                                  \
	}
#define ENTRY(section, member, value)                                                              \
	{                                                                                          \
		"section." #member, section, true, offsetof(struct sl_ruleset_section, member),    \
			sizeof(((struct sl_ruleset_section *)0)->member), value                    \
	}

static const struct hostile hostiles[] = {
	ENTRY(SL_SECTION_STRINGS, type, 77),
	ENTRY(SL_SECTION_STRINGS, type, 0),
	ENTRY(SL_SECTION_STRINGS, type, SL_SECTION_PACKS),
	ENTRY(SL_SECTION_STRINGS, param, 1),
	ENTRY(SL_SECTION_STRINGS, offset, UINT64_MAX - 63),
	ENTRY(SL_SECTION_STRINGS, offset, 0),
	ENTRY(SL_SECTION_STRINGS, offset, 1027),
	ENTRY(SL_SECTION_STRINGS, size, UINT64_MAX),
	ENTRY(SL_SECTION_STRINGS, size, 0),
	ENTRY(SL_SECTION_STRINGS, size, 3),
	ENTRY(SL_SECTION_PACKS, size, 17),
	ENTRY(SL_SECTION_INDICATORS, size, 32),
	ENTRY(SL_SECTION_INDICATORS, size, 33),
	ENTRY(SL_SECTION_CONDITIONS, size, 24),
	ENTRY(SL_SECTION_PREFIXES, size, 31),
	ENTRY(SL_SECTION_DOMAINS, size, 200),
	ENTRY(SL_SECTION_PATTERNS, param, SL_DATABASE(SL_FIELD_COUNT, 0)),
	ENTRY(SL_SECTION_PATTERNS, param, SL_DATABASE(SL_FIELD_PAYLOAD, 3)),
	ENTRY(SL_SECTION_PATTERNS, param, SL_DATABASE(SL_FIELD_HTTP_URI, SL_MODE_STREAM)),
	ENTRY(SL_SECTION_PATTERNS, param, SL_DATABASE(SL_FIELD_PAYLOAD, SL_MODE_BLOCK)),
	ENTRY(SL_SECTION_PATTERNS, size, 0),
	ENTRY(SL_SECTION_PATTERN_CONDITIONS, size, 0),
	ENTRY(SL_SECTION_PATTERN_CONDITIONS, size, 8),
	ENTRY(SL_SECTION_DATABASE, size, 0),
	IN(sl_ruleset_pack, SL_SECTION_PACKS, name, 1 << 20),
	IN(sl_ruleset_pack, SL_SECTION_PACKS, author, UINT32_MAX),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, pack, 1),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, id, UINT32_MAX),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, value, UINT32_MAX),
	IN(sl_ruleset_meta, SL_SECTION_METAS, name, UINT32_MAX),
	IN(sl_ruleset_meta, SL_SECTION_METAS, description, UINT32_MAX),
	IN(sl_ruleset_meta, SL_SECTION_METAS, class_, UINT32_MAX),
	IN(sl_ruleset_meta, SL_SECTION_METAS, drill, UINT32_MAX),
	IN(sl_ruleset_meta, SL_SECTION_METAS, references, UINT32_MAX),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, kind, 0),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, kind, SL_IND_URL),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, kind, SL_IND_KINDS),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, scope, 3),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, flags, 32),
	IN(sl_ruleset_meta, SL_SECTION_METAS, tlp, 0),
	IN(sl_ruleset_meta, SL_SECTION_METAS, tlp, 6),
	IN(sl_ruleset_meta, SL_SECTION_METAS, severity, 5),
	IN(sl_ruleset_meta, SL_SECTION_METAS, confidence, 101),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, meta, 1),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, where, 2),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, action, 1),
	IN(sl_ruleset_where, SL_SECTION_WHERES, direction, 1), /* row 0 asks for nothing */
	IN(sl_ruleset_action, SL_SECTION_ACTIONS, threshold, 1),
	IN(sl_ruleset_position, SL_SECTION_POSITIONS, offset, 0),
	IN(sl_ruleset_ports, SL_SECTION_PORTS, first, 54),
	IN(sl_ruleset_ports, SL_SECTION_PORTS, negated, 2),
	{ "port range", SL_SECTION_WHERES, false,
	  sizeof(struct sl_ruleset_where) + offsetof(struct sl_ruleset_where, own_port), 4, 1 },
	{ "port range", SL_SECTION_WHERES, false,
	  sizeof(struct sl_ruleset_where) + offsetof(struct sl_ruleset_where, own_port) + 4, 4, UINT32_MAX },
	{ "networks", SL_SECTION_WHERES, false,
	  sizeof(struct sl_ruleset_where) + offsetof(struct sl_ruleset_where, client) + 4, 4, 1 },
	{ "marks", SL_SECTION_WHERES, false,
	  sizeof(struct sl_ruleset_where) + offsetof(struct sl_ruleset_where, marked) + 4, 4, 1 },
	{ "protocols", SL_SECTION_WHERES, false,
	  sizeof(struct sl_ruleset_where) + offsetof(struct sl_ruleset_where, apps) + 7, 1, 1 },
	{ "protocols before", SL_SECTION_WHERES, false,
	  sizeof(struct sl_ruleset_where) + offsetof(struct sl_ruleset_where, apps_before) + 3, 1, 1 },
	{ "direction", SL_SECTION_WHERES, false,
	  sizeof(struct sl_ruleset_where) + offsetof(struct sl_ruleset_where, direction), 1, 3 },
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, condition, UINT32_MAX),
	IN(sl_ruleset_indicator, SL_SECTION_INDICATORS, conditions_n, 1),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, indicator, 0),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, indicator, 5),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, field, SL_FIELD_COUNT),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, op, 0),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, op, SL_OP_REGEX),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, flags, 64),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, flags, SL_COND_NOCASE),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, bit, 1),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, flags, SL_COND_SAME),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, value, UINT32_MAX),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, bytes, UINT32_MAX),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, len, UINT32_MAX),
	IN(sl_ruleset_condition, SL_SECTION_CONDITIONS, position, 1),
	IN(sl_ruleset_prefixes, SL_SECTION_PREFIXES, v4, UINT64_C(1) << 33),
	IN(sl_ruleset_pattern, SL_SECTION_PATTERNS, condition, 1),
	IN(sl_ruleset_pattern, SL_SECTION_PATTERNS, condition, UINT32_MAX),
	IN(sl_ruleset_pattern, SL_SECTION_PATTERNS, conditions_n, 0),
	IN(sl_ruleset_pattern, SL_SECTION_PATTERNS, conditions_n, UINT32_MAX),
	IN(sl_ruleset_pattern, SL_SECTION_PATTERNS, len, 0),
	IN(sl_ruleset_pattern, SL_SECTION_PATTERNS, len, SL_TAIL_MAX + 2),
	IN(sl_ruleset_pattern, SL_SECTION_PATTERNS, flags, 4),
	{ "pattern condition", SL_SECTION_PATTERN_CONDITIONS, false, 0, 4, 3 },
	{ "pattern condition of another field", SL_SECTION_PATTERN_CONDITIONS, false, 0, 4, 0 },
	{ "table's count", SL_SECTION_DOMAINS, false, 0, 8, 2 },
	{ "table's filter", SL_SECTION_DOMAINS, false, 8, 8, 100 },
	{ "table's filter", SL_SECTION_DOMAINS, false, 8, 8, 0 },
	{ "table's buckets", SL_SECTION_DOMAINS, false, 16, 8, UINT64_C(1) << 62 },
	{ "table's words", SL_SECTION_DOMAINS, false, 24, 8, UINT64_MAX },
	{ "table's words", SL_SECTION_DOMAINS, false, 24, 8, 0 },
	{ "table's entry", SL_SECTION_DOMAINS, false, 64 + 64 + 4, 4, 2 },
	{ "table's entry", SL_SECTION_DOMAINS, false, 64 + 64 + 4, 4, UINT32_MAX },
	{ "entry's head", SL_SECTION_DOMAINS, false, 64 * 3 + 4, 4, 12u << 19 | 2 },
	{ "entry's head", SL_SECTION_DOMAINS, false, 64 * 3 + 4, 4, 12u << 19 },
	{ "value of another kind", SL_SECTION_DOMAINS, false, 64 * 3 + 8, 4, 1 },
	{ "value", SL_SECTION_DOMAINS, false, 64 * 3 + 8, 4, 5 },
	{ "condition", SL_SECTION_EQUALS, false, 64 * 3 + 8, 4, 1 },
	{ "condition", SL_SECTION_EQUALS, false, 64 * 3 + 8, 4, SL_POSTING_INDICATOR },
	{ "condition", SL_SECTION_EQUALS_NOCASE, false, 64 * 3 + 8, 4, 0 },
	{ "condition", SL_SECTION_PREFIX4, false, 64 * 3 + 8, 4, SL_POSTING_CONDITION },
};

static void hostile_numbers_are_refused(void **state)
{
	(void)state;
	uint8_t *bytes = malloc(file.size);
	struct sl_ruleset *rs;
	struct sl_err err;
	for (size_t i = 0; i < sizeof hostiles / sizeof hostiles[0]; i++) {
		const struct hostile *h = &hostiles[i];
		memcpy(bytes, file.bytes, file.size);
		struct sl_ruleset_section *s = section_of(bytes, h->section);
		uint8_t *at = (h->entry ? (uint8_t *)s : bytes + s->offset) + h->offset;
		memcpy(at, &h->value, h->width);
		digest_renew(bytes);
		file_set(bytes, file.size);
		if (file_open(&rs, &err) != SL_EFORMAT)
			fail_msg("%s = %llx was taken", h->what, (unsigned long long)h->value);
		assert_non_null(strstr(err.text, "corrupt: "));
	}
	free(bytes);
}

static void expect_corrupt(uint8_t *bytes, const char *why)
{
	struct sl_ruleset *rs;
	struct sl_err err;
	digest_renew(bytes);
	file_set(bytes, file.size);
	assert_int_equal(file_open(&rs, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, why));
	free(bytes);
}

static uint8_t *file_copy(void)
{
	uint8_t *bytes = malloc(file.size);
	assert_non_null(bytes);
	return memcpy(bytes, file.bytes, file.size);
}

/* Conditions that no indicator owns, though every number is in range. */
static void orphans_are_refused(void **state)
{
	(void)state;
	uint8_t *bytes = file_copy();
	struct sl_ruleset_indicator *ind =
		(void *)(bytes + section_of(bytes, SL_SECTION_INDICATORS)->offset);
	ind[4].kind = SL_IND_DOMAIN;
	ind[4].conditions_n = 0;
	expect_corrupt(bytes, "conditions that belong to no indicator");
}

/* An alert of one shows its first condition: the last indicator's would lie behind the section. */
static void ends_without_conditions_are_refused(void **state)
{
	(void)state;
	struct file kept = file;
	uint8_t *bytes = pack_compile(whole, &file.size);
	struct sl_ruleset_indicator *ind = (void *)(bytes + section_of(bytes, SL_SECTION_INDICATORS)->offset);
	uint32_t *endwise = (void *)(bytes + section_of(bytes, SL_SECTION_ENDWISE)->offset);
	assert_int_equal(ind[4].conditions_n, 0);
	ind[4].flags |= SL_IND_ENDWISE;
	endwise[0] = 4;
	expect_corrupt(bytes, "an indicator of scopes' ends is none");
	file = kept;
}

/* Two indicators of 20 conditions made one of 40: more than a word of bits holds. */
static void too_many_conditions_are_refused(void **state)
{
	(void)state;
	char text[8192];
	int at = snprintf(text, sizeof text,
			  "{\"selat\":1,\"pack\":\"t/a\",\"version\":3,\"author\":\"a\","
			  "\"tlp\":\"TLP:CLEAR\",\"indicators\":[{\"id\":\"a\",\"match\":[");
	for (int i = 0; i < 40; i++)
		at += snprintf(text + at, sizeof text - (size_t)at,
			       "%s{\"field\":\"http.uri\",\"equals\":\"/%d\"}",
			       i == 0    ? ""
			       : i == 20 ? "]},{\"id\":\"b\",\"match\":["
					 : ",",
			       i);
	snprintf(text + at, sizeof text - (size_t)at, "]}]}");
	struct file kept = file;
	uint8_t *bytes = pack_compile(text, &file.size);
	struct sl_ruleset_indicator *ind =
		(void *)(bytes + section_of(bytes, SL_SECTION_INDICATORS)->offset);
	struct sl_ruleset_condition *c =
		(void *)(bytes + section_of(bytes, SL_SECTION_CONDITIONS)->offset);
	ind[0].conditions_n = 40;
	ind[1].conditions_n = 0;
	ind[1].kind = SL_IND_DOMAIN;
	for (uint8_t bit = 20; bit < 40; bit++) {
		c[bit].indicator = 0;
		c[bit].bit = bit;
	}
	expect_corrupt(bytes, "indicator 0 has conditions out of range");
	file = kept;
}

/* One byte of padding before the strings looks like the empty string. */
static void unaligned_sections_are_refused(void **state)
{
	(void)state;
	uint8_t *bytes = file_copy();
	struct sl_ruleset_section *s = section_of(bytes, SL_SECTION_STRINGS);
	s->offset--;
	s->size++;
	expect_corrupt(bytes, "lies outside of the file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_numbers_are_refused),
		cmocka_unit_test(orphans_are_refused),
		cmocka_unit_test(ends_without_conditions_are_refused),
		cmocka_unit_test(too_many_conditions_are_refused),
		cmocka_unit_test(unaligned_sections_are_refused),
	};
	return cmocka_run_group_tests(tests, file_make, file_free);
}
