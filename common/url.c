/* URLs and request targets in the form they are compared in (RFC 3986, 6.2.2 and 6.2.3).
 *
 * Beyond the RFC, and on both sides alike, so that an author's URL meets the traffic's: a user name
 * and the host's trailing dots are dropped, and a byte that may not stand in a URL (a space, a
 * quote, UTF-8, a lone '%') is percent-encoded. The normal form of a normal form is itself. Targets
 * are hostile: every loop ends with its input, every write is checked. No state. */
#include <arpa/inet.h>
#include <selat/text.h>
#include <selat/url.h>
#include <stdio.h>

enum { HOST_MAX = 255, SHOWN_MAX = 160 };

struct writer {
	char *out;
	size_t room, len; /* len < room: the NUL always fits */
	bool full;
};

struct url {
	const char *scheme; /* "http" */
	struct sl_span host;
	struct sl_span path, query; /* query begins with '?', or is empty */
	unsigned port;              /* 0: none named */
	unsigned fallback;          /* the port if none is named; 0: the scheme's */
};

static const struct scheme {
	const char *name;
	unsigned port;
} schemes[] = { { "http", 80 }, { "https", 443 }, { "ftp", 21 }, { "rtsp", 554 } };

static void put(struct writer *w, uint8_t c)
{
	if (w->len + 1 < w->room)
		w->out[w->len++] = (char)c;
	else
		w->full = true;
}

static void put_text(struct writer *w, const char *text)
{
	for (; *text; text++)
		put(w, (uint8_t)*text);
}

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_unreserved(uint8_t c)
{
	return is_alnum(c) || (c != 0 && strchr("-._~", c));
}

/* What stands in a path or a query as it is (RFC 3986, 3.3 and 3.4). */
static bool is_plain(uint8_t c)
{
	return is_alnum(c) || (c != 0 && strchr("-._~!$&'()*+,;=:@/?", c));
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that begins at s.at[i]: decoded if it is a valid escape. Moves i behind it. */
static uint8_t take_byte(struct sl_span s, size_t *i, bool *escaped)
{
	uint8_t c = s.at[(*i)++];

	*escaped = false;
	if (c != '%' || s.len - *i < 2)
		return c;
	int high = hex_digit(s.at[*i]), low = hex_digit(s.at[*i + 1]);
	if (high < 0 || low < 0)
		return c;
	*i += 2;
	*escaped = true;
	return (uint8_t)(high << 4 | low);
}

static void put_component(struct writer *w, struct sl_span s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len && !w->full;) {
		bool escaped;
		uint8_t c = take_byte(s, &i, &escaped);

		if (escaped ? is_unreserved(c) : is_plain(c)) {
			put(w, c);
			continue;
		}
		put(w, '%');
		put(w, (uint8_t)hex[c >> 4]);
		put(w, (uint8_t)hex[c & 15]);
	}
}

/* Resolves "." and ".." in place, and with `merge` "//" too. Each pass of the loop moves one
 * segment down or takes back what an earlier one wrote, so the work is linear. Path begins with
 * '/'. */
static size_t path_resolve(uint8_t *path, size_t len, bool merge)
{
	size_t to = 0;

	for (size_t from = 0; from < len;) {
		const uint8_t *segment = path + from + 1;
		const uint8_t *slash = memchr(segment, '/', len - from - 1);
		size_t n = slash ? (size_t)(slash - segment) : len - from - 1;
		bool dot = n == 1 && segment[0] == '.';
		bool dots = n == 2 && segment[0] == '.' && segment[1] == '.';

		from += 1 + n;
		if (dots) {
			while (to > 0 && path[--to] != '/')
				;
		}
		if (dot || dots)
			n = 0;
		if ((dot || dots || (merge && n == 0)) && slash)
			continue;
		path[to] = '/';
		if (path + to + 1 != segment) /* nothing went so far */
			memmove(path + to + 1, segment, n);
		to += 1 + n;
	}
	return to;
}

