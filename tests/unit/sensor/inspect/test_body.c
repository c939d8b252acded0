/* Content codings: what was packed comes out, whole or not at all, and no more than is sane. */
#include "http.h"
#include <selat/digest.h>
#include <sensor/inspect/body.h>
#include <zlib.h>

enum { POOL = 1 << 20, PACKED_MOST = 1 << 20 };

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OK_200 "http.stat_code=200\nhttp.stat_msg=OK\n--\n"
#define FILE_OF(hash) "file.sha256=" hash "\n--\n"

struct packed {
	uint8_t at[PACKED_MOST];
	size_t n;
};

/* window: as zlib takes it: 31 gzip, 15 zlib, -15 raw. */
static void pack(struct packed *p, int window, const void *bytes, size_t n)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n,
		       .next_out = p->at + p->n, .avail_out = (uInt)(sizeof p->at - p->n) };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	p->n += z.total_out;
	deflateEnd(&z);
}

static struct packed *packed(int window, const void *bytes, size_t n)
{
	struct packed *p = calloc(1, sizeof *p);
	assert_non_null(p);
	pack(p, window, bytes, n);
	return p;
}

/* A response with that body, as one stream. */
static size_t response(char *out, size_t room, const char *headers, const uint8_t *body, size_t n)
{
	int head = snprintf(out, room, "HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %zu\r\n\r\n", headers, n);
	assert_true(head > 0 && (size_t)head + n <= room);
	memcpy(out + head, body, n);
	return (size_t)head + n;
}

static void every_split(struct fixture *x, const char *headers, const uint8_t *body, size_t n, const char *record)
{
	char stream[2000];
	size_t len = response(stream, sizeof stream, headers, body, n);
	fixture_every_split(x, 1, stream, len, record);
}

static struct fixture *files(void)
{
	return http_fixture(6, POOL, "file.sha256");
}

static void each_coding(void **state)
{
	(void)state;
	static const struct {
		const char *headers;
		int window;
	} c[] = { { "Content-Encoding: gzip", 31 },  { "Content-Encoding: x-gzip", 31 },
		  { "content-encoding:GZIP", 31 },   { "Content-Encoding: deflate", 15 },
		  { "Content-Encoding: deflate", -15 }, { "Content-Encoding: identity, gzip", 31 },
		  { "Content-Encoding: gzip;q=1", 31 } };
	struct fixture *x = files();
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		struct packed *p = packed(c[i].window, "hello", 5);
		every_split(x, c[i].headers, p->at, p->n, OK_200 FILE_OF(HELLO));
		free(p);
	}
	/* RFC 7932, section 9.2: an uncompressed meta-block of five bytes, then the empty last one */
	static const uint8_t br[] = { 0x40, 0x00, 0x10, 'h', 'e', 'l', 'l', 'o', 0x03 };
	every_split(x, "Content-Encoding: br", br, sizeof br, OK_200 FILE_OF(HELLO));
	every_split(x, "Content-Encoding: br", br, sizeof br - 1, OK_200 FILE_OF(HELLO)); /* as far as it came */
	every_split(x, "Content-Encoding: br", (const uint8_t *)"\xff\xff\xff\xff", 4, OK_200);
	assert_true(fixture_count(x, SL_COUNT_BODIES_NOT_DECODED) > 0);
	fixture_free(x);
}

static size_t file_of(char *record, const struct packed *p)
{
	uint8_t digest[SL_SHA256_SIZE];
	char hex[2 * SL_SHA256_SIZE + 1];
	struct sl_sha256 *sha = sl_sha256_new();
	sl_sha256_add(sha, sl_span_of(p->at, p->n));
	sl_sha256_end(sha, digest);
	sl_hex(hex, sl_span_of(digest, sizeof digest));
	return (size_t)sprintf(record, "file.sha256=%s\n--\n", hex);
}

/* What each of them gives is a file: not all clients undo all. */
static void codings_on_codings(void **state)
{
	(void)state;
	char two[400] = OK_200, three[600] = OK_200;
	struct fixture *x = files();
	struct packed *raw = packed(-15, "hello", 5), *gz = packed(31, raw->at, raw->n);
	struct packed *thrice = packed(15, gz->at, gz->n);
	file_of(two + strlen(two), raw);
	strcat(two, FILE_OF(HELLO));
	file_of(three + strlen(three), gz);
	strcat(three, two + strlen(OK_200));
	every_split(x, "Content-Encoding: deflate, gzip", gz->at, gz->n, two);
	every_split(x, "Content-Encoding: deflate\r\nContent-Encoding: gzip", gz->at, gz->n, two);
	every_split(x, "Content-Encoding: deflate,gzip , deflate", thrice->at, thrice->n, three);
	/* as a transfer coding, under chunks */
	char stream[500];
	size_t n = (size_t)snprintf(stream, sizeof stream, "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n"
				    "Transfer-Encoding: gzip, chunked\r\n\r\n%zx\r\n", gz->n);
	memcpy(stream + n, gz->at, gz->n);
	memcpy(stream + n + gz->n, "\r\n0\r\n\r\n", 7);
	fixture_every_split(x, 1, stream, n + gz->n + 7, two);
	free(raw);
	free(gz);
	free(thrice);
	fixture_free(x);
}

