/* Other readings of a response. Receivers differ where a head breaks the grammar (RFC 9112, sections 2.2 and 5;
 * RFC 9110, section 5.5), and so does what they take for its body: a file is looked for in each of these
 * ways, beside the one that leads the parser. At most SL_HTTP_READINGS bodies, of one response at a time; each
 * takes the stream's bytes from where it begins, and is told when another message begins or the stream ends. Per
 * worker. */
#include <sensor/inspect/http.h>

/* What a receiver may do with a head that is odd. */
enum reading {
	CR_ENDS_LINES,    /* a bare CR is a line's end */
	CR_MAKES_INVALID, /* a header with a bare CR or a NUL in it is none (RFC 9112, section 2.2) */
	NULS_VANISH,      /* as if NULs were not there; one at a line's start folds it */
	JUNK_ENDS_HEAD,   /* the body begins with the first line that is no header */
	NO_HEAD,          /* HTTP/0.9: all is the body (RFC 1945, section 6) */
};

enum part { SIZE, EXTENSION, DATA, DATA_END, TRAILER, TRAILER_IN };

struct other {
	struct sl_body *body; /* NULL: there is no such reading */
	bool over;            /* its end was seen */
	enum sl_http_phase framing; /* SL_HTTP_LENGTH, SL_HTTP_CLOSE or SL_HTTP_SIZE: in chunks */
	enum part part;
	uint64_t left;
};

struct sl_http_others {
	uint32_t tx;
	uint8_t side;
	bool fresh; /* made in this call: the bytes at hand are known */
	struct other at[SL_HTTP_READINGS];
};

/* --- heads --- */

/* The next line, without its end. False: no more. */
static bool line_next(struct sl_span *in, enum reading how, struct sl_span *line)
{
	if (how != CR_ENDS_LINES)
		return sl_http_line(in, line);
	size_t n = 0;
	while (n < in->len && in->at[n] != '\n' && in->at[n] != '\r')
		n++;
	if (n == in->len)
		return false;
	size_t end = n + 1 + (in->at[n] == '\r' && n + 1 < in->len && in->at[n + 1] == '\n');
	*line = sl_span_of(in->at, n);
	*in = sl_span_of(in->at + end, in->len - end);
	return true;
}

/* Ends of folded lines are blanks too. */
static struct sl_span trim_all(struct sl_span s)
{
	while (s.len && isspace(s.at[0]))
		s = sl_span_of(s.at + 1, s.len - 1);
	while (s.len && isspace(s.at[s.len - 1]))
		s.len--;
	return s;
}

static struct sl_span without_nuls(struct sl_talk *t, struct sl_span s)
{
	uint8_t *at = s.len && memchr(s.at, 0, s.len) ? sl_talk_room(t, s.len) : NULL;
	size_t n = 0;
	for (size_t i = 0; at && i < s.len; i++)
		if (s.at[i])
			at[n++] = s.at[i];
	return at ? sl_span_of(at, n) : s;
}

static bool is_fold(uint8_t c, enum reading how)
{
	return c == ' ' || c == '\t' || (c == 0 && how == NULS_VANISH);
}

/* header: with what is folded onto it; no bytes: none. */
static void header_take(struct sl_talk *t, struct sl_http_head *h, enum reading how, struct sl_span header)
{
	if (how == NULS_VANISH)
		header = without_nuls(t, header);
	const uint8_t *colon = header.len ? memchr(header.at, ':', header.len) : NULL;
	if (!colon || (how == CR_MAKES_INVALID && sl_http_has_invalid(header)))
		return;
	size_t n = (size_t)(colon - header.at);
	struct sl_span value = sl_span_of(colon + 1, header.len - n - 1);
	sl_http_header_keep(t, h, sl_http_trim(sl_span_of(header.at, n)), trim_all(value));
}

/* Reads the head in that way, as far as bodies go. Returns where the body begins. */
static size_t head_read(struct sl_talk *t, struct sl_span in, enum reading how, struct sl_http_head *h)
{
	struct sl_span rest = in, before = in, line, header = { NULL, 0 };
	size_t body = in.len;
	if (how == NO_HEAD)
		return 0;
	line_next(&rest, how, &line); /* the status line */
	while (before = rest, line_next(&rest, how, &line)) {
		body = in.len - rest.len;
		if (header.len && line.len && is_fold(line.at[0], how)) {
			header.len = (size_t)(line.at + line.len - header.at);
			continue;
		}
		header_take(t, h, how, header);
		header = line;
		if (!line.len)
			return body;
		if (how == JUNK_ENDS_HEAD && !sl_http_is_header(line))
			return in.len - before.len;
	}
	header_take(t, h, how, header);
	return in.len;
}

