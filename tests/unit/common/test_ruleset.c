/* Opening a ruleset: what the compiler wrote opens; anything else is refused with a sentence, also
 * when whoever changed it made a new digest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <rules/image.h>
#include <tests/fuzz/ruleset_walk.h>
#include <selat/digest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char pack[] =
	"{\"selat\":1,\"pack\":\"t/a\",\"version\":3,\"author\":\"a.example\","
	"\"tlp\":\"TLP:CLEAR\",\"indicators\":["
	"{\"id\":\"d\",\"domain\":\"evil.example\"},"
	"{\"id\":\"u\",\"url\":\"http://evil.example/x\"},"
	"{\"id\":\"a4\",\"address\":\"198.51.100.0/24\",\"port\":53},"
	"{\"id\":\"a6\",\"address\":\"2001:db8::/32\"},"
	"{\"id\":\"m\",\"match\":[{\"field\":\"http.method\",\"equals\":\"POST\"},"
	"{\"field\":\"http.uri\",\"equals\":\"/X\",\"nocase\":true},"
	"{\"field\":\"payload\",\"contains\":\"needle\"}]}]}";

/* Something in every section. */
static const char whole[] =
	"{\"selat\":1,\"pack\":\"t/w\",\"version\":1,\"author\":\"a\",\"tlp\":\"TLP:CLEAR\",\"indicators\":["
	"{\"id\":\"h\",\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"},"
	"{\"id\":\"group\",\"mark\":[\"seen\"],\"threshold\":{\"type\":\"from\",\"count\":3,\"seconds\":60,"
	"\"by\":\"source\"},\"where\":{\"port\":\"80-90\",\"client\":[\"192.0.2.0/24\",\"!192.0.2.1\"]},\"match\":["
	"{\"field\":\"http.uri\",\"contains\":\"abc\",\"offset\":1},"
	"{\"field\":\"http.uri\",\"contains\":\"defg\",\"distance\":2,\"within\":9},"
	"{\"field\":\"http.uri\",\"contains\":\"no\",\"same\":true,\"not\":true},"
	"{\"field\":\"http.user_agent\",\"regex\":\"foo(?!bar)\"},"
	"{\"field\":\"http.request_body\",\"contains\":\"x\",\"transform\":[\"to_lowercase\"]}]},"
	"{\"id\":\"end\",\"match\":[{\"field\":\"http.cookie\",\"absent\":true},"
	"{\"field\":\"http.host\",\"contains\":\"x\",\"not\":true}]},"
	"{\"id\":\"len\",\"match\":[{\"field\":\"http.uri\",\"length\":{\"min\":3}},"
	"{\"field\":\"payload\",\"hex\":\"00 01\",\"depth\":8}]},"
	"{\"id\":\"flow\",\"where\":{\"marked\":[\"seen\"]},\"match\":[]}]}";

struct file {
	uint8_t *bytes;
	size_t size;
	int fd; /* a file in memory, to open by path */
	char path[64];
};

static struct file file;

static void file_set(const uint8_t *bytes, size_t size)
{
	assert_int_equal(ftruncate(file.fd, (off_t)size), 0);
	assert_int_equal(pwrite(file.fd, bytes, size, 0), size);
}

static int file_open(struct sl_ruleset **rs, struct sl_err *err)
{
	*rs = NULL;
	err->text[0] = '\0';
	return sl_ruleset_open(rs, file.path, err);
}

/* Compiles a pack; returns the ruleset's bytes. */
static uint8_t *pack_compile(const char *text, size_t *size)
{
	char from[] = "/tmp/selat-unit.XXXXXX", to[] = "/tmp/selat-unit.XXXXXX";
	struct sl_problems problems = { 0 };
	struct sl_packs packs;
	struct sl_image image;
	struct sl_err err;
	char *paths[] = { from };
	int in = mkstemp(from), out = mkstemp(to);
	assert_int_equal(write(in, text, strlen(text)), strlen(text));
	assert_int_equal(sl_packs_read(&packs, paths, 1, &problems, &err), 0);
	assert_int_equal(problems.errors, 0);
	assert_int_equal(sl_image_compile(&image, &packs, &problems, &err), 0);
	assert_int_equal(sl_image_write(&image, to, &err), 0);
	FILE *f = fopen(to, "rb");
	uint8_t *bytes = malloc(1 << 20);
	*size = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	sl_image_fini(&image);
	sl_packs_fini(&packs);
	sl_problems_fini(&problems);
	close(in);
	close(out);
	unlink(from);
	unlink(to);
	return bytes;
}

