/* OpenVPN's control channel over UDP and TCP, with and without an HMAC; packets lost, late and doubled. */
#include "tls_bytes.h"

enum { POOL = 1 << 20, CLIENT_RESET = 7, SERVER_RESET = 8, SOFT_RESET = 3, CONTROL = 4, ACK = 5, DATA = 9 };

/* A packet; hmac: how many bytes of it. */
static void packet(struct wire *w, unsigned op, unsigned key, size_t hmac, unsigned acks, unsigned number,
		   const void *tls, size_t n)
{
	static uint8_t replay;
	wire_u8(w, op << 3 | key);
	wire_text(w, "SESSION1");
	for (size_t i = 0; i < hmac; i++)
		wire_u8(w, 0xa0 + (unsigned)i);
	if (hmac) {
		wire_u32(w, ++replay ? replay : ++replay);
		wire_u32(w, 0x5e3e7b98);
	}
	wire_u8(w, acks);
	for (unsigned i = 0; i < acks; i++)
		wire_u32(w, i);
	if (acks)
		wire_text(w, "SESSION2");
	if (op != ACK)
		wire_u32(w, number);
	wire_put(w, tls, n);
}

static void send(struct fixture *x, unsigned side, unsigned op, unsigned key, size_t hmac, unsigned acks,
		 unsigned number, const void *tls, size_t n)
{
	static struct wire w;
	w.n = 0;
	packet(&w, op, key, hmac, acks, number, tls, n);
	fixture_feed(x, side, w.at, w.n, 0);
}

static void records_of(struct wire *w, const char *message)
{
	static struct wire m;
	m.n = 0;
	wire_hex(&m, message);
	tls_records(w, &m, 16384);
}

static const size_t hmacs[] = { 0, 16, 20, 28, 32, 48, 64 };
enum { HMACS = sizeof hmacs / sizeof *hmacs };

/* The client's hello in three packets, the server's in one, acknowledgements between. */
static void over_udp(void **state)
{
	(void)state;
	static struct wire client, server;
	struct fixture *x = fixture_new(17, POOL);
	client.n = server.n = 0;
	records_of(&client, RFC8448_CLIENT_HELLO);
	records_of(&server, RFC8448_SERVER_HELLO);
	for (size_t i = 0; i < HMACS; i++) {
		fixture_again(x);
		send(x, 1, CLIENT_RESET, 0, hmacs[i], 0, 0, NULL, 0);
		assert_string_equal(sl_app_text(x->flow.app), "openvpn");
		send(x, 0, SERVER_RESET, 0, hmacs[i], 1, 0, NULL, 0);
		send(x, 1, ACK, 0, hmacs[i], 1, 0, NULL, 0);
		send(x, 1, CONTROL, 0, hmacs[i], 0, 1, client.at, 100);
		send(x, 1, CONTROL, 0, hmacs[i], 0, 2, client.at + 100, 50);
		assert_string_equal(x->record, "");
		send(x, 1, CONTROL, 0, hmacs[i], 0, 3, client.at + 150, client.n - 150);
		assert_string_equal(x->record, RFC8448_CLIENT_RECORD);
		send(x, 0, CONTROL, 0, hmacs[i], 3, 1, server.at, server.n);
		assert_string_equal(x->record, RFC8448_CLIENT_RECORD RFC8448_SERVER_RECORD);
		send(x, 0, DATA, 0, 0, 0, 0, client.at, client.n);
		assert_int_equal(x->flow.client, 1);
	}
	fixture_free(x);
}

/* A byte a packet, every other pair swapped, each sent twice. */
static void out_of_order(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(17, POOL);
	w.n = 0;
	records_of(&w, RFC8448_CLIENT_HELLO);
	wire_hex(&w, "00"); /* an even number of bytes: one of the next record */
	send(x, 0, CLIENT_RESET, 0, 20, 0, 0, NULL, 0);
	for (unsigned i = 0; i + 1 < w.n; i += 2)
		for (unsigned twice = 0; twice < 2; twice++) {
			send(x, 0, CONTROL, 0, 20, 0, i + 2, w.at + i + 1, 1);
			send(x, 0, CONTROL, 0, 20, 0, i + 1, w.at + i, 1);
		}
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD);
	/* eight early, the last first */
	fixture_again(x);
	send(x, 0, CLIENT_RESET, 0, 20, 0, 0, NULL, 0);
	for (unsigned i = 8; i < 9; i--)
		send(x, 0, CONTROL, 0, 20, 0, i + 1, w.at + i * 20, i == 8 ? w.n - 160 : 20);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD);
	fixture_free(x);
}

