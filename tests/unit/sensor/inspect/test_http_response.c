/* HTTP/1 responses: where a body ends, and what its file is. */
#include "http.h"
#include <sensor/inspect/body.h>

enum { POOL = 1 << 20 };

/* SHA-256 of "hello" and of "hello world" (FIPS 180-4; computed with other programs). */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define WORLD "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
#define OK_200 "http.stat_code=200\nhttp.stat_msg=OK\n--\n"
#define FILE_OF(hash) "file.sha256=" hash "\n--\n"

static struct fixture *files(void)
{
	return http_fixture(6, POOL, "file.sha256 file.name");
}

static void bodies(void **state)
{
	(void)state;
	static const struct {
		const char *stream, *record;
	} c[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
		  "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
		  OK_200 FILE_OF(HELLO) OK_200 FILE_OF(WORLD) },
		/* chunks with extensions and trailers */
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "6 ; a=\"b\"\r\nhello \r\n0005\r\nworld\r\n0\r\nTrailer: x\r\nHTTP/1.1: no\r\n\r\n"
		  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		  OK_200 FILE_OF(WORLD) OK_200 FILE_OF(HELLO) },
		/* Transfer-Encoding outranks Content-Length */
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		  OK_200 FILE_OF(HELLO) },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding\r \t: x, chunked\r\n \r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		  OK_200 FILE_OF(HELLO) },
		/* lengths: the same twice, in a list, and different ones: the first */
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
		  "Content-Length: 9\r\n\r\nhello",
		  OK_200 FILE_OF(HELLO) OK_200 FILE_OF(HELLO) },
		/* no body, whatever is said of its length */
		{ "HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No\r\n\r\n"
		  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		  "http.stat_code=304\nhttp.stat_msg=Not\n--\nhttp.stat_code=204\nhttp.stat_msg=No\n--\n"
		  "http.stat_code=100\nhttp.stat_msg=Continue\n--\n" OK_200 FILE_OF(HELLO) },
		/* an answer to HEAD whose request was not seen */
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		  OK_200 OK_200 FILE_OF(HELLO) },
		/* empty lines before a chunk's size */
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n5\r\nhello\r\n\r\n0\r\n\r\n",
		  OK_200 FILE_OF(HELLO) },
		/* it says chunked, and is not */
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
		  OK_200 FILE_OF(HELLO) },
		{ "HTTP/1.1 206 Some\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nhello",
		  "http.stat_code=206\nhttp.stat_msg=Some\n--\n" FILE_OF(HELLO) },
	};
	struct fixture *x = files();
	for (size_t i = 0; i < sizeof c / sizeof *c; i++)
		fixture_every_split(x, 1, c[i].stream, strlen(c[i].stream), c[i].record);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	fixture_free(x);
}

/* The end of the stream ends it, if there was a FIN. */
static void until_close(void **state)
{
	(void)state;
	static const char head[] = "HTTP/1.0 200 OK\r\n\r\n";
	struct fixture *x = files();
	for (unsigned fin = 0; fin < 2; fin++) {
		fixture_again(x);
		http_say(x, 1, head);
		http_say(x, 1, "hel");
		http_say(x, 1, "lo");
		assert_string_equal(x->record, OK_200);
		x->flow.side[1].flags = fin ? SL_SIDE_FIN : 0;
		fixture_end(x, 1);
		fixture_end(x, 1);
		assert_string_equal(x->record, fin ? OK_200 FILE_OF(HELLO) : OK_200);
	}
	fixture_free(x);
}

/* A head that the stream's end cuts says what it has. */
static void cut_by_the_end(void **state)
{
	(void)state;
	static const char *const want = "http.method=GET\nhttp.uri.raw=/cut\nhttp.uri=/cut\nhttp.host.raw=a.example\n"
					"http.host=a.example\n--\n";
	struct fixture *x = files();
	http_say(x, 0, "GET /cut HTTP/1.1\r\nHost: a.example\r\nUser-Ag");
	fixture_end(x, 0);
	fixture_end(x, 0);
	assert_string_equal(x->record, want);
	http_say(x, 0, "ent: x\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"); /* the FIN was forged */
	assert_string_equal(x->record + strlen(want), "http.method=GET\nhttp.uri.raw=/2\nhttp.uri=/2\n--\n");
	fixture_again(x);
	http_say(x, 0, "GET /cut HTTP/1.");
	fixture_end(x, 0);
	assert_string_equal(x->record, "");
	fixture_free(x);
}

