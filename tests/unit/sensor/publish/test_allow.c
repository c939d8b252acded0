/* A site's exceptions: what is read, and what is silenced. */
#include "fixture.h"

#include <sensor/publish/allow.h>
#include <time.h>

struct bench {
	char folder[64], path[96];
	struct fixture_rules rules;
};

static void bench_init(struct bench *b)
{
	fixture_rules_init(&b->rules);
	snprintf(b->path, sizeof b->path, "%s/allow.txt", fixture_folder(b->folder));
}

static void write_text(const struct bench *b, const char *text, size_t len)
{
	FILE *f = fopen(b->path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static struct sl_allow *allow_of(struct bench *b, const char *text)
{
	struct sl_allow *a = NULL;
	struct sl_err err = { "" };

	write_text(b, text, strlen(text));
	if (sl_allow_open(&a, b->path, &err) != SL_OK)
		fail_msg("%s", err.text);
	return a;
}

/* Is a match in this field with this value silenced by the text? */
static bool silenced(struct bench *b, const char *text, enum sl_field field, const char *value)
{
	struct sl_allow *a = allow_of(b, text);
	struct sl_match m = fixture_match(&b->rules, 1);

	m.field = (uint8_t)field;
	m.value_len = (uint16_t)strlen(value);
	bool is = sl_allow_silences(a, &m, (const uint8_t *)value);
	sl_allow_free(a);
	return is;
}

static void addresses(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b); /* from 192.0.2.1 to 198.51.100.7 */
	assert_true(silenced(&b, "192.0.2.1\n", SL_FIELD_HTTP_URI, "/"));
	assert_true(silenced(&b, "198.51.100.7", SL_FIELD_HTTP_URI, "/"));
	assert_true(silenced(&b, "198.51.100.0/24\n", SL_FIELD_HTTP_URI, "/"));
	assert_true(silenced(&b, "0.0.0.0/0\n", SL_FIELD_HTTP_URI, "/"));
	assert_false(silenced(&b, "198.51.101.0/24\n192.0.2.2\n::/0\n", SL_FIELD_HTTP_URI, "/"));
	assert_true(silenced(&b, "203.0.113.0/24\n", SL_FIELD_DNS_ANSWER, "203.0.113.9"));
	assert_true(silenced(&b, "2001:db8::/32\n", SL_FIELD_DNS_ANSWER, "2001:db8::9"));
	assert_false(silenced(&b, "2001:db8::/32\n", SL_FIELD_DNS_ANSWER, "2001:db9::9"));
	assert_false(silenced(&b, "203.0.113.0/24\n", SL_FIELD_HTTP_URI, "203.0.113.9"));
	fixture_folder_end(b.folder);
}

static void names(void **state)
{
	(void)state;
	struct bench b;
	const char *text = "# ours\n\n  Good.Example   # and below\r\nt.co\n";

	bench_init(&b);
	assert_true(silenced(&b, text, SL_FIELD_TLS_SNI, "good.example"));
	assert_true(silenced(&b, text, SL_FIELD_DNS_QUERY, "a.b.GOOD.example."));
	assert_true(silenced(&b, text, SL_FIELD_DNS_ANSWER, "www.good.example"));
	assert_true(silenced(&b, text, SL_FIELD_EMAIL_FROM, "\"Good, Will\" <will@mx.good.example>"));
	assert_true(silenced(&b, text, SL_FIELD_SMTP_RCPT_TO, "will@good.example"));
	assert_false(silenced(&b, text, SL_FIELD_TLS_SNI, "notgood.example"));
	assert_false(silenced(&b, text, SL_FIELD_TLS_SNI, "example"));
	assert_false(silenced(&b, text, SL_FIELD_TLS_SNI, "good.example.evil"));
	assert_false(silenced(&b, text, SL_FIELD_TLS_SNI, "attacker.example.t.com"));
	assert_false(silenced(&b, text, SL_FIELD_HTTP_URI, "good.example"));
	assert_false(silenced(&b, text, SL_FIELD_EMAIL_FROM, "good.example <will@evil.example>"));
	assert_false(silenced(&b, text, SL_FIELD_TLS_SNI, ""));
	fixture_folder_end(b.folder);
}

static void ids(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b);
	assert_true(silenced(&b, "id:c2-1\n", SL_FIELD_TLS_SNI, "x"));
	assert_true(silenced(&b, "id:vn.cert/c2-botnets/c2-1\n", SL_FIELD_TLS_SNI, "x"));
	assert_false(silenced(&b, "id:vn.cert/other/c2-1\nid:c2-2\nid:c2\n", SL_FIELD_TLS_SNI, "x"));
	fixture_folder_end(b.folder);
}

