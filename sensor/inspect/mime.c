/* MIME entities as a stream (RFC 2045, RFC 2046), cut at any byte. Per worker.
 *
 * Bytes are taken line by line. A line's end is held back until the next line turns out not to be a
 * boundary, to which it would belong (RFC 2046, section 5.1.1). Only lines that begin with "--" where
 * there are boundaries, and headers, are gathered; all else is decoded as it comes. */
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/mime_part.h>

enum {
	DEPTH_MAX = 16,
	PARTS_MAX = 1000,
	LINKS_MAX = 1000,
	HEAD_MIN = 1024,
	HEAD_MAX = 64 * 1024, /* of a block of headers */
	MARK_MAX = SL_MIME_BOUNDARY_MAX + 64, /* the dashes and blanks around a boundary */
	OUT_MAX = 2048, /* decoded bytes before they are handed on, if the chunk goes on */
};

enum mode { MODE_IGNORE, MODE_HEAD, MODE_LEAF };
enum line { LINE_START, LINE_MARK, LINE_MIDDLE };
enum eol { EOL_NONE, EOL_LF, EOL_CRLF };

struct level {
	uint8_t *boundary;
	size_t len;
	bool digest;
};

struct sl_mime {
	enum mode mode;
	enum line line;
	enum eol eol;   /* of the line before, still held back */
	bool cr;        /* the chunk ended in a CR */
	bool empty;     /* the line at hand has no bytes yet */
	bool mail;      /* not HTTP's */
	bool form;      /* only what has a file's name is a file (RFC 7578, section 4.2) */
	bool message;   /* the headers at hand are a mail's */
	bool head_cut;
	unsigned depth, parts, links_left;
	struct level level[DEPTH_MAX];
	size_t head_n, head_room, mark_n, out_n;
	uint8_t *head, *out; /* NULL until they are needed */
	struct sl_talk *t; /* during a call */
	struct sl_file *file;
	struct sl_mime_links *links; /* NULL: no text came yet; for one part after the other */
	bool linking;
	struct sl_mime_code code;
	uint8_t mark[MARK_MAX];
};

/* --- what is decoded --- */

static void out_hand_on(struct sl_mime *m, struct sl_span bytes)
{
	sl_file_data(m->t, m->file, bytes);
	if (m->linking)
		sl_mime_links_data(m->t, m->links, bytes, &m->links_left);
}

static void out_flush(struct sl_mime *m)
{
	if (m->out_n)
		out_hand_on(m, sl_span_of(m->out, m->out_n));
	m->out_n = 0;
}

/* A sl_mime_out. */
static void out_put(void *ctx, struct sl_span bytes)
{
	struct sl_mime *m = ctx;
	if (bytes.len > OUT_MAX - m->out_n)
		out_flush(m);
	if (bytes.len > OUT_MAX || !m->out) {
		out_hand_on(m, bytes);
	} else if (bytes.len) {
		memcpy(m->out + m->out_n, bytes.at, bytes.len);
		m->out_n += bytes.len;
	}
}

static void leaf_begin(struct sl_mime *m, const struct sl_mime_head *h)
{
	bool coded = !m->form; /* RFC 7578, section 4.7: forms are not */
	m->code = (struct sl_mime_code){ .coding = coded ? h->coding : SL_MIME_IDENTITY };
	if (!m->form || h->named)
		m->file = sl_file_new(m->t, sl_span_of(h->name_len ? h->name : NULL, h->name_len), SL_FIELD_COUNT);
	bool text = m->mail && (h->kind == SL_MIME_PLAIN || h->kind == SL_MIME_HTML);
	if (text && !m->links)
		m->links = sl_mime_links_new(m->t);
	m->linking = text && m->links;
	if (m->linking)
		sl_mime_links_begin(m->links, h->kind == SL_MIME_HTML);
	m->mode = m->file || m->linking ? MODE_LEAF : MODE_IGNORE;
	if (m->mode == MODE_LEAF && !m->out)
		m->out = sl_hold_take(m->t->inspect, OUT_MAX); /* without it every byte goes by itself */
}

static void leaf_end(struct sl_mime *m, bool whole)
{
	if (m->mode == MODE_LEAF) {
		sl_mime_code_end(&m->code, out_put, m);
		out_flush(m);
	}
	if (m->linking)
		sl_mime_links_end(m->t, m->links, &m->links_left);
	sl_file_end(m->t, m->file, whole ? SL_FILE_WHOLE : SL_FILE_LOST);
	m->file = NULL;
	m->linking = false;
	m->mode = MODE_IGNORE;
}

