/* TLS: ClientHellos built by hand (RFC 8446, section 4.1.2), over records and segments cut
 * anywhere. */
#include "tls_bytes.h"
#include <time.h>

enum { POOL = 1 << 20 };
#define RECORD                                                                                            \
	"tls.version=TLS 1.3\nja3.hash=8ed886470a925283d61853f7a003322a\n"                               \
	"ja4.hash=t13d020300_62ed6f6ca7ad_a56c5b993250\ntls.sni=Host.example\n--\n"

static void close_u16(struct wire *w, size_t at)
{
	wire_set16(w, at, (unsigned)(w->n - at - 2));
}

/* The handshake message. sni: NULL leaves the extension out. `size`: bytes of an extension in
 * front. */
static void hello(struct wire *w, unsigned type, const char *sni, size_t size)
{
	w->n = 0;
	wire_u8(w, type);
	wire_u8(w, 0);
	wire_u16(w, 0);
	wire_u16(w, 0x0303);
	for (unsigned i = 0; i < 32; i++)
		wire_u8(w, i);
	wire_hex(w, "04 aabbccdd"            /* session */
		    "0004 1301 1302 01 00"); /* cipher suites, compression */
	size_t all = w->n;
	wire_u16(w, 0);
	wire_u16(w, 51); /* key share: post-quantum ones are long */
	wire_u16(w, (unsigned)size);
	for (size_t i = 0; i < size; i++)
		wire_u8(w, (unsigned)i);
	if (sni) {
		wire_u16(w, 0);
		size_t extension = w->n;
		wire_u16(w, 0);
		size_t list = w->n;
		wire_u16(w, 0);
		wire_u8(w, 0);
		wire_u16(w, (unsigned)strlen(sni));
		wire_text(w, sni);
		close_u16(w, list);
		close_u16(w, extension);
	}
	wire_hex(w, "002b 0003 02 0304");
	close_u16(w, all);
	wire_set16(w, 2, (unsigned)(w->n - 4));
}

/* Records of at most `most` bytes each. */
static void records(struct wire *out, const struct wire *message, size_t most)
{
	out->n = 0;
	tls_records(out, message, most);
}

/* Another message behind, from hex. */
static void add_record(struct wire *out, const char *message)
{
	static struct wire w;
	w.n = 0;
	wire_hex(&w, message);
	tls_records(out, &w, 16384);
}

static void however_it_is_cut(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, "Host.example", 5);
	static const size_t sizes[] = { 20000, 100, 50, 7, 1 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		records(&w, &message, sizes[i]);
		fixture_every_split(x, 0, w.at, w.n, RECORD);
	}
	assert_string_equal(sl_app_text(x->flow.app), "tls");
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

static void large_hello(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, "Host.example", 30000);
	records(&w, &message, 16384);
	for (size_t step = 1000; step < 20000; step += 1777) {
		fixture_again(x);
		for (size_t i = 0; i < w.n; i += step)
			fixture_feed(x, 0, w.at + i, w.n - i < step ? w.n - i : step, false);
		assert_string_equal(x->record, RECORD);
	}
	fixture_free(x);
}

/* TLS 1.2: what follows ChangeCipherSpec is not looked at, whatever it looks like. */
static void what_follows_is_encrypted(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, "Host.example", 5);
	records(&w, &message, 16384);
	wire_hex(&w, "16 0303 0005 10 000001 aa" /* ClientKeyExchange */
		     "14 0303 0001 01"
		     "16 0303 0028 00 00000000 00000000 0000000000000000000000000000000000000000000000000000000000"
		     "0000");
	wire_hex(&w, "17 0303 0003 010203");
	fixture_every_split(x, 0, w.at, w.n, RECORD);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	fixture_free(x);
}

