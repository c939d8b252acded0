/* TLS in a stream (RFC 8446, section 5; RFC 5246, section 6.2): handshake messages out of records, until all
 * is encrypted. A message that lies in one record is borrowed; one that does not is put together in
 * the call's room. Every step uses up one thing: a header, a message, a stretch nobody wants. What
 * stays behind begins with a message, so that bytes are gathered only for hellos and certificates.
 * Per worker. */
#include <sensor/inspect/tls.h>

enum {
	MESSAGE_HEADER = 4,
	RECORD_MAX = 16384 + 2048, /* RFC 5246, section 6.2.3: a record with its expansion */
	HELLO_LEAST = 38,          /* bytes: version, random, session id, a suite, compression */
	OPAQUE_MOST = 16,          /* records of early data before a hello that repeats the first */
	V2_HEADER = 2,             /* RFC 5246, appendix E.2 */
	V2_LEAST = 11,
	BEGUN = 1,                 /* a side's phase: a record was seen */
};

/* --- SSLv2's hello --- */

/* length (2, top bit set), type (1), version (2), lengths of ciphers, session id, challenge (2 each). */
static enum sl_parse v2_probe(struct sl_span in)
{
	if (in.len && !(in.at[0] & 0x80))
		return SL_PARSE_REFUSE;
	if (in.len > 2 && in.at[2] != SL_TLS_CLIENT_HELLO)
		return SL_PARSE_REFUSE;
	if (in.len > 3 && in.at[3] != 0 && in.at[3] != 3)
		return SL_PARSE_REFUSE;
	if (in.len < V2_LEAST)
		return SL_PARSE_MORE;
	struct sl_cur c = sl_cur_of(in.at, in.len);
	size_t len = sl_cur_be16(&c) & 0x7fff;
	sl_cur_u8(&c);
	unsigned version = sl_cur_be16(&c);
	size_t ciphers = sl_cur_be16(&c), session = sl_cur_be16(&c), challenge = sl_cur_be16(&c);
	bool fits = len == V2_LEAST - V2_HEADER + ciphers + session + challenge;
	bool sound = ciphers && ciphers % 3 == 0 && (session == 0 || session == 16) && challenge >= 16 &&
		     challenge <= 32;
	return fits && sound && (version == 2 || (version >= 0x300 && version <= 0x303)) ? SL_PARSE_DONE :
											   SL_PARSE_REFUSE;
}

static const char *v2_version(unsigned version)
{
	static const char *const names[] = { "SSLv3", "TLSv1", "TLS 1.1", "TLS 1.2" };
	return version == 2 ? "SSLv2" : names[version & 3];
}

/* It offers no extension, and no fingerprint is defined for it: its version alone. */
static void v2_hello(struct sl_talk *t, struct sl_tls_side *s, struct sl_span in)
{
	const char *version = v2_version((unsigned)in.at[3] << 8 | in.at[4]);
	t->at->phase = BEGUN;
	t->tx = SL_TLS_TX;
	s->client = true;
	s->record = SL_RECORD_HEARTBEAT; /* the rest of it is stepped over */
	s->record_left = (uint16_t)(((in.at[0] & 0x7f) << 8 | in.at[1]) - (V2_LEAST - V2_HEADER));
	sl_value_add(t, SL_FIELD_TLS_VERSION, sl_span_str(version));
	sl_talk_client(t, t->side);
	sl_talk_done(t);
}

/* --- records --- */

bool sl_record_begins(const uint8_t *at)
{
	size_t len = (size_t)at[3] << 8 | at[4];
	return at[0] >= SL_RECORD_CIPHER && at[0] <= SL_RECORD_HEARTBEAT && at[1] == 3 && at[2] <= 4 &&
	       len <= RECORD_MAX;
}

/* A server's stream whose hello was not captured: the chain's lengths must fit into each other, and the first
 * certificate begins as DER does. */
