/* What a header block of HTTP/2 says (RFC 9113, section 8), in the fields of HTTP/1: pseudo-headers take the
 * start line's place, and stand among the headers as they were sent. Trailers say nothing. Per worker. */
#include <sensor/inspect/http2.h>

static const char protocol[] = "HTTP/2";

static struct sl_span put(uint8_t *to, size_t *n, struct sl_span s)
{
	if (s.len)
		memcpy(to + *n, s.at, s.len);
	*n += s.len;
	return s;
}

/* "a b c" and CRLF: Suricata's form of a line that HTTP/2 does not have. */
static struct sl_span line_of(struct sl_talk *t, struct sl_span a, struct sl_span b, struct sl_span c)
{
	size_t n = 0;
	uint8_t *at = sl_talk_room(t, a.len + b.len + c.len + 4);
	if (!at)
		return sl_span_of(NULL, 0);
	put(at, &n, a);
	at[n++] = ' ';
	put(at, &n, b);
	if (c.len) {
		at[n++] = ' ';
		put(at, &n, c);
	}
	put(at, &n, sl_span_str("\r\n"));
	return sl_span_of(at, n);
}

struct pseudo {
	struct sl_span method, path, authority, status;
};

static struct pseudo pseudo_of(const struct sl_h2_block *b)
{
	struct pseudo p = { 0 };
	struct sl_span name, value;
	for (uint32_t at = 0; sl_h2_block_next(b, &at, &name, &value);) {
		if (!name.len || name.at[0] != ':')
			continue;
		struct sl_span *to = sl_http_is(name, ":method")      ? &p.method
				     : sl_http_is(name, ":path")      ? &p.path
				     : sl_http_is(name, ":authority") ? &p.authority
				     : sl_http_is(name, ":status")    ? &p.status
								      : NULL;
		if (to && !to->len)
			*to = value;
	}
	return p;
}

/* A cookie may be split into several headers; it is the whole that HTTP/1 knows (RFC 9113, section 8.2.3). */
static void cookie_add(struct sl_talk *t, const struct sl_h2_block *b)
{
	struct sl_span name, value;
	size_t bytes = 0, n = 0;
	for (uint32_t at = 0; sl_h2_block_next(b, &at, &name, &value);)
		bytes += sl_http_is(name, "cookie") ? value.len + 2 : 0;
	uint8_t *all = bytes ? sl_talk_room(t, bytes) : NULL;
	if (!all)
		return;
	for (uint32_t at = 0; sl_h2_block_next(b, &at, &name, &value);)
		if (sl_http_is(name, "cookie")) {
			if (n)
				put(all, &n, sl_span_str("; "));
			put(all, &n, value);
		}
	sl_value_add(t, SL_FIELD_HTTP_COOKIE, sl_span_of(all, n));
}

/* Cookies come as one; a Host that says what :authority says is no other value. */
static bool taken_otherwise(const struct sl_http_head *head, struct sl_span name, struct sl_span value)
{
	struct sl_span host = head->kept[SL_KEPT_HOST];
	if (head->response)
		return false;
	return sl_http_is(name, "cookie") || (sl_http_is(name, "host") && host.len && host.len == value.len &&
					      memcmp(host.at, value.at, host.len) == 0);
}

static void headers_add(struct sl_talk *t, struct sl_http_head *head, const struct sl_h2_block *b)
{
	struct sl_http_lines lines;
	struct sl_span name, value;
	sl_http_lines_begin(t, &lines, head, b->used);
	for (uint32_t at = 0; sl_h2_block_next(b, &at, &name, &value);) {
		if (!taken_otherwise(head, name, value))
			sl_http_header_take(t, head, name, value);
		sl_http_lines_add(t, &lines, head, name, value);
	}
	if (!head->response)
		cookie_add(t, b);
	struct sl_http_head named = *head;
	named.method = sl_span_of(NULL, 0); /* of CONNECT too, the host is that of :authority */
	sl_http_host_field(t, &named);
	sl_http_lines_end(t, &lines);
}