/* RFC 8446, section 4.1.4 and appendix D.4: a hello again after HelloRetryRequest, early data before. */
static void two_hellos(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	wire_hex(&w, "14 0303 0001 01"
		     "17 0303 0004 01020304"
		     "17 0303 0000");
	hello(&message, 1, "Host.example", 5);
	tls_records(&w, &message, 50);
	wire_hex(&w, "17 0303 0002 1603");
	fixture_every_split(x, 0, w.at, w.n, RFC8448_CLIENT_RECORD RECORD);
	fixture_free(x);
}

/* Several messages in a record, the certificates, ChangeCipherSpec: TLS 1.2. */
static void a_servers_flight(void **state)
{
	(void)state;
	static const char *const chain[] = { OWN_CERTIFICATE, RFC8448_CERTIFICATE, NULL };
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	message.n = w.n = 0;
	/* TLS 1.2, 0xc02f, renegotiation_info, ALPN h2 */
	wire_hex(&message, "02 000038 0303 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00 c02f 00"
			   "000e ff01 0001 00 0010 0005 0003 02 6832");
	message.at[3] = (uint8_t)(message.n - 4);
	tls_certificates(&message, chain);
	wire_hex(&message, "0c 000003 aabbcc 0e 000000");
	tls_records(&w, &message, 700);
	wire_hex(&w, "16 0303 0000");
	wire_hex(&w, "14 0303 0001 01 16 0303 0028 aabbccdd");
	fixture_every_split(x, 1, w.at, w.n,
			    "tls.version=TLS 1.2\nja3s.hash=7bee5c1d424b7e5f943b06983bb11422\ntls.alpn=h2\n--\n" OWN_CERTIFICATE_RECORD
			    RFC8448_CERTIFICATE_RECORD);
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

/* A stream that begins with the certificates: the hello was not captured. */
static void certificates_alone(void **state)
{
	(void)state;
	static const char *const chain[] = { RFC8448_CERTIFICATE, OWN_CERTIFICATE, NULL };
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	message.n = w.n = 0;
	tls_certificates(&message, chain);
	tls_records(&w, &message, 16384);
	fixture_every_split(x, 1, w.at, w.n, RFC8448_CERTIFICATE_RECORD OWN_CERTIFICATE_RECORD);
	fixture_free(x);
}

/* After bytes of something else, in a segment of its own, however many there were before. */
static void tls_after_anything(void **state)
{
	(void)state;
	static struct wire w, server;
	struct fixture *x = fixture_new(6, POOL);
	w.n = server.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	add_record(&server, RFC8448_SERVER_HELLO);
	for (unsigned before = 0; before < 12; before++) {
		fixture_again(x);
		for (unsigned i = 0; i < before; i++) {
			fixture_feed(x, 1, "* OK [CAPABILITY]\r\n", 19, 0);
			fixture_feed(x, 0, "a1 STARTTLS\r\n", 13, 0);
		}
		fixture_feed(x, 1, "S", 1, 0); /* as PostgreSQL answers */
		fixture_feed(x, 0, w.at, w.n, 0);
		fixture_feed(x, 1, server.at, server.n, 0);
		assert_string_equal(x->record, RFC8448_CLIENT_RECORD RFC8448_SERVER_RECORD);
	}
	/* a byte a segment */
	fixture_again(x);
	for (unsigned i = 0; i < 10; i++)
		fixture_feed(x, 0, &"a1 STARTTLS\r\n"[i], 1, 0);
	for (size_t i = 0; i < w.n; i++)
		fixture_feed(x, 0, w.at + i, 1, 0);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD);
	/* the client's hello was seen before the server's answer to STARTTLS */
	fixture_again(x);
	fixture_feed(x, 0, w.at, w.n, 0);
	fixture_feed(x, 1, "S", 1, 0);
	fixture_feed(x, 1, server.at, server.n, 0);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD RFC8448_SERVER_RECORD);
	fixture_free(x);
}

