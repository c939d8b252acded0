/* SSH: version lines with what may stand around them, key exchanges cut everywhere, HASSH by its
 * definition with lists of real programs, junk. */
#include "fixture.h"
#include <sensor/inspect/parse.h>

static void text(struct wire *w, const char *s)
{
	wire_put(w, s, strlen(s));
}

static void list(struct wire *w, const char *s)
{
	wire_u32(w, (uint32_t)strlen(s));
	text(w, s);
}

struct offer {
	const char *list[8]; /* RFC 4253, section 7.1, without languages */
};

static void packet(struct wire *w, const struct wire *payload, unsigned padding)
{
	wire_u32(w, (uint32_t)(payload->n + padding + 1));
	wire_u8(w, padding);
	wire_put(w, payload->at, payload->n);
	while (padding--)
		wire_u8(w, 0);
}

static void kexinit(struct wire *w, const struct offer *o)
{
	struct wire p = { .n = 0 };
	wire_hex(&p, "14 000102030405060708090a0b0c0d0e0f");
	for (unsigned i = 0; i < 8; i++)
		list(&p, o->list[i]);
	wire_hex(&p, "00000000 00000000 00 00000000");
	packet(w, &p, 6);
}

/* OpenSSH 9.2's, but for the two directions, which differ so that they can be told apart. */
static const struct offer client = { {
	"sntrup761x25519-sha512@openssh.com,curve25519-sha256,ecdh-sha2-nistp256,ext-info-c",
	"ssh-ed25519,rsa-sha2-512",
	"chacha20-poly1305@openssh.com,aes128-ctr",
	"aes256-gcm@openssh.com",
	"umac-64-etm@openssh.com,hmac-sha2-256",
	"hmac-sha1",
	"none,zlib@openssh.com",
	"none",
} };
static const struct offer server = { {
	"curve25519-sha256,kex-strict-s-v00@openssh.com",
	"rsa-sha2-256",
	"aes128-ctr",
	"aes256-ctr,aes192-ctr",
	"hmac-sha1",
	"hmac-sha2-512",
	"none",
	"zlib@openssh.com",
} };
/* Neither says who it is. */
static const struct offer plain = { { "k", "h", "c1", "c2", "m1", "m2", "z1", "z2" } };

/* By Python's hashlib: MD5 of the lists with semicolons. */
#define CLIENT_HASSH "85a945e6041cc360fc7fdac6f424b7c0"
#define SERVER_HASSH "5c748347afec5fac8662ff1664066ebf"
#define PLAIN_HASSH "dd40933168f18f8a21ff43d3399175d8"
#define PLAIN_HASSH_SERVER "ef2009dcd463afbe99c5888867b06e53"

static void both_sides(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	struct wire w = { .n = 0 };
	text(&w, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
	size_t version = w.n;
	kexinit(&w, &client);
	text(&w, "what follows is encrypted");
	fixture_every_split(x, 0, w.at, w.n,
			    "ssh.software=OpenSSH_9.2p1\n--\nssh.software=OpenSSH_9.2p1\nssh.hassh=" CLIENT_HASSH "\n--\n");
	assert_string_equal(sl_app_text(x->flow.app), "ssh");
	assert_int_equal(x->flow.client, 0);
	w.n = version;
	kexinit(&w, &server);
	fixture_every_split(x, 0, w.at, w.n,
			    "ssh.software=OpenSSH_9.2p1\n--\nssh.software=OpenSSH_9.2p1\nssh.hassh.server=" SERVER_HASSH
			    "\n--\n");
	assert_int_equal(x->flow.client, 1);
	fixture_free(x);
}

/* Where the offer itself does not say it: the SYN's sender, or the one who is not at port 22. */
static void who_is_the_client(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(6, 1 << 20);
	struct wire w = { .n = 0 };
	text(&w, "SSH-2.0-x\n");
	kexinit(&w, &plain);
	for (unsigned i = 0; i < 8; i++) {
		unsigned side = i & 1, by_port = i >> 1 & 1, who = i >> 2;
		fixture_again(x);
		x->flow.known_client = !by_port;
		x->flow.client = who & 1;
		x->flow.key.low_port = by_port && who ? 22 : 1022;
		x->flow.key.high_port = by_port && !who ? 22 : 1022;
		fixture_feed(x, side, w.at, w.n, 0);
		bool is_client = side == who;
		assert_string_equal(x->record, is_client
			? "ssh.software=x\n--\nssh.software=x\nssh.hassh=" PLAIN_HASSH "\n--\n"
			: "ssh.software=x\n--\nssh.software=x\nssh.hassh.server=" PLAIN_HASSH_SERVER "\n--\n");
	}
	fixture_free(x);
}

static void version_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line, *record;
	} lines[] = {
		{ "SSH-2.0-Go\r\n", "ssh.software=Go\n--\n" },
		{ "SSH-2.0-libssh-0.6.3\n", "ssh.software=libssh-0.6.3\n--\n" },
		{ "SSH-1.99-Cisco-1.25\n", "ssh.software=Cisco-1.25\n--\n" },
		{ "SSH-1.5-old one\n", "ssh.software=old\n--\n" },
		{ "SSH-2.0-\r\n", "--\n" },
		{ "SSH-2.0\r\n", "" },
		{ "SSH-3.0-x\r\n", "" },
		{ "SSH-2x0-x\r\n", "" },
		{ "Hello\r\nthere\r\nSSH-2.0-x y z\r\n", "ssh.software=x\n--\n" },
		{ "Hello\r\n\x01\r\nSSH-2.0-x y z\r\n", "" },
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct fixture *x = fixture_new(6, 1 << 20);
		fixture_feed(x, 0, lines[i].line, strlen(lines[i].line), 0);
		assert_string_equal(x->record, lines[i].record);
		fixture_free(x);
	}
}

