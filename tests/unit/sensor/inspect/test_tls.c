/* TLS: ClientHellos built by hand (RFC 8446, section 4.1.2), over records and segments cut
 * anywhere. */
#include "fixture.h"

enum { POOL = 1 << 20 };
#define RECORD "tls.sni=Host.example\n--\n"

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
	for (size_t at = 0; at < message->n;) {
		size_t n = message->n - at < most ? message->n - at : most;
		wire_hex(out, "16 0301");
		wire_u16(out, (unsigned)n);
		wire_put(out, message->at + at, n);
		at += n;
	}
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

/* What follows is not looked at, and a second message in the record is not either. */
static void what_follows_is_encrypted(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 1, "Host.example", 5);
	records(&w, &message, 16384);
	size_t n = w.n;
	wire_put(&w, w.at, n);
	fixture_feed(x, 0, w.at, w.n, false);
	fixture_feed(x, 0, w.at, n, false);
	assert_string_equal(x->record, RECORD);
	assert_int_equal(fixture_count(x, SL_COUNT_TLS_HELLOS), 1);
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

static void the_servers_hello(void **state)
{
	(void)state;
	static struct wire message, w;
	struct fixture *x = fixture_new(6, POOL);
	hello(&message, 2, "Host.example", 5);
	records(&w, &message, 16384);
	fixture_every_split(x, 1, w.at, w.n, "");
	assert_string_equal(sl_app_text(x->flow.app), "tls");
	assert_int_equal(fixture_count(x, SL_COUNT_TLS_HELLOS), 0);
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
			assert_true(x->n < 200);
			w.at[i] = was;
		}
	for (size_t n = 1; n < message.n - 4; n++) {
		struct wire cut = message, record;
		cut.n = 4 + n;
		wire_set16(&cut, 2, (unsigned)n);
		records(&record, &cut, 16384);
		fixture_again(x);
		fixture_feed(x, 0, record.at, record.n, false);
		assert_true(x->n == 3 || strcmp(x->record, RECORD) == 0);
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
	assert_string_equal(x->record, RECORD);
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(however_it_is_cut),         cmocka_unit_test(large_hello),
		cmocka_unit_test(what_follows_is_encrypted), cmocka_unit_test(no_name),
		cmocka_unit_test(the_servers_hello),         cmocka_unit_test(what_is_no_hello),
		cmocka_unit_test(lengths_that_lie),          cmocka_unit_test(hello_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