static int file_make(void **state)
{
	(void)state;
	file.bytes = pack_compile(pack, &file.size);
	file.fd = memfd_create("ruleset", 0);
	snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
	return 0;
}

static int file_free(void **state)
{
	(void)state;
	free(file.bytes);
	close(file.fd);
	return 0;
}

static void opens_what_was_written(void **state)
{
	(void)state;
	struct sl_ruleset *rs;
	struct sl_err err;
	file_set(file.bytes, file.size);
	assert_int_equal(file_open(&rs, &err), 0);
	assert_int_equal(rs->indicators_n, 5);
	assert_int_equal(rs->conditions_n, 3);
	assert_int_equal(rs->packs_n, 1);
	assert_int_equal(rs->databases_n, 1);
	assert_int_equal(rs->prefixes.v4, UINT64_C(1) << 24);
	assert_int_equal(rs->prefixes.v6[0], UINT64_C(1) << 32);
	assert_string_equal(sl_ruleset_string(rs, rs->packs[0].name), "t/a");
	assert_string_equal(sl_ruleset_string(rs, rs->indicators[4].id), "m");
	assert_string_equal(sl_ruleset_string(rs, UINT32_MAX), "");
	assert_int_equal(sl_table_get(&rs->domains, sl_span_str("evil.example")).value[0], 0);
	assert_string_equal(sl_indicator_kind_text(rs->indicators[1].kind), "url");
	assert_string_equal(sl_op_text(rs->conditions[2].op), "contains");
	sl_ruleset_free(rs);
	sl_ruleset_free(NULL);
}

static void every_flipped_byte_is_refused(void **state)
{
	(void)state;
	struct sl_ruleset *rs;
	struct sl_err err;
	for (size_t at = 0; at < file.size; at++) {
		file.bytes[at] ^= (uint8_t)(1u << at % 8);
		file_set(file.bytes, file.size);
		assert_true(file_open(&rs, &err) < 0);
		assert_non_null(strstr(err.text, file.path));
		file.bytes[at] ^= (uint8_t)(1u << at % 8);
	}
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	struct sl_ruleset *rs;
	struct sl_err err;
	for (size_t size = 0; size < file.size; size++) {
		file_set(file.bytes, size);
		assert_int_equal(file_open(&rs, &err), SL_EFORMAT);
		assert_non_null(strstr(err.text, "truncated"));
	}
	uint8_t *longer = calloc(1, file.size + 1);
	memcpy(longer, file.bytes, file.size);
	file_set(longer, file.size + 1);
	assert_int_equal(file_open(&rs, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "corrupt"));
	free(longer);
}

static void digest_renew(uint8_t *bytes)
{
	struct sl_ruleset_header *header = (void *)bytes;
	uint8_t digest[32];
	assert_int_equal(sl_ruleset_digest(bytes, file.size, -1, digest, NULL), SL_OK);
	memcpy(header->digest, digest, sizeof digest);
}

static void says_what_is_wrong_with_the_head(void **state)
{
	(void)state;
	struct sl_ruleset *rs;
	struct sl_err err;
	struct sl_ruleset_header *header = (void *)file.bytes;
	header->format = 99;
	file_set(file.bytes, file.size);
	header->format = SL_RULESET_FORMAT;
	assert_int_equal(file_open(&rs, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "has ruleset format 99, this program reads format 3"));
	header->digest[5] ^= 1;
	file_set(file.bytes, file.size);
	header->digest[5] ^= 1;
	assert_int_equal(file_open(&rs, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "corrupt: its digest does not match"));
	file_set((const uint8_t *)"{\"selat\":1}", 11);
	assert_int_equal(file_open(&rs, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "is no ruleset"));
	assert_int_equal(sl_ruleset_open(&rs, "/nonexistent/ruleset", &err), SL_EFAIL);
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(sl_ruleset_open(&rs, "/tmp", &err), SL_EFORMAT);
}

