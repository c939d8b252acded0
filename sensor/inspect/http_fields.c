/* The fields that are made of an HTTP head, under Suricata's names and in its forms. What must be
 * composed is composed only where it is wanted. Per worker. */
#include <selat/name.h>
#include <selat/url.h>
#include <sensor/inspect/http.h>
#include <sensor/inspect/mime_part.h>

enum { SINGLES_MOST = 200 /* leaves room for the other values of a message */ };

static void put(uint8_t *to, size_t *n, struct sl_span s)
{
	if (s.len)
		memcpy(to + *n, s.at, s.len);
	*n += s.len;
}

static void put_str(uint8_t *to, size_t *n, const char *s)
{
	put(to, n, sl_span_str(s));
}

static enum sl_field single_field(const struct sl_http_head *h)
{
	return h->response ? SL_FIELD_HTTP_RESPONSE_HEADER : SL_FIELD_HTTP_REQUEST_HEADER;
}

/* A header takes at least its name, a colon and an LF; written anew, at most two bytes more. */
void sl_http_lines_begin(struct sl_talk *t, struct sl_http_lines *l, const struct sl_http_head *h, size_t bytes)
{
	*l = (struct sl_http_lines){ .single = sl_talk_wants(t, single_field(h)) };
	if (sl_talk_wants(t, SL_FIELD_HTTP_HEADER))
		l->all = sl_talk_room(t, bytes * 2);
	if (sl_talk_wants(t, SL_FIELD_HTTP_HEADER_NAMES) && (l->names = sl_talk_room(t, bytes + 4)))
		put_str(l->names, &l->names_len, "\r\n");
}

/* "name: value", as it stands if it was sent so. */
static void single(struct sl_talk *t, struct sl_http_lines *l, const struct sl_http_head *h, struct sl_span name,
		   struct sl_span value)
{
	if (l->singles++ >= SINGLES_MOST) {
		sl_count(sl_talk_counters(t), SL_COUNT_VALUES_LEFT_OUT);
		return;
	}
	if (value.len && value.at == name.at + name.len + 2 && value.at[-1] == ' ') {
		sl_value_add(t, single_field(h), sl_span_of(name.at, name.len + 2 + value.len));
		return;
	}
	uint8_t *at = sl_talk_room(t, name.len + 2 + value.len);
	size_t n = 0;
	if (!at)
		return;
	put(at, &n, name);
	put_str(at, &n, ": ");
	put(at, &n, value);
	sl_value_add(t, single_field(h), sl_span_of(at, n));
}

void sl_http_lines_add(struct sl_talk *t, struct sl_http_lines *l, const struct sl_http_head *h,
		       struct sl_span name, struct sl_span value)
{
	if (l->names) {
		put(l->names, &l->names_len, name);
		put_str(l->names, &l->names_len, "\r\n");
	}
	/* cookies have a field of their own, and are not in this one */
	if (l->all && !sl_http_is(name, h->response ? "set-cookie" : "cookie")) {
		put(l->all, &l->all_len, name);
		put_str(l->all, &l->all_len, ": ");
		put(l->all, &l->all_len, value);
		put_str(l->all, &l->all_len, "\r\n");
	}
	if (l->single)
		single(t, l, h, name, value);
}

void sl_http_lines_end(struct sl_talk *t, struct sl_http_lines *l)
{
	if (l->all && l->all_len)
		sl_value_add(t, SL_FIELD_HTTP_HEADER, sl_span_of(l->all, l->all_len));
	if (l->names && l->names_len > 2) {
		put_str(l->names, &l->names_len, "\r\n");
		sl_value_add(t, SL_FIELD_HTTP_HEADER_NAMES, sl_span_of(l->names, l->names_len));
	}
}

/* The same bytes as other fields' once more: scanned only where they are wanted. */
static void whole_line(struct sl_talk *t, const struct sl_http_head *h)
{
	enum sl_field field = h->response ? SL_FIELD_HTTP_RESPONSE_LINE : SL_FIELD_HTTP_REQUEST_LINE;
	if (sl_talk_wants(t, SL_FIELD_HTTP_PROTOCOL))
		sl_value_add(t, SL_FIELD_HTTP_PROTOCOL, h->version);
	if (sl_talk_wants(t, field))
		sl_value_add(t, field, h->line);
}

static void response_fields(struct sl_talk *t, const struct sl_http_head *h)
{
	if (h->code.len)
		sl_value_add(t, SL_FIELD_HTTP_STAT_CODE, h->code);
	if (h->reason.len)
		sl_value_add(t, SL_FIELD_HTTP_STAT_MSG, h->reason);
	whole_line(t, h);
}

void sl_http_start_fields(struct sl_talk *t, const struct sl_http_head *h)
{
	if (h->response) {
		response_fields(t, h);
		return;
	}
	sl_value_add(t, SL_FIELD_HTTP_METHOD, h->method);
	sl_value_add(t, SL_FIELD_HTTP_URI_RAW, h->target);
	uint8_t *normal = sl_talk_room(t, h->target.len);
	if (normal)
		sl_value_add(t, SL_FIELD_HTTP_URI, sl_span_of(normal, sl_uri_normal(normal, h->target)));
	whole_line(t, h);
}

