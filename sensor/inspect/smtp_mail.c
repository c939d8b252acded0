/* A mail in SMTP: its envelope, gathered until it comes; DATA, whose lines are dot-stuffed (RFC 5321,
 * section 4.5.2); BDAT's chunks, which are not (RFC 3030). */
#include <sensor/inspect/smtp.h>

enum {
	ENVELOPE_MIN = 256,
	ENVELOPE_MAX = 32 * 1024,
	ENTRY_HEAD = 3, /* field, length */
	VALUE_MAX = 1024,
};
_Static_assert(SL_FIELD_COUNT <= 256, "a field fits a byte");

/* --- the envelope --- */

static bool envelope_room(struct sl_talk *t, struct sl_smtp *s, size_t need)
{
	size_t room = s->envelope_room ? s->envelope_room : ENVELOPE_MIN;
	while (room < need && room < ENVELOPE_MAX)
		room *= 2;
	if (room < need)
		return false;
	if (room == s->envelope_room)
		return true;
	uint8_t *larger = sl_hold_grow(t->inspect, s->envelope, room);
	if (!larger)
		return false;
	s->envelope = larger;
	s->envelope_room = (uint32_t)room;
	return true;
}

void sl_smtp_envelope_add(struct sl_talk *t, struct sl_smtp *s, enum sl_field field,
			  struct sl_span value)
{
	if (!value.len)
		return;
	if (value.len > VALUE_MAX || !envelope_room(t, s, s->envelope_n + ENTRY_HEAD + value.len)) {
		sl_count(sl_talk_counters(t), SL_COUNT_VALUES_LEFT_OUT);
		return;
	}
	uint8_t *at = s->envelope + s->envelope_n;
	at[0] = (uint8_t)field;
	at[1] = (uint8_t)(value.len >> 8);
	at[2] = (uint8_t)value.len;
	memcpy(at + ENTRY_HEAD, value.at, value.len);
	s->envelope_n += (uint32_t)(ENTRY_HEAD + value.len);
}

void sl_smtp_envelope_done(struct sl_talk *t, struct sl_smtp *s)
{
	struct sl_cur c = sl_cur_of(s->envelope, s->envelope_n);
	while (sl_cur_left(&c)) {
		enum sl_field field = (enum sl_field)sl_cur_u8(&c);
		size_t n = sl_cur_be16(&c);
		sl_value_add(t, field, sl_span_of(sl_cur_take(&c, n), n));
	}
	if (s->envelope_n)
		sl_talk_done(t);
	sl_hold_give(t->inspect, s->envelope);
	s->envelope = NULL;
	s->envelope_n = s->envelope_room = 0;
}

/* --- the mail --- */

void sl_smtp_mail_begin(struct sl_talk *t, struct sl_smtp *s)
{
	sl_smtp_mail_end(t, s, false);
	s->in_mail = true;
	s->mime = sl_mime_new_mail(t);
	s->dot = SL_DOT_START;
	s->cr = false;
}

void sl_smtp_mail_end(struct sl_talk *t, struct sl_smtp *s, bool whole)
{
	sl_mime_end(t, s->mime, whole);
	s->mime = NULL;
}

void sl_smtp_mail_over(struct sl_talk *t, struct sl_smtp *s)
{
	if (!s->in_mail)
		return;
	sl_talk_tx_end(t, sl_smtp_tx(s));
	s->in_mail = false;
	s->mails++;
	t->tx = sl_smtp_tx(s);
}

/* Does a line end in front of in.at[to]? Of the bytes before in.at[from] only s->cr is known. */
static bool line_ended(const struct sl_smtp *s, struct sl_span in, size_t from, size_t to)
{
	if (to == from || in.at[to - 1] != '\n')
		return false;
	return s->bare_lf || (to - 1 > from ? in.at[to - 2] == '\r' : s->cr);
}

/* Within a line, to the next that begins with a dot, or as far as there are bytes: other lines are of no
 * interest here. Returns how far it went. */
