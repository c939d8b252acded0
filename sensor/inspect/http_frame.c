/* Where HTTP/1 bodies end (RFC 9112, sections 6 and 7), and bringing their bytes to where they are
 * unpacked. A body that nobody wants is stepped over without looking at it. Per worker. */
#include <sensor/inspect/http.h>

enum { SIZE_LINE_MAX = 4096, MAYBE_BYTES = 7 };

static struct sl_http_side *side_of(const struct sl_talk *t)
{
	struct sl_http *http = t->state;
	return &http->side[t->side];
}

/* The message at hand is over: with it the transaction, if the other side's message is. */
static void message_over(struct sl_talk *t, struct sl_http_side *s)
{
	const struct sl_http *http = t->state;
	const struct sl_http_side *other = &http->side[!t->side];
	bool wanted = (other->open && other->tx == s->tx) || sl_http_others_of(http, t->side, s->tx);
	wanted |= s->response ? sl_pairs_early(&http->pairs, s->tx) : !sl_pairs_answered(&http->pairs, s->tx);
	if (s->open && !wanted)
		sl_talk_tx_end(t, s->tx);
	s->open = false;
}

void sl_http_body_end(struct sl_talk *t, enum sl_file_end how)
{
	struct sl_http_side *s = side_of(t);
	struct sl_body *body = s->body;
	s->body = NULL;
	s->left = 0;
	t->at->phase = SL_HTTP_HEAD;
	sl_body_end(t, body, how);
	message_over(t, s);
}

/* --- how long --- */

static bool number_read(struct sl_span s, uint64_t *number)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!isdigit(s.at[i]))
			return false;
		n = n < UINT64_MAX / 16 ? n * 10 + (uint64_t)(s.at[i] - '0') : UINT64_MAX / 2;
	}
	*number = n;
	return s.len > 0;
}

bool sl_http_length(struct sl_span s, uint64_t *length)
{
	uint64_t n;
	for (bool first = true;; first = false) {
		const uint8_t *comma = s.len ? memchr(s.at, ',', s.len) : NULL;
		size_t len = comma ? (size_t)(comma - s.at) : s.len;
		if (!number_read(sl_http_trim(sl_span_of(s.at, len)), &n) || (!first && n != *length))
			return false;
		*length = n;
		if (!comma)
			return true;
		s = sl_span_of(comma + 1, s.len - len - 1);
	}
}

/* Transfer-Encoding: is "chunked" among them? It should be the last, but clients do not ask. The others
 * are codings of the content like those of Content-Encoding, put on after them: *encoding gets both. */
static bool transfer_read(struct sl_talk *t, const struct sl_http_head *h, struct sl_span *encoding, bool *any)
{
	struct sl_span list = h->kept[SL_KEPT_TRANSFER], first = h->kept[SL_KEPT_ENCODING], coding;
	bool chunked = false;
	size_t n = 0;
	*encoding = first;
	*any = false;
	if (!list.len)
		return false;
	uint8_t *at = sl_talk_room(t, first.len + 2 * list.len + 2);
	if (at && first.len)
		memcpy(at, first.at, n = first.len);
	while (sl_http_element(&list, &coding)) {
		*any = *any || !sl_http_is(coding, "identity");
		bool is = sl_http_is(coding, "chunked");
		chunked = chunked || is;
		if (!at || is)
			continue;
		at[n++] = ',';
		memcpy(at + n, coding.at, coding.len);
		n += coding.len;
	}
	if (at)
		*encoding = sl_span_of(at, n);
	return chunked;
}

enum sl_http_phase sl_http_framing(struct sl_talk *t, const struct sl_http_head *h,
				   const struct sl_http_asked *asked, struct sl_span *encoding, uint64_t *length)
{
	bool any, chunked = transfer_read(t, h, encoding, &any);
	bool valid = sl_http_length(h->kept[SL_KEPT_LENGTH], length);
	if (!valid)
		*length = 0;
	bool said = chunked || *length; /* in a 204 it must not be, and what follows may be a body after all */
	if (h->response && (h->status / 100 == 1 || (h->status == 204 && !said) || h->status == 304 ||
			    (asked && asked->what == SL_ASKED_HEAD)))
		return SL_HTTP_HEAD;
	if (chunked)
		return SL_HTTP_SIZE;
	if (any && h->response)
		return SL_HTTP_CLOSE;
	if (valid)
		return *length ? SL_HTTP_LENGTH : SL_HTTP_HEAD;
	return h->response ? SL_HTTP_CLOSE : SL_HTTP_HEAD;
}

void sl_http_body_begin(struct sl_talk *t, const struct sl_http_head *h, const struct sl_http_asked *asked)
{
	struct sl_http_side *s = side_of(t);
	struct sl_span encoding, name = { NULL, 0 };
	enum sl_http_phase phase = sl_http_framing(t, h, asked, &encoding, &s->left);
	t->at->phase = phase;
	s->bare_lf = false;
	s->chunks = !h->response; /* a request has no other way to end */
	if (phase == SL_HTTP_HEAD)
		return;
	if (!h->response)
		name = sl_http_segment(h->target);
	else if (asked)
		name = sl_span_of(asked->name, asked->name_len);
	s->body = sl_body_new(t, encoding, h->kept[SL_KEPT_TYPE],
			      sl_http_file_name(t, h->kept[SL_KEPT_DISPOSITION], name),
			      h->response ? SL_FIELD_HTTP_RESPONSE_BODY : SL_FIELD_HTTP_REQUEST_BODY);
	bool doubtful = h->response && (!asked || h->status == 204); /* section 6.3, its last paragraph */
	if (doubtful && (phase != SL_HTTP_LENGTH || s->left >= MAYBE_BYTES)) {
		s->after = (uint8_t)phase;
		t->at->phase = SL_HTTP_MAYBE;
	}
}

