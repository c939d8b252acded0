/* The numbers of transactions: which values belong together, and when nothing more comes. Of the fixture's
 * `txs`: "n " values, "n* " the last piece of a file, "n. " the end. */
#include "tls_bytes.h"
#include <sensor/inspect/expect.h>
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/pairs.h>

enum { POOL = 1 << 20, CLIENT = 0, SERVER = 1 };

struct said {
	unsigned side;
	const char *text;
};

static void say(struct fixture *x, unsigned side, const char *text)
{
	fixture_feed(x, side, text, strlen(text), 0);
}

static void hole(struct fixture *x, unsigned side, const char *text)
{
	fixture_feed(x, side, text, strlen(text), 1000);
}

static void say_wire(struct fixture *x, unsigned side, const struct wire *w)
{
	fixture_feed(x, side, w->at, w->n, 0);
}

static void say_in_cuts(struct fixture *x, const struct said *s, uint64_t *seed, size_t most)
{
	size_t n = strlen(s->text);
	for (size_t at = 0, step; at < n; at += step) {
		step = 1 + wire_random(seed) % most;
		step = step < n - at ? step : n - at;
		fixture_feed(x, s->side, s->text + at, step, 0);
	}
}

/* What two sides say to each other gives these transactions, however it is cut. */
static void talk(struct fixture *x, const struct said *said, size_t n, const char *txs)
{
	uint64_t seed = 3;
	for (unsigned round = 0; round < 200; round++) {
		fixture_again(x);
		x->flow.known_client = 1;
		for (size_t i = 0; i < n; i++)
			say_in_cuts(x, &said[i], &seed, round ? 1 + round % 50 : WIRE_MAX);
		assert_string_equal(x->txs, txs);
	}
}
#define TALK(x, said, txs) talk(x, said, sizeof said / sizeof *said, txs)

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

/* --- HTTP/2 --- */

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

/* --- DNS --- */

static void dns_message(struct wire *w, unsigned id, bool response)
{
	w->n = 0;
	wire_u16(w, id);
	wire_hex(w, response ? "8180 0001 0000 0000 0000" : "0100 0001 0000 0000 0000");
	wire_hex(w, "07 6578616d706c65 00 0001 0001");
}

static void queries(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, POOL);
	struct wire w;
	static const struct {
		unsigned side, id;
	} said[] = { { CLIENT, 7 }, { CLIENT, 65535 }, { SERVER, 65535 }, { CLIENT, 7 }, { SERVER, 7 } };
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		dns_message(&w, said[i].id, said[i].side == SERVER);
		say_wire(x, said[i].side, &w);
	}
	assert_string_equal(x->txs, "8. 8 65536. 65536 65536 65536. 8. 8 8 8. ");
	fixture_free(x);
}

static void queries_over_tcp(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	struct wire w, stream = { .n = 0 };
	for (unsigned id = 0; id < 2; id++) {
		dns_message(&w, id, false);
		wire_u16(&stream, (unsigned)w.n);
		wire_put(&stream, w.at, w.n);
	}
	fixture_every_split(x, CLIENT, stream.at, stream.n, "dns.query=example\n--\ndns.query=example\n--\n");
	assert_string_equal(x->txs, "1. 1 2. 2 ");
	fixture_free(x);
}

/* --- handshakes --- */

static void hello_of(struct wire *w, const char *hex)
{
	static struct wire message;
	message.n = 0;
	wire_hex(&message, hex);
	tls_records(w, &message, 16384);
}

static void tls(void **state)
{
	(void)state;
	static const char *const chain[] = { OWN_CERTIFICATE, NULL };
	struct fixture *x = fixture_new(6, POOL);
	static struct wire client, server, message;
	client.n = server.n = message.n = 0;
	hello_of(&client, RFC8448_CLIENT_HELLO);
	wire_hex(&message, RFC8448_SERVER_HELLO);
	tls_certificates(&message, chain);
	tls_records(&server, &message, 16384);
	say_wire(x, CLIENT, &client);
	say_wire(x, SERVER, &server);
	assert_string_equal(x->txs, "1 1 1 ");
	say(x, CLIENT, "\x17\x03\x03"); /* the client's own end is not the handshake's */
	fixture_feed(x, CLIENT, "\0\1x", 3, 0);
	assert_string_equal(x->txs, "1 1 1 ");
	wire_hex(&server, "14 0303 0001 01 17 0303 0001 aa");
	fixture_every_split(x, SERVER, server.at, server.n, RFC8448_SERVER_RECORD OWN_CERTIFICATE_RECORD);
	assert_string_equal(x->txs, "1 1 1. ");
	fixture_free(x);
}

