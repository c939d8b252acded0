/* Transactions of DNS, of handshakes, of mail and of FTP. */
#include "transactions.h"

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
		cmocka_unit_test(queries),
		cmocka_unit_test(queries_over_tcp),
		cmocka_unit_test(tls),
		cmocka_unit_test(starttls),
		cmocka_unit_test(ssh),
		cmocka_unit_test(mails),
		cmocka_unit_test(commands),
		cmocka_unit_test(transfers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
