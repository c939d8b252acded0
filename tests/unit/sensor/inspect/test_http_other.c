/* Responses that are read in more than one way: each way's file is found, and only where ways differ. */
#include "http.h"
#include <selat/digest.h>

enum { POOL = 1 << 20 };

struct way {
	const char *stream;
	const char *files[4]; /* their bytes, in the order in which they end */
};

static void file_add(char *record, const char *bytes)
{
	uint8_t digest[SL_SHA256_SIZE];
	char hex[2 * SL_SHA256_SIZE + 1];
	struct sl_sha256 *sha = sl_sha256_new();
	sl_sha256_add(sha, sl_span_str(bytes));
	sl_sha256_end(sha, digest);
	sl_hex(hex, sl_span_of(digest, sizeof digest));
	strcat(record, "file.sha256=");
	strcat(record, hex);
	strcat(record, "\n--\n");
}

/* The stream answers a request, and ends: in one piece, a byte at a time, cut at each place. */
static void check(const struct way *w)
{
	struct fixture *x = http_fixture(6, POOL, "file.sha256");
	size_t n = strlen(w->stream);
	for (size_t cut = 0; cut <= n; cut++) {
		char want[1000] = "";
		fixture_again(x);
		http_say(x, 0, "GET /f HTTP/1.1\r\n\r\n");
		fixture_feed(x, 1, w->stream, cut, 0);
		for (size_t i = cut; i < n; i += cut ? n : 1)
			fixture_feed(x, 1, w->stream + i, cut ? n - cut : 1, 0);
		x->flow.side[1].flags = SL_SIDE_FIN | SL_SIDE_ENDED;
		fixture_end(x, 1);
		const char *end = x->txs + x->txs_n - 3;
		if (!strstr(w->stream, "HTTP/1.1 204")) {
			assert_string_equal(end, "1. "); /* one transaction, that ends once */
			assert_ptr_equal(strstr(x->txs, "1."), end);
		}
		for (unsigned i = 0; i < 4 && w->files[i]; i++)
			file_add(want, w->files[i]);
		const char *files = strstr(x->record, "file.");
		assert_string_equal(files ? files : "", want);
	}
	fixture_free(x);
}

#define CHUNKS "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

static void heads_that_are_sound(void **state)
{
	(void)state;
	static const struct way ways[] = {
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKS, { "abcde" } },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" CHUNKS, { "abcde" } },
		{ "HTTP/1.1 200 OK\r\nX: \xff\r\nContent-Length: 3\r\n\r\nabc", { "abc" } },
		{ "HTTP/1.1 200 OK\n\nabc", { "abc" } },
		{ "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 3\r\n\r\nabc", { "abc" } }, /* odd, but no matter */
	};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		check(&ways[i]);
}

/* RFC 9112, section 2.2: a bare CR is a blank, or makes the header invalid; some take it for a line's end. */
static void bare_cr(void **state)
{
	(void)state;
	static const struct way ways[] = {
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r \r\n\r\n" CHUNKS, { "abcde", CHUNKS } },
		{ "HTTP/1.1 200 OK\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n" CHUNKS, { "abcde", CHUNKS } },
		{ "HTTP/1.1 200 OK\r\nX: y\rContent-Length: 2\r\n\r\nabc", { "ab", "abc" } },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\r\n\r\nab", { "ab", "\r\n" } },
	};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		check(&ways[i]);
}

