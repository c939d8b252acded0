/* HTTP/2: RFC 7541's own examples and frames made by hand, in every cut, each side alone; bodies. */
#include "http2_frames.h"

/* RFC 7541, appendix C.4: three requests, with Huffman codes and the dynamic table. */
static void requests_of_the_rfc(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	client_begins(&w);
	frame_hex(&w, HEADERS, END_STREAM | END_HEADERS, 1, "828684418cf1e3c2e5f23a6ba0ab90f4ff");
	frame_hex(&w, HEADERS, END_STREAM | END_HEADERS, 3, "828684be5886a8eb10649cbf");
	frame_hex(&w, HEADERS, END_STREAM | END_HEADERS, 5, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
	fixture_every_split(x, 0, w.at, w.n,
			    "http.method=GET\nhttp.uri.raw=/\nhttp.uri=/\nhttp.protocol=HTTP/2\n"
			    "http.request_line=GET / HTTP/2\r\n\nhttp.host.raw=www.example.com\n"
			    "http.request_header=:method: GET\nhttp.request_header=:scheme: http\n"
			    "http.request_header=:path: /\nhttp.request_header=:authority: www.example.com\n"
			    "http.host=www.example.com\n"
			    "http.header=:method: GET\r\n:scheme: http\r\n:path: /\r\n:authority: www.example.com\r\n\n"
			    "http.header_names=\r\n:method\r\n:scheme\r\n:path\r\n:authority\r\n\r\n\n--\n"
			    "http.method=GET\nhttp.uri.raw=/\nhttp.uri=/\nhttp.protocol=HTTP/2\n"
			    "http.request_line=GET / HTTP/2\r\n\nhttp.host.raw=www.example.com\n"
			    "http.request_header=:method: GET\nhttp.request_header=:scheme: http\n"
			    "http.request_header=:path: /\nhttp.request_header=:authority: www.example.com\n"
			    "http.request_header=cache-control: no-cache\nhttp.host=www.example.com\n"
			    "http.header=:method: GET\r\n:scheme: http\r\n:path: /\r\n:authority: www.example.com\r\n"
			    "cache-control: no-cache\r\n\n"
			    "http.header_names=\r\n:method\r\n:scheme\r\n:path\r\n:authority\r\ncache-control\r\n\r\n\n--\n"
			    "http.method=GET\nhttp.uri.raw=/index.html\nhttp.uri=/index.html\nhttp.protocol=HTTP/2\n"
			    "http.request_line=GET /index.html HTTP/2\r\n\nhttp.host.raw=www.example.com\n"
			    "http.request_header=:method: GET\nhttp.request_header=:scheme: https\n"
			    "http.request_header=:path: /index.html\n"
			    "http.request_header=:authority: www.example.com\n"
			    "http.request_header=custom-key: custom-value\nhttp.host=www.example.com\n"
			    "http.header=:method: GET\r\n:scheme: https\r\n:path: /index.html\r\n"
			    ":authority: www.example.com\r\ncustom-key: custom-value\r\n\n"
			    "http.header_names=\r\n:method\r\n:scheme\r\n:path\r\n:authority\r\ncustom-key\r\n\r\n\n--\n");
	assert_int_equal(x->flow.app, SL_APP_HTTP2);
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

/* Appendix C.6: responses, a table of 256 bytes, evictions. The server's side alone. */
static void responses_of_the_rfc(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	server_begins(&w);
	frame_hex(&w, HEADERS, END_STREAM | END_HEADERS, 1,
		  "3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f"
		  "0b97c8e9ae82ae43d3");
	frame_hex(&w, HEADERS, END_STREAM | END_HEADERS, 3, "4883640effc1c0bf");
	frame_hex(&w, HEADERS, END_STREAM | END_HEADERS, 5,
		  "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b"
		  "3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007");
	every_split(x, 1, &w);
	assert_int_equal(count(x, "--\n"), 3);
	expect(x, "http.stat_code=302\nhttp.protocol=HTTP/2\nhttp.response_line=HTTP/2 302\r\n\n");
	assert_int_equal(count(x, "http.location=https://www.example.com\n"), 3);
	expect(x, "http.stat_code=307\n");
	expect(x, "http.stat_code=200\n");
	expect(x, "http.cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n");
	expect(x, "http.response_header=date: Mon, 21 Oct 2013 20:13:22 GMT\n");
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

static void fields(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	client_begins(&w);
	headers(&w, END_STREAM, 1, request);
	every_split(x, 0, &w);
	expect(x, "http.method=GET\nhttp.uri.raw=/a%62c?q\nhttp.uri=/abc?q\n");
	expect(x, "http.user_agent=agent/1\n");
	expect(x, "http.referer=there\n");
	expect(x, "http.cookie=a=1; b=2\n");
	expect(x, "http.host=host.example\n");
	assert_int_equal(count(x, "http.host.raw=Host.Example:81\n"), 1);
	assert_int_equal(count(x, "http.cookie="), 1);
	server_begins(&w);
	headers(&w, 0, 1, ":status: 103\nlink: </x>\n");
	headers(&w, END_STREAM, 1, ":status: 404\nserver: s/1\ncontent-type: text/plain\nset-cookie: c=3\n");
	every_split(x, 1, &w);
	expect(x, "http.stat_code=103\n");
	expect(x, "http.stat_code=404\n");
	expect(x, "http.server=s/1\n");
	expect(x, "http.content_type=text/plain\n");
	expect(x, "http.cookie=c=3\n");
	client_begins(&w);
	headers(&w, END_STREAM, 1, ":method: GET\n:scheme: http\n:path: /\nhost: only.example\n");
	headers(&w, 0, 3, ":method: CONNECT\n:authority: proxied.example:443\n");
	end(&w, DATA, END_STREAM, 3, "no body of HTTP's");
	every_split(x, 0, &w);
	expect(x, "http.host.raw=only.example\n");
	expect(x, "http.host=only.example\n");
	expect(x, "http.uri.raw=proxied.example:443\n");
	expect(x, "http.host=proxied.example\n");
	assert_int_equal(count(x, "file."), 0);
	fixture_free(x);
}

/* Padding, priority, CONTINUATION (one of them empty), frames of the connection, unknown frames; a promise. */
static void in_many_frames(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	uint8_t block[512], first[64] = { 3 };
	size_t n = literals(block, request);
	client_begins(&w);
	frame_hex(&w, WINDOW_UPDATE, 0, 0, "00010000");
	memcpy(first + 1, "\0\0\0\0\x10", 5);
	memcpy(first + 6, block, 20);
	frame(&w, HEADERS, PADDED | WITH_PRIORITY | END_STREAM, 1, first, 6 + 20 + 3);
	frame(&w, CONTINUATION, 0, 1, block + 20, n - 20);
	frame(&w, CONTINUATION, END_HEADERS, 1, "", 0);
	frame_hex(&w, PRIORITY, 0, 1, "0000000010");
	frame_hex(&w, PING, 0, 0, "0001020304050607");
	frame_hex(&w, 0xbe, 0xff, 7, "0102030405");
	headers(&w, END_STREAM, 3, request);
	frame_hex(&w, GOAWAY, 0, 0, "00000000 00000000 6279 65");
	every_split(x, 0, &w);
	assert_int_equal(count(x, "http.method=GET\n"), 2);
	assert_int_equal(count(x, "http.user_agent=agent/1\n"), 2);

	server_begins(&w);
	memcpy(first, "\2\0\0\0\2", 5);
	n = literals(block, ":method: GET\n:scheme: http\n:path: /pushed\n:authority: p.example\n");
	memcpy(first + 5, block, 30);
	frame(&w, PUSH_PROMISE, PADDED, 1, first, 5 + 30 + 2);
	frame(&w, CONTINUATION, END_HEADERS, 1, block + 30, n - 30);
	headers(&w, 0, 2, ":status: 200\n");
	end(&w, DATA, END_STREAM, 2, "hello world");
	every_split(x, 1, &w);
	expect(x, "http.uri.raw=/pushed\n");
	expect(x, "file.name=pushed\n");
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

/* Two bodies whose frames come in turns, one padded, one that ends with trailers. */
static void bodies(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	client_begins(&w);
	headers(&w, 0, 1, ":method: POST\n:scheme: http\n:path: /up/one.txt?x=/y\n:authority: a.example\n");
	headers(&w, 0, 3, ":method: PUT\n:scheme: http\n:path: /two\n:authority: a.example\n");
	end(&w, DATA, 0, 1, "hello ");
	end(&w, DATA, 0, 3, "a");
	end(&w, DATA, PADDED | END_STREAM, 1, "\x02world..");
	end(&w, DATA, 0, 3, "bc");
	headers(&w, END_STREAM, 3, "checksum: 1\n");
	every_split(x, 0, &w);
	assert_int_equal(count(x, SHA256_HELLO), 1);
	assert_int_equal(count(x, SHA256_ABC), 1);
	expect(x, "file.name=one.txt\n");
	expect(x, "file.name=two\n");
	assert_int_equal(count(x, "http.header="), 2); /* trailers are no message */

	/* the response's file has the name of the request on the other side */
	client_begins(&w);
	headers(&w, END_STREAM, 1, ":method: GET\n:scheme: http\n:path: /get/me.exe\n:authority: a.example\n");
	fixture_again(x);
	fixture_feed(x, 0, w.at, w.n, 0);
	server_begins(&w);
	headers(&w, 0, 1, ":status: 200\ncontent-encoding: gzip\n");
	frame_hex(&w, DATA, END_STREAM, 1, "1f8b08000000000000034b4c4a0600c241243503000000");
	fixture_feed(x, 1, w.at, w.n, 0);
	expect(x, "file.name=me.exe\n");
	expect(x, SHA256_ABC);
	fixture_free(x);
}

/* RFC 7540, section 3.2: HTTP/1 turns into HTTP/2; the answer to its request is on stream 1. */
static void upgrade(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	w.n = 0;
	wire_text(&w, "GET /one HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\n"
		      "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n");
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_int_equal(x->flow.app, SL_APP_HTTP);
	server_begins(&w);
	headers(&w, 0, 1, ":status: 200\n");
	end(&w, DATA, END_STREAM, 1, "hello world");
	struct wire *whole = calloc(1, sizeof *whole);
	assert_non_null(whole);
	wire_text(whole, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
	wire_put(whole, w.at, w.n);
	fixture_feed(x, 1, whole->at, whole->n, 0);
	free(whole);
	assert_int_equal(x->flow.app, SL_APP_HTTP2);
	assert_int_equal(x->flow.app_before, SL_APP_HTTP);
	client_begins(&w);
	headers(&w, END_STREAM, 3, request);
	fixture_feed(x, 0, w.at, w.n, 0);
	expect(x, "http.uri.raw=/one\n");
	expect(x, "http.stat_code=101\n");
	expect(x, "http.stat_code=200\n");
	expect(x, SHA256_HELLO);
	expect(x, "http.uri.raw=/a%62c?q\n");
	fixture_free(x);
}

static void text_feed(struct fixture *x, unsigned side, const char *text)
{
	fixture_feed(x, side, (const uint8_t *)text, strlen(text), 0);
}

#define UPGRADES                                                                                   \
	"GET /a/one.exe HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\n"        \
	"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nUser-Agent: x\r\n\r\n"
#define AGREED "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

/* The request is stream 1, whose response comes there and is named after it, however it was cut. */
static void upgraded_request(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w, whole;
	server_begins(&w);
	headers(&w, 0, 1, ":status: 200\n");
	end(&w, DATA, END_STREAM, 1, "hello world");
	whole.n = 0;
	wire_text(&whole, AGREED);
	wire_put(&whole, w.at, w.n);
	for (size_t cut = 0; cut < whole.n; cut++) {
		fixture_again(x);
		text_feed(x, 0, UPGRADES);
		fixture_feed(x, 1, whole.at, cut, 0);
		fixture_feed(x, 1, whole.at + cut, whole.n - cut, 0);
		expect(x, "http.stat_code=101\n");
		expect(x, "http.request_line=GET /a/one.exe HTTP/2\r\n\n");
		expect(x, "http.request_header=user-agent: x\n");
		expect(x, "http.host=a.example\n");
		expect(x, "http.stat_msg=\n");
		expect(x, "file.name=one.exe\n");
		expect(x, SHA256_HELLO);
	}
	fixture_free(x);
}

/* Without settings, or with an answer to another request, it is no such upgrade. */
static void no_upgrade(void **state)
{
	(void)state;
	static const char *const requests[] = {
		"GET /one HTTP/1.1\r\nHost: a.example\r\nUpgrade: h2c\r\n\r\n",
		"GET /one HTTP/1.1\r\nHost: a.example\r\nUpgrade: x\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
		UPGRADES "GET /two HTTP/1.1\r\nHost: a.example\r\n\r\n",
	};
	struct fixture *x = fixture_new(6, 1 << 20);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		fixture_again(x);
		text_feed(x, 0, requests[i]);
		text_feed(x, 1, AGREED);
		assert_null(strstr(x->record, " HTTP/2"));
		assert_int_equal(x->flow.app, SL_APP_NONE);
	}
	fixture_again(x);
	assert_int_equal(sl_inspect_held(x->inspect), 0);
	fixture_free(x);
}

/* The client's side alone, whose preface is the first that is seen of HTTP/2. */
static void upgrade_without_the_answer(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w, whole;
	client_begins(&w);
	headers(&w, END_STREAM, 3, request);
	whole.n = 0;
	wire_text(&whole, "GET /one HTTP/1.1\r\nHost: a.example\r\nUpgrade: h2c\r\n\r\n");
	wire_put(&whole, w.at, w.n);
	every_split(x, 0, &whole);
	expect(x, "http.uri.raw=/one\n");
	expect(x, "http.uri.raw=/a%62c?q\n");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_the_rfc), cmocka_unit_test(responses_of_the_rfc),
		cmocka_unit_test(fields), cmocka_unit_test(in_many_frames),
		cmocka_unit_test(bodies),
		cmocka_unit_test(upgrade),
		cmocka_unit_test(upgraded_request),
		cmocka_unit_test(no_upgrade),
		cmocka_unit_test(upgrade_without_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
