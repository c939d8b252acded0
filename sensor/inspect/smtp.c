/* SMTP (RFC 5321), LMTP (RFC 2033) and BDAT (RFC 3030): who greets, each mail's envelope, and the mail
 * itself, which goes to mime.c. Per worker.
 *
 * Whichever side is seen is enough. Commands count whether they are pipelined or not, and refused or
 * not. Only where a DATA was not answered by 354 the client's next line tells if it was refused: then
 * it is a command. STARTTLS turns the flow to another protocol once the server agrees. */
#include <sensor/inspect/smtp.h>
#include <sensor/inspect/text.h>

enum { PROBE_MAX = 4096, FIRST_LINE_MAX = 64 };

/* --- lines --- */

/* Printable, as far as a line goes. To its end in any case, so that many bytes are looked at at once. */
static bool is_text(struct sl_span s)
{
	const uint8_t *lf = s.len ? memchr(s.at, '\n', s.len) : NULL;
	size_t n = lf ? (size_t)(lf - s.at) : s.len;
	unsigned other = 0;
	for (size_t i = 0; i < n; i++)
		other |= (s.at[i] < ' ' && s.at[i] != '\t' && s.at[i] != '\r') || s.at[i] == 0x7f;
	return !other;
}

/* --- commands --- */

enum verb { OTHER, HELO, MAIL, RCPT, DATA, BDAT, RSET, QUIT, NOOP, STARTTLS, AUTH };

static const struct {
	const char *text;
	enum verb verb;
	bool alone; /* nothing stands behind it */
} verbs[] = {
	{ "EHLO", HELO, false },       { "HELO", HELO, false },   { "LHLO", HELO, false },
	{ "MAIL FROM:", MAIL, false }, { "RCPT TO:", RCPT, false }, { "BDAT", BDAT, false },
	{ "AUTH", AUTH, false },       { "DATA", DATA, true },    { "RSET", RSET, true },
	{ "QUIT", QUIT, true },        { "NOOP", NOOP, true },    { "STARTTLS", STARTTLS, true },
};

/* A word ends where these bytes do, if they do not end in a colon. */
static bool word_ends(struct sl_span in, size_t n)
{
	return in.at[n - 1] == ':' || n == in.len || isspace(in.at[n]);
}

/* *argument: what stands behind it. */
static enum verb verb_of(struct sl_span line, struct sl_span *argument)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!line.len || toupper(line.at[0]) != verbs[i].text[0])
			continue;
		size_t n = strlen(verbs[i].text);
		if (!sl_text_begins(line, verbs[i].text) || !word_ends(line, n))
			continue;
		*argument = sl_line_trim(sl_span_of(line.at + n, line.len - n));
		if (!verbs[i].alone || argument->len == 0)
			return verbs[i].verb;
	}
	return OTHER;
}

/* A path without its brackets and what stands behind it (RFC 5321, section 4.1.2). */
static struct sl_span address_of(struct sl_span s)
{
	bool bracket = s.len && s.at[0] == '<', quoted = false;
	size_t n = 0;
	if (bracket)
		s = sl_span_of(s.at + 1, s.len - 1);
	for (; n < s.len; n++) {
		if (s.at[n] == '"')
			quoted = !quoted;
		else if (s.at[n] == '\\' && quoted && n + 1 < s.len)
			n++;
		else if (!quoted && (bracket ? s.at[n] == '>' : isspace(s.at[n])))
			break;
	}
	return sl_line_trim(sl_span_of(s.at, n));
}

static void bdat_begin(struct sl_talk *t, struct sl_smtp *s, struct sl_span argument)
{
	uint64_t n = 0;
	size_t i = 0;
	for (; i < argument.len && isdigit(argument.at[i]); i++) {
		if (n > UINT64_MAX / 10 - 10)
			return;
		n = n * 10 + (uint64_t)(argument.at[i] - '0');
	}
	if (i == 0)
		return;
	struct sl_span rest = sl_line_trim(sl_span_of(argument.at + i, argument.len - i));
	sl_smtp_envelope_done(t, s);
	sl_smtp_chunk_begin(t, s, n, sl_text_begins(rest, "LAST"));
}

static void helo_take(struct sl_talk *t, struct sl_smtp *s, struct sl_span name)
{
	sl_smtp_envelope_done(t, s);
	sl_smtp_mail_over(t, s);
	if (!name.len)
		return;
	sl_value_add(t, SL_FIELD_SMTP_HELO, name);
	sl_talk_done(t);
}

