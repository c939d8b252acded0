/* HTTP/1 (RFC 9112), requests and responses, each side by itself; what a side needs of the other is a
 * queue of the requests that wait. Heads are gathered until they are whole, bodies flow through. After
 * a hole whose place is not known, a start line is looked for at each line. HTTP in datagrams (SSDP) is
 * a head with what follows it. Per worker. */
#include <sensor/inspect/http.h>
#include <sensor/inspect/inspect_internal.h>

static struct sl_http_side *side_of(const struct sl_talk *t)
{
	struct sl_http *http = t->state;
	return &http->side[t->side];
}

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	return sl_http_probe(in, SL_HTTP_UNKNOWN);
}

/* --- heads --- */

/* An interim response: the same request gets another (RFC 9110, section 15.2). */
static bool is_interim(const struct sl_http_head *h)
{
	return h->response && h->status / 100 == 1 && h->status != 101;
}

static void message_begin(struct sl_talk *t, const struct sl_http_head *h)
{
	struct sl_http *http = t->state;
	struct sl_http_side *s = side_of(t);
	s->open = !is_interim(h);
	s->response = h->response;
	s->tx = !h->response	? sl_pairs_ask(t, &http->pairs) :
		is_interim(h) ? http->pairs.answered + 1 :
				sl_pairs_answer(t, &http->pairs);
	t->tx = s->tx;
}

/* Hands a head on. Responses are counted apart. */
static void head_done(struct sl_talk *t, const struct sl_http_head *h)
{
	static const struct sl_parser responses = { .messages = SL_COUNT_HTTP_RESPONSES };
	const struct sl_parser *requests = t->parser;
	message_begin(t, h);
	sl_talk_client(t, h->response ? !t->side : t->side);
	if (h->response)
		t->parser = &responses;
	sl_talk_done(t);
	t->parser = requests;
}

/* A response that makes the connection something else: a tunnel (RFC 9110, section 9.3.6; without its
 * request, by the words that proxies use) or an upgrade (section 7.8). */
static bool switches(const struct sl_http_head *h, const struct sl_http_asked *asked)
{
	if (h->status == 101)
		return true;
	if (h->status / 100 != 2)
		return false;
	if (asked)
		return asked->what == SL_ASKED_CONNECT;
	return sl_http_is(h->reason, "Connection established") && !h->kept[SL_KEPT_LENGTH].len &&
	       !h->kept[SL_KEPT_TRANSFER].len;
}

static enum sl_parse switch_over(struct sl_talk *t, const struct sl_http_head *h)
{
	if (h->status == 101 && sl_http_upgrade(t, h))
		return SL_PARSE_DONE;
	if (h->status != 101 || !sl_http_has_element(h->kept[SL_KEPT_UPGRADE], "websocket")) {
		sl_talk_anew(t);
		return SL_PARSE_DONE;
	}
	sl_http_body_end(t, SL_FILE_WHOLE);
	t->slot->side[!t->side].phase = SL_HTTP_OPAQUE;
	return SL_PARSE_FINISH;
}

/* Does the main reading pass over what others do not? `in` begins with what is not a status line to all. */
static bool is_simple(struct sl_span in)
{
	return in.len < 5 || memcmp(in.at, "HTTP/", 5) != 0;
}

/* in: the head with what was passed over in front of it. */
static enum sl_parse response_done(struct sl_talk *t, const struct sl_http_head *h, struct sl_span in)
{
	if (is_interim(h))
		return SL_PARSE_DONE;
	struct sl_http_asked *asked = sl_http_asked_get(t);
	bool over = switches(h, asked), simple = asked && is_simple(in);
	if (!over)
		sl_http_body_begin(t, h, asked);
	if (!over && (h->odd || simple)) {
		struct sl_http_main as = { in, h, asked, SL_HTTP_HEAD, 0 };
		struct sl_span encoding;
		as.framing = sl_http_framing(t, h, asked, &encoding, &as.length);
		sl_http_others_begin(t, &as, simple);
	}
	sl_hold_give(t->inspect, asked);
	return over ? switch_over(t, h) : SL_PARSE_DONE;
}