/* --- step by step --- */

/* What answers a HEAD says how long a body would be, and the next response follows at once. */
static bool maybe(struct sl_talk *t, struct sl_span in)
{
	size_t n = in.len < MAYBE_BYTES ? in.len : MAYBE_BYTES;
	bool head = memcmp(in.at, "HTTP/1.", n) == 0;
	if (head && n < MAYBE_BYTES && !t->last)
		return false;
	if (head)
		sl_http_body_end(t, SL_FILE_LOST);
	else
		t->at->phase = side_of(t)->after & 15u;
	return true;
}

/* The rest of a body, or of a chunk, of known length. */
static enum sl_parse bytes_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_http_side *s = side_of(t);
	size_t n = s->left < in.len ? (size_t)s->left : in.len;
	bool chunk = t->at->phase == SL_HTTP_DATA;
	sl_body_data(t, s->body, sl_span_of(in.at, n));
	s->left -= n;
	*consumed = n;
	if (!s->body && !((struct sl_http *)t->state)->others) {
		sl_side_skip(t->at, s->left);
		s->left = 0;
	}
	if (!s->left && chunk)
		t->at->phase = SL_HTTP_DATA_END;
	else if (!s->left)
		sl_http_body_end(t, SL_FILE_WHOLE);
	return SL_PARSE_DONE;
}

static uint64_t hex_read(struct sl_span s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s.len && isxdigit(s.at[i]); i++) {
		int digit = isdigit(s.at[i]) ? s.at[i] - '0' : tolower(s.at[i]) - 'a' + 10;
		n = n < UINT64_MAX / 32 ? n * 16 + (unsigned)digit : UINT64_MAX / 2;
	}
	return n;
}

/* RFC 9112, section 7.1: chunk = size in hex, extensions, CRLF, data, CRLF; the last has size 0 and
 * is followed by trailer lines and an empty one. */
static enum sl_parse size_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_http_side *s = side_of(t);
	struct sl_span rest = in, line;
	if (!s->chunks && !isxdigit(in.at[0]) && !isspace(in.at[0])) {
		/* "chunked" was said, or understood, in error */
		t->at->phase = s->left ? SL_HTTP_LENGTH : SL_HTTP_CLOSE;
		return sl_http_body_step(t, in, consumed);
	}
	if (!sl_http_line(&rest, &line))
		return in.len < SIZE_LINE_MAX && !t->last ? SL_PARSE_MORE : SL_PARSE_REFUSE;
	line = sl_http_trim(line);
	*consumed = in.len - rest.len;
	if (!line.len) /* an empty line before a size: clients pass over it */
		return SL_PARSE_DONE;
	if (!isxdigit(line.at[0]))
		return SL_PARSE_REFUSE;
	s->left = hex_read(line);
	s->chunks = true;
	s->after = SL_HTTP_HEAD;
	t->at->phase = s->left ? SL_HTTP_DATA : SL_HTTP_REST;
	return SL_PARSE_DONE;
}

static enum sl_parse data_end_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_http_side *s = side_of(t);
	if (in.len == 1 && in.at[0] == '\r' && !t->last)
		return SL_PARSE_MORE;
	size_t n = in.at[0] == '\r';
	if (n == in.len || in.at[n] != '\n')
		return SL_PARSE_REFUSE;
	if (!n && !s->bare_lf) {
		s->bare_lf = true; /* receivers that insist on CRLF (section 7.1) stop here */
		sl_body_so_far(t, s->body);
	}
	*consumed = n + 1;
	t->at->phase = SL_HTTP_SIZE;
	return SL_PARSE_DONE;
}

/* Lines until an empty one. */
static enum sl_parse rest_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_http_side *s = side_of(t);
	struct sl_span line;
	*consumed = 0;
	while (in.len) {
		if (t->at->phase == SL_HTTP_REST && in.len == 1 && in.at[0] == '\r' && !t->last)
			return *consumed ? SL_PARSE_DONE : SL_PARSE_MORE;
		bool inside = t->at->phase == SL_HTTP_REST_IN;
		struct sl_span before = in;
		if (!sl_http_line(&in, &line)) {
			*consumed += in.len;
			t->at->phase = SL_HTTP_REST_IN;
			return SL_PARSE_DONE;
		}
		*consumed += before.len - in.len;
		t->at->phase = SL_HTTP_REST;
		if (line.len || inside)
			continue;
		if (s->after == SL_HTTP_HEAD)
			sl_http_body_end(t, SL_FILE_WHOLE);
		else
			t->at->phase = s->after & 15u;
		break;
	}
	return SL_PARSE_DONE;
}

enum sl_parse sl_http_body_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	if (t->at->phase == SL_HTTP_MAYBE) {
		if (!maybe(t, in))
			return SL_PARSE_MORE;
		if (t->at->phase == SL_HTTP_HEAD)
			return SL_PARSE_DONE; /* nothing consumed: the caller goes on with the head */
	}
	switch (t->at->phase) {
	case SL_HTTP_LENGTH:
	case SL_HTTP_DATA:
		return bytes_step(t, in, consumed);
	case SL_HTTP_SIZE:
		return size_step(t, in, consumed);
	case SL_HTTP_DATA_END:
		return data_end_step(t, in, consumed);
	case SL_HTTP_REST:
	case SL_HTTP_REST_IN:
		return rest_step(t, in, consumed);
	default: /* until the stream ends */
		sl_body_data(t, side_of(t)->body, in);
		*consumed = in.len;
		return SL_PARSE_DONE;
	}
}
