/* MIME entities as a stream (RFC 2045, RFC 2046), cut at any byte. Per worker.
 *
 * Bytes are taken line by line. A line's end is held back until the next line turns out not to be a
 * boundary, to which it would belong (RFC 2046, section 5.1.1). Only lines that begin with "--" where
 * there are boundaries, and headers, are gathered; all else is decoded as it comes. */
#include <sensor/inspect/mime_internal.h>

enum { LINKS_MAX = 1000 };

/* --- boundaries --- */

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
		const struct sl_mime_level *l = &m->level[k];
		if (n < 2 + l->len || m->mark[1] != '-' || memcmp(m->mark + 2, l->boundary, l->len) != 0)
			continue;
		const uint8_t *rest = m->mark + 2 + l->len;
		size_t left = n - 2 - l->len;
		bool closes = left >= 2 && rest[0] == '-' && rest[1] == '-';
		if (!all_blank(rest + (closes ? 2 : 0), left - (closes ? 2 : 0)))
			continue;
		sl_mime_leaf_end(m, true);
		sl_mime_level_cut(m, closes ? k : k + 1);
		m->eol = SL_MIME_EOL_NONE;
		if (!closes)
			sl_mime_head_begin(m, false);
		return true;
	}
	return false;
}

/* --- lines --- */

static void content(struct sl_mime *m, struct sl_span bytes)
{
	if (!bytes.len)
		return;
	m->empty = false;
	if (m->mode == SL_MIME_MODE_LEAF)
		sl_mime_code_data(&m->code, bytes, sl_mime_out_put, m);
	else if (m->mode == SL_MIME_MODE_HEAD)
		sl_mime_head_put(m, bytes);
}

/* The end of the line before was one after all; next begins the line behind it, 0 if there is none. */
static void eol_give(struct sl_mime *m, uint8_t next)
{
	static const uint8_t crlf[] = { '\r', '\n' };
	enum sl_mime_eol eol = m->eol;
	m->eol = SL_MIME_EOL_NONE;
	m->empty = true;
	if (eol == SL_MIME_EOL_NONE)
		return;
	if (m->mode == SL_MIME_MODE_LEAF)
		sl_mime_code_line(&m->code,
				  eol == SL_MIME_EOL_CRLF ? sl_span_of(crlf, 2)
							  : sl_span_of(crlf + 1, 1),
				  sl_mime_out_put, m);
	else if (m->mode == SL_MIME_MODE_HEAD && next != ' ' && next != '\t') /* else it is folded */
		sl_mime_head_put(m, sl_span_of(crlf + 1, 1));
}

static void line_end(struct sl_mime *m, enum sl_mime_eol eol)
{
	m->line = SL_MIME_LINE_START;
	m->eol = eol;
	if (m->mode != SL_MIME_MODE_HEAD || !m->empty)
		return;
	m->eol = SL_MIME_EOL_NONE;
	sl_mime_head_end(m);
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
		line_end(m, cr ? SL_MIME_EOL_CRLF : SL_MIME_EOL_LF);
		return;
	}
	m->line = SL_MIME_LINE_MIDDLE;
	m->cr = cr;
}

/* Gathers a line that may be a boundary. Returns how many bytes it took. */
static size_t mark_gather(struct sl_mime *m, struct sl_span in)
{
	const uint8_t *lf = memchr(in.at, '\n', in.len);
	size_t n = lf ? (size_t)(lf - in.at) : in.len;
	size_t room = SL_MIME_MARK_MAX - m->mark_n;
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
		m->line = SL_MIME_LINE_START;
	} else {
		mark_give(m, true);
	}
	return used + 1;
}

/* What is neither a header nor to be looked at line by line: a base64 decoder passes over line ends. */
static bool takes_lines(const struct sl_mime *m)
{
	return m->mode == SL_MIME_MODE_IGNORE ||
	       (m->mode == SL_MIME_MODE_LEAF && m->code.coding != SL_MIME_QUOTED && !m->code.resync);
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
		line_end(m, ends_cr ? SL_MIME_EOL_CRLF : SL_MIME_EOL_LF);
	return n + (lf != NULL);
}

static size_t step(struct sl_mime *m, struct sl_span bytes)
{
	if (m->line == SL_MIME_LINE_START) {
		bool mark = bytes.at[0] == '-' && m->depth;
		m->line = mark ? SL_MIME_LINE_MARK : SL_MIME_LINE_MIDDLE;
		if (!mark)
			eol_give(m, bytes.at[0]);
	}
	if (m->line == SL_MIME_LINE_MARK)
		return mark_gather(m, bytes);
	size_t used = takes_lines(m) ? lines_take(m, bytes) : 0;
	return used ? used : line_take(m, bytes);
}

/* Nobody wants what is left, and no part will follow. */
static bool is_done(const struct sl_mime *m)
{
	return m->mode == SL_MIME_MODE_IGNORE && !m->depth;
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
	sl_mime_out_flush(m);
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
		sl_mime_head_begin(m, true);
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
	if (sl_mime_level_add(m, &h))
		return m;
	sl_hold_give(t->inspect, m);
	return NULL;
}

void sl_mime_lost(struct sl_mime *m)
{
	if (!m)
		return;
	if (m->mode == SL_MIME_MODE_HEAD)
		m->mode = SL_MIME_MODE_IGNORE; /* until the next boundary */
	sl_file_lost(m->file);
	m->code.resync = true;
	m->mark_n = 0;
	m->eol = SL_MIME_EOL_NONE;
	m->cr = false;
	m->line = SL_MIME_LINE_MIDDLE;
}

/* What is still held back. */
static void rest_give(struct sl_mime *m)
{
	static const uint8_t cr = '\r';
	if (m->line == SL_MIME_LINE_MARK && mark_take(m))
		return;
	if (m->line == SL_MIME_LINE_MARK)
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
	if (whole && m->mode == SL_MIME_MODE_HEAD)
		sl_mime_head_end(m); /* a mail of headers alone */
	sl_mime_leaf_end(m, whole);
	sl_mime_level_cut(m, 0);
	sl_hold_give(t->inspect, m->links);
	sl_hold_give(t->inspect, m->head);
	sl_hold_give(t->inspect, m->out);
	sl_hold_give(t->inspect, m);
}