static void command_take(struct sl_talk *t, struct sl_smtp *s, enum verb verb, struct sl_span argument)
{
	s->tls_asked = verb == STARTTLS;
	switch (verb) {
	case HELO:
		helo_take(t, s, argument);
		break;
	case MAIL:
		sl_smtp_envelope_done(t, s);
		sl_smtp_mail_over(t, s);
		s->in_mail = true;
		sl_smtp_envelope_add(t, s, SL_FIELD_SMTP_MAIL_FROM, address_of(argument));
		break;
	case RCPT:
		s->in_mail = true;
		sl_smtp_envelope_add(t, s, SL_FIELD_SMTP_RCPT_TO, address_of(argument));
		break;
	case DATA:
		sl_smtp_envelope_done(t, s);
		s->go_ahead = false;
		t->at->phase = SL_SMTP_ASKED;
		break;
	case BDAT:
		bdat_begin(t, s, argument);
		break;
	case RSET:
	case QUIT:
		sl_smtp_envelope_done(t, s);
		sl_smtp_mail_end(t, s, false);
		sl_smtp_mail_over(t, s);
		break;
	default:
		break;
	}
}

/* Lines that are no command are let be: words of a dialogue (AUTH), or of an extension. */
static void command_line(struct sl_talk *t, struct sl_smtp *s, struct sl_span line)
{
	struct sl_span argument;
	if (s->in_auth && !memchr(line.at, ' ', line.len))
		return;
	enum verb verb = verb_of(line, &argument);
	if (verb == OTHER)
		return;
	s->in_auth = verb == AUTH;
	s->client = 1 + (t->side & 1);
	sl_talk_client(t, t->side);
	s->bare_lf = line.len < 2 || line.at[line.len - 2] != '\r';
	command_take(t, s, verb, argument);
}

/* --- replies --- */

static bool is_reply(struct sl_span line)
{
	return line.len >= 4 && line.at[0] >= '2' && line.at[0] <= '5' && isdigit(line.at[1]) &&
	       isdigit(line.at[2]) && memchr(" -\r\n", line.at[3], 4);
}

static void reply_line(struct sl_talk *t, struct sl_smtp *s, struct sl_span line)
{
	if (!is_reply(line) || line.at[3] == '-')
		return;
	if (sl_text_begins(line, "354")) {
		s->go_ahead = true;
	} else if (sl_text_begins(line, "220") && s->tls_asked) {
		sl_smtp_envelope_done(t, s);
		sl_talk_anew(t);
	}
}

/* --- the stream --- */

static enum sl_parse line_parse(struct sl_talk *t, struct sl_smtp *s, struct sl_span in,
				size_t *consumed)
{
	size_t from = t->at->searched < in.len ? (size_t)t->at->searched : in.len;
	const uint8_t *lf = from < in.len ? memchr(in.at + from, '\n', in.len - from) : NULL;
	struct sl_span line = sl_span_of(in.at, lf ? (size_t)(lf - in.at) + 1 : in.len);
	if (!is_text(sl_span_of(in.at + from, line.len - from)))
		return SL_PARSE_REFUSE;
	if (!lf) {
		sl_side_searched(t->at, in.len);
		return t->last ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	}
	*consumed = line.len;
	bool reply = s->client ? s->client != t->side + 1 : is_reply(line);
	if (reply)
		reply_line(t, s, line);
	else
		command_line(t, s, line);
	return SL_PARSE_DONE;
}

/* After DATA: does the mail come, or was it refused, and another command comes? */
static enum sl_parse asked_parse(struct sl_talk *t, struct sl_smtp *s, struct sl_span in,
				 size_t *consumed)
{
	struct sl_span argument;
	const uint8_t *lf = memchr(in.at, '\n', in.len < FIRST_LINE_MAX ? in.len : FIRST_LINE_MAX);
	if (!s->go_ahead && !lf && in.len < FIRST_LINE_MAX && !t->last)
		return SL_PARSE_MORE;
	if (!s->go_ahead &&
	    verb_of(sl_span_of(in.at, lf ? (size_t)(lf - in.at) : in.len), &argument) != OTHER) {
		t->at->phase = SL_SMTP_LINES;
		return line_parse(t, s, in, consumed);
	}
	sl_smtp_mail_begin(t, s);
	t->at->phase = SL_SMTP_DATA;
	*consumed = sl_smtp_data(t, s, in);
	return SL_PARSE_DONE;
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_smtp *s = t->state;
	t->tx = sl_smtp_tx(s);
	switch (t->at->phase) {
	case SL_SMTP_ASKED:
		return asked_parse(t, s, in, consumed);
	case SL_SMTP_DATA:
		*consumed = sl_smtp_data(t, s, in);
		return SL_PARSE_DONE;
	case SL_SMTP_CHUNK:
		*consumed = sl_smtp_chunk(t, s, in);
		return SL_PARSE_DONE;
	default:
		return line_parse(t, s, in, consumed);
	}
}