/* A gap in what is stepped over is none; one in a hello ends it, and another is found. */
static void gaps(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	size_t hello_n = w.n;
	wire_hex(&w, "15 0303 0010 01020304");
	fixture_feed(x, 0, w.at, w.n, 0);
	hello(&message, 1, "Host.example", 5);
	w.n = 0;
	tls_records(&w, &message, 16384);
	fixture_feed(x, 0, w.at, w.n, 12);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD RECORD);

	fixture_again(x);
	fixture_feed(x, 0, w.at, 60, 0);
	fixture_feed(x, 0, w.at, w.n, hello_n);
	assert_string_equal(x->record, RECORD);
	fixture_free(x);
}

/* RFC 5246, appendix E.2: a version, and TLS goes on behind it. */
static void an_old_hello(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	wire_hex(&w, "802e 01 0301 0015 0000 0010 000004 000005 00000a 010080 0700c0 030080 00002f"
		     "000102030405060708090a0b0c0d0e0f");
	size_t old = w.n;
	add_record(&w, RFC8448_CLIENT_HELLO);
	fixture_every_split(x, 0, w.at, w.n, "tls.version=TLSv1\n--\n" RFC8448_CLIENT_RECORD);
	w.at[6]++; /* lengths that do not add up */
	fixture_again(x);
	fixture_feed(x, 0, w.at, old, 0);
	assert_string_equal(x->record, "");
	assert_int_equal(x->flow.app, SL_APP_NONE);
	fixture_free(x);
}

/* Records of other kinds between and in front, and a message that breaks off. */
static void a_message_broken_off(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	w.at[8]++; /* it would be a byte longer */
	wire_hex(&w, "15 0303 0002 0228");
	add_record(&w, RFC8448_CLIENT_HELLO);
	fixture_every_split(x, 0, w.at, w.n, RFC8448_CLIENT_RECORD RFC8448_CLIENT_RECORD);
	fixture_free(x);
}

/* Nonsense where a message should go on: what there was of it, once, and what follows is found again. */
static void nonsense_in_a_message(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	w.at[8]++;
	wire_text(&w, "no record at all");
	fixture_every_split(x, 0, w.at, w.n, RFC8448_CLIENT_RECORD);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	fixture_again(x);
	fixture_feed(x, 0, w.at, 150, 0);
	fixture_feed(x, 0, "in the middle of it", 19, 0);
	fixture_feed(x, 0, "something that fills the rest of the record, and more", 53, 0);
	x->n = 0;
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD);
	fixture_free(x);
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void many_empty_records(void **state)
{
	(void)state;
	static struct wire w;
	static uint8_t empty[65535 * 5];
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	for (size_t i = 0; i < sizeof empty; i += 5)
		memcpy(empty + i, "\x16\x03\x03\0\0", 5);
	double start = seconds();
	fixture_feed(x, 0, w.at, w.n, 0);
	for (size_t i = 0; i < sizeof empty; i += 1000)
		fixture_feed(x, 0, empty + i, sizeof empty - i < 1000 ? sizeof empty - i : 1000, 0);
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_true(seconds() - start < 2);
	assert_string_equal(x->record, RFC8448_CLIENT_RECORD RFC8448_CLIENT_RECORD);
	/* within a message too, up to the bound */
	fixture_again(x);
	start = seconds();
	fixture_feed(x, 0, w.at, 30, 0);
	for (size_t i = 0; i < sizeof empty; i += 1000)
		fixture_feed(x, 0, empty + i, sizeof empty - i < 1000 ? sizeof empty - i : 1000, 0);
	assert_true(seconds() - start < 2);
	assert_true(x->n < 100);
	fixture_free(x);
}

