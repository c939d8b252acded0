/* HTTP/2 in the clear (RFC 9113): by prior knowledge or after an upgrade, each side alone. Frames are read
 * as their bytes come, none is kept whole: header blocks are unpacked piece by piece, DATA goes on to its
 * stream's body. Bytes missing from anything but DATA's content end a side: what its HPACK table holds is
 * not known any more. Per worker.
 *
 *     +-----------------------------------------------+
 *     |                 Length (24)                   |
 *     +---------------+---------------+---------------+
 *     |   Type (8)    |   Flags (8)   |
 *     +-+-------------+---------------+-------------------------------+
 *     |R|                 Stream Identifier (31)                      |
 *     +=+=============================================================+
 *     |                   Frame Payload (0...)                      ...
 *     +---------------------------------------------------------------+     (section 4.1) */
#include <sensor/inspect/http2.h>

enum type { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum flag { ACK = 0x1, END_STREAM = 0x1, END_HEADERS = 0x4, PADDED = 0x8, WITH_PRIORITY = 0x20 };
enum { PREFACE = 24, SETTING = 6, SETTINGS_MOST = 32, PRIORITY_BYTES = 5, PROMISED_BYTES = 4 };

static const char preface[PREFACE + 1] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct head {
	uint32_t length, stream;
	uint8_t type, flags;
};

static struct head head_read(struct sl_span in)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	struct head h;
	h.length = sl_cur_be24(&c);
	h.type = sl_cur_u8(&c);
	h.flags = sl_cur_u8(&c);
	h.stream = sl_cur_be32(&c) & 0x7fffffff;
	return h;
}

/* Sections 6.1 to 6.10: what belongs to a stream and what to the connection, and lengths that are fixed. */
static bool head_valid(const struct head *h)
{
	switch (h->type) {
	case DATA:
	case HEADERS:
	case PUSH_PROMISE:
	case CONTINUATION:
		return h->stream != 0;
	case PRIORITY:
		return h->stream != 0 && h->length == PRIORITY_BYTES;
	case RST_STREAM:
		return h->stream != 0 && h->length == 4;
	case SETTINGS:
		return h->stream == 0 && h->length % SETTING == 0 && (!(h->flags & ACK) || h->length == 0);
	case PING:
		return h->stream == 0 && h->length == 8;
	case GOAWAY:
		return h->stream == 0 && h->length >= 8;
	case WINDOW_UPDATE:
		return h->length == 4;
	default:
		return true; /* section 5.5: unknown ones are ignored */
	}
}

/* --- recognising --- */

/* Section 6.5.2, RFC 8441 and 9218, and the reserved ones that clients send to keep others honest. */
static bool setting_valid(uint16_t id, uint32_t value)
{
	switch (id) {
	case 2: /* ENABLE_PUSH */
	case 8: /* ENABLE_CONNECT_PROTOCOL */
	case 9: /* NO_RFC7540_PRIORITIES */
		return value <= 1;
	case 4: /* INITIAL_WINDOW_SIZE */
		return value <= 0x7fffffff;
	case 5: /* MAX_FRAME_SIZE */
		return value >= 16384 && value <= 0xffffff;
	default:
		return (id >= 1 && id <= 16) || (id & 0x0f0f) == 0x0a0a;
	}
}

/* A server's side begins with SETTINGS (section 3.4). An empty one says little: what follows must be a frame
 * too. */
static enum sl_parse probe_settings(struct sl_span in)
{
	static const uint8_t start[] = { 0, 0, 0, SETTINGS, 0, 0, 0, 0, 0 };
	for (size_t i = 0; i < in.len && i < SL_H2_FRAME_HEAD; i++)
		if (i == 2 ? in.at[i] % SETTING || in.at[i] > SETTINGS_MOST * SETTING : in.at[i] != start[i])
			return SL_PARSE_REFUSE;
	if (in.len < SL_H2_FRAME_HEAD)
		return SL_PARSE_MORE;
	size_t length = in.at[2], whole = SL_H2_FRAME_HEAD + length;
	struct sl_cur c = sl_cur_of(in.at + SL_H2_FRAME_HEAD, in.len < whole ? in.len - SL_H2_FRAME_HEAD : length);
	while (sl_cur_left(&c) >= SETTING) {
		uint16_t id = sl_cur_be16(&c);
		if (!setting_valid(id, sl_cur_be32(&c)))
			return SL_PARSE_REFUSE;
	}
	if (in.len < whole || (!length && in.len < whole + SL_H2_FRAME_HEAD))
		return SL_PARSE_MORE;
	if (length)
		return SL_PARSE_DONE;
	struct head next = head_read(sl_span_of(in.at + whole, SL_H2_FRAME_HEAD));
	return next.type <= CONTINUATION && next.length <= 16384 && head_valid(&next) ? SL_PARSE_DONE
										       : SL_PARSE_REFUSE;
}

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	size_t n = in.len < PREFACE ? in.len : PREFACE;
	if (n && memcmp(in.at, preface, n) == 0)
		return n < PREFACE ? SL_PARSE_MORE : SL_PARSE_DONE;
	return probe_settings(in);
}

