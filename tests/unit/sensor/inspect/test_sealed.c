/* Where what a side sends is encrypted: of each version, wherever the stream is cut; on whose word;
 * after gaps, and when a handshake begins anew. The borders are counted by hand from the records. */
#include "tls_hello.h"

#define FINISHED                                                                                          \
	"16 0303 0028 c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7"
#define DATA     "17 0303 0018 17030300051603030005000102030405060708090a0b0c0d"

struct sides {
	struct wire client, server;
	size_t hello; /* bytes of the client's */
	size_t client_border, server_border; /* clear bytes; all of them: nothing is encrypted */
};

static size_t feed_in_steps(struct fixture *x, unsigned side, const struct wire *w, size_t first, size_t step)
{
	size_t clear = 0;
	bool begun = false;
	for (size_t i = 0, n; i < w->n; i += n) {
		n = i ? step : first;
		n = n < w->n - i ? n : w->n - i;
		size_t encrypted = fixture_feed(x, side, w->at + i, n, 0);
		assert_true(encrypted <= n);
		assert_true(!begun || encrypted == n);
		begun |= encrypted != 0;
		clear += n - encrypted;
	}
	return clear;
}

static void expect_sides(struct fixture *x, const struct sides *s, size_t first, size_t step)
{
	fixture_again(x);
	/* both hellos first, as they come first */
	struct wire rest = s->client;
	assert_int_equal(fixture_feed(x, 0, s->client.at, s->hello, 0), 0);
	assert_int_equal(feed_in_steps(x, 1, &s->server, first, step), s->server_border);
	rest.n -= s->hello;
	memmove(rest.at, rest.at + s->hello, rest.n);
	assert_int_equal(feed_in_steps(x, 0, &rest, first, step), s->client_border - s->hello);
}

static void expect_every_cut(struct fixture *x, const struct sides *s)
{
	size_t most = s->client.n > s->server.n ? s->client.n : s->server.n;
	expect_sides(x, s, most, most);
	for (size_t first = 1; first < most; first++)
		expect_sides(x, s, first, most);
	for (size_t step = 1; step < 20; step++)
		expect_sides(x, s, step, step);
}

static void add_data(struct wire *w, size_t *border)
{
	*border = w->n + 5; /* the record's header is in the clear */
	wire_hex(w, DATA DATA "16 0303 0004 01000000" "15 0303 0002 0100");
}

/* Both hellos, in records that say `version`. */
static void begin(struct sides *s, unsigned version)
{
	s->client.n = s->server.n = 0;
	add_record(&s->client, RFC8448_CLIENT_HELLO);
	s->hello = s->client.n;
	add_record(&s->server, RFC8448_SERVER_HELLO);
	wire_set16(&s->client, 1, version);
	wire_set16(&s->server, 1, version);
}

/* RFC 8446, appendix D.4: ChangeCipherSpec is for show, then all is application data. */
static void tls_13(void **state)
{
	(void)state;
	static struct sides s;
	struct fixture *x = fixture_new(6, POOL);
	begin(&s, 0x0301);
	wire_hex(&s.client, "14 0303 0001 01");
	wire_hex(&s.server, "14 0303 0001 01");
	add_data(&s.client, &s.client_border);
	add_data(&s.server, &s.server_border);
	expect_every_cut(x, &s);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD RFC8448_SERVER_RECORD);
	fixture_free(x);
}

/* SSL 3.0 to TLS 1.2: encrypted messages end the handshake, an alert may stand between, then comes data. */
static void before_13(void **state)
{
	(void)state;
	static struct sides s;
	struct fixture *x = fixture_new(6, POOL);
	for (unsigned version = 0x0300; version <= 0x0303; version++) {
		begin(&s, version);
		wire_hex(&s.server, "16 0303 0004 0e000000" "14 0303 0001 01" FINISHED);
		wire_hex(&s.client, "16 0303 0005 10 000001 aa" "14 0303 0001 01" FINISHED "15 0303 0002 0100");
		add_data(&s.client, &s.client_border);
		add_data(&s.server, &s.server_border);
		expect_every_cut(x, &s);
		assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	}
	fixture_free(x);
}

