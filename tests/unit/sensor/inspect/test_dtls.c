/* DTLS: hellos and certificates whole and in fragments (RFC 6347, section 4.2). */
#include "tls_bytes.h"

enum { POOL = 1 << 20, HEADER = 12 };

/* DTLS 1.2, two suites, a name, groups, formats, signatures, ALPN "webrtc"; a cookie where asked for. */
static void hello(struct wire *w, const char *cookie)
{
	w->n = 0;
	wire_hex(w, "fefd 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00");
	wire_hex(w, cookie);
	wire_hex(w, "0004 c02b c02f 01 00 0034"
		    "0000 000c 000a 00 0007 612e6c6f63616c"
		    "000a 0006 0004 001d 0017"
		    "000b 0002 01 00"
		    "000d 0006 0004 0403 0804"
		    "0010 0006 0004 03 777274");
}
#define RECORD                                                                                     \
	"tls.version=DTLS 1.2\nja3.hash=01bfe4f392fbeb3fd4ceed06ff9b62c2\n"                        \
	"ja4.hash=dd2d0205wt_b6f57f3be927_876bcc86782c\ntls.sni=a.local\ntls.alpn=wrt\n--\n"

/* A record with one fragment of a message. */
static void fragment(struct wire *out, unsigned type, unsigned number, const struct wire *body, size_t at,
		     size_t n)
{
	wire_hex(out, "16 feff 0000 000000000001");
	wire_u16(out, (unsigned)(n + HEADER));
	wire_u8(out, type);
	wire_u8(out, 0);
	wire_u16(out, (unsigned)body->n);
	wire_u16(out, number);
	wire_u8(out, 0);
	wire_u16(out, (unsigned)at);
	wire_u8(out, 0);
	wire_u16(out, (unsigned)n);
	wire_put(out, body->at + at, n);
}

static void send(struct fixture *x, unsigned side, unsigned type, unsigned number, const struct wire *body,
		 size_t at, size_t n)
{
	static struct wire w;
	w.n = 0;
	fragment(&w, type, number, body, at, n);
	fixture_feed(x, side, w.at, w.n, 0);
}

