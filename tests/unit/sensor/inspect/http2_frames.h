/* HTTP/2 frames made by hand. */
#ifndef SELAT_TEST_HTTP2_FRAMES_H
#define SELAT_TEST_HTTP2_FRAMES_H

#include "fixture.h"

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };

enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, WITH_PRIORITY = 0x20 };

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SHA256_HELLO "file.sha256=b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\n"
#define SHA256_ABC   "file.sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"

static inline void frame(struct wire *w, unsigned type, unsigned flags, uint32_t stream, const void *payload, size_t n)
{
	uint8_t head[] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)type, (uint8_t)flags,
			   (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream };
	wire_put(w, head, sizeof head);
	wire_put(w, payload, n);
}

static inline void frame_hex(struct wire *w, unsigned type, unsigned flags, uint32_t stream, const char *hex)
{
	static struct wire payload;
	payload.n = 0;
	wire_hex(&payload, hex);
	frame(w, type, flags, stream, payload.at, payload.n);
}

/* "name: value" lines as a block of literals (RFC 7541, section 6.2.2). */
static inline size_t literals(uint8_t *to, const char *lines)
{
	size_t n = 0;
	while (*lines) {
		size_t line = strcspn(lines, "\n"), name = 1 + strcspn(lines + 1, ":"), value = line - name - 2;
		assert_true(name < 127 && value < 127);
		to[n++] = 0;
		to[n++] = (uint8_t)name;
		memcpy(to + n, lines, name);
		n += name;
		to[n++] = (uint8_t)value;
		memcpy(to + n, lines + name + 2, value);
		n += value;
		lines += line + (lines[line] == '\n');
	}
	return n;
}

static inline void headers(struct wire *w, unsigned flags, uint32_t stream, const char *lines)
{
	uint8_t block[2048];
	frame(w, HEADERS, flags | END_HEADERS, stream, block, literals(block, lines));
}

static inline void client_begins(struct wire *w)
{
	w->n = 0;
	wire_put(w, PREFACE, 24);
	frame_hex(w, SETTINGS, 0, 0, "000300000064 00040000ffff");
}

static inline void server_begins(struct wire *w)
{
	w->n = 0;
	frame_hex(w, SETTINGS, 0, 0, "000300000064");
	frame(w, SETTINGS, ACK, 0, "", 0);
}

static inline void end(struct wire *w, unsigned type, unsigned flags, uint32_t stream, const char *text)
{
	frame(w, type, flags, stream, text, strlen(text));
}

static inline void expect(const struct fixture *x, const char *part)
{
	if (!strstr(x->record, part))
		fail_msg("no \"%s\" in:\n%s", part, x->record);
}

static inline size_t count(const struct fixture *x, const char *part)
{
	size_t n = 0;
	for (const char *p = x->record; (p = strstr(p, part)); p++)
		n++;
	return n;
}

/* The side gives the record that it gives in one piece, however it is cut. */
static inline void every_split(struct fixture *x, unsigned side, const struct wire *w)
{
	fixture_again(x);
	fixture_feed(x, side, w->at, w->n, 0);
	char *record = strdup(x->record);
	assert_non_null(record);
	fixture_every_split(x, side, w->at, w->n, record);
	free(record);
	assert_int_equal(fixture_count(x, SL_COUNT_PARSE_ERRORS), 0);
}

static const char request[] = ":method: GET\n:scheme: http\n:path: /a%62c?q\n:authority: Host.Example:81\n"
			      "user-agent: agent/1\nreferer: there\ncookie: a=1\ncookie: b=2\nhost: Host.Example:81\n";

#endif