/* An IPv6 address in the one form inet_ntop gives it, in brackets. */
static const char *put_ipv6(struct writer *w, struct sl_span text)
{
	char address[INET6_ADDRSTRLEN], canonical[INET6_ADDRSTRLEN];
	struct in6_addr bytes;

	if (text.len == 0 || text.len >= sizeof address || memchr(text.at, 0, text.len))
		return "a bad address as host";
	memcpy(address, text.at, text.len);
	address[text.len] = '\0';
	if (inet_pton(AF_INET6, address, &bytes) != 1)
		return "a bad address as host";
	put(w, '[');
	put_text(w, inet_ntop(AF_INET6, &bytes, canonical, sizeof canonical));
	put(w, ']');
	return NULL;
}

static const char *put_host(struct writer *w, struct sl_span host)
{
	if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		return put_ipv6(w, sl_span_of(host.at + 1, host.len - 2));
	if (host.len > 0 && memchr(host.at, ':', host.len))
		return put_ipv6(w, host); /* the server's address, as a connection has it */

	size_t start = w->len;
	for (size_t i = 0; i < host.len && w->len - start <= HOST_MAX;) {
		bool escaped;
		uint8_t c = take_byte(host, &i, &escaped);

		if (!is_unreserved(c))
			return c >= 0x80 ? "only ASCII in a host: write it as xn--…"
					 : "a character that no host has";
		put(w, c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		if (w->full)
			return "too long";
	}
	while (w->len > start && w->out[w->len - 1] == '.')
		w->len--; /* all: what is left must be its own normal form */
	if (w->len - start > HOST_MAX)
		return "a host longer than 255 characters";
	return w->len == start ? "no host" : NULL;
}

/* Splits a ":port" off a host. A bare IPv6 address stays whole: its last group is no port. */
static const char *split_port(struct sl_span *host, unsigned *port)
{
	*port = 0;
	if (host->len == 0)
		return NULL;

	const uint8_t *colon = memrchr(host->at, ':', host->len);
	const uint8_t *end = host->at + host->len;
	if (!colon || memchr(colon, ']', (size_t)(end - colon)))
		return NULL;
	if (host->at[0] != '[' && memchr(host->at, ':', (size_t)(colon - host->at)))
		return NULL;
	for (const uint8_t *p = colon + 1; p < end; p++) {
		if (*p < '0' || *p > '9')
			return "the port is no number";
		*port = *port * 10 + (unsigned)(*p - '0');
		if (*port > 65535)
			return "the port is above 65535";
	}
	if (colon + 1 < end && *port == 0)
		return "port 0";
	host->len = (size_t)(colon - host->at);
	return NULL;
}

static size_t find_any(struct sl_span s, size_t from, const char *stops)
{
	while (from < s.len && (s.at[from] == 0 || !strchr(stops, s.at[from])))
		from++;
	return from;
}

static void split_target(struct url *url, struct sl_span target)
{
	size_t end = find_any(target, 0, "#");
	size_t path = find_any(sl_span_of(target.at, end), 0, "?");

	url->path = sl_span_of(target.at, path);
	url->query = sl_span_of(target.at + path, end - path);
}

/* The length of "scheme://" at the beginning, 0 if there is none. Any scheme. */
static size_t scheme_len(struct sl_span s)
{
	size_t i = 0;

	while (i < s.len &&
	       (is_alnum(s.at[i]) || (i > 0 && s.at[i] != 0 && strchr("+-.", s.at[i]))))
		i++;
	return i > 0 && s.len - i >= 3 && memcmp(s.at + i, "://", 3) == 0 ? i + 3 : 0;
}

static const struct scheme *scheme_find(struct sl_span name)
{
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		if (strlen(schemes[i].name) == name.len &&
		    strncasecmp(schemes[i].name, (const char *)name.at, name.len) == 0)
			return &schemes[i];
	}
	return NULL;
}

