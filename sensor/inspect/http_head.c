/* HTTP/1 heads (RFC 9112, sections 3 to 5): the start line and the headers, in one pass. Lenient as
 * servers are: more than one blank, a blank before the colon, folded lines; not in what makes it HTTP:
 * the version, which keeps SIP, RTSP (rtsp.c) and ICAP apart. Per worker. */
#include <sensor/inspect/http.h>

enum {
	METHOD_MAX = 32,
	LINE_MAX_BYTES = 60000, /* of a start line; less than is gathered */
	STRICT_LINE_MAX = 4096,
	LOOK_BYTES = 1024, /* are looked at again whenever more of an unfinished line comes */
	BLANK_MAX = 16,
};

static bool is_token(uint8_t c)
{
	uint8_t low = c | 0x20;
	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
	       (c > ' ' && c < 0x7f && strchr("!#$%&'*+-.^_`|~", c));
}

/* "HTTP/1.1" and such. HTTP/2 has another form; its preface looks like this one's. */
static bool is_version(const uint8_t *v)
{
	return memcmp(v, "HTTP/", 5) == 0 && (v[5] == '0' || v[5] == '1') && v[6] == '.' && isdigit(v[7]);
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

/* Bytes up to a blank, of which some clients take VT and FF for one too. */
static struct sl_span word(struct sl_span *s)
{
	size_t n = 0, from = 0;
	while (from < s->len && isspace(s->at[from]))
		from++;
	while (from + n < s->len && !isspace(s->at[from + n]))
		n++;
	struct sl_span w = sl_span_of(s->at + from, n);
	*s = sl_span_of(s->at + from + n, s->len - from - n);
	return w;
}

static bool is_http(struct sl_span in)
{
	return in.len >= 5 && toupper(in.at[0]) == 'H' && strncasecmp((const char *)in.at, "HTTP/", 5) == 0;
}

/* status-line = HTTP-version SP status-code SP [ reason-phrase ]. Where a request waits for it, whatever
 * begins with "HTTP/" is one, in small letters too, as it is for clients; a status that is no number is 0
 * then. */
static bool status_line(struct sl_span line, bool awaited, struct sl_http_head *h)
{
	struct sl_span rest = line;
	h->version = word(&rest);
	h->code = word(&rest);
	h->reason = sl_http_trim(rest);
	const uint8_t *c = h->code.at;
	bool number = h->code.len == 3 && isdigit(c[0]) && isdigit(c[1]) && isdigit(c[2]);
	h->status = number ? (unsigned)(c[0] - '0') * 100 + (unsigned)(c[1] - '0') * 10 + (unsigned)(c[2] - '0') : 0;
	h->response = true;
	h->line = line;
	return awaited || (h->status >= 100 && h->version.len == 8 && is_version(line.at) && line.at[8] == ' ');
}

/* request-line = method SP request-target SP HTTP-version */
static bool request_line(struct sl_span line, struct sl_http_head *h)
{
	h->line = line;
	line = sl_http_trim(line);
	int method = method_len(line);
	if (method <= 0 || line.len < (size_t)method + 10 || !is_version(line.at + line.len - 8) ||
	    line.at[line.len - 9] != ' ')
		return false;
	h->method = sl_span_of(line.at, (size_t)method);
	h->target = sl_http_trim(sl_span_of(line.at + method, line.len - 8 - (size_t)method));
	h->version = sl_span_of(line.at + line.len - 8, 8);
	return h->target.len > 0;
}

static bool start_line(struct sl_span line, bool awaited, struct sl_http_head *h)
{
	*h = (struct sl_http_head){ 0 };
	if (is_http(line) && status_line(line, awaited, h))
		return true;
	if (h->version.len)
		*h = (struct sl_http_head){ 0 };
	return request_line(line, h);
}

/* Without a hint no control character stands in a request line: so far, or in all of it. */
static bool is_clean(struct sl_span line, int method)
{
	size_t look = line.len < LOOK_BYTES ? line.len : LOOK_BYTES;
	for (size_t i = method > 0 ? (size_t)method : look; i < look; i++)
		if (line.at[i] < ' ' && line.at[i] != '\t' && !(line.at[i] == '\r' && i + 1 == line.len))
			return false;
	return true;
}

/* The line that begins here is not whole yet. Could it be one? */
static enum sl_parse start_of_line(struct sl_span in, enum sl_http_hint hint)
{
	bool awaited = hint == SL_HTTP_AWAITED;
	size_t n = in.len < 5 ? in.len : 5;
	if (awaited ? strncasecmp((const char *)in.at, "HTTP/", n) == 0 : memcmp(in.at, "HTTP/", n) == 0) {
		bool other = !awaited && in.len > 8 && (!is_version(in.at) || in.at[8] != ' ');
		return in.len > LINE_MAX_BYTES || other ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	}
	int method = method_len(in);
	if (method == 0 || in.len > LINE_MAX_BYTES)
		return SL_PARSE_REFUSE;
	return hint == SL_HTTP_UNKNOWN && !is_clean(in, method) ? SL_PARSE_REFUSE : SL_PARSE_MORE;
}

/* RFC 9112, section 2.2: ignore empty lines before a request. */
static struct sl_span without_blank(struct sl_span in)
{
	size_t n = 0;
	while (n < in.len && n < BLANK_MAX && (in.at[n] == '\r' || in.at[n] == '\n'))
		n++;
	return sl_span_of(in.at + n, in.len - n);
}

enum sl_parse sl_http_probe(struct sl_span in, enum sl_http_hint hint)
{
	struct sl_http_head h;
	struct sl_span rest = without_blank(in), line;
	if (!rest.len)
		return SL_PARSE_MORE;
	int method = method_len(rest); /* of most streams, the first bytes tell that it is none */
	if (method == 0 && toupper(rest.at[0]) != 'H')
		return SL_PARSE_REFUSE;
	struct sl_span start = rest;
	if (!sl_http_line(&rest, &line))
		return start_of_line(start, hint);
	if (line.len > LINE_MAX_BYTES || !start_line(line, hint == SL_HTTP_AWAITED, &h))
		return SL_PARSE_REFUSE;
	bool doubtful = hint == SL_HTTP_UNKNOWN && !h.response;
	return doubtful && !is_clean(line, method) ? SL_PARSE_REFUSE : SL_PARSE_DONE;
}

/* What begins a method or a target that may be believed in without context. */
static bool is_plain(const struct sl_http_head *h)
{
	for (size_t i = 0; i < h->method.len; i++)
		if (!isupper(h->method.at[i]) && h->method.at[i] != '-' && h->method.at[i] != '_')
			return false;
	struct sl_span to = h->target;
	return h->method.len >= 3 && memchr(to.at, ' ', to.len) == NULL &&
	       (to.at[0] == '/' || sl_http_is(to, "*") || memmem(to.at, to.len, "://", 3) ||
		sl_http_is(h->method, "CONNECT"));
}

enum sl_parse sl_http_probe_strict(struct sl_span in)
{
	struct sl_http_head h;
	struct sl_span rest = in, line;
	if (in.len && !isupper(in.at[0]) && (!in.at[0] || !strchr("-_ \t", in.at[0])))
		return SL_PARSE_REFUSE; /* as is_plain will say of the method */
	if (!sl_http_line(&rest, &line))
		return in.len && in.len < STRICT_LINE_MAX ? start_of_line(in, SL_HTTP_UNKNOWN) : SL_PARSE_REFUSE;
	if (line.len >= STRICT_LINE_MAX || !start_line(line, false, &h))
		return SL_PARSE_REFUSE;
	return h.response || (is_plain(&h) && is_clean(line, method_len(line))) ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

bool sl_http_element(struct sl_span *list, struct sl_span *element)
{
	while (list->len) {
		const uint8_t *comma = memchr(list->at, ',', list->len);
		size_t n = comma ? (size_t)(comma - list->at) : list->len;
		size_t step = comma ? n + 1 : n;
		const uint8_t *semicolon = memchr(list->at, ';', n);
		struct sl_span e = sl_span_of(list->at, semicolon ? (size_t)(semicolon - list->at) : n);
		while (e.len && e.at[e.len - 1] <= ' ') /* a NUL too, which hides a coding from some */
			e.len--;
		*element = sl_http_trim(e);
		*list = sl_span_of(list->at + step, list->len - step);
		if (element->len)
			return true;
	}
	return false;
}

bool sl_http_has_element(struct sl_span list, const char *what)
{
	struct sl_span element;
	while (sl_http_element(&list, &element))
		if (sl_http_is(element, what))
			return true;
	return false;
}

/* --- headers --- */

/* Known headers: the field in a request, in a response (SL_FIELD_COUNT: none), and what is kept. */
struct known {
	const char *name;
	size_t len;
	enum sl_field request, response;
	enum sl_http_kept keep;
};
#define NAME(text) text, sizeof(text) - 1
static const struct known known[] = {
	{ NAME("host"), SL_FIELD_HTTP_HOST_RAW, SL_FIELD_COUNT, SL_KEPT_HOST },
	{ NAME("user-agent"), SL_FIELD_HTTP_USER_AGENT, SL_FIELD_COUNT, SL_KEPT_COUNT },
	{ NAME("referer"), SL_FIELD_HTTP_REFERER, SL_FIELD_COUNT, SL_KEPT_COUNT },
	{ NAME("cookie"), SL_FIELD_HTTP_COOKIE, SL_FIELD_COUNT, SL_KEPT_COUNT },
	{ NAME("set-cookie"), SL_FIELD_COUNT, SL_FIELD_HTTP_COOKIE, SL_KEPT_COUNT },
	{ NAME("location"), SL_FIELD_COUNT, SL_FIELD_HTTP_LOCATION, SL_KEPT_COUNT },
	{ NAME("server"), SL_FIELD_COUNT, SL_FIELD_HTTP_SERVER, SL_KEPT_COUNT },
	{ NAME("connection"), SL_FIELD_HTTP_CONNECTION, SL_FIELD_HTTP_CONNECTION, SL_KEPT_COUNT },
	{ NAME("content-type"), SL_FIELD_HTTP_CONTENT_TYPE, SL_FIELD_HTTP_CONTENT_TYPE, SL_KEPT_TYPE },
	{ NAME("content-length"), SL_FIELD_COUNT, SL_FIELD_COUNT, SL_KEPT_LENGTH },
	{ NAME("content-encoding"), SL_FIELD_COUNT, SL_FIELD_COUNT, SL_KEPT_ENCODING },
	{ NAME("transfer-encoding"), SL_FIELD_COUNT, SL_FIELD_COUNT, SL_KEPT_TRANSFER },
	{ NAME("content-disposition"), SL_FIELD_COUNT, SL_FIELD_COUNT, SL_KEPT_DISPOSITION },
	{ NAME("upgrade"), SL_FIELD_COUNT, SL_FIELD_COUNT, SL_KEPT_UPGRADE },
};

static const struct known *known_find(struct sl_span name)
{
	int first = name.len ? tolower(name.at[0]) : 0;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].len == name.len && known[i].name[0] == first &&
		    strncasecmp(known[i].name, (const char *)name.at, name.len) == 0)
			return &known[i];
	return NULL;
}