/* The authority of an absolute target ("http://host:80/x"), which outranks the Host header
 * (RFC 9112, section 3.2.2), or of CONNECT's ("host:443"). */
static struct sl_span authority_of(const struct sl_http_head *h)
{
	struct sl_span target = h->target;
	if (sl_http_is(h->method, "CONNECT"))
		return target;
	bool path = target.len && target.at[0] == '/'; /* as most are */
	const uint8_t *p = path ? NULL : memmem(target.at, target.len, "://", 3);
	if (!p)
		return sl_span_of(NULL, 0);
	p += 3;
	size_t left = (size_t)(target.at + target.len - p), n = 0;
	while (n < left && p[n] != '/' && p[n] != '?' && p[n] != '#')
		n++;
	return sl_span_of(p, n);
}

/* A host without its port and user; the brackets of an IPv6 address stay. */
static struct sl_span bare(struct sl_span host)
{
	const uint8_t *at = host.len ? memrchr(host.at, '@', host.len) : NULL;
	if (at)
		host = sl_span_of(at + 1, (size_t)(host.at + host.len - at - 1));
	const uint8_t *colon = host.len ? memrchr(host.at, ':', host.len) : NULL;
	const uint8_t *bracket = host.len ? memrchr(host.at, ']', host.len) : NULL;
	if (colon && (!bracket || bracket < colon))
		host.len = (size_t)(colon - host.at);
	return host;
}

void sl_http_host_field(struct sl_talk *t, const struct sl_http_head *h)
{
	if (h->response)
		return;
	struct sl_span raw = authority_of(h);
	raw = bare(raw.len ? raw : h->kept[SL_KEPT_HOST]);
	char *host = raw.len ? (char *)sl_talk_room(t, raw.len + 1) : NULL;
	size_t n = host ? sl_name_normal(host, raw.len + 1, raw) : 0;
	if (n)
		sl_value_add(t, SL_FIELD_HTTP_HOST, sl_span_of(host, n));
}

/* Without a Host the server's address stands for it. */
void sl_http_url_field(struct sl_talk *t, const struct sl_http_head *h, unsigned client)
{
	enum { PORT_HTTP = 80, LONGER = 3 /* a byte as an escape */, EXTRAS = 64 /* scheme, address, port */ };
	struct sl_span host = h->kept[SL_KEPT_HOST];
	size_t room = (h->target.len + host.len) * LONGER + EXTRAS;
	room = room < SL_URL_MAX ? room : SL_URL_MAX;
	if (h->response || !sl_talk_wants(t, SL_FIELD_HTTP_URL))
		return;
	char *url = (char *)sl_talk_room(t, room);
	if (!url)
		return;
	struct sl_flow_moment now;
	struct sl_flow_view view;
	char address[SL_ADDRESS_TEXT];
	sl_flow_moment(t->flow, &now);
	now.client = client & 1;
	sl_flow_view_at(t->flow, &now, &view);
	if (!host.len)
		host = sl_span_str(sl_address_format(address, &view.dst));
	size_t n = sl_url_request(url, room, t->parser == &sl_rtsp_parser ? "rtsp" : "http", host,
				  view.dport ? view.dport : PORT_HTTP, h->target);
	if (n)
		sl_value_add(t, SL_FIELD_HTTP_URL, sl_span_of(url, n));
}

/* --- names of files --- */

struct sl_span sl_http_segment(struct sl_span target)
{
	size_t end = 0, begin = 0;
	const uint8_t *p = memmem(target.at, target.len, "://", 3);
	if (p && target.at[0] != '/') {
		size_t skip = (size_t)(p + 3 - target.at);
		target = sl_span_of(target.at + skip, target.len - skip);
		p = target.len ? memchr(target.at, '/', target.len) : NULL;
		if (!p)
			return sl_span_of(NULL, 0);
		skip = (size_t)(p - target.at);
		target = sl_span_of(p, target.len - skip);
	}
	for (; end < target.len && target.at[end] != '?' && target.at[end] != '#'; end++)
		if (target.at[end] == '/')
			begin = end + 1;
	return begin < end ? sl_span_of(target.at + begin, end - begin) : sl_span_of(NULL, 0);
}

/* RFC 6266, section 4.3: filename* outranks filename. Parameters are those of MIME. */
struct sl_span sl_http_file_name(struct sl_talk *t, struct sl_span disposition, struct sl_span otherwise)
{
	uint8_t *name = disposition.len ? sl_talk_room(t, SL_MIME_NAME_MAX) : NULL;
	size_t n = 0;
	bool cut;
	if (name && sl_mime_param(disposition, "filename", name, SL_MIME_NAME_MAX, &n, &cut) && n)
		return sl_span_of(name, n);
	return otherwise;
}
