/* SOCKS 4, 4a and 5 (RFC 1928, with RFC 1929's passwords): the handshake of both sides, or of one
 * where there is but one. What follows the server's success, or the client's request where no
 * answer is seen, is inspected anew. Other ways to authenticate wrap what follows and end the
 * inspection. Per worker. */
#include <sensor/inspect/parse.h>

enum phase { FIRST, NEXT, ASKED };
enum role { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };
enum {
	SOCKS4 = 4,
	SOCKS5 = 5,
	METHODS_MAX = 16,
	TEXT_MAX = 255,
	GRANTED4 = 0x5a,
	REFUSED4_LAST = 0x5d
};
enum method {
	METHOD_NONE = 0,
	METHOD_PASSWORD = 2,
	METHODS_GIVEN = 9,
	METHODS_OWN = 0x80,
	METHOD_REFUSED = 0xff
};
enum { ADDRESS_IPV4 = 1, ADDRESS_NAME = 3, ADDRESS_IPV6 = 4 };

struct state {
	uint8_t role[2];
	uint8_t version;
	bool wrapped; /* by a method that is not followed */
};

/* Lengths of messages: 0: it goes on beyond these bytes; NONE: it is no such message. */
enum { NONE = -1 };

/* 5 | how many | methods   RFC 1928, section 3 */
static int greeting_len(struct sl_span in)
{
	if (in.at[0] != SOCKS5 || (in.len > 1 && (in.at[1] == 0 || in.at[1] > METHODS_MAX)))
		return NONE;
	if (in.len < 2)
		return 0;
	size_t len = 2u + in.at[1];
	for (size_t i = 2; i < in.len && i < len; i++) {
		uint8_t m = in.at[i];
		if ((m > METHODS_GIVEN && m < METHODS_OWN) || m == METHOD_REFUSED ||
		    memchr(in.at + 2, m, i - 2))
			return NONE;
	}
	return in.len < len ? 0 : (int)len;
}

/* The length of a text that ends in NUL, with it. */
static int text_len(struct sl_span in)
{
	for (size_t i = 0; i < in.len && i <= TEXT_MAX; i++) {
		if (in.at[i] == 0)
			return (int)i + 1;
		if (in.at[i] < ' ' || in.at[i] > '~')
			return NONE;
	}
	return in.len <= TEXT_MAX ? 0 : NONE;
}

/* 4 | command | port(16) | address(32) | user, NUL | with the address 0.0.0.x: name, NUL */
static int request4_len(struct sl_span in)
{
	static const uint8_t zero[3] = { 0 };
	if (in.at[0] != SOCKS4 || (in.len > 1 && in.at[1] != 1 && in.at[1] != 2))
		return NONE;
	if (in.len < 8)
		return 0;
	bool named = memcmp(in.at + 4, zero, 3) == 0 && in.at[7];
	if ((!in.at[2] && !in.at[3]) || (!in.at[4] && !named))
		return NONE;
	int user = text_len(sl_span_of(in.at + 8, in.len - 8));
	if (user <= 0 || !named)
		return user <= 0 ? user : 8 + user;
	int name = text_len(sl_span_of(in.at + 8 + user, in.len - 8 - (size_t)user));
	return name > 1 ? 8 + user + name : name == 1 ? NONE : name;
}

/* 5 | command or reply | 0 | address type | address | port(16)   RFC 1928, sections 4 and 6 */
static int request5_len(struct sl_span in)
{
	if (in.at[0] != SOCKS5 || (in.len > 2 && in.at[2] != 0))
		return NONE;
	if (in.len < 5)
		return 0;
	size_t address = in.at[3] == ADDRESS_IPV4   ? 4
			 : in.at[3] == ADDRESS_IPV6 ? 16
						    : 1u + in.at[4];
	if (in.at[3] != ADDRESS_IPV4 && in.at[3] != ADDRESS_IPV6 && in.at[3] != ADDRESS_NAME)
		return NONE;
	return in.len < 4 + address + 2 ? 0 : (int)(4 + address + 2);
}

/* 1 | length, user | length, password   RFC 1929, section 2 */
static int password_len(struct sl_span in)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	sl_cur_u8(&c);
	sl_cur_take(&c, sl_cur_u8(&c));
	sl_cur_take(&c, sl_cur_u8(&c));
	return c.failed ? 0 : (int)(in.len - sl_cur_left(&c));
}

/* --- is it one? --- */

static enum sl_parse parse_of(int len)
{
	return len < 0 ? SL_PARSE_REFUSE : len ? SL_PARSE_DONE : SL_PARSE_MORE;
}

/* A client waits for an answer; the hasty go on with their next message. */
static bool next_plausible(struct sl_span in, size_t from)
{
	if (in.len == from)
		return true;
	return in.at[from] == SOCKS5 || in.at[from] == 1;
}

/* What goes through right behind the request: TLS, or a word. */
static bool payload_plausible(struct sl_span in, size_t from)
{
	return in.len == from || in.at[from] == 0x16 || (in.at[from] >= 'A' && in.at[from] <= 'Z');
}

