/* Transactions of HTTP: which request and which response belong together. */
#include "transactions.h"

#define OK    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define EMPTY "HTTP/1.1 204 No Content\r\n\r\n"

static void http(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	static const struct said in_turn[] = {
		{ CLIENT, "GET /a HTTP/1.1\r\n\r\n" }, { SERVER, OK },
		{ CLIENT, "POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" },
		{ SERVER, "HTTP/1.1 100 Continue\r\n\r\n" EMPTY },
		{ CLIENT, "HEAD /c HTTP/1.1\r\n\r\n" },
		{ SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" },
	};
	/* values, the file's last piece, its hashes; the interim response is of the same request */
	TALK(x, in_turn, "1 1 1* 1 1. 2 2* 2 2 2 2. 3 3 3. ");
	static const struct said pipelined[] = {
		{ CLIENT, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n" },
		{ SERVER, OK EMPTY "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" },
		{ CLIENT, "GET /d HTTP/1.1\r\n\r\n" },
	};
	TALK(x, pipelined, "1 2 3 1 1* 1 1. 2 2. 3 3* 3 3. 4 ");
	/* an answer before the request's body has come: the body is of the same transaction */
	static const struct said refused[] = {
		{ CLIENT, "POST /a HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc" },
		{ SERVER, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n" },
		{ CLIENT, "defGET /b HTTP/1.1\r\n\r\n" }, { SERVER, EMPTY },
	};
	TALK(x, refused, "1 1 1* 1 1. 2 2 2. ");
	fixture_free(x);
}

/* More requests under way than are remembered by name. */
static void deep_pipeline(void **state)
{
	(void)state;
	enum { REQUESTS = 100 };
	struct fixture *x = fixture_new(6, POOL);
	char want[4 * REQUESTS * 4] = "", *at = want;
	for (unsigned i = 1; i <= REQUESTS; i++) {
		say(x, CLIENT, "GET /a HTTP/1.1\r\n\r\n");
		at += sprintf(at, "%u ", i);
	}
	for (unsigned i = 1; i <= REQUESTS; i++) {
		say(x, SERVER, EMPTY);
		at += sprintf(at, "%u %u. ", i, i);
	}
	assert_string_equal(x->txs, want);
	fixture_free(x);
}

static void http_one_side(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	static const struct said responses[] = { { SERVER, EMPTY OK EMPTY } };
	TALK(x, responses, "1 1. 2 2* 2 2. 3 3. ");
	say(x, CLIENT, "GET /late HTTP/1.1\r\n\r\n"); /* whose answer was not one of those */
	say(x, SERVER, EMPTY);
	assert_string_equal(x->txs, "1 1. 2 2* 2 2. 3 3. 4 4 4. ");

	/* requests alone: not more than a bound stay open */
	fixture_again(x);
	for (unsigned i = 0; i < SL_PAIRS_OPEN; i++)
		say(x, CLIENT, "GET /a HTTP/1.1\r\n\r\n");
	assert_null(strchr(x->txs, '.'));
	say(x, CLIENT, "GET /a HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(x->txs, "256 1. 257 "));
	fixture_free(x);
}

/* After a hole nobody knows whose the answers are: numbers that no side has used. */
static void http_holes(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	say(x, CLIENT, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
	hole(x, SERVER, "tail of the answer to /b\r\n" OK); /* to what is not seen yet */
	say(x, CLIENT, "GET /c HTTP/1.1\r\n\r\n");
	say(x, SERVER, EMPTY);
	assert_string_equal(x->txs, "1 2 1. 2. 3 3* 3 3. 4 4 4. ");

	fixture_again(x); /* among the requests */
	say(x, CLIENT, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
	hole(x, CLIENT, "\r\nGET /d HTTP/1.1\r\n\r\n");
	say(x, SERVER, EMPTY);
	say(x, CLIENT, "GET /e HTTP/1.1\r\n\r\n");
	say(x, SERVER, EMPTY);
	assert_string_equal(x->txs, "1 2 1. 2. 3 3 3. 4 4 4. ");

	fixture_again(x); /* within a body the place is known */
	say(x, CLIENT, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
	say(x, SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nabcd");
	char rest[997] = "";
	memset(rest, 'x', sizeof rest - 1);
	hole(x, SERVER, rest);
	say(x, SERVER, EMPTY);
	assert_string_equal(x->txs, "1 2 1 1* 1 1. 2 2. ");
	fixture_free(x);
}

/* Responses come before their requests where those wait behind a hole that will be filled. */
static void http_early(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	say(x, CLIENT, "GET /a HTTP/1.1\r\n\r\n");
	say(x, SERVER, EMPTY);
	x->flow.side[CLIENT].held_n = 2;
	say(x, SERVER, EMPTY OK);
	assert_string_equal(x->txs, "1 1 1. 2 3 3* 3 ");
	x->flow.side[CLIENT].held_n = 0;
	say(x, CLIENT, "GET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\nGET /d HTTP/1.1\r\n\r\n");
	say(x, SERVER, EMPTY);
	assert_string_equal(x->txs, "1 1 1. 2 3 3* 3 2 2. 3 3. 4 4 4. ");
	fixture_free(x);
}

/* What is in a tunnel begins with 1 again, when all of the proxy's is over. */
static void tunnel(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	static const struct said said[] = {
		{ CLIENT, "GET http://a.example/ HTTP/1.1\r\n\r\n" }, { SERVER, EMPTY },
		{ CLIENT, "CONNECT b.example:80 HTTP/1.1\r\n\r\n" }, { SERVER, "HTTP/1.1 200 OK\r\n\r\n" },
		{ CLIENT, "GET /in HTTP/1.1\r\n\r\n" }, { SERVER, EMPTY },
	};
	TALK(x, said, "1 1 1. 2 2 2. 0. 1 1 1. ");
	fixture_free(x);
}

static void in_datagrams(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, POOL);
	say(x, CLIENT, "NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n");
	say(x, CLIENT, "M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n");
	say(x, SERVER, "HTTP/1.1 200 OK\r\nST: a\r\n\r\n");
	assert_string_equal(x->txs, "1 1. 2 2 2. ");
	fixture_free(x);
}

static void frame(struct wire *w, unsigned type, unsigned flags, unsigned stream, const char *hex)
{
	static struct wire payload;
	payload.n = 0;
	wire_hex(&payload, hex);
	wire_u8(w, 0);
	wire_u16(w, (unsigned)payload.n);
	wire_u8(w, type);
	wire_u8(w, flags);
	wire_u32(w, stream);
	wire_put(w, payload.at, payload.n);
}

static void streams(void **state)
{
	(void)state;
	enum { DATA, HEADERS, RST_STREAM = 3, SETTINGS, END_STREAM = 1, END = 5 /* of the block too */ };
	static const char get[] = "82 84 86 41 01 61", post[] = "83 84 86 41 01 61", ok[] = "88";
	struct fixture *x = fixture_new(6, POOL);
	struct wire client = { .n = 0 }, server = { .n = 0 };
	wire_text(&client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	frame(&client, SETTINGS, 0, 0, "000300000064");
	frame(&client, HEADERS, END, 1, get);
	frame(&client, HEADERS, 4, 3, post);
	frame(&client, DATA, 0, 3, "6162");
	frame(&client, HEADERS, END, 5, get);
	frame(&client, RST_STREAM, 0, 5, "00000008");
	frame(&server, SETTINGS, 0, 0, "000300000064");
	frame(&server, HEADERS, END, 3, ok); /* before the request's body is there */
	frame(&server, HEADERS, 4, 1, ok);
	frame(&server, DATA, END_STREAM, 1, "6f6b");
	fixture_every_split(x, CLIENT, client.at, client.n, x->record);
	fixture_again(x);
	say_wire(x, CLIENT, &client);
	assert_string_equal(x->txs, "1 3 5 5. ");
	say_wire(x, SERVER, &server);
	assert_string_equal(x->txs, "1 3 5 5. 3 1 1* 1 1. ");
	client.n = 0;
	frame(&client, DATA, END_STREAM, 3, "63");
	say_wire(x, CLIENT, &client);
	assert_string_equal(x->txs, "1 3 5 5. 3 1 1* 1 1. 3* 3 3. ");

	fixture_again(x); /* the server alone */
	say_wire(x, SERVER, &server);
	assert_string_equal(x->txs, "3 3. 1 1* 1 1. ");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http),
		cmocka_unit_test(deep_pipeline),
		cmocka_unit_test(http_one_side),
		cmocka_unit_test(http_holes),
		cmocka_unit_test(http_early),
		cmocka_unit_test(tunnel),
		cmocka_unit_test(in_datagrams),
		cmocka_unit_test(streams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