/* --- recognition --- */

/* "SMTP" or "LMTP" behind a reply's number. */
static bool names_mail(struct sl_span line)
{
	for (size_t i = 5; i + 3 < line.len; i++) {
		int before = toupper(line.at[i - 1]);
		if (toupper(line.at[i]) == 'M' && (before == 'S' || before == 'L') &&
		    sl_text_begins(sl_span_of(line.at + i, line.len - i), "MTP"))
			return true;
	}
	return false;
}

/* A server's greeting names the protocol, in one of its lines; FTP's has the same number. */
static enum sl_parse banner_probe(struct sl_span in)
{
	bool named = false;
	for (size_t at = 0; at < in.len;) {
		struct sl_span rest = sl_span_of(in.at + at, in.len - at);
		const uint8_t *lf = memchr(rest.at, '\n', rest.len);
		if (!lf)
			return SL_PARSE_MORE;
		size_t n = (size_t)(lf - rest.at) + 1;
		named = named || names_mail(sl_span_of(rest.at, n));
		if (!sl_text_begins(rest, "220") || rest.at[3] != '-')
			return named && sl_text_begins(rest, "220") ? SL_PARSE_DONE : SL_PARSE_REFUSE;
		at += n;
	}
	return SL_PARSE_MORE;
}

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	static const char *const first[] = { "EHLO",     "HELO", "LHLO", "MAIL FROM:",
					     "RCPT TO:", "220 ", "220-" };
	(void)t;
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		size_t n = strlen(first[i]);
		if (strncasecmp((const char *)in.at, first[i], in.len < n ? in.len : n) != 0)
			continue;
		in.len = in.len < PROBE_MAX ? in.len : PROBE_MAX;
		if (!is_text(in) || (isalpha(in.at[0]) && in.len >= n && !word_ends(in, n)))
			return SL_PARSE_REFUSE;
		enum sl_parse p =
			in.len > n && memchr(in.at, '\n', in.len) ? SL_PARSE_DONE : SL_PARSE_MORE;
		if (p == SL_PARSE_DONE && first[i][0] == '2')
			p = banner_probe(in);
		return p == SL_PARSE_MORE && in.len == PROBE_MAX ? SL_PARSE_REFUSE : p;
	}
	return SL_PARSE_REFUSE;
}

/* --- losses and ends --- */

static bool lost(struct sl_talk *t, uint64_t bytes)
{
	struct sl_smtp *s = t->state;
	t->tx = sl_smtp_tx(s);
	switch (t->at->phase) {
	case SL_SMTP_DATA:
		sl_smtp_data_lost(s);
		return true;
	case SL_SMTP_ASKED:
		sl_smtp_mail_begin(t, s);
		sl_smtp_data_lost(s);
		t->at->phase = SL_SMTP_DATA;
		return true;
	case SL_SMTP_CHUNK:
		return sl_smtp_chunk_lost(t, s, bytes);
	default:
		return false;
	}
}

/* A mail that is coming is kept until the flow goes: the FIN may be forged. */
static void end(struct sl_talk *t)
{
	struct sl_smtp *s = t->state;
	if (!s || s->client != t->side + 1)
		return;
	t->tx = sl_smtp_tx(s);
	sl_smtp_envelope_done(t, s);
}

static void forget(struct sl_talk *t)
{
	struct sl_smtp *s = t->state;
	unsigned side = t->side;
	t->side = s->client ? s->client - 1u : side; /* whose they are */
	t->tx = sl_smtp_tx(s);
	sl_smtp_envelope_done(t, s);
	sl_smtp_mail_end(t, s, false);
	t->side = side;
}

const struct sl_parser sl_smtp_parser = { .state_bytes = sizeof(struct sl_smtp),
					  .messages = SL_COUNT_SMTP_MESSAGES, .probe = probe,
					  .stream = stream, .lost = lost, .end = end, .forget = forget };