static size_t middle(struct sl_smtp *s, struct sl_span in, size_t from)
{
	size_t to = from;
	for (;;) {
		const uint8_t *dot = memchr(in.at + to, '.', in.len - to);
		to = dot ? (size_t)(dot - in.at) : in.len;
		bool ended = line_ended(s, in, from, to);
		if (ended)
			s->dot = SL_DOT_START;
		if (ended || !dot)
			break;
		to++;
	}
	s->cr = in.at[to - 1] == '\r';
	return to;
}

static void middle_begin(struct sl_smtp *s)
{
	s->dot = SL_DOT_MIDDLE;
	s->cr = false;
}

/* A byte at a line's start, or behind a dot there. Returns whether it was taken: a stuffed dot, or the
 * mail's end. */
static bool dot_take(struct sl_talk *t, struct sl_smtp *s, uint8_t c, bool *ended)
{
	static const uint8_t cr = '\r';
	enum sl_smtp_dot was = s->dot;
	if (was == SL_DOT_START && c == '.') {
		s->dot = SL_DOT_DOT;
		return true;
	}
	if (was == SL_DOT_DOT && c == '\r') {
		s->dot = SL_DOT_CR;
		return true;
	}
	*ended = c == '\n' && (was == SL_DOT_CR || (was == SL_DOT_DOT && s->bare_lf));
	if (*ended)
		return true;
	if (was == SL_DOT_CR)
		sl_mime_data(t, s->mime, sl_span_of(&cr, 1));
	middle_begin(s);
	return false;
}

size_t sl_smtp_data(struct sl_talk *t, struct sl_smtp *s, struct sl_span in)
{
	bool ended = false;
	size_t i = 0, run = 0; /* from run on, bytes are the mail's */
	while (i < in.len && !ended) {
		if (s->dot == SL_DOT_MIDDLE) {
			i = middle(s, in, i);
			continue;
		}
		if (run < i && in.at[i] == '.') {
			sl_mime_data(t, s->mime, sl_span_of(in.at + run, i - run));
			run = i;
		}
		if (dot_take(t, s, in.at[i], &ended))
			run = ++i;
	}
	if (run < i)
		sl_mime_data(t, s->mime, sl_span_of(in.at + run, i - run));
	if (ended) {
		sl_smtp_mail_end(t, s, true);
		sl_smtp_mail_over(t, s);
		t->at->phase = SL_SMTP_LINES;
	}
	return i;
}

void sl_smtp_data_lost(struct sl_smtp *s)
{
	sl_mime_lost(s->mime);
	middle_begin(s);
}

/* --- chunks --- */

static void chunk_end(struct sl_talk *t, struct sl_smtp *s)
{
	t->at->phase = SL_SMTP_LINES;
	if (!s->chunk_last)
		return;
	sl_smtp_mail_end(t, s, true);
	sl_smtp_mail_over(t, s);
}

void sl_smtp_chunk_begin(struct sl_talk *t, struct sl_smtp *s, uint64_t bytes, bool last)
{
	if (!s->mime)
		sl_smtp_mail_begin(t, s);
	s->chunk_left = bytes;
	s->chunk_last = last;
	t->at->phase = SL_SMTP_CHUNK;
	if (!bytes)
		chunk_end(t, s);
}

size_t sl_smtp_chunk(struct sl_talk *t, struct sl_smtp *s, struct sl_span in)
{
	size_t n = s->chunk_left < in.len ? (size_t)s->chunk_left : in.len;
	sl_mime_data(t, s->mime, sl_span_of(in.at, n));
	s->chunk_left -= n;
	if (!s->chunk_left)
		chunk_end(t, s);
	return n;
}

bool sl_smtp_chunk_lost(struct sl_talk *t, struct sl_smtp *s, uint64_t bytes)
{
	sl_mime_lost(s->mime);
	if (bytes > s->chunk_left) {
		sl_smtp_mail_end(t, s, false);
		sl_smtp_mail_over(t, s);
		return false;
	}
	s->chunk_left -= bytes;
	if (!s->chunk_left)
		chunk_end(t, s);
	return true;
}
