/* Streams of HTTP/2 whose bodies are under way: a few a flow. One that nobody sends on is let go of when
 * another needs its place, since its other side may never have been seen. Per worker. */
#include <sensor/inspect/http2.h>

enum { ROOM_FIRST = 4 };

/* The same talk, as the side speaks whose body it is. */
static struct sl_talk as_side(const struct sl_talk *t, unsigned side)
{
	struct sl_talk o = *t;
	o.side = side;
	o.at = &t->slot->side[side];
	return o;
}

static void body_stop(struct sl_talk *t, struct sl_h2_stream *s, unsigned side, bool whole)
{
	struct sl_talk o = as_side(t, side);
	o.tx = s->id;
	sl_body_end(&o, s->body[side], whole ? SL_FILE_WHOLE : SL_FILE_LOST);
	s->body[side] = NULL;
}

static void stream_drop(struct sl_talk *t, struct sl_h2_stream *s)
{
	struct sl_h2 *h = t->state;
	for (unsigned side = 0; side < 2; side++)
		body_stop(t, s, side, false);
	sl_hold_give(t->inspect, s->name);
	/* the order is that of the requests: the first is the oldest */
	size_t behind = (size_t)(h->streams + h->streams_n - s - 1);
	memmove(s, s + 1, behind * sizeof *s);
	h->streams_n--;
}

struct sl_h2_stream *sl_h2_stream_find(struct sl_h2 *h, uint32_t id)
{
	for (uint16_t i = 0; i < h->streams_n; i++)
		if (h->streams[i].id == id)
			return &h->streams[i];
	return NULL;
}

static bool streams_room(struct sl_talk *t, struct sl_h2 *h)
{
	if (h->streams_n < h->streams_room)
		return true;
	uint16_t room = (uint16_t)(h->streams_room ? h->streams_room * 2 : ROOM_FIRST);
	struct sl_h2_stream *more = sl_hold_grow(t->inspect, h->streams, room * sizeof *more);
	if (!more)
		return false;
	h->streams = more;
	h->streams_room = room;
	return true;
}

static struct sl_h2_stream *idle(struct sl_h2 *h)
{
	for (uint16_t i = 0; i < h->streams_n; i++)
		if (!h->streams[i].body[0] && !h->streams[i].body[1])
			return &h->streams[i];
	return NULL;
}

struct sl_h2_stream *sl_h2_stream_get(struct sl_talk *t, uint32_t id)
{
	struct sl_h2 *h = t->state;
	struct sl_h2_stream *s = sl_h2_stream_find(h, id);
	if (s)
		return s;
	if (h->streams_n == SL_H2_STREAMS_MAX) {
		s = idle(h);
		if (!s) {
			sl_count(sl_talk_counters(t), SL_COUNT_INSPECT_FULL);
			return NULL;
		}
		stream_drop(t, s);
	}
	if (!streams_room(t, h))
		return NULL;
	s = &h->streams[h->streams_n++];
	*s = (struct sl_h2_stream){ .id = id };
	return s;
}

void sl_h2_stream_named(struct sl_talk *t, struct sl_h2_stream *s, struct sl_span name)
{
	size_t n = name.len < UINT8_MAX ? name.len : UINT8_MAX;
	if (!n || s->name || !sl_talk_wants(t, SL_FIELD_FILE_NAME) || !(s->name = sl_hold_take(t->inspect, n)))
		return;
	memcpy(s->name, name.at, n);
	s->name_len = (uint8_t)n;
}

/* Of a stream that is not remembered the server's end is the end of all. */
void sl_h2_stream_end(struct sl_talk *t, uint32_t id)
{
	struct sl_h2_stream *s = sl_h2_stream_find(t->state, id);
	bool over = sl_flow_to_client(t->flow, t->side);
	if (s) {
		body_stop(t, s, t->side, true);
		s->ended[t->side] = true;
		over = s->ended[!t->side] || (s->answered && !s->body[!t->side]);
		if (over)
			stream_drop(t, s);
	}
	if (over)
		sl_talk_tx_end(t, id);
}

void sl_h2_stream_reset(struct sl_talk *t, uint32_t id)
{
	struct sl_h2_stream *s = sl_h2_stream_find(t->state, id);
	if (s)
		stream_drop(t, s);
	sl_talk_tx_end(t, id);
}

void sl_h2_streams_stop(struct sl_talk *t, unsigned side)
{
	struct sl_h2 *h = t->state;
	for (uint16_t i = 0; side < 2 && i < h->streams_n; i++) {
		body_stop(t, &h->streams[i], side, false);
		h->streams[i].ended[side] = true;
	}
	while (side == 2 && h->streams_n)
		stream_drop(t, &h->streams[h->streams_n - 1]);
	if (!h->streams_n) {
		sl_hold_give(t->inspect, h->streams);
		h->streams = NULL;
		h->streams_room = 0;
	}
}
