/* RTSP 1.0 and 2.0 (RFC 2326, RFC 7826): messages in HTTP's syntax, and so with HTTP's fields, apart
 * from the version, and from media that may stand between them (interleaved frames). Both sides may ask,
 * each numbers its own requests. A body is there only where Content-Length says so. After a hole whose
 * place is not known, a start line is looked for at each line. Per worker. */
#include <sensor/inspect/http.h>
#include <sensor/inspect/inspect_internal.h>

enum {
	LINE_MOST = 4096, /* of a start line */
	METHOD_MOST = 32,
	FRAME_HEADER = 4,
	OTHERS_FIRST = 0x40000000, /* where the numbers of the side begin that asked second */
};

enum phase {
	HEAD,
	BODY,    /* `left` bytes */
	FIND,    /* bytes were missing: at the start of a line */
	FIND_IN, /* in the middle of one */
};

struct rtsp_side {
	struct sl_body *body;
	uint64_t left;
	uint32_t tx;   /* of the message at hand */
	bool open;     /* it is not over */
	bool response; /* it is one */
	bool begun;    /* of what is gathered there were some bytes */
};

struct rtsp {
	struct rtsp_side side[2];
	struct sl_pairs pairs[2]; /* by who asks: the side that asked first, the other */
	uint8_t first;
	bool known; /* who asked first */
};

static struct rtsp_side *side_of(const struct sl_talk *t)
{
	return &((struct rtsp *)t->state)->side[t->side];
}

/* --- start lines --- */

static bool is_version(const uint8_t *v)
{
	return memcmp(v, "RTSP/", 5) == 0 && isdigit(v[5]) && v[6] == '.' && isdigit(v[7]);
}

static bool is_method(uint8_t c)
{
	return isupper(c) || c == '_' || c == '-';
}

/* The method in front: how long it is, so far. */
static size_t method_len(struct sl_span in)
{
	size_t n = 0;
	while (n < in.len && n < METHOD_MOST && is_method(in.at[n]))
		n++;
	return n;
}

/* What a target begins with: a URI of RTSP's schemes, a path, or "*". True for a part of that, too. */
static bool may_be_target(struct sl_span s)
{
	size_t n = s.len < 4 ? s.len : 4;
	return !n || s.at[0] == '/' || s.at[0] == '*' || strncasecmp((const char *)s.at, "rtsp", n) == 0;
}

/* Status-Line = RTSP-Version SP Status-Code SP Reason-Phrase (RFC 2326, section 7.1) */
static bool status_line(struct sl_span line, struct sl_http_head *h)
{
	const uint8_t *c = line.at + 9;
	if (line.len < 12 || !is_version(line.at) || line.at[8] != ' ' || c[0] < '1' || c[0] > '9' ||
	    !isdigit(c[1]) || !isdigit(c[2]) || (line.len > 12 && c[3] != ' '))
		return false;
	h->response = true;
	h->status = (unsigned)(c[0] - '0') * 100 + (unsigned)(c[1] - '0') * 10 + (unsigned)(c[2] - '0');
	h->version = sl_span_of(line.at, 8);
	h->code = sl_span_of(c, 3);
	h->reason = sl_http_trim(sl_span_of(c + 3, line.len - 12));
	return true;
}

/* Request-Line = Method SP Request-URI SP RTSP-Version (RFC 2326, section 6.1) */
static bool request_line(struct sl_span line, struct sl_http_head *h)
{
	size_t method = method_len(line);
	if (method < 3 || line.len < method + 11 || line.at[method] != ' ' || line.at[line.len - 9] != ' ' ||
	    !is_version(line.at + line.len - 8))
		return false;
	h->method = sl_span_of(line.at, method);
	h->target = sl_http_trim(sl_span_of(line.at + method, line.len - 9 - method));
	h->version = sl_span_of(line.at + line.len - 8, 8);
	return h->target.len && may_be_target(h->target);
}

static bool start_line(struct sl_span line, struct sl_http_head *h)
{
	*h = (struct sl_http_head){ .line = line };
	return status_line(line, h) || request_line(line, h);
}

/* The line that begins here is not whole yet. Could it be one? */
static bool may_start(struct sl_span in)
{
	size_t version = in.len < 5 ? in.len : 5, method = method_len(in);
	if (memcmp(in.at, "RTSP/", version) == 0)
		return in.len < 8 || is_version(in.at);
	if (method == in.len)
		return method < METHOD_MOST;
	return method >= 3 && in.at[method] == ' ' &&
	       may_be_target(sl_span_of(in.at + method + 1, in.len - method - 1));
}

