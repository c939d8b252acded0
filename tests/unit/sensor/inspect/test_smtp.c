#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tls_bytes.h"
#include <sensor/inspect/inspect_internal.h>

/* Of the hashes, only the one. */
static struct fixture *smtp_fixture(void)
{
	struct fixture *x = fixture_new(6, 1 << 20);
	x->inspect->config.wanted[SL_FIELD_FILE_MD5] = false;
	x->inspect->config.wanted[SL_FIELD_FILE_SHA1] = false;
	return x;
}

static void expect(const char *client, const char *record)
{
	struct fixture *x = smtp_fixture();
	fixture_every_split(x, 1, client, strlen(client), record);
	fixture_free(x);
}

static void feed(struct fixture *x, unsigned side, const char *text)
{
	fixture_feed(x, side, text, strlen(text), 0);
}

#define SHA(hex) "file.sha256=" hex "\n"
#define BODY_SHA SHA("cd2eca3535741f27a8ae40c31b0c41d4057a7a7b912b33b9aed86485d1c84676")
#define ATTACHED_SHA SHA("e03b18640c635b338a92b82cce4ff072f9f1aba9ac5261ee1340f592f35c0499")
#define TEXT_SHA SHA("ea9b8521219e714837dcf7b19e443412e44703e4bdbb9ec509e1159ecb59b632")
#define HTML_SHA SHA("d174564993ddf8d645d28a265c4b32a8eabf985c2fed1b053ad5eb7e71175c98")
#define STUFFED_SHA SHA("9de8bd83d3697e0d6f400d22f3eb8425f4cd7d46b8573bb37ba45a587333dcac")
#define ENVELOPE(from, to) "smtp.mail_from=" from "\nsmtp.rcpt_to=" to "\n--\n"

/* Two mails in one session, both pipelined; the first has a text and two attachments. */
static void whole_session(void **state)
{
	(void)state;
	expect("EHLO client.example\r\n"
	       "MAIL FROM:<alice@example.com> SIZE=1000 BODY=8BITMIME\r\n"
	       "RCPT TO:<bob@example.org>\r\nrcpt to: <\"a > b\"@example.org> NOTIFY=NEVER\r\nDATA\r\n"
	       "From: =?utf-8?Q?Al=C3=AFce?= <alice@example.com>\r\nTo: bob@example.org,\r\n\tcarol@example.org\r\n"
	       "Subject: =?ISO-8859-1?B?Z3L832U=?=\r\n =?UTF-8?Q?_and_more?= plain =?x-odd?Q?=41?=\r\n"
	       "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"outer\"\r\n\r\n"
	       "preamble\r\n--outer\r\nContent-Type: multipart/alternative; boundary=outer2\r\n\r\n"
	       "--outer2\r\nContent-Type: text/plain\r\n\r\n"
	       "See http://a.example/x?y=1, or (https://b.example/).\r\n"
	       "--outer2\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	       "<a href=3D\"https://c.example/?a=3D1&amp;b=3D=\r\n2\">x</a> =\r\n<img src=3Dhttp://d.example/i.png>  \r\n"
	       "--outer2--\r\n--outer\r\n"
	       "Content-Type: application/octet-stream; name=other\r\nContent-Transfer-Encoding: base64\r\n"
	       "Content-Disposition: attachment; filename*0*=UTF-8''na%C3%AFve%20; filename*1=\"file.bin\"\r\n\r\n"
	       "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\r\nMDEyMzQ1Njc4OQ==\r\n"
	       "--outer\r\nContent-Disposition: attachment; filename=\"dots.txt\"\r\n\r\n"
	       "..stuffed\r\n...\r\n.. \r\n--outer--\r\nepilogue http://no.example/\r\n.\r\n"
	       "RSET\r\nMAIL FROM:<>\r\nRCPT TO:<dave@example.org>\r\nDATA\r\n"
	       "Subject: bare\r\n\r\nhello\r\n.\r\nQUIT\r\n",
	       "smtp.helo=client.example\n--\n"
	       "smtp.mail_from=alice@example.com\nsmtp.rcpt_to=bob@example.org\n"
	       "smtp.rcpt_to=\"a > b\"@example.org\n--\n"
	       "email.from=Al\xc3\xaf" "ce <alice@example.com>\nemail.to=bob@example.org,\tcarol@example.org\n"
	       "email.subject=gr\xc3\xbc\xc3\x9f" "e and more plain =?x-odd?Q?=41?=\n--\n"
	       "email.url=http://a.example/x?y=1\n--\nemail.url=https://b.example/\n--\n" TEXT_SHA "--\n"
	       "email.url=https://c.example/?a=1&b=2\n--\nemail.url=http://d.example/i.png\n--\n" HTML_SHA "--\n"
	       "file.name=na\xc3\xafve file.bin\n" ATTACHED_SHA "--\n"
	       "file.name=dots.txt\n" STUFFED_SHA "--\n"
	       "smtp.rcpt_to=dave@example.org\n--\nemail.subject=bare\n--\n" BODY_SHA "--\n");
}

