/* DNS: messages written by hand (RFC 1035), names that try to break a reader, junk. */
#include "fixture.h"
#include <sensor/inspect/parse.h>

static void header(struct wire *w, unsigned flags, unsigned questions, unsigned answers)
{
	w->n = 0;
	wire_u16(w, 0x1234);
	wire_u16(w, flags);
	wire_u16(w, questions);
	wire_u16(w, answers);
	wire_u32(w, 0);
}

static void name(struct wire *w, const char *dotted)
{
	while (*dotted) {
		size_t n = strcspn(dotted, ".");
		wire_u8(w, (unsigned)n);
		wire_put(w, dotted, n);
		dotted += n + (dotted[n] == '.');
	}
	wire_u8(w, 0);
}

static void tail(struct wire *w, unsigned type, unsigned class)
{
	wire_u16(w, type);
	wire_u16(w, class);
}

/* Feeds one datagram and says what came of it; every cut of it must be safe too. */
static void expect(const struct wire *w, const char *record)
{
	struct fixture *x = fixture_new(17, 0);
	fixture_feed(x, 0, w->at, w->n, false);
	assert_string_equal(x->record, record);
	assert_int_equal(fixture_count(x, SL_COUNT_DNS_MESSAGES), *record ? 1 : 0);
	for (size_t n = 0; n < w->n; n++) {
		fixture_again(x);
		fixture_feed(x, 0, w->at, n, false);
	}
	fixture_free(x);
}

static void one_question(void **state)
{
	(void)state;
	struct wire w;
	header(&w, 0x0100, 1, 0);
	name(&w, "www.Evil.example");
	tail(&w, 1, 1);
	expect(&w, "dns.query=www.Evil.example\n--\n");
	for (size_t n = 0; n < w.n; n++) { /* cut anywhere it is no message */
		struct fixture *x = fixture_new(17, 0);
		fixture_feed(x, 0, w.at, n, false);
		assert_string_equal(x->record, "");
		fixture_free(x);
	}
}

static void the_root(void **state)
{
	(void)state;
	struct wire w;
	header(&w, 0x0100, 1, 0);
	name(&w, "");
	tail(&w, 2, 1);
	expect(&w, "dns.query=\n--\n");
}

static void response_proves_the_other_side(void **state)
{
	(void)state;
	struct wire w;
	header(&w, 0x8180, 1, 1);
	name(&w, "a.example");
	tail(&w, 1, 1);
	wire_hex(&w, "c00c 0001 0001 00000e10 0004 c0000201");
	struct fixture *x = fixture_new(17, 0);
	fixture_feed(x, 0, w.at, w.n, false);
	assert_string_equal(x->record, "dns.query=a.example\n--\n");
	assert_int_equal(x->flow.client, 1);
	assert_string_equal(sl_app_text(x->flow.app), "dns");
	fixture_free(x);
	x = fixture_new(17, 0);
	w.at[2] = 1;
	fixture_feed(x, 1, w.at, w.n, false);
	assert_int_equal(x->flow.client, 1); /* a query's sender */
	fixture_free(x);
}

static void several_questions(void **state)
{
	(void)state;
	struct wire w;
	header(&w, 0, 3, 0);
	name(&w, "first.example");
	tail(&w, 12, 0x8001);              /* mDNS: the top bit asks for a unicast answer */
	wire_hex(&w, "056e65787421 c012"); /* a label, then a pointer to "example" */
	tail(&w, 255, 255);
	wire_hex(&w, "c00c"); /* the whole first name */
	tail(&w, 1, 1);
	expect(&w,
	       "dns.query=first.example\ndns.query=next!.example\ndns.query=first.example\n--\n");
	header(&w, 0, 16, 0);
	for (unsigned i = 0; i < 16; i++) {
		name(&w, "x.y");
		tail(&w, 1, 1);
	}
	char want[1024] = "";
	for (unsigned i = 0; i < 16; i++)
		strcat(want, "dns.query=x.y\n");
	expect(&w, strcat(want, "--\n"));
	w.at[5] = 17; /* more than is plausible */
	expect(&w, "");
}

static void pointers_go_backwards(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"c00c",                   /* to itself */
		"c00e",                   /* forwards */
		"c0ff",                   /* beyond the message */
		"ffff",      "0161 c00c", /* a loop through a label */
		"0161 c00e",              /* to its own second half */
		"c00d",                   /* into itself */
		"40",        "80",
		"4161",     /* label types that are none (RFC 6891, section 5) */
		"05616263", /* a label that the message cuts */
		"c0",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct wire w;
		header(&w, 0x0100, 1, 0);
		wire_hex(&w, bad[i]);
		if (i < 10)
			tail(&w, 1, 1);
		expect(&w, "");
	}
}

