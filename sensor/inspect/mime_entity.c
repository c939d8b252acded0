/* MIME's entities: their headers, what they say of what follows, and its decoding. Per worker. */
#include <sensor/inspect/mime_internal.h>

enum {
	PARTS_MAX = 1000,
	HEAD_MIN = 1024,
	HEAD_MAX = 64 * 1024, /* of a block of headers */
	OUT_MAX = 2048, /* decoded bytes before they are handed on, if the chunk goes on */
};

/* --- what is decoded --- */

static void out_hand_on(struct sl_mime *m, struct sl_span bytes)
{
	sl_file_data(m->t, m->file, bytes);
	if (m->linking)
		sl_mime_links_data(m->t, m->links, bytes, &m->links_left);
}

void sl_mime_out_flush(struct sl_mime *m)
{
	if (m->out_n)
		out_hand_on(m, sl_span_of(m->out, m->out_n));
	m->out_n = 0;
}

void sl_mime_out_put(void *ctx, struct sl_span bytes)
{
	struct sl_mime *m = ctx;
	if (bytes.len > OUT_MAX - m->out_n)
		sl_mime_out_flush(m);
	if (bytes.len > OUT_MAX || !m->out) {
		out_hand_on(m, bytes);
	} else if (bytes.len) {
		memcpy(m->out + m->out_n, bytes.at, bytes.len);
		m->out_n += bytes.len;
	}
}

static void leaf_begin(struct sl_mime *m, const struct sl_mime_head *h)
{
	bool coded = !m->form; /* RFC 7578, section 4.7: forms are not */
	m->code = (struct sl_mime_code){ .coding = coded ? h->coding : SL_MIME_IDENTITY };
	if (!m->form || h->named)
		m->file = sl_file_new(m->t, sl_span_of(h->name_len ? h->name : NULL, h->name_len),
				      SL_FIELD_COUNT);
	bool text = m->mail && (h->kind == SL_MIME_PLAIN || h->kind == SL_MIME_HTML);
	if (text && !m->links)
		m->links = sl_mime_links_new(m->t);
	m->linking = text && m->links;
	if (m->linking)
		sl_mime_links_begin(m->links, h->kind == SL_MIME_HTML);
	m->mode = m->file || m->linking ? SL_MIME_MODE_LEAF : SL_MIME_MODE_IGNORE;
	if (m->mode == SL_MIME_MODE_LEAF && !m->out)
		m->out = sl_hold_take(m->t->inspect, OUT_MAX); /* without it every byte goes by itself */
}

void sl_mime_leaf_end(struct sl_mime *m, bool whole)
{
	if (m->mode == SL_MIME_MODE_LEAF) {
		sl_mime_code_end(&m->code, sl_mime_out_put, m);
		sl_mime_out_flush(m);
	}
	if (m->linking)
		sl_mime_links_end(m->t, m->links, &m->links_left);
	sl_file_end(m->t, m->file, whole ? SL_FILE_WHOLE : SL_FILE_LOST);
	m->file = NULL;
	m->linking = false;
	m->mode = SL_MIME_MODE_IGNORE;
}

/* --- levels --- */

void sl_mime_level_cut(struct sl_mime *m, unsigned depth)
{
	while (m->depth > depth)
		sl_hold_give(m->t->inspect, m->level[--m->depth].boundary);
}

bool sl_mime_level_add(struct sl_mime *m, const struct sl_mime_head *h)
{
	struct sl_mime_level *l = &m->level[m->depth];
	if (m->depth == SL_MIME_DEPTH_MAX)
		return false;
	l->boundary = sl_hold_take(m->t->inspect, h->boundary_len);
	if (!l->boundary)
		return false;
	memcpy(l->boundary, h->boundary, h->boundary_len);
	l->len = h->boundary_len;
	l->digest = h->digest;
	m->depth++;
	return true;
}

void sl_mime_head_begin(struct sl_mime *m, bool message)
{
	m->head_n = 0;
	m->head_cut = false;
	m->message = message;
	m->mode = SL_MIME_MODE_HEAD;
	if (m->parts++ < PARTS_MAX)
		return;
	m->mode = SL_MIME_MODE_IGNORE;
	sl_count(sl_talk_counters(m->t), SL_COUNT_VALUES_LEFT_OUT);
}

/* --- headers --- */

void sl_mime_head_put(struct sl_mime *m, struct sl_span bytes)
{
	size_t room = HEAD_MAX - m->head_n;
	if (bytes.len > room) {
		if (!m->head_cut)
			sl_count(sl_talk_counters(m->t), SL_COUNT_MESSAGE_TOO_LONG);
		m->head_cut = true;
		bytes.len = room;
	}
	size_t need = m->head_n + bytes.len, more = m->head_room ? m->head_room : HEAD_MIN;
	while (more < need)
		more *= 2;
	if (more > m->head_room) {
		uint8_t *larger = sl_hold_grow(m->t->inspect, m->head, more);
		if (!larger)
			return;
		m->head = larger;
		m->head_room = more;
	}
	if (bytes.len)
		memcpy(m->head + m->head_n, bytes.at, bytes.len);
	m->head_n = need;
}

static void words_add(struct sl_talk *t, enum sl_field field, struct sl_span raw)
{
	uint8_t *text = raw.len ? sl_talk_room(t, 2 * raw.len) : NULL;
	if (text)
		sl_value_add(t, field, sl_span_of(text, sl_mime_words(text, raw)));
}

static void mail_hand_on(struct sl_talk *t, const struct sl_mime_head *h)
{
	static const enum sl_field fields[SL_MIME_MAIL_HEADERS] = {
		[SL_MIME_FROM] = SL_FIELD_EMAIL_FROM,
		[SL_MIME_TO] = SL_FIELD_EMAIL_TO,
		[SL_MIME_SUBJECT] = SL_FIELD_EMAIL_SUBJECT,
		[SL_MIME_CC] = SL_FIELD_EMAIL_CC,
		[SL_MIME_DATE] = SL_FIELD_EMAIL_DATE,
		[SL_MIME_MESSAGE_ID] = SL_FIELD_EMAIL_MESSAGE_ID,
		[SL_MIME_X_MAILER] = SL_FIELD_EMAIL_X_MAILER,
	};
	for (size_t i = 0; i < SL_MIME_MAIL_HEADERS; i++)
		words_add(t, fields[i], h->mail[i]);
	for (size_t i = 0; i < h->received_n && i < SL_MIME_RECEIVED_MAX; i++)
		words_add(t, SL_FIELD_EMAIL_RECEIVED, h->received[i]);
	if (h->received_n > SL_MIME_RECEIVED_MAX)
		sl_count(sl_talk_counters(t), SL_COUNT_VALUES_LEFT_OUT);
	if (t->inspect->values_n)
		sl_talk_done(t);
}

void sl_mime_head_end(struct sl_mime *m)
{
	struct sl_mime_head h;
	bool digest = !m->message && m->depth && m->level[m->depth - 1].digest;
	sl_mime_head_read(&h, sl_span_of(m->head, m->head_n), digest);
	if (m->message)
		mail_hand_on(m->t, &h);
	if (h.kind == SL_MIME_MULTIPART && sl_mime_level_add(m, &h))
		m->mode = SL_MIME_MODE_IGNORE; /* until the first boundary */
	else if (h.kind == SL_MIME_MESSAGE && m->mail && h.coding == SL_MIME_IDENTITY)
		sl_mime_head_begin(m, true);
	else
		leaf_begin(m, &h);
}