/* What the response to a request is depends on the request. */
static void requests_and_responses(void **state)
{
	(void)state;
	struct fixture *x = http_fixture(6, POOL, "file.sha256 file.name");
	http_say(x, 0, "HEAD /one HTTP/1.1\r\n\r\nGET /dir/two.bin?a/b HTTP/1.1\r\n\r\n"
		       "PUT http://h.example/up HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	x->n = 0;
	http_say(x, 1, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"
		       "hello worldHTTP/1.1 100 Continue\r\n\r\n");
	assert_string_equal(x->record, OK_200 OK_200 "file.name=two.bin\n" FILE_OF(WORLD)
				       "http.stat_code=100\nhttp.stat_msg=Continue\n--\n");
	x->n = 0;
	http_say(x, 0, "hello");
	http_say(x, 1, "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=\"a;\\\"b\\\".txt\"\r\n"
		       "Content-Length: 5\r\n\r\nhello");
	assert_string_equal(x->record, "file.name=up\n" FILE_OF(HELLO) OK_200 "file.name=a;\"b\".txt\n" FILE_OF(HELLO));
	x->n = 0;
	http_say(x, 0, "GET / HTTP/1.1\r\n\r\n");
	x->n = 0;
	http_say(x, 1, "HTTP/2.0 0200 Odd\r\nContent-Disposition: x; y; filename=no; filename*=UTF-8''%e2%82%ac%20x\r\n"
		       "Content-Length: 5\r\n\r\nhello");
	assert_string_equal(x->record, "http.stat_code=0200\nhttp.stat_msg=Odd\n--\n"
				       "file.name=\xe2\x82\xac x\n" FILE_OF(HELLO));
	fixture_free(x);
}

/* More requests than are remembered: the responses are read all the same. */
static void one_sided_requests(void **state)
{
	(void)state;
	struct fixture *x = files();
	for (unsigned i = 0; i < 1000; i++)
		http_say(x, 0, "GET /name HTTP/1.1\r\n\r\n");
	assert_true(sl_inspect_held(x->inspect) < 1000);
	x->n = 0;
	http_say(x, 1, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	assert_string_equal(x->record, OK_200 FILE_OF(HELLO));
	fixture_free(x);
}

/* A response before its request, which waits behind a hole: the next ones are in step again. */
static void early_response(void **state)
{
	(void)state;
	struct fixture *x = files();
	http_say(x, 0, "GET /0 HTTP/1.1\r\n\r\n");
	http_say(x, 1, "HTTP/1.1 204 No\r\n\r\n");
	x->flow.side[0].held_n = 1;
	http_say(x, 1, "HTTP/1.1 204 No\r\n\r\n");
	x->flow.side[0].held_n = 0;
	http_say(x, 0, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
	x->n = 0;
	http_say(x, 1, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	assert_string_equal(x->record, OK_200 "file.name=2\n" FILE_OF(HELLO));
	fixture_free(x);
}

/* CONNECT, then whatever: here HTTP again. A refused CONNECT changes nothing. */
static void tunnels(void **state)
{
	(void)state;
	static const char *const ask = "CONNECT one.example:443 HTTP/1.1\r\nHost: one.example:443\r\n\r\n";
	struct fixture *x = files();
	http_say(x, 0, ask);
	assert_string_equal(x->record, "http.method=CONNECT\nhttp.uri.raw=one.example:443\n"
				       "http.uri=one.example:443\nhttp.host.raw=one.example:443\nhttp.host=one.example\n--\n");
	http_say(x, 1, "HTTP/1.1 407 Who\r\nContent-Length: 5\r\n\r\nhello");
	http_say(x, 0, ask);
	assert_int_equal(x->flow.app, SL_APP_HTTP);
	http_say(x, 1, "HTTP/1.1 200 Fine\r\n\r\n");
	assert_int_equal(x->flow.app, SL_APP_NONE);
	assert_int_equal(sl_inspect_held(x->inspect), 0);
	x->n = 0;
	http_say(x, 0, "GET /inside HTTP/1.1\r\n\r\n");
	assert_string_equal(x->record, "http.method=GET\nhttp.uri.raw=/inside\nhttp.uri=/inside\n--\n");
	fixture_again(x); /* the proxy's side alone */
	http_say(x, 1, "HTTP/1.0 200 Connection Established\r\nProxy-agent: x\r\n\r\n");
	assert_int_equal(x->flow.app, SL_APP_NONE);
	fixture_free(x);
}

static void upgrades(void **state)
{
	(void)state;
	struct fixture *x = files();
	http_say(x, 0, "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
	http_say(x, 1, "HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n\x81\x02hi");
	x->n = 0;
	x->record[0] = '\0';
	http_say(x, 0, "GET /frame HTTP/1.1\r\n\r\n");
	http_say(x, 1, "HTTP/1.1 200 OK\r\n\r\n");
	assert_string_equal(x->record, "");
	fixture_again(x);
	http_say(x, 0, "GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
	http_say(x, 1, "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
	assert_int_equal(x->flow.app, SL_APP_NONE);
	fixture_free(x);
}

/* A hole in a body: the file is not whole, the next message is found. */
static void gaps(void **state)
{
	(void)state;
	static const char *const next = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
	static const struct {
		const char *before, *behind;
		uint64_t lost;
	} c[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", "lo", 4 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", "", 6 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", "X: y\r\n\r\n", 100 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhel", "lo\r\n0\r\n\r\n", 4 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhel", "lo\r\n0\r\n\r\n", 40 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9", "lo\r\n0\r\n\r\n", 4 },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n\x1f\x8b\x08", "ab", 4 },
	};
	struct fixture *x = files();
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		fixture_again(x);
		http_say(x, 1, c[i].before);
		size_t n = strlen(c[i].behind) + strlen(next);
		char both[200];
		snprintf(both, sizeof both, "%s%s", c[i].behind, next);
		for (size_t k = 0; k < n; k++)
			fixture_feed(x, 1, both + k, 1, k ? 0 : c[i].lost);
		assert_string_equal(x->record, OK_200 OK_200 FILE_OF(WORLD));
	}
	fixture_free(x);
}

/* Where nobody wants bodies they are stepped over, and cost no memory. */
static void unwanted(void **state)
{
	(void)state;
	static const char stream[] = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"
				     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
				     "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
	struct fixture *x = http_fixture(6, POOL, NULL);
	fixture_every_split(x, 0, stream, sizeof stream - 1, OK_200 OK_200 OK_200);
	fixture_feed(x, 0, "xxxxxxxxxx", 10, 0);
	x->n = 0;
	fixture_feed(x, 0, "HTTP/1.1 204 No\r\n\r\n", 19, 100000 - 10);
	assert_string_equal(x->record, "http.stat_code=204\nhttp.stat_msg=No\n--\n");
	assert_true(sl_inspect_held(x->inspect) < 200);
	fixture_free(x);
}

static void chunks_that_lie(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"5\r\nhelloX\r\n", "5\r\nhello\r\nxyz\r\n", "5\r\nhello\r\n\r\nxyz\r\n", "5\r\nhello\r\n-1\r\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fixture *x = files();
		http_say(x, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
		http_say(x, 1, bad[i]);
		assert_string_equal(x->record, OK_200 FILE_OF(HELLO)); /* what receivers have when they give up */
		assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 1);
		http_say(x, 1, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
		assert_string_equal(x->record, OK_200 FILE_OF(HELLO) OK_200 FILE_OF(HELLO));
		fixture_free(x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(until_close),
		cmocka_unit_test(cut_by_the_end),
		cmocka_unit_test(requests_and_responses),
		cmocka_unit_test(one_sided_requests),
		cmocka_unit_test(early_response),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(upgrades),
		cmocka_unit_test(gaps),
		cmocka_unit_test(unwanted),
		cmocka_unit_test(chunks_that_lie),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