static void chunks(void **state)
{
	(void)state;
	expect("LHLO [192.0.2.1]\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
	       "BDAT 12\r\nSubject: x\r\nBDAT 3\r\n\r\nhBDAT 7 LAST\r\n" "ello\r\n."
	       "MAIL FROM:<c@example.com>\r\nBDAT 99999999999999999999 LAST\r\nBDAT 0 LAST\r\nQUIT\r\n",
	       "smtp.helo=[192.0.2.1]\n--\n" ENVELOPE("a@example.com", "b@example.com")
	       "email.subject=x\n--\n" SHA("fc72e0cf17b16bd42410c2e325f346bb1ded91cf104ef94663536fc9280e2487") "--\nsmtp.mail_from=c@example.com\n--\n");
}

static void refused_data(void **state)
{
	(void)state;
	expect("HELO a\r\nMAIL FROM:<a@example.com>\r\nDATA\r\nRSET\r\nMAIL FROM:<b@example.com>\r\nQUIT\r\n",
	       "smtp.helo=a\n--\nsmtp.mail_from=a@example.com\n--\nsmtp.mail_from=b@example.com\n--\n");
}

/* A server that said 354 gets a mail, whatever it begins with. */
static void agreed_data(void **state)
{
	(void)state;
	struct fixture *x = smtp_fixture();
	feed(x, 0, "220 mx ESMTP\r\n");
	feed(x, 1, "HELO a\r\nDATA\r\n");
	feed(x, 0, "250 ok\r\n354 go\r\n");
	feed(x, 1, "RSET\r\nSubject: x\r\n\r\nhello\r\n.\r\n");
	assert_string_equal(x->record, "smtp.helo=a\n--\nemail.subject=x\n--\n" BODY_SHA "--\n");
	fixture_free(x);
}

/* A dialogue's answers are no commands, whatever they spell. */
static void authentication(void **state)
{
	(void)state;
	expect("EHLO a\r\nAUTH LOGIN\r\nDATA\r\nQUIT\r\nMAIL FROM:<b@example.com>\r\nQUIT\r\n",
	       "smtp.helo=a\n--\nsmtp.mail_from=b@example.com\n--\n");
}

static void starttls(void **state)
{
	(void)state;
	struct fixture *x = smtp_fixture();
	feed(x, 0, "220 mx.example ESMTP\r\n");
	feed(x, 1, "EHLO a\r\nSTARTTLS\r\n");
	assert_int_equal(x->flow.app, SL_APP_SMTP);
	feed(x, 0, "250-mx.example\r\n250 STARTTLS\r\n454 not now\r\n");
	assert_int_equal(x->flow.app, SL_APP_SMTP);
	feed(x, 1, "STARTTLS\r\n");
	feed(x, 1, "half a comm");
	feed(x, 0, "220 rea");
	feed(x, 0, "dy\r\nEHLO again\r\n");
	assert_int_equal(x->flow.app, SL_APP_SMTP); /* found anew, in what was behind the line */
	fixture_again(x);
	feed(x, 1, "EHLO a\r\nSTARTTLS\r\n");
	feed(x, 0, "220 rea");
	feed(x, 0, "dy\r\n");
	assert_int_equal(x->flow.app, SL_APP_NONE);
	assert_int_equal(sl_inspect_held(x->inspect), 0);
	assert_string_equal(x->record, "smtp.helo=a\n--\n");
	fixture_free(x);
}

static void starttls_alone(void **state)
{
	(void)state;
	struct fixture *x = smtp_fixture();
	struct wire client = { .n = 0 };
	tls_after(&client, "EHLO a\r\nSTARTTLS\r\n");
	fixture_every_split(x, 1, client.at, client.n, "smtp.helo=a\n--\n" RFC8448_CLIENT_RECORD);
	fixture_free(x);
}

/* To know the protocol takes all of a greeting's lines: those gathered for that are not thrown away. */
static void long_greeting(void **state)
{
	(void)state;
	static const char lines[] = "220-a\r\n220-b\r\n220 c ESMTP\r\n";
	struct fixture *x = smtp_fixture();
	for (size_t cut = 1; cut < sizeof lines - 1; cut++) {
		fixture_again(x);
		fixture_feed(x, 0, lines, cut, 0);
		fixture_feed(x, 0, lines + cut, sizeof lines - 1 - cut, 0);
		assert_int_equal(x->flow.app, SL_APP_SMTP);
		assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
	}
	fixture_free(x);
}

static void recognition(void **state)
{
	(void)state;
	static const char *const smtp[] = { "220 a ESMTP\r\n", "220-hello\r\n220 x smtp y\r\n", "ehlo\n",
					    "mail from:<a@b>\r\n", "RCPT TO:<a@b>\r\n" };
	static const char *const other[] = { "220 a\r\n", "220 FTP\r\n", "EHLOX\r\n", "220\r\n", "MAIL x\r\n",
					     "HELO\x01\r\n", "500 SMTP\r\n" };
	struct fixture *x = smtp_fixture();
	for (size_t i = 0; i < sizeof smtp / sizeof *smtp; i++) {
		fixture_again(x);
		feed(x, 0, smtp[i]);
		assert_int_equal(x->flow.app, SL_APP_SMTP);
	}
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		fixture_again(x);
		feed(x, 0, other[i]);
		assert_int_not_equal(x->flow.app, SL_APP_SMTP);
	}
	fixture_free(x);
}

