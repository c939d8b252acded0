/* HTTP/1 requests: the fields of a stream are the same however it falls into segments. */
#include "fixture.h"

enum { POOL = 1 << 20 };

/* Several requests on one connection, with every kind of body between them. */
static const char stream[] =
	"\r\n\r\nGET /a%2e/../b%20c?x=1 HTTP/1.1\r\nHost: One.Example:8080\r\nUser-Agent: "
	"curl/8\r\n\r\n"
	"POST /post HTTP/1.1\r\nhost:two.example\r\nContent-Length: 27\r\n\r\n"
	"GET /not HTTP/1.1\r\n\r\n123456"
	"PUT /chunks HTTP/1.1\r\nHost: three.example\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
	"5;name=\"value\"\r\nhello\r\n1A\r\nGET /no HTTP/1.1\r\n\r\nabcdef\r\n000;last\r\n"
	"Trailer: one\r\nX: GET / HTTP/1.1\r\n\r\n"
	"\nGET http://four.Example:80/abs?q HTTP/1.1\nHost: ignored.example\n\n"
	"\r\nHEAD / HTTP/1.0\r\n\r\n"
	"OPTIONS * HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nUSER-AGENT:   \t spaced \t\r\nJunk\r\n: "
	"empty\r\n\r\n";

static const char record[] =
	"http.method=GET\nhttp.uri.raw=/a%2e/../b%20c?x=1\nhttp.uri=/b "
	"c?x=1\nhttp.host.raw=One.Example:8080\n"
	"http.user_agent=curl/8\nhttp.host=one.example\n--\n"
	"http.method=POST\nhttp.uri.raw=/post\nhttp.uri=/post\nhttp.host.raw=two.example\n"
	"http.host=two.example\n--\n"
	"http.method=PUT\nhttp.uri.raw=/chunks\nhttp.uri=/chunks\nhttp.host.raw=three.example\n"
	"http.host=three.example\n--\n"
	"http.method=GET\nhttp.uri.raw=http://four.Example:80/abs?q\nhttp.uri=/abs?q\n"
	"http.host.raw=ignored.example\nhttp.host=four.example\n--\n"
	"http.method=HEAD\nhttp.uri.raw=/\nhttp.uri=/\n--\n"
	"http.method=OPTIONS\nhttp.uri.raw=*\nhttp.uri=*\nhttp.host.raw=[2001:db8::1]:80\n"
	"http.user_agent=spaced\nhttp.host=[2001:db8::1]\n--\n";

static void however_it_is_cut(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	fixture_every_split(x, 1, stream, sizeof stream - 1, record);
	assert_int_equal(x->flow.client, 1);
	assert_string_equal(sl_app_text(x->flow.app), "http");
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	assert_int_equal(fixture_count(x, SL_COUNT_GATHER_FULL), 0);
	fixture_free(x);
}

static void the_servers_side_is_no_request(void **state)
{
	(void)state;
	static const char response[] = "HTTP/1.1 200 OK\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
				       "GET / HTTP/1.1\r\n\r\n..";
	struct fixture *x = fixture_new(6, POOL);
	fixture_every_split(x, 0, response, sizeof response - 1, "");
	assert_string_equal(sl_app_text(x->flow.app), "http");
	fixture_again(x); /* the same on a connection that is known */
	fixture_feed(x, 1, stream, sizeof stream - 1, false);
	for (size_t i = 0; i + 1 < sizeof response; i++)
		fixture_feed(x, 0, response + i, 1, false);
	assert_string_equal(x->record, record);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	fixture_free(x);
}

/* A head without end: kept within the bound, read as far as it goes, and counted. */
static void header_bomb(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	char line[101];
	memset(line, 'b', sizeof line);
	line[0] = 'X';
	line[1] = ':';
	line[99] = '\n';
	fixture_feed(x, 0, "GET /bomb HTTP/1.1\r\nHost: bomb.example\r\n", 40, false);
	for (unsigned i = 0; i < 10486; i++) /* a megabyte */
		fixture_feed(x, 0, line, 100, false);
	assert_string_equal(x->record, "http.method=GET\nhttp.uri.raw=/bomb\nhttp.uri=/bomb\n"
				       "http.host.raw=bomb.example\nhttp.host=bomb.example\n--\n");
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 1);
	fixture_again(x); /* and in one piece */
	size_t n = 1 << 20;
	char *all = malloc(n);
	assert_non_null(all);
	memset(all, 'y', n);
	memcpy(all, "GET /bomb HTTP/1.1\r\nX: ", 23);
	fixture_feed(x, 0, all, n, false);
	assert_string_equal(x->record, "http.method=GET\nhttp.uri.raw=/bomb\nhttp.uri=/bomb\n--\n");
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 2);
	free(all);
	fixture_free(x);
}

