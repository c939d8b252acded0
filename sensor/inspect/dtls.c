/* DTLS (RFC 6347, section 4; RFC 9147): hellos and certificates out of datagrams. A message in one piece
 * is borrowed. One in fragments is put together in memory of its length; two messages a side at most at
 * a time, and 64 KiB a flow; the one begun first gives way. Where fragments overlap the first bytes
 * stay. What is encrypted, and what shares the flow with DTLS (SRTP, STUN), is stepped over. Per worker.
 *
 *   type 1 | version 2 | epoch 2 | sequence 6 | length 2 ||
 *   type 1 | length 3 | number 2 | offset 3 | length 3 */
#include <sensor/inspect/tls.h>

enum {
	RECORD_HEADER = 13,
	MESSAGE_HEADER = 12,
	RECORD_CIPHER = 20,
	RECORD_ACK = 26,
	HELLO_VERIFY = 3,
	HEADER_1_3 = 0x20,  /* RFC 9147, section 4: 001xxxxx begins an encrypted record */
	MESSAGE_MOST = 1 << 17,
	PIECES = 2,         /* messages in fragments a side */
	PIECES_BYTES = 64 * 1024, /* of all of a flow's */
};

struct fragment {
	uint8_t type;
	uint16_t number;
	uint32_t len, offset;  /* of the message; of this in it */
	struct sl_span bytes;
};

/* A message of which there are fragments. */
struct pieces {
	uint8_t *bytes;        /* len of them, then a bit a byte: it is there; NULL: free */
	uint32_t len, have;
	uint16_t number;
	uint8_t type;
};

struct sl_dtls {
	struct pieces pieces[2][PIECES];
	uint32_t held;         /* bytes of all of them */
	uint8_t next[2];       /* which gives way */
};

/* --- fragments --- */

/* Its bytes, and a bit for each. */
static uint32_t room_of(uint32_t len)
{
	return len + (len + 7) / 8;
}

static void pieces_drop(struct sl_talk *t, struct sl_dtls *d, struct pieces *p)
{
	if (p->bytes)
		d->held -= room_of(p->len);
	sl_hold_give(t->inspect, p->bytes);
	*p = (struct pieces){ 0 };
}

/* Messages give way, the side's own last. */
static void make_room(struct sl_talk *t, struct sl_dtls *d, uint32_t bytes)
{
	for (unsigned i = 0; i < 2 * PIECES && d->held + bytes > PIECES_BYTES; i++)
		pieces_drop(t, d, &d->pieces[i < PIECES ? !t->side : t->side][i % PIECES]);
}

void sl_dtls_free(struct sl_talk *t, struct sl_dtls *d)
{
	for (unsigned i = 0; d && i < 2 * PIECES; i++)
		pieces_drop(t, d, &d->pieces[i / PIECES][i % PIECES]);
	sl_hold_give(t->inspect, d);
}

static struct pieces *pieces_of(struct sl_talk *t, struct sl_dtls *d, const struct fragment *f)
{
	for (unsigned i = 0; i < PIECES; i++) {
		struct pieces *p = &d->pieces[t->side][i];
		if (p->bytes && p->number == f->number && p->len == f->len && p->type == f->type)
			return p;
	}
	struct pieces *p = &d->pieces[t->side][d->next[t->side]];
	d->next[t->side] = (uint8_t)((d->next[t->side] + 1) % PIECES);
	pieces_drop(t, d, p);
	if (room_of(f->len) > PIECES_BYTES) {
		sl_count(sl_talk_counters(t), SL_COUNT_MESSAGE_TOO_LONG);
		return NULL;
	}
	make_room(t, d, room_of(f->len));
	p->bytes = sl_hold_take(t->inspect, room_of(f->len));
	if (!p->bytes)
		return NULL;
	d->held += room_of(f->len);
	p->len = f->len;
	p->number = f->number;
	p->type = f->type;
	return p;
}

static void pieces_put(struct pieces *p, const struct fragment *f)
{
	uint8_t *there = p->bytes + p->len;
	for (size_t i = 0; i < f->bytes.len; i++) {
		size_t at = f->offset + i;
		uint8_t bit = (uint8_t)(1u << (at & 7));
		if (there[at / 8] & bit)
			continue;
		there[at / 8] |= bit;
		p->bytes[at] = f->bytes.at[i];
		p->have++;
	}
}