/* RFC 5246, appendix E.2: a hello as SSLv2 had it, records after it. */
static void hello_of_sslv2(void **state)
{
	(void)state;
	static struct sides s;
	struct fixture *x = fixture_new(6, POOL);
	begin(&s, 0x0301);
	s.client.n = 0;
	wire_hex(&s.client, "801c 01 0301 0003 0000 0010 00002f 000102030405060708090a0b0c0d0e0f");
	s.hello = s.client.n;
	wire_hex(&s.client, "16 0303 0005 10 000001 aa" "14 0303 0001 01" FINISHED);
	add_data(&s.client, &s.client_border);
	add_data(&s.server, &s.server_border);
	expect_every_cut(x, &s);
	fixture_free(x);
}

/* A session that was resumed, or renegotiates, and ends without data: all of it is looked at. */
static void no_data(void **state)
{
	(void)state;
	static struct sides s;
	struct fixture *x = fixture_new(6, POOL);
	begin(&s, 0x0301);
	wire_hex(&s.server, "14 0303 0001 01" FINISHED FINISHED "15 0303 0002 0100");
	wire_hex(&s.client, "14 0303 0001 01" FINISHED FINISHED "15 0303 0002 0100");
	s.client_border = s.client.n;
	s.server_border = s.server.n;
	expect_every_cut(x, &s);
	/* and what is no TLS behind the handshake */
	wire_text(&s.server, "220 and now for something completely different\r\n");
	s.server_border = s.server.n;
	expect_every_cut(x, &s);
	fixture_free(x);
}

/* One end's word: believed where the site says so. */
static void one_end_alone(void **state)
{
	(void)state;
	static struct sides s;
	begin(&s, 0x0301);
	add_data(&s.client, &s.client_border);
	add_data(&s.server, &s.server_border);
	for (unsigned all = 0; all < 2; all++) {
		struct fixture *x = fixture_new_as(6, POOL, all);
		for (size_t first = 1; first < s.client.n; first++) {
			fixture_again(x);
			size_t clear = feed_in_steps(x, 0, &s.client, first, 7);
			assert_int_equal(clear, all ? s.client_border : s.client.n);
			fixture_again(x);
			clear = feed_in_steps(x, 1, &s.server, first, 7);
			assert_int_equal(clear, all ? s.server_border : s.server.n);
		}
		fixture_free(x);
	}
}

/* Two clients are no client and server. */
static void two_clients(void **state)
{
	(void)state;
	static struct sides s;
	struct fixture *x = fixture_new(6, POOL);
	begin(&s, 0x0301);
	add_data(&s.client, &s.client_border);
	fixture_feed(x, 1, s.client.at, s.client.n, 0);
	assert_int_equal(fixture_feed(x, 0, s.client.at, s.client.n, 0), 0);
	fixture_free(x);
}

/* Nor does a server that sends back what it gets say a hello of its own. */
static void an_echo(void **state)
{
	(void)state;
	static struct sides s;
	static struct wire both;
	struct fixture *x = fixture_new(6, POOL);
	begin(&s, 0x0301);
	both.n = 0;
	wire_put(&both, s.client.at, s.client.n);
	wire_put(&both, s.server.at, s.server.n);
	fixture_feed(x, 0, both.at, both.n, 0);
	fixture_feed(x, 1, both.at, both.n, 0);
	both.n = 0;
	wire_hex(&both, DATA DATA);
	assert_int_equal(fixture_feed(x, 0, both.at, both.n, 0), 0);
	assert_int_equal(fixture_feed(x, 1, both.at, both.n, 0), 0);
	fixture_free(x);
}

