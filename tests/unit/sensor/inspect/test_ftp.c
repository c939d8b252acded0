/* FTP: commands and replies cut everywhere and with one side alone; data connections, active and
 * passive, IPv4 and IPv6; what turns to TLS; streams that are none. */
#include "tls_bytes.h"
#include <sensor/inspect/ftp.h>
#include <sensor/inspect/parse.h>

static struct sl_span text(const char *s)
{
	return sl_span_of(s, strlen(s));
}

static void say(struct fixture *x, unsigned side, const char *s)
{
	fixture_feed(x, side, s, strlen(s), 0);
}

static void ports(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned port;
	} six[] = {
		{ "192,0,2,1,19,137", 5001 }, { "Entering Passive Mode (10,0,0,1,4,1).", 1025 },
		{ "=10,0,0,1,0,21", 21 },     { "is 3 or 10,0,0,1,1,0 now", 256 },
		{ "10,0,0,1,4", 0 },	      { "10,0,0,256,4,1", 0 },
		{ "10,0,0,1,0,0", 0 },	      { "10,0,0,,4,1", 0 },
		{ "1234,0,0,1,4,1", 0 },      { "", 0 },
		{ "10,0,0,1,99999999999,1", 0 },
	}, extended[] = {
		{ "|1|132.235.1.2|6275|", 6275 },	/* RFC 2428, section 2 */
		{ "|2|1080::8:800:200C:417A|5282|", 5282 },
		{ "229 Entering Extended Passive Mode (|||6446|)", 6446 }, /* section 3 */
		{ "229 x (!!!65535!)", 65535 },	{ "|||6446", 0 },
		{ "(|||65536|)", 0 },		{ "(|||0|)", 0 },
		{ "(|||x|)", 0 },		{ "(||6446|)", 0 },
		{ "229 x (", 0 },		{ "", 0 },
		{ "1112|", 0 },
	};
	for (size_t i = 0; i < sizeof six / sizeof *six; i++)
		assert_int_equal(sl_ftp_port_of_six(text(six[i].text)), six[i].port);
	for (size_t i = 0; i < sizeof extended / sizeof *extended; i++)
		assert_int_equal(sl_ftp_port_extended(text(extended[i].text)), extended[i].port);
}

static void commands(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	static const char said[] = "USER  bob \r\nPASS a b\r\n\r\nsyst\nTYPE I\r\n\xff\xf4\xff\xf2" "ABOR\r\nQUIT\r\n";
	fixture_every_split(x, 0, said, sizeof said - 1,
			    "ftp.command=USER\nftp.user=bob\n--\nftp.command=PASS\n--\nftp.command=syst\n--\n"
			    "ftp.command=TYPE\n--\nftp.command=ABOR\n--\nftp.command=QUIT\n--\n");
	assert_string_equal(sl_app_text(x->flow.app), "ftp");
	assert_int_equal(x->flow.client, 0);
	static const char replies[] = "220-Hello\r\n 220 not yet\r\nUSER is no command here\r\n220 FTP\r\n"
				      "331 Password\r\n230-\r\n230 In\r\n";
	fixture_every_split(x, 0, replies, sizeof replies - 1, "");
	assert_string_equal(sl_app_text(x->flow.app), "ftp");
	assert_int_equal(x->flow.client, 1);
	fixture_free(x);
}

static void long_line(void **state)
{
	(void)state;
	static char line[20000];
	struct fixture *x = fixture_new(6, 1 << 20);
	memset(line, 'x', sizeof line);
	memcpy(line, "SYST\nRETR ", 10);
	memcpy(line + sizeof line - 6, "\nPWD\r\n", 6);
	for (size_t step = 1; step < sizeof line; step = step * 3 + 1) {
		fixture_again(x);
		for (size_t i = 0; i < sizeof line; i += step)
			fixture_feed(x, 0, line + i, sizeof line - i < step ? sizeof line - i : step, 0);
		assert_string_equal(x->record, "ftp.command=SYST\n--\nftp.command=RETR\n--\nftp.command=PWD\n--\n");
	}
	assert_true(fixture_count(x, SL_COUNT_MESSAGE_TOO_LONG) > 0);
	fixture_free(x);
}