/* A server's choice and its reply, from a server alone. */
static enum sl_parse server_probe(struct sl_span in)
{
	static const uint8_t begin[] = { SOCKS5, METHOD_NONE, SOCKS5 };
	size_t n = in.len < sizeof begin ? in.len : sizeof begin;
	if (memcmp(in.at, begin, n) != 0)
		return SL_PARSE_REFUSE;
	if (n < sizeof begin)
		return SL_PARSE_MORE;
	if (in.len > 3 && in.at[3] > 8)
		return SL_PARSE_REFUSE;
	return parse_of(request5_len(sl_span_of(in.at + 2, in.len - 2)));
}

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	int len = request4_len(in);
	if (len >= 0)
		return !len || payload_plausible(in, (size_t)len) ? parse_of(len) : SL_PARSE_REFUSE;
	len = greeting_len(in);
	if (len >= 0)
		return !len || next_plausible(in, (size_t)len) ? parse_of(len) : SL_PARSE_REFUSE;
	return server_probe(in);
}

/* --- both sides' steps --- */

/* The length is known to be good: on to the next step. */
static enum sl_parse step_to(struct sl_talk *t, enum phase phase, int len, size_t *consumed)
{
	if (len <= 0)
		return parse_of(len);
	*consumed = (size_t)len;
	t->at->phase = phase & 15;
	return SL_PARSE_DONE;
}

static enum sl_parse answered(struct sl_talk *t, bool granted, int len, size_t *consumed)
{
	if (len <= 0)
		return parse_of(len);
	*consumed = (size_t)len;
	if (!granted)
		return SL_PARSE_FINISH;
	sl_talk_client(t, t->side ^ 1);
	sl_talk_anew(t);
	return SL_PARSE_DONE;
}

static enum sl_parse asked(struct sl_talk *t, int len, size_t *consumed)
{
	enum sl_parse p = step_to(t, ASKED, len, consumed);
	if (p == SL_PARSE_DONE) {
		sl_count(sl_talk_counters(t), SL_COUNT_SOCKS_REQUESTS);
		sl_talk_client(t, t->side);
	}
	return p;
}

static enum sl_parse client(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct state *s = t->state;
	if (t->at->phase == ASKED) { /* there is no answer to wait for */
		sl_talk_anew(t);
		return SL_PARSE_DONE;
	}
	if (t->at->phase == FIRST && in.at[0] == SOCKS4) {
		s->version = SOCKS4;
		return asked(t, request4_len(in), consumed);
	}
	if (t->at->phase == FIRST)
		return step_to(t, NEXT, greeting_len(in), consumed);
	if (in.at[0] == 1)
		return step_to(t, NEXT, password_len(in), consumed);
	int len = request5_len(in);
	if (len > 0 &&
	    in.at[1] == 0) /* success: the "methods" were a server's choice and its consent */
		return answered(t, true, len, consumed);
	return asked(t, len, consumed);
}

/* 5 | method; after a password 1 | status; then the reply. SOCKS 4: 0 | reply | port | address */
static enum sl_parse server(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct state *s = t->state;
	if (in.len < 2)
		return SL_PARSE_MORE;
	if (s->version == SOCKS4) {
		if (in.at[0] != 0 || in.at[1] < GRANTED4 || in.at[1] > REFUSED4_LAST)
			return SL_PARSE_REFUSE;
		return answered(t, in.at[1] == GRANTED4, in.len < 8 ? 0 : 8, consumed);
	}
	if (t->at->phase == FIRST) {
		s->wrapped = in.at[1] != METHOD_NONE && in.at[1] != METHOD_PASSWORD;
		if (s->wrapped)
			return SL_PARSE_FINISH;
		return step_to(t, NEXT, in.at[0] == SOCKS5 ? 2 : NONE, consumed);
	}
	if (in.at[0] == 1) {
		*consumed = 2;
		return in.at[1] == 0 ? SL_PARSE_DONE : SL_PARSE_FINISH;
	}
	return answered(t, in.at[1] == 0, request5_len(in), consumed);
}

static enum role role_of(const struct sl_talk *t, struct sl_span in)
{
	const struct state *s = t->state;
	if (s->role[t->side ^ 1])
		return s->role[t->side ^ 1] == ROLE_CLIENT ? ROLE_SERVER : ROLE_CLIENT;
	return in.at[0] == SOCKS5 && in.len > 1 && in.at[1] == 0 ? ROLE_SERVER : ROLE_CLIENT;
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct state *s = t->state;
	if (s->wrapped)
		return SL_PARSE_FINISH;
	if (!s->role[t->side])
		s->role[t->side] = (uint8_t)role_of(t, in);
	return s->role[t->side] == ROLE_CLIENT ? client(t, in, consumed) : server(t, in, consumed);
}

const struct sl_parser sl_socks_parser = { .state_bytes = sizeof(struct state),
					   .messages = SL_COUNT_SOCKS_REQUESTS,
					   .probe = probe,
					   .stream = stream };