static void request_line_without_end(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	char text[1000];
	memset(text, 'a', sizeof text);
	fixture_feed(x, 0, "GET /", 5, false);
	for (unsigned i = 0; i < 1000; i++)
		fixture_feed(x, 0, text, sizeof text, false);
	assert_string_equal(x->record, "");
	assert_int_equal(x->flow.app, SL_APP_NONE);
	fixture_free(x);
}

static void what_is_no_request(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"220 mail.example ESMTP\r\n",
		"SSH-2.0-OpenSSH_9\r\n",
		"GET /\r\n\r\n",
		"GET / HTTP/x.1\r\n\r\n",
		"G(T / HTTP/1.1\r\n\r\n",
		"NOTAMETHODTHATANYBODYWOULDEVERUSE / HTTP/1.1\r\n\r\n",
		" GET / HTTP/1.1\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fixture *x = fixture_new(6, POOL);
		fixture_feed(x, 0, bad[i], strlen(bad[i]), false);
		assert_string_equal(x->record, "");
		fixture_free(x);
	}
}

/* Behind a hole the reader looks for a request anew, and finds the next one. */
static void after_a_gap(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	static const char first[] = "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nbody";
	static const char half[] = "GET /half HTTP/1.1\r\nHost: ha";
	static const char second[] = "GET /2 HTTP/1.1\r\n\r\n";
	fixture_feed(x, 0, first, sizeof first - 1, false);
	fixture_feed(x, 0, "still the body", 14, true);
	fixture_feed(x, 0, second, sizeof second - 1, true);
	fixture_feed(x, 0, half, sizeof half - 1, false);
	fixture_feed(x, 0, second, sizeof second - 1, true);
	assert_string_equal(x->record, "http.method=POST\nhttp.uri.raw=/\nhttp.uri=/\n--\n"
				       "http.method=GET\nhttp.uri.raw=/2\nhttp.uri=/2\n--\n"
				       "http.method=GET\nhttp.uri.raw=/2\nhttp.uri=/2\n--\n");
	fixture_free(x);
}

static void lengths_that_lie(void **state)
{
	(void)state;
	static const char huge[] =
		"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n"
		"GET /in-the-body HTTP/1.1\r\n\r\n";
	static const char chunk[] =
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		"ffffffffffffffffffffffff\r\nGET /in-the-chunk HTTP/1.1\r\n\r\n";
	static const char want[] = "http.method=POST\nhttp.uri.raw=/\nhttp.uri=/\n--\n";
	struct fixture *x = fixture_new(6, POOL);
	fixture_every_split(x, 0, huge, sizeof huge - 1, want);
	fixture_every_split(x, 0, chunk, sizeof chunk - 1, want);
	static const char bad[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
	fixture_again(x);
	fixture_feed(x, 0, bad, sizeof bad - 1, false);
	assert_string_equal(x->record, want);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 1);
	fixture_free(x);
}

/* Without buffers a request in one segment is read as ever; one in two is lost, and counted. */
static void without_buffers(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 0);
	static const char one[] = "GET /1 HTTP/1.1\r\n\r\n";
	fixture_feed(x, 0, one, sizeof one - 1, false);
	fixture_feed(x, 0, one, 10, false);
	assert_int_equal(fixture_count(x, SL_COUNT_GATHER_FULL), 1);
	fixture_feed(x, 0, one + 10, sizeof one - 11, false);
	fixture_feed(x, 0, one, sizeof one - 1, false);
	assert_int_equal(fixture_count(x, SL_COUNT_HTTP_REQUESTS), 2);
	fixture_free(x);
}

/* Many connections that end in the middle of a head: every buffer comes back. */
static void no_buffer_is_lost(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 40000); /* three small buffers */
	for (unsigned i = 0; i < 1000; i++) {
		fixture_feed(x, i & 1, "GET /", 5, false);
		fixture_feed(x, (i & 1) ^ 1, "POST ", 5, false);
		fixture_again(x);
	}
	assert_int_equal(fixture_count(x, SL_COUNT_GATHER_FULL), 0);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(however_it_is_cut),
		cmocka_unit_test(the_servers_side_is_no_request),
		cmocka_unit_test(header_bomb),
		cmocka_unit_test(request_line_without_end),
		cmocka_unit_test(what_is_no_request),
		cmocka_unit_test(after_a_gap),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(without_buffers),
		cmocka_unit_test(no_buffer_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