/* a, then b, as one list. */
static struct sl_span joined(struct sl_talk *t, struct sl_span a, struct sl_span b)
{
	uint8_t *at = sl_talk_room(t, a.len + b.len + 2);
	if (!at)
		return a;
	memcpy(at, a.at, a.len);
	memcpy(at + a.len, ", ", 2);
	memcpy(at + a.len + 2, b.at, b.len);
	return sl_span_of(at, a.len + b.len + 2);
}

static void keep(struct sl_talk *t, struct sl_span *kept, enum sl_http_kept which, struct sl_span value)
{
	bool list = which == SL_KEPT_ENCODING || which == SL_KEPT_TRANSFER;
	if (!value.len)
		return;
	if (!kept->len)
		*kept = value;
	else if (list && kept->len < 256)
		*kept = joined(t, *kept, value);
}

void sl_http_header_keep(struct sl_talk *t, struct sl_http_head *h, struct sl_span name, struct sl_span value)
{
	const struct known *k = known_find(name);
	if (k && k->keep != SL_KEPT_COUNT)
		keep(t, &h->kept[k->keep], k->keep, value);
}

void sl_http_header_take(struct sl_talk *t, struct sl_http_head *h, struct sl_span name, struct sl_span value)
{
	const struct known *k = known_find(name);
	if (!k)
		return;
	enum sl_field field = h->response ? k->response : k->request;
	if (field != SL_FIELD_COUNT)
		sl_value_add_few(t, field, value);
	if (k->keep != SL_KEPT_COUNT)
		keep(t, &h->kept[k->keep], k->keep, value);
}