/* --- levels --- */

static void level_cut(struct sl_mime *m, unsigned depth)
{
	while (m->depth > depth)
		sl_hold_give(m->t->inspect, m->level[--m->depth].boundary);
}

static bool level_add(struct sl_mime *m, const struct sl_mime_head *h)
{
	struct level *l = &m->level[m->depth];
	if (m->depth == DEPTH_MAX)
		return false;
	l->boundary = sl_hold_take(m->t->inspect, h->boundary_len);
	if (!l->boundary)
		return false;
	memcpy(l->boundary, h->boundary, h->boundary_len);
	l->len = h->boundary_len;
	l->digest = h->digest;
	m->depth++;
	return true;
}

static void head_begin(struct sl_mime *m, bool message)
{
	m->head_n = 0;
	m->head_cut = false;
	m->message = message;
	m->mode = MODE_HEAD;
	if (m->parts++ < PARTS_MAX)
		return;
	m->mode = MODE_IGNORE;
	sl_count(sl_talk_counters(m->t), SL_COUNT_VALUES_LEFT_OUT);
}

static bool all_blank(const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] != ' ' && at[i] != '\t')
			return false;
	return true;
}

/* Is the gathered line a boundary of any level? Then it ends what is inside that level. */
static bool mark_take(struct sl_mime *m)
{
	size_t n = m->mark_n;
	if (n && m->mark[n - 1] == '\r')
		n--;
	for (unsigned k = m->depth; k-- > 0;) {
		const struct level *l = &m->level[k];
		if (n < 2 + l->len || m->mark[1] != '-' || memcmp(m->mark + 2, l->boundary, l->len) != 0)
			continue;
		const uint8_t *rest = m->mark + 2 + l->len;
		size_t left = n - 2 - l->len;
		bool closes = left >= 2 && rest[0] == '-' && rest[1] == '-';
		if (!all_blank(rest + (closes ? 2 : 0), left - (closes ? 2 : 0)))
			continue;
		leaf_end(m, true);
		level_cut(m, closes ? k : k + 1);
		m->eol = EOL_NONE;
		if (!closes)
			head_begin(m, false);
		return true;
	}
	return false;
}

/* --- headers --- */

static void head_put(struct sl_mime *m, struct sl_span bytes)
{
	size_t room = HEAD_MAX - m->head_n;
	if (bytes.len > room) {
		if (!m->head_cut)
			sl_count(sl_talk_counters(m->t), SL_COUNT_MESSAGE_TOO_LONG);
		m->head_cut = true;
		bytes.len = room;
	}
	size_t need = m->head_n + bytes.len, more = m->head_room ? m->head_room : HEAD_MIN;
	while (more < need)
		more *= 2;
	if (more > m->head_room) {
		uint8_t *larger = sl_hold_grow(m->t->inspect, m->head, more);
		if (!larger)
			return;
		m->head = larger;
		m->head_room = more;
	}
	if (bytes.len)
		memcpy(m->head + m->head_n, bytes.at, bytes.len);
	m->head_n = need;
}

static void words_add(struct sl_talk *t, enum sl_field field, struct sl_span raw)
{
	uint8_t *text = raw.len ? sl_talk_room(t, 2 * raw.len) : NULL;
	if (text)
		sl_value_add(t, field, sl_span_of(text, sl_mime_words(text, raw)));
}

static void mail_hand_on(struct sl_talk *t, const struct sl_mime_head *h)
{
	static const enum sl_field fields[SL_MIME_MAIL_HEADERS] = {
		[SL_MIME_FROM] = SL_FIELD_EMAIL_FROM,
		[SL_MIME_TO] = SL_FIELD_EMAIL_TO,
		[SL_MIME_SUBJECT] = SL_FIELD_EMAIL_SUBJECT,
		[SL_MIME_CC] = SL_FIELD_EMAIL_CC,
		[SL_MIME_DATE] = SL_FIELD_EMAIL_DATE,
		[SL_MIME_MESSAGE_ID] = SL_FIELD_EMAIL_MESSAGE_ID,
		[SL_MIME_X_MAILER] = SL_FIELD_EMAIL_X_MAILER,
	};
	for (size_t i = 0; i < SL_MIME_MAIL_HEADERS; i++)
		words_add(t, fields[i], h->mail[i]);
	for (size_t i = 0; i < h->received_n && i < SL_MIME_RECEIVED_MAX; i++)
		words_add(t, SL_FIELD_EMAIL_RECEIVED, h->received[i]);
	if (h->received_n > SL_MIME_RECEIVED_MAX)
		sl_count(sl_talk_counters(t), SL_COUNT_VALUES_LEFT_OUT);
	if (t->inspect->values_n)
		sl_talk_done(t);
}

