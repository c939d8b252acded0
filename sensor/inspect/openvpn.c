/* OpenVPN's control channel (draft-ietf-openvpn-wire-protocol): TLS cut into numbered packets, over UDP
 * or, behind a length, over TCP; with or without an HMAC (tls-auth). The bytes of either side are put in
 * the order of their numbers and read as TLS. An encrypted control channel (tls-crypt) says nothing, and
 * the data channel is stepped over. A flow is known by its reset packet, whose length and zeros fit
 * exactly, or by a hello within a control packet. Per worker.
 *
 *   opcode, key 1 | session 8 | [HMAC | packet 4 | time 4] | acks 1 | 4 each | [session 8] |
 *   number 4 | TLS */
#include <sensor/inspect/tls.h>

enum {
	OP_RESET_CLIENT_1 = 1,
	OP_RESET_SERVER_1,
	OP_SOFT_RESET,
	OP_CONTROL,
	OP_ACK,
	OP_DATA_1,
	OP_RESET_CLIENT_2,
	OP_RESET_SERVER_2,
	OP_DATA_2,
	SESSION = 8,
	ACKS_MOST = 8,
	REPLAY_MOST = 1 << 16,  /* number of a reset packet among the packets with an HMAC */
	FRAME_MOST = 16384,     /* bytes of a packet over TCP */
	RESET_MOST = 2 + 200,   /* of a reset packet, with its length */
	HELD = 8,               /* packets that came too early; OpenVPN sends no more of them */
	BYTES_MOST = 65536,     /* of a TLS message in the making */
	BYTES_FIRST = 2048,
};

static const uint8_t auth_sizes[] = { 0, 16, 20, 28, 32, 48, 64 };
enum { AUTH_SIZES = sizeof auth_sizes };

struct packet {
	unsigned op, key, acks;
	uint32_t number, replay;
	struct sl_span tls;
};

struct held {
	uint8_t *bytes; /* NULL: free */
	uint32_t number;
	uint32_t len;
};

struct channel {
	struct sl_side at;
	struct sl_tls_side tls;
	struct held held[HELD];
	uint8_t *bytes;         /* not read yet */
	uint32_t n, room, next; /* bytes; number expected */
	uint8_t key;
	bool begun, done;
};

struct state {
	struct channel channel[2];
	uint8_t auth;
	bool auth_known;
};

/* --- packets --- */

static bool packet_read(struct sl_span in, size_t auth, struct packet *p)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	uint8_t first = sl_cur_u8(&c);
	p->op = first >> 3;
	p->key = first & 7;
	p->replay = 1;
	sl_cur_take(&c, SESSION);
	if (auth) {
		sl_cur_take(&c, auth);
		p->replay = sl_cur_be32(&c);
		sl_cur_be32(&c);
	}
	p->acks = sl_cur_u8(&c);
	if (p->acks > ACKS_MOST)
		return false;
	sl_cur_take(&c, (size_t)p->acks * 4 + (p->acks ? SESSION : 0));
	p->number = p->op == OP_ACK ? 0 : sl_cur_be32(&c);
	p->tls = sl_span_of(c.p, sl_cur_left(&c));
	return !c.failed;
}

static bool is_reset(unsigned op)
{
	return op == OP_RESET_CLIENT_1 || op == OP_RESET_SERVER_1 || op == OP_RESET_CLIENT_2 ||
	       op == OP_RESET_SERVER_2;
}

static bool by_client(unsigned op)
{
	return op == OP_RESET_CLIENT_1 || op == OP_RESET_CLIENT_2;
}

/* The first packet of a connection: nothing but zeros behind what varies, and no byte more. */
static bool fits_reset(struct sl_span in, size_t auth)
{
	struct packet p;
	if (!packet_read(in, auth, &p) || !is_reset(p.op) || p.key || p.number || p.tls.len)
		return false;
	return p.acks <= (by_client(p.op) ? 0 : 1) && p.replay && p.replay < REPLAY_MOST;
}

