/* Links in a mail's text, found as it comes: http and https URLs in plain text, the values of href and
 * src in HTML. Each is handed on as a transaction of its own. */
#include <ctype.h>
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/mime_part.h>
#include <strings.h>

enum { LINK_MAX = 2048 };
enum where { OUTSIDE, NAME, EQUALS, VALUE };

/* Text: `at` gathers what may be the scheme, then the URL. HTML: an attribute's name, then its value. */
struct sl_mime_links {
	enum where where;
	bool html;
	uint8_t before; /* the last byte outside */
	uint8_t quote;  /* that ends the value; 0: white space or ">" does */
	size_t n;
	uint8_t at[LINK_MAX];
};

struct sl_mime_links *sl_mime_links_new(struct sl_talk *t)
{
	return sl_talk_wants(t, SL_FIELD_EMAIL_URL)
		       ? sl_hold_take(t->inspect, sizeof(struct sl_mime_links))
		       : NULL;
}

void sl_mime_links_begin(struct sl_mime_links *l, bool html)
{
	l->where = OUTSIDE;
	l->html = html;
	l->before = ' ';
	l->n = 0;
}

static bool is_web(const uint8_t *at, size_t n)
{
	return (n > 7 && strncasecmp((const char *)at, "http://", 7) == 0) ||
	       (n > 8 && strncasecmp((const char *)at, "https://", 8) == 0);
}

static void link_out(struct sl_talk *t, struct sl_mime_links *l, unsigned *left)
{
	const struct sl_inspect_sink *sink = &t->inspect->config.sink;
	struct sl_value value = { SL_FIELD_EMAIL_URL, sl_span_of(l->at, l->n) };
	if (!is_web(l->at, l->n))
		return;
	if (!*left) {
		sl_count(sl_talk_counters(t), SL_COUNT_VALUES_LEFT_OUT);
		return;
	}
	--*left;
	sink->transaction(sink->ctx, t->flow, t->side, t->tx, &value, 1);
}

/* --- plain text --- */

/* What ends a sentence or closes a bracket does not belong to the link before it; a bracket that was
 * opened within does. */
static void punctuation_cut(struct sl_mime_links *l)
{
	size_t open = 0, closed = 0;
	for (size_t i = 0; i < l->n; i++) {
		open += l->at[i] == '(';
		closed += l->at[i] == ')';
	}
	while (l->n) {
		uint8_t c = l->at[l->n - 1];
		if (!c || !strchr(".,;:!?'*_)]}", c) || (c == ')' && closed <= open))
			return;
		closed -= c == ')';
		l->n--;
	}
}

static bool scheme_goes_on(const struct sl_mime_links *l)
{
	size_t n = l->n;
	const char *at = (const char *)l->at;
	return strncasecmp(at, "http://", n < 7 ? n : 7) == 0 ||
	       strncasecmp(at, "https://", n < 8 ? n : 8) == 0;
}

static void text_byte(struct sl_talk *t, struct sl_mime_links *l, uint8_t c, unsigned *left)
{
	if (c <= ' ' || c == 0x7f || strchr("<>\"`", c)) {
		punctuation_cut(l);
		link_out(t, l, left);
		l->n = 0;
		l->before = ' ';
		return;
	}
	if (l->n && l->n < LINK_MAX)
		l->at[l->n++] = c;
	if (!scheme_goes_on(l))
		l->n = 0;
	if (!l->n && tolower(c) == 'h' && !isalnum(l->before))
		l->at[l->n++] = c;
	l->before = c;
}

/* --- HTML --- */

/* The number of "&#38;", "&#x26;" or of a name that stands in URLs; 0: no such. *len: of all. */
static uint32_t entity_read(struct sl_span in, size_t *len)
{
	const uint8_t *end = memchr(in.at, ';', in.len < 10 ? in.len : 10);
	uint32_t code = 0;
	if (!end)
		return 0;
	*len = (size_t)(end - in.at) + 1;
	if (*len == 5 && memcmp(in.at, "&amp;", 5) == 0)
		return '&';
	if (*len < 4 || in.at[1] != '#')
		return 0;
	bool hex = (in.at[2] | 0x20) == 'x';
	for (const uint8_t *p = in.at + 2 + hex; p < end; p++) {
		if (!(hex ? isxdigit(*p) : isdigit(*p)))
			return 0;
		code = code * (hex ? 16 : 10) +
		       (uint32_t)(isdigit(*p) ? *p - '0' : tolower(*p) - 'a' + 10);
	}
	return code < 0x80 ? code : 0; /* others stay as they are: they do not make up a host */
}