/* A head, whole or cut, behind `over` bytes that are passed over. What of a cut one is still to come is
 * stepped over. */
static enum sl_parse head_take(struct sl_talk *t, struct sl_span all, size_t over, bool awaited, bool cut)
{
	struct sl_http_head h;
	struct sl_span in = sl_span_of(all.at + over, all.len - over);
	struct sl_http_side *s = side_of(t);
	if (s->open)
		sl_http_body_end(t, SL_FILE_LOST);
	sl_http_others_settle(t);
	if (!sl_http_head_read(t, in, awaited, &h))
		return SL_PARSE_REFUSE;
	head_done(t, &h);
	if (!h.response) {
		sl_http_asked_put(t, &h);
		sl_http_upgrade_keep(t, &h, in);
		if (!sl_http_is(h.method, "CONNECT"))
			sl_http_body_begin(t, &h, NULL);
	} else if (response_done(t, &h, all) == SL_PARSE_FINISH) {
		return SL_PARSE_FINISH;
	}
	if (t->parser != &sl_http_parser)
		return SL_PARSE_DONE; /* it is another protocol now */
	if (cut) {
		s->after = t->at->phase == SL_HTTP_MAYBE ? s->after : t->at->phase;
		t->at->phase = SL_HTTP_REST_IN;
	} else if (t->at->phase == SL_HTTP_HEAD) {
		sl_http_body_end(t, SL_FILE_WHOLE); /* it has none */
	}
	return SL_PARSE_DONE;
}

/* A client that upgraded to HTTP/2 begins with this (RFC 9113, section 3.4); the 101 may not have been seen. */
static enum sl_parse http2_begins(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	size_t whole = sizeof preface - 1, n = in.len < whole ? in.len : whole;
	if (memcmp(in.at, preface, n) != 0)
		return SL_PARSE_REFUSE;
	if (n < whole)
		return t->last ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	*consumed = whole;
	sl_talk_anew(t);
	return SL_PARSE_DONE;
}

static enum sl_parse head_step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	const struct sl_http *http = t->state;
	bool awaited = http->first != NULL;
	size_t slop;
	while (*consumed < in.len && (in.at[*consumed] == '\r' || in.at[*consumed] == '\n'))
		++*consumed;
	if (*consumed)
		return SL_PARSE_DONE; /* empty lines */
	if (http2_begins(t, in, consumed) != SL_PARSE_REFUSE)
		return *consumed ? SL_PARSE_DONE : SL_PARSE_MORE;
	if (sl_http_slop(t, in, &slop) == SL_PARSE_MORE)
		return SL_PARSE_MORE;
	struct sl_span head = sl_span_of(in.at + slop, in.len - slop);
	enum sl_parse p = sl_http_probe(head, awaited ? SL_HTTP_AWAITED : SL_HTTP_KNOWN);
	if (p == SL_PARSE_REFUSE || (p == SL_PARSE_MORE && t->last))
		return sl_http_simple(t, in, consumed);
	head.len = head.len < SL_GATHER_MAX ? head.len : SL_GATHER_MAX;
	size_t end = sl_http_head_end(head, t->at->searched > slop ? t->at->searched - slop : 0);
	if (!end && !t->last)
		return SL_PARSE_MORE;
	*consumed = slop + (end ? end : head.len);
	return head_take(t, sl_span_of(in.at, *consumed), slop, awaited, !end);
}

/* --- after a hole --- */

static void lose_place(struct sl_talk *t)
{
	struct sl_http *http = t->state;
	const struct sl_http_side *other = &http->side[!t->side];
	sl_http_body_end(t, SL_FILE_LOST);
	sl_http_asked_clear(t); /* who knows which of them were answered */
	sl_http_others_end(t, false);
	sl_pairs_lost(t, &http->pairs, other->open ? other->tx : 0);
	t->at->phase = SL_HTTP_FIND;
}

