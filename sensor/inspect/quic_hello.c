/* What QUIC's Initials hold: frames (RFC 9000, section 19), and in their CRYPTO frames the hellos. Per
 * worker. */
#include <sensor/inspect/gquic.h>
#include <sensor/inspect/hello.h>
#include <sensor/inspect/quic.h>

enum {
	HELLO_HEADER = 4,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	VERSION_ROOM = 8, /* bytes of a version's text */
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

void sl_quic_tell(struct sl_talk *t, struct sl_quic *q)
{
	q->untold = false;
	q->open = true;
	t->tx = sl_quic_tx(q);
	sl_talk_done(t);
}

/* The version goes with the hello, if the datagram has one. */
void sl_quic_seen(struct sl_talk *t, struct sl_quic *q, uint32_t version)
{
	for (unsigned k = 0; k < q->told_n; k++)
		if (q->told[k] == version)
			return;
	if (q->told_n == SL_QUIC_TOLD_MOST || !version)
		return;
	q->told[q->told_n++] = version;
	q->untold = true;
	add_version(t, version);
}

/* --- hellos --- */

/* RFC 8446, section 4.1.3: a ServerHello with this random asks for another ClientHello. */
static bool is_retry_request(struct sl_span body)
{
	static const uint8_t retry[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
					   0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
					   0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
					   0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
	return body.len >= 34 && memcmp(body.at + 2, retry, sizeof retry) == 0;
}

static void hello_told(struct sl_talk *t, struct sl_quic *q, enum sl_quic_role role, struct sl_span body)
{
	struct sl_quic_end *e = &q->end[role];
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
		sl_quic_tell(t, q);
}

/* Messages that are whole: type (8), length (24), body. */
static void hellos_read(struct sl_talk *t, struct sl_quic *q, enum sl_quic_role role)
{
	struct sl_quic_end *e = &q->end[role];
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

void sl_quic_chlo_told(struct sl_talk *t, struct sl_quic *q, struct sl_span name)
{
	struct sl_quic_end *e = &q->end[SL_QUIC_CLIENT];
	e->over = e->hello = true;
	if (name.len) {
		sl_value_add(t, SL_FIELD_TLS_SNI, name);
		sl_quic_tell(t, q);
	}
}

static void chlo_read(struct sl_talk *t, struct sl_quic *q)
{
	struct sl_span name;
	if (sl_gquic_chlo(sl_quic_crypto_ready(&q->end[SL_QUIC_CLIENT].crypto), &name) != SL_GQUIC_MORE)
		sl_quic_chlo_told(t, q, name);
}

void sl_quic_past_hello(struct sl_talk *t, struct sl_quic *q)
{
	struct sl_quic_end *e = &q->end[SL_QUIC_CLIENT];
	struct sl_span in = sl_quic_crypto_ready(&e->crypto);
	if (!q->origin.version || t->side != q->client || e->over)
		return;
	if (!e->hello && !q->origin.version->chlo && in.len > HELLO_HEADER && in.at[0] == CLIENT_HELLO) {
		sl_client_hello(t, sl_span_of(in.at + HELLO_HEADER, in.len - HELLO_HEADER),
				SL_OVER_QUIC);
		sl_quic_tell(t, q);
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
static bool crypto_read(struct sl_talk *t, struct sl_quic_end *e, struct sl_cur *c)
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

static void padding_skip(struct sl_cur *c)
{
	while (c->p < c->end && *c->p == 0)
		c->p++;
}

/* Frames that an Initial may hold (section 12.4). Behind any other nothing is read. */
static void frames_read(struct sl_talk *t, bool google, struct sl_quic_end *e, struct sl_span plain)
{
	enum {
		PADDING = 0,
		PING = 1,
		ACK = 2,
		ACK_ECN = 3,
		CRYPTO = 6,
		GOOGLE_PING = 7,
		GOOGLE_CRYPTO = 8
	};
	struct sl_cur c = sl_cur_of(plain.at, plain.len);
	while (sl_cur_left(&c)) {
		uint8_t type = sl_cur_u8(&c);
		if (type == PADDING) {
			padding_skip(&c);
		} else if (type == CRYPTO || (google && type == GOOGLE_CRYPTO)) {
			if (!crypto_read(t, e, &c))
				return;
		} else if (type == ACK || type == ACK_ECN) {
			ack_skip(&c, type == ACK_ECN);
		} else if (type != PING && !(google && type == GOOGLE_PING)) {
			return; /* CONNECTION_CLOSE is the last */
		}
	}
}

void sl_quic_frames(struct sl_talk *t, struct sl_quic *q, struct sl_span plain)
{
	enum sl_quic_role role = sl_quic_role(t, q);
	const struct sl_quic_version *v = q->origin.version;
	frames_read(t, v->google, &q->end[role], plain);
	if (!v->chlo)
		hellos_read(t, q, role);
	else if (role == SL_QUIC_CLIENT)
		chlo_read(t, q);
}
