/* QUIC (RFC 9000, RFC 9369, drafts 22 to 34, Google's): the hellos of both sides and the version.
 *
 * A client's first Initial is opened with keys made from its own destination id; that proves the
 * protocol, the side and the connection. The server's Initials and all later ones of the client have
 * keys of the same origin. After a Retry the client begins anew under another id, as a new connection
 * does, and is found in the same way. When both hellos are read nothing more is opened. Per worker. */
#include <sensor/inspect/gquic.h>
#include <sensor/inspect/hello.h>
#include <sensor/inspect/quic_crypto.h>
#include <sensor/inspect/quic_packet.h>

enum {
	PACKETS_MOST = 16,  /* in a datagram */
	OPENED_MOST = 128,  /* Initials of a side of a connection */
	BEGUN_MOST = 64,    /* connections tried in a flow */
	TOLD_MOST = 4,      /* versions told of a flow */
	HELLO_HEADER = 4,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	VERSION_ROOM = 8,   /* bytes of a version's text */
	NONE = 0xff,        /* for an id's length */
	GOOGLE_MOST = 32,   /* packets in the clear in which a CHLO is looked for */
	LONG = 0x80,        /* header */
};

struct id {
	uint8_t len, at[SL_QUIC_ID_MAX];
};

/* One role's side of the connection. */
struct end {
	struct sl_quic_crypto crypto;
	uint8_t opened; /* Initials */
	bool hello, over;
};

struct quic {
	struct end end[2]; /* by enum sl_quic_role */
	struct sl_quic_keys keys[2];
	const struct sl_quic_version *version; /* of the keys; NULL: there are none */
	uint32_t told[TOLD_MOST];
	struct id begun, refused, server; /* the connection's first, the last that opened nothing, the server's own */
	uint8_t told_n, begun_n, client;
	uint8_t google_n; /* packets of Google's own form */
	bool retried; /* a Retry was seen, the client's answer not yet */
	bool untold;  /* a version was added to the message at hand */
};

/* --- what is told --- */

/* As Suricata writes it: Google's as text, others in hex without leading zeros. */
static void add_version(struct sl_talk *t, uint32_t version)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *text = sl_talk_room(t, VERSION_ROOM);
	size_t n = 0;
	if (!text)
		return;
	bool google = (version >> 16 == 0x5130 || version >> 16 == 0x5430);
	if (google)
		for (; n < 4; n++)
			text[n] = (uint8_t)(version >> (24 - 8 * n));
	else
		for (int shift = 28; shift >= 0; shift -= 4)
			if (n || version >> shift)
				text[n++] = (uint8_t)digits[version >> shift & 15];
	sl_value_add(t, SL_FIELD_QUIC_VERSION, sl_span_of(text, n));
}

static void tell(struct sl_talk *t, struct quic *q)
{
	q->untold = false;
	sl_talk_done(t);
}

/* The version goes with the hello, if the datagram has one. */
static void tell_version(struct sl_talk *t, struct quic *q, uint32_t version)
{
	for (unsigned k = 0; k < q->told_n; k++)
		if (q->told[k] == version)
			return;
	if (q->told_n == TOLD_MOST || !version)
		return;
	q->told[q->told_n++] = version;
	q->untold = true;
	add_version(t, version);
}

/* --- hellos --- */

/* RFC 8446, section 4.1.3: a ServerHello with this random asks for another ClientHello. */
static bool is_retry_request(struct sl_span body)
{
	static const uint8_t retry[32] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c
	};
	return body.len >= 34 && memcmp(body.at + 2, retry, sizeof retry) == 0;
}

/* The client has the server's answer; what it still sends in Initials are acknowledgements. */
static void both_seen(struct quic *q)
{
	if (q->end[SL_QUIC_CLIENT].hello && q->end[SL_QUIC_SERVER].over)
		q->end[SL_QUIC_CLIENT].over = true;
}

static void hello_told(struct sl_talk *t, struct quic *q, enum sl_quic_role role, struct sl_span body)
{
	struct end *e = &q->end[role];
	bool again = role == SL_QUIC_CLIENT && e->hello && q->retried;
	q->retried = false;
	if (role == SL_QUIC_SERVER) {
		sl_server_hello(t, body, SL_OVER_QUIC);
		e->over = !is_retry_request(body);
	} else if (!again) { /* after a Retry it is the same hello: RFC 9000, section 17.2.5.3 */
		sl_client_hello(t, body, SL_OVER_QUIC);
	}
	e->hello = true;
	if (!again)
		tell(t, q);
}

