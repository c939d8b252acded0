/* DNS: questions, names that try to break a reader, junk; over TCP. */
#include "dns_message.h"

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
	assert_string_equal(x->record, "dns.query=a.example\ndns.response.rrname=a.example\n"
				       "dns.answers.rrname=a.example\ndns.answer=192.0.2.1\ndns.rcode=NOERROR\n--\n");
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
	w.at[5] = 17; /* more than there are */
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
		x->flow.key.high_port = 53; /* the label's bytes are none of a name */
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

/* A side that sends nothing else is given up, until it sends what would make a flow known. */
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
	fixture_feed(x, 0, w.at, w.n - 1, false); /* would do for a flow that is known */
	assert_int_equal(fixture_count(x, SL_COUNT_DNS_MESSAGES), 1);
	fixture_feed(x, 1, w.at, w.n - 1, false); /* the other side is for itself */
	assert_int_equal(fixture_count(x, SL_COUNT_DNS_MESSAGES), 1);
	fixture_feed(x, 0, w.at, w.n, false);
	assert_int_equal(fixture_count(x, SL_COUNT_DNS_MESSAGES), 2);
	assert_string_equal(sl_app_text(x->flow.app), "dns");
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
		header(&w, wire_random(&seed) & 0x8180, 1 + wire_random(&seed) % 4,
		       wire_random(&seed) % 3);
		for (unsigned n = wire_random(&seed) % 60; n > 0; n--) {
			unsigned r = wire_random(&seed);
			wire_u8(&w, r % 8 == 0 ? 0xc0 : r % 4 ? r >> 8 & 15 : r >> 8 & 255);
		}
		fixture_again(x);
		x->flow.key.low_port = round % 2 ? 53 : 1053;
		fixture_feed(x, 0, w.at, w.n, false);
		read += x->n > 0;
	}
	assert_true(read > 10);
	fixture_free(x);
}

/* A message behind its length. */
static void framed(struct wire *stream, const struct wire *w)
{
	wire_u16(stream, (unsigned)w->n);
	wire_put(stream, w->at, w->n);
}

static void over_tcp(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	struct wire w, queries = { .n = 0 }, answers = { .n = 0 };
	static const char *const names[] = { "a.example", "bb.example", "c.test" };
	char asked[256] = "", told[512] = "";
	for (size_t i = 0; i < 3; i++) {
		header(&w, 0x0100, 1, 0);
		name(&w, names[i]);
		tail(&w, 1, 1);
		framed(&queries, &w);
		header(&w, 0x8180, 1, 1);
		name(&w, names[i]);
		tail(&w, 1, 1);
		record(&w, NULL, 1, "c0000201");
		framed(&answers, &w);
		snprintf(asked + strlen(asked), 64, "dns.query=%s\n--\n", names[i]);
		snprintf(told + strlen(told), 160,
			 "dns.query=%s\ndns.response.rrname=%s\ndns.answers.rrname=%s\n"
			 "dns.answer=192.0.2.1\ndns.rcode=NOERROR\n--\n",
			 names[i], names[i], names[i]);
	}
	fixture_every_split(x, 0, queries.at, queries.n, asked);
	assert_string_equal(sl_app_text(x->flow.app), "dns");
	assert_int_equal(x->flow.client, 0);
	fixture_every_split(x, 0, answers.at, answers.n, told);
	assert_int_equal(x->flow.client, 1);
	fixture_feed(x, 0, answers.at, 20, 0); /* a hole, then a message's beginning */
	fixture_feed(x, 0, answers.at, answers.n, 40);
	assert_int_equal(x->n, 2 * strlen(told));
	fixture_free(x);
}

/* Its length is known: what follows a message of nonsense is read. Several in a row are no DNS. */
static void nonsense_over_tcp(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	struct wire good = { .n = 0 }, odd = { .n = 0 }, stream = { .n = 0 };
	header(&good, 0x0100, 1, 0);
	name(&good, "a.example");
	tail(&good, 1, 1);
	wire_text(&odd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	framed(&stream, &good);
	for (unsigned i = 0; i < 3; i++) {
		framed(&stream, &odd);
		framed(&stream, &good);
	}
	fixture_every_split(x, 0, stream.at, stream.n,
			    "dns.query=a.example\n--\ndns.query=a.example\n--\ndns.query=a.example\n--\n"
			    "dns.query=a.example\n--\n");
	fixture_again(x);
	uint64_t errors = fixture_count(x, SL_COUNT_PARSE_ERRORS);
	stream.n = 0;
	framed(&stream, &good);
	for (unsigned i = 0; i < 4; i++)
		framed(&stream, &odd);
	framed(&stream, &good);
	fixture_feed(x, 0, stream.at, stream.n, 0);
	assert_string_equal(x->record, "dns.query=a.example\n--\n");
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS) - errors, 4);
	fixture_free(x);
}

/* A message of 65,535 bytes is longer than what is gathered: what there is of it counts. */
static void longest_over_tcp(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w, stream;
	header(&w, 0x8180, 1, 1);
	name(&w, "a.example");
	tail(&w, 16, 1);
	wire_hex(&w, "c00c 0010 0001 00000e10");
	wire_u16(&w, (unsigned)(65535 - w.n - 2));
	while (w.n < 65535)
		wire_u8(&w, 0);
	framed(&stream, &w);
	header(&w, 0x0100, 1, 0);
	name(&w, "next.example");
	tail(&w, 1, 1);
	framed(&stream, &w);
	for (size_t i = 0, n; i < stream.n; i += n) {
		n = stream.n - i < 1460 ? stream.n - i : 1460;
		fixture_feed(x, 1, stream.at + i, n, 0);
	}
	assert_string_equal(
		x->record,
		"dns.query=a.example\ndns.response.rrname=a.example\ndns.rcode=NOERROR\n--\ndns.query=next.example\n--\n");
	fixture_free(x);
}

static void other_streams(void **state)
{
	(void)state;
	static const char *const streams[] = {
		"000c 1234 0100 0001 0000 0000 0000", /* shorter than a question */
		"0020 1234 0100 0002 0000 0000 0000 0161 00 0001 0001", /* two, where DNS is not
									   expected */
		"0020 1234 0140 0001 0000 0000 0000 0161 00 0001 0001",
		"0011 1234 0100 0001 0000 0000 0000 00 0001 0001",      /* the root */
		"0020 1234 0100 0001 0001 0001 0000 0161 00 0001 0001", /* no room for its records
									 */
		"0020 1234 0100 0001 0000 0000 0000 c00c 0001 0001",
	};
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		struct fixture *x = fixture_new(6, 1 << 20);
		struct wire w = { .n = 0 };
		wire_hex(&w, streams[i]);
		while (w.n < 40)
			wire_u8(&w, 0);
		fixture_every_split(x, 0, w.at, w.n, "");
		assert_int_equal(x->flow.app, SL_APP_NONE);
		fixture_free(x);
	}
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
		cmocka_unit_test(over_tcp),
		cmocka_unit_test(nonsense_over_tcp),
		cmocka_unit_test(longest_over_tcp),
		cmocka_unit_test(other_streams),
		cmocka_unit_test(random_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