static enum sl_parse certificate_probe(struct sl_span in)
{
	enum { FIRST = SL_RECORD_HEADER + MESSAGE_HEADER + 3 + 3 };
	if (in.len <= FIRST)
		return SL_PARSE_MORE;
	struct sl_cur c = sl_cur_of(in.at + SL_RECORD_HEADER + 1, FIRST - SL_RECORD_HEADER - 1);
	size_t message = sl_cur_be24(&c), list = sl_cur_be24(&c), first = sl_cur_be24(&c);
	bool fits = message == list + 3 && first && first + 3 <= list;
	return fits && sl_record_begins(in.at) && in.at[FIRST] == 0x30 ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

enum sl_parse sl_tls_probe(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	static const uint8_t start[] = { SL_RECORD_HANDSHAKE, 3 };
	size_t n = in.len < sizeof start ? in.len : sizeof start;
	if (memcmp(in.at, start, n) != 0)
		return v2_probe(in);
	if (in.len < SL_RECORD_HEADER + 1)
		return SL_PARSE_MORE;
	uint8_t type = in.at[SL_RECORD_HEADER];
	if (type == SL_TLS_CERTIFICATE)
		return certificate_probe(in);
	bool hello = type == SL_TLS_CLIENT_HELLO || type == SL_TLS_SERVER_HELLO;
	return sl_record_begins(in.at) && (in.at[3] || in.at[4]) && hello ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

void sl_tls_message(struct sl_talk *t, unsigned type, struct sl_span body, enum sl_hello_over over)
{
	t->tx = SL_TLS_TX;
	switch (type) {
	case SL_TLS_CLIENT_HELLO:
		sl_talk_client(t, t->side);
		sl_client_hello(t, body, over);
		sl_talk_done(t);
		break;
	case SL_TLS_SERVER_HELLO:
		sl_talk_client(t, t->side ^ 1);
		sl_server_hello(t, body, over);
		sl_talk_done(t);
		break;
	case SL_TLS_CERTIFICATE:
		sl_certificates(t, body);
		break;
	default:
		break;
	}
}

/* RFC 5246, section 7.4; RFC 8446, section 4; and later ones. */
static bool is_message(unsigned type)
{
	return type <= 5 || type == 8 || (type >= 11 && type <= 16) || (type >= 20 && type <= 26);
}

static bool is_wanted(unsigned type)
{
	return type == SL_TLS_CLIENT_HELLO || type == SL_TLS_SERVER_HELLO || type == SL_TLS_CERTIFICATE;
}

/* After ChangeCipherSpec only TLS 1.3's second hello may come in the clear (RFC 8446, appendix D.4). */
static bool is_second_hello(struct sl_span in)
{
	if (in.len < MESSAGE_HEADER + 2)
		return false;
	size_t len = (size_t)in.at[2] << 8 | in.at[3];
	bool hello = in.at[0] == SL_TLS_CLIENT_HELLO || in.at[0] == SL_TLS_SERVER_HELLO;
	return hello && in.at[1] == 0 && len >= HELLO_LEAST && in.at[4] == 3 && in.at[5] == 3;
}

/* --- messages out of records --- */

struct message {
	struct sl_span bytes; /* with its header */
	size_t most;          /* how long it will be; 4 while that is not known */
	size_t used;          /* of the input */
	uint16_t record_left;
	bool broken;          /* another record's header stands where more of it should */
};

/* The record ends and the message does not: on to the next. False: there is none yet, or another. */
static bool next_record(struct message *m, struct sl_span in)
{
	const uint8_t *at = in.at + m->used;
	if (in.len - m->used < SL_RECORD_HEADER)
		return false;
	if (!sl_record_begins(at) || at[0] != SL_RECORD_HANDSHAKE) {
		m->broken = true;
		return false;
	}
	m->record_left = (uint16_t)((unsigned)at[3] << 8 | at[4]);
	m->used += SL_RECORD_HEADER;
	return true;
}

/* Behind what is there already: borrowed if it is the first, else copied. */
static bool message_add(struct sl_talk *t, struct message *m, uint8_t **room, struct sl_span in, size_t n)
{
	const uint8_t *at = in.at + m->used;
	if (!m->bytes.len) {
		m->bytes = sl_span_of(at, n);
	} else if (m->bytes.at + m->bytes.len == at) {
		m->bytes.len += n;
	} else {
		if (!*room) {
			*room = sl_talk_room(t, in.len);
			if (!*room)
				return false;
			memcpy(*room, m->bytes.at, m->bytes.len);
			m->bytes.at = *room;
		}
		memcpy(*room + m->bytes.len, at, n);
		m->bytes.len += n;
	}
	m->used += n;
	m->record_left = (uint16_t)(m->record_left - n);
	return true;
}

/* As much of the message as is there. */
static struct message message_take(struct sl_talk *t, const struct sl_tls_side *s, struct sl_span in)
{
	struct message m = { .most = MESSAGE_HEADER, .record_left = s->record_left };
	uint8_t *room = NULL;
	while (m.bytes.len < m.most && m.used < in.len) {
		if (m.record_left == 0) {
			if (!next_record(&m, in))
				break;
			continue;
		}
		size_t n = m.most - m.bytes.len, left = in.len - m.used;
		n = n < m.record_left ? n : m.record_left;
		if (!message_add(t, &m, &room, in, n < left ? n : left))
			break;
		const uint8_t *at = m.bytes.at;
		if (m.bytes.len == MESSAGE_HEADER && m.most == MESSAGE_HEADER && is_wanted(at[0]))
			m.most += (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
	}
	return m;
}

static enum sl_parse header(struct sl_talk *t, struct sl_tls_side *s, struct sl_span in, size_t *consumed)
{
	enum sl_parse v2 = t->at->phase ? SL_PARSE_REFUSE : v2_probe(in);
	if (v2 == SL_PARSE_DONE) {
		v2_hello(t, s, in);
		*consumed = V2_LEAST;
		return SL_PARSE_DONE;
	}
	if (in.len < SL_RECORD_HEADER || v2 == SL_PARSE_MORE)
		return t->last ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	if (!sl_record_begins(in.at))
		return SL_PARSE_REFUSE;
	t->at->phase = BEGUN;
	s->record = in.at[0] & 31u;
	s->record_left = (uint16_t)((unsigned)in.at[3] << 8 | in.at[4]);
	*consumed = SL_RECORD_HEADER;
	s->ciphered |= s->record == SL_RECORD_CIPHER;
	if (s->record != SL_RECORD_HANDSHAKE)
		s->message_left = 0;
	if (s->record != SL_RECORD_DATA)
		return SL_PARSE_DONE;
	/* a server that sends data has said its hello: the client will not say another */
	if (!s->client || s->opaque == OPAQUE_MOST || t->slot->side[!t->side].sealed)
		return SL_PARSE_FINISH;
	s->opaque = (s->opaque + 1) & 31;
	return SL_PARSE_DONE;
}

/* A message that ends, or breaks off. */
static enum sl_parse message_use(struct sl_talk *t, struct sl_tls_side *s, const struct message *m,
				 size_t *consumed)
{
	unsigned type = m->bytes.at[0];
	s->record_left = m->record_left;
	*consumed = m->used;
	if (m->bytes.len < MESSAGE_HEADER)
		return SL_PARSE_FINISH;
	size_t len = (size_t)m->bytes.at[1] << 16 | (size_t)m->bytes.at[2] << 8 | m->bytes.at[3];
	s->message_left = (uint32_t)(len - (m->bytes.len - MESSAGE_HEADER));
	s->client |= type == SL_TLS_CLIENT_HELLO;
	s->server |= type == SL_TLS_SERVER_HELLO || type == SL_TLS_CERTIFICATE;
	sl_tls_message(t, type, sl_span_of(m->bytes.at + MESSAGE_HEADER, m->bytes.len - MESSAGE_HEADER), SL_OVER_TCP);
	return SL_PARSE_DONE;
}

/* A message that another record breaks off, or nonsense: it is used as far as it goes, and so are the five
 * bytes behind it, part of which may have been gathered with the message. */
static enum sl_parse message_broken(struct sl_talk *t, struct sl_tls_side *s, const struct message *m,
				    struct sl_span in, size_t *consumed)
{
	size_t more = 0;
	enum sl_parse p = message_use(t, s, m, consumed);
	if (p == SL_PARSE_DONE)
		p = header(t, s, sl_span_of(in.at + m->used, in.len - m->used), &more);
	if (p != SL_PARSE_REFUSE) {
		*consumed += more;
		return p;
	}
	*consumed += SL_RECORD_HEADER;
	t->at->phase = 0;
	return SL_PARSE_DONE;
}

/* Do these bytes, between two records, begin one with a message? */
static bool begins_message(const struct sl_tls_side *s, struct sl_span in)
{
	return in.len >= SL_RECORD_HEADER && sl_record_begins(in.at) && in.at[0] == SL_RECORD_HANDSHAKE &&
	       (in.at[3] || in.at[4]) && !s->message_left;
}

/* A message that begins here, within a record or with the record's header, which is gathered with it. */
static enum sl_parse handshake(struct sl_talk *t, struct sl_tls_side *s, struct sl_span in, size_t *consumed)
{
	size_t skip = s->record_left ? 0 : SL_RECORD_HEADER;
	size_t left = skip ? (size_t)in.at[3] << 8 | in.at[4] : s->record_left;
	struct sl_span body = sl_span_of(in.at + skip, in.len - skip);
	body.len = body.len < left ? body.len : left;
	size_t least = s->ciphered ? MESSAGE_HEADER + 2 : 1;
	t->at->phase = BEGUN;
	s->record = SL_RECORD_HANDSHAKE;
	if (body.len < least && body.len < left && !t->last)
		return SL_PARSE_MORE;
	if (!body.len || (s->ciphered && !is_second_hello(body)) || !is_message(body.at[0]))
		return SL_PARSE_FINISH;
	struct message m = message_take(t, s, in);
	if (m.broken)
		return message_broken(t, s, &m, in, consumed);
	if (m.bytes.len >= m.most || t->last)
		return message_use(t, s, &m, consumed);
	/* nothing new to see before what is missing of the message, or of the next header, has come */
	size_t missing = m.most - m.bytes.len;
	if (m.record_left == 0)
		missing += SL_RECORD_HEADER - (in.len - m.used);
	sl_side_searched(t->at, in.len + missing);
	return SL_PARSE_MORE;
}

enum sl_parse sl_tls_step_over(struct sl_tls_side *s, struct sl_span in, size_t *consumed)
{
	size_t n = s->record_left < in.len ? s->record_left : in.len;
	if (s->record == SL_RECORD_HANDSHAKE) {
		n = n < s->message_left ? n : s->message_left;
		s->message_left -= (uint32_t)n;
	}
	s->record_left = (uint16_t)(s->record_left - n);
	*consumed = n;
	return SL_PARSE_DONE;
}

enum sl_parse sl_tls_records(struct sl_talk *t, struct sl_tls_side *s, struct sl_span in, size_t *consumed)
{
	if (in.len < t->at->searched && !t->last)
		return SL_PARSE_MORE;
	if (!t->at->phase)
		*s = (struct sl_tls_side){ .client = s->client, .server = s->server };
	if (s->record_left == 0)
		return begins_message(s, in) ? handshake(t, s, in, consumed) : header(t, s, in, consumed);
	if (s->record != SL_RECORD_HANDSHAKE || s->message_left)
		return sl_tls_step_over(s, in, consumed);
	return handshake(t, s, in, consumed);
}
