/* HTTP/1 requests: the fields of a stream are the same however it falls into segments. */
#include "http.h"

enum { POOL = 1 << 20 };

/* Requests, by the fields that most rules ask for. */
static struct fixture *requests(uint64_t pool)
{
	return http_fixture(6, pool, NULL);
}

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
	struct fixture *x = requests(POOL);
	fixture_every_split(x, 1, stream, sizeof stream - 1, record);
	assert_int_equal(x->flow.client, 1);
	assert_string_equal(sl_app_text(x->flow.app), "http");
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	assert_int_equal(fixture_count(x, SL_COUNT_GATHER_FULL), 0);
	fixture_free(x);
}

/* A control character in a request line: no HTTP if nothing else says so, but a request where others were. */
static void control_characters(void **state)
{
	(void)state;
	static const char odd[] = "GET /a\x01z HTTP/1.1\r\n\r\n";
	static const char both[] = "GET / HTTP/1.1\r\n\r\nGET /a\x01z HTTP/1.1\r\n\r\n";
	struct fixture *x = requests(POOL);
	fixture_every_split(x, 0, odd, sizeof odd - 1, "");
	fixture_every_split(x, 0, both, sizeof both - 1,
			    "http.method=GET\nhttp.uri.raw=/\nhttp.uri=/\n--\n"
			    "http.method=GET\nhttp.uri.raw=/a\x01z\nhttp.uri=/a\x01z\n--\n");
	fixture_free(x);
}

/* Requests only, responses only, and both: each side says what it carries. */
static void each_side_alone(void **state)
{
	(void)state;
	static const char response[] = "HTTP/1.1 200 OK\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
				       "GET / HTTP/1.1\r\n\r\n..";
	static const char want[] = "http.stat_code=200\nhttp.stat_msg=OK\n--\n";
	struct fixture *x = requests(POOL);
	fixture_every_split(x, 0, response, sizeof response - 1, want);
	assert_string_equal(sl_app_text(x->flow.app), "http");
	assert_int_equal(x->flow.client, 1);
	fixture_again(x); /* the same on a connection that is known */
	fixture_feed(x, 1, stream, sizeof stream - 1, 0);
	assert_string_equal(x->record, record);
	x->n = 0;
	for (size_t i = 0; i + 1 < sizeof response; i++)
		fixture_feed(x, 0, response + i, 1, 0);
	assert_string_equal(x->record, want);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	assert_int_equal(x->flow.client, 1);
	fixture_free(x);
}

/* A head without end: kept within the bound, read as far as it goes, and counted. */
static void header_bomb(void **state)
{
	(void)state;
	struct fixture *x = requests(POOL);
	char line[101];
	memset(line, 'b', sizeof line);
	line[0] = 'X';
	line[1] = ':';
	line[99] = '\n';
	http_say(x, 0, "GET /bomb HTTP/1.1\r\nHost: bomb.example\r\n");
	for (unsigned i = 0; i < 10486; i++) /* a megabyte */
		fixture_feed(x, 0, line, 100, 0);
	assert_string_equal(x->record, "http.method=GET\nhttp.uri.raw=/bomb\nhttp.uri=/bomb\n"
				       "http.host.raw=bomb.example\nhttp.host=bomb.example\n--\n");
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	x->n = 0; /* the rest of the head is stepped over, and the next one found */
	http_say(x, 0, "\r\nGET /next HTTP/1.1\r\n\r\n");
	assert_string_equal(x->record, "http.method=GET\nhttp.uri.raw=/next\nhttp.uri=/next\n--\n");
	fixture_again(x); /* and in one piece */
	size_t n = 1 << 20;
	char *all = malloc(n);
	assert_non_null(all);
	memset(all, 'y', n);
	memcpy(all, "GET /bomb HTTP/1.1\r\nX: ", 23);
	fixture_feed(x, 0, all, n, 0);
	assert_string_equal(x->record, "http.method=GET\nhttp.uri.raw=/bomb\nhttp.uri=/bomb\n--\n");
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 2);
	free(all);
	fixture_free(x);
}

static void request_line_without_end(void **state)
{
	(void)state;
	struct fixture *x = requests(POOL);
	char text[1000];
	memset(text, 'a', sizeof text);
	http_say(x, 0, "GET /");
	for (unsigned i = 0; i < 1000; i++)
		fixture_feed(x, 0, text, sizeof text, 0);
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
		"INVITE sip:one@two.example SIP/2.0\r\n\r\n",
		"REQMOD icap://one.example/x ICAP/1.0\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"HTTP/1.1 OK\r\n\r\n",
		"HTTP/1.1200 OK\r\n\r\n",
		"G(T / HTTP/1.1\r\n\r\n",
		"NOTAMETHODTHATANYBODYWOULDEVERUSE / HTTP/1.1\r\n\r\n",
		" GET / HTTP/1.1\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fixture *x = requests(POOL);
		fixture_feed(x, 0, bad[i], strlen(bad[i]), 0);
		assert_int_not_equal(x->flow.app, SL_APP_HTTP);
		assert_null(strstr(x->record, "http."));
		fixture_free(x);
	}
}

