/* QUIC (RFC 9000, RFC 9369, drafts 22 to 34, Google's): the hellos of both sides and the version.
 *
 * A client's first Initial is opened with keys made from its own destination id; that proves the
 * protocol, the side and the connection. The server's Initials and all later ones of the client have
 * keys of the same origin. After a Retry the client begins anew under another id, as a new connection
 * does, and is found in the same way. When both hellos are read nothing more is opened. Per worker. */
#include <sensor/inspect/gquic.h>
#include <sensor/inspect/quic.h>

enum {
	PACKETS_MOST = 16,  /* in a datagram */
	OPENED_MOST = 128,  /* Initials of a side of a connection */
	FAILED_MOST = 64,   /* times that keys are made in a flow and open nothing */
	NONE = 0xff,        /* for an id's length */
	GOOGLE_MOST = 32,   /* packets in the clear in which a CHLO is looked for */
	LONG = 0x80,        /* header */
};

static bool id_is(const struct sl_quic_id *id, struct sl_span bytes)
{
	return id->len == bytes.len && memcmp(id->at, bytes.at, bytes.len) == 0;
}

static void id_set(struct sl_quic_id *id, struct sl_span bytes)
{
	id->len = (uint8_t)bytes.len;
	memcpy(id->at, bytes.at, bytes.len);
}

static void ends_drop(struct sl_talk *t, struct sl_quic *q)
{
	for (unsigned role = 0; role < 2; role++)
		sl_quic_crypto_free(t->inspect, &q->end[role].crypto);
}

static bool origin_of(struct sl_quic_origin *o, const struct sl_quic_packet *p, struct sl_span id)
{
	*o = (struct sl_quic_origin){ .version = p->version };
	return sl_quic_secret(p->version, id, o->secret);
}

static bool origin_open(struct sl_quic_origin *o, enum sl_quic_role role, const struct sl_quic_packet *p,
			uint8_t *plain, size_t *len)
{
	if (!o->made[role])
		o->made[role] = sl_quic_keys(o->version, o->secret, role, &o->keys[role]);
	return o->made[role] && sl_quic_open(&o->keys[role], p->bytes, p->number_at, plain, len);
}

/* Nothing more is read of the connection. */
static void connection_over(struct sl_talk *t, struct sl_quic *q)
{
	if (q->open)
		sl_talk_tx_end(t, sl_quic_tx(q));
	q->open = false;
}

/* A connection begins. */
static void begin(struct sl_talk *t, struct sl_quic *q, const struct sl_quic_origin *o, unsigned client,
		  struct sl_span id)
{
	bool hello = q->retried && q->end[SL_QUIC_CLIENT].hello;
	if (!q->retried && (q->end[SL_QUIC_CLIENT].hello || q->end[SL_QUIC_SERVER].hello)) {
		connection_over(t, q);
		q->ended++;
	}
	ends_drop(t, q);
	memset(q->end, 0, sizeof q->end);
	q->end[SL_QUIC_CLIENT].hello = hello;
	q->origin = *o;
	q->client = (uint8_t)(client & 1);
	id_set(&q->begun, id);
	q->server.len = NONE;
	sl_talk_client(t, client);
}

/* Is it the first packet of a connection? Its own id opens it. */
static bool first_open(struct sl_talk *t, struct sl_quic *q, const struct sl_quic_packet *p,
		       uint8_t *plain, size_t *len)
{
	struct sl_quic_origin o;
	if (id_is(&q->begun, p->to) || id_is(&q->refused, p->to) || id_is(&q->server, p->to) ||
	    q->failed_n == FAILED_MOST)
		return false;
	if (!origin_of(&o, p, p->to) || !origin_open(&o, SL_QUIC_CLIENT, p, plain, len)) {
		id_set(&q->refused, p->to);
		q->failed_n++;
		return false;
	}
	begin(t, q, &o, t->side, p->to);
	return true;
}

/* A server may answer in another version, whose keys come from the same id: RFC 9368, section 2.3. */
static bool other_version_open(struct sl_quic *q, enum sl_quic_role role,
			       const struct sl_quic_packet *p, uint8_t *plain, size_t *len)
{
	struct sl_quic_origin o;
	if (q->failed_n == FAILED_MOST)
		return false;
	if (!origin_of(&o, p, sl_span_of(q->begun.at, q->begun.len)) ||
	    !origin_open(&o, role, p, plain, len)) {
		q->failed_n++;
		return false;
	}
	q->origin = o;
	return true;
}

static bool known_open(const struct sl_talk *t, struct sl_quic *q, const struct sl_quic_packet *p,
		       uint8_t *plain, size_t *len)
{
	enum sl_quic_role role = sl_quic_role(t, q);
	if (!q->origin.version || q->end[role].over)
		return false;
	if (q->origin.version != p->version)
		return other_version_open(q, role, p, plain, len);
	return origin_open(&q->origin, role, p, plain, len);
}

/* The client has the server's answer; what it still sends in Initials are acknowledgements. */
static void both_seen(struct sl_talk *t, struct sl_quic *q)
{
	if (!q->end[SL_QUIC_CLIENT].hello || !q->end[SL_QUIC_SERVER].over)
		return;
	q->end[SL_QUIC_CLIENT].over = true;
	connection_over(t, q);
}