static bool fits_hello(const struct sl_talk *t, struct sl_span in, size_t auth)
{
	struct packet p;
	return packet_read(in, auth, &p) && p.op == OP_CONTROL && p.number < REPLAY_MOST &&
	       p.tls.len > 6 && p.tls.at[0] == SL_RECORD_HANDSHAKE &&
	       sl_tls_probe(t, p.tls) == SL_PARSE_DONE;
}

/* How long is the HMAC? False: it is no packet that would tell. */
static bool find_auth(const struct sl_talk *t, struct sl_span in, uint8_t *auth)
{
	unsigned op = in.len ? in.at[0] >> 3 : 0;
	if (!is_reset(op) && op != OP_CONTROL)
		return false;
	for (unsigned i = 0; i < AUTH_SIZES; i++)
		if (fits_reset(in, auth_sizes[i]) || fits_hello(t, in, auth_sizes[i])) {
			*auth = auth_sizes[i];
			return true;
		}
	return false;
}

/* --- the TLS within --- */

static void channel_clear(struct sl_talk *t, struct channel *c)
{
	for (unsigned i = 0; i < HELD; i++)
		sl_hold_give(t->inspect, c->held[i].bytes);
	sl_hold_give(t->inspect, c->bytes);
	*c = (struct channel){ 0 };
}

/* Nothing more to read until keys are negotiated anew. */
static void channel_end(struct sl_talk *t, struct channel *c)
{
	uint8_t key = c->key;
	sl_tls_over(t);
	channel_clear(t, c);
	c->key = key;
	c->done = c->begun = true;
}

/* False: there is no room. */
static bool bytes_add(struct sl_talk *t, struct channel *c, struct sl_span in)
{
	if (in.len > BYTES_MOST - c->n)
		return false;
	uint32_t need = c->n + (uint32_t)in.len, room = c->room ? c->room : BYTES_FIRST;
	while (room < need)
		room *= 2;
	if (room > c->room) {
		uint8_t *larger = sl_hold_grow(t->inspect, c->bytes, room);
		if (!larger)
			return false;
		c->bytes = larger;
		c->room = room;
	}
	memcpy(c->bytes + c->n, in.at, in.len);
	c->n = need;
	return true;
}

static void read_tls(struct sl_talk *t, struct channel *c, struct sl_span in)
{
	struct sl_talk inner = *t;
	uint32_t used = 0;
	if (!in.len)
		return;
	if (!bytes_add(t, c, in)) {
		channel_end(t, c);
		return;
	}
	inner.at = &c->at;
	inner.last = false;
	while (used < c->n) {
		size_t consumed = 0;
		enum sl_parse p = sl_tls_records(&inner, &c->tls,
						 sl_span_of(c->bytes + used, c->n - used), &consumed);
		if (p == SL_PARSE_MORE)
			break;
		if (p != SL_PARSE_DONE || !consumed) {
			channel_end(t, c);
			return;
		}
		sl_side_searched(&c->at, 0);
		used += (uint32_t)consumed;
	}
	c->n -= used;
	memmove(c->bytes, c->bytes + used, c->n);
}

/* Keeps a packet that came before its turn. */
static void hold(struct sl_talk *t, struct channel *c, const struct packet *p)
{
	struct held *free_place = NULL;
	for (unsigned i = 0; i < HELD; i++) {
		if (c->held[i].bytes && c->held[i].number == p->number)
			return;
		if (!c->held[i].bytes)
			free_place = &c->held[i];
	}
	if (p->number - c->next > 4 * HELD || !p->tls.len)
		return;
	uint8_t *bytes = free_place ? sl_hold_take(t->inspect, p->tls.len) : NULL;
	if (!bytes)
		return;
	memcpy(bytes, p->tls.at, p->tls.len);
	*free_place = (struct held){ bytes, p->number, (uint32_t)p->tls.len };
}

