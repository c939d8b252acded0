/* DNS: the records of answers. */
#include "dns_message.h"
#include <sensor/inspect/inspect_internal.h>

#define TARGET "0274310765 78616d706c65 00" /* t1.example */

static void data_of_each_type(void **state)
{
	(void)state;
	static const struct {
		unsigned type;
		const char *data, *answers;
	} types[] = {
		{ 1, "c0000201", "dns.answer=192.0.2.1\n" },
		{ 28, "20010db8 00000000 00000000 00000001", "dns.answer=2001:db8::1\n" },
		{ 2, TARGET, "dns.answer=t1.example\ndns.response.rrname=t1.example\n" },
		{ 5, "c00c", "dns.answer=a.example\n" },
		{ 6, TARGET "c00c 00000001 00000002 00000003 00000004 00000005",
		  "dns.answer=t1.example\ndns.response.rrname=t1.example\n" },
		{ 12, "0474 65 73 74 c00e", "dns.answer=test.example\ndns.response.rrname=test.example\n" },
		{ 15, "000a" TARGET, "dns.answer=t1.example\ndns.response.rrname=t1.example\n" },
		{ 16, "03 616263 00 02 ff2e", "dns.answer=abc\ndns.answer=\xff.\n" },
		{ 33, "0001 0002 0035" TARGET, "dns.answer=t1.example\n" },
		{ 39, TARGET, "dns.answer=t1.example\n" },
		{ 65,
		  "0001" TARGET "0001 0003 026832 0004 0008 c0000201 c0000202"
		  "0006 0010 20010db8 00000000 00000000 00000002",
		  "dns.answer=t1.example\ndns.answer=192.0.2.1\ndns.answer=192.0.2.2\ndns.answer="
		  "2001:db8::2\n" },
		{ 64, "0001 00 0004 0004 c0000203", "dns.answer=192.0.2.3\n" },
		{ 1, "c00002", "" },                /* too short for an address */
		{ 16, "05 616263", "" },            /* the string is cut */
		{ 65, "0001 00 0004 0009 c0", "" }, /* the hint is cut */
		{ 5, "c0ff", "" },
		{ 46, "0102030405", "" }, /* of no interest */
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct wire w;
		char want[512];
		header(&w, 0x8180, 1, 1);
		name(&w, "a.example");
		tail(&w, types[i].type, 1);
		record(&w, NULL, types[i].type, types[i].data);
		snprintf(want, sizeof want,
			 "dns.query=a.example\ndns.response.rrname=a.example\n"
			 "dns.answers.rrname=a.example\n%sdns.rcode=NOERROR\n--\n",
			 types[i].answers);
		expect(&w, want);
	}
}

/* The names of records in all three sections, each once in a row; OPT is none, but extends the
 * code. */
static void all_sections(void **state)
{
	(void)state;
	struct wire w;
	header(&w, 0x8187, 1, 2);
	name(&w, "a.example");
	tail(&w, 1, 1);
	record(&w, NULL, 1, "c0000201");
	record(&w, NULL, 1, "c0000202");
	record(&w, "example", 2, "036e7331 c00e");
	record(&w, "ns1.example", 1, "c0000203");
	wire_hex(&w, "00 0029 1000 01008000 0000");
	wire_set16(&w, 8, 1);
	wire_set16(&w, 10, 2);
	expect(&w,
	       "dns.query=a.example\ndns.response.rrname=a.example\ndns.answers.rrname=a.example\n"
	       "dns.answer=192.0.2.1\ndns.answer=192.0.2.2\ndns.authorities.rrname=example\n"
	       "dns.response.rrname=example\ndns.answer=ns1.example\ndns.response.rrname=ns1.example\n"
	       "dns.additionals.rrname=ns1.example\ndns.answer=192.0.2.3\ndns.rcode=BADCOOKIE\n--\n");
}

/* dns.response.rrname costs a value a name: it is there for those that ask. */
static void names_that_nobody_wants(void **state)
{
	(void)state;
	struct wire w;
	header(&w, 0x8180, 1, 1);
	name(&w, "a.example");
	tail(&w, 1, 1);
	record(&w, "b.example", 5, TARGET);
	struct fixture *x = fixture_new(17, 0);
	x->inspect->config.wanted[SL_FIELD_DNS_RRNAME] = false;
	fixture_feed(x, 1, w.at, w.n, false);
	assert_string_equal(x->record, "dns.query=a.example\ndns.answers.rrname=b.example\n"
				       "dns.answer=t1.example\ndns.rcode=NOERROR\n--\n");
	fixture_again(x);
	x->inspect->config.wanted[SL_FIELD_DNS_RRNAME] = true;
	x->inspect->config.wanted[SL_FIELD_DNS_ANSWERS] = false;
	fixture_feed(x, 1, w.at, w.n, false);
	assert_string_equal(x->record, "dns.query=a.example\ndns.response.rrname=a.example\n"
				       "dns.response.rrname=b.example\ndns.answer=t1.example\n"
				       "dns.response.rrname=t1.example\ndns.rcode=NOERROR\n--\n");
	fixture_free(x);
}