/* A URL's value is its target: the host stands among the transaction's fields. */
static void urls(void **state)
{
	(void)state;
	struct bench b;
	static const char host[] = "www.good.example";
	uint8_t tail[64] = "/x";
	uint16_t len = sizeof host - 1;

	bench_init(&b);
	struct sl_allow *a = allow_of(&b, "good.example\n");
	struct sl_match m = fixture_match(&b.rules, 1);
	m.field = SL_FIELD_HTTP_URI_RAW;
	m.value_len = 2;
	tail[2] = SL_FIELD_HTTP_HOST;
	memcpy(tail + 3, &len, 2);
	memcpy(tail + 5, host, len);
	m.fields_len = (uint16_t)(3 + len);
	assert_false(sl_allow_silences(a, &m, tail)); /* a domain's match is about its value */
	b.rules.indicator[0].kind = SL_IND_URL;
	assert_true(sl_allow_silences(a, &m, tail));
	m.fields_len = (uint16_t)(2 + len); /* cut */
	assert_false(sl_allow_silences(a, &m, tail));
	sl_allow_free(a);
	fixture_folder_end(b.folder);
}

static void an_empty_file_silences_nothing(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b);
	assert_false(silenced(&b, "", SL_FIELD_TLS_SNI, "good.example"));
	assert_false(silenced(&b, "# nothing\n \t\n", SL_FIELD_TLS_SNI, "good.example"));
	fixture_folder_end(b.folder);
}

static void errors_name_the_line(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"good.example\n192.0.2.0/33\n",
		"good.example\n192.0.2.1/24\n",
		"\nid:\n",
		"\nbad name\n",
		"\n256.1.1.1\n",
		"\n:::\n",
		"\na..b\n",
		"#\n*.example\n",
	};
	struct bench b;
	struct sl_allow *a;
	struct sl_err err;
	char want[128];

	bench_init(&b);
	snprintf(want, sizeof want, "%s:2: ", b.path);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		write_text(&b, bad[i], strlen(bad[i]));
		if (sl_allow_open(&a, b.path, &err) != SL_EUSAGE)
			fail_msg("was taken: %s", bad[i]);
		assert_ptr_equal(strstr(err.text, want), err.text);
	}
	write_text(&b, "a.example\nb\0.example\n", 21);
	assert_int_equal(sl_allow_open(&a, b.path, &err), SL_EUSAGE);
	assert_non_null(strstr(err.text, "zero byte"));
	remove(b.path);
	assert_int_equal(sl_allow_open(&a, b.path, &err), SL_EFAIL);
	assert_non_null(strstr(err.text, "No such file"));
	fixture_folder_end(b.folder);
}

static double look_up_ns(struct bench *b, unsigned lines)
{
	enum { LOOKS = 20000 };
	struct sl_err err = { "" };
	struct sl_allow *a;
	struct timespec begin, end;
	FILE *f = fopen(b->path, "w");

	assert_non_null(f);
	for (unsigned i = 0; i < lines; i++)
		fprintf(f, "10.%u.%u.%u\nhost%u.good.example\n", i >> 16 & 255, i >> 8 & 255, i & 255,
			i);
	fclose(f);
	assert_int_equal(sl_allow_open(&a, b->path, &err), SL_OK);
	assert_int_equal(sl_allow_lines(a), 2 * lines);
	struct sl_match m = fixture_match(&b->rules, 1);
	m.value_len = 16;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < LOOKS; i++)
		assert_false(sl_allow_silences(a, &m, (const uint8_t *)"www.evil.example"));
	clock_gettime(CLOCK_MONOTONIC, &end);
	sl_allow_free(a);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
	       LOOKS;
}

/* A thousand times as many lines cost what few do, but for the caches. */
static void cost_is_flat(void **state)
{
	(void)state;
	struct bench b;

	bench_init(&b);
	double few = look_up_ns(&b, 200), many = look_up_ns(&b, 200000);
	print_message("%.0f ns with 400 exceptions, %.0f ns with 400,000\n", few, many);
	assert_true(many < 10 * few + 5000);
	fixture_folder_end(b.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(names),
		cmocka_unit_test(ids),
		cmocka_unit_test(urls),
		cmocka_unit_test(an_empty_file_silences_nothing),
		cmocka_unit_test(errors_name_the_line),
		cmocka_unit_test(cost_is_flat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