/* Messages that are whole: type (8), length (24), body. */
static void hellos_read(struct sl_talk *t, struct quic *q, enum sl_quic_role role)
{
	struct end *e = &q->end[role];
	for (;;) {
		struct sl_span in = sl_quic_crypto_ready(&e->crypto);
		struct sl_cur c = sl_cur_of(in.at, in.len);
		uint8_t type = sl_cur_u8(&c);
		size_t len = sl_cur_be24(&c);
		if (c.failed || e->over)
			break;
		if (type != (role == SL_QUIC_CLIENT ? CLIENT_HELLO : SERVER_HELLO) ||
		    len > SL_QUIC_CRYPTO_MAX - HELLO_HEADER) {
			sl_count(sl_talk_counters(t), SL_COUNT_PARSE_ERRORS);
			e->over = true;
			break;
		}
		if (len > sl_cur_left(&c))
			break;
		hello_told(t, q, role, sl_span_of(in.at + HELLO_HEADER, len));
		sl_quic_crypto_use(t->inspect, &e->crypto, HELLO_HEADER + len);
	}
}

static void chlo_told(struct sl_talk *t, struct quic *q, struct sl_span name)
{
	struct end *e = &q->end[SL_QUIC_CLIENT];
	e->over = e->hello = true;
	if (name.len) {
		sl_value_add(t, SL_FIELD_TLS_SNI, name);
		tell(t, q);
	}
}

static void chlo_read(struct sl_talk *t, struct quic *q)
{
	struct sl_span name;
	if (sl_gquic_chlo(sl_quic_crypto_ready(&q->end[SL_QUIC_CLIENT].crypto), &name) != SL_GQUIC_MORE)
		chlo_told(t, q, name);
}

/* No more of the client's hello will come: what there is of it is read all the same. */
static void client_goes_on(struct sl_talk *t, struct quic *q)
{
	struct end *e = &q->end[SL_QUIC_CLIENT];
	struct sl_span in = sl_quic_crypto_ready(&e->crypto);
	if (!q->version || t->side != q->client || e->over)
		return;
	if (!e->hello && !q->version->chlo && in.len > HELLO_HEADER && in.at[0] == CLIENT_HELLO) {
		sl_client_hello(t, sl_span_of(in.at + HELLO_HEADER, in.len - HELLO_HEADER), SL_OVER_QUIC);
		tell(t, q);
	}
	e->over = true;
	sl_quic_crypto_free(t->inspect, &e->crypto);
}

/* --- frames --- */

/* RFC 9000, section 19.3. */
static void ack_skip(struct sl_cur *c, bool ecn)
{
	sl_quic_int(c);
	sl_quic_int(c);
	uint64_t ranges = sl_quic_int(c);
	sl_quic_int(c);
	for (; ranges && !c->failed; ranges--) {
		sl_quic_int(c);
		sl_quic_int(c);
	}
	for (unsigned k = 0; ecn && k < 3; k++)
		sl_quic_int(c);
}

/* RFC 9000, section 19.6. */
static bool crypto_read(struct sl_talk *t, struct end *e, struct sl_cur *c)
{
	uint64_t offset = sl_quic_int(c), len = sl_quic_int(c);
	const uint8_t *bytes = len <= sl_cur_left(c) ? sl_cur_take(c, (size_t)len) : NULL;
	if (c->failed || !bytes)
		return false;
	if (sl_quic_crypto_add(t->inspect, &e->crypto, offset, sl_span_of(bytes, (size_t)len)))
		return true;
	sl_count(sl_talk_counters(t), SL_COUNT_MESSAGE_TOO_LONG);
	e->over = true;
	return false;
}

/* Frames that an Initial may hold (section 12.4). Behind any other nothing is read. */
static void frames_read(struct sl_talk *t, struct quic *q, struct end *e, struct sl_span plain)
{
	enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6, GOOGLE_PING = 7, GOOGLE_CRYPTO = 8 };
	struct sl_cur c = sl_cur_of(plain.at, plain.len);
	while (sl_cur_left(&c)) {
		uint8_t type = sl_cur_u8(&c);
		if (type == PADDING || type == PING || (q->version->google && type == GOOGLE_PING))
			continue;
		if (type == CRYPTO || (q->version->google && type == GOOGLE_CRYPTO)) {
			if (!crypto_read(t, e, &c))
				return;
		} else if (type == ACK || type == ACK_ECN) {
			ack_skip(&c, type == ACK_ECN);
		} else {
			return; /* CONNECTION_CLOSE is the last */
		}
	}
}