/* A chain of pointers, each to the one before: read as long as it is short. */
static void chains_of_pointers_end(void **state)
{
	(void)state;
	for (unsigned links = 1; links < 200; links++) {
		struct wire w;
		header(&w, 0x0100, 2, 0);
		wire_u8(&w, 63); /* the first name's label holds the chain's links */
		size_t first = w.n;
		wire_u16(&w, 0x0161);
		wire_u8(&w, 0);
		size_t last = first;
		unsigned made = 0;
		for (; made + 1 < links && w.n + 2 <= first + 63; made++) {
			size_t here = w.n;
			wire_u16(&w, 0xc000 | (unsigned)last);
			last = here;
		}
		while (w.n < first + 63)
			wire_u8(&w, 'x');
		wire_u8(&w, 0);
		tail(&w, 1, 1);
		wire_u16(&w, 0xc000 | (unsigned)last);
		tail(&w, 1, 1);
		struct fixture *x = fixture_new(17, 0);
		fixture_feed(x, 0, w.at, w.n, false);
		assert_int_equal(fixture_count(x, SL_COUNT_DNS_MESSAGES), 1);
		assert_non_null(memmem(x->record, x->n, "\ndns.query=a\n--\n", 16));
		fixture_free(x);
	}
}

/* RFC 1035, section 2.3.4: 255 bytes on the wire, 63 a label. */
static void longest_names(void **state)
{
	(void)state;
	for (unsigned last = 59; last <= 63; last++) {
		struct wire w;
		char text[300] = "", want[400];
		for (unsigned i = 0; i < 4; i++) {
			memset(text + strlen(text), 'a' + (int)i, i < 3 ? 63 : last);
			if (i < 3)
				strcat(text, ".");
		}
		header(&w, 0x0100, 1, 0);
		name(&w, text);
		bool fits = w.n - 12 <= 255;
		tail(&w, 1, 1);
		snprintf(want, sizeof want, "dns.query=%s\n--\n", text);
		expect(&w, fits ? want : "");
		assert_int_equal(fits, last <= 61);
	}
	struct wire w;
	header(&w, 0x0100, 1, 0);
	for (unsigned i = 0; i < 200; i++)
		wire_u16(&w, 0x0161);
	wire_u8(&w, 0);
	tail(&w, 1, 1);
	expect(&w, "");
}

static void implausible_headers(void **state)
{
	(void)state;
	static const struct {
		unsigned flags, questions, answers, type, class;
	} bad[] = {
		{ 0x0100, 0, 0, 1, 1 },   { 0x0100, 0, 1, 1, 1 }, /* a query without a question */
		{ 0x1900, 1, 0, 1, 1 },                           /* operation 3 */
		{ 0x7900, 1, 0, 1, 1 },   { 0x0140, 1, 0, 1, 1 }, /* the bit that must be zero */
		{ 0x0100, 1, 600, 1, 1 }, { 0x0100, 1, 0, 0, 1 },
		{ 0x0100, 1, 0, 1, 0 },   { 0x0100, 1, 0, 1, 77 },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct wire w;
		header(&w, bad[i].flags, bad[i].questions, bad[i].answers);
		name(&w, "a.example");
		tail(&w, bad[i].type, bad[i].class);
		expect(&w, "");
	}
}

static void junk_is_given_up(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct wire w;
	header(&w, 0x0100, 1, 0);
	name(&w, "a.example");
	tail(&w, 1, 1);
	for (unsigned i = 0; i < 3; i++)
		fixture_feed(x, 0, "junk", 4, false);
	fixture_feed(x, 0, w.at, w.n, false); /* three are forgiven */
	assert_string_equal(x->record, "dns.query=a.example\n--\n");
	for (unsigned i = 0; i < 4; i++)
		fixture_feed(x, 0, "junk", 4, false);
	fixture_feed(x, 0, w.at, w.n, false);
	assert_int_equal(fixture_count(x, SL_COUNT_DNS_MESSAGES), 1);
	fixture_feed(x, 1, w.at, w.n, false); /* the other side is for itself */
	assert_int_equal(fixture_count(x, SL_COUNT_DNS_MESSAGES), 2);
	fixture_free(x);

	x = fixture_new(17, 0); /* NetBIOS names look the same and are none */
	x->flow.key.high_port = 137;
	fixture_feed(x, 0, w.at, w.n, false);
	assert_string_equal(x->record, "");
	fixture_free(x);
}

static void random_messages(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	uint64_t seed = 5;
	unsigned read = 0;
	for (unsigned round = 0; round < 300000; round++) {
		struct wire w;
		header(&w, wire_random(&seed) & 0x8180, 1 + wire_random(&seed) % 4, 0);
		for (unsigned n = wire_random(&seed) % 60; n > 0; n--) {
			unsigned r = wire_random(&seed);
			wire_u8(&w, r % 8 == 0 ? 0xc0 : r % 4 ? r >> 8 & 15 : r >> 8 & 255);
		}
		fixture_again(x);
		fixture_feed(x, 0, w.at, w.n, false);
		read += x->n > 0;
	}
	assert_true(read > 10);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_question),
		cmocka_unit_test(the_root),
		cmocka_unit_test(response_proves_the_other_side),
		cmocka_unit_test(several_questions),
		cmocka_unit_test(pointers_go_backwards),
		cmocka_unit_test(chains_of_pointers_end),
		cmocka_unit_test(longest_names),
		cmocka_unit_test(implausible_headers),
		cmocka_unit_test(junk_is_given_up),
		cmocka_unit_test(random_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