bool sl_http_is_header(struct sl_span line)
{
	size_t n = 0;
	while (n < line.len && is_token(line.at[n]))
		n++;
	return n && n < line.len && line.at[n] == ':';
}

/* RFC 9112, section 5.2: a line that begins with a blank goes on with the one before; what folds it
 * counts as one blank. */
static struct sl_span unfolded(struct sl_talk *t, struct sl_span raw)
{
	uint8_t *at = sl_talk_room(t, raw.len);
	size_t n = 0;
	if (!at)
		return sl_span_of(NULL, 0);
	for (size_t i = 0; i < raw.len;) {
		if (raw.at[i] != '\n') {
			at[n++] = raw.at[i++];
			continue;
		}
		while (n && (at[n - 1] == '\r' || at[n - 1] == ' ' || at[n - 1] == '\t'))
			n--;
		while (i < raw.len && (raw.at[i] == '\n' || raw.at[i] == ' ' || raw.at[i] == '\t'))
			i++;
		at[n++] = ' ';
	}
	return sl_span_of(at, n);
}

/* The next header, folded lines and all. False: the head ends. */
static bool header_next(struct sl_talk *t, struct sl_span *in, struct sl_span *header)
{
	if (!sl_http_line(in, header) || !header->len) /* of a head that was cut, the last line is left out */
		return false;
	const uint8_t *begin = header->at;
	struct sl_span more;
	bool folded = false;
	while (in->len && (in->at[0] == ' ' || in->at[0] == '\t') && sl_http_line(in, &more)) {
		*header = sl_span_of(begin, (size_t)(more.at + more.len - begin));
		folded = true;
	}
	if (folded)
		*header = unfolded(t, *header);
	return true;
}