static void a_cookie_exchange(void **state)
{
	(void)state;
	static struct wire w, verify;
	struct fixture *x = fixture_new(17, POOL);
	hello(&w, "00");
	send(x, 0, 1, 0, &w, 0, w.n);
	assert_string_equal(x->record, RECORD);
	assert_string_equal(sl_app_text(x->flow.app), "tls");
	verify.n = 0;
	wire_hex(&verify, "feff 14 0102030405060708090a0b0c0d0e0f1011121314");
	send(x, 1, 3, 0, &verify, 0, verify.n);
	hello(&w, "14 0102030405060708090a0b0c0d0e0f1011121314");
	send(x, 0, 1, 1, &w, 0, w.n);
	assert_string_equal(x->record, RECORD RECORD);
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

/* Fragments of every size, in order, in reverse, and each twice; all of them in one datagram. */
static void fragments(void **state)
{
	(void)state;
	static struct wire w, all;
	struct fixture *x = fixture_new(17, POOL);
	hello(&w, "00");
	for (size_t size = 1; size < w.n; size++) {
		fixture_again(x);
		for (size_t at = 0; at < w.n; at += size)
			for (unsigned twice = 0; twice < 2 && (at + size < w.n || !twice); twice++)
				send(x, 0, 1, 0, &w, at, w.n - at < size ? w.n - at : size);
		assert_string_equal(x->record, RECORD);
		fixture_again(x);
		for (size_t at = (w.n - 1) / size * size + size; at > 0; at -= size)
			send(x, 0, 1, 0, &w, at - size, w.n - (at - size) < size ? w.n - (at - size) : size);
		assert_string_equal(x->record, RECORD);
		all.n = 0;
		for (size_t at = 0; at < w.n; at += size)
			fragment(&all, 1, 0, &w, at, w.n - at < size ? w.n - at : size);
		fixture_again(x);
		fixture_feed(x, 0, all.at, all.n, 0);
		assert_string_equal(x->record, RECORD);
	}
	fixture_free(x);
}

/* What came first stays, however later fragments overlap it. */
static void fragments_that_overlap(void **state)
{
	(void)state;
	static struct wire w, other;
	struct fixture *x = fixture_new(17, POOL);
	hello(&w, "00");
	other = w;
	memset(other.at, 0xaa, other.n);
	send(x, 0, 1, 0, &w, 0, 60);
	send(x, 0, 1, 0, &other, 0, 59);
	send(x, 0, 1, 0, &other, 10, 50);
	send(x, 0, 1, 0, &w, 30, w.n - 30);
	assert_string_equal(x->record, RECORD);
	fixture_free(x);
}

/* A server's flight whose messages are interleaved: hello whole, certificate in pieces among others'. */
static void certificates_in_fragments(void **state)
{
	(void)state;
	static const char *const chain[] = { OWN_CERTIFICATE, RFC8448_CERTIFICATE, NULL };
	static struct wire message, body, key;
	struct fixture *x = fixture_new(17, POOL);
	message.n = body.n = key.n = 0;
	tls_certificates(&message, chain);
	wire_put(&body, message.at + 4, message.n - 4);
	wire_hex(&key, "00112233");
	static struct wire hello_body;
	hello_body.n = 0;
	wire_hex(&hello_body, "fefd 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00 c02b 00");
	send(x, 1, 2, 1, &hello_body, 0, hello_body.n);
	assert_int_equal(x->flow.client, 0);
	x->n = 0;
	send(x, 1, 11, 2, &body, 900, body.n - 900);
	send(x, 1, 12, 3, &key, 0, 2);
	send(x, 1, 11, 2, &body, 0, 500);
	send(x, 0, 11, 2, &body, 500, 400); /* the other side's is not this one's */
	assert_int_equal(x->n, 0);
	send(x, 1, 11, 2, &body, 500, 400);
	assert_string_equal(x->record, OWN_CERTIFICATE_RECORD RFC8448_CERTIFICATE_RECORD);
	fixture_free(x);
}

/* The handshake is one transaction, over when the server's records are encrypted. */
static void one_transaction(void **state)
{
	(void)state;
	static struct wire w, answer, sealed;
	struct fixture *x = fixture_new(17, POOL);
	hello(&w, "00");
	send(x, 0, 1, 0, &w, 0, w.n);
	answer.n = sealed.n = 0;
	wire_hex(&answer, "fefd 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00 c02f 00");
	send(x, 1, 2, 0, &answer, 0, answer.n);
	wire_hex(&sealed, "16 fefd 0001 000000000000 0002 aabb");
	fixture_feed(x, 0, sealed.at, sealed.n, 0);
	assert_string_equal(x->txs, "1 1 ");
	fixture_feed(x, 1, sealed.at, sealed.n, 0);
	fixture_feed(x, 1, sealed.at, sealed.n, 0);
	assert_string_equal(x->txs, "1 1 1. ");
	fixture_free(x);
}

/* STUN goes before, for as long as it likes, and between (RFC 7983). */
static void media(void **state)
{
	(void)state;
	static struct wire w, stun, rtp;
	struct fixture *x = fixture_new(17, POOL);
	stun.n = rtp.n = 0;
	wire_hex(&stun, "0001 0000 2112a442 000102030405060708090a0b");
	wire_hex(&rtp, "8060 0001 00000002 00000003 aabb");
	for (unsigned i = 0; i < 20; i++)
		fixture_feed(x, 0, stun.at, stun.n, 0);
	hello(&w, "00");
	send(x, 0, 1, 0, &w, 0, 50);
	for (unsigned i = 0; i < 20; i++)
		fixture_feed(x, 0, i & 1 ? stun.at : rtp.at, i & 1 ? stun.n : rtp.n, 0);
	send(x, 0, 1, 0, &w, 50, w.n - 50);
	assert_string_equal(x->record, RECORD);
	fixture_free(x);
}

/* Fragments of messages that never end: memory is bounded, and comes back. */
static void fragments_without_end(void **state)
{
	(void)state;
	static struct wire w, big;
	struct fixture *x = fixture_new(17, POOL);
	hello(&w, "00");
	big.n = 65000;
	send(x, 0, 1, 0, &w, 0, 20);
	for (unsigned i = 0; i < 60000; i++)
		send(x, i & 1, 11, i, &big, i % 60000, 10);
	assert_true(sl_inspect_held(x->inspect) < 1000);
	assert_true(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG) > 0); /* one alone is more than a flow may hold */
	big.n = 20000;
	for (unsigned i = 0; i < 60000; i++)
		send(x, i & 1, 11, i, &big, i % 10000, 10);
	assert_in_range(sl_inspect_held(x->inspect), 40000, 66 * 1024);
	assert_string_equal(x->record, "");
	hello(&w, "00");
	send(x, 0, 1, 9, &w, 0, w.n);
	assert_string_equal(x->record, RECORD);
	fixture_free(x);
}

static void what_is_no_dtls(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"16 feff 0001 000000000000 0010 01 000004 0000 000000 000004 00112233", /* encrypted */
		"16 feff 0000 000000000000 0011 01 000004 0000 000000 000004 00112233", /* longer than there is */
		"16 feff 0000 000000000000 0010 01 000003 0000 000000 000004 00112233", /* beyond the message */
		"16 feff 0000 000000000000 0010 01 000004 0000 000001 000004 00112233",
		"16 0303 0000 000000000000 0010 01 000004 0000 000000 000004 00112233", /* TLS's version */
		"17 feff 0000 000000000000 0010 01 000004 0000 000000 000004 00112233",
		"16 feff 0000 000000000000 0010 0b 000004 0000 000000 000004 00112233", /* no hello */
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

static void lengths_that_lie(void **state)
{
	(void)state;
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	static struct wire body, w;
	struct fixture *x = fixture_new(17, POOL);
	hello(&body, "00");
	w.n = 0;
	fragment(&w, 1, 0, &body, 0, body.n);
	for (size_t i = 0; i < w.n; i++)
		for (size_t v = 0; v < sizeof values; v++) {
			uint8_t was = w.at[i];
			w.at[i] = values[v];
			fixture_again(x);
			fixture_feed(x, 0, w.at, w.n, 0);
			assert_true(x->n < 400);
			w.at[i] = was;
		}
	for (size_t n = 1; n < w.n; n++) {
		fixture_again(x);
		fixture_feed(x, 0, w.at, n, 0);
		assert_string_equal(x->record, "");
	}
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_exchange),         cmocka_unit_test(fragments),
		cmocka_unit_test(fragments_that_overlap),    cmocka_unit_test(one_transaction), cmocka_unit_test(media),
		cmocka_unit_test(certificates_in_fragments), cmocka_unit_test(fragments_without_end),
		cmocka_unit_test(what_is_no_dtls),           cmocka_unit_test(lengths_that_lie),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