static enum sl_parse probe_line(struct sl_span in)
{
	struct sl_http_head h;
	struct sl_span rest = in, line;
	if (!in.len)
		return SL_PARSE_MORE;
	if (!sl_http_line(&rest, &line))
		return in.len < LINE_MOST && may_start(in) ? SL_PARSE_MORE : SL_PARSE_REFUSE;
	return line.len < LINE_MOST && start_line(line, &h) ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	return probe_line(in);
}

/* --- messages --- */

/* A first response (RFC 2326, section 7.1.1): the same request gets another. */
static bool is_interim(const struct sl_http_head *h)
{
	return h->response && h->status / 100 == 1;
}

/* The numbers of the requests that `asker` sends. */
static struct sl_pairs *pairs_of(struct rtsp *r, unsigned asker)
{
	if (!r->known) {
		r->known = true;
		r->first = (uint8_t)asker;
		r->pairs[1] = (struct sl_pairs){ OTHERS_FIRST, OTHERS_FIRST };
	}
	return &r->pairs[asker != r->first];
}

static void message_over(struct sl_talk *t, enum sl_file_end how)
{
	struct rtsp *r = t->state;
	struct rtsp_side *s = side_of(t), *other = &r->side[!t->side];
	struct sl_body *body = s->body;
	s->body = NULL;
	s->left = 0;
	t->at->phase = HEAD;
	sl_body_end(t, body, how);
	if (!s->open)
		return;
	s->open = false;
	const struct sl_pairs *pairs = pairs_of(r, s->response ? !t->side : t->side);
	bool wanted = s->response ? sl_pairs_early(pairs, s->tx) : !sl_pairs_answered(pairs, s->tx);
	if (!wanted && !(other->open && other->tx == s->tx))
		sl_talk_tx_end(t, s->tx);
}

/* These a server alone sends (RFC 2326, section 10.10; RFC 7826, section 13.5). */
static bool is_servers(const struct sl_http_head *h)
{
	return sl_http_is(h->method, "REDIRECT") || sl_http_is(h->method, "PLAY_NOTIFY");
}

/* Hands a head on. Responses are counted apart. */
static void head_done(struct sl_talk *t, const struct sl_http_head *h)
{
	static const struct sl_parser responses = { .messages = SL_COUNT_RTSP_RESPONSES };
	struct rtsp_side *s = side_of(t);
	const struct sl_parser *requests = t->parser;
	struct sl_pairs *pairs = pairs_of(t->state, h->response ? !t->side : t->side);
	s->open = !is_interim(h);
	s->response = h->response;
	s->tx = !h->response   ? sl_pairs_ask(t, pairs) :
		is_interim(h) ? pairs->answered + 1 :
				sl_pairs_answer(t, pairs);
	t->tx = s->tx;
	sl_talk_client(t, h->response || is_servers(h) ? !t->side : t->side);
	if (h->response)
		t->parser = &responses;
	sl_talk_done(t);
	t->parser = requests;
}

static void body_begin(struct sl_talk *t, const struct sl_http_head *h)
{
	struct rtsp_side *s = side_of(t);
	if (!sl_http_length(h->kept[SL_KEPT_LENGTH], &s->left) || !s->left) {
		message_over(t, SL_FILE_WHOLE);
		return;
	}
	struct sl_span name = h->response ? sl_span_of(NULL, 0) : sl_http_segment(h->target);
	t->at->phase = BODY;
	s->body = sl_body_new(t, h->kept[SL_KEPT_ENCODING], h->kept[SL_KEPT_TYPE], name,
			      h->response ? SL_FIELD_HTTP_RESPONSE_BODY : SL_FIELD_HTTP_REQUEST_BODY);
}

static enum sl_parse head_take(struct sl_talk *t, struct sl_span in)
{
	struct sl_http_head h;
	struct sl_span line;
	if (!sl_http_line(&in, &line) || !start_line(line, &h))
		return SL_PARSE_REFUSE;
	sl_http_head_fields(t, in, &h);
	head_done(t, &h);
	body_begin(t, &h);
	return SL_PARSE_DONE;
}