enum sl_parse sl_http_search(struct sl_talk *t, struct sl_span in, size_t *consumed,
			     const struct sl_http_search *how)
{
	struct sl_span rest = in, line;
	for (;;) {
		if (t->at->phase == how->find && rest.len) {
			enum sl_parse p = t->last ? SL_PARSE_REFUSE : how->probe(rest);
			*consumed = in.len - rest.len;
			if (p == SL_PARSE_MORE)
				return *consumed ? SL_PARSE_DONE : SL_PARSE_MORE;
			if (p == SL_PARSE_DONE) {
				t->at->phase = how->head & 15u;
				return SL_PARSE_DONE;
			}
		}
		*consumed = in.len;
		if (!rest.len)
			return SL_PARSE_DONE;
		bool ends = sl_http_line(&rest, &line);
		t->at->phase = (ends ? how->find : how->find_in) & 15u;
		if (!ends)
			return SL_PARSE_DONE;
	}
}

static bool lost(struct sl_talk *t, uint64_t bytes)
{
	struct sl_http_side *s = side_of(t);
	t->tx = s->tx;
	sl_http_others_end(t, false);
	if (t->at->phase == SL_HTTP_MAYBE)
		t->at->phase = s->after & 15u;
	if (t->at->phase == SL_HTTP_CLOSE) {
		sl_body_lost(t, s->body);
		return true;
	}
	bool body = t->at->phase == SL_HTTP_LENGTH || t->at->phase == SL_HTTP_DATA;
	if (body && bytes <= s->left) {
		s->left -= bytes;
		sl_body_lost(t, s->body);
		if (!s->left && t->at->phase == SL_HTTP_DATA)
			t->at->phase = SL_HTTP_DATA_END;
		else if (!s->left)
			sl_http_body_end(t, SL_FILE_LOST);
		return true;
	}
	if (t->at->phase != SL_HTTP_OPAQUE)
		lose_place(t);
	return true;
}

/* --- the stream --- */

static enum sl_parse step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	static const struct sl_http_search search = { sl_http_probe_strict, SL_HTTP_FIND, SL_HTTP_FIND_IN,
						      SL_HTTP_HEAD };
	enum sl_parse p = SL_PARSE_DONE;
	*consumed = 0;
	if (t->at->phase == SL_HTTP_OPAQUE)
		return SL_PARSE_FINISH;
	if (t->at->phase == SL_HTTP_FIND || t->at->phase == SL_HTTP_FIND_IN)
		p = sl_http_search(t, in, consumed, &search);
	else if (t->at->phase != SL_HTTP_HEAD)
		p = sl_http_body_step(t, in, consumed);
	if (p == SL_PARSE_DONE && !*consumed && t->at->phase == SL_HTTP_HEAD)
		p = head_step(t, in, consumed);
	return p;
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_http_side *s = side_of(t);
	t->tx = s->tx;
	if (s->begun && !t->at->searched)
		lose_place(t); /* what was gathered is gone: a hole, or no buffers */
	enum sl_parse p = step(t, in, consumed);
	if (t->parser != &sl_http_parser)
		return p; /* it is another protocol now */
	if (p != SL_PARSE_MORE)
		sl_http_others_data(t, p == SL_PARSE_DONE ? sl_span_of(in.at, *consumed) : in);
	s->begun = p == SL_PARSE_MORE;
	if (s->begun)
		sl_side_searched(t->at, in.len < SL_GATHER_MAX ? in.len : SL_GATHER_MAX);
	if (p == SL_PARSE_REFUSE) /* receivers stop too, with what they have */
		sl_http_body_end(t, SL_FILE_CUT);
	return p;
}

/* The stream ends in the middle of a head: what there is of it was sent all the same. */
static void head_ends(struct sl_talk *t)
{
	uint32_t *buffer = &t->slot->buffer[t->side];
	struct sl_span in = sl_gather_bytes(t->inspect->gather, *buffer);
	size_t consumed = 0;
	t->last = true;
	enum sl_parse p = head_step(t, in, &consumed);
	t->last = false;
	if (p == SL_PARSE_REFUSE)
		return; /* more may come: a FIN may be forged */
	sl_gather_drop(t->inspect->gather, buffer);
	if (t->parser != &sl_http_parser)
		return;
	if (t->flow->side[t->side].flags & SL_SIDE_FIN)
		sl_http_others_end(t, true);
	lose_place(t);
}

