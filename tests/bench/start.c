/* A conversation's beginning: who talks with whom, which protocol, how much, and whether it carries
 * an indicator. */
#include "talk.h"

#include <stdio.h>

enum { V6_PPM = 100000 };

static enum talk_kind pick_kind(struct mix *mix)
{
	uint32_t n = random_below(&mix->random, 100);

	for (unsigned kind = 0; kind < TALK_KINDS; kind++) {
		if (n < mix->weight[kind])
			return (enum talk_kind)kind;
		n -= mix->weight[kind];
	}
	return TALK_BULK;
}

static uint16_t pick_port(struct random *r, enum talk_kind kind)
{
	static const uint16_t datagrams[] = { 3478, 5004, 4500, 27015, 51820 };

	switch (kind) {
	case TALK_DNS:
		return 53;
	case TALK_DATAGRAMS:
		return datagrams[random_below(r, 5)];
	case TALK_HTTP:
		return random_below(r, 8) ? 80 : 8080;
	case TALK_TLS:
		return 443;
	case TALK_MAIL:
		return 25;
	case TALK_BULK:
	case TALK_KINDS:
		break;
	}
	return (uint16_t)random_between(r, 10000, 19999);
}

static uint32_t pick_rounds(struct random *r, enum talk_kind kind)
{
	switch (kind) {
	case TALK_DNS:
		return 2;
	case TALK_DATAGRAMS:
		return random_between(r, 4, 80);
	case TALK_HTTP:
		return 2 * random_between(r, 1, 6);
	case TALK_MAIL:
		return MAIL_ROUNDS;
	case TALK_TLS:
		return 3 + 2 * random_between(r, 1, 6);
	case TALK_BULK:
	case TALK_KINDS:
		break;
	}
	return random_between(r, 1, 8);
}

static void plan_plant(struct mix *mix, struct talk *t)
{
	struct random *r = &mix->random;
	bool name = t->kind == TALK_DNS || t->kind == TALK_HTTP || t->kind == TALK_TLS;
	bool payload = t->kind == TALK_MAIL || t->kind == TALK_DATAGRAMS || t->kind == TALK_HTTP ||
		       t->kind == TALK_BULK;
	enum plant_kind kind = PLANT_ADDRESS;

	t->plant = (struct plant){ .kind = PLANT_NONE };
	if (!random_chance(r, mix->plant_ppm))
		return;
	/* Patterns most of all: they are what can be missed. */
	if (payload && random_below(r, 4))
		kind = PLANT_PATTERN;
	else if (name && random_below(r, 2))
		kind = PLANT_DOMAIN;
	t->plant.kind = kind;
	t->plant.index = mix->next_plant[kind]++;
	if (kind == PLANT_PATTERN) {
		t->plant.index %= PATTERNS;
		t->plant.split = t->kind != TALK_DATAGRAMS && random_below(r, 2);
		t->plant.round = t->kind == TALK_HTTP ? 1 : t->kind == TALK_MAIL ? MAIL_TEXT : 0;
	} else {
		t->plant.index =
			t->plant.index * 7919 % (kind == PLANT_DOMAIN ? DOMAINS : ADDRESSES);
	}
}

static void pick_name(struct mix *mix, struct talk *t)
{
	static const char prefixes[4][5] = { "", "www.", "cdn.", "api." };
	char name[NAME_MAX_BYTES];

	if (t->plant.kind == PLANT_DOMAIN)
		name_listed(name, t->plant.index);
	else
		name_ordinary(name, random_below(&mix->random, 50000));
	snprintf(t->name, sizeof t->name, "%s%s", prefixes[random_below(&mix->random, 4)], name);
}

static void pick_ends(struct mix *mix, struct talk *t)
{
	struct random *r = &mix->random;
	uint32_t number = (uint32_t)mix->started++;
	bool v6 = random_chance(r, V6_PPM);

	if (t->plant.kind == PLANT_ADDRESS) {
		t->end[SERVER] = address_listed(t->plant.index);
		v6 = t->end[SERVER].v6;
	} else {
		t->end[SERVER] = address_server((uint32_t)random_next(r), v6);
	}
	/* Each client takes another port each time it comes round: no two talks are the same. */
	t->end[CLIENT] = address_client(number * 40503u, v6);
	t->port[CLIENT] =
		(uint16_t)(1024 + ((random_mix(number & 0xffff) + (number >> 16)) % 64000));
	t->port[SERVER] = pick_port(r, t->kind);
}

void talk_start(struct mix *mix, struct talk *t)
{
	struct random *r = &mix->random;

	t->kind = pick_kind(mix);
	t->rounds = pick_rounds(r, t->kind);
	plan_plant(mix, t);
	pick_name(mix, t);
	pick_ends(mix, t);
	t->phase = t->kind == TALK_DNS || t->kind == TALK_DATAGRAMS ? PHASE_TALK : PHASE_SYN;
	t->seq[CLIENT] = (uint32_t)random_next(r);
	t->seq[SERVER] = (uint32_t)random_next(r);
	t->dns_id = (uint16_t)random_next(r);
	t->round = t->sent = t->unacknowledged = 0;
	t->pending = false;
	t->message.head_len = t->message.body_len = 0;
}
