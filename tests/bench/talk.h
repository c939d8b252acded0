/* A conversation: two ends, a protocol, and the next packet whenever it is its turn. */
#ifndef BENCH_TALK_H
#define BENCH_TALK_H

#include "indicators.h"
#include "message.h"
#include "packet.h"
#include "random.h"

#include <stdio.h>

enum { CLIENT, SERVER };
enum talk_kind { TALK_DNS, TALK_DATAGRAMS, TALK_HTTP, TALK_TLS, TALK_BULK, TALK_MAIL, TALK_KINDS };
enum talk_phase {
	PHASE_SYN,
	PHASE_SYN_ACK,
	PHASE_ACK,
	PHASE_TALK,
	PHASE_FIN,
	PHASE_FIN_ACK,
	PHASE_LAST,
	PHASE_OVER
};
enum plant_kind { PLANT_NONE, PLANT_ADDRESS, PLANT_DOMAIN, PLANT_PATTERN };

struct plant {
	enum plant_kind kind; /* PLANT_NONE again once it is listed */
	uint32_t index;
	bool split;     /* over two segments */
	uint32_t round; /* the message that carries a pattern */
	uint32_t at;    /* where in the message */
	uint32_t cut;   /* where a segment ends, if it is split */
};

struct talk {
	enum talk_kind kind;
	enum talk_phase phase;
	struct address end[2];
	uint16_t port[2];
	uint32_t seq[2];        /* the next byte of each side */
	uint32_t rounds, round; /* messages in all; the current one */
	uint8_t from;           /* who sends the current message */
	uint32_t sent;          /* of the current message */
	uint8_t unacknowledged; /* segments */
	bool pending;           /* a segment to be sent late, or again */
	uint32_t pending_at, pending_len;
	uint16_t dns_id;
	char name[NAME_MAX_BYTES + 8];
	struct plant plant;
	struct message message;
};

/* What all conversations share. */
struct mix {
	struct random random;
	struct writer *out;
	struct pools *pools;
	struct patterns *patterns;
	FILE *planted;
	uint64_t time_us;
	uint64_t limit;   /* of packets */
	uint64_t started; /* conversations */
	uint64_t late;    /* segments out of order */
	uint64_t again;   /* segments sent again */
	uint64_t planted_n;
	uint32_t mean, plant_ppm;
	uint32_t late_ppm;            /* of a million segments, how many come out of order */
	uint32_t weight[TALK_KINDS];  /* of a hundred conversations */
	uint32_t next_plant[4]; /* of each kind, so that plants differ */
	uint32_t pending_n;     /* conversations with a pending segment */
	uint8_t segment[PAYLOAD_MAX];
};

void talk_start(struct mix *mix, struct talk *t);

/* Sends exactly one packet; false when it was the conversation's last. */
bool talk_step(struct mix *mix, struct talk *t);

#endif
