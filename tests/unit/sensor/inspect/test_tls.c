/* TLS: hellos and flights over records and segments cut anywhere. */
#include "tls_hello.h"

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
		cmocka_unit_test(an_old_hello),
		cmocka_unit_test(no_name),
		cmocka_unit_test(an_encrypted_hello),
		cmocka_unit_test(as_in_rfc_8448),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