static void none(void **state)
{
	(void)state;
	static const char *const streams[] = {
		"USER bob\r\nPASS x\r\nSTAT\r\n",	     /* POP3 */
		"PASS x\r\nNICK bob\r\nUSER a b c :d\r\n",   /* IRC */
		"220 ftp.example ESMTP Postfix\r\n",	     "220 hello\r\n",
		"EHLO ftp\r\nAUTH PLAIN x\r\n",		     "+OK FTP\r\n",
		"GET / FTP/1.0\r\n",			     "SYSTEM\r\n",
		"230 FTP\r\n",				     "SYST\x01\r\n",
		"2200 FTP\r\n",
	};
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		struct fixture *x = fixture_new(6, 1 << 20);
		say(x, 0, streams[i]);
		assert_null(strstr(x->record, "ftp."));
		assert_int_not_equal(x->flow.app, SL_APP_FTP);
		fixture_free(x);
	}
}

static void turns_to_tls(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	say(x, 1, "220 FTP\r\n");
	say(x, 0, "AUTH TLS\r\n");
	assert_int_equal(x->flow.app, SL_APP_FTP);
	say(x, 1, "234 Go on\r\n");
	assert_int_equal(x->flow.app, SL_APP_NONE);
	say(x, 0, "SSH-2.0-inside\n"); /* stands for what comes */
	assert_string_equal(x->record, "ftp.command=AUTH\n--\nssh.software=inside\n--\n");
	fixture_free(x);
}

/* The server's answer was not seen. */
static void turns_to_tls_alone(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	struct wire client = { .n = 0 };
	tls_after(&client, "AUTH TLS\r\n");
	fixture_every_split(x, 0, client.at, client.n, "ftp.command=AUTH\n--\n" RFC8448_CLIENT_RECORD);
	fixture_free(x);
}

/* Bytes are missing in a reply's middle: its lines look like a client's, and are not taken for it. */
static void hole_in_a_reply(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	say(x, 1, "220 FTP\r\n");
	say(x, 0, "SYST\r\n");
	fixture_feed(x, 1, "PWD and CWD\r\n214 End\r\n", 22, 9);
	assert_int_equal(x->flow.client, 0);
	assert_string_equal(x->record, "ftp.command=SYST\n--\n");
	fixture_free(x);
}

/* --- data connections: a second flow of the same inspector --- */

struct two {
	struct fixture *x;
	struct sl_flow control;
	void *slot;
};

static struct two two_new(uint8_t family)
{
	struct two w = { .x = fixture_new(6, 1 << 20), .slot = calloc(1, sl_inspect_slot_bytes()) };
	assert_non_null(w.slot);
	w.x->flow.key = (struct sl_flow_key){ .low = { 1 }, .high = { 2 }, .low_port = 40000, .high_port = 21,
					      .family = family, .proto = 6 };
	w.x->flow.last = 5000;
	return w;
}

/* From the control connection to the data connection, and back. */
static void two_swap(struct two *w)
{
	struct sl_flow flow = w->x->flow;
	void *slot = w->x->slot;
	w->x->flow = w->control;
	w->x->slot = w->slot;
	w->control = flow;
	w->slot = slot;
}

static void two_data(struct two *w, uint16_t low_port, uint16_t high_port)
{
	two_swap(w);
	w->x->flow = w->control;
	w->x->flow.app = SL_APP_NONE;
	w->x->flow.key.low_port = low_port;
	w->x->flow.key.high_port = high_port;
}

static void two_free(struct two *w)
{
	sl_inspect_forget(w->x->inspect, &w->x->flow, w->x->slot);
	two_swap(w);
	free(w->slot);
	fixture_free(w->x);
}

/* What stands in the file looks like something else. */
#define CONTENT "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define NAMED "file.name=a b.txt\nfile.md5=ba73123e1717aa27f6b6313906b64837\n" \
	      "file.sha1=b3ca4dbb43ddcb5f00db31dc7345bcd9ff5171cc\n" \
	      "file.sha256=e44a62c873b0d3917c6d7dda744049974172ef3992f5f229e812e74fa1d261e4\n--\n"

