/* TLS with bytes missing, nonsense in it, or without end; what is no TLS. */
#include "tls_hello.h"
#include <time.h>

/* A gap in what is stepped over is none; one in a hello ends it, and another is found. */
static void gaps(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	size_t hello_n = w.n;
	wire_hex(&w, "15 0303 0010 01020304");
	fixture_feed(x, 0, w.at, w.n, 0);
	hello(&message, 1, "Host.example", 5);
	w.n = 0;
	tls_records(&w, &message, 16384);
	fixture_feed(x, 0, w.at, w.n, 12);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD RECORD);

	fixture_again(x);
	fixture_feed(x, 0, w.at, 60, 0);
	fixture_feed(x, 0, w.at, w.n, hello_n);
	assert_string_equal(x->record, RECORD);
	fixture_free(x);
}

/* Records of other kinds between and in front, and a message that breaks off. */
static void a_message_broken_off(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	w.at[8]++; /* it would be a byte longer */
	wire_hex(&w, "15 0303 0002 0228");
	add_record(&w, RFC8448_CLIENT_HELLO);
	fixture_every_split(x, 0, w.at, w.n, RFC8448_CLIENT_RECORD RFC8448_CLIENT_RECORD);
	fixture_free(x);
}

/* Nonsense where a message should go on: what there was of it, once, and what follows is found again. */
static void nonsense_in_a_message(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	w.at[8]++;
	wire_text(&w, "no record at all");
	fixture_every_split(x, 0, w.at, w.n, RFC8448_CLIENT_RECORD);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	fixture_again(x);
	fixture_feed(x, 0, w.at, 150, 0);
	fixture_feed(x, 0, "in the middle of it", 19, 0);
	fixture_feed(x, 0, "something that fills the rest of the record, and more", 53, 0);
	x->n = 0;
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD);
	fixture_free(x);
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void many_empty_records(void **state)
{
	(void)state;
	static struct wire w;
	static uint8_t empty[65535 * 5];
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	for (size_t i = 0; i < sizeof empty; i += 5)
		memcpy(empty + i, "\x16\x03\x03\0\0", 5);
	double start = seconds();
	fixture_feed(x, 0, w.at, w.n, 0);
	for (size_t i = 0; i < sizeof empty; i += 1000)
		fixture_feed(x, 0, empty + i, sizeof empty - i < 1000 ? sizeof empty - i : 1000, 0);
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_true(seconds() - start < 2);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD RFC8448_CLIENT_RECORD);
	/* within a message too, up to the bound */
	fixture_again(x);
	start = seconds();
	fixture_feed(x, 0, w.at, 30, 0);
	for (size_t i = 0; i < sizeof empty; i += 1000)
		fixture_feed(x, 0, empty + i, sizeof empty - i < 1000 ? sizeof empty - i : 1000, 0);
	assert_true(seconds() - start < 2);
	assert_true(x->n < 100);
	fixture_free(x);
}

/* A chain as long as a message may be is read as far as the bound goes, each certificate once. */
static void a_thousand_certificates(void **state)
{
	(void)state;
	static struct wire certificate, w;
	struct fixture *x = fixture_new(6, POOL);
	certificate.n = w.n = 0;
	wire_hex(&certificate, RFC8448_CERTIFICATE);
	wire_hex(&w, "0b 0699b8 0699b5"); /* 1000 of 432 bytes and their lengths, and a byte */
	double start = seconds();
	size_t in_record = 0, sent = 0;
	for (unsigned i = 0; i < 1000; i++) {
		wire_hex(&w, "000001b0");
		w.n--;
		w.at[w.n - 3] = 0, w.at[w.n - 2] = 1, w.at[w.n - 1] = 0xb0;
		wire_put(&w, certificate.at, certificate.n);
		if (w.n < 15000 && i != 999)
			continue;
		static struct wire out;
		out.n = 0;
		wire_hex(&out, "16 0303");
		wire_u16(&out, (unsigned)w.n);
		wire_put(&out, w.at, w.n);
		fixture_feed(x, 1, out.at, out.n, 0);
		sent += w.n;
		w.n = 0;
		in_record++;
	}
	assert_true(seconds() - start < 2);
	assert_true(in_record > 20 && sent > 400000);
	assert_int_equal(fixture_count(x, SL_COUNT_TLS_HELLOS), (65512 - 9) / 435);
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	/* behind it all is as it was */
	x->n = 0;
	w.n = 0;
	add_record(&w, RFC8448_SERVER_HELLO);
	fixture_feed(x, 1, w.at, w.n, 0);
	assert_string_equal(x->record, RFC8448_SERVER_RECORD);
	fixture_free(x);
}