/* False: the block is neither a request's nor a response's. */
static bool head_of(struct sl_talk *t, const struct sl_h2_block *b, struct sl_http_head *head)
{
	struct pseudo p = pseudo_of(b);
	*head = (struct sl_http_head){ .version = sl_span_str(protocol) };
	if (p.method.len) {
		bool connect = sl_http_is(p.method, "CONNECT") && !p.path.len;
		head->method = p.method;
		head->target = connect ? p.authority : p.path;
		head->line = line_of(t, p.method, head->target, head->version);
		head->kept[SL_KEPT_HOST] = p.authority;
		return head->target.len && head->line.len;
	}
	const uint8_t *s = p.status.at;
	if (p.status.len != 3 || !isdigit(s[0]) || !isdigit(s[1]) || !isdigit(s[2]))
		return false;
	head->response = true;
	head->status = (unsigned)(s[0] - '0') * 100 + (unsigned)(s[1] - '0') * 10 + (unsigned)(s[2] - '0');
	head->code = p.status;
	head->line = line_of(t, head->version, p.status, sl_span_of(NULL, 0));
	return head->line.len > 0;
}

/* The name of the response's file is the request's, who may be on the other side. */
static void request_remember(struct sl_talk *t, const struct sl_http_head *head, uint32_t id, bool ends)
{
	bool tunnel = sl_http_is(head->method, "CONNECT");
	struct sl_span name = sl_http_segment(head->target);
	bool named = name.len && sl_talk_wants(t, SL_FIELD_FILE_NAME);
	struct sl_h2_stream *s = tunnel || named ? sl_h2_stream_get(t, id) : NULL;
	if (!s)
		return;
	s->tunnel = tunnel;
	s->ended[t->side] = ends;
	sl_h2_stream_named(t, s, name);
}

static void body_begin(struct sl_talk *t, const struct sl_http_head *head, uint32_t id)
{
	struct sl_h2_stream *s = sl_h2_stream_get(t, id);
	if (!s || s->tunnel || s->body[t->side])
		return;
	struct sl_span name = sl_http_file_name(t, head->kept[SL_KEPT_DISPOSITION], sl_span_of(s->name, s->name_len));
	s->body[t->side] = sl_body_new(t, head->kept[SL_KEPT_ENCODING], head->kept[SL_KEPT_TYPE], name,
				       head->response ? SL_FIELD_HTTP_RESPONSE_BODY
						      : SL_FIELD_HTTP_REQUEST_BODY);
}

void sl_h2_message(struct sl_talk *t, uint32_t id)
{
	struct sl_h2_side *side = sl_h2_side_of(t);
	struct sl_http_head head;
	t->tx = id;
	if (head_of(t, &side->block, &head)) {
		sl_http_start_fields(t, &head);
		/* there is none (section 8.3.2): it is empty, not absent */
		if (head.response && sl_talk_wants(t, SL_FIELD_HTTP_STAT_MSG))
			sl_value_add(t, SL_FIELD_HTTP_STAT_MSG, sl_span_of(NULL, 0));
		if (!head.response && head.kept[SL_KEPT_HOST].len)
			sl_value_add(t, SL_FIELD_HTTP_HOST_RAW, head.kept[SL_KEPT_HOST]);
		headers_add(t, &head, &side->block);
		unsigned client = head.response || side->block_pushed ? !t->side : t->side;
		sl_http_url_field(t, &head, client);
		sl_talk_client(t, client);
		sl_talk_done(t);
		if (!head.response)
			request_remember(t, &head, id, side->block_ends || side->block_pushed);
		if (!side->block_ends && !side->block_pushed && (!head.response || head.status >= 200))
			body_begin(t, &head, id);
		struct sl_h2_stream *s = sl_h2_stream_find(t->state, id);
		if (s && head.response && head.status >= 200)
			s->answered = true;
	}
	sl_h2_block_drop(t, &side->block);
	if (side->block_ends)
		sl_h2_stream_end(t, id);
}
