/* RTSP: messages of both versions, media between them, requests of both sides, and holes. */
#include "http.h"

#define POOL (1 << 20)

/* In RFC 2326's words (sections 14.1 and 10.12). */
#define DESCRIBE "DESCRIBE rtsp://Media.Example:554/a/b RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: lens\r\n\r\n"
#define DESCRIBED                                                                                    \
	"http.method=DESCRIBE\nhttp.uri.raw=rtsp://Media.Example:554/a/b\nhttp.uri=/a/b\n"           \
	"http.user_agent=lens\nhttp.host=media.example\n--\n"
#define SDP  "RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: s\r\nContent-Length: 5\r\n\r\nv=0\r\n"
#define SAID "http.stat_code=200\nhttp.stat_msg=OK\nhttp.server=s\n--\n"
#define PLAY "PLAY rtsp://h/x RTSP/2.0\r\nCSeq: 2\r\n\r\n"
#define PLAYED "http.method=PLAY\nhttp.uri.raw=rtsp://h/x\nhttp.uri=/x\nhttp.host=h\n--\n"
#define BARE "RTSP/1.0 454 Session Not Found\r\nCSeq: 2\r\n\r\n"
#define GONE "http.stat_code=454\nhttp.stat_msg=Session Not Found\n--\n"

static struct fixture *rtsp_fixture(void)
{
	return http_fixture(6, POOL, NULL);
}

static void requests(void **state)
{
	(void)state;
	static const char media[] = DESCRIBE "$\1\0\6PLAY\r\n" PLAY "\r\n$\0\0\0" DESCRIBE;
	struct fixture *x = rtsp_fixture();
	fixture_every_split(x, 0, media, sizeof media - 1, DESCRIBED PLAYED DESCRIBED);
	assert_string_equal(sl_app_text(x->flow.app), "rtsp");
	assert_true(x->flow.known_client);
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

/* A body is there only if its length is, and media may follow at once. */
static void responses(void **state)
{
	(void)state;
	static const char talk[] = SDP "$\0\0\x12RTSP/1.0 200 OK\r\n\r" BARE "RTSP/1.0 100 Continue\r\n\r\n" SDP;
	struct fixture *x = rtsp_fixture();
	fixture_every_split(x, 1, talk, sizeof talk - 1,
			    SAID GONE "http.stat_code=100\nhttp.stat_msg=Continue\n--\n" SAID);
	assert_int_equal(x->flow.client, 0);
	assert_int_equal(fixture_count(x, SL_COUNT_RTSP_REQUESTS), 0);
	assert_true(fixture_count(x, SL_COUNT_RTSP_RESPONSES) > 0);
	fixture_free(x);
}

static void bodies_are_files(void **state)
{
	(void)state;
	struct fixture *x = http_fixture(6, POOL, "file.md5");
	http_say(x, 0, "ANNOUNCE rtsp://h/live.sdp RTSP/1.0\r\nContent-Length: 3\r\n\r\nabc");
	http_say(x, 1, SDP);
	assert_non_null(strstr(x->record, "file.md5=900150983cd24fb0d6963f7d28e17f72\n"));
	assert_non_null(strstr(x->record, "file.md5=b0d75ee0fad0609be9c67fb60aaf290a\n"));
	fixture_free(x);
}

/* A request and its answer are one transaction, whoever asked, and it ends with the answer. */
static void transactions(void **state)
{
	(void)state;
	struct fixture *x = rtsp_fixture();
	http_say(x, 0, DESCRIBE);
	http_say(x, 1, "SET_PARAMETER rtsp://h/x RTSP/1.0\r\nCSeq: 1\r\n\r\n");
	http_say(x, 1, BARE);
	http_say(x, 0, BARE);
	http_say(x, 0, PLAY);
	http_say(x, 1, "RTSP/1.0 100 Continue\r\n\r\n");
	http_say(x, 1, BARE);
	assert_string_equal(x->txs, "1 1073741825 1 1. 1073741825 1073741825. 2 2 2 2. ");
	assert_int_equal(x->flow.client, 0);
	fixture_again(x);
	http_say(x, 0, "REDIRECT rtsp://h/x RTSP/1.0\r\nCSeq: 1\r\n\r\n"); /* a server's alone */
	assert_int_equal(x->flow.client, 1);
	fixture_free(x);
}

/* Bytes are missing: of a body, it goes on behind it; of anything else, at the next start line. */
static void holes(void **state)
{
	(void)state;
	struct fixture *x = rtsp_fixture();
	http_say(x, 1, "RTSP/1.0 200 OK\r\nServer: s\r\nContent-Length: 100\r\n\r\n12345");
	fixture_feed(x, 1, "x" BARE, sizeof BARE, 94);
	assert_string_equal(x->record, SAID GONE);
	fixture_feed(x, 1, "d\r\nRTSP/x\r\n" BARE, sizeof BARE + 10, 10);
	assert_string_equal(x->record, SAID GONE GONE);
	http_say(x, 1, "RTSP/1.0 200 OK\r\nSer");
	fixture_feed(x, 1, "ver: y\r\n\r\n" BARE, sizeof BARE + 9, 7);
	assert_string_equal(x->record, SAID GONE GONE GONE);
	fixture_free(x);
}

static void others_are_none(void **state)
{
	(void)state;
	static const char *const streams[] = {
		"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
		"DESCRIBE rtsp://a SIP/2.0\r\n\r\n",
		"DESCRIBE http://a RTSP/1.0\r\n\r\n",
		"describe rtsp://a RTSP/1.0\r\n\r\n",
		"DESCRIBE  RTSP/1.0\r\n\r\n",
		"PLAY rtsp://a RTSP/1\r\n\r\n",
		"RTSP/1.0 20 OK\r\n\r\n",
		"RTSP/1.0 099 OK\r\n\r\n",
		"RTSP/1.0 2000\r\n\r\n",
		"$abcdefgh",
	};
	struct fixture *x = rtsp_fixture();
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		fixture_again(x);
		http_say(x, 0, streams[i]);
		assert_int_equal(x->flow.app, SL_APP_NONE);
		assert_string_equal(x->record, "");
	}
	fixture_free(x);
}

/* A head without an end is read as far as it was gathered, and what follows is found again. */
static void long_head(void **state)
{
	(void)state;
	struct fixture *x = rtsp_fixture();
	static char filler[3000];
	memset(filler, 'a', sizeof filler);
	http_say(x, 0, "PLAY rtsp://h/x RTSP/1.0\r\nX: ");
	for (unsigned i = 0; i < 100; i++)
		fixture_feed(x, 0, filler, sizeof filler, 0);
	http_say(x, 0, "\r\n\r\n" DESCRIBE);
	assert_string_equal(x->record, PLAYED DESCRIBED);
	assert_int_equal(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG), 1);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(responses),
		cmocka_unit_test(bodies_are_files),
		cmocka_unit_test(transactions),
		cmocka_unit_test(holes),
		cmocka_unit_test(others_are_none),
		cmocka_unit_test(long_head),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