/* --- frames --- */

/* This side is not read any more. */
static void give_up(struct sl_talk *t, struct sl_h2_side *s, enum sl_counter why)
{
	sl_count(sl_talk_counters(t), why);
	sl_h2_streams_stop(t, t->side);
	sl_h2_block_drop(t, &s->block);
	sl_h2_inflater_free(s);
	s->dead = true;
}

static bool has_block(const struct sl_h2_side *s)
{
	return s->type == HEADERS || s->type == PUSH_PROMISE || s->type == CONTINUATION;
}

/* Bytes in front of a frame's content: the padding's length, then priority or the promised stream. */
static uint8_t intro_bytes(const struct head *h)
{
	bool padded = (h->type == DATA || h->type == HEADERS || h->type == PUSH_PROMISE) && h->flags & PADDED;
	unsigned n = padded;
	if (h->type == HEADERS && h->flags & WITH_PRIORITY)
		n += PRIORITY_BYTES;
	if (h->type == PUSH_PROMISE)
		n += PROMISED_BYTES;
	return (uint8_t)n;
}

/* A block goes on in CONTINUATION frames, with nothing between (section 6.10). */
static bool fits(const struct sl_h2_side *s, const struct head *h)
{
	if (!s->settled && (h->type != SETTINGS || h->flags & ACK))
		return false;
	bool goes_on = h->type == CONTINUATION;
	return head_valid(h) && goes_on == (s->block_stream != 0) && (!goes_on || h->stream == s->block_stream);
}

static bool frame_begin(struct sl_talk *t, struct sl_h2_side *s)
{
	struct head h = head_read(sl_span_of(s->head, SL_H2_FRAME_HEAD));
	if (!fits(s, &h) || h.length < intro_bytes(&h))
		return false;
	s->settled = true;
	s->type = h.type;
	s->flags = h.flags;
	s->stream = h.stream;
	s->intro = intro_bytes(&h);
	s->left = h.length - s->intro;
	s->pad = s->got = 0;
	s->step = s->intro ? SL_H2_INTRO : SL_H2_CONTENT;
	if (h.type == HEADERS || h.type == PUSH_PROMISE) {
		s->block_stream = h.stream;
		s->block_ends = h.type == HEADERS && h.flags & END_STREAM;
		s->block_pushed = h.type == PUSH_PROMISE;
	}
	if (h.type == RST_STREAM)
		sl_h2_stream_reset(t, h.stream);
	return true;
}

/* The bytes in front are there. */
static bool intro_end(struct sl_h2_side *s)
{
	s->pad = s->flags & PADDED ? s->head[0] : 0;
	if (s->pad > s->left)
		return false;
	s->left -= s->pad;
	if (s->type == PUSH_PROMISE) {
		struct sl_cur c = sl_cur_of(s->head + s->intro - PROMISED_BYTES, PROMISED_BYTES);
		s->promised = sl_cur_be32(&c) & 0x7fffffff;
	}
	s->step = SL_H2_CONTENT;
	return true;
}

static bool content(struct sl_talk *t, struct sl_h2_side *s, struct sl_span bytes)
{
	if (has_block(s))
		return sl_h2_inflate(t, bytes, false);
	if (s->type == DATA) {
		struct sl_h2_stream *stream = sl_h2_stream_find(t->state, s->stream);
		t->tx = s->stream;
		if (stream)
			sl_body_data(t, stream->body[t->side], bytes);
	}
	return true;
}

/* The frame's content is there; its padding may follow. */
static bool content_end(struct sl_talk *t, struct sl_h2_side *s, bool *message)
{
	s->step = SL_H2_PADDING;
	if (s->type == DATA && s->flags & END_STREAM)
		sl_h2_stream_end(t, s->stream);
	if (!has_block(s) || !(s->flags & END_HEADERS))
		return true;
	if (!sl_h2_inflate(t, sl_span_of(NULL, 0), true))
		return false;
	sl_h2_message(t, s->block_pushed ? s->promised : s->stream);
	s->block_stream = 0;
	*message = true;
	return true;
}

