/* MIME that is meant to hurt, or of which bytes are missing: bounded in time and memory. */
#include "mime.h"

#include <time.h>

static uint64_t cpu_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct hostile {
	struct fixture *x;
	struct sl_mime *m;
	uint64_t started, held;
};

static struct hostile hostile_begin(void)
{
	struct hostile h = { .x = mime_fixture() };
	h.started = cpu_ms();
	h.m = begin(h.x, NULL);
	return h;
}

static void hostile_feed(struct hostile *h, const char *text)
{
	piece_feed(h->x, h->m, text, strlen(text));
	uint64_t held = sl_inspect_held(h->x->inspect);
	h->held = held > h->held ? held : h->held;
	h->x->n = h->x->n > RECORD_MAX / 2 ? 0 : h->x->n;
}

/* Within the time (sanitizers slow it down), and never more than 200 KB at once. */
static void hostile_end(struct hostile *h)
{
	finish(h->x, h->m, true);
	uint64_t ms = cpu_ms() - h->started;
	if (ms >= 1000)
		print_error("%lu ms\n", (unsigned long)ms);
	assert_true(ms < 1000);
	assert_true(h->held < 200 * 1024);
	fixture_free(h->x);
}

static void nested_deep(void **state)
{
	(void)state;
	struct hostile h = hostile_begin();
	char part[128];
	for (int i = 0; i < 1000; i++) {
		snprintf(part, sizeof part, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
		hostile_feed(&h, part);
	}
	hostile_feed(&h, "\r\nhello\r\n--b15--\r\n--b0\r\n\r\nhello\r\n--b0--\r\n");
	assert_non_null(strstr(h.x->record, HELLO)); /* found behind all that */
	hostile_end(&h);
}

static void nested_mails(void **state)
{
	(void)state;
	struct hostile h = hostile_begin();
	for (int i = 0; i < 100000; i++)
		hostile_feed(&h, "Content-Type: message/rfc822\r\n\r\n");
	assert_int_equal(fixture_count(h.x, SL_COUNT_VALUES_LEFT_OUT), 1);
	hostile_end(&h);
}

static void tiny_parts(void **state)
{
	(void)state;
	struct hostile h = hostile_begin();
	hostile_feed(&h, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 100000; i++)
		hostile_feed(&h, "--b\r\n\r\nhello\r\n");
	assert_true(fixture_count(h.x, SL_COUNT_FILES_SEEN) == 999); /* the mail itself is a part */
	hostile_end(&h);
}

/* A header of 4 MB is cut, and what follows it in the mail is still found. */
static void endless_header(void **state)
{
	(void)state;
	struct hostile h = hostile_begin();
	char line[4096];
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\0';
	hostile_feed(&h, "Subject: ");
	for (int i = 0; i < 1000; i++)
		hostile_feed(&h, line);
	hostile_feed(&h, "\r\n\r\nhello");
	assert_int_equal(fixture_count(h.x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	finish(h.x, h.m, true);
	assert_non_null(strstr(h.x->record, HELLO));
	h.m = begin(h.x, NULL);
	hostile_end(&h);
}

/* 60 KB of parameters and of encoded words' beginnings. */
static void many_parameters(void **state)
{
	(void)state;
	static const char *const fill[] = { ";filename*1=", ";;;;;;;;;", "=?=?q?=?", "((((((", "\\\"\\\"" };
	struct hostile h = hostile_begin();
	for (size_t i = 0; i < sizeof fill / sizeof *fill; i++) {
		hostile_feed(&h, "Content-Disposition: x;filename*0=a");
		for (size_t n = 0; n < 60000; n += strlen(fill[i]))
			hostile_feed(&h, fill[i]);
		hostile_feed(&h, "\r\nContent-Type: message/rfc822\r\n\r\n");
	}
	hostile_end(&h);
}

/* A boundary that is too long to be one: the body is one file, whatever stands in it. */
static void long_boundary(void **state)
{
	(void)state;
	struct hostile h = hostile_begin();
	hostile_feed(&h, "Content-Type: multipart/mixed; boundary=");
	for (int i = 0; i < 1000; i++)
		hostile_feed(&h, "0123456789");
	hostile_feed(&h, "\r\n\r\n--0123456789\r\n");
	for (int i = 0; i < 10000; i++)
		hostile_feed(&h, "--0123456789--0123456789--");
	assert_int_equal(fixture_count(h.x, SL_COUNT_FILES_SEEN), 0);
	hostile_end(&h);
}

/* Bytes of every kind as base64, as quoted-printable and as HTML. */
static void garbage(void **state)
{
	(void)state;
	static const char *const as[] = { "Content-Transfer-Encoding: base64\r\n\r\n",
					  "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
					  "Content-Type: text/html\r\n\r\n" };
	uint64_t seed = 7;
	for (size_t i = 0; i < sizeof as / sizeof *as; i++) {
		struct hostile h = hostile_begin();
		hostile_feed(&h, as[i]);
		for (int n = 0; n < 1000; n++) {
			char noise[1001];
			for (size_t k = 0; k < sizeof noise - 1; k++)
				noise[k] = (char)(1 + wire_random(&seed) % 255);
			noise[sizeof noise - 1] = '\0';
			hostile_feed(&h, noise);
		}
		hostile_end(&h);
	}
}

/* After missing bytes nothing is called whole that is not; the next part is found. */
static void lost_bytes(void **state)
{
	(void)state;
	struct fixture *x = mime_fixture();
	const char *type = "multipart/mixed; boundary=b";
	struct sl_mime *m = begin(x, type);
	piece_feed(x, m, "--b\r\n\r\nhe", 9);
	sl_mime_lost(m);
	const char *rest = "--b\r\nlo\r\n--b\r\nContent-Ty";
	piece_feed(x, m, rest, strlen(rest));
	sl_mime_lost(m);
	rest = "\r\n\r\nhello\r\n--b\r\n\r\nhello\r\n--b--\r\n";
	piece_feed(x, m, rest, strlen(rest));
	finish(x, m, true);
	assert_string_equal(x->record, HELLO);
	m = begin(x, type);
	piece_feed(x, m, "--b\r\n\r\nhello", 12);
	finish(x, m, false);
	assert_string_equal(x->record, "");
	fixture_free(x);
}

/* Where no file is wanted lines are passed over, but not the boundary among them, nor the mail behind it. */
static void unwanted(void **state)
{
	(void)state;
	static const char bytes[] = "Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
				    "\n-- b\r\n--\r\n--b\r\n\r\none\r\n-two\n--bee\r\n\r\nSubject: none\r\n"
				    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n"
				    "three\r\n--b--\r\n\r\n--b\r\n\r\nSubject: none\r\n";
	struct fixture *x = mime_fixture();
	for (unsigned f = 0; f < SL_FIELD_COUNT; f++)
		x->inspect->config.wanted[f] = f == SL_FIELD_EMAIL_SUBJECT;
	for (size_t cut = 0; cut < sizeof bytes; cut++)
		expect_cut(x, NULL, sl_span_str(bytes), cut, "email.subject=outer\n--\nemail.subject=inner\n--\n");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested_deep),
		cmocka_unit_test(nested_mails),
		cmocka_unit_test(tiny_parts),
		cmocka_unit_test(endless_header),
		cmocka_unit_test(many_parameters),
		cmocka_unit_test(long_boundary),
		cmocka_unit_test(garbage),
		cmocka_unit_test(lost_bytes),
		cmocka_unit_test(unwanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
