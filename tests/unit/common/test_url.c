/* URLs: the author's and the traffic's normal form meet; hostile targets stay within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <selat/url.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *text, *normal;
} parsed[] = {
	{ "HTTP://Evil.EXAMPLE", "http://evil.example/" },
	{ "http://evil.example:80/a", "http://evil.example/a" },
	{ "https://evil.example:443?q", "https://evil.example/?q" },
	{ "https://evil.example:80/", "https://evil.example:80/" },
	{ "http://evil.example:/", "http://evil.example/" },
	{ "http://evil.example:08080/", "http://evil.example:8080/" },
	{ "ftp://ftp.example:21/pub/x", "ftp://ftp.example/pub/x" },
	{ "http://evil.example./", "http://evil.example/" },
	{ "http://evil.example../", "http://evil.example/" },
	{ "http://u:p@ss@evil.example/", "http://evil.example/" },
	{ "http://e%76il.example/", "http://evil.example/" },
	{ "http://[2001:DB8:0:0::1]:8080/x", "http://[2001:db8::1]:8080/x" },
	{ "http://198.51.100.7/x", "http://198.51.100.7/x" },
	{ "http://a/b/./c/../d", "http://a/b/d" },
	{ "http://a/%7euser/%2e%2E/x", "http://a/x" },
	{ "http://a/..", "http://a/" },
	{ "http://a/b/..", "http://a/" },
	{ "http://a/b/.", "http://a/b/" },
	{ "http://a//b//../c", "http://a//b/c" },
	{ "http://a/...", "http://a/..." },
	{ "http://a/%2f%3a%zz%", "http://a/%2F%3A%25zz%25" },
	{ "http://a/x?b=%3d%41/../c#frag", "http://a/x?b=%3DA/../c" },
	{ "http://a/x?", "http://a/x?" },
	{ "http://a#frag", "http://a/" },
	{ "http://a/caf\xc3\xa9\"<>", "http://a/caf%C3%A9%22%3C%3E" },
	{ "http://a/?x[]=1", "http://a/?x%5B%5D=1" },
	{ "http://a/b;c=1,2/(d)!$&'*+@:", "http://a/b;c=1,2/(d)!$&'*+@:" },
};

static void parse_makes_the_normal_form(void **state)
{
	(void)state;
	char out[SL_URL_MAX], again[SL_URL_MAX];
	struct sl_err err = { 0 };

	for (size_t i = 0; i < sizeof parsed / sizeof parsed[0]; i++) {
		if (sl_url_parse(parsed[i].text, out, sizeof out, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(out, parsed[i].normal);
		assert_int_equal(sl_url_parse(out, again, sizeof again, &err), 0);
		assert_string_equal(again, out);
	}
}

static void parse_says_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "not absolute" },
		{ "evil.example/x", "not absolute" },
		{ "/x", "not absolute" },
		{ "http:/evil.example", "not absolute" },
		{ "gopher://a/", "only http" },
		{ "http:///x", "no host" },
		{ "http://./", "no host" },
		{ "http://../", "no host" },
		{ "http://user@/x", "no host" },
		{ "http://a:99999/", "65535" },
		{ "http://a:4294967376/", "65535" },
		{ "http://a:0/", "port 0" },
		{ "http://a:8x/", "no number" },
		{ "http://[::1/", "address" },
		{ "http://[zz]/", "address" },
		{ "http://[]/", "address" },
		{ "http://a b/", "space" },
		{ "http://a/ b", "space" },
		{ "http://a/\x01", "control" },
		{ "http://a%00b/", "no host has" },
		{ "http://a%2fb/", "no host has" },
		{ "http://caf\xc3\xa9.example/", "xn--" },
	};
	char out[SL_URL_MAX];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sl_err err = { 0 };

		if (sl_url_parse(bad[i].text, out, sizeof out, &err) == 0)
			fail_msg("%s taken", bad[i].text);
		if (!strstr(err.text, bad[i].why))
			fail_msg("\"%s\" does not say \"%s\"", err.text, bad[i].why);
	}
}

static const char *request(const char *scheme, const char *host, uint16_t port, const char *target)
{
	static char out[SL_URL_MAX];
	size_t len = sl_url_request(out, sizeof out, scheme, sl_span_str(host), port,
				    sl_span_str(target));

	if (len == 0)
		return "none";
	assert_int_equal(strlen(out), len);
	return out;
}

static void request_makes_the_same_form(void **state)
{
	(void)state;
	assert_string_equal(request("http", "Evil.Example", 80, "/gate.php?id=1"),
			    "http://evil.example/gate.php?id=1");
	assert_string_equal(request("http", "a", 8080, "/"), "http://a:8080/");
	assert_string_equal(request("http", "a:80", 8080, "/"), "http://a/");
	assert_string_equal(request("http", "a:81", 8080, "/"), "http://a:81/");
	assert_string_equal(request("https", "a", 443, "/"), "https://a/");
	assert_string_equal(request("http", "a", 0, "/"), "http://a/");
	assert_string_equal(request("http", "2001:DB8::1", 80, "/"), "http://[2001:db8::1]/");
	assert_string_equal(request("http", "[2001:db8::1]:80", 80, "/"), "http://[2001:db8::1]/");
	assert_string_equal(request("http", "a", 80, "/x#y?z"), "http://a/x");
	assert_string_equal(request("http", "a", 80, "//b/c"), "http://a//b/c");
	assert_string_equal(request("http", "a", 80, "/a b\x01"), "http://a/a%20b%01");
}

static void request_takes_the_absolute_form(void **state)
{
	(void)state;
	assert_string_equal(request("http", "proxy", 3128, "http://evil.example/x"),
			    "http://evil.example/x");
	assert_string_equal(request("http", "proxy", 80, "HTTP://b:81"), "http://b:81/");
	assert_string_equal(request("http", "", 3128, "https://b/?q"), "https://b/?q");
	assert_string_equal(request("rtsp", "", 8554, "RTSP://B:554/x"), "rtsp://b/x");
	assert_string_equal(request("rtsp", "b", 8554, "/x"), "rtsp://b:8554/x");
}

static void request_without_such_a_form(void **state)
{
	(void)state;
	static const char *const targets[] = { "", "*", "host:443", "x", "?q", "#", "ftp:/a" };

	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
		assert_string_equal(request("http", "a", 80, targets[i]), "none");
	assert_string_equal(request("http", "", 80, "/"), "none");
	assert_string_equal(request("http", "a/b", 80, "/"), "none");
	assert_string_equal(request("http", "a b", 80, "/"), "none");
	assert_string_equal(request("http", "a:x", 80, "/"), "none");
	assert_string_equal(request("http", "[::1", 80, "/"), "none");
	assert_string_equal(request("gopher", "a", 80, "/"), "none");
}

static void request_keeps_to_its_room(void **state)
{
	(void)state;
	const char *want = "http://a/%FF%FF";
	size_t full = strlen(want) + 1;

	for (size_t room = 0; room <= full; room++) {
		char *out = malloc(room + !room);
		size_t len = sl_url_request(out, room, "http", sl_span_str("a"), 80,
					    sl_span_str("/\xff\xff"));

		assert_int_equal(len, room == full ? strlen(want) : 0);
		free(out);
	}
}

static void uri_is(const char *target, const char *want)
{
	uint8_t *out = malloc(strlen(target) + 1);
	size_t len = sl_uri_normal(out, sl_span_str(target));

	assert_true(len <= strlen(target));
	assert_int_equal(len, strlen(want));
	assert_memory_equal(out, want, len);
	free(out);
}

static void uri_is_decoded_once_and_resolved(void **state)
{
	(void)state;
	uri_is("", "");
	uri_is("/", "/");
	uri_is("*", "*");
	uri_is("/a%20b", "/a b");
	uri_is("/%2541", "/%41");
	uri_is("/%zz%4", "/%zz%4");
	uri_is("/a//b///c//", "/a/b/c/");
	uri_is("/a/./b/../../c", "/c");
	uri_is("/../../etc/passwd", "/etc/passwd");
	uri_is("/a/%2e%2e%2fb", "/b");
	uri_is("/a/..", "/");
	uri_is("/x%3fy?z=%3f//../%2e", "/x?y?z=?//../.");
	uri_is("http://evil.example/a/../b?c", "/b?c");
	uri_is("http://evil.example", "/");
	uri_is("http://evil.example?c", "/?c");
}

/* Whatever the bytes: within the room, and a request's normal form is its own normal form. */
static void hostile_bytes_stay_in_bounds(void **state)
{
	(void)state;
	static const char alphabet[] = "/././//..%%2e2F%:@?#[]aZ\xff\x01 ";
	uint64_t seed = 88172645463325252u;

	for (int round = 0; round < 200000; round++) {
		size_t n = 1 + (size_t)round % 40;
		uint8_t *target = malloc(n), *out = malloc(n);
		char url[96], again[96];
		struct sl_err err;

		for (size_t i = 0; i < n; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			target[i] = (uint8_t)alphabet[seed % (sizeof alphabet - 1)];
		}
		if (round % 3)
			target[0] = '/';
		assert_true(sl_uri_normal(out, sl_span_of(target, n)) <= n);
		struct sl_span host = sl_span_of(target, n / 2);
		sl_url_request(url, sizeof url, "http", host, 80, sl_span_of(target, n));
		if (sl_url_request(url, sizeof url, "http", sl_span_str("h"), 81,
				   sl_span_of(target, n)) > 0) {
			assert_int_equal(sl_url_parse(url, again, sizeof again, &err), 0);
			assert_string_equal(again, url);
		}
		free(target);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_makes_the_normal_form),
		cmocka_unit_test(parse_says_what_is_wrong),
		cmocka_unit_test(request_makes_the_same_form),
		cmocka_unit_test(request_takes_the_absolute_form),
		cmocka_unit_test(request_without_such_a_form),
		cmocka_unit_test(request_keeps_to_its_room),
		cmocka_unit_test(uri_is_decoded_once_and_resolved),
		cmocka_unit_test(hostile_bytes_stay_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