static bool same_codings(const struct sl_http_head *a, const struct sl_http_head *b)
{
	return b && sl_span_eq(a->kept[SL_KEPT_ENCODING], b->kept[SL_KEPT_ENCODING]);
}

/* --- bodies --- */

/* How ends a body whose end was not seen. */
static void other_end(struct sl_talk *t, struct other *o, enum sl_file_end how)
{
	sl_body_end(t, o->body, o->over ? SL_FILE_WHOLE : how);
	*o = (struct other){ 0 };
}

/* Up to the line's end. True: it is there. */
static bool line_skip(struct sl_span *in)
{
	struct sl_span line;
	if (sl_http_line(in, &line))
		return true;
	in->len = 0;
	return false;
}

static int hex_digit(uint8_t c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* One step over chunks (section 7.1), a byte at a time where a line is short. */
static void chunk_step(struct sl_talk *t, struct other *o, struct sl_span *in)
{
	size_t n = o->left < in->len ? (size_t)o->left : in->len;
	int digit = hex_digit(in->at[0]);
	switch (o->part) {
	case SIZE:
		if (digit >= 0) {
			o->left = o->left < UINT64_MAX / 32 ? o->left * 16 + (unsigned)digit : UINT64_MAX / 2;
			*in = sl_span_of(in->at + 1, in->len - 1);
			break;
		}
		o->part = EXTENSION;
		break;
	case EXTENSION:
		if (line_skip(in))
			o->part = o->left ? DATA : TRAILER;
		break;
	case DATA:
		sl_body_data(t, o->body, sl_span_of(in->at, n));
		*in = sl_span_of(in->at + n, in->len - n);
		o->left -= n;
		o->part = o->left ? DATA : DATA_END;
		break;
	case DATA_END:
		if (line_skip(in))
			o->part = SIZE;
		break;
	case TRAILER:
		if (in->at[0] == '\n')
			o->over = true;
		else if (in->at[0] != '\r')
			o->part = TRAILER_IN;
		*in = sl_span_of(in->at + 1, in->len - 1);
		break;
	case TRAILER_IN:
		if (line_skip(in))
			o->part = TRAILER;
		break;
	}
}

static void other_data(struct sl_talk *t, struct other *o, struct sl_span in)
{
	if (o->framing == SL_HTTP_CLOSE) {
		sl_body_data(t, o->body, in);
	} else if (o->framing == SL_HTTP_LENGTH) {
		in.len = o->left < in.len ? (size_t)o->left : in.len;
		sl_body_data(t, o->body, in);
		o->left -= in.len;
		o->over = !o->left;
	}
	while (o->framing == SL_HTTP_SIZE && !o->over && in.len)
		chunk_step(t, o, &in);
}

/* --- all of them --- */

static void others_data(struct sl_talk *t, struct sl_http_others *others, struct sl_span in)
{
	for (unsigned i = 0; i < SL_HTTP_READINGS; i++)
		if (others->at[i].body && !others->at[i].over)
			other_data(t, &others->at[i], in);
}

static void others_drop(struct sl_talk *t, bool ended)
{
	struct sl_http *http = t->state;
	struct sl_http_others *others = http->others;
	if (!others)
		return;
	struct sl_talk o = *t;
	o.side = others->side;
	o.tx = others->tx;
	http->others = NULL;
	for (unsigned i = 0; i < SL_HTTP_READINGS; i++)
		other_end(&o, &others->at[i],
			  !ended ? SL_FILE_LOST : others->at[i].framing == SL_HTTP_CLOSE ? SL_FILE_WHOLE : SL_FILE_CUT);
	const struct sl_http_side *s = &http->side[others->side];
	if (!s->open || s->tx != others->tx)
		sl_talk_tx_end(&o, others->tx);
	sl_hold_give(t->inspect, others);
}

/* The reading begins, if it differs from the main one. */
static void other_begin(struct sl_talk *t, const struct sl_http_main *as, enum reading how)
{
	struct sl_http *http = t->state;
	struct sl_http_head h = { .response = true, .status = as->head ? as->head->status : 200 };
	struct other *o = &http->others->at[how];
	struct sl_span encoding, name = { NULL, 0 };
	size_t at = head_read(t, as->in, how, &h);
	enum sl_http_phase framing = sl_http_framing(t, &h, as->asked, &encoding, &o->left);
	bool same = at == as->in.len && framing == as->framing && o->left == as->length;
	if (framing == SL_HTTP_HEAD || (same && same_codings(&h, as->head)))
		return;
	if (as->asked)
		name = sl_span_of(as->asked->name, as->asked->name_len);
	name = sl_http_file_name(t, h.kept[SL_KEPT_DISPOSITION], name);
	o->framing = framing;
	o->left = framing == SL_HTTP_SIZE ? 0 : o->left;
	o->body = sl_body_new(t, encoding, h.kept[SL_KEPT_TYPE], name, SL_FIELD_HTTP_RESPONSE_BODY);
	if (o->body)
		other_data(t, o, sl_span_of(as->in.at + at, as->in.len - at));
}

void sl_http_others_begin(struct sl_talk *t, const struct sl_http_main *as, bool simple)
{
	struct sl_http *http = t->state;
	bool any = false;
	others_drop(t, false);
	http->others = sl_hold_take(t->inspect, sizeof *http->others);
	if (!http->others)
		return;
	http->others->tx = t->tx;
	http->others->side = t->side & 1;
	http->others->fresh = true;
	for (enum reading how = CR_ENDS_LINES; as->head && as->head->odd && how < NO_HEAD; how++)
		other_begin(t, as, how);
	if (simple)
		other_begin(t, as, NO_HEAD);
	for (unsigned i = 0; i < SL_HTTP_READINGS; i++)
		any = any || http->others->at[i].body;
	if (!any)
		others_drop(t, false);
}

void sl_http_others_data(struct sl_talk *t, struct sl_span in)
{
	struct sl_http *http = t->state;
	struct sl_http_others *others = http->others;
	if (!others || others->side != t->side)
		return;
	uint32_t tx = t->tx;
	t->tx = others->tx;
	if (!others->fresh)
		others_data(t, others, in);
	others->fresh = false;
	t->tx = tx;
}

/* Not before: which of two readings ends first in a stretch of bytes must not be seen. */
void sl_http_others_settle(struct sl_talk *t)
{
	struct sl_http *http = t->state;
	struct sl_http_others *others = http->others;
	bool any = false;
	if (!others || others->side != t->side)
		return;
	struct sl_talk o = *t;
	o.tx = others->tx;
	for (unsigned i = 0; i < SL_HTTP_READINGS; i++) {
		if (others->at[i].over)
			other_end(&o, &others->at[i], SL_FILE_WHOLE);
		any = any || others->at[i].body;
	}
	if (!any)
		others_drop(t, false);
}

bool sl_http_others_of(const struct sl_http *http, unsigned side, uint32_t tx)
{
	return http->others && http->others->side == side && http->others->tx == tx;
}

void sl_http_others_end(struct sl_talk *t, bool ended)
{
	const struct sl_http *http = t->state;
	if (http->others && http->others->side == t->side)
		others_drop(t, ended);
}

/* --- where a status line should be --- */

/* Is an answer due from this side? */
static bool answers(const struct sl_talk *t)
{
	const struct sl_http *http = t->state;
	const struct sl_http_side *other = &http->side[!t->side];
	return http->first && other->tx && !other->response;
}

enum sl_parse sl_http_slop(const struct sl_talk *t, struct sl_span in, size_t *n)
{
	enum { SLOP_MOST = 4, NAME = 4 };
	*n = 0;
	if (!answers(t))
		return SL_PARSE_DONE;
	for (size_t i = 0; i <= SLOP_MOST; i++) {
		size_t left = i < in.len ? in.len - i : 0, some = left < NAME ? left : NAME;
		if (some && strncasecmp((const char *)in.at + i, "HTTP", some) != 0)
			continue;
		if (left < NAME && !t->last)
			return SL_PARSE_MORE;
		*n = left < NAME ? 0 : i;
		return SL_PARSE_DONE;
	}
	return SL_PARSE_DONE;
}

enum sl_parse sl_http_simple(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_http *http = t->state;
	uint32_t before = t->tx;
	struct sl_span rest = in, line;
	if (!answers(t) || in.at[0] < ' ')
		return SL_PARSE_REFUSE;
	bool ends = sl_http_line(&rest, &line);
	in.len -= ends ? rest.len : 0;
	t->tx = sl_pairs_answer(t, &http->pairs);
	struct sl_http_asked *asked = sl_http_asked_get(t);
	struct sl_http_main as = { .in = in, .asked = asked };
	sl_http_others_begin(t, &as, true);
	sl_hold_give(t->inspect, asked);
	t->tx = before;
	t->at->phase = ends ? SL_HTTP_FIND : SL_HTTP_FIND_IN;
	*consumed = in.len;
	return SL_PARSE_DONE;
}