/* A handshake in a tunnel of SMTP: the session's are over. */
static void starttls(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	static struct wire hello;
	say(x, SERVER, "220 mx ESMTP\r\n");
	say(x, CLIENT, "EHLO a\r\n");
	say(x, SERVER, "250-mx\r\n250 STARTTLS\r\n");
	say(x, CLIENT, "STARTTLS\r\n");
	say(x, SERVER, "220 go\r\n");
	hello.n = 0;
	hello_of(&hello, RFC8448_CLIENT_HELLO);
	say_wire(x, CLIENT, &hello);
	assert_string_equal(x->txs, "1 0. 1 ");
	fixture_free(x);
}

static void ssh_packet(struct wire *w, const char *version)
{
	w->n = 0;
	wire_text(w, version);
	wire_hex(w, "0000 0040 01 14 000102030405060708090a0b0c0d0e0f");
	for (unsigned i = 0; i < 40 + 6; i++)
		wire_u8(w, 0);
}

static void ssh(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	struct wire w;
	ssh_packet(&w, "SSH-2.0-a\r\n");
	say_wire(x, CLIENT, &w);
	assert_string_equal(x->txs, "1 1 ");
	ssh_packet(&w, "SSH-2.0-b\r\n");
	say_wire(x, SERVER, &w);
	assert_string_equal(x->txs, "1 1 1 1 1. ");
	fixture_free(x);
}

/* --- mail --- */

static void mails(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	static const struct said said[] = {
		{ CLIENT, "EHLO a\r\nRSET\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n" },
		{ SERVER, "354 go\r\n" },
		/* values: greeting, envelope; headers, a link, the file's end */
		{ CLIENT, "From: c\r\n\r\nhttp://a.example/\r\n.\r\n" },
		{ CLIENT, "MAIL FROM:<d@x>\r\nRSET\r\n" },
		{ CLIENT, "MAIL FROM:<e@x>\r\nMAIL FROM:<f@x>\r\nBDAT 4\r\n\r\nabBDAT 1 LAST\r\nc" },
		{ CLIENT, "NOOP\r\nHELO b\r\nQUIT\r\n" },
	};
	TALK(x, said, "1 1 1 1 1* 1 1. 2 2. 3 3. 4 4* 4 4. 5 ");
	fixture_free(x);
}

/* --- FTP --- */

static void commands(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	static const struct said said[] = {
		{ SERVER, "220-Hello\r\n220 FTP\r\n" },
		{ CLIENT, "USER a\r\nPASS b\r\n" }, { SERVER, "331 Password\r\n230-\r\n230 In\r\n" },
		{ CLIENT, "RETR a\r\n" }, { SERVER, "150 Opening\r\n226 Done\r\n421 Timeout\r\n" },
		{ CLIENT, "NOOP\r\n" },
	};
	TALK(x, said, "1 2 1. 2. 3 3. 4 ");
	say(x, CLIENT, "CWD a\r\n");
	hole(x, CLIENT, "PWD\r\n");
	say(x, SERVER, "257 /\r\n");
	assert_string_equal(x->txs, "1 2 1. 2. 3 3. 4 5 4. 5. 6 6. ");
	fixture_free(x);
}

static void transfers(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, POOL);
	x->flow.key = (struct sl_flow_key){ .low = { 1 }, .high = { 2 }, .low_port = 5000, .high_port = 6000,
					    .family = 4, .proto = 6 };
	struct sl_expected *what = sl_expect_add(x->inspect->expect, &x->flow, SERVER, 6000);
	what->kind = SL_EXPECT_FILE;
	say(x, SERVER, "bytes");
	fixture_end(x, SERVER);
	assert_string_equal(x->txs, "1* 1 1. ");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http),		cmocka_unit_test(deep_pipeline),
		cmocka_unit_test(http_one_side), cmocka_unit_test(http_holes),
		cmocka_unit_test(http_early),	cmocka_unit_test(tunnel),
		cmocka_unit_test(in_datagrams), cmocka_unit_test(streams),
		cmocka_unit_test(queries),	cmocka_unit_test(queries_over_tcp),
		cmocka_unit_test(tls),		cmocka_unit_test(starttls),
		cmocka_unit_test(ssh),		cmocka_unit_test(mails),
		cmocka_unit_test(commands),	cmocka_unit_test(transfers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