/* --- packets --- */

static enum sl_quic_role role_of(const struct sl_talk *t, const struct quic *q)
{
	return t->side == q->client ? SL_QUIC_CLIENT : SL_QUIC_SERVER;
}

static bool id_is(const struct id *id, struct sl_span bytes)
{
	return id->len == bytes.len && memcmp(id->at, bytes.at, bytes.len) == 0;
}

static void id_set(struct id *id, struct sl_span bytes)
{
	id->len = (uint8_t)bytes.len;
	memcpy(id->at, bytes.at, bytes.len);
}

static void ends_drop(struct sl_talk *t, struct quic *q)
{
	for (unsigned role = 0; role < 2; role++)
		sl_quic_crypto_free(t->inspect, &q->end[role].crypto);
}

/* A connection begins, with these keys. */
static void begin(struct sl_talk *t, struct quic *q, const struct sl_quic_packet *p,
		  const struct sl_quic_keys keys[2], unsigned client, struct sl_span id)
{
	bool hello = q->retried && q->end[SL_QUIC_CLIENT].hello;
	ends_drop(t, q);
	memset(q->end, 0, sizeof q->end);
	q->end[SL_QUIC_CLIENT].hello = hello;
	memcpy(q->keys, keys, sizeof q->keys);
	q->version = p->version;
	q->client = (uint8_t)(client & 1);
	id_set(&q->begun, id);
	q->server.len = NONE;
	sl_talk_client(t, client);
}

static bool keys_from(const struct sl_quic_packet *p, struct sl_span id, struct sl_quic_keys keys[2])
{
	uint8_t secret[SL_QUIC_SECRET];
	return sl_quic_secret(p->version, id, secret) &&
	       sl_quic_keys(p->version, secret, SL_QUIC_CLIENT, &keys[SL_QUIC_CLIENT]) &&
	       sl_quic_keys(p->version, secret, SL_QUIC_SERVER, &keys[SL_QUIC_SERVER]);
}

/* Is it the first packet of a connection? Its own id opens it. */
static bool first_open(struct sl_talk *t, struct quic *q, const struct sl_quic_packet *p, uint8_t *plain,
		       size_t *len)
{
	struct sl_quic_keys keys[2];
	if (id_is(&q->begun, p->to) || id_is(&q->refused, p->to) || id_is(&q->server, p->to) ||
	    q->begun_n == BEGUN_MOST)
		return false;
	q->begun_n++;
	if (!keys_from(p, p->to, keys) ||
	    !sl_quic_open(&keys[SL_QUIC_CLIENT], p->bytes, p->number_at, plain, len)) {
		id_set(&q->refused, p->to);
		return false;
	}
	begin(t, q, p, keys, t->side, p->to);
	return true;
}

/* A server may answer in another version, whose keys come from the same id: RFC 9368, section 2.3. */
static bool other_version_open(struct quic *q, enum sl_quic_role role, const struct sl_quic_packet *p,
			       uint8_t *plain, size_t *len)
{
	struct sl_quic_keys keys[2];
	if (q->begun_n == BEGUN_MOST)
		return false;
	q->begun_n++;
	if (!keys_from(p, sl_span_of(q->begun.at, q->begun.len), keys) ||
	    !sl_quic_open(&keys[role], p->bytes, p->number_at, plain, len))
		return false;
	memcpy(q->keys, keys, sizeof q->keys);
	q->version = p->version;
	return true;
}

static bool known_open(const struct sl_talk *t, struct quic *q, const struct sl_quic_packet *p, uint8_t *plain,
		       size_t *len)
{
	enum sl_quic_role role = role_of(t, q);
	if (!q->version || q->end[role].over)
		return false;
	if (q->version != p->version)
		return other_version_open(q, role, p, plain, len);
	return sl_quic_open(&q->keys[role], p->bytes, p->number_at, plain, len);
}