/* A chain as long as a message may be is read as far as the bound goes, each certificate once. */
static void a_thousand_certificates(void **state)
{
	(void)state;
	static struct wire certificate, w;
	struct fixture *x = fixture_new(6, POOL);
	certificate.n = w.n = 0;
	wire_hex(&certificate, RFC8448_CERTIFICATE);
	wire_hex(&w, "0b 0699b8 0699b5"); /* 1000 of 432 bytes and their lengths, and a byte */
	double start = seconds();
	size_t in_record = 0, sent = 0;
	for (unsigned i = 0; i < 1000; i++) {
		wire_hex(&w, "000001b0");
		w.n--;
		w.at[w.n - 3] = 0, w.at[w.n - 2] = 1, w.at[w.n - 1] = 0xb0;
		wire_put(&w, certificate.at, certificate.n);
		if (w.n < 15000 && i != 999)
			continue;
		static struct wire out;
		out.n = 0;
		wire_hex(&out, "16 0303");
		wire_u16(&out, (unsigned)w.n);
		wire_put(&out, w.at, w.n);
		fixture_feed(x, 1, out.at, out.n, 0);
		sent += w.n;
		w.n = 0;
		in_record++;
	}
	assert_true(seconds() - start < 2);
	assert_true(in_record > 20 && sent > 400000);
	assert_int_equal(fixture_count(x, SL_COUNT_TLS_HELLOS), (65512 - 9) / 435);
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	/* behind it all is as it was */
	x->n = 0;
	w.n = 0;
	add_record(&w, RFC8448_SERVER_HELLO);
	fixture_feed(x, 1, w.at, w.n, 0);
	assert_string_equal(x->record, RFC8448_SERVER_RECORD);
	fixture_free(x);
}

static void no_name(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, NULL, 5);
	records(&w, &message, 16384);
	fixture_feed(x, 1, w.at, w.n, false);
	assert_null(strstr(x->record, "tls.sni"));
	assert_int_equal(fixture_count(x, SL_COUNT_TLS_HELLOS), 1); /* a hello all the same */
	assert_string_equal(sl_app_text(x->flow.app), "tls");
	assert_int_equal(x->flow.client, 1);
	fixture_free(x);
}

/* RFC 9849, section 5: the name is the outer hello's, and marked. */
static void an_encrypted_hello(void **state)
{
	(void)state;
	static const struct {
		const char *extension;
		const char *value; /* NULL: none */
	} c[] = {
		{ "fe0d 0010 00 0001 0001 07 0002 aabb 0004 01020304", "tls.ech=outer\ntls.sni=a.example\n" },
		{ "fe0d 0001 01", "tls.ech=inner\ntls.sni=a.example\n" },
		{ "fe0d 0001 02", NULL },
		{ "fe0d 0000", NULL },
		{ "fe0d 0010 00 0001 0001 07 0002 aabb 0005 01020304", NULL }, /* lengths that lie */
		{ "fe0d 0011 00 0001 0001 07 0002 aabb 0004 0102030400", NULL },
	};
	static struct wire message, w;
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		struct fixture *x = fixture_new(6, POOL);
		hello(&message, 1, "a.example", 5);
		wire_hex(&message, c[i].extension);
		wire_set16(&message, 2, (unsigned)(message.n - 4));
		size_t at = 4 + 2 + 32 + 5 + 6 + 2; /* of the extensions' length */
		wire_set16(&message, at, (unsigned)(message.n - at - 2));
		records(&w, &message, 16384);
		fixture_feed(x, 0, w.at, w.n, 0);
		assert_non_null(strstr(x->record, "tls.sni=a.example"));
		assert_true(c[i].value ? strstr(x->record, c[i].value) != NULL : !strstr(x->record, "tls.ech"));
		fixture_free(x);
	}
}

