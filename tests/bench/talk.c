/* The conversations' state machine. Every choice comes from the mix's generator, so one seed is one
 * file. A plant is listed once the packet that completes it is out. */
#include "talk.h"

#include <arpa/inet.h>
#include <string.h>

enum { AGAIN_PPM = 8000 }; /* of a million segments */
enum { SMALL_MIN = 16, SMALL_MAX = 380, PLANT_DEPTH = 65536 };

static uint32_t size_skewed(struct random *r, uint32_t low_bit, uint32_t high_bit)
{
	uint32_t bit = random_between(r, low_bit, high_bit);

	return (1u << bit) + random_below(r, 1u << bit);
}

/* ---- listing what was planted ---- */

static void list_plant(struct mix *mix, struct talk *t)
{
	static const char letter[] = "-adp";
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	int family = t->end[CLIENT].v6 ? AF_INET6 : AF_INET;
	bool udp = t->kind == TALK_DNS || t->kind == TALK_DATAGRAMS;

	mix->planted_n++;
	if (mix->planted) {
		inet_ntop(family, t->end[CLIENT].bytes, src, sizeof src);
		inet_ntop(family, t->end[SERVER].bytes, dst, sizeof dst);
		fprintf(mix->planted, "%c-%u\t%s\t%u\t%s\t%u\t%s\t%s\t%llu\n",
			letter[t->plant.kind], t->plant.index, src, t->port[CLIENT], dst,
			t->port[SERVER], udp ? "udp" : "tcp", t->plant.split ? "split" : "whole",
			(unsigned long long)writer_packets(mix->out));
	}
	t->plant.kind = PLANT_NONE;
}

static uint32_t plant_end(const struct mix *mix, const struct talk *t)
{
	return t->plant.at + mix->patterns->at[t->plant.index].len;
}

static bool pattern_here(const struct talk *t)
{
	return t->plant.kind == PLANT_PATTERN && t->plant.round == t->round;
}

/* After a packet: is the plant complete on the wire? */
static void note_plant(struct mix *mix, struct talk *t)
{
	bool whole = !t->pending && t->sent;

	if (t->plant.kind == PLANT_ADDRESS)
		list_plant(mix, t);
	else if (t->plant.kind == PLANT_DOMAIN && whole && t->sent >= t->message.head_len)
		list_plant(mix, t);
	else if (pattern_here(t) && whole && t->sent >= plant_end(mix, t))
		list_plant(mix, t);
}

/* ---- messages ---- */

static void message_next(struct mix *mix, struct talk *t)
{
	struct random *r = &mix->random;
	struct message *m = &t->message;
	bool text = t->kind != TALK_TLS && random_below(r, 3);
	uint32_t size = size_skewed(r, 10, 17);

	t->from = t->round % 2 ? SERVER : CLIENT;
	m->pool = text ? mix->pools->text : mix->pools->binary;
	m->pool_at = random_below(r, POOL_BYTES);
	if (t->kind == TALK_BULK) {
		t->from = (uint8_t)random_below(r, 2);
		message_bulk(m, r, size);
	} else if (t->kind == TALK_MAIL) {
		t->from = mail_from_server(t->round) ? SERVER : CLIENT;
		message_mail(m, t->round, t->name, size);
	} else if (t->kind == TALK_HTTP && t->from == SERVER) {
		message_http_response(m, r, text, size);
	} else if (t->kind == TALK_HTTP) {
		message_http_request(m, r, t->name,
				     random_below(r, 20) ? 0 : size_skewed(r, 5, 11));
	} else if (t->round == 0) {
		message_tls_hello(m, r, t->name);
	} else if (t->round == 1) {
		message_tls_answer(m, r, random_between(r, 2000, 4500));
	} else {
		message_tls_data(m,
				 t->from == SERVER ? size_skewed(r, 8, 13) : size_skewed(r, 6, 9));
	}
	if (!pattern_here(t))
		return;
	const struct pattern *p = &mix->patterns->at[t->plant.index];

	uint32_t room = m->body_len - PATTERN_MAX;

	/* Not too deep, or many a conversation would be cut off before it. */
	t->plant.at = m->head_len + random_below(r, room < PLANT_DEPTH ? room : PLANT_DEPTH);
	t->plant.cut = t->plant.at + random_between(r, 1, p->len - 1u);
}