void sl_http_head_fields(struct sl_talk *t, struct sl_span in, struct sl_http_head *h)
{
	struct sl_span header;
	struct sl_http_lines lines;
	sl_http_start_fields(t, h);
	sl_http_lines_begin(t, &lines, h, in.len);
	while (header_next(t, &in, &header)) {
		if (h->response)
			h->odd = h->odd || !sl_http_is_header(header) || sl_http_has_invalid(header);
		const uint8_t *colon = header.len ? memchr(header.at, ':', header.len) : NULL;
		if (!colon)
			continue;
		size_t n = (size_t)(colon - header.at);
		while (n && isspace(header.at[n - 1])) /* a bare CR counts as a blank (RFC 9112, section 2.2) */
			n--;
		struct sl_span name = sl_http_trim(sl_span_of(header.at, n));
		struct sl_span value = sl_http_trim(sl_span_of(colon + 1, (size_t)(header.at + header.len - colon - 1)));
		sl_http_header_take(t, h, name, value);
		sl_http_lines_add(t, &lines, h, name, value);
	}
	sl_http_host_field(t, h);
	sl_http_url_field(t, h, t->side);
	sl_http_lines_end(t, &lines);
}

bool sl_http_head_read(struct sl_talk *t, struct sl_span in, bool awaited, struct sl_http_head *h)
{
	struct sl_span line;
	in = without_blank(in);
	if (!sl_http_line(&in, &line) || !start_line(line, awaited, h))
		return false;
	sl_http_head_fields(t, in, h);
	return true;
}

size_t sl_http_head_end(struct sl_span in, size_t searched)
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