/* Splits an absolute URL. Returns what is wrong with it, or NULL. */
static const char *split_absolute(struct url *url, struct sl_span text)
{
	size_t start = scheme_len(text);

	if (start == 0)
		return "not absolute: it begins with http://, https://, ftp:// or rtsp://";

	const struct scheme *scheme = scheme_find(sl_span_of(text.at, start - 3));
	if (!scheme)
		return "only http, https, ftp and rtsp are known";

	size_t end = find_any(text, start, "/?#");
	struct sl_span authority = sl_span_of(text.at + start, end - start);
	const uint8_t *at = authority.len > 0 ? memrchr(authority.at, '@', authority.len) : NULL;
	if (at)
		authority = sl_span_of(at + 1, (size_t)(authority.at + authority.len - at - 1));

	url->scheme = scheme->name;
	url->host = authority;
	url->fallback = 0;
	split_target(url, sl_span_of(text.at + end, text.len - end));
	return split_port(&url->host, &url->port);
}

static const char *url_write(struct writer *w, const struct url *url)
{
	const struct scheme *scheme = scheme_find(sl_span_str(url->scheme));
	unsigned port = url->port ? url->port : url->fallback;

	if (!scheme)
		return "only http, https, ftp and rtsp are known";
	put_text(w, scheme->name);
	put_text(w, "://");
	const char *problem = put_host(w, url->host);
	if (problem)
		return problem;
	if (port && port != scheme->port) {
		char text[16];

		snprintf(text, sizeof text, ":%u", port);
		put_text(w, text);
	}

	size_t start = w->len;
	if (url->path.len == 0)
		put(w, '/');
	put_component(w, url->path);
	if (w->full)
		return "too long";
	w->len = start + path_resolve((uint8_t *)w->out + start, w->len - start, false);
	put_component(w, url->query);
	if (w->full)
		return "too long";
	w->out[w->len] = '\0';
	return NULL;
}

int sl_url_parse(const char *text, char *out, size_t room, struct sl_err *err)
{
	struct writer w = { .out = out, .room = room };
	struct url url;
	const char *problem = NULL;

	for (const char *p = text; *p && !problem; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			problem = "a space or control character: write it as %HH";
	}
	if (!problem)
		problem = split_absolute(&url, sl_span_str(text));
	if (!problem)
		problem = url_write(&w, &url);
	if (problem) {
		char shown[SHOWN_MAX];

		sl_text_escape(shown, sizeof shown, sl_span_str(text), true);
		return sl_fail(err, SL_EFORMAT, "\"%s\" is no URL to compare: %s", shown, problem);
	}
	return SL_OK;
}

size_t sl_url_request(char *out, size_t room, const char *scheme, struct sl_span host,
		      uint16_t port, struct sl_span target)
{
	struct writer w = { .out = out, .room = room };
	struct url url = { .scheme = scheme, .host = host, .fallback = port };
	const char *problem;

	if (target.len == 0)
		return 0;
	if (target.at[0] == '/') {
		split_target(&url, target);
		problem = split_port(&url.host, &url.port);
	} else {
		problem = split_absolute(&url, target); /* to a proxy: it says all by itself */
	}
	if (problem || url_write(&w, &url))
		return 0;
	return w.len;
}

/* Percent-decoded; what stands between escapes is copied as a whole. */
static size_t unescape(uint8_t *out, struct sl_span s, size_t from)
{
	size_t len = 0;

	while (from < s.len) {
		const uint8_t *sign = memchr(s.at + from, '%', s.len - from);
		size_t plain = sign ? (size_t)(sign - s.at) - from : s.len - from;
		bool escaped;

		memcpy(out + len, s.at + from, plain);
		len += plain;
		from += plain;
		if (sign)
			out[len++] = take_byte(s, &from, &escaped);
	}
	return len;
}

size_t sl_uri_normal(uint8_t *out, struct sl_span target)
{
	size_t skip = scheme_len(target);
	size_t len = 0;

	if (skip > 0) {
		skip = find_any(target, skip, "/?#");
		if (skip == target.len || target.at[skip] != '/')
			out[len++] = '/'; /* where the scheme stood: there is room */
	}
	size_t end = find_any(target, skip, "?#");

	len += unescape(out + len, sl_span_of(target.at, end), skip);
	if (len > 0 && out[0] == '/')
		len = path_resolve(out, len, true);
	return len + unescape(out + len, target, end);
}