/* Behind a hole the reader looks for a request at each line, and finds the next one. */
static void after_a_gap(void **state)
{
	(void)state;
	struct fixture *x = requests(POOL);
	static const char first[] = "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nbody";
	static const char half[] = "GET /half HTTP/1.1\r\nHost: ha";
	static const char second[] = "GET /2 HTTP/1.1\r\n\r\n";
	static const char middle[] = "tail\r\nX: y\r\nGET no\r\n\r\nGET /3 HTTP/1.1\r\n\r\n";
	static const char one[] = "http.method=POST\nhttp.uri.raw=/\nhttp.uri=/\n--\n";
	static const char two[] = "http.method=GET\nhttp.uri.raw=/2\nhttp.uri=/2\n--\n";
	static const char three[] = "http.method=GET\nhttp.uri.raw=/3\nhttp.uri=/3\n--\n";
	fixture_feed(x, 0, first, sizeof first - 1, 0);
	fixture_feed(x, 0, second, sizeof second - 1, 96); /* the rest of the body: framing is kept */
	assert_string_equal(x->record, "http.method=POST\nhttp.uri.raw=/\nhttp.uri=/\n--\n"
				       "http.method=GET\nhttp.uri.raw=/2\nhttp.uri=/2\n--\n");
	x->n = 0;
	fixture_feed(x, 0, half, sizeof half - 1, 0);
	for (size_t i = 0; i + 1 < sizeof middle; i++)
		fixture_feed(x, 0, middle + i, 1, i ? 0 : 10);
	assert_string_equal(x->record, three);
	x->n = 0;
	fixture_feed(x, 0, first, sizeof first - 1, 0);
	fixture_feed(x, 0, middle, sizeof middle - 1, 500);
	assert_int_equal(strncmp(x->record, one, sizeof one - 1), 0);
	assert_string_equal(x->record + sizeof one - 1, three);
	x->n = 0;
	fixture_feed(x, 0, second, sizeof second - 1, 7);
	assert_string_equal(x->record, two);
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
	struct fixture *x = requests(POOL);
	fixture_every_split(x, 0, huge, sizeof huge - 1, want);
	fixture_every_split(x, 0, chunk, sizeof chunk - 1, want);
	static const char bad[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
	fixture_again(x);
	fixture_feed(x, 0, bad, sizeof bad - 1, 0);
	assert_string_equal(x->record, want);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 1);
	fixture_free(x);
}

/* Without buffers a request in one segment is read as ever; one in two is lost, and counted. */
static void without_buffers(void **state)
{
	(void)state;
	struct fixture *x = requests(0);
	static const char one[] = "GET /1 HTTP/1.1\r\n\r\n";
	fixture_feed(x, 0, one, sizeof one - 1, 0);
	fixture_feed(x, 0, one, 10, 0);
	assert_int_equal(fixture_count(x, SL_COUNT_GATHER_FULL), 1);
	fixture_feed(x, 0, one + 10, sizeof one - 11, 0);
	fixture_feed(x, 0, one, sizeof one - 1, 0);
	assert_int_equal(fixture_count(x, SL_COUNT_HTTP_REQUESTS), 2);
	fixture_free(x);
}

/* Each field, in Suricata's form. */
static void every_field(void **state)
{
	(void)state;
	static const char head[] =
		"POST /a%20b?c HTTP/1.1\r\nHost: One.Example\r\nUser-Agent : a\r\nX-Folded: one\r\n \t two \r\n"
		"Cookie: k=v\r\nReferer:http://r.example/ \r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
	static const char want[] =
		"http.method=POST\nhttp.uri.raw=/a%20b?c\nhttp.uri=/a b?c\nhttp.protocol=HTTP/1.1\n"
		"http.request_line=POST /a%20b?c HTTP/1.1\n"
		"http.host.raw=One.Example\nhttp.request_header=Host: One.Example\n"
		"http.user_agent=a\nhttp.request_header=User-Agent: a\n"
		"http.request_header=X-Folded: one two\n"
		"http.cookie=k=v\nhttp.request_header=Cookie: k=v\n"
		"http.referer=http://r.example/\nhttp.request_header=Referer: http://r.example/\n"
		"http.content_type=text/plain\nhttp.request_header=Content-Type: text/plain\n"
		"http.connection=close\nhttp.request_header=Connection: close\n"
		"http.host=one.example\n"
		"http.header=Host: One.Example\r\nUser-Agent: a\r\nX-Folded: one two\r\n"
		"Referer: http://r.example/\r\nContent-Type: text/plain\r\nConnection: close\r\n\n"
		"http.header_names=\r\nHost\r\nUser-Agent\r\nX-Folded\r\nCookie\r\nReferer\r\nContent-Type\r\n"
		"Connection\r\n\r\n\n--\n";
	struct fixture *x = fixture_new(6, POOL);
	fixture_every_split(x, 0, head, sizeof head - 1, want);
	fixture_free(x);
}