static struct sl_ruleset_section *section_of(uint8_t *bytes, uint32_t type)
{
	struct sl_ruleset_header *header = (void *)bytes;
	struct sl_ruleset_section *s = (void *)(bytes + sizeof *header);
	for (uint32_t i = 0; i < header->sections; i++)
		if (s[i].type == type)
			return &s[i];
	fail_msg("no section of type %u", type);
	return NULL;
}

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

/* Every word of the file as the largest number: refused, or harmless (the sanitizers watch). */
static void no_number_leads_outside(void **state)
{
	(void)state;
	uint8_t *bytes = malloc(file.size);
	struct sl_ruleset *rs;
	struct sl_err err;
	size_t refused = 0;
	for (size_t at = 8; at + 4 <= file.size; at += 4) {
		memcpy(bytes, file.bytes, file.size);
		memset(bytes + at, 0xff, 4);
		digest_renew(bytes);
		file_set(bytes, file.size);
		if (file_open(&rs, &err) < 0) {
			refused++;
			continue;
		}
		sl_table_get(&rs->domains, sl_span_str("evil.example"));
		sl_table_get(&rs->urls, sl_span_str("http://evil.example/x"));
		for (uint32_t i = 0; i < rs->indicators_n; i++)
			assert_true(strlen(sl_ruleset_string(rs, rs->indicators[i].id)) < 64);
		sl_ruleset_free(rs);
	}
	assert_true(refused > 100);
	free(bytes);
}

/* The same over the whole language, and each word as other numbers too. */
static void no_number_of_any_section_leads_outside(void **state)
{
	(void)state;
	static const uint32_t numbers[] = { 0, 1, 2, 0x7f, 0xff, 0xffff, 0x80000001, UINT32_MAX };
	struct file kept = file;
	struct sl_ruleset *rs;
	struct sl_err err;
	size_t refused = 0, taken = 0;
	file.bytes = pack_compile(whole, &file.size);
	const struct sl_ruleset_section *databases = section_of(file.bytes, SL_SECTION_DATABASE);
	for (uint32_t type = SL_SECTION_PACKS; type < SL_SECTION_DATABASE; type++)
		if (type != SL_SECTION_BASE && type != SL_SECTION_DOMAINS && type != SL_SECTION_URLS &&
		    type != SL_SECTION_PREFIX4 && type != SL_SECTION_PREFIX6 && type != SL_SECTION_PREFIXES &&
		    type != SL_SECTION_EQUALS_NOCASE)
			section_of(file.bytes, type); /* is there */
	uint8_t *bytes = malloc(file.size);
	for (size_t at = 12; at + 4 <= databases->offset; at += 4)
		for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
			memcpy(bytes, file.bytes, file.size);
			memcpy(bytes + at, &numbers[n], 4);
			digest_renew(bytes);
			file_set(bytes, file.size);
			if (file_open(&rs, &err) < 0) {
				refused++;
				continue;
			}
			taken += walk_ruleset(rs) > 0;
			sl_ruleset_free(rs);
		}
	assert_true(refused > 1000 && taken > 1000);
	free(bytes);
	free(file.bytes);
	file = kept;
}

static void memory_is_read_only(void **state)
{
	(void)state;
	struct sl_ruleset *rs;
	struct sl_err err;
	char line[256];
	bool found = false;
	file_set(file.bytes, file.size);
	assert_int_equal(file_open(&rs, &err), 0);
	char want[32];
	snprintf(want, sizeof want, "%lx-", (unsigned long)(uintptr_t)rs->memory);
	FILE *maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof line, maps))
		if (strncmp(line, want, strlen(want)) == 0)
			found = strstr(line, " r--p ") != NULL;
	fclose(maps);
	assert_true(found);
	sl_ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_was_written),
		cmocka_unit_test(every_flipped_byte_is_refused),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(says_what_is_wrong_with_the_head),
		cmocka_unit_test(hostile_numbers_are_refused),
		cmocka_unit_test(orphans_are_refused),
		cmocka_unit_test(ends_without_conditions_are_refused),
		cmocka_unit_test(too_many_conditions_are_refused),
		cmocka_unit_test(unaligned_sections_are_refused),
		cmocka_unit_test(no_number_leads_outside),
		cmocka_unit_test(no_number_of_any_section_leads_outside),
		cmocka_unit_test(memory_is_read_only),
	};
	return cmocka_run_group_tests(tests, file_make, file_free);
}