static void fragment_add(struct sl_talk *t, struct sl_tls_state *state, const struct fragment *f)
{
	if (!state->dtls)
		state->dtls = sl_hold_take(t->inspect, sizeof *state->dtls);
	struct pieces *p = state->dtls ? pieces_of(t, state->dtls, f) : NULL;
	if (!p)
		return;
	pieces_put(p, f);
	if (p->have < p->len)
		return;
	sl_tls_message(t, p->type, sl_span_of(p->bytes, p->len), SL_OVER_DTLS);
	pieces_drop(t, state->dtls, p);
}

/* False: it is none. */
static bool fragment_read(struct sl_cur *c, struct fragment *f)
{
	f->type = sl_cur_u8(c);
	f->len = sl_cur_be24(c);
	f->number = sl_cur_be16(c);
	f->offset = sl_cur_be24(c);
	uint32_t n = sl_cur_be24(c);
	f->bytes = sl_span_of(sl_cur_take(c, n), n);
	return !c->failed && f->len < MESSAGE_MOST && f->offset <= f->len && n <= f->len - f->offset;
}

static void handshake(struct sl_talk *t, struct sl_cur record)
{
	struct sl_tls_state *state = t->state;
	struct fragment f;
	while (sl_cur_left(&record) && fragment_read(&record, &f)) {
		bool wanted = f.type == SL_TLS_CLIENT_HELLO || f.type == SL_TLS_SERVER_HELLO ||
			      f.type == SL_TLS_CERTIFICATE;
		if (!wanted || !f.bytes.len)
			continue;
		state->dtls_open = true;
		if (f.bytes.len == f.len)
			sl_tls_message(t, f.type, f.bytes, SL_OVER_DTLS);
		else
			fragment_add(t, state, &f);
	}
}

/* --- records --- */

struct record {
	uint8_t type;
	uint16_t epoch;
	struct sl_cur body;
};

/* False: it is none. Version 1.0 is also written as 0100 (RFC 4347's first implementations). */
static bool record_read(struct sl_cur *c, struct record *r)
{
	r->type = sl_cur_u8(c);
	uint16_t version = sl_cur_be16(c);
	r->epoch = sl_cur_be16(c);
	sl_cur_take(c, 6);
	r->body = sl_cur_sub(c, sl_cur_be16(c));
	bool known = version == 0xfeff || version == 0xfefd || version == 0xfefc || version == 0x0100;
	return !c->failed && known && r->type >= RECORD_CIPHER && r->type <= RECORD_ACK;
}

/* STUN, TURN and RTP go on beside it (RFC 7983, section 7). */
static bool is_beside(uint8_t first)
{
	return first <= 3 || (first >= 64 && first <= 79) || (first >= 128 && first <= 191);
}

bool sl_dtls_probe(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	struct sl_cur c = sl_cur_of(in.at, in.len);
	struct record r;
	struct fragment f;
	if (in.len < RECORD_HEADER + MESSAGE_HEADER || in.at[0] != SL_RECORD_HANDSHAKE ||
	    !record_read(&c, &r))
		return false;
	return r.epoch == 0 && fragment_read(&r.body, &f) && f.type >= SL_TLS_CLIENT_HELLO &&
	       f.type <= HELLO_VERIFY && f.bytes.len;
}

/* What follows is encrypted. */
static void sealed(struct sl_talk *t)
{
	struct sl_tls_state *state = t->state;
	if (!state->dtls_open || !sl_flow_to_client(t->flow, t->side))
		return;
	state->dtls_open = false;
	sl_tls_over(t);
}

bool sl_dtls_datagram(struct sl_talk *t, struct sl_span in)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	struct record r;
	bool any = is_beside(in.at[0]);
	while (sl_cur_left(&c)) {
		if ((c.p[0] & 0xe0) == HEADER_1_3) {
			sealed(t);
			return true;
		}
		if (!record_read(&c, &r))
			return any;
		any = true;
		if (r.epoch)
			sealed(t);
		else if (r.type == SL_RECORD_HANDSHAKE)
			handshake(t, r.body);
	}
	return any;
}