static void response_fields(void **state)
{
	(void)state;
	static const char head[] = "HTTP/1.0 302  Found it \r\nServer: s/1\r\nLocation: /next\r\n"
				   "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n";
	static const char want[] =
		"http.stat_code=302\nhttp.stat_msg=Found it\nhttp.protocol=HTTP/1.0\n"
		"http.response_line=HTTP/1.0 302  Found it \n"
		"http.server=s/1\nhttp.response_header=Server: s/1\n"
		"http.location=/next\nhttp.response_header=Location: /next\n"
		"http.cookie=a=1\nhttp.response_header=Set-Cookie: a=1\n"
		"http.cookie=b=2\nhttp.response_header=Set-Cookie: b=2\n"
		"http.response_header=Content-Length: 0\n"
		"http.header=Server: s/1\r\nLocation: /next\r\nContent-Length: 0\r\n\n"
		"http.header_names=\r\nServer\r\nLocation\r\nSet-Cookie\r\nSet-Cookie\r\nContent-Length\r\n\r\n\n--\n";
	struct fixture *x = fixture_new(6, POOL);
	fixture_every_split(x, 0, head, sizeof head - 1, want);
	assert_int_equal(fixture_count(x, SL_COUNT_HTTP_REQUESTS), 0);
	assert_true(fixture_count(x, SL_COUNT_HTTP_RESPONSES) > 0);
	fixture_free(x);
}

/* 100,000 headers, in small segments: bounded values, and bounded time. */
static void flood_of_headers(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	clock_t begin = clock();
	http_say(x, 0, "GET /flood HTTP/1.1\r\n");
	for (unsigned i = 0; i < 2000; i++) {
		char lines[400];
		for (unsigned k = 0; k < 50; k++)
			memcpy(lines + 8 * k, "a: bcd\r\n", 8);
		fixture_feed(x, 0, lines, sizeof lines, 0);
	}
	http_say(x, 0, "\r\n");
	assert_true(clock() - begin < 2 * CLOCKS_PER_SEC);
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	assert_true(fixture_count(x, SL_COUNT_VALUES_LEFT_OUT) > 5000);
	x->n = 0;
	http_say(x, 0, "GET / HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(x->record, "http.uri=/\n"));
	fixture_free(x);
}

/* HTTP in datagrams: SSDP. What is none is left alone. */
static void datagrams(void **state)
{
	(void)state;
	static const char search[] = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n\r\n";
	static const char notify[] = "NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nServer: x\r\n\r\n";
	static const char answer[] = "HTTP/1.1 200 OK\r\nServer: UPnP/1.0\r\n\r\n";
	struct fixture *x = http_fixture(17, POOL, NULL);
	fixture_feed(x, 0, search, sizeof search - 1, 0);
	fixture_feed(x, 0, notify, sizeof notify - 1, 0);
	fixture_feed(x, 1, answer, sizeof answer - 1, 0);
	assert_string_equal(x->record,
			    "http.method=M-SEARCH\nhttp.uri.raw=*\nhttp.uri=*\nhttp.host.raw=239.255.255.250:1900\n"
			    "http.host=239.255.255.250\n--\n"
			    "http.method=NOTIFY\nhttp.uri.raw=*\nhttp.uri=*\nhttp.host.raw=239.255.255.250:1900\n"
			    "http.host=239.255.255.250\n--\n"
			    "http.stat_code=200\nhttp.stat_msg=OK\nhttp.server=UPnP/1.0\n--\n");
	assert_int_equal(x->flow.client, 0);
	for (size_t n = 0; n + 3 < sizeof search; n++) { /* cut anywhere: no crash, and no half line */
		fixture_again(x);
		fixture_feed(x, 0, search, n, 0);
		assert_true(n >= 21 || x->n == 0);
	}
	fixture_again(x);
	http_say(x, 0, "OPTIONS sip:a@b SIP/2.0\r\n\r\n");
	assert_int_equal(x->flow.app, SL_APP_NONE);
	fixture_free(x);
}

/* Many connections that end in the middle of a head: every buffer comes back. */
static void no_buffer_is_lost(void **state)
{
	(void)state;
	struct fixture *x = requests(40000); /* three small buffers */
	for (unsigned i = 0; i < 1000; i++) {
		fixture_feed(x, i & 1, "GET /", 5, 0);
		fixture_feed(x, (i & 1) ^ 1, "POST ", 5, 0);
		fixture_again(x);
	}
	assert_int_equal(fixture_count(x, SL_COUNT_GATHER_FULL), 0);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(however_it_is_cut),
		cmocka_unit_test(control_characters), cmocka_unit_test(each_side_alone),
		cmocka_unit_test(header_bomb),
		cmocka_unit_test(request_line_without_end),
		cmocka_unit_test(what_is_no_request),
		cmocka_unit_test(after_a_gap),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(without_buffers),
		cmocka_unit_test(no_buffer_is_lost),
		cmocka_unit_test(every_field),
		cmocka_unit_test(response_fields),
		cmocka_unit_test(flood_of_headers),
		cmocka_unit_test(datagrams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