/* What is not what it says: plain bytes are handed on as they are, what is cut as far as it came; broken ones
 * are no file. */
static void not_as_said(void **state)
{
	(void)state;
	struct fixture *x = files();
	struct packed *p = packed(31, "hello", 5);
	every_split(x, "Content-Encoding: gzip", (const uint8_t *)"hello", 5, OK_200 FILE_OF(HELLO));
	every_split(x, "Content-Encoding: zstd", (const uint8_t *)"hello", 5, OK_200 FILE_OF(HELLO));
	every_split(x, "Content-Encoding: gzip", p->at, p->n - 1, OK_200 FILE_OF(HELLO)); /* cut */
	/* too short to be any coding */
	every_split(x, "Content-Encoding: gzip", (const uint8_t *)"abc", 3, OK_200 FILE_OF(ABC));
	every_split(x, "Content-Encoding: gzip, br, gzip", (const uint8_t *)"", 0, OK_200);
	x->inspect->config.wanted[SL_FIELD_FILE_SIZE] = x->inspect->config.wanted[SL_FIELD_FILE_WHOLE] = true;
	every_split(x, "Content-Encoding: gzip", p->at, p->n, OK_200 "file.size=5\nfile.whole=yes\n" FILE_OF(HELLO));
	every_split(x, "Content-Encoding: gzip", p->at, p->n - 1,
		    OK_200 "file.size=5\nfile.whole=no\n" FILE_OF(HELLO));
	x->inspect->config.wanted[SL_FIELD_FILE_SIZE] = x->inspect->config.wanted[SL_FIELD_FILE_WHOLE] = false;
	p->at[3] |= 0xe0; /* reserved flags */
	every_split(x, "Content-Encoding: gzip", p->at, p->n, OK_200 FILE_OF(HELLO));
	p->at[p->n - 5] ^= 1; /* the checksum */
	every_split(x, "Content-Encoding: gzip", p->at, p->n, OK_200);
	p->n = 0; /* two members are one file (RFC 1952, section 2.2); what follows means nothing */
	pack(p, 31, "he", 2);
	pack(p, 31, "llo", 3);
	every_split(x, "Content-Encoding: gzip", p->at, p->n, OK_200 FILE_OF(HELLO));
	memcpy(p->at + p->n, "junk", 4);
	every_split(x, "Content-Encoding: gzip", p->at, p->n + 4, OK_200 FILE_OF(HELLO));
	free(p);
	fixture_free(x);
}

/* Zeros, a thousand to one: given up in time, counted, and the connection goes on. */
static void bombs(void **state)
{
	(void)state;
	enum { ZEROS = 256 << 20 };
	struct packed *once = calloc(1, sizeof *once);
	uint8_t *zeros = calloc(1, ZEROS);
	assert_non_null(once);
	assert_non_null(zeros);
	pack(once, 31, zeros, ZEROS);
	free(zeros);
	assert_true(ZEROS / once->n > 1000);
	struct packed *twice = packed(31, once->at, once->n), *thrice = packed(31, twice->at, twice->n);
	const struct {
		const char *headers;
		const struct packed *body;
	} c[] = { { "Content-Encoding: gzip", once },
		  { "Content-Encoding: gzip, gzip", twice },
		  { "Content-Encoding: gzip, gzip, gzip", thrice } };
	struct fixture *x = http_fixture(6, POOL, "file.data");
	char *stream = malloc(PACKED_MOST);
	assert_non_null(stream);
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		size_t n = response(stream, PACKED_MOST, c[i].headers, c[i].body->at, c[i].body->n);
		clock_t begin = clock();
		fixture_again(x);
		for (size_t at = 0; at < n; at += 1400)
			fixture_feed(x, 1, stream + at, n - at < 1400 ? n - at : 1400, 0);
		assert_true(clock() - begin < 2 * CLOCKS_PER_SEC);
		assert_int_equal(fixture_count(x, SL_COUNT_BODIES_NOT_DECODED), i + 1);
		http_say(x, 1, "HTTP/1.1 204 No\r\n\r\n");
		assert_string_equal(x->record, OK_200 "http.stat_code=204\nhttp.stat_msg=No\n--\n");
	}
	free(stream);
	free(once);
	free(twice);
	free(thrice);
	fixture_free(x);
}

