/* Ruleset files as such: opened, flipped, cut; and no number leads outside, whatever it is. */
#include "ruleset.h"

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
		cmocka_unit_test(no_number_leads_outside),
		cmocka_unit_test(no_number_of_any_section_leads_outside),
		cmocka_unit_test(memory_is_read_only),
	};
	return cmocka_run_group_tests(tests, file_make, file_free);
}