/* In the middle of what is not understood anyone may write a hello; a parser that follows knows. */
static void upgrades(void **state)
{
	(void)state;
	static const struct {
		const char *client[3], *server[3]; /* the server's come after the client's; NULL: no more */
		bool known;
	} talk[] = {
		{ { "", "EHLO me\r\n", "STARTTLS\r\n" },
		  { "220 mail.example ESMTP\r\n", "250 STARTTLS\r\n", "220 go ahead\r\n" }, true },
		{ { "", "AUTH TLS\r\n" }, { "220 ftp.example FTP\r\n", "234 go ahead\r\n" }, true },
		{ { "CONNECT www.example:443 HTTP/1.1\r\nHost: www.example\r\n\r\n" },
		  { "HTTP/1.1 200 Connection established\r\n\r\n" }, true },
		{ { "<stream:stream>", "<starttls/>" }, { "<stream:features/>", "<proceed/>" }, false },
		{ { "", ". STARTTLS\r\n" }, { "* OK IMAP4rev1\r\n", ". OK begin\r\n" }, false },
	};
	static struct sides s;
	begin(&s, 0x0301);
	add_data(&s.client, &s.client_border);
	add_data(&s.server, &s.server_border);
	size_t client = s.client.n - s.client_border, server = s.server.n - s.server_border;
	for (unsigned i = 0; i < 2 * sizeof talk / sizeof *talk; i++) {
		bool all = i & 1, sealed = all || talk[i / 2].known;
		struct fixture *x = fixture_new_as(6, POOL, all);
		for (unsigned k = 0; k < 3 && talk[i / 2].client[k]; k++) {
			fixture_feed(x, 0, talk[i / 2].client[k], strlen(talk[i / 2].client[k]), 0);
			fixture_feed(x, 1, talk[i / 2].server[k], strlen(talk[i / 2].server[k]), 0);
		}
		assert_int_equal(fixture_feed(x, 0, s.client.at, s.hello, 0), 0);
		assert_int_equal(fixture_feed(x, 1, s.server.at, s.server.n, 0), sealed ? server : 0);
		size_t encrypted = fixture_feed(x, 0, s.client.at + s.hello, s.client.n - s.hello, 0);
		assert_int_equal(encrypted, sealed ? client : 0);
		fixture_free(x);
	}
}

/* RFC 8446, section 2.3: early data comes before the server said anything. */
static void early_data(void **state)
{
	(void)state;
	static struct wire client, server, more;
	struct fixture *x = fixture_new(6, POOL);
	client.n = server.n = more.n = 0;
	add_record(&client, RFC8448_CLIENT_HELLO);
	wire_hex(&client, "14 0303 0001 01" DATA);
	add_record(&server, RFC8448_SERVER_HELLO);
	wire_hex(&more, DATA DATA);
	assert_int_equal(fixture_feed(x, 0, client.at, client.n, 0), 0);
	assert_int_equal(fixture_feed(x, 1, server.at, server.n, 0), 0);
	assert_int_equal(fixture_feed(x, 0, more.at, more.n, 0), more.n - 5);
	fixture_free(x);
}

/* What was encrypted stays so. So is the other side then, if it has lost its way. */
static void gaps(void **state)
{
	(void)state;
	static struct sides s;
	struct fixture *x = fixture_new(6, POOL);
	begin(&s, 0x0301);
	wire_hex(&s.client, "14 0303 0001 01" FINISHED);
	add_data(&s.server, &s.server_border);
	fixture_feed(x, 0, s.client.at, s.client.n, 0);
	assert_int_equal(fixture_feed(x, 0, "somewhere in a record", 21, 1000), 0);
	assert_int_equal(fixture_feed(x, 1, s.server.at, s.server.n, 0), s.server.n - s.server_border);
	assert_int_equal(fixture_feed(x, 1, "somewhere in a record", 21, 1000), 21);
	assert_int_equal(fixture_feed(x, 1, "and in its middle", 17, 0), 17);
	/* after the handshake a segment that begins with a record goes on as without a gap */
	static struct wire data;
	data.n = 0;
	wire_hex(&data, DATA);
	fixture_again(x);
	fixture_feed(x, 0, s.client.at, s.client.n, 0);
	fixture_feed(x, 1, s.server.at, 80, 0);
	assert_int_equal(fixture_feed(x, 0, data.at, data.n, 1000), 0); /* no word of the server yet */
	fixture_again(x);
	fixture_feed(x, 0, s.client.at, s.client.n, 0);
	fixture_feed(x, 1, s.server.at, s.server_border - 5, 0);
	assert_int_equal(fixture_feed(x, 0, data.at, data.n, 1000), data.n - 5);
	/* and an encrypted message that looks like half a hello is none */
	static struct wire message;
	message.n = 0;
	wire_hex(&message, "16 0303 0010 02007fff aaaaaaaaaaaaaaaaaaaaaaaa" DATA);
	fixture_again(x);
	fixture_feed(x, 0, s.client.at, s.client.n, 0);
	fixture_feed(x, 1, s.server.at, s.server_border - 5, 0);
	uint64_t hellos = fixture_count(x, SL_COUNT_TLS_HELLOS);
	assert_int_equal(fixture_feed(x, 0, message.at, message.n, 1000), data.n - 5);
	assert_int_equal(fixture_count(x, SL_COUNT_TLS_HELLOS), hellos);
	/* the other side is encrypted, and this one does not know where it is */
	fixture_again(x);
	fixture_feed(x, 0, s.client.at, s.client.n, 0);
	fixture_feed(x, 1, s.server.at, s.server.n, 0);
	assert_int_equal(fixture_feed(x, 0, "somewhere in a record", 21, 1000), 21);
	fixture_free(x);
}