static void initial(struct sl_talk *t, struct sl_quic *q, const struct sl_quic_packet *p, uint8_t *plain)
{
	size_t len;
	if (!plain || !p->version)
		return;
	if (!known_open(t, q, p, plain, &len) && !first_open(t, q, p, plain, &len)) {
		if (!q->origin.version && !p->grease)
			sl_count(sl_talk_counters(t), SL_COUNT_QUIC_SEALED);
		return;
	}
	enum sl_quic_role role = sl_quic_role(t, q);
	struct sl_quic_end *e = &q->end[role];
	if (role == SL_QUIC_SERVER)
		id_set(&q->server, p->from);
	sl_quic_frames(t, q, sl_span_of(plain, len));
	e->opened++;
	e->over |= e->opened >= OPENED_MOST;
	both_seen(t, q);
	if (e->over)
		sl_quic_crypto_free(t->inspect, &e->crypto);
}

/* A client that wants to be refused seals its hello as in the version that it will come to. */
static void greased(struct sl_talk *t, struct sl_quic *q, const struct sl_quic_packet *p, uint8_t *plain)
{
	static const uint32_t as[] = { 0x00000001, 0xff00001d };
	struct sl_quic_packet one = *p;
	one.version = q->origin.version;
	initial(t, q, &one, plain);
	for (size_t k = 0; k < sizeof as / sizeof *as && !q->origin.version; k++) {
		q->refused.len = 0;
		one.version = sl_quic_version(as[k]);
		initial(t, q, &one, plain);
	}
}

/* The client will send its hello again, to the id that stands here. If it was not seen, the server's
 * keys come from that too. */
static void retry(struct sl_talk *t, struct sl_quic *q, const struct sl_quic_packet *p)
{
	struct sl_quic_origin o;
	if (q->origin.version || !p->version) {
		q->retried = q->origin.version && t->side != q->client;
		return;
	}
	if (origin_of(&o, p, p->from))
		begin(t, q, &o, t->side ^ 1, p->from);
}

/* The client will begin anew in another version, perhaps under the same id. */
static void negotiation(struct sl_talk *t, struct sl_quic *q)
{
	sl_talk_client(t, t->side ^ 1);
	if (q->origin.version && (t->side == q->client || q->server.len != NONE))
		return;
	q->origin.version = NULL;
	q->begun.len = q->refused.len = NONE;
}

static void packet(struct sl_talk *t, struct sl_quic *q, const struct sl_quic_packet *p, uint8_t *plain)
{
	switch (p->type) {
	case SL_QUIC_INITIAL:
		if (p->grease)
			greased(t, q, p, plain);
		else
			initial(t, q, p, plain);
		break;
	case SL_QUIC_RETRY:
		retry(t, q, p);
		break;
	case SL_QUIC_HANDSHAKE:
		sl_quic_past_hello(t, q);
		break;
	case SL_QUIC_NEGOTIATION:
		negotiation(t, q);
		break;
	case SL_QUIC_ZERO_RTT:
		break;
	}
}

/* Coalesced packets (section 12.2): of one connection, what is not is ignored. What does not read as a
 * packet is padding, or ends them. */
static void packets_read(struct sl_talk *t, struct sl_quic *q, struct sl_span in)
{
	struct sl_quic_packet p;
	struct sl_span to = in;
	uint8_t *plain = NULL;
	for (unsigned n = 0; n < PACKETS_MOST && sl_quic_packet_read(in, &p); n++) {
		to = n ? to : p.to;
		if (!sl_span_eq(to, p.to))
			break;
		if (p.version || p.grease)
			sl_quic_seen(t, q, p.number);
		if (p.type == SL_QUIC_INITIAL && !plain)
			plain = sl_talk_room(t, in.len);
		packet(t, q, &p, plain);
		in = sl_span_of(in.at + p.bytes.len, in.len - p.bytes.len);
	}
}

/* A packet of Google's that is in the clear. The first hello is small enough for one packet. */
static bool google_read(struct sl_talk *t, struct sl_quic *q, struct sl_span in)
{
	uint32_t version;
	struct sl_span hello;
	if (q->google_n == GOOGLE_MOST || q->end[SL_QUIC_CLIENT].hello ||
	    !sl_gquic_read(in, &version, &hello))
		return false;
	q->google_n++;
	sl_quic_seen(t, q, version);
	if (hello.len && sl_gquic_chlo(hello, &hello) != SL_GQUIC_OTHER) {
		sl_talk_client(t, t->side);
		sl_quic_chlo_told(t, q, hello);
	}
	return true;
}

static bool probe(const struct sl_talk *t, struct sl_span in)
{
	uint32_t version;
	struct sl_span hello;
	(void)t;
	return sl_quic_plausible(in) || sl_gquic_read(in, &version, &hello);
}

/* What has a short header is sealed: nothing of it is read once the client's hello is. */
static bool datagram(struct sl_talk *t, struct sl_span in)
{
	struct sl_quic *q = t->state;
	if (!(in.at[0] & LONG))
		sl_quic_past_hello(t, q);
	if ((in.at[0] & LONG || !q->origin.version) && !google_read(t, q, in))
		packets_read(t, q, in);
	if (q->untold)
		sl_quic_tell(t, q);
	return true;
}

static void forget(struct sl_talk *t)
{
	ends_drop(t, t->state);
}

const struct sl_parser sl_quic_parser = { .state_bytes = sizeof(struct sl_quic),
					  .messages = SL_COUNT_QUIC_MESSAGES,
					  .probe_datagram = probe,
					  .datagram = datagram,
					  .forget = forget };
