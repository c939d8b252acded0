/* What the databases of a compiled ruleset find, scanned as the sensor scans them. */
#include "compile.h"

#include <hs.h>

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	(void)from;
	(void)to;
	(void)flags;
	*(uint32_t *)ctx |= 1u << id;
	return 0;
}

/* Indicators (as bits) whose patterns fire in one database on the bytes, given in two pieces to a
 * stream and as one to a block. */
static uint32_t fires(const struct sl_ruleset *rs, enum sl_field field, enum sl_database_mode mode,
		      const char *bytes, size_t len)
{
	uint32_t ids = 0, indicators = 0;
	for (uint32_t i = 0; i < rs->databases_n; i++) {
		const struct sl_ruleset_database *d = &rs->database[i];
		hs_database_t *db;
		hs_scratch_t *scratch = NULL;
		hs_stream_t *stream;
		if (d->field != field || d->mode != mode)
			continue;
		assert_int_equal(
			hs_deserialize_database((const char *)d->bytes.at, d->bytes.len, &db),
			HS_SUCCESS);
		assert_int_equal(hs_alloc_scratch(db, &scratch), HS_SUCCESS);
		if (mode == SL_MODE_STREAM) {
			unsigned half = (unsigned)len / 2;
			hs_open_stream(db, 0, &stream);
			hs_scan_stream(stream, bytes, half, 0, scratch, on_match, &ids);
			hs_scan_stream(stream, bytes + half, (unsigned)len - half, 0, scratch,
				       on_match, &ids);
			hs_close_stream(stream, scratch, on_match, &ids);
		} else {
			hs_scan(db, bytes, (unsigned)len, 0, scratch, on_match, &ids);
		}
		for (uint32_t p = 0; p < d->patterns_n; p++)
			if (ids >> p & 1)
				for (uint32_t c = 0; c < d->patterns[p].conditions_n; c++)
					indicators |=
						1u
						<< rs->conditions
							   [rs->pattern_conditions
								    [d->patterns[p].condition + c]]
								   .indicator;
		hs_free_scratch(scratch);
		hs_free_database(db);
	}
	return indicators;
}
#define FIRES(rs, field, mode, text)                                                               \
	fires(rs, SL_FIELD_##field, SL_MODE_##mode, text, sizeof text - 1)

static void block_databases_match(void **state)
{
	(void)state;
	struct sl_ruleset *rs =
		open_text("p.json", HEAD("t/a") "\"indicators\":["
						"{\"id\":\"0\",\"match\":[{\"field\":\"http.uri\","
						"\"contains\":\"a.b*\"}]},"
						"{\"id\":\"1\",\"match\":[{\"field\":\"http.uri\","
						"\"contains\":\"CaSe\",\"nocase\":true}]},"
						"{\"id\":\"2\",\"match\":[{\"field\":\"http.uri\","
						"\"hex\":\"00 fF0a\"}]},"
						"{\"id\":\"3\",\"match\":[{\"field\":\"http.uri\","
						"\"regex\":\"^x.y$\"}]},"
						"{\"id\":\"4\",\"match\":[{\"field\":\"tls.sni\","
						"\"ends\":\".EVIL.example\"}]}]}");
	assert_int_equal(FIRES(rs, HTTP_URI, BLOCK, "--a.b*--"), 1 << 0);
	assert_int_equal(FIRES(rs, HTTP_URI, BLOCK, "--aXbb--"), 0);
	assert_int_equal(FIRES(rs, HTTP_URI, BLOCK, "--cAsE--"), 1 << 1);
	assert_int_equal(FIRES(rs, HTTP_URI, BLOCK, "-\x00\xff\n-"), 1 << 2);
	assert_int_equal(FIRES(rs, HTTP_URI, BLOCK, "x y"), 1 << 3);
	assert_int_equal(FIRES(rs, HTTP_URI, BLOCK, "x\ny"), 0);        /* a dot is no newline */
	assert_int_equal(FIRES(rs, HTTP_URI, BLOCK, "x\xe9y"), 1 << 3); /* bytes, no UTF-8 */
	assert_int_equal(FIRES(rs, TLS_SNI, BLOCK, "cdn.evil.example"), 1 << 4);
	sl_ruleset_free(rs);
}

#define LONG                                                                                       \
	"0123456789abcdef0123456789abcdef+" /* 33 bytes: one more than a gathered scan takes       \
					     */

static void payload_goes_where_it_fits(void **state)
{
	(void)state;
	struct sl_ruleset *rs = open_text(
		"p.json",
		HEAD("t/a") "\"indicators\":["
			    "{\"id\":\"0\",\"match\":[{\"field\":\"payload\",\"contains\":"
			    "\"short\"}]},"
			    "{\"id\":\"1\",\"match\":[{\"field\":\"payload\",\"contains\":\"" LONG
			    "\"}]},"
			    "{\"id\":\"2\",\"match\":[{\"field\":\"payload\",\"starts\":\"GET " LONG
			    "\"}]},"
			    "{\"id\":\"3\",\"match\":[{\"field\":\"payload\",\"ends\":\"the "
			    "end\"}]},"
			    "{\"id\":\"4\",\"match\":[{\"field\":\"payload\",\"equals\":\"all of "
			    "it\"}]},"
			    "{\"id\":\"5\",\"match\":[{\"field\":\"payload\",\"regex\":\"vb+w\","
			    "\"nocase\":true}]},"
			    "{\"id\":\"6\",\"match\":[{\"field\":\"payload\",\"starts\":\"short\"}]"
			    "},"
			    "{\"id\":\"7\",\"match\":[{\"field\":\"payload\",\"contains\":"
			    "\"0123456789abcdef0123456789abcdef\"}]}]}");
	assert_int_equal(rs->databases_n, 3);
	assert_int_equal(FIRES(rs, PAYLOAD, GATHER, "a short one"), 1 << 0 | 1 << 6);
	assert_int_equal(FIRES(rs, PAYLOAD, GATHER, LONG), 1 << 7);
	for (int mode = SL_MODE_BLOCK; mode <= SL_MODE_STREAM; mode += 2) {
		enum sl_database_mode m = (enum sl_database_mode)mode;
#define FIRES_M(text) fires(rs, SL_FIELD_PAYLOAD, m, text, sizeof text - 1)
		assert_int_equal(FIRES_M("-" LONG "-"), 1 << 1);
		assert_int_equal(FIRES_M("GET " LONG "-"), 1 << 1 | 1 << 2);
		assert_int_equal(FIRES_M("-GET " LONG), 1 << 1);
		assert_int_equal(FIRES_M("this is the end"), 1 << 3);
		assert_int_equal(FIRES_M("the end\n"), 0);
		assert_int_equal(FIRES_M("all of it"), 1 << 4);
		assert_int_equal(FIRES_M("all of it."), 0);
		assert_int_equal(FIRES_M("xxvBbBWxx"), 1 << 5);
	}
	sl_ruleset_free(rs);
}

/* In Hyperscan 5.4.0 its own literal compiler fails on such literals; escaped ones must not. */
static void runs_of_one_byte_match(void **state)
{
	(void)state;
	char run[64], text[1024];
	memset(run, 'A', 40);
	run[40] = '\0';
	snprintf(text, sizeof text,
		 HEAD("t/a") "\"indicators\":["
			     "{\"id\":\"0\",\"match\":[{\"field\":\"http.uri\",\"contains\":\"x%"
			     "s\"}]},"
			     "{\"id\":\"1\",\"match\":[{\"field\":\"http.uri\",\"contains\":"
			     "\"other\"}]}]}",
		 run);
	struct sl_ruleset *rs = open_text("p.json", text);
	char bytes[128];
	int len = snprintf(bytes, sizeof bytes, "other x%sAAAA other", run);
	assert_int_equal(fires(rs, SL_FIELD_HTTP_URI, SL_MODE_BLOCK, bytes, (size_t)len), 3);
	sl_ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_databases_match),
		cmocka_unit_test(payload_goes_where_it_fits),
		cmocka_unit_test(runs_of_one_byte_match),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
