/* Heads of messages. They need only look right to a parser; nobody answers them. All sizes are our
 * own choice and far below HEAD_MAX. */
#include "message.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void pools_make(struct pools *p, uint64_t seed)
{
	static const char *const words[] = {
		"the ",           "of ",           "traffic ", "</p>\n<p>", "port ",
		"harbour ",       "<div class=\"", "\">",      "</div>\n",  "{\"id\": ",
		", \"name\": \"", "strait ",       "ship ",    "cargo, ",   "every ",
		"must ",          "pass ",         "0123 ",    "2026 ",     "north. ",
		"<a href=\"/",    "window ",       "from ",    "to ",       "with ",
		"value=",         "true, ",        "null}\n",
	};
	struct random r = { random_mix(seed ^ 0x706f6f6cULL) };

	for (uint32_t at = 0; at < POOL_BYTES;) {
		const char *word = words[random_below(&r, sizeof words / sizeof *words)];

		for (; *word && at < POOL_BYTES; word++)
			p->text[at++] = (uint8_t)*word;
	}
	for (uint32_t at = 0; at < POOL_BYTES; at++)
		p->binary[at] = (uint8_t)random_next(&r);
	memcpy(p->text + POOL_BYTES, p->text, PAYLOAD_MAX);
	memcpy(p->binary + POOL_BYTES, p->binary, PAYLOAD_MAX);
}

static void put(struct message *m, const void *bytes, uint32_t len)
{
	assert(len <= HEAD_MAX - m->head_len);
	memcpy(m->head + m->head_len, bytes, len);
	m->head_len += len;
}

static void put16(struct message *m, uint32_t value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(m, bytes, 2);
}

static void put_random(struct message *m, struct random *r, uint32_t len)
{
	for (; len; len--) {
		uint8_t byte = (uint8_t)random_next(r);

		put(m, &byte, 1);
	}
}

static void start(struct message *m, uint32_t body)
{
	m->head_len = 0;
	m->body_len = body;
}

__attribute__((format(printf, 2, 3))) static void print(struct message *m, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf((char *)m->head + m->head_len, HEAD_MAX - m->head_len, format, args);
	va_end(args);
	assert(len >= 0 && (uint32_t)len < HEAD_MAX - m->head_len);
	m->head_len += (uint32_t)len;
}

void message_http_request(struct message *m, struct random *r, const char *host, uint32_t body)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15",
		"curl/7.88.1",
	};
	unsigned page = (unsigned)random_next(r), session = (unsigned)random_next(r);
	const char *agent = agents[random_below(r, 4)];

	start(m, body);
	print(m, "%s /assets/%08x/page-%u.html?session=%u HTTP/1.1\r\n", body ? "POST" : "GET",
	      page, page % 1000, session % 1000000);
	print(m, "Host: %s\r\nUser-Agent: %s\r\n", host, agent);
	print(m, "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: en\r\n");
	if (body)
		print(m, "Content-Type: text/plain\r\nContent-Length: %u\r\n", body);
	print(m, "Cookie: visitor=%08x\r\nConnection: keep-alive\r\n\r\n", session);
}

void message_http_response(struct message *m, struct random *r, bool text, uint32_t body)
{
	start(m, body);
	print(m, "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: %s\r\nContent-Length: %u\r\n",
	      text ? "text/html; charset=utf-8" : "application/octet-stream", body);
	print(m, "ETag: \"%08x\"\r\nConnection: keep-alive\r\n\r\n", (unsigned)random_next(r));
}

bool mail_from_server(uint32_t round)
{
	return round % 2 == (round > MAIL_TEXT ? 1 : 0);
}

void message_mail(struct message *m, uint32_t round, const char *name, uint32_t body)
{
	static const char *const said[MAIL_ROUNDS] = {
		"220 mx.example ESMTP\r\n", "EHLO %s\r\n", "250-mx.example\r\n250 PIPELINING\r\n",
		"MAIL FROM:<news@%s>\r\n", "250 ok\r\n", "RCPT TO:<someone@example>\r\n", "250 ok\r\n",
		"DATA\r\n", "354 go on\r\n", NULL, "\r\n.\r\nQUIT\r\n", "250 queued\r\n221 bye\r\n",
	};

	start(m, round == MAIL_TEXT ? body : 0);
	if (round == MAIL_TEXT)
		print(m,
		      "From: <news@%s>\r\nTo: <someone@example>\r\nSubject: News of the day\r\n"
		      "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
		      name);
	else
		print(m, "%.*s%s%s", (int)strcspn(said[round], "%"), said[round],
		      strchr(said[round], '%') ? name : "",
		      strchr(said[round], '%') ? strchr(said[round], '%') + 2 : "");
}