static void head_end(struct sl_mime *m)
{
	struct sl_mime_head h;
	bool digest = !m->message && m->depth && m->level[m->depth - 1].digest;
	sl_mime_head_read(&h, sl_span_of(m->head, m->head_n), digest);
	if (m->message)
		mail_hand_on(m->t, &h);
	if (h.kind == SL_MIME_MULTIPART && level_add(m, &h))
		m->mode = MODE_IGNORE; /* until the first boundary */
	else if (h.kind == SL_MIME_MESSAGE && m->mail && h.coding == SL_MIME_IDENTITY)
		head_begin(m, true);
	else
		leaf_begin(m, &h);
}

/* --- lines --- */

static void content(struct sl_mime *m, struct sl_span bytes)
{
	if (!bytes.len)
		return;
	m->empty = false;
	if (m->mode == MODE_LEAF)
		sl_mime_code_data(&m->code, bytes, out_put, m);
	else if (m->mode == MODE_HEAD)
		head_put(m, bytes);
}

/* The end of the line before was one after all; next begins the line behind it, 0 if there is none. */
static void eol_give(struct sl_mime *m, uint8_t next)
{
	static const uint8_t crlf[] = { '\r', '\n' };
	enum eol eol = m->eol;
	m->eol = EOL_NONE;
	m->empty = true;
	if (eol == EOL_NONE)
		return;
	if (m->mode == MODE_LEAF)
		sl_mime_code_line(&m->code, eol == EOL_CRLF ? sl_span_of(crlf, 2) : sl_span_of(crlf + 1, 1), out_put, m);
	else if (m->mode == MODE_HEAD && next != ' ' && next != '\t') /* else it is folded */
		head_put(m, sl_span_of(crlf + 1, 1));
}

static void line_end(struct sl_mime *m, enum eol eol)
{
	m->line = LINE_START;
	m->eol = eol;
	if (m->mode != MODE_HEAD || !m->empty)
		return;
	m->eol = EOL_NONE;
	head_end(m);
}

/* The gathered line is no boundary: it is content. */
static void mark_give(struct sl_mime *m, bool ended)
{
	size_t n = m->mark_n;
	eol_give(m, '-');
	bool cr = n && m->mark[n - 1] == '\r';
	content(m, sl_span_of(m->mark, n - cr));
	m->mark_n = 0;
	if (ended) {
		line_end(m, cr ? EOL_CRLF : EOL_LF);
		return;
	}
	m->line = LINE_MIDDLE;
	m->cr = cr;
}

/* Gathers a line that may be a boundary. Returns how many bytes it took. */
static size_t mark_gather(struct sl_mime *m, struct sl_span in)
{
	const uint8_t *lf = memchr(in.at, '\n', in.len);
	size_t n = lf ? (size_t)(lf - in.at) : in.len;
	size_t room = MARK_MAX - m->mark_n;
	size_t used = n < room ? n : room;
	memcpy(m->mark + m->mark_n, in.at, used);
	m->mark_n += used;
	if (used < n || (m->mark_n > 1 && m->mark[1] != '-')) {
		mark_give(m, false);
		return used;
	}
	if (!lf)
		return used;
	if (mark_take(m)) {
		m->mark_n = 0;
		m->line = LINE_START;
	} else {
		mark_give(m, true);
	}
	return used + 1;
}

/* What is neither a header nor to be looked at line by line: a base64 decoder passes over line ends. */
static bool takes_lines(const struct sl_mime *m)
{
	return m->mode == MODE_IGNORE ||
	       (m->mode == MODE_LEAF && m->code.coding != SL_MIME_QUOTED && !m->code.resync);
}

/* The rest of a line and whole lines behind it, with their ends, up to the last before the bytes end or
 * before one that may be a boundary. Returns how many bytes it took; 0: there is but one line. */
