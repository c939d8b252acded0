/* HTTP/1 requests (RFC 9112): the request line and the headers; bodies are stepped over by their
 * length or chunks, so that the next request of a connection is found. A line may end in a bare LF
 * (RFC 9112, section 2.2). */
#include <ctype.h>
#include <selat/name.h>
#include <selat/url.h>
#include <sensor/inspect/parse.h>
#include <strings.h>

enum { METHOD_MAX = 32, LINE_MAX_BYTES = 60000 /* less than a sl_scratch holds */, BLANK_MAX = 16 };
enum phase { HEAD, BODY, CHUNK_SIZE, CHUNK_END, TRAILER };

/* One line without its end; *line.at is the rest. False: no end in sight. */
static bool line_cut(struct sl_span *in, struct sl_span *line)
{
	const uint8_t *end = in->len ? memchr(in->at, '\n', in->len) : NULL;
	if (!end)
		return false;
	size_t len = (size_t)(end - in->at);
	*line = sl_span_of(in->at, len && in->at[len - 1] == '\r' ? len - 1 : len);
	*in = sl_span_of(end + 1, in->len - len - 1);
	return true;
}

static bool is_token(uint8_t c)
{
	return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* The method at the start of a request line: its length, 0 if there is none, or -1 if the bytes end
 * before it does. */
static int method_len(struct sl_span in)
{
	for (size_t i = 0; i < in.len && i <= METHOD_MAX; i++) {
		if (in.at[i] == ' ')
			return i ? (int)i : 0;
		if (!is_token(in.at[i]))
			return 0;
	}
	return in.len <= METHOD_MAX ? -1 : 0;
}

/* Where " HTTP/1.1" begins at the end of a request line; 0: it does not end so. */
static size_t version_at(struct sl_span line)
{
	while (line.len && line.at[line.len - 1] == ' ')
		line.len--;
	if (line.len < 9 || memcmp(line.at + line.len - 9, " HTTP/", 6) != 0)
		return 0;
	const uint8_t *v = line.at + line.len - 3;
	return isdigit(v[0]) && v[1] == '.' && isdigit(v[2]) ? line.len - 9 : 0;
}

/* RFC 9112, section 2.2: ignore empty lines before a request. */
static struct sl_span without_blank(struct sl_span in, size_t most)
{
	size_t n = 0;
	while (n < in.len && n < most && (in.at[n] == '\r' || in.at[n] == '\n'))
		n++;
	return sl_span_of(in.at + n, in.len - n);
}

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	static const char response[] = { 'H', 'T', 'T', 'P', '/', '1', '.' };
	struct sl_span line;
	in = without_blank(in, BLANK_MAX);
	if (!in.len)
		return SL_PARSE_MORE;
	struct sl_span rest = in;
	size_t n = in.len < sizeof response ? in.len : sizeof response;
	if (memcmp(in.at, response, n) == 0)
		return n < sizeof response ? SL_PARSE_MORE : SL_PARSE_DONE;
	int method = method_len(in);
	if (method == 0)
		return SL_PARSE_REFUSE;
	if (!line_cut(&rest, &line))
		return in.len < LINE_MAX_BYTES ? SL_PARSE_MORE : SL_PARSE_REFUSE;
	if (line.len > LINE_MAX_BYTES)
		return SL_PARSE_REFUSE;
	return method > 0 && version_at(line) > (size_t)method ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

static struct sl_span trim(struct sl_span s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = sl_span_of(s.at + 1, s.len - 1);
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static bool is_name(struct sl_span name, const char *what)
{
	return name.len == strlen(what) && strncasecmp((const char *)name.at, what, name.len) == 0;
}

/* What of a head decides where the next request begins, and the host that it names. */
struct head {
	struct sl_span host;
	uint64_t length;
	bool chunked;
};

static uint64_t number_read(struct sl_span s, unsigned base)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s.len && isxdigit(s.at[i]); i++) {
		int digit = isdigit(s.at[i]) ? s.at[i] - '0' : tolower(s.at[i]) - 'a' + 10;
		if (digit >= (int)base)
			break;
		if (n > UINT64_MAX / 32)
			return UINT64_MAX / 2;
		n = n * base + (unsigned)digit;
	}
	return n;
}

static void header_take(struct head *h, struct sl_span name, struct sl_span value,
			struct sl_talk *t)
{
	if (is_name(name, "host")) {
		sl_value_add_few(t, SL_FIELD_HTTP_HOST_RAW, value);
		if (!h->host.at)
			h->host = value;
	} else if (is_name(name, "user-agent")) {
		sl_value_add_few(t, SL_FIELD_HTTP_USER_AGENT, value);
	} else if (is_name(name, "content-length")) {
		h->length = number_read(value, 10);
	} else if (is_name(name, "transfer-encoding")) {
		h->chunked = value.len >= 7 &&
			     strncasecmp((const char *)value.at + value.len - 7, "chunked", 7) == 0;
	}
}

static void headers_read(struct sl_span in, struct head *h, struct sl_talk *t)
{
	struct sl_span line;
	while (line_cut(&in, &line) && line.len) {
		const uint8_t *colon = memchr(line.at, ':', line.len);
		if (!colon)
			continue;
		size_t n = (size_t)(colon - line.at);
		struct sl_span name = trim(sl_span_of(line.at, n));
		header_take(h, name, trim(sl_span_of(colon + 1, line.len - n - 1)), t);
	}
}