/* A NUL hides a header's name from some, and folds a line for others. */
static void nuls_vanish(void **state)
{
	(void)state;
	static const char fold[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding:\n\0chunked\r\n\r\n" CHUNKS,
			  name[] = "HTTP/1.1 200 OK\r\nTransfer\0-Encoding: chunked\r\n\r\n" CHUNKS;
	const struct sl_span streams[] = { sl_span_of(fold, sizeof fold - 1), sl_span_of(name, sizeof name - 1) };
	for (size_t i = 0; i < 2; i++) {
		struct fixture *x = http_fixture(6, POOL, "file.sha256");
		char want[100] = "";
		file_add(want, "abcde");
		http_say(x, 0, "GET /f HTTP/1.1\r\n\r\n");
		fixture_feed(x, 1, streams[i].at, streams[i].len, 0);
		x->flow.side[1].flags = SL_SIDE_FIN | SL_SIDE_ENDED;
		fixture_end(x, 1);
		assert_non_null(strstr(x->record, want));
		fixture_free(x);
	}
}

static void junk_ends_the_head(void **state)
{
	(void)state;
	static const struct way ways[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\x0b\r\n\r\nabcdef", { "abcdef", "\x0b\r\n\r\na" } },
		{ "HTTP/1.1 200 OK\r\nA: b\r\nno header\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKS,
		  { "abcde", "no header\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKS } },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n" CHUNKS,
		  { "abcde", "Transfer-Encoding : chunked\r\n\r\n" CHUNKS } },
	};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		check(&ways[i]);
}

/* RFC 1945, section 6: an answer without a head; a few bytes in front of one, or its name in small letters. */
static void without_a_head(void **state)
{
	(void)state;
	static const struct way ways[] = {
		{ "ICY 200 OK\r\n\r\nabc", { "ICY 200 OK\r\n\r\nabc" } },
		{ "<p>hello</p>\n", { "<p>hello</p>\n" } },
		{ "\r\n\r\n<p>", { "<p>" } },
		{ "ok", { "ok" } },
		{ "http/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		  { "abc", "http/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc" } },
		{ " \r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		  { "abc", " \r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc" } },
		{ "....HTTP/1.1 200 OK\r\n\r\nabc", { "....HTTP/1.1 200 OK\r\n\r\nabc", "abc" } },
		{ ".....HTTP/1.1 200 OK\r\n\r\nabc", { ".....HTTP/1.1 200 OK\r\n\r\nabc" } },
	};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		check(&ways[i]);
}

/* RFC 9112, section 7.1: what chunks end with; section 6.3: what follows a 204 that says how long it is. */
static void bodies_that_are_odd(void **state)
{
	(void)state;
	static const struct way ways[] = {
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n2\nde\n0\n\n", { "abc", "abcde" } },
		{ "HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\nabcdefghi", { "abcdefghi" } },
		{ "HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 No\r\n\r\n", { NULL } },
	};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		check(&ways[i]);
}

/* Bytes are missing: no file in any way. Nobody wants files: nothing is kept. */
static void bounds(void **state)
{
	(void)state;
	struct fixture *x = http_fixture(6, POOL, "file.sha256");
	http_say(x, 0, "GET /f HTTP/1.1\r\n\r\n");
	http_say(x, 1, "HTTP/1.1 200 OK\r\nX y\r\n\r\nabc");
	fixture_feed(x, 1, "def", 3, 10);
	x->flow.side[1].flags = SL_SIDE_FIN | SL_SIDE_ENDED;
	fixture_end(x, 1);
	assert_null(strstr(x->record, "file.sha256"));
	fixture_free(x);

	x = http_fixture(6, POOL, NULL);
	http_say(x, 0, "GET /f HTTP/1.1\r\n\r\nGET /g HTTP/1.1\r\n\r\n");
	uint64_t held = sl_inspect_held(x->inspect);
	http_say(x, 1, "HTTP/1.1 200 OK\r\nX y\r\n\r\nabc");
	assert_true(sl_inspect_held(x->inspect) < held);
	fixture_again(x);
	http_say(x, 0, "GET /f HTTP/1.1\r\n\r\nGET /g HTTP/1.1\r\n\r\n");
	http_say(x, 1, "nothing at all\nHTTP/1.1 204 No\r\n\r\n"); /* a head may come yet */
	assert_string_equal(x->txs, "1 2 1. 2 2. ");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_that_are_sound), cmocka_unit_test(bare_cr),
		cmocka_unit_test(nuls_vanish),
		cmocka_unit_test(junk_ends_the_head),	cmocka_unit_test(without_a_head),
		cmocka_unit_test(bodies_that_are_odd),	cmocka_unit_test(bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