/* Keys are negotiated anew under another number. */
static void new_keys(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(17, POOL);
	w.n = 0;
	records_of(&w, RFC8448_CLIENT_HELLO);
	send(x, 0, CLIENT_RESET, 0, 0, 0, 0, NULL, 0);
	send(x, 0, CONTROL, 0, 0, 0, 1, w.at, w.n);
	send(x, 0, CONTROL, 0, 0, 0, 1, w.at, w.n);
	send(x, 0, CONTROL, 1, 0, 0, 1, w.at, w.n); /* a key that nobody spoke of */
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD);
	send(x, 0, SOFT_RESET, 1, 0, 0, 0, NULL, 0);
	send(x, 0, CONTROL, 1, 0, 0, 1, w.at, w.n);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD RFC8448_CLIENT_RECORD);
	fixture_free(x);
}

/* Picked up with the hello. */
static void without_a_reset(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(17, POOL);
	w.n = 0;
	records_of(&w, RFC8448_CLIENT_HELLO);
	for (size_t i = 0; i < HMACS; i++) {
		fixture_again(x);
		send(x, 0, CONTROL, 0, hmacs[i], 1, 7, w.at, 100);
		send(x, 0, CONTROL, 0, hmacs[i], 1, 8, w.at + 100, w.n - 100);
		assert_string_equal(x->record, RFC8448_CLIENT_RECORD);
	}
	fixture_free(x);
}

static void framed(struct wire *w, unsigned op, size_t hmac, unsigned acks, unsigned number, const void *tls,
		   size_t n)
{
	size_t at = w->n;
	wire_u16(w, 0);
	packet(w, op, 0, hmac, acks, number, tls, n);
	wire_set16(w, at, (unsigned)(w->n - at - 2));
}

static void over_tcp(void **state)
{
	(void)state;
	static const char *const chain[] = { OWN_CERTIFICATE, RFC8448_CERTIFICATE, NULL };
	static struct wire w, server, message;
	struct fixture *x = fixture_new(6, POOL);
	server.n = message.n = 0;
	records_of(&server, RFC8448_SERVER_HELLO);
	tls_certificates(&message, chain);
	tls_records(&server, &message, 900);
	for (size_t i = 0; i < HMACS; i += 2) {
		w.n = 0;
		framed(&w, SERVER_RESET, hmacs[i], 1, 0, NULL, 0);
		framed(&w, ACK, hmacs[i], 1, 0, NULL, 0);
		for (unsigned at = 0, number = 1; at < server.n; at += 150, number++)
			framed(&w, CONTROL, hmacs[i], 0, number, server.at + at,
			       server.n - at < 150 ? server.n - at : 150);
		size_t data = w.n;
		framed(&w, DATA, 0, 0, 0, server.at, 300);
		w.at[data + 2] = DATA << 3;
		fixture_every_split(x, 1, w.at, w.n,
				    RFC8448_SERVER_RECORD OWN_CERTIFICATE_RECORD RFC8448_CERTIFICATE_RECORD);
	}
	assert_string_equal(sl_app_text(x->flow.app), "openvpn");
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

static void what_is_no_openvpn(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"38 0102030405060708 00 00000001",                          /* not the first packet */
		"38 0102030405060708 01 00000000",                          /* acks, cut */
		"38 0102030405060708 00 00000000 00",                       /* a byte too many */
		"39 0102030405060708 00 00000000",                          /* another key */
		"20 0102030405060708 00 00000001 170303001001020304050607", /* no hello */
		"50 0102030405060708 00 00000000",
		"38 0102030405060708 a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3 00000000 5e3e7b98 00 00000000",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fixture *x = fixture_new(17, POOL);
		struct wire w = { .n = 0 };
		wire_hex(&w, bad[i]);
		fixture_feed(x, 0, w.at, w.n, 0);
		assert_string_equal(x->record, "");
		assert_int_equal(x->flow.app, SL_APP_NONE);
		fixture_free(x);
	}
}

/* A message that never ends, and packets that never are next: bounded, and counted as nothing read. */
static void without_end(void **state)
{
	(void)state;
	static struct wire w;
	static uint8_t zeros[1000];
	struct fixture *x = fixture_new(17, POOL);
	w.n = 0;
	wire_hex(&w, "16 0303 4000 01 ffffff 0303");
	send(x, 0, CLIENT_RESET, 0, 0, 0, 0, NULL, 0);
	send(x, 0, CONTROL, 0, 0, 0, 1, w.at, w.n);
	for (unsigned i = 3; i < 300; i++)
		send(x, 0, CONTROL, 0, 0, 0, i, zeros, sizeof zeros);
	assert_true(sl_inspect_held(x->inspect) < 20000);
	for (unsigned i = 2; i < 300; i++)
		send(x, 0, CONTROL, 0, 0, 0, i, zeros, sizeof zeros);
	assert_true(sl_inspect_held(x->inspect) < 150000);
	assert_null(strstr(x->record, "="));
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_udp),    cmocka_unit_test(out_of_order),
		cmocka_unit_test(new_keys),    cmocka_unit_test(without_a_reset),
		cmocka_unit_test(over_tcp),    cmocka_unit_test(what_is_no_openvpn),
		cmocka_unit_test(without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
