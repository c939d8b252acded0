/* MIME entities: boundaries, mails, codings, names, links, words. */
#include "mime.h"

static void form_data(void **state)
{
	(void)state;
	expect("multipart/form-data; boundary=\"x y\"",
	       "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno file\r\n"
	       "--x y\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a;\\\"b\\\".txt\"\r\n"
	       "Content-Type: text/plain\r\n\r\nhello\r\n--x y\t \r\n"
	       "Content-Disposition: form-data; name=\"g\"; filename=\"C:\\temp\\x\"\r\n\r\n"
	       "hello\r\n-world-\r\n--x y--\r\nepilogue\r\n",
	       "file.name=a;\"b\".txt\n" HELLO "file.name=C:\\temp\\x\n" HELLO_WORLD);
}

static void no_boundary(void **state)
{
	(void)state;
	struct fixture *x = mime_fixture();
	assert_null(begin(x, "multipart/form-data"));
	assert_null(begin(x, "multipart/form-data; boundary=\"\""));
	assert_null(begin(x, "text/plain; boundary=x"));
	finish(x, NULL, true);
	fixture_free(x);
}

/* RFC 2046, section 5.1.1: the line end before a boundary is the boundary's, the one before that not. */
static void line_ends(void **state)
{
	(void)state;
	expect(NULL,
	       "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n\nhello\n\n--b\n\nhello\r--b\r\r\n"
	       "--b\r\n\r\n\r\n--b\r\n\r\n--c\r\n--b-x\r\n---b\r\n-\r\n--b--",
	       HELLO SHA("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03") SHA("8b2057edb113513fc465d5c00cc4b47b444d1b32a87a93599f4c1e05df265fe5") SHA("55bbd14cf56162a2c5a82cb14eb05855d4c9ebc302c6c4e37728de9fa4e363c0"));
}

/* No closing boundary, an outer boundary that ends the inner part, a boundary that begins another. */
static void boundaries(void **state)
{
	(void)state;
	expect(NULL,
	       "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n"
	       "--bb\r\n\r\nhello\r\n--b\r\n\r\nhello\r\n--bb--\r\n--b\r\n\r\nhello",
	       HELLO SHA("d1f76f8e79df53719d82a46f45b978c532d9e55914b19886706840f058b1da38") HELLO);
}

static void inner_mail(void **state)
{
	(void)state;
	expect(NULL,
	       "Subject: outer\r\nContent-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: one\r\n\r\nhello\r\n"
	       "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: two\r\nContent-Type: message/rfc822\r\n\r\n"
	       "From: <deep@example.com>\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8\r\n"
	       "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n",
	       "email.subject=outer\n--\nemail.subject=one\n--\n" HELLO "email.subject=two\n--\n"
	       "email.from=<deep@example.com>\n--\n" HELLO HELLO);
}

static void headers_alone(void **state)
{
	(void)state;
	expect(NULL, "Subject: a\r\n b\r\n\tc\r\nno header\r\nSUBJECT: again\r\nTo : x\r\n",
	       "email.to=x\nemail.subject=a b\tc\n--\n");
}

static void what_a_mail_says_of_itself(void **state)
{
	(void)state;
	expect(NULL,
	       "Received: from c by b; Tue, 3 Feb 2026 10:00:02 +0000\r\n"
	       "Received: from a\r\n by c;\r\n Tue, 3 Feb 2026 10:00:01 +0000\r\n"
	       "X-Mailer: =?utf-8?q?M=C3=BCll?= 1.0\r\nMessage-ID: <1@a.example>\r\n"
	       "CC: <b@b.example>,\r\n <c@c.example>\r\nDate: Tue, 3 Feb 2026 10:00:00 +0000\r\n"
	       "X-Mailers: none\r\nX-Mailer: second\r\nReceived:\r\n",
	       "email.cc=<b@b.example>, <c@c.example>\nemail.date=Tue, 3 Feb 2026 10:00:00 +0000\n"
	       "email.message_id=<1@a.example>\nemail.x_mailer=M\xc3\xbcll 1.0\n"
	       "email.received=from c by b; Tue, 3 Feb 2026 10:00:02 +0000\n"
	       "email.received=from a by c; Tue, 3 Feb 2026 10:00:01 +0000\n--\n");
}

/* Servers add Received; a hundred of them are a loop or a trick. */
static void received_is_bounded(void **state)
{
	(void)state;
	char mail[100 * 16] = "", *at = mail;
	for (int i = 0; i < 100; i++)
		at += sprintf(at, "Received: %d\r\n", i);
	struct fixture *x = mime_fixture();
	struct sl_mime *m = begin(x, NULL);
	piece_feed(x, m, mail, strlen(mail));
	finish(x, m, true);
	assert_non_null(strstr(x->record, "email.received=63\n--\n"));
	assert_null(strstr(x->record, "email.received=64"));
	assert_int_equal(fixture_count(x, SL_COUNT_VALUES_LEFT_OUT), 1);
	fixture_free(x);
}

static void base64(void **state)
{
	(void)state;
	expect(NULL, "Content-Transfer-Encoding: BASE64\r\n\r\naGV\r\n!sb\tG8=\r\n", HELLO);
	expect(NULL, "Content-Transfer-Encoding: base64\r\n\r\naA==\r\n=ZWw=bG8=", HELLO);
	expect(NULL, "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8ZZZ"
		     "\r\n", SHA("1785c71db187e3b980b6058a1d7aa2e831df506b155f12760372e6fdfaff6cbd"));
}