static void initial(struct sl_talk *t, struct quic *q, const struct sl_quic_packet *p, uint8_t *plain)
{
	size_t len;
	if (!plain || !p->version)
		return;
	if (!known_open(t, q, p, plain, &len) && !first_open(t, q, p, plain, &len)) {
		if (!q->version)
			sl_count(sl_talk_counters(t), SL_COUNT_QUIC_SEALED);
		return;
	}
	enum sl_quic_role role = role_of(t, q);
	struct end *e = &q->end[role];
	if (role == SL_QUIC_SERVER)
		id_set(&q->server, p->from);
	frames_read(t, q, e, sl_span_of(plain, len));
	if (!q->version->chlo)
		hellos_read(t, q, role);
	else if (role == SL_QUIC_CLIENT)
		chlo_read(t, q);
	e->opened++;
	e->over |= e->opened >= OPENED_MOST;
	both_seen(q);
	if (e->over)
		sl_quic_crypto_free(t->inspect, &e->crypto);
}

/* The client will send its hello again, to the id that stands here. If it was not seen, the server's
 * keys come from that too. */
static void retry(struct sl_talk *t, struct quic *q, const struct sl_quic_packet *p)
{
	struct sl_quic_keys keys[2];
	if (q->version || !p->version || q->begun_n == BEGUN_MOST) {
		q->retried = q->version && t->side != q->client;
		return;
	}
	q->begun_n++;
	if (keys_from(p, p->from, keys))
		begin(t, q, p, keys, t->side ^ 1, p->from);
}

/* The client will begin anew in another version, perhaps under the same id. */
static void negotiation(struct sl_talk *t, struct quic *q)
{
	sl_talk_client(t, t->side ^ 1);
	if (q->version && (t->side == q->client || q->server.len != NONE))
		return;
	q->version = NULL;
	q->begun.len = q->refused.len = NONE;
}

static void packet(struct sl_talk *t, struct quic *q, const struct sl_quic_packet *p, uint8_t *plain)
{
	switch (p->type) {
	case SL_QUIC_INITIAL:
		initial(t, q, p, plain);
		break;
	case SL_QUIC_RETRY:
		retry(t, q, p);
		break;
	case SL_QUIC_HANDSHAKE:
		client_goes_on(t, q);
		break;
	case SL_QUIC_NEGOTIATION:
		negotiation(t, q);
		break;
	case SL_QUIC_ZERO_RTT:
		break;
	}
}

/* Coalesced packets (section 12.2). What does not read as a packet is padding, or ends them. */
static void packets_read(struct sl_talk *t, struct quic *q, struct sl_span in)
{
	struct sl_quic_packet p;
	uint8_t *plain = NULL;
	for (unsigned n = 0; n < PACKETS_MOST && sl_quic_packet_read(in, &p); n++) {
		tell_version(t, q, p.number);
		if (p.type == SL_QUIC_INITIAL && !plain)
			plain = sl_talk_room(t, in.len);
		packet(t, q, &p, plain);
		in = sl_span_of(in.at + p.bytes.len, in.len - p.bytes.len);
	}
}

/* A packet of Google's that is in the clear. The first hello is small enough for one packet. */
static bool google_read(struct sl_talk *t, struct quic *q, struct sl_span in)
{
	uint32_t version;
	struct sl_span hello;
	if (q->google_n == GOOGLE_MOST || q->end[SL_QUIC_CLIENT].hello || !sl_gquic_read(in, &version, &hello))
		return false;
	q->google_n++;
	tell_version(t, q, version);
	if (hello.len && sl_gquic_chlo(hello, &hello) != SL_GQUIC_OTHER) {
		sl_talk_client(t, t->side);
		chlo_told(t, q, hello);
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
	struct quic *q = t->state;
	if (!(in.at[0] & LONG))
		client_goes_on(t, q);
	if (in.at[0] & LONG || !q->version) {
		if (!google_read(t, q, in))
			packets_read(t, q, in);
	}
	if (q->untold)
		tell(t, q);
	return true;
}

static void forget(struct sl_talk *t)
{
	ends_drop(t, t->state);
}

const struct sl_parser sl_quic_parser = { .state_bytes = sizeof(struct quic),
					  .messages = SL_COUNT_QUIC_MESSAGES,
					  .probe_datagram = probe,
					  .datagram = datagram,
					  .forget = forget };