/* The authority of an absolute target ("http://host:80/x"), which outranks the Host header
 * (RFC 9112, section 3.2.2). */
static struct sl_span authority_of(struct sl_span target)
{
	const uint8_t *p = memmem(target.at, target.len, "://", 3);
	if (!p || target.at[0] == '/')
		return sl_span_of(NULL, 0);
	p += 3;
	size_t left = (size_t)(target.at + target.len - p), n = 0;
	while (n < left && p[n] != '/' && p[n] != '?' && p[n] != '#')
		n++;
	return sl_span_of(p, n);
}

/* A host without its port; the brackets of an IPv6 address stay. */
static struct sl_span without_port(struct sl_span host)
{
	const uint8_t *colon = host.len ? memrchr(host.at, ':', host.len) : NULL;
	const uint8_t *bracket = host.len ? memrchr(host.at, ']', host.len) : NULL;
	if (colon && (!bracket || bracket < colon))
		host.len = (size_t)(colon - host.at);
	return host;
}

static void request_line(struct sl_span line, struct head *h, struct sl_talk *t)
{
	int method = method_len(line);
	size_t end = version_at(line);
	if (method <= 0 || end <= (size_t)method)
		return;
	struct sl_span target = trim(sl_span_of(line.at + method, end - (size_t)method));
	sl_value_add(t, SL_FIELD_HTTP_METHOD, sl_span_of(line.at, (size_t)method));
	if (!target.len)
		return;
	sl_value_add(t, SL_FIELD_HTTP_URI_RAW, target);
	uint8_t *normal = sl_talk_room(t, target.len);
	if (normal)
		sl_value_add(t, SL_FIELD_HTTP_URI, sl_span_of(normal, sl_uri_normal(normal, target)));
	h->host = authority_of(target);
	if (!h->host.len)
		h->host.at = NULL;
}

/* Where the empty line ends that ends a head; 0: not here. Looks only at what was not searched. */
static size_t head_end(struct sl_span in, uint32_t searched)
{
	size_t from = searched > 3 && searched <= in.len ? searched - 3 : 0;
	for (const uint8_t *p = in.at + from; (p = memchr(p, '\n', (size_t)(in.at + in.len - p)));) {
		size_t at = (size_t)(p - in.at) + 1;
		if (at < in.len && in.at[at] == '\n')
			return at + 1;
		if (at + 1 < in.len && in.at[at] == '\r' && in.at[at + 1] == '\n')
			return at + 2;
		p++;
	}
	return 0;
}

static enum sl_parse head_parse(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_span line;
	struct head h = { 0 };
	struct sl_span all = in;
	in = without_blank(all, SIZE_MAX);
	size_t blank = all.len - in.len;
	if (!in.len) {
		*consumed = blank;
		return SL_PARSE_DONE;
	}
	if (probe(t, in) == SL_PARSE_REFUSE)
		return SL_PARSE_REFUSE;
	size_t end = head_end(in, t->at->searched);
	if (!end && !t->last) {
		sl_side_searched(t->at, in.len);
		return SL_PARSE_MORE;
	}
	in.len = end ? end : in.len;
	*consumed = blank + in.len;
	if (!line_cut(&in, &line))
		return SL_PARSE_REFUSE;
	request_line(line, &h, t);
	headers_read(in, &h, t);
	if (h.host.len) {
		struct sl_span raw = without_port(h.host);
		char *host = (char *)sl_talk_room(t, raw.len + 1);
		size_t n = host ? sl_name_normal(host, raw.len + 1, raw) : 0;
		if (n)
			sl_value_add(t, SL_FIELD_HTTP_HOST, sl_span_of(host, n));
	}
	t->at->phase = h.chunked ? CHUNK_SIZE : HEAD;
	sl_side_skip(t->at, h.chunked ? 0 : h.length);
	sl_talk_client(t, t->side);
	sl_talk_done(t);
	return SL_PARSE_DONE;
}

/* RFC 9112, section 7.1: chunk = size in hex, extensions, CRLF, data, CRLF; the last has size 0 and
 * is followed by trailer lines and an empty one. */
static enum sl_parse chunk_parse(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_span rest = in, line;
	if (!line_cut(&rest, &line))
		return t->last ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	*consumed = in.len - rest.len;
	if (t->at->phase == TRAILER) {
		if (!line.len)
			t->at->phase = HEAD;
	} else if (t->at->phase == CHUNK_END) {
		t->at->phase = CHUNK_SIZE;
	} else {
		if (!line.len || !isxdigit(line.at[0]))
			return SL_PARSE_REFUSE;
		sl_side_skip(t->at, number_read(line, 16));
		t->at->phase = t->at->skip ? CHUNK_END : TRAILER;
	}
	return SL_PARSE_DONE;
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	if (in.len >= 7 && t->at->phase == HEAD && memcmp(in.at, "HTTP/1.", 7) == 0)
		return SL_PARSE_FINISH; /* the server's side: its requests are on the other */
	return t->at->phase == HEAD ? head_parse(t, in, consumed) : chunk_parse(t, in, consumed);
}

const struct sl_parser sl_http_parser = { .messages = SL_COUNT_HTTP_REQUESTS, .probe = probe,
					  .stream = stream };