static void as_in_rfc_8448(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	add_record(&w, RFC8448_CLIENT_HELLO);
	fixture_every_split(x, 0, w.at, w.n, RFC8448_CLIENT_RECORD);
	w.n = 0;
	add_record(&w, RFC8448_SERVER_HELLO);
	wire_hex(&w, "14 0303 0001 01 17 0303 0010 0102030405060708");
	fixture_every_split(x, 1, w.at, w.n, RFC8448_SERVER_RECORD);
	assert_string_equal(sl_app_text(x->flow.app), "tls");
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

static void what_is_no_hello(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"17 0303 0010 01000000",                          /* application data */
		"16 0303 0000 01000000",                          /* an empty record */
		"16 0303 ffff 01000000",                          /* longer than a record may be */
		"16 0305 0010 01000000",                          /* a version there is not */
		"16 0203 0010 01000000", "16 0303 0010 0b000000", /* another message */
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct fixture *x = fixture_new(6, POOL);
		struct wire w = { .n = 0 };
		wire_hex(&w, bad[i]);
		fixture_feed(x, 0, w.at, w.n, false);
		assert_string_equal(x->record, "");
		assert_int_equal(x->flow.app, SL_APP_NONE);
		fixture_free(x);
	}
}

/* Each byte of a hello set to each of some values, and each cut with lengths put right: no read
 * beyond the bytes, nothing that hangs. The name may change; it may not grow. */
static void lengths_that_lie(void **state)
{
	(void)state;
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, "Host.example", 5);
	records(&w, &message, 16384);
	for (size_t i = 0; i < w.n; i++)
		for (size_t v = 0; v < sizeof values; v++) {
			uint8_t was = w.at[i];
			w.at[i] = values[v];
			fixture_again(x);
			fixture_feed(x, 0, w.at, w.n, false);
			assert_true(x->n < 300);
			w.at[i] = was;
		}
	for (size_t n = 1; n < message.n - 4; n++) {
		struct wire cut = message, record;
		cut.n = 4 + n;
		wire_set16(&cut, 2, (unsigned)n);
		records(&record, &cut, 16384);
		fixture_again(x);
		fixture_feed(x, 0, record.at, record.n, false);
		assert_true(n == 47 /* no extensions: a hello */ || x->n == 3 ||
			    strcmp(x->record, "tls.sni=Host.example\n--\n") == 0);
	}
	fixture_free(x);
}

/* A hello that claims sixteen megabytes is read as far as the bound goes. */
static void hello_without_end(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, "Host.example", 5);
	message.at[1] = 0xff;
	records(&w, &message, 16384);
	fixture_feed(x, 0, w.at, w.n, false);
	static const uint8_t more[1005] = { 22, 3, 1, 1000 >> 8, 1000 & 255 };
	for (unsigned i = 0; i < 1000; i++)
		fixture_feed(x, 0, more, sizeof more, false);
	assert_string_equal(x->record, "tls.sni=Host.example\n--\n");
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	fixture_free(x);
}

/* A web server that knows no TLS answers a hello with words: that side is read as what it is. */
static void a_server_answers_in_http(void **state)
{
	(void)state;
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";
	struct fixture *x = fixture_new(6, POOL);
	struct wire w = { .n = 0 };
	add_record(&w, RFC8448_CLIENT_HELLO);
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_non_null(strstr(x->record, "ja3.hash="));
	assert_null(strstr(x->record, "http."));
	fixture_feed(x, 1, answer, sizeof answer - 1, 0);
	assert_non_null(strstr(x->record, "http.stat_code=400\n"));
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(however_it_is_cut),
		cmocka_unit_test(large_hello),
		cmocka_unit_test(what_follows_is_encrypted),
		cmocka_unit_test(two_hellos),
		cmocka_unit_test(a_servers_flight),
		cmocka_unit_test(certificates_alone),
		cmocka_unit_test(tls_after_anything),
		cmocka_unit_test(gaps),
		cmocka_unit_test(an_old_hello),
		cmocka_unit_test(a_message_broken_off),
		cmocka_unit_test(nonsense_in_a_message),
		cmocka_unit_test(many_empty_records),
		cmocka_unit_test(a_thousand_certificates),
		cmocka_unit_test(no_name),
		cmocka_unit_test(an_encrypted_hello), cmocka_unit_test(as_in_rfc_8448),
		cmocka_unit_test(a_server_answers_in_http),
		cmocka_unit_test(what_is_no_hello),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(hello_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
