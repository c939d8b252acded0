/* Certificates: what libcrypto's own tool says of them, names of every kind, and DER that lies. */
#include "tls_bytes.h"

enum { POOL = 1 << 20 };

/* An element of DER around what was written since `start`. */
static void wrap(struct wire *w, size_t start, unsigned tag)
{
	size_t len = w->n - start;
	uint8_t head[4] = { (uint8_t)tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len };
	wire_hex(w, "00000000");
	memmove(w->at + start + sizeof head, w->at + start, len);
	memcpy(w->at + start, head, sizeof head);
}

/* A certificate with this issuer (hex of its RDNs), an empty subject and these GeneralNames. */
static void certificate(struct wire *w, const char *issuer, const struct wire *names)
{
	size_t all = w->n;
	wire_hex(w, "a003020102 0201 07 3000");
	size_t name = w->n;
	wire_hex(w, issuer);
	wrap(w, name, 0x30);
	wire_hex(w, "3000 3000 3000");
	if (names) {
		size_t list = w->n;
		wire_hex(w, "3009 0603551d13 0402 3000"); /* basicConstraints */
		size_t one = w->n;
		wire_hex(w, "0603551d11 0101ff");
		size_t value = w->n;
		wire_put(w, names->at, names->n);
		wrap(w, value, 0x30);
		wrap(w, value, 0x04);
		wrap(w, one, 0x30);
		wrap(w, list, 0x30);
		wrap(w, list, 0xa3);
	}
	wrap(w, all, 0x30);
	wire_hex(w, "3000 0301 00");
	wrap(w, all, 0x30);
}