static void what_is_no_hello(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"17 0303 0010 01000000",                          /* application data */
		"16 0303 0000 01000000",                          /* an empty record */
		"16 0303 ffff 01000000",                          /* longer than a record may be */
		"16 0305 0010 01000000",                          /* a version there is not */
		"16 0203 0010 01000000", "16 0303 0010 0b000000", /* another message */
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fixture *x = fixture_new(6, POOL);
		struct wire w = { .n = 0 };
		wire_hex(&w, bad[i]);
		fixture_feed(x, 0, w.at, w.n, false);
		assert_string_equal(x->record, "");
		assert_int_equal(x->flow.app, SL_APP_NONE);
		fixture_free(x);
	}
}

/* Each byte of a hello set to each of some values, and each cut with lengths put right: no read
 * beyond the bytes, nothing that hangs. The name may change; it may not grow. */
static void lengths_that_lie(void **state)
{
	(void)state;
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, "Host.example", 5);
	records(&w, &message, 16384);
	for (size_t i = 0; i < w.n; i++)
		for (size_t v = 0; v < sizeof values; v++) {
			uint8_t was = w.at[i];
			w.at[i] = values[v];
			fixture_again(x);
			fixture_feed(x, 0, w.at, w.n, false);
			assert_true(x->n < 300);
			w.at[i] = was;
		}
	for (size_t n = 1; n < message.n - 4; n++) {
		struct wire cut = message, record;
		cut.n = 4 + n;
		wire_set16(&cut, 2, (unsigned)n);
		records(&record, &cut, 16384);
		fixture_again(x);
		fixture_feed(x, 0, record.at, record.n, false);
		assert_true(n == 47 /* no extensions: a hello */ || x->n == 3 ||
			    strcmp(x->record, "tls.sni=Host.example\n--\n") == 0);
	}
	fixture_free(x);
}

/* A hello that claims sixteen megabytes is read as far as the bound goes. */
static void hello_without_end(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, "Host.example", 5);
	message.at[1] = 0xff;
	records(&w, &message, 16384);
	fixture_feed(x, 0, w.at, w.n, false);
	static const uint8_t more[1005] = { 22, 3, 1, 1000 >> 8, 1000 & 255 };
	for (unsigned i = 0; i < 1000; i++)
		fixture_feed(x, 0, more, sizeof more, false);
	assert_string_equal(x->record, "tls.sni=Host.example\n--\n");
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	fixture_free(x);
}

/* A web server that knows no TLS answers a hello with words: that side is read as what it is. */
static void a_server_answers_in_http(void **state)
{
	(void)state;
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";
	struct fixture *x = fixture_new(6, POOL);
	struct wire w = { .n = 0 };
	add_record(&w, RFC8448_CLIENT_HELLO);
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_non_null(strstr(x->record, "ja3.hash="));
	assert_null(strstr(x->record, "http."));
	fixture_feed(x, 1, answer, sizeof answer - 1, 0);
	assert_non_null(strstr(x->record, "http.stat_code=400\n"));
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps),
		cmocka_unit_test(a_message_broken_off),
		cmocka_unit_test(nonsense_in_a_message),
		cmocka_unit_test(many_empty_records),
		cmocka_unit_test(a_thousand_certificates),
		cmocka_unit_test(a_server_answers_in_http),
		cmocka_unit_test(what_is_no_hello),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(hello_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