/* `len` bytes of the message; borrowed until the next call. Stays in the pool where it can. */
static const uint8_t *message_bytes(struct mix *mix, const struct talk *t, uint32_t at,
				    uint32_t len)
{
	const struct message *m = &t->message;
	const struct pattern *p = pattern_here(t) ? &mix->patterns->at[t->plant.index] : NULL;
	bool planted = p && at < t->plant.at + p->len && at + len > t->plant.at;
	uint32_t head = at < m->head_len ? m->head_len - at : 0;

	if (!head && !planted)
		return m->pool + (m->pool_at + at - m->head_len) % POOL_BYTES;
	if (head > len)
		head = len;
	if (head)
		memcpy(mix->segment, m->head + at, head);
	if (head < len)
		memcpy(mix->segment + head,
		       m->pool + (m->pool_at + at + head - m->head_len) % POOL_BYTES, len - head);
	for (uint32_t i = 0; planted && i < p->len; i++)
		if (t->plant.at + i >= at && t->plant.at + i < at + len)
			mix->segment[t->plant.at + i - at] = p->bytes[i];
	return mix->segment;
}

/* ---- packets ---- */

static void emit(struct mix *mix, struct talk *t, uint8_t from, struct packet *p)
{
	p->src = t->end[from];
	p->dst = t->end[!from];
	p->sport = t->port[from];
	p->dport = t->port[!from];
	p->window = 501;
	p->stamp = (uint32_t)(mix->time_us / 1000) + from * 77777u;
	p->echo = p->flags == TCP_SYN ? 0 : (uint32_t)(mix->time_us / 1000) + !from * 77777u - 9;
	mix->time_us += random_below(&mix->random, 3);
	writer_put(mix->out, p, mix->time_us);
	note_plant(mix, t);
}

static void send_flags(struct mix *mix, struct talk *t, uint8_t from, uint8_t flags)
{
	struct packet p = { .flags = flags, .seq = t->seq[from], .ack = t->seq[!from] };

	emit(mix, t, from, &p);
	if (flags & (TCP_SYN | TCP_FIN))
		t->seq[from]++;
}

static uint32_t payload_max(const struct talk *t)
{
	return t->end[CLIENT].v6 ? PAYLOAD_MAX - 20 : PAYLOAD_MAX;
}

/* Large or small, so that the mean stays at what was asked for. */
static uint32_t pick_size(struct mix *mix, const struct talk *t)
{
	bool below = writer_bytes(mix->out) < writer_packets(mix->out) * mix->mean;

	if (random_chance(&mix->random, below ? 850000 : 20000))
		return payload_max(t);
	if (random_below(&mix->random, 8))
		return random_between(&mix->random, SMALL_MIN, SMALL_MAX);
	return random_between(&mix->random, SMALL_MAX, payload_max(t) - 1);
}

static uint32_t pick_segment(struct mix *mix, const struct talk *t)
{
	uint32_t left = message_len(&t->message) - t->sent;
	uint32_t size = pick_size(mix, t);

	/* A head is sent as a whole if it fits: programs write it in one go. */
	if (!t->sent && size < t->message.head_len)
		size = t->message.head_len < payload_max(t) ? t->message.head_len : payload_max(t);
	if (size > left)
		size = left;
	if (!pattern_here(t) || t->sent + size <= t->plant.at)
		return size;
	if (t->plant.split && t->sent < t->plant.cut)
		return t->plant.cut - t->sent < payload_max(t) ? t->plant.cut - t->sent : size;
	if (!t->plant.split && t->sent < t->plant.at && t->sent + size < plant_end(mix, t))
		return t->plant.at - t->sent;
	if (!t->plant.split && t->sent == t->plant.at && size < plant_end(mix, t) - t->sent)
		return plant_end(mix, t) - t->sent;
	return size;
}

static void send_segment(struct mix *mix, struct talk *t, uint32_t at, uint32_t len)
{
	struct packet p = {
		.flags = TCP_ACK,
		.ack = t->seq[!t->from],
		.seq = t->seq[t->from] + at,
		.payload = message_bytes(mix, t, at, len),
		.payload_len = len,
	};

	if (at + len == message_len(&t->message))
		p.flags |= TCP_PSH;
	t->unacknowledged++;
	emit(mix, t, t->from, &p);
}