/* As the only one of a server's chain. */
static void feed(struct fixture *x, const struct wire *der)
{
	static struct wire message, w;
	message.n = w.n = 0;
	wire_hex(&message, "0b 00");
	wire_u16(&message, (unsigned)der->n + 6);
	wire_hex(&message, "00");
	wire_u16(&message, (unsigned)der->n + 3);
	wire_hex(&message, "00");
	wire_u16(&message, (unsigned)der->n);
	wire_put(&message, der->at, der->n);
	tls_records(&w, &message, 16384);
	fixture_again(x);
	fixture_feed(x, 1, w.at, w.n, 0);
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;
	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

static void as_openssl_says(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	wire_hex(&w, OWN_CERTIFICATE);
	feed(x, &w);
	assert_string_equal(x->record, OWN_CERTIFICATE_RECORD);
	w.n = 0;
	wire_hex(&w, RFC8448_CERTIFICATE);
	feed(x, &w);
	assert_string_equal(x->record, RFC8448_CERTIFICATE_RECORD);
	fixture_free(x);
}

/* Strings of two and four bytes, several attributes in one, a value that is no string, an unknown
 * type. */
static void names_of_every_form(void **state)
{
	(void)state;
	static const struct {
		const char *rdns, *text;
	} cases[] = {
		{ "310d300b 0603550403 1e04 00e9 20ac", "tls.cert_issuer=CN=\xc3\xa9\xe2\x82\xac\n" },
		{ "310d300b 0603550403 1c04 0001f600", "tls.cert_issuer=CN=\xf0\x9f\x98\x80\n" },
		{ "3112 3007 0603550406 1300 3007 060355040b 1400", "tls.cert_issuer=C= + OU=\n" },
		{ "310a3008 0603550405 020105", "tls.cert_issuer=serialNumber=05\n" },
		{ "310a3008 0603813403 130178", "tls.cert_issuer=2.100.3=x\n" },
		{ "31133011 060a0992268993f22c640119 130378 2c 79", "tls.cert_issuer=DC=x,y\n" },
	};
	struct fixture *x = fixture_new(6, POOL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		static struct wire w;
		w.n = 0;
		certificate(&w, cases[i].rdns, NULL);
		feed(x, &w);
		assert_non_null(strstr(x->record, cases[i].text));
		assert_non_null(strstr(x->record, "tls.cert_serial=07\n"));
		assert_null(strstr(x->record, "tls.cert_subject"));
	}
	fixture_free(x);
}

/* More than a transaction holds: each name once, and the certificate's values with each lot. */
static void a_thousand_names(void **state)
{
	(void)state;
	static struct wire names, w;
	struct fixture *x = fixture_new(6, POOL);
	names.n = w.n = 0;
	for (unsigned i = 0; i < 1000; i++) {
		char name[16];
		snprintf(name, sizeof name, "n%03u.example", i);
		wire_hex(&names, "820c");
		wire_text(&names, name);
	}
	certificate(&w, "310a3008 0603550403 130178", &names);
	feed(x, &w);
	assert_int_equal(count_of(x->record, "tls.subjectaltname=n"), 1000);
	assert_non_null(strstr(x->record, "=n000.example\n"));
	assert_non_null(strstr(x->record, "=n999.example\n"));
	assert_int_equal(count_of(x->record, "tls.cert_issuer=CN=x\n"), 5);
	assert_int_equal(count_of(x->record, "tls.cert_fingerprint="), 5);
	assert_int_equal(fixture_count(x, SL_COUNT_VALUES_LEFT_OUT), 0);
	fixture_free(x);
}

static void too_many_names(void **state)
{
	(void)state;
	static struct wire names, w;
	struct fixture *x = fixture_new(6, POOL);
	names.n = w.n = 0;
	for (unsigned i = 0; i < 5000; i++)
		wire_hex(&names, "820161");
	certificate(&w, "", &names);
	feed(x, &w);
	assert_int_equal(count_of(x->record, "tls.subjectaltname=a\n"), 4096);
	assert_int_equal(fixture_count(x, SL_COUNT_VALUES_LEFT_OUT), 1);
	fixture_free(x);
}

/* Whatever it is, it has its digests. */
static void no_certificate_at_all(void **state)
{
	(void)state;
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	wire_hex(&w, "30 84 ffffffff 0000000000");
	feed(x, &w);
	assert_int_equal(count_of(x->record, "tls.cert_fingerprint="), 1);
	assert_int_equal(count_of(x->record, "\n"), 3);
	fixture_free(x);
}

/* Every byte set to what is wrong in a length or a tag, and every cut: nothing is read beyond, and the
 * digests are there. */
static void der_that_lies(void **state)
{
	(void)state;
	static const uint8_t values[] = { 0, 1, 0x1f, 0x7f, 0x80, 0x84, 0xff };
	static struct wire w;
	struct fixture *x = fixture_new(6, POOL);
	w.n = 0;
	wire_hex(&w, OWN_CERTIFICATE);
	for (size_t i = 1; i < w.n; i++)
		for (size_t v = 0; v < sizeof values; v++) {
			uint8_t was = w.at[i];
			w.at[i] = values[v];
			feed(x, &w);
			assert_int_equal(count_of(x->record, "tls.cert_sha256="), 1);
			assert_true(x->n < 4000);
			w.at[i] = was;
		}
	for (size_t n = w.n; n; n--) {
		w.n = n;
		feed(x, &w);
		assert_int_equal(count_of(x->record, "tls.cert_sha256="), 1);
	}
	fixture_free(x);
}

static void a_very_long_name(void **state)
{
	(void)state;
	static struct wire w, inner;
	struct fixture *x = fixture_new(6, POOL);
	w.n = inner.n = 0;
	char hex[20001];
	memset(hex, '6', sizeof hex - 1);
	hex[sizeof hex - 1] = '\0';
	static char rdn[20100];
	snprintf(rdn, sizeof rdn, "3182271d 30822719 0603550403 13822710%s", hex);
	certificate(&w, rdn, NULL);
	feed(x, &w);
	const char *value = strstr(x->record, "tls.cert_issuer=CN=f");
	assert_non_null(value);
	assert_int_equal(strcspn(value, "\n"), strlen("tls.cert_issuer=") + 4096);
	assert_int_equal(fixture_count(x, SL_COUNT_VALUES_LEFT_OUT), 1);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_openssl_says),  cmocka_unit_test(names_of_every_form),
		cmocka_unit_test(a_thousand_names), cmocka_unit_test(too_many_names),
		cmocka_unit_test(der_that_lies),    cmocka_unit_test(no_certificate_at_all),
		cmocka_unit_test(a_very_long_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