/* RFC 2045, section 6.7: soft breaks, white space at a line's end, escapes that are none. */
static void quoted_printable(void **state)
{
	(void)state;
	expect(NULL, "Content-Transfer-Encoding: quoted-printable\r\n\r\nhe=\r\nl= \t\r\n=6Co=", HELLO);
	expect(NULL, "Content-Transfer-Encoding: quoted-printable\r\n\r\na \t\r\nb c=3d=3D =zz =A\r\n==41\r\n=4= =",
	       SHA("842c0dbd05e4c701953ca4e26b9039e20f6fd90529715eeb5d1b9d955b75ca25"));
}

static void names(void **state)
{
	(void)state;
	expect("multipart/mixed; boundary=b",
	       "--b\r\nContent-Type: x/y; name=\"=?utf-8?B?w6Q=?=.txt\"\r\n\r\nhello\r\n"
	       "--b\r\nContent-Disposition: attachment; filename=plain; filename*=iso-8859-1'en'%e4%2\r\n\r\nhello\r\n"
	       "--b\r\nContent-Disposition: attachment (a;b) ; filename*1*=%62; filename*0=\"a\\\"%41\";x\r\n\r\nhello\r\n"
	       "--b\r\nContent-Disposition: attachment; filename=a b.txt ; size=5\r\n\r\nhello\r\n--b--",
	       "file.name=\xc3\xa4.txt\n" HELLO "file.name=\xc3\xa4%2\n" HELLO "file.name=a\"%41b\n" HELLO
	       "file.name=a b.txt\n" HELLO);
}

static void links(void **state)
{
	(void)state;
	struct fixture *x = mime_fixture();
	x->inspect->config.wanted[SL_FIELD_FILE_SHA256] = x->inspect->config.wanted[SL_FIELD_FILE_NAME] = false;
	x->inspect->config.wanted[SL_FIELD_FILE_DATA] = false;
	const char *text = "\r\nhttp://a/ xhttp://no/ hhttp://no/ (HTTPS://b/c_(d)) <http://e/f> http:// https:/x http://g/\r\nh "
			   "hthttp://no hhhttps://no \"http://i\" http://j/?k=http://l!";
	const char *html = "Content-Type: text/HTML\r\n\r\n<a  HREF = 'http://a/?b&amp;c&#38;d&#x26;e&lt;'><img\r\nsrc=https://f>"
			   "<p data-href=\"http://no\" href=\"/no\" xhref='http://no' hreff='http://no'>http://no"
			   "<a href=\" http://g/\n h \"src=\"http://i/\">";
	struct sl_mime *m = begin(x, NULL);
	piece_feed(x, m, text, strlen(text));
	finish(x, m, true);
	assert_string_equal(x->record, "email.url=http://a/\n--\nemail.url=HTTPS://b/c_(d)\n--\nemail.url=http://e/f\n--\n"
				       "email.url=http://g/\n--\nemail.url=http://i\n--\nemail.url=http://j/?k=http://l\n--\n");
	for (size_t cut = 0; cut < strlen(html); cut++) {
		m = begin(x, NULL);
		piece_feed(x, m, html, cut);
		piece_feed(x, m, html + cut, strlen(html) - cut);
		finish(x, m, true);
		assert_string_equal(x->record, "email.url=http://a/?b&c&d&e&lt;\n--\nemail.url=https://f\n--\n"
					       "email.url=http://g/ h\n--\nemail.url=http://i/\n--\n");
	}
	fixture_free(x);
}

/* RFC 2047, section 8: how encoded words are shown. */
static void words(void **state)
{
	(void)state;
	static const char *const known[][2] = {
		{ "=?ISO-8859-1?Q?a?=", "a" },
		{ "=?ISO-8859-1?Q?a?= b", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?_b?=", "a b" },
		{ "=?US-ASCII*EN?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>" },
		{ "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld J\xc3\xb8rn Simonsen" },
		{ "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\t=?UTF-8?B?dQ?=", "If you can read this you" },
		{ "=?ISO-8859-8?b?7eU=?= =?utf-8?q?a?=", "=?ISO-8859-8?b?7eU=?= a" },
		{ "=?utf-8?x?a?= =?utf-8?q?a", "=?utf-8?x?a?= =?utf-8?q?a" },
		{ "=?utf-8?q?=4?= =", "=4 =" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		uint8_t out[256];
		size_t n = sl_mime_words(out, sl_span_str(known[i][0]));
		out[n] = 0;
		assert_string_equal((char *)out, known[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_data),
		cmocka_unit_test(no_boundary),
		cmocka_unit_test(line_ends),
		cmocka_unit_test(boundaries),
		cmocka_unit_test(inner_mail),
		cmocka_unit_test(headers_alone),
		cmocka_unit_test(what_a_mail_says_of_itself),
		cmocka_unit_test(received_is_bounded),
		cmocka_unit_test(base64),
		cmocka_unit_test(quoted_printable),
		cmocka_unit_test(names),
		cmocka_unit_test(links),
		cmocka_unit_test(words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
