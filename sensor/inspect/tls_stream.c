/* TLS in a TCP stream: the handshake (tls.c), and where the application's data begins. That is sealed
 * with its first record (RFC 8446, section 5.2; RFC 5246, section 6.2.3), behind the record's header. In
 * TLS 1.2 encrypted messages come before it, which end the handshake: their records are stepped over.
 * Nothing is sealed on one end's word, nor where a hello stands in the middle of something that is not
 * understood: anyone may put one there, to hide what follows. Per worker. */
#include <sensor/inspect/tls.h>

enum { MESSAGE = 4, HELLO_MOST = 0x4000 /* bytes */ };

static bool is_hello(const uint8_t *message)
{
	unsigned len = (unsigned)message[2] << 8 | message[3];
	return (message[0] == SL_TLS_CLIENT_HELLO || message[0] == SL_TLS_SERVER_HELLO) && message[1] == 0 &&
	       len < HELLO_MOST && message[MESSAGE] == 3 && message[MESSAGE + 1] <= 3;
}

enum sl_parse sl_tls_begins_anew(struct sl_span in)
{
	enum { NEED = SL_RECORD_HEADER + MESSAGE + 2 };
	size_t len = (size_t)in.at[3] << 8 | in.at[4];
	if (in.at[0] != SL_RECORD_HANDSHAKE || len < MESSAGE + 2)
		return SL_PARSE_REFUSE;
	if (in.len < NEED)
		return SL_PARSE_MORE;
	return is_hello(in.at + SL_RECORD_HEADER) ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

/* Records after the handshake, up to the first with data. */
static enum sl_parse after_handshake(struct sl_talk *t, struct sl_tls_side *s, struct sl_span in,
				     size_t *consumed)
{
	if (s->record_left)
		return sl_tls_step_over(s, in, consumed);
	if (in.len < SL_RECORD_HEADER)
		return t->last ? SL_PARSE_FINISH : SL_PARSE_MORE;
	if (!sl_record_begins(in.at))
		return SL_PARSE_FINISH;
	enum sl_parse anew = t->last ? SL_PARSE_REFUSE : sl_tls_begins_anew(in);
	if (anew == SL_PARSE_DONE) {
		t->at->phase = 0;
		return sl_tls_records(t, s, in, consumed);
	}
	if (anew == SL_PARSE_MORE)
		return anew;
	bool data = in.at[0] == SL_RECORD_DATA;
	s->record = data ? SL_RECORD_DATA : SL_RECORD_HEARTBEAT; /* no messages are looked for */
	s->record_left = (uint16_t)((unsigned)in.at[3] << 8 | in.at[4]);
	*consumed = SL_RECORD_HEADER;
	return data ? SL_PARSE_FINISH : SL_PARSE_DONE;
}

/* A handshake record that cannot be read is encrypted. */
static enum sl_parse past_handshake(struct sl_talk *t, struct sl_tls_side *s, struct sl_span in,
				    size_t *consumed)
{
	s->over = true;
	s->record = SL_RECORD_HEARTBEAT;
	return after_handshake(t, s, in, consumed);
}

/* A server says no ClientHello: what only sends back what it gets has both. A client may have sent
 * certificates. */
static bool answers(const struct sl_tls_side *s, const struct sl_tls_side *client)
{
	return client->client && s->server && !s->client;
}

/* Did both ends speak TLS, from where it could begin? */
static bool agreed(const struct sl_tls_state *state)
{
	const struct sl_tls_side *s = state->side;
	return !state->guessed && (answers(&s[1], &s[0]) || answers(&s[0], &s[1]));
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_tls_state *state = t->state;
	struct sl_tls_side *s = &state->side[t->side];
	bool within = s->record == SL_RECORD_DATA && s->record_left && t->at->phase;
	if (s->waits && !t->slot->buffer[t->side])
		t->at->phase = 0; /* what was gathered had to give way to others */
	enum sl_parse p = s->over && t->at->phase ? after_handshake(t, s, in, consumed)
						  : sl_tls_records(t, s, in, consumed);
	if (p == SL_PARSE_FINISH && !s->over) {
		sl_tls_over(t);
		if (!*consumed && !t->last)
			p = past_handshake(t, s, in, consumed);
	}
	s->waits = p == SL_PARSE_MORE;
	if (s->record == SL_RECORD_DATA && !within && (p == SL_PARSE_DONE || p == SL_PARSE_FINISH))
		sl_talk_seal(t, in.len - *consumed, agreed(state));
	return p;
}

/* What is stepped over may be missing. After the handshake what comes next begins with a record or tells
 * nothing. */
static bool lost(struct sl_talk *t, uint64_t bytes)
{
	struct sl_tls_state *state = t->state;
	struct sl_tls_side *s = &state->side[t->side];
	if (s->record_left >= bytes && (s->record != SL_RECORD_HANDSHAKE || s->message_left >= bytes)) {
		size_t consumed;
		sl_tls_step_over(s, sl_span_of(NULL, (size_t)bytes), &consumed);
		return true;
	}
	if (!s->over || t->slot->side[!t->side].sealed)
		return false;
	s->record_left = 0;
	return true;
}

static void forget(struct sl_talk *t)
{
	struct sl_tls_state *state = t->state;
	sl_dtls_free(t, state->dtls);
	state->dtls = NULL;
}

const struct sl_parser sl_tls_parser = {
	.state_bytes = sizeof(struct sl_tls_state),
	.messages = SL_COUNT_TLS_HELLOS,
	.probe = sl_tls_probe,
	.stream = stream,
	.probe_datagram = sl_dtls_probe,
	.datagram = sl_dtls_datagram,
	.lost = lost,
	.forget = forget,
};