static size_t lines_take(struct sl_mime *m, struct sl_span in)
{
	static const uint8_t cr = '\r';
	const uint8_t *end = in.at + in.len, *rest = in.at, *lf = in.at;
	while ((lf = memchr(lf, '\n', (size_t)(end - lf)))) {
		if (++lf == end || (*lf == '-' && m->depth))
			break;
		rest = lf;
	}
	if (rest == in.at)
		return 0;
	if (m->cr)
		content(m, sl_span_of(&cr, 1));
	m->cr = false;
	content(m, sl_span_of(in.at, (size_t)(rest - in.at)));
	return (size_t)(rest - in.at);
}

/* The line at hand, as far as it goes. Returns how many bytes it took. */
static size_t line_take(struct sl_mime *m, struct sl_span in)
{
	static const uint8_t cr = '\r';
	if (m->cr && in.at[0] != '\n')
		content(m, sl_span_of(&cr, 1));
	const uint8_t *lf = memchr(in.at, '\n', in.len);
	size_t n = lf ? (size_t)(lf - in.at) : in.len;
	bool ends_cr = n ? in.at[n - 1] == '\r' : m->cr;
	content(m, sl_span_of(in.at, n - (n && ends_cr)));
	m->cr = !lf && ends_cr;
	if (lf)
		line_end(m, ends_cr ? EOL_CRLF : EOL_LF);
	return n + (lf != NULL);
}

static size_t step(struct sl_mime *m, struct sl_span bytes)
{
	if (m->line == LINE_START) {
		bool mark = bytes.at[0] == '-' && m->depth;
		m->line = mark ? LINE_MARK : LINE_MIDDLE;
		if (!mark)
			eol_give(m, bytes.at[0]);
	}
	if (m->line == LINE_MARK)
		return mark_gather(m, bytes);
	size_t used = takes_lines(m) ? lines_take(m, bytes) : 0;
	return used ? used : line_take(m, bytes);
}

/* Nobody wants what is left, and no part will follow. */
static bool is_done(const struct sl_mime *m)
{
	return m->mode == MODE_IGNORE && !m->depth;
}

void sl_mime_data(struct sl_talk *t, struct sl_mime *m, struct sl_span bytes)
{
	if (!m)
		return;
	m->t = t;
	while (bytes.len && !is_done(m)) {
		size_t used = step(m, bytes);
		bytes = sl_span_of(bytes.at + used, bytes.len - used);
	}
	out_flush(m);
}

/* --- coming and going --- */

static struct sl_mime *mime_new(struct sl_talk *t)
{
	struct sl_mime *m = sl_hold_take(t->inspect, sizeof *m);
	if (m) {
		m->t = t;
		m->links_left = LINKS_MAX;
	}
	return m;
}

struct sl_mime *sl_mime_new_mail(struct sl_talk *t)
{
	struct sl_mime *m = mime_new(t);
	if (m) {
		m->mail = true;
		head_begin(m, true);
	}
	return m;
}

struct sl_mime *sl_mime_new_multipart(struct sl_talk *t, struct sl_span content_type)
{
	struct sl_mime_head h = { 0 };
	sl_mime_type_read(&h, content_type);
	if (h.kind != SL_MIME_MULTIPART)
		return NULL;
	struct sl_mime *m = mime_new(t);
	if (!m)
		return NULL;
	m->form = h.form;
	if (level_add(m, &h))
		return m;
	sl_hold_give(t->inspect, m);
	return NULL;
}

void sl_mime_lost(struct sl_mime *m)
{
	if (!m)
		return;
	if (m->mode == MODE_HEAD)
		m->mode = MODE_IGNORE; /* until the next boundary */
	sl_file_lost(m->file);
	m->code.resync = true;
	m->mark_n = 0;
	m->eol = EOL_NONE;
	m->cr = false;
	m->line = LINE_MIDDLE;
}

/* What is still held back. */
static void rest_give(struct sl_mime *m)
{
	static const uint8_t cr = '\r';
	if (m->line == LINE_MARK && mark_take(m))
		return;
	if (m->line == LINE_MARK)
		mark_give(m, false);
	eol_give(m, 0);
	if (m->cr)
		content(m, sl_span_of(&cr, 1));
}

void sl_mime_end(struct sl_talk *t, struct sl_mime *m, bool whole)
{
	if (!m)
		return;
	m->t = t;
	rest_give(m);
	if (whole && m->mode == MODE_HEAD)
		head_end(m); /* a mail of headers alone */
	leaf_end(m, whole);
	level_cut(m, 0);
	sl_hold_give(t->inspect, m->links);
	sl_hold_give(t->inspect, m->head);
	sl_hold_give(t->inspect, m->out);
	sl_hold_give(t->inspect, m);
}
