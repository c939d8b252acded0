/* SOCKS 4, 4a and 5: what goes through is inspected, however the handshake is cut and with one side
 * alone; what looks like a handshake and is none. */
#include "fixture.h"
#include <sensor/inspect/parse.h>

/* SSH stands for what goes through. */
#define INSIDE "5353482d322e302d780a"
#define FOUND  "ssh.software=x\n--\n"

#define HELLO5	   "05 01 00"
#define HELLO5_PW  "05 02 00 02"
#define PASSWORD   "01 03 626f62 04 73656372"
#define CONNECT5   "05 01 00 01 c0000201 01bb"
#define CONNECT5_6 "05 01 00 04 20010db8000000000000000000000001 01bb"
#define CONNECT5_N "05 01 00 03 09 612e6578616d706c65 01bb"
#define REPLY5	   "05 00 00 01 00000000 0000"
#define REPLY5_N   "05 00 00 03 04 68 6f 73 74 1234"
#define REFUSED5   "05 05 00 01 00000000 0000"
#define CONNECT4   "04 01 0050 c0000201 626f6200"
#define CONNECT4A  "04 01 01bb 00000001 00 612e6578616d706c6500"
#define REPLY4	   "00 5a 0000 00000000"

static void feed(struct fixture *x, unsigned side, const char *hex)
{
	struct wire w = { .n = 0 };
	wire_hex(&w, hex);
	fixture_feed(x, side, w.at, w.n, 0);
}

static void both_sides(void **state)
{
	(void)state;
	static const struct {
		const char *said[6]; /* by the client and the server in turn */
	} talks[] = {
		{ { HELLO5, "05 00", CONNECT5, REPLY5 } },
		{ { HELLO5, "05 00", CONNECT5_6, REPLY5_N } },
		{ { HELLO5_PW, "05 02", PASSWORD, "01 00", CONNECT5_N, REPLY5 } },
		{ { CONNECT4, REPLY4 } },
		{ { CONNECT4A, REPLY4 } },
	};
	struct fixture *x = fixture_new(6, 1 << 20);
	for (size_t i = 0; i < sizeof talks / sizeof *talks; i++)
		for (unsigned inside = 0; inside < 2; inside++) {
			fixture_again(x);
			for (unsigned k = 0; k < 6 && talks[i].said[k]; k++)
				feed(x, k & 1, talks[i].said[k]);
			assert_int_equal(x->flow.app, SL_APP_NONE);
			feed(x, inside, INSIDE);
			feed(x, inside ^ 1, INSIDE);
			assert_string_equal(x->record, FOUND FOUND);
			assert_int_equal(x->flow.client, 0);
			assert_true(x->flow.known_client);
			assert_string_equal(sl_app_text(x->flow.app), "ssh");
		}
	assert_int_equal(fixture_count(x, SL_COUNT_SOCKS_REQUESTS), 10);
	fixture_free(x);
}

static void one_side(void **state)
{
	(void)state;
	static const char *const sides[] = {
		HELLO5 CONNECT5 INSIDE,	      HELLO5 CONNECT5_6 INSIDE,		 HELLO5_PW PASSWORD CONNECT5_N INSIDE,
		CONNECT4 INSIDE,	      CONNECT4A INSIDE,			 "05 00" REPLY5 INSIDE,
		"05 00" REPLY5_N INSIDE,      "05 02 01 00" REPLY5 INSIDE,
		HELLO5 CONNECT5 HELLO5 CONNECT5 INSIDE, /* one proxy behind another */
	};
	struct fixture *x = fixture_new(6, 1 << 20);
	for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
		struct wire w = { .n = 0 };
		wire_hex(&w, sides[i]);
		fixture_every_split(x, i & 1, w.at, w.n, FOUND);
	}
	fixture_free(x);
}

static void refused(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	feed(x, 0, HELLO5);
	feed(x, 1, "05 ff");
	feed(x, 1, INSIDE);
	assert_string_equal(x->record, "");
	fixture_again(x);
	feed(x, 0, HELLO5 CONNECT5);
	feed(x, 1, "05 00" REFUSED5);
	feed(x, 1, INSIDE);
	assert_string_equal(x->record, "");
	fixture_again(x);
	feed(x, 0, "05 01 01"); /* GSS-API: what follows is wrapped */
	feed(x, 1, "05 01");
	feed(x, 0, "01 01 0004 00000000");
	feed(x, 0, INSIDE);
	assert_string_equal(x->record, "");
	fixture_free(x);
}

static void none(void **state)
{
	(void)state;
	static const char *const streams[] = {
		"05 00 0b 03 10 00 00 00 48 00 00 00",		 /* DCE/RPC */
		"04 01 0025 0034 0100 00 00 0100 0000 1a00",	 /* TDS */
		"05 03 00 00 02",				 /* a method twice */
		"05 02 0a 00",					 /* none that was given out */
		"05 01 00 77",					 /* goes on otherwise */
		"05 11 00",					 /* too many */
		"04 03 0050 c0000201 00",			 /* no command */
		"04 01 0000 c0000201 00",			 /* no port */
		"04 01 0050 c0000201 07 00",			 /* no user */
		"04 01 0050 00000001 00 00",			 /* no name */
		"04 01 0050 c0000201 00 07",			 /* goes on otherwise */
		"05 00 05 09 00 01 00000000 0000",		 /* no reply */
	};
	struct fixture *x = fixture_new(6, 1 << 20);
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		fixture_again(x);
		feed(x, 0, streams[i]);
		assert_int_equal(x->flow.app, SL_APP_NONE);
		assert_int_equal(x->flow.known_client, 0);
	}
	assert_int_equal(fixture_count(x, SL_COUNT_SOCKS_REQUESTS), 0);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides),
		cmocka_unit_test(one_side),
		cmocka_unit_test(refused),
		cmocka_unit_test(none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
