/* Messages of the protocols in the mix: a head that is written out, and a body that is a stretch of
 * one of two pools (words and markup, or any bytes). */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include "packet.h"
#include "random.h"

enum { POOL_BYTES = 1 << 20, HEAD_MAX = 2048 };

struct pools {
	/* The first bytes follow the last once more, so that a segment is always in one piece. */
	uint8_t text[POOL_BYTES + PAYLOAD_MAX], binary[POOL_BYTES + PAYLOAD_MAX];
};

void pools_make(struct pools *p, uint64_t seed);

struct message {
	uint8_t head[HEAD_MAX];
	uint32_t head_len, body_len;
	const uint8_t *pool;
	uint32_t pool_at; /* where in the pool the body starts */
};

static inline uint32_t message_len(const struct message *m)
{
	return m->head_len + m->body_len;
}

void message_http_request(struct message *m, struct random *r, const char *host, uint32_t body);
void message_http_response(struct message *m, struct random *r, bool text, uint32_t body);
void message_tls_hello(struct message *m, struct random *r, const char *name);
void message_tls_answer(struct message *m, struct random *r, uint32_t body);
void message_tls_data(struct message *m, uint32_t body); /* at most 16 KiB */
void message_bulk(struct message *m, struct random *r, uint32_t body);

/* A mail over SMTP: message `round` of MAIL_ROUNDS. MAIL_TEXT is the one with the mail itself. */
enum { MAIL_ROUNDS = 12, MAIL_TEXT = 9 };
bool mail_from_server(uint32_t round);
void message_mail(struct message *m, uint32_t round, const char *name, uint32_t body);

/* Asks for an IPv4 address; with `answer` (IPv4) it is the response. */
void message_dns(struct message *m, uint16_t id, const char *name, const struct address *answer);

#endif
