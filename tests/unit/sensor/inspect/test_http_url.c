/* The whole URL of a request: what the Host header, the target and the connection say together. */
#include "http.h"

static void expect(const char *request, const char *url)
{
	struct fixture *x = http_fixture(6, 1 << 20, "http.url");
	char line[256];
	x->flow.key.family = 4;
	memcpy(x->flow.key.low, (uint8_t[]){ 10, 0, 0, 1 }, 4);
	memcpy(x->flow.key.high, (uint8_t[]){ 192, 0, 2, 1 }, 4);
	x->flow.key.low_port = 40000;
	x->flow.key.high_port = 80;
	x->flow.client = 1; /* not proven: the request is */
	http_say(x, 0, request);
	snprintf(line, sizeof line, "http.url=%s\n", url ? url : "");
	if (url)
		assert_non_null(strstr(x->record, line));
	else
		assert_null(strstr(x->record, "http.url="));
	assert_non_null(strstr(x->record, "http.method="));
	fixture_free(x);
}

static void of_the_host_header(void **state)
{
	(void)state;
	expect("GET /gate.php?x=1 HTTP/1.1\r\nHost: evil.example\r\n\r\n", "http://evil.example/gate.php?x=1");
	expect("GET /a/../gat%65.php HTTP/1.1\r\nHost: EVIL.example:80\r\n\r\n", "http://evil.example/gate.php");
	expect("GET / HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n", "http://evil.example:8080/");
}

static void of_the_target(void **state)
{
	(void)state;
	expect("GET http://evil.example/x HTTP/1.1\r\nHost: other.example\r\n\r\n", "http://evil.example/x");
	expect("OPTIONS rtsp://camera.example/live RTSP/1.0\r\nCSeq: 1\r\n\r\n", "rtsp://camera.example/live");
}

static void of_the_server(void **state)
{
	(void)state;
	expect("GET /x HTTP/1.0\r\n\r\n", "http://192.0.2.1/x");
}

static void of_none(void **state)
{
	(void)state;
	expect("OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n", NULL);
	expect("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n", NULL);
}

/* An escape takes three bytes where a byte was: there is room for them all. */
static void of_bytes_that_become_escapes(void **state)
{
	(void)state;
	expect("GET /\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\" HTTP/1.1\r\nHost: e.example\r\n\r\n",
	       "http://e.example/%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22%22"
	       "%22%22%22%22%22%22");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_host_header), cmocka_unit_test(of_the_target),
		cmocka_unit_test(of_the_server),      cmocka_unit_test(of_none),
		cmocka_unit_test(of_bytes_that_become_escapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