/* RFC 2326, section 10.12: "$", the channel (1), the length (2), and so many bytes of media. */
static enum sl_parse frame_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	if (in.len < FRAME_HEADER)
		return t->last ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	*consumed = FRAME_HEADER;
	sl_side_skip(t->at, (uint64_t)in.at[2] << 8 | in.at[3]);
	return SL_PARSE_DONE;
}

static enum sl_parse head_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	while (*consumed < in.len && (in.at[*consumed] == '\r' || in.at[*consumed] == '\n'))
		++*consumed;
	if (*consumed)
		return SL_PARSE_DONE; /* empty lines */
	if (in.at[0] == '$')
		return frame_step(t, in, consumed);
	enum sl_parse p = probe_line(in);
	if (p != SL_PARSE_DONE)
		return t->last ? SL_PARSE_REFUSE : p;
	in.len = in.len < SL_GATHER_MAX ? in.len : SL_GATHER_MAX;
	size_t end = sl_http_head_end(in, t->at->searched);
	if (!end && !t->last)
		return SL_PARSE_MORE;
	*consumed = end ? end : in.len;
	p = head_take(t, sl_span_of(in.at, *consumed));
	if (!end) { /* the rest of such a head, and its body: where they end is not known */
		message_over(t, SL_FILE_LOST);
		t->at->phase = FIND_IN;
	}
	return p;
}

/* --- after a hole --- */

static void lose_place(struct sl_talk *t)
{
	struct rtsp *r = t->state;
	const struct rtsp_side *other = &r->side[!t->side];
	message_over(t, SL_FILE_LOST);
	for (unsigned i = 0; i < 2; i++) {
		struct sl_pairs *pairs = &r->pairs[i];
		bool theirs = other->open && (other->tx >= OTHERS_FIRST) == i;
		sl_pairs_lost(t, pairs, theirs ? other->tx : 0);
	}
	t->at->phase = FIND;
}

static bool lost(struct sl_talk *t, uint64_t bytes)
{
	struct rtsp_side *s = side_of(t);
	t->tx = s->tx;
	if (t->at->phase == BODY && bytes <= s->left) {
		s->left -= bytes;
		sl_body_lost(t, s->body);
		if (!s->left)
			message_over(t, SL_FILE_LOST);
		return true;
	}
	lose_place(t);
	return true;
}

/* --- the stream --- */

static enum sl_parse body_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct rtsp_side *s = side_of(t);
	size_t n = s->left < in.len ? (size_t)s->left : in.len;
	sl_body_data(t, s->body, sl_span_of(in.at, n));
	s->left -= n;
	*consumed = n;
	if (!s->left)
		message_over(t, SL_FILE_WHOLE);
	return SL_PARSE_DONE;
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	static const struct sl_http_search search = { probe_line, FIND, FIND_IN, HEAD };
	struct rtsp_side *s = side_of(t);
	enum sl_parse p = SL_PARSE_DONE;
	t->tx = s->tx;
	if (s->begun && !t->at->searched)
		lose_place(t); /* what was gathered is gone: a hole, or no buffers */
	if (t->at->phase == FIND || t->at->phase == FIND_IN)
		p = sl_http_search(t, in, consumed, &search);
	else if (t->at->phase == BODY)
		p = body_step(t, in, consumed);
	if (p == SL_PARSE_DONE && !*consumed && t->at->phase == HEAD)
		p = head_step(t, in, consumed);
	s->begun = p == SL_PARSE_MORE;
	if (s->begun)
		sl_side_searched(t->at, in.len < SL_GATHER_MAX ? in.len : SL_GATHER_MAX);
	return p;
}

static void forget(struct sl_talk *t)
{
	unsigned side = t->side;
	struct sl_side *at = t->at;
	for (unsigned i = 0; i < 2; i++) {
		t->side = i;
		t->at = &t->slot->side[i];
		t->tx = side_of(t)->tx;
		bool ended = t->flow->side[i].flags & SL_SIDE_FIN && t->flow->side[i].flags & SL_SIDE_ENDED;
		message_over(t, ended ? SL_FILE_CUT : SL_FILE_LOST);
	}
	t->side = side;
	t->at = at;
}

const struct sl_parser sl_rtsp_parser = {
	.state_bytes = sizeof(struct rtsp),
	.messages = SL_COUNT_RTSP_REQUESTS,
	.probe = probe,
	.stream = stream,
	.lost = lost,
	.forget = forget,
};