/* White space around goes, and line ends and tabs within (as browsers do), entities are undone. */
static void value_clean(struct sl_mime_links *l)
{
	size_t n = 0, len;
	for (size_t i = 0; i < l->n; i++) {
		uint8_t c = l->at[i];
		uint32_t code = c == '&' ? entity_read(sl_span_of(l->at + i, l->n - i), &len) : 0;
		if (code) {
			c = (uint8_t)code;
			i += len - 1;
		}
		if (c == '\t' || c == '\r' || c == '\n' || (c == ' ' && n == 0))
			continue;
		l->at[n++] = c;
	}
	while (n && l->at[n - 1] == ' ')
		n--;
	l->n = n;
}

/* A scheme; or "href", "src". */
static bool may_begin(const struct sl_mime_links *l, uint8_t c)
{
	return (c | 0x20) == 'h' || (l->html && (c | 0x20) == 's');
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool attribute_is_link(const struct sl_mime_links *l)
{
	return (l->n == 4 && strncasecmp((const char *)l->at, "href", 4) == 0) ||
	       (l->n == 3 && strncasecmp((const char *)l->at, "src", 3) == 0);
}

static void value_end(struct sl_talk *t, struct sl_mime_links *l, unsigned *left)
{
	value_clean(l);
	link_out(t, l, left);
	l->where = OUTSIDE;
	l->before = ' ';
	l->n = 0;
}

static void value_byte(struct sl_talk *t, struct sl_mime_links *l, uint8_t c, unsigned *left)
{
	if (l->quote ? c == l->quote : is_space(c) || c == '>')
		value_end(t, l, left);
	else if (l->n < LINK_MAX)
		l->at[l->n++] = c;
}

static void name_byte(struct sl_mime_links *l, uint8_t c)
{
	if (isalpha(c) && l->n < 5) {
		l->at[l->n++] = c;
	} else if (attribute_is_link(l) && (c == '=' || is_space(c))) {
		l->where = c == '=' ? VALUE : EQUALS;
		l->n = 0;
		l->quote = 0;
		l->before = '=';
	} else {
		l->where = OUTSIDE;
		l->before = c;
		l->n = 0;
	}
}

static void html_byte(struct sl_talk *t, struct sl_mime_links *l, uint8_t c, unsigned *left)
{
	switch (l->where) {
	case VALUE:
		if (l->n || l->quote) {
			value_byte(t, l, c, left);
		} else if (c == '"' || c == '\'') {
			l->quote = c;
		} else if (!is_space(c)) {
			value_byte(t, l, c, left);
		}
		return;
	case EQUALS:
		if (is_space(c))
			return;
		l->where = c == '=' ? VALUE : OUTSIDE;
		l->before = c;
		return;
	case NAME:
		name_byte(l, c);
		return;
	default:
		if (may_begin(l, c) &&
		    (is_space(l->before) || (l->before && strchr("/\"'", l->before)))) {
			l->where = NAME;
			l->at[0] = c;
			l->n = 1;
		}
		l->before = c;
	}
}

/* Most bytes: none that may begin anything. */
static size_t outside_skip(struct sl_mime_links *l, struct sl_span in)
{
	size_t n = 0;
	while (n < in.len && !may_begin(l, in.at[n]))
		n++;
	if (n)
		l->before = in.at[n - 1];
	return n;
}

void sl_mime_links_data(struct sl_talk *t, struct sl_mime_links *l, struct sl_span bytes, unsigned *left)
{
	for (size_t i = 0; l && i < bytes.len; i++) {
		if (!l->n && l->where == OUTSIDE)
			i += outside_skip(l, sl_span_of(bytes.at + i, bytes.len - i));
		if (i == bytes.len)
			return;
		if (l->html)
			html_byte(t, l, bytes.at[i], left);
		else
			text_byte(t, l, bytes.at[i], left);
	}
}

void sl_mime_links_end(struct sl_talk *t, struct sl_mime_links *l, unsigned *left)
{
	if (!l->html) {
		punctuation_cut(l);
		link_out(t, l, left);
	} else if (l->where == VALUE) {
		value_end(t, l, left);
	}
}