/* Behind a proxy's own TLS, say: the clear hello is looked at, and what follows it is encrypted again. */
static void a_handshake_again(void **state)
{
	(void)state;
	static struct sides s;
	struct fixture *x = fixture_new(6, POOL);
	begin(&s, 0x0301);
	add_data(&s.client, &s.client_border);
	add_data(&s.server, &s.server_border);
	for (unsigned again = 0; again < 3; again++) {
		assert_int_equal(fixture_feed(x, 0, s.client.at, s.hello, 0), 0);
		assert_int_equal(fixture_feed(x, 1, s.server.at, s.server.n, 0), s.server.n - s.server_border);
		assert_int_equal(fixture_feed(x, 0, s.client.at + s.hello, s.client.n - s.hello, 0),
				 s.client.n - s.client_border);
	}
	assert_int_equal(fixture_count(x, SL_COUNT_TLS_HELLOS), 6);
	fixture_free(x);
}

/* RFC 4253, sections 7.3 and 12: behind NEWKEYS, which is the last in the clear. */
static void ssh(void **state)
{
	(void)state;
	static struct sides s;
	s.client.n = s.server.n = 0;
	wire_text(&s.client, "SSH-2.0-one\r\n");
	wire_text(&s.server, "SSH-2.0-two\r\n");
	static const char packets[] =
		"0000 0044 05 14 00112233445566778899aabbccddeeff 00000000 00000000 00000000 00000000 00000000"
		" 00000000 00000000 00000000 00000000 00000000 00 00000000 0000000000"
		"0000 000c 04 1e 010203040506 00000000"  /* KEXDH_INIT */
		"0000 000c 0a 15 00000000000000000000";   /* NEWKEYS */
	wire_hex(&s.client, packets);
	wire_hex(&s.server, packets);
	s.client_border = s.client.n;
	s.server_border = s.server.n;
	wire_text(&s.client, "\x01\x02\x03 encrypted: SSH-2.0-");
	wire_text(&s.server, "encrypted, and longer");
	for (unsigned all = 0; all < 2; all++) {
		struct fixture *x = fixture_new_as(6, POOL, all);
		for (size_t first = 1; first < s.client.n; first++)
			for (size_t step = 1; step < 200; step += 66) {
				fixture_again(x);
				fixture_feed(x, 0, s.client.at, 13, 0);
				struct wire rest = s.client;
				rest.n -= 13;
				memmove(rest.at, rest.at + 13, rest.n);
				assert_int_equal(feed_in_steps(x, 1, &s.server, first, step), s.server_border);
				assert_int_equal(feed_in_steps(x, 0, &rest, first, step), s.client_border - 13);
				fixture_again(x); /* one side alone */
				assert_int_equal(feed_in_steps(x, 0, &s.client, first, step),
						 all ? s.client_border : s.client.n);
			}
		fixture_free(x);
	}
}

/* What comes behind a hole after the offer begins nothing anew, whatever it looks like. */
static void ssh_gap(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	wire_text(&w, "SSH-2.0-one\r\n");
	wire_hex(&w, "0000 0044 05 14 00112233445566778899aabbccddeeff 00000000 00000000 00000000 00000000"
		     " 00000000 00000000 00000000 00000000 00000000 00000000 00 00000000 0000000000");
	fixture_feed(x, 0, w.at, w.n, 0);
	size_t n = x->n;
	assert_true(n > 0);
	assert_int_equal(fixture_feed(x, 0, "SSH-2.0-other\r\n", 15, 1000), 0);
	assert_int_equal(x->n, n);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_13), cmocka_unit_test(before_13), cmocka_unit_test(hello_of_sslv2),
		cmocka_unit_test(no_data),
		cmocka_unit_test(one_end_alone), cmocka_unit_test(two_clients), cmocka_unit_test(an_echo),
		cmocka_unit_test(upgrades),
		cmocka_unit_test(early_data), cmocka_unit_test(gaps), cmocka_unit_test(a_handshake_again),
		cmocka_unit_test(ssh), cmocka_unit_test(ssh_gap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