static void put_hello_extensions(struct message *m, struct random *r, const char *name)
{
	static const uint8_t fixed[] = {
		0,   23,  0,   0,   0xff, 1,   0,   1, 0,  0, 10, 0, 6,  0,  4,   0,   29, 0,
		23,  0,   11,  0,   2,    1,   0,   0, 16, 0, 14, 0, 12, 2,  'h', '2', 8,  'h',
		't', 't', 'p', '/', '1',  '.', '1', 0, 13, 0, 10, 0, 8,  4,  3,   8,   4,  4,
		1,   5,   3,   0,   43,   0,   5,   4, 3,  4, 3,  3, 0,  45, 0,   2,   1,  1,
	};
	uint32_t len = (uint32_t)strlen(name);
	/* One in three offers a post-quantum share: such a hello fills more than a segment. */
	uint32_t share = random_below(r, 3) ? 32 : 1216;

	put16(m, 0);
	put16(m, len + 5);
	put16(m, len + 3);
	put(m, "", 1);
	put16(m, len);
	put(m, name, len);
	put(m, fixed, sizeof fixed);
	put16(m, 51);
	put16(m, share + 6);
	put16(m, share + 4);
	put16(m, share == 32 ? 0x1d : 0x11ec);
	put16(m, share);
	put_random(m, r, share);
}

static void set16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void message_tls_hello(struct message *m, struct random *r, const char *name)
{
	static const uint8_t suites[] = { 0,    18,   0x13, 1,    0x13, 2,    0x13, 3,
					  0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30,
					  0xcc, 0xa9, 0xcc, 0xa8, 1,    0 };
	uint32_t extensions;

	start(m, 0);
	put(m, "\x16\x03\x01\0\0\x01\0\0\0\x03\x03", 11); /* both lengths are set below */
	put_random(m, r, 32);
	put(m, "\x20", 1);
	put_random(m, r, 32);
	put(m, suites, sizeof suites);
	extensions = m->head_len;
	put16(m, 0);
	put_hello_extensions(m, r, name);
	set16(m->head + extensions, m->head_len - extensions - 2);
	set16(m->head + 3, m->head_len - 5);
	set16(m->head + 7, m->head_len - 9);
}

void message_tls_answer(struct message *m, struct random *r, uint32_t body)
{
	static const uint8_t rest[] = { 0x13, 1, 0,  0, 46, 0, 43, 0, 2, 3,
					4,    0, 51, 0, 36, 0, 29, 0, 32 };

	start(m, body);
	put(m, "\x16\x03\x03\0\x7a\x02\0\0\x76\x03\x03", 11);
	put_random(m, r, 32);
	put(m, "\x20", 1);
	put_random(m, r, 32);
	put(m, rest, sizeof rest);
	put_random(m, r, 32);
	put(m, "\x14\x03\x03\0\x01\x01\x17\x03\x03", 9);
	put16(m, body);
}

void message_tls_data(struct message *m, uint32_t body)
{
	start(m, body);
	put(m, "\x17\x03\x03", 3);
	put16(m, body);
}

void message_bulk(struct message *m, struct random *r, uint32_t body)
{
	start(m, body);
	put(m, "\0BLK", 4);
	put_random(m, r, 8);
}

static void put_dns_name(struct message *m, const char *name)
{
	while (*name) {
		uint8_t len = (uint8_t)strcspn(name, ".");

		put(m, &len, 1);
		put(m, name, len);
		name += len + (name[len] == '.');
	}
	put(m, "", 1);
}

void message_dns(struct message *m, uint16_t id, const char *name, const struct address *answer)
{
	start(m, 0);
	put16(m, id);
	put16(m, answer ? 0x8180 : 0x0100);
	put16(m, 1);
	put16(m, answer ? 1 : 0);
	put16(m, 0);
	put16(m, answer ? 0 : 1);
	put_dns_name(m, name);
	put16(m, 1); /* A */
	put16(m, 1);
	if (!answer) {
		put(m, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11); /* EDNS, 1,232 bytes */
		return;
	}
	put(m, "\xc0\x0c", 2);
	put16(m, 1);
	put16(m, 1);
	put(m, "\0\0\x01\x2c", 4);
	put16(m, 4);
	put(m, answer->bytes, 4);
}