/* The lines in front come in pieces: at port 22 they are waited for, and when the other side has said
 * that it is SSH. */
static void lines_in_pieces(void **state)
{
	(void)state;
	static const char lines[] = "Welcome.\r\n\r\nAuthorised use only\r\nSSH-2.0-dropbear_2022.83\r\n";
	struct fixture *x = fixture_new(6, 1 << 20);
	for (unsigned home = 0; home < 2; home++)
		for (size_t cut = 1; cut < sizeof lines - 1; cut++) {
			fixture_again(x);
			x->flow.key.high_port = home ? 22 : 2222;
			if (!home)
				fixture_feed(x, 0, "SSH-2.0-c\n", 10, 0);
			size_t before = x->n;
			fixture_feed(x, 1, lines, cut, 0);
			fixture_feed(x, 1, lines + cut, sizeof lines - 1 - cut, 0);
			assert_string_equal(x->record + before, "ssh.software=dropbear_2022.83\n--\n");
		}
	fixture_free(x);
}

static void hostile(void **state)
{
	(void)state;
	static const char *const packets[] = {
		"00000001 00 14", "ffffffff 00 14", "00010000 00 14", /* lengths */
		"00000008 08 14 000000000000",                          /* padding beyond the packet */
		"0000001e 04 14 00000000000000000000000000000000 ffffffff 0000 00000000",
		"00000012 01 14 00000000000000000000000000000000",
		"0000000c 0a 1e 00000000000000000000", /* another message: nothing more to see */
	};
	for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
		struct fixture *x = fixture_new(6, 1 << 20);
		struct wire w = { .n = 0 };
		text(&w, "SSH-2.0-x\n");
		wire_hex(&w, packets[i]);
		while (w.n < 64)
			wire_u8(&w, 0);
		fixture_feed(x, 0, w.at, w.n, 0);
		assert_string_equal(x->record, "ssh.software=x\n--\n");
		fixture_free(x);
	}
	struct fixture *x = fixture_new(6, 1 << 20);
	struct wire w = { .n = 0 }, ignore = { .n = 0 };
	text(&w, "SSH-2.0-x\n");
	wire_hex(&ignore, "02 00000003 616263");
	packet(&w, &ignore, 5); /* SSH_MSG_IGNORE in front */
	x->flow.known_client = 1;
	kexinit(&w, &plain);
	fixture_feed(x, 0, w.at, w.n, 0);
	assert_string_equal(x->record, "ssh.software=x\n--\nssh.software=x\nssh.hassh=" PLAIN_HASSH "\n--\n");
	fixture_again(x);
	fixture_feed(x, 0, w.at, 12, 0);
	fixture_feed(x, 0, w.at + 30, w.n - 30, 18); /* a hole in it */
	assert_string_equal(x->record, "ssh.software=x\n--\n");
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides),	   cmocka_unit_test(who_is_the_client),
		cmocka_unit_test(version_lines),   cmocka_unit_test(lines_in_pieces),
		cmocka_unit_test(hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