static void set_pending(struct mix *mix, struct talk *t, uint32_t at, uint32_t len)
{
	t->pending = true;
	t->pending_at = at;
	t->pending_len = len;
	mix->pending_n++;
}

static void send_new(struct mix *mix, struct talk *t)
{
	uint32_t at = t->sent, len = pick_segment(mix, t);
	bool more = at + len < message_len(&t->message);
	bool room = writer_packets(mix->out) + mix->pending_n + 2 <= mix->limit;

	if (room && more && random_chance(&mix->random, mix->late_ppm)) {
		set_pending(mix, t, at, len);
		mix->late++;
		t->sent = at += len;
		len = pick_segment(mix, t);
	} else if (room && random_chance(&mix->random, AGAIN_PPM)) {
		set_pending(mix, t, at, len);
		mix->again++;
	}
	t->sent = at + len;
	send_segment(mix, t, at, len);
}

/* One packet of a TCP conversation that is under way. */
static void step_stream(struct mix *mix, struct talk *t)
{
	if (t->pending) {
		t->pending = false;
		mix->pending_n--;
		send_segment(mix, t, t->pending_at, t->pending_len);
		return;
	}
	bool ended = t->sent == message_len(&t->message);

	if (t->unacknowledged >= 2 || (ended && t->unacknowledged)) {
		struct packet p = { .flags = TCP_ACK,
				    .seq = t->seq[!t->from],
				    .ack = t->seq[t->from] + t->sent };

		t->unacknowledged = 0;
		emit(mix, t, !t->from, &p);
		if (!ended)
			return;
		t->seq[t->from] += t->sent;
		t->sent = 0;
		t->message.head_len = t->message.body_len = 0;
		if (++t->round == t->rounds)
			t->phase = PHASE_FIN;
		return;
	}
	if (ended)
		message_next(mix, t);
	send_new(mix, t);
}

static void step_dns(struct mix *mix, struct talk *t)
{
	struct address answer = address_server((uint32_t)random_next(&mix->random), false);
	struct packet p = { .udp = true, .payload = t->message.head };

	message_dns(&t->message, t->dns_id, t->name, t->round ? &answer : NULL);
	p.payload_len = t->sent = t->message.head_len;
	emit(mix, t, t->round ? SERVER : CLIENT, &p);
	if (++t->round == t->rounds)
		t->phase = PHASE_OVER;
}

static void step_datagrams(struct mix *mix, struct talk *t)
{
	struct packet p = { .udp = true };
	uint8_t from = t->round ? (uint8_t)random_below(&mix->random, 2) : CLIENT;

	p.payload_len = pick_size(mix, t);
	if (pattern_here(t) && p.payload_len < 4 + PATTERN_MAX)
		p.payload_len = 4 + PATTERN_MAX;
	t->plant.at = 4;
	t->sent = t->message.body_len = p.payload_len;
	t->message.pool = mix->pools->binary;
	t->message.pool_at = random_below(&mix->random, POOL_BYTES);
	p.payload = message_bytes(mix, t, 0, p.payload_len);
	emit(mix, t, from, &p);
	if (++t->round == t->rounds)
		t->phase = PHASE_OVER;
}

bool talk_step(struct mix *mix, struct talk *t)
{
	/* What the handshake and the end send: by whom, which flags. */
	static const struct {
		uint8_t from, flags;
	} control[] = {
		[PHASE_SYN] = { CLIENT, TCP_SYN },
		[PHASE_SYN_ACK] = { SERVER, TCP_SYN | TCP_ACK },
		[PHASE_ACK] = { CLIENT, TCP_ACK },
		[PHASE_FIN] = { CLIENT, TCP_FIN | TCP_ACK },
		[PHASE_FIN_ACK] = { SERVER, TCP_FIN | TCP_ACK },
		[PHASE_LAST] = { CLIENT, TCP_ACK },
	};

	if (t->kind == TALK_DNS) {
		step_dns(mix, t);
	} else if (t->kind == TALK_DATAGRAMS) {
		step_datagrams(mix, t);
	} else if (t->phase == PHASE_TALK) {
		step_stream(mix, t);
	} else {
		send_flags(mix, t, control[t->phase].from, control[t->phase].flags);
		t->phase++;
	}
	return t->phase != PHASE_OVER;
}
