/* The headers of a MIME part (RFC 2045, RFC 2183): which kind it is, how it is coded, what it is called.
 * Parameters in all their forms: tokens, quoted strings, RFC 2231's pieces and charsets. */
#include <sensor/inspect/mime_part.h>
#include <sensor/inspect/text.h>
#include <stdio.h>

enum {
	PIECES_MAX = 32, /* of a parameter */
	PARAM_NAME_MAX = 48,
	PARAMS_BYTES_MAX = 8192, /* where they are looked for: it is done once a piece */
};

static bool is_text(struct sl_span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp((const char *)s.at, text, s.len) == 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct sl_span trim(struct sl_span s)
{
	while (s.len && is_blank(s.at[0]))
		s = sl_span_of(s.at + 1, s.len - 1);
	while (s.len && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* White space and comments (RFC 5322, section 3.2.2). */
static void blank_skip(struct sl_cur *c)
{
	unsigned depth = 0;
	for (; sl_cur_left(c) && (depth || is_blank(*c->p) || *c->p == '('); c->p++) {
		if (*c->p == '(')
			depth++;
		else if (*c->p == ')' && depth)
			depth--;
		else if (*c->p == '\\' && sl_cur_left(c) > 1)
			c->p++;
	}
}

/* --- parameters --- */

struct param {
	struct sl_span name, value;
	bool quoted; /* value is what is between the quotes */
};

static void value_cut(struct sl_cur *c, struct param *p)
{
	p->quoted = sl_cur_left(c) && *c->p == '"';
	const uint8_t *from = c->p += p->quoted;
	if (p->quoted) {
		for (; sl_cur_left(c) && *c->p != '"'; c->p++)
			if (*c->p == '\\' && sl_cur_left(c) > 1)
				c->p++;
		p->value = sl_span_of(from, (size_t)(c->p - from));
		c->p += sl_cur_left(c) != 0;
		return;
	}
	while (sl_cur_left(c) && *c->p != ';')
		c->p++;
	p->value = trim(sl_span_of(from, (size_t)(c->p - from)));
}

/* The next "; name = value". False: no more. */
static bool param_next(struct sl_cur *c, struct param *p)
{
	for (;;) {
		while (sl_cur_left(c) && *c->p != ';')
			c->p++;
		if (!sl_cur_left(c))
			return false;
		c->p++;
		blank_skip(c);
		const uint8_t *from = c->p;
		while (sl_cur_left(c) && *c->p != '=' && *c->p != ';')
			c->p++;
		if (!sl_cur_left(c))
			return false;
		if (*c->p == ';')
			continue;
		p->name = trim(sl_span_of(from, (size_t)(c->p - from)));
		c->p++;
		blank_skip(c);
		value_cut(c, p);
		return true;
	}
}

static bool param_find(struct sl_span value, const char *name, struct param *p)
{
	struct sl_cur c = sl_cur_of(value.at, value.len);
	while (param_next(&c, p))
		if (is_text(p->name, name))
			return true;
	return false;
}

struct text {
	uint8_t *at;
	size_t room, n;
	bool cut, latin; /* latin: ISO-8859-1 is turned into UTF-8 */
};

static void text_add(struct text *t, uint8_t c)
{
	size_t need = t->latin && c >= 0x80 ? 2 : 1;
	if (t->room - t->n < need) {
		t->cut = true;
		return;
	}
	if (need == 2)
		t->at[t->n++] = (uint8_t)(0xc0 | c >> 6);
	t->at[t->n++] = need == 2 ? 0x80 | (c & 0x3f) : c;
}

/* A quoted string's text. A backslash is kept unless it can only be an escape: paths come unescaped. */
static void text_quoted(struct text *t, const struct param *p)
{
	for (size_t i = 0; i < p->value.len; i++) {
		uint8_t c = p->value.at[i];
		if (p->quoted && c == '\\' && i + 1 < p->value.len &&
		    (p->value.at[i + 1] == '"' || p->value.at[i + 1] == '\\'))
			c = p->value.at[++i];
		text_add(t, c);
	}
}

static void text_percent(struct text *t, struct sl_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		int high = s.at[i] == '%' && i + 2 < s.len ? sl_hex_digit(s.at[i + 1]) : -1;
		int low = high >= 0 ? sl_hex_digit(s.at[i + 2]) : -1;
		if (low >= 0)
			i += 2;
		int c = low >= 0 ? high * 16 + low : s.at[i];
		text_add(t, (uint8_t)c);
	}
}

static bool charset_is_latin(struct sl_span charset)
{
	return is_text(charset, "iso-8859-1") || is_text(charset, "latin1");
}

/* RFC 2231, section 4: charset'language'percent-coded. */
static void text_extended(struct text *t, struct sl_span s, bool first)
{
	const uint8_t *a = first && s.len ? memchr(s.at, '\'', s.len) : NULL;
	const uint8_t *b = a ? memchr(a + 1, '\'', s.len - (size_t)(a + 1 - s.at)) : NULL;
	if (b) {
		t->latin = charset_is_latin(sl_span_of(s.at, (size_t)(a - s.at)));
		s = sl_span_of(b + 1, s.len - (size_t)(b + 1 - s.at));
	}
	text_percent(t, s);
}

/* RFC 2231, section 3: name*0, name*1 …, each of which may end in "*" for a coded one. */
static bool param_pieces(struct sl_span value, const char *name, struct text *t)
{
	for (unsigned k = 0; k < PIECES_MAX && !t->cut; k++) {
		char plain[PARAM_NAME_MAX], coded[PARAM_NAME_MAX];
		struct param p;
		snprintf(plain, sizeof plain, "%s*%u", name, k);
		snprintf(coded, sizeof coded, "%s*%u*", name, k);
		if (param_find(value, coded, &p))
			text_extended(t, p.value, k == 0);
		else if (param_find(value, plain, &p))
			text_quoted(t, &p);
		else
			return k > 0;
	}
	return true;
}

/* RFC 2231, section 4: name*. */
static bool param_coded(struct sl_span value, const char *name, struct param *p)
{
	char coded[PARAM_NAME_MAX];
	snprintf(coded, sizeof coded, "%s*", name);
	return param_find(value, coded, p);
}

bool sl_mime_param(struct sl_span value, const char *name, uint8_t *out, size_t room, size_t *len,
		   bool *cut)
{
	struct text t = { .at = out, .room = room };
	struct param p;
	*len = 0;
	*cut = false;
	if (!value.len || !memchr(value.at, ';', value.len))
		return false;
	value.len = value.len < PARAMS_BYTES_MAX ? value.len : PARAMS_BYTES_MAX;
	bool any = true, stars = memchr(value.at, '*', value.len); /* few have any */
	if (stars && param_coded(value, name, &p))
		text_extended(&t, p.value, true);
	else if (param_find(value, name, &p))
		text_quoted(&t, &p);
	else
		any = stars && param_pieces(value, name, &t);
	*len = t.n;
	*cut = t.cut;
	return any;
}

/* --- headers --- */

static void name_read(struct sl_mime_head *h, struct sl_span value, const char *param)
{
	uint8_t raw[SL_MIME_NAME_MAX], words[2 * SL_MIME_NAME_MAX];
	size_t n = 0;
	bool cut;
	if (!sl_mime_param(value, param, raw, sizeof raw, &n, &cut))
		return;
	h->named = true;
	n = sl_mime_words(words, sl_span_of(raw, n)); /* not allowed there, but usual */
	h->name_len = n < sizeof h->name ? n : sizeof h->name;
	memcpy(h->name, words, h->name_len);
}

void sl_mime_type_read(struct sl_mime_head *h, struct sl_span value)
{
	bool cut;
	value = trim(value);
	h->kind = SL_MIME_LEAF;
	if (sl_text_begins(value, "multipart/")) {
		h->digest = sl_text_begins(value, "multipart/digest");
		h->form = sl_text_begins(value, "multipart/form-data");
		sl_mime_param(value, "boundary", h->boundary, sizeof h->boundary, &h->boundary_len, &cut);
		while (h->boundary_len && is_blank(h->boundary[h->boundary_len - 1]))
			h->boundary_len--;
		if (h->boundary_len && !cut)
			h->kind = SL_MIME_MULTIPART;
	} else if (sl_text_begins(value, "message/rfc822") || sl_text_begins(value, "message/global")) {
		h->kind = SL_MIME_MESSAGE;
	} else if (sl_text_begins(value, "text/html")) {
		h->kind = SL_MIME_HTML;
	} else if (sl_text_begins(value, "text/")) {
		h->kind = SL_MIME_PLAIN;
	}
}

static void coding_read(struct sl_mime_head *h, struct sl_span value)
{
	if (sl_text_begins(value, "base64"))
		h->coding = SL_MIME_BASE64;
	else if (sl_text_begins(value, "quoted-printable"))
		h->coding = SL_MIME_QUOTED;
}

/* The first of a name counts. */
struct seen {
	struct sl_span type, disposition, coding;
};

static void first(struct sl_span *slot, struct sl_span value)
{
	if (!slot->at)
		*slot = value;
}

static void mail_header_read(struct sl_mime_head *h, struct sl_span name, struct sl_span value)
{
	static const char *const names[SL_MIME_MAIL_HEADERS] = {
		[SL_MIME_FROM] = "from",       [SL_MIME_TO] = "to",     [SL_MIME_SUBJECT] = "subject",
		[SL_MIME_CC] = "cc",           [SL_MIME_DATE] = "date", [SL_MIME_MESSAGE_ID] = "message-id",
		[SL_MIME_X_MAILER] = "x-mailer",
	};
	for (size_t i = 0; i < SL_MIME_MAIL_HEADERS; i++)
		if (is_text(name, names[i]))
			first(&h->mail[i], value);
	if (is_text(name, "received") && h->received_n++ < SL_MIME_RECEIVED_MAX)
		h->received[h->received_n - 1] = value;
}

static void header_read(struct sl_mime_head *h, struct seen *seen, struct sl_span name,
			struct sl_span value)
{
	if (is_text(name, "content-type"))
		first(&seen->type, value);
	else if (is_text(name, "content-disposition"))
		first(&seen->disposition, value);
	else if (is_text(name, "content-transfer-encoding"))
		first(&seen->coding, value);
	else
		mail_header_read(h, name, value);
}

void sl_mime_head_read(struct sl_mime_head *h, struct sl_span block, bool message)
{
	struct seen seen = { 0 };
	memset(h, 0, sizeof *h);
	while (block.len) {
		const uint8_t *end = memchr(block.at, '\n', block.len);
		struct sl_span line = sl_span_of(block.at, end ? (size_t)(end - block.at) : block.len);
		size_t used = line.len + (end != NULL);
		block = sl_span_of(block.at + used, block.len - used);
		const uint8_t *colon = line.len ? memchr(line.at, ':', line.len) : NULL;
		if (!colon)
			continue;
		size_t n = (size_t)(colon - line.at);
		header_read(h, &seen, trim(sl_span_of(line.at, n)),
			    trim(sl_span_of(colon + 1, line.len - n - 1)));
	}
	h->kind = message ? SL_MIME_MESSAGE : SL_MIME_PLAIN;
	if (seen.type.at)
		sl_mime_type_read(h, seen.type);
	coding_read(h, seen.coding);
	name_read(h, seen.disposition, "filename");
	if (!h->named)
		name_read(h, seen.type, "name");
}