/* RFC 7932, section 9.1: the largest window, whose ring grows to 16 MiB, is no bomb. */
static void large_window(void **state)
{
	(void)state;
	enum { BLOCK = 65536, BLOCKS = 320 };
	static uint8_t block[3 + BLOCK];
	struct fixture *x = http_fixture(6, 64 << 20, "file.sha256");
	http_say(x, 1, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 20972481\r\n\r\n");
	for (unsigned i = 0; i < BLOCKS; i++) {
		/* the window's bits go first; then 0, 00, the length less one (16), 1: not compressed */
		uint32_t bits = i ? 0xffffu << 3 | 1u << 19 : 0xfu | 0xffffu << 7 | 1u << 23;
		for (unsigned k = 0; k < 3; k++)
			block[k] = (uint8_t)(bits >> 8 * k);
		for (size_t at = 0; at < sizeof block; at += 8192)
			fixture_feed(x, 1, block + at, sizeof block - at < 8192 ? sizeof block - at : 8192, 0);
	}
	fixture_feed(x, 1, "\x03", 1, 0);
	assert_string_equal(x->record, OK_200 FILE_OF("cd52d81e25f372e6fa4db2c0dfceb59862c1969cab17096da352b34950c973cc"));
	fixture_free(x);
}

/* Without memory for unpacking the messages are read all the same; what was taken comes back. */
static void without_memory(void **state)
{
	(void)state;
	struct packed *p = packed(31, "hello", 5);
	char stream[500];
	size_t n = response(stream, sizeof stream, "Content-Encoding: gzip", p->at, p->n);
	for (uint64_t room = 0; room < 60000; room += 97) {
		struct fixture *x = files();
		uint64_t left = x->inspect->hold_left;
		x->inspect->hold_left = room;
		fixture_feed(x, 1, stream, n, 0);
		bool whole = strcmp(x->record, OK_200 FILE_OF(HELLO)) == 0;
		assert_true(whole || strcmp(x->record, OK_200) == 0 || x->n == 0);
		assert_true(whole || fixture_count(x, SL_COUNT_INSPECT_FULL) > 0);
		assert_true(!whole || room > 5000);
		x->inspect->hold_left += left - room;
		fixture_free(x);
	}
	free(p);
}

/* Digests in the making are OpenSSL's memory, and bounded all the same. */
static void without_memory_for_hashes(void **state)
{
	(void)state;
	static const char stream[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel";
	struct fixture *x = http_fixture(6, POOL, "file.sha256 file.name");
	fixture_feed(x, 1, stream, sizeof stream - 1, 0);
	uint64_t held = sl_inspect_held(x->inspect);
	fixture_again(x);
	fixture_feed(x, 1, stream, sizeof stream - 4, 0);
	assert_true(held >= sl_inspect_held(x->inspect) + 200);
	uint64_t left = x->inspect->hold_left;
	x->inspect->hold_left = x->inspect->config.state_bytes / 4;
	fixture_feed(x, 1, "hello", 5, 0);
	assert_string_equal(x->record, OK_200);
	assert_int_equal(fixture_count(x, SL_COUNT_INSPECT_FULL), 1);
	x->inspect->hold_left += left - x->inspect->config.state_bytes / 4;
	fixture_free(x);
}

/* A form with a file: the whole body is a file, and each part. */
static void multipart(void **state)
{
	(void)state;
	static const char stream[] =
		"POST /up.cgi HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=xYz\r\nContent-Length: 115\r\n\r\n"
		"--xYz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"h.txt\"\r\n"
		"Content-Type: text/plain\r\n\r\nhello\r\n--xYz--\r\n....";
	struct fixture *x = http_fixture(6, POOL, "file.sha256 file.name");
	fixture_feed(x, 0, stream, sizeof stream - 1, 0);
	assert_non_null(strstr(x->record, "file.name=h.txt\nfile.sha256=" HELLO "\n--\n"));
	assert_non_null(strstr(x->record, "file.name=up.cgi\nfile.sha256="
				  "37d892117517538a6a74e7f315e10f26fb783ba431cbbdd079e91dc64b0af5b2\n--\n"));
	char *want = strdup(x->record);
	assert_non_null(want);
	fixture_every_split(x, 0, stream, sizeof stream - 1, want);
	free(want);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_coding), cmocka_unit_test(codings_on_codings),
		cmocka_unit_test(not_as_said), cmocka_unit_test(bombs),
		cmocka_unit_test(without_memory), cmocka_unit_test(without_memory_for_hashes), cmocka_unit_test(multipart),
		cmocka_unit_test(large_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