static void transfers(void **state)
{
	(void)state;
	static const struct {
		uint8_t family;
		const char *commands[2], *replies[2]; /* in turn */
		uint16_t low_port, high_port;
		unsigned sender;
		const char *record; /* of the data connection */
	} t[] = {
		{ 4, { "PASV\r\n", "RETR a b.txt\r\n" }, { "227 On (2,0,0,0,19,137)\r\n", "150 Here\r\n" }, 40001, 5001, 1, NAMED },
		{ 6, { "EPSV\r\n", "STOR a b.txt\r\n" }, { "229 On (|||5001|)\r\n", "150 Here\r\n" }, 40001, 5001, 0, NAMED },
		{ 4, { "PORT 1,0,0,0,19,137\r\n", "RETR a b.txt\r\n" }, { "200 Good\r\n", "150 Here\r\n" }, 5001, 20, 1, NAMED },
		{ 6, { "EPRT |2|::1|5001|\r\n", "APPE a b.txt\r\n" }, { "200 Good\r\n", "150 Here\r\n" }, 5001, 20, 0, NAMED },
		{ 4, { "PASV\r\nRETR a b.txt\r\n", "" }, { "227 On (2,0,0,0,19,137)\r\n", "150 Here\r\n" }, 40001, 5001, 1, NAMED },
		{ 4, { "", "" }, { "227 On (2,0,0,0,19,137)\r\n", "150 Opening data connection for a b.txt (5 bytes)\r\n" }, 40001, 5001, 1, NAMED },
		{ 4, { "PASV\r\n", "LIST\r\n" }, { "227 On (2,0,0,0,19,137)\r\n", "150 Here\r\n" }, 40001, 5001, 1, "" },
		{ 4, { "", "" }, { "227 On (2,0,0,0,19,137)\r\n", "150 Here comes the directory listing.\r\n" }, 40001, 5001, 1, "" },
		{ 4, { "PASV\r\n", "REST 100\r\nRETR a b.txt\r\n" }, { "227 On (2,0,0,0,19,137)\r\n", "150 Here\r\n" }, 40001, 5001, 1,
		  "file.name=a b.txt\n--\n" },
	};
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct two w = two_new(t[i].family);
		say(w.x, 1, "220 FTP\r\n");
		for (unsigned k = 0; k < 2; k++) {
			say(w.x, 0, t[i].commands[k]);
			say(w.x, 1, t[i].replies[k]);
		}
		two_data(&w, t[i].low_port, t[i].high_port);
		w.x->n = 0;
		w.x->record[0] = '\0';
		for (size_t at = 0; at < sizeof CONTENT - 1; at += 5)
			fixture_feed(w.x, t[i].sender, &CONTENT[at], sizeof CONTENT - 1 - at < 5 ? sizeof CONTENT - 1 - at : 5, 0);
		assert_string_equal(w.x->record, "");
		assert_string_equal(sl_app_text(w.x->flow.app), "ftp-data");
		fixture_end(w.x, t[i].sender ^ 1);
		fixture_end(w.x, t[i].sender);
		fixture_end(w.x, t[i].sender); /* it may come again */
		assert_string_equal(w.x->record, t[i].record);
		two_free(&w);
	}
}

/* With a hole, or without an end, a file has a name but no hash. */
static void cut_transfers(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 3; how++) {
		struct two w = two_new(4);
		say(w.x, 1, "220 FTP\r\n227 (2,0,0,0,19,137)\r\n");
		say(w.x, 0, "RETR f\r\n");
		two_data(&w, 40001, 5001);
		w.x->n = 0;
		w.x->record[0] = '\0';
		w.x->flow.side[1].gap_bytes = how == 2;
		fixture_feed(w.x, 1, "abc", 3, 0);
		if (how == 0)
			fixture_feed(w.x, 1, "def", 3, 7);
		if (how != 1)
			fixture_end(w.x, 1);
		else
			sl_inspect_forget(w.x->inspect, &w.x->flow, w.x->slot);
		assert_string_equal(w.x->record, "file.name=f\n--\n");
		two_free(&w);
	}
}

/* A connection of others between the same ends is what it is. */
static void not_expected(void **state)
{
	(void)state;
	struct two w = two_new(4);
	say(w.x, 1, "220 FTP\r\n227 (2,0,0,0,19,137)\r\n");
	two_data(&w, 40001, 5002);
	say(w.x, 0, "SSH-2.0-x\n");
	assert_string_equal(w.x->record, "ssh.software=x\n--\n");
	two_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports),	 cmocka_unit_test(commands),	  cmocka_unit_test(long_line),
		cmocka_unit_test(none),		 cmocka_unit_test(turns_to_tls),  cmocka_unit_test(transfers),
		cmocka_unit_test(cut_transfers), cmocka_unit_test(not_expected),
		cmocka_unit_test(turns_to_tls_alone), cmocka_unit_test(hole_in_a_reply),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