/* Lines that end in a bare LF, all through. A bare ".\n" ends no other mail. */
static void bare_lines(void **state)
{
	(void)state;
	expect("HELO a\nDATA\nSubject: x\n\nhello\n.\nMAIL FROM:<a@b>\nQUIT\n",
	       "smtp.helo=a\n--\nemail.subject=x\n--\n" SHA("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03") "--\nsmtp.mail_from=a@b\n--\n");
	expect("HELO a\r\nDATA\r\nSubject: x\r\n\r\nhello\n.\nMAIL FROM:<a@b>\r\n.\r\nQUIT\r\n",
	       "smtp.helo=a\n--\nemail.subject=x\n--\n" SHA("9159e9dfd32bc2732723c1f5a3a5a93b663f4d1895a6e31babe3289927ff477c") "--\n");
}

/* A file with a hole has no hash; the next one has, and the mail's end is found. */
static void holes(void **state)
{
	(void)state;
	static const char begin[] = "HELO a\r\nDATA\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
				    "Content-Disposition: attachment; filename=one\r\n\r\nab";
	static const char rest[] = "cd\r\n--b\r\nContent-Disposition: attachment; filename=two\r\n\r\nhello"
				   "\r\n--b--\r\n.\r\nMAIL FROM:<a@b>\r\nRSET\r\n";
	struct fixture *x = smtp_fixture();
	feed(x, 1, begin);
	fixture_feed(x, 1, rest, strlen(rest), 7);
	assert_string_equal(x->record, "smtp.helo=a\n--\nfile.name=one\n--\nfile.name=two\n" SHA("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
				       "--\nsmtp.mail_from=a@b\n--\n");
	fixture_again(x);
	feed(x, 1, "HELO a\r\nBDAT 10\r\n\r\nab");
	fixture_feed(x, 1, "ef", 2, 4);
	feed(x, 1, "BDAT 0 LAST\r\nMAIL FROM:<a@b>\r\n");
	fixture_end(x, 1);
	assert_string_equal(x->record, "smtp.helo=a\n--\nsmtp.mail_from=a@b\n--\n");
	fixture_free(x);
}

/* A FIN in the middle of a mail may be forged: what comes behind it counts. */
static void forged_end(void **state)
{
	(void)state;
	struct fixture *x = smtp_fixture();
	feed(x, 1, "HELO a\r\nMAIL FROM:<a@b>\r\n");
	fixture_end(x, 1);
	assert_string_equal(x->record, "smtp.helo=a\n--\nsmtp.mail_from=a@b\n--\n");
	x->n = 0;
	feed(x, 1, "DATA\r\n\r\nhel");
	fixture_end(x, 1);
	feed(x, 1, "lo\r\n.\r\n");
	assert_string_equal(x->record, BODY_SHA "--\n");
	fixture_free(x);
}

/* A flow that goes in the middle of a session: the values that came are handed on, a file without its
 * end has no hash. */
static void cut_short(void **state)
{
	(void)state;
	struct fixture *x = smtp_fixture();
	feed(x, 1, "HELO a\r\nMAIL FROM:<a@b>\r\n");
	x->n = 0;
	sl_inspect_forget(x->inspect, &x->flow, x->slot);
	assert_string_equal(x->record, "smtp.mail_from=a@b\n--\n");
	fixture_again(x);
	feed(x, 1, "HELO a\r\nDATA\r\nContent-Type: text/plain; name=a.txt\r\n\r\nhttp://a.example/ hello");
	x->n = 0;
	sl_inspect_forget(x->inspect, &x->flow, x->slot);
	assert_string_equal(x->record, "file.name=a.txt\n--\n");
	fixture_free(x);
}

/* 10,000 recipients: some are reported, the others counted. */
static void many_recipients(void **state)
{
	(void)state;
	struct fixture *x = smtp_fixture();
	feed(x, 1, "HELO a\r\n");
	for (int i = 0; i < 10000; i++)
		feed(x, 1, "RCPT TO:<someone@example.com>\r\n");
	feed(x, 1, "DATA\r\n");
	assert_true(sl_inspect_held(x->inspect) < 4096);
	assert_int_equal(fixture_count(x, SL_COUNT_VALUES_LEFT_OUT), 10000 - SL_VALUES_MAX);
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_session), cmocka_unit_test(chunks),
		cmocka_unit_test(refused_data),	 cmocka_unit_test(agreed_data),
		cmocka_unit_test(authentication), cmocka_unit_test(starttls),
		cmocka_unit_test(recognition),	 cmocka_unit_test(bare_lines),
		cmocka_unit_test(holes),	 cmocka_unit_test(cut_short),
		cmocka_unit_test(forged_end),
		cmocka_unit_test(many_recipients), cmocka_unit_test(starttls_alone),
		cmocka_unit_test(long_greeting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