/* Bytes that the step at hand still wants. */
static size_t wanted(const struct sl_h2_side *s)
{
	static const uint8_t whole[] = { [SL_H2_PREFACE] = PREFACE, [SL_H2_HEAD] = SL_H2_FRAME_HEAD };
	if (s->step == SL_H2_CONTENT)
		return s->left;
	if (s->step == SL_H2_PADDING)
		return s->pad;
	return (size_t)(s->step == SL_H2_INTRO ? s->intro : whole[s->step]) - s->got;
}

/* Takes what belongs to the step at hand; at least one byte. False: nonsense. */
static bool step(struct sl_talk *t, struct sl_h2_side *s, struct sl_span *in)
{
	size_t n = wanted(s) < in->len ? wanted(s) : in->len;
	struct sl_span part = sl_span_of(in->at, n);
	*in = sl_span_of(in->at + n, in->len - n);
	switch (s->step) {
	case SL_H2_PREFACE:
		if (memcmp(preface + s->got, part.at, n) != 0)
			return false;
		s->got = (uint8_t)(s->got + n);
		return true;
	case SL_H2_HEAD:
	case SL_H2_INTRO:
		memcpy(s->head + s->got, part.at, n);
		s->got = (uint8_t)(s->got + n);
		return true;
	case SL_H2_CONTENT:
		s->left -= (uint32_t)n;
		return content(t, s, part);
	default:
		s->pad = (uint8_t)(s->pad - n);
		return true;
	}
}

/* Goes on to the next step as long as the one at hand needs no more bytes. */
static bool settle(struct sl_talk *t, struct sl_h2_side *s, bool *message)
{
	if (s->step == SL_H2_PREFACE && s->got == PREFACE) {
		sl_talk_client(t, t->side);
		s->step = SL_H2_HEAD;
		s->got = 0;
	}
	if (s->step == SL_H2_HEAD && s->got == SL_H2_FRAME_HEAD && !frame_begin(t, s))
		return false;
	if (s->step == SL_H2_INTRO && s->got == s->intro && !intro_end(s))
		return false;
	if (s->step == SL_H2_CONTENT && s->left == 0 && !content_end(t, s, message))
		return false;
	if (s->step == SL_H2_PADDING && s->pad == 0) {
		s->step = SL_H2_HEAD;
		s->got = 0;
	}
	return true;
}

/* Ends with each message, so that the room for its values is there again for the next. */
static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_h2_side *s = sl_h2_side_of(t);
	struct sl_span rest = in;
	bool message = false;
	if (s->step == SL_H2_START && in.len)
		s->step = in.at[0] == (uint8_t)preface[0] ? SL_H2_PREFACE : SL_H2_HEAD;
	while (rest.len && !s->dead && !message)
		if (!step(t, s, &rest) || !settle(t, s, &message))
			give_up(t, s, SL_COUNT_PARSE_ERRORS);
	*consumed = in.len - rest.len;
	return s->dead ? SL_PARSE_FINISH : SL_PARSE_DONE;
}

static bool lost(struct sl_talk *t, uint64_t bytes)
{
	struct sl_h2_side *s = sl_h2_side_of(t);
	bool message = false;
	if (s->dead)
		return true;
	if (s->step != SL_H2_CONTENT || has_block(s) || bytes > s->left) {
		give_up(t, s, SL_COUNT_HTTP2_LOST);
		return true;
	}
	struct sl_h2_stream *of = s->type == DATA ? sl_h2_stream_find(t->state, s->stream) : NULL;
	if (of)
		sl_body_lost(t, of->body[t->side]);
	s->left -= (uint32_t)bytes;
	settle(t, s, &message);
	return true;
}

static void forget(struct sl_talk *t)
{
	struct sl_h2 *h = t->state;
	sl_h2_streams_stop(t, 2);
	for (unsigned side = 0; side < 2; side++) {
		sl_h2_block_drop(t, &h->side[side].block);
		sl_h2_inflater_free(&h->side[side]);
	}
}

const struct sl_parser sl_http2_parser = { .state_bytes = sizeof(struct sl_h2),
					   .messages = SL_COUNT_HTTP2_MESSAGES,
					   .probe = probe,
					   .stream = stream,
					   .lost = lost,
					   .forget = forget };