static void codes(void **state)
{
	(void)state;
	static const char *const texts[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
					     "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
					     "NXRRSET", "NOTAUTH", "NOTZONE",  "DSOTYPENI",
					     "12",      "13",      "14",       "15" };
	for (unsigned i = 0; i < 16; i++) {
		struct wire w;
		char want[64];
		header(&w, 0x8180 | i, 1, 0);
		name(&w, "a");
		tail(&w, 1, 1);
		snprintf(want, sizeof want, "dns.query=a\ndns.response.rrname=a\ndns.rcode=%s\n--\n",
			 texts[i]);
		expect(&w, want);
	}
}

/* A query's own records say nothing: mDNS's known answers, what an update sets (RFC 2136). */
static void records_of_queries(void **state)
{
	(void)state;
	struct wire w;
	header(&w, 0x2800, 1, 0);
	name(&w, "zone.example");
	tail(&w, 6, 1);
	record(&w, "new.zone.example", 1, "c0000201");
	wire_set16(&w, 8, 1);
	expect(&w, "dns.query=zone.example\n--\n");
}

/* What was read before the nonsense counts, on DNS's own port and in a flow that is known. */
static void tails_may_be_cut(void **state)
{
	(void)state;
	struct fixture *x = at_home(17);
	struct wire w;
	header(&w, 0x8180, 2, 2);
	name(&w, "a.example");
	tail(&w, 1, 1);
	size_t first = w.n;
	name(&w, "b.example");
	tail(&w, 1, 0x7f00);
	size_t second = w.n;
	record(&w, NULL, 1, "c0000201");
	size_t answer = w.n;
	record(&w, "x", 1, "c0000202");
	for (size_t n = 0; n < w.n; n++) {
		fixture_again(x);
		x->flow.key.high_port = 53;
		fixture_feed(x, 0, w.at, n, 0);
		char want[256] = "";
		if (n >= 22 /* the header has room for both questions */ && n >= first)
			strcat(want, "dns.query=a.example\ndns.response.rrname=a.example\n");
		if (n >= second)
			strcat(want, "dns.query=b.example\ndns.response.rrname=b.example\n");
		if (n >= answer)
			strcat(want, "dns.answers.rrname=a.example\ndns.response.rrname=a.example\n"
				     "dns.answer=192.0.2.1\n");
		if (*want)
			strcat(want, "dns.rcode=NOERROR\n--\n");
		assert_string_equal(x->record, want);
	}
	fixture_free(x);
	w.n -= 1;
	expect(&w, ""); /* elsewhere it must be whole */
	w.n += 1;
	wire_set16(&w, second - 2, 1);
	wire_u8(&w, 0); /* and have nothing behind it */
	expect(&w, "");
}

/* Bytes of labels are given as they are: UTF-8 (RFC 6762, section 16), spaces, dots, any other. */
static void any_bytes(void **state)
{
	(void)state;
	struct fixture *x = at_home(17);
	struct wire w;
	header(&w, 0x0100, 1, 0);
	wire_hex(&w, "08 43 20 c3a9 2e 01 ff 7f 05 6c6f63616c 00");
	tail(&w, 1, 1);
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_string_equal(x->record, "dns.query=C \xc3\xa9.\x01\xff\x7f.local\n--\n");
	fixture_free(x);
	expect(&w, ""); /* control characters make it no name where DNS is not expected */
}

static void nobody_wants_records(void **state)
{
	(void)state;
	struct fixture *x = at_home(17);
	struct sl_inspect_config config = { .gather_bytes = 1 << 20,
					    .sink = { x, fixture_transaction, NULL, NULL },
					    .counters = &x->counters };
	struct wire w;
	sl_inspect_free(x->inspect);
	assert_int_equal(sl_inspect_new(&x->inspect, &config, NULL), SL_OK);
	header(&w, 0x8183, 1, 1);
	name(&w, "a.example");
	tail(&w, 1, 1);
	record(&w, NULL, 1, "c0000201");
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_string_equal(x->record, "dns.query=a.example\ndns.rcode=NXDOMAIN\n--\n");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_of_each_type),
		cmocka_unit_test(all_sections),
		cmocka_unit_test(names_that_nobody_wants),
		cmocka_unit_test(codes),
		cmocka_unit_test(records_of_queries),
		cmocka_unit_test(tails_may_be_cut),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(nobody_wants_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
