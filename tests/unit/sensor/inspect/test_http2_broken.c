/* HTTP/2: what is lost, nonsense or too much. */
#include "http2_frames.h"

static void a_reset_lets_go(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	client_begins(&w);
	headers(&w, 0, 1, ":method: POST\n:scheme: http\n:path: /\n:authority: a.example\n");
	end(&w, DATA, 0, 1, "hello ");
	frame_hex(&w, RST_STREAM, 0, 1, "00000008");
	end(&w, DATA, END_STREAM, 1, "world");
	headers(&w, END_STREAM, 3, request);
	every_split(x, 0, &w);
	assert_int_equal(count(x, "sha256"), 0);
	assert_int_equal(count(x, "http.method"), 2);
	fixture_free(x);
}

/* A hole in DATA costs that body alone; one that may hold headers costs the side, not the other. */
static void holes(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	for (unsigned more = 0; more < 2; more++) {
		fixture_again(x);
		client_begins(&w);
		headers(&w, 0, 1, ":method: POST\n:scheme: http\n:path: /\n:authority: a.example\n");
		end(&w, DATA, END_STREAM, 1, "0123456789");
		fixture_feed(x, 0, w.at, w.n - 8, 0);
		w.n = 0;
		wire_put(&w, "89", 2);
		headers(&w, 0, 3, ":method: PUT\n:scheme: http\n:path: /\n:authority: b.example\n");
		end(&w, DATA, END_STREAM, 3, "hello world");
		fixture_feed(x, 0, w.at, w.n, 6 + 100 * more);
		assert_int_equal(count(x, SHA256_HELLO), !more);
		assert_int_equal(count(x, "sha256"), !more);
		assert_int_equal(count(x, "http.method"), 2 - more);
		assert_int_equal(fixture_count(x, SL_COUNT_HTTP2_LOST), more);
		server_begins(&w);
		headers(&w, END_STREAM, 1, ":status: 200\n");
		fixture_feed(x, 1, w.at, w.n, 0);
		assert_int_equal(count(x, "http.stat_code=200"), 1);
	}
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	fixture_free(x);
}

/* The hole is all that a frame still had: its end is known, and what follows is read. */
static void a_hole_up_to_the_end(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	client_begins(&w);
	headers(&w, 0, 1, ":method: POST\n:scheme: http\n:path: /\n:authority: a.example\n");
	end(&w, DATA, END_STREAM, 1, "0123456789");
	fixture_feed(x, 0, w.at, w.n - 4, 0);
	w.n = 0;
	headers(&w, END_STREAM, 3, request);
	fixture_feed(x, 0, w.at, w.n, 4);
	assert_int_equal(count(x, "http.method"), 2);
	assert_int_equal(count(x, "sha256"), 0);
	fixture_free(x);
}

static void nonsense(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	static const struct {
		unsigned type, flags;
		uint32_t stream;
		const char *hex;
	} cases[] = {
		{ CONTINUATION, END_HEADERS, 1, "82" }, /* of no block */
		{ DATA, 0, 0, "00" },
		{ DATA, PADDED, 1, "05 01020304" },
		{ DATA, PADDED, 1, "" },
		{ HEADERS, END_HEADERS, 0, "82" },
		{ HEADERS, END_HEADERS, 1, "ff0f" },       /* no such index */
		{ HEADERS, END_HEADERS, 1, "80" },         /* index 0 */
		{ HEADERS, END_HEADERS, 1, "8286840005" }, /* ends within a name */
		{ HEADERS, END_HEADERS, 1, "3fe1ffff7f82" }, /* a table without bound */
		{ HEADERS, WITH_PRIORITY, 1, "00000000" },
		{ PING, 0, 0, "00" },
		{ SETTINGS, 0, 0, "0001" },
		{ SETTINGS, ACK, 0, "000100000000" },
		{ RST_STREAM, 0, 1, "00" },
		{ WINDOW_UPDATE, 0, 1, "" },
		{ PUSH_PROMISE, PADDED, 1, "00000002" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fixture_again(x);
		client_begins(&w);
		frame_hex(&w, cases[i].type, cases[i].flags, cases[i].stream, cases[i].hex);
		headers(&w, END_STREAM, 7, request);
		fixture_feed(x, 0, w.at, w.n, 0);
		assert_string_equal(x->record, "");
		assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), i + 1);
	}
	fixture_again(x);
	client_begins(&w);
	frame_hex(&w, HEADERS, 0, 1, "82"); /* and another frame before the block's end */
	headers(&w, END_STREAM, 3, request);
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_string_equal(x->record, "");
	fixture_free(x);
}