/* RFC 9112, section 6.3: what has no length ends with the stream, if the stream ended as it should. */
static void message_ends(struct sl_talk *t)
{
	if (t->at->phase == SL_HTTP_HEAD && t->slot->buffer[t->side]) {
		head_ends(t);
		return;
	}
	if (t->at->phase == SL_HTTP_MAYBE)
		t->at->phase = side_of(t)->after & 15u;
	if (t->at->phase != SL_HTTP_CLOSE)
		return;
	sl_http_body_end(t, t->flow->side[t->side].flags & SL_SIDE_FIN ? SL_FILE_WHOLE : SL_FILE_LOST);
	t->at->phase = SL_HTTP_FIND;
}

static void end(struct sl_talk *t)
{
	t->tx = side_of(t)->tx;
	if (t->flow->side[t->side].flags & SL_SIDE_FIN) {
		sl_http_others_data(t, sl_gather_bytes(t->inspect->gather, t->slot->buffer[t->side]));
		sl_http_others_end(t, true);
	}
	message_ends(t);
}

/* A side that ended its stream in the middle of a body sends no more of it (RFC 9112, section 8). That is
 * certain only when the flow goes: a FIN may be forged. */
static void forget(struct sl_talk *t)
{
	unsigned side = t->side;
	struct sl_side *at = t->at;
	for (unsigned i = 0; i < 2; i++) {
		t->side = i;
		t->at = &t->slot->side[i];
		t->tx = side_of(t)->tx;
		sl_http_others_end(t, false);
		bool ended = t->flow->side[i].flags & SL_SIDE_FIN && t->flow->side[i].flags & SL_SIDE_ENDED;
		sl_http_body_end(t, ended ? SL_FILE_CUT : SL_FILE_LOST);
	}
	t->side = side;
	t->at = at;
	sl_http_asked_clear(t);
	sl_hold_give(t->inspect, ((struct sl_http *)t->state)->upgrade);
}

/* --- datagrams --- */

static bool probe_datagram(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	return sl_http_probe_strict(in) == SL_PARSE_DONE;
}

/* A head, and the rest as its body. What was asked before waits for no answer any more: most are none
 * that ask for one (SSDP's NOTIFY). */
static bool datagram(struct sl_talk *t, struct sl_span in)
{
	struct sl_http_head h;
	struct sl_http *http = t->state;
	struct sl_http_side *s = side_of(t);
	if (sl_http_probe_strict(in) != SL_PARSE_DONE)
		return false;
	size_t end = sl_http_head_end(in, 0);
	if (!sl_http_head_read(t, sl_span_of(in.at, end ? end : in.len), false, &h))
		return false;
	if (!h.response)
		sl_pairs_lost(t, &http->pairs, 0);
	head_done(t, &h);
	if (!end || end == in.len) {
		sl_http_body_end(t, SL_FILE_WHOLE);
		return true;
	}
	sl_http_body_begin(t, &h, NULL);
	struct sl_span rest = sl_span_of(in.at + end, in.len - end);
	if (t->at->phase == SL_HTTP_MAYBE)
		t->at->phase = s->after & 15u;
	if (t->at->phase == SL_HTTP_LENGTH && s->left < rest.len)
		rest.len = (size_t)s->left;
	bool whole = t->at->phase == SL_HTTP_CLOSE || (t->at->phase == SL_HTTP_LENGTH && rest.len == s->left);
	sl_body_data(t, s->body, rest);
	sl_http_body_end(t, whole ? SL_FILE_WHOLE : SL_FILE_LOST);
	return true;
}

const struct sl_parser sl_http_parser = {
	.state_bytes = sizeof(struct sl_http),
	.messages = SL_COUNT_HTTP_REQUESTS,
	.probe = probe,
	.stream = stream,
	.probe_datagram = probe_datagram,
	.datagram = datagram,
	.lost = lost,
	.end = end,
	.forget = forget,
};