/* What was held and is next now. */
static void release(struct sl_talk *t, struct channel *c)
{
	for (unsigned i = 0; i < HELD && !c->done; i++) {
		struct held h = c->held[i];
		if (!h.bytes || h.number != c->next)
			continue;
		c->held[i].bytes = NULL;
		c->next++;
		read_tls(t, c, sl_span_of(h.bytes, h.len));
		sl_hold_give(t->inspect, h.bytes);
		i = UINT32_MAX; /* look again from the first */
	}
}

static void take_packet(struct sl_talk *t, struct channel *c, const struct packet *p)
{
	if (is_reset(p->op) || (p->op == OP_SOFT_RESET && p->key != c->key)) {
		channel_clear(t, c);
		c->key = (uint8_t)p->key;
		c->begun = true;
	}
	if (!c->begun) {
		if (!p->tls.len || sl_tls_probe(t, p->tls) != SL_PARSE_DONE)
			return;
		c->begun = true;
		c->key = (uint8_t)p->key;
		c->next = p->number;
	}
	if (c->done || p->key != c->key || p->number < c->next)
		return;
	if (p->number > c->next) {
		hold(t, c, p);
		return;
	}
	c->next++;
	read_tls(t, c, p->tls);
	release(t, c);
}

/* A whole packet. False: it is none of the protocol's. */
static bool take_bytes(struct sl_talk *t, struct sl_span in)
{
	struct state *s = t->state;
	struct packet p;
	unsigned op = in.at[0] >> 3;
	if (op < OP_RESET_CLIENT_1 || op > OP_DATA_2)
		return false;
	if (op == OP_DATA_1 || op == OP_DATA_2 || op == OP_ACK)
		return true;
	if (!s->auth_known)
		s->auth_known = find_auth(t, in, &s->auth);
	if (!s->auth_known || !packet_read(in, s->auth, &p))
		return false;
	if (is_reset(op))
		sl_talk_client(t, by_client(op) ? t->side : t->side ^ 1);
	take_packet(t, &s->channel[t->side], &p);
	return true;
}

/* --- the parser --- */

static bool probe_datagram(const struct sl_talk *t, struct sl_span in)
{
	uint8_t auth;
	return find_auth(t, in, &auth);
}

static bool datagram(struct sl_talk *t, struct sl_span in)
{
	return take_bytes(t, in);
}

/* length (2), then the packet: a reset packet here. */
static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	if (in.at[0] != 0)
		return SL_PARSE_REFUSE;
	if (in.len < 3)
		return SL_PARSE_MORE;
	size_t len = in.at[1];
	uint8_t auth;
	if (len > RESET_MOST || len < 1 + SESSION || !is_reset(in.at[2] >> 3) || in.at[2] & 7)
		return SL_PARSE_REFUSE;
	if (in.len < 2 + len)
		return SL_PARSE_MORE;
	return find_auth(t, sl_span_of(in.at + 2, len), &auth) ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	if (in.len < 3)
		return t->last ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	size_t len = (size_t)in.at[0] << 8 | in.at[1];
	unsigned op = in.at[2] >> 3;
	if (!len || len > FRAME_MOST || op < OP_RESET_CLIENT_1 || op > OP_DATA_2)
		return SL_PARSE_REFUSE;
	if (op == OP_DATA_1 || op == OP_DATA_2) {
		*consumed = 2 + len < in.len ? 2 + len : in.len;
		sl_side_skip(t->at, 2 + len - *consumed);
		return SL_PARSE_DONE;
	}
	if (in.len < 2 + len)
		return SL_PARSE_MORE;
	if (!take_bytes(t, sl_span_of(in.at + 2, len)))
		return SL_PARSE_REFUSE;
	*consumed = 2 + len;
	return SL_PARSE_DONE;
}

static void forget(struct sl_talk *t)
{
	struct state *s = t->state;
	for (unsigned i = 0; i < 2; i++)
		channel_clear(t, &s->channel[i]);
}

const struct sl_parser sl_openvpn_parser = {
	.state_bytes = sizeof(struct state),
	.messages = SL_COUNT_TLS_HELLOS,
	.probe = probe,
	.stream = stream,
	.probe_datagram = probe_datagram,
	.datagram = datagram,
	.forget = forget,
};