/* What is no HTTP/2, or not surely. */
static void not_recognised(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static const char *const cases[] = {
		"000006 04 00 00000000 0002 00000002",		    /* ENABLE_PUSH is 0 or 1 */
		"000006 04 00 00000000 0005 00000001",		    /* frames of at least 16,384 bytes */
		"000006 04 00 00000000 7777 00000001",		    /* no such setting */
		"000006 04 01 00000000 0003 00000064",		    /* an acknowledgement has no settings */
		"000000 04 00 00000000 47455420 2f204854 54502f",   /* not a frame behind it */
		"000000 04 00 00000001 000000 04 01 00000000",	    /* of a stream */
		"000005 04 00 00000000 0003000000",
		"50524920 2a20 48545450 2f322e30 0d0a 0d0a 5858 0d0a", /* PRI, and then not the preface */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		static struct wire w;
		w.n = 0;
		wire_hex(&w, cases[i]);
		fixture_again(x);
		fixture_feed(x, 1, w.at, w.n, 0);
		assert_int_not_equal(x->flow.app, SL_APP_HTTP2);
	}
	fixture_free(x);
}

/* Section 10.5.1: a block of small references to a large header. What is beyond the bound is left out, and
 * the table is right afterwards. */
static void bombs(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	static uint8_t block[16384];
	size_t n = literals(block, ":method: GET\n:scheme: http\n:path: /bomb\n:authority: a.example\n");
	memcpy(block + n, "\x40\x01x\x7f\xa1\x1e", 6); /* x: 4,000 bytes, into the table */
	n += 6;
	memset(block + n, 'A', 4000);
	n += 4000;
	memset(block + n, 0xbe, sizeof block - n); /* and again and again */
	client_begins(&w);
	frame(&w, HEADERS, END_HEADERS | END_STREAM, 1, block, sizeof block);
	frame_hex(&w, HEADERS, END_HEADERS | END_STREAM, 3, "8286 84 41 03 622e63 be");
	fixture_feed(x, 0, w.at, w.n, 0);
	expect(x, "http.uri.raw=/bomb\n");
	expect(x, "http.host=b.c\n");
	assert_int_equal(count(x, "http.request_header=x: AAAA"), 14 + 1);
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	assert_true(sl_inspect_held(x->inspect) < 32768);
	fixture_free(x);
}

/* Blocks that never end take no more than their bound. */
static void endless_block(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	uint8_t block[512];
	client_begins(&w);
	frame(&w, HEADERS, 0, 1, block, literals(block, request));
	fixture_feed(x, 0, w.at, w.n, 0);
	w.n = 0;
	for (unsigned i = 0; i < 300; i++)
		frame(&w, CONTINUATION, 0, 1, block, literals(block, request));
	for (unsigned i = 0; i < 100; i++)
		fixture_feed(x, 0, w.at, w.n, 0);
	assert_true(sl_inspect_held(x->inspect) < 128 * 1024);
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	assert_string_equal(x->record, "");
	fixture_free(x);
}

static void bodies_are_bounded(void **state)
{
	(void)state;
	enum { MOST = 64, STREAMS = 100 };
	struct fixture *x = fixture_new(6, 1 << 20);
	static struct wire w;
	client_begins(&w);
	for (uint32_t i = 0; i < STREAMS; i++)
		headers(&w, 0, 1 + 2 * i, ":method: POST\n:scheme: http\n:path: /\n:authority: a.example\n");
	for (uint32_t i = 0; i < STREAMS; i++)
		end(&w, DATA, END_STREAM, 1 + 2 * i, "hello world");
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_int_equal(count(x, "http.method=POST"), STREAMS);
	assert_int_equal(count(x, SHA256_HELLO), MOST);
	assert_int_equal(fixture_count(x, SL_COUNT_INSPECT_FULL), STREAMS - MOST);
	w.n = 0; /* they ended: others take their places */
	headers(&w, 0, 1001, ":method: POST\n:scheme: http\n:path: /\n:authority: a.example\n");
	end(&w, DATA, END_STREAM, 1001, "abc");
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_int_equal(count(x, SHA256_ABC), 1);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_lets_go),
		cmocka_unit_test(holes), cmocka_unit_test(a_hole_up_to_the_end),
		cmocka_unit_test(nonsense), cmocka_unit_test(not_recognised),
		cmocka_unit_test(bombs), cmocka_unit_test(endless_block),
		cmocka_unit_test(bodies_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
