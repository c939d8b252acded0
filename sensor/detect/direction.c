/* What a direction of a TCP flow has for its payloads beside the kept tail: a Hyperscan stream a lane, and a
 * window for groups that are verified. Both are opened when bytes come that want them, from one budget. */
#include <sensor/detect/direction.h>

/* The flow's streams; NULL: none yet, or no room for them. */
static struct sl_streams *streams_of(struct sl_detect *d, struct sl_detect_slot *slot, bool make)
{
	if (!slot->streams && make)
		slot->streams = sl_pool_take(&d->streams) & SL_STREAM_MAX;
	return slot->streams ? sl_pool_at(&d->streams, slot->streams) : NULL;
}

/* A stream that does not begin with the direction's first byte gets a byte in front that stands for
 * the lost ones, so that an expression bound to the start does not hold there. */
static bool open_stream(struct sl_detect *d, struct sl_detect_slot *slot, unsigned lane, unsigned side,
			uint64_t offset, bool middle)
{
	const struct sl_scanner *scanner = sl_payload_scanner(d, lane, SL_MODE_STREAM);
	struct sl_streams *s = streams_of(d, slot, true);
	if (!s || d->stream_budget < scanner->stream_bytes ||
	    hs_open_stream(scanner->db, 0, &s->stream[lane][side]) != HS_SUCCESS) {
		sl_count_add(d->config.counters, SL_COUNT_STREAMS_FULL, !slot->tail[side].unscanned);
		slot->tail[side].unscanned = 1;
		return false;
	}
	d->stream_budget -= scanner->stream_bytes;
	s->at[lane][side] = offset - middle;
	s->middle[lane][side] = middle;
	if (middle)
		sl_scan_check(d, hs_scan_stream(s->stream[lane][side], "\xff", 1, 0, d->scratch, NULL, NULL));
	return true;
}

/* offset: of the place's bytes in the direction. */
static struct sl_direct direct_of(struct sl_detect *d, const struct sl_streams *s, unsigned lane,
				  const struct sl_place *place, uint64_t offset)
{
	struct sl_direct direct = { .d = d, .scanner = sl_payload_scanner(d, lane, SL_MODE_STREAM), .place = *place,
				    .base = s->at[lane][place->side],
				    .offset = offset - s->at[lane][place->side],
				    .lead = s->middle[lane][place->side],
				    .scopes = d->segments ? SL_LASTING_SCOPES : SL_ALL_SCOPES };
	direct.place.lane = (uint8_t)lane;
	direct.place.window = s->window[place->side];
	return direct;
}

void sl_direction_scan(struct sl_detect *d, struct sl_detect_slot *slot, unsigned lane,
		       const struct sl_place *place)
{
	unsigned side = place->side;
	bool middle = place->offset != 0 || place->flow->side[side].gap_bytes != 0;
	const struct sl_streams *streams = streams_of(d, slot, false);
	if (!(streams && streams->stream[lane][side]) && !open_stream(d, slot, lane, side, place->offset, middle))
		return;
	streams = streams_of(d, slot, false);
	struct sl_direct s = direct_of(d, streams, lane, place, place->offset);
	sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, place->bytes.len);
	sl_scan_check(d, hs_scan_stream(streams->stream[lane][side], (const char *)place->bytes.at,
					(unsigned)place->bytes.len, 0, d->scratch, sl_direct_match, &s));
}

static void close_stream(struct sl_detect *d, struct sl_streams *s, unsigned lane, unsigned side,
			 match_event_handler on_end, void *ctx)
{
	if (!s || !s->stream[lane][side])
		return;
	sl_scan_check(d, hs_close_stream(s->stream[lane][side], d->scratch, on_end, ctx));
	s->stream[lane][side] = NULL;
	d->stream_budget += sl_payload_scanner(d, lane, SL_MODE_STREAM)->stream_bytes;
}

/* --- windows --- */

struct sl_window *sl_direction_window_of(const struct sl_detect *d, struct sl_flow *flow, unsigned side)
{
	uint32_t i = sl_detect_slot_of(d, flow)->streams;
	return i ? ((const struct sl_streams *)sl_pool_at(&d->streams, i))->window[side] : NULL;
}

static bool wants_window(const struct sl_detect *d, const struct sl_flow *flow)
{
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		const uint32_t *apps = d->lane[lane].e->windowed;
		if (apps && (apps[flow->key.low_port] | apps[flow->key.high_port]) >> flow->app & 1)
			return true;
	}
	return false;
}

/* A flush in the middle of a packet would judge its parts as two packets. So room is made before anything
 * is found in it. Held segments that it sets free come after it, and may be parted from it. */
void sl_direction_expect(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side,
			 size_t n)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	const struct sl_window *w = slot->waiting ? sl_direction_window_of(d, flow, side) : NULL;
	if (w && sl_window_would_drop(w, n, flow->side[side].delivered))
		sl_detect_flush(d);
	d->expected = slot->waiting ? NULL : at;
}

/* Before the bytes are scanned. What waits for the flush may need what the window would lose, unless it is
 * all of the packet that brings them. */
void sl_direction_feed(struct sl_detect *d, const struct sl_sighting *at, struct sl_detect_slot *slot,
		       const struct sl_flow *flow, unsigned side, struct sl_span bytes, uint64_t offset)
{
	struct sl_streams *s = streams_of(d, slot, true);
	bool own = d->expected == at;
	d->expected = NULL;
	if (!s)
		return;
	if (!s->asked[side]) {
		s->asked[side] = true;
		s->window[side] = wants_window(d, flow) ? sl_window_new(d) : NULL;
	}
	if (!s->window[side])
		return;
	if (slot->waiting && !own && sl_window_would_drop(s->window[side], bytes.len, offset))
		sl_detect_flush(d);
	sl_window_add(d, s->window[side], bytes, offset);
}

/* --- the direction --- */

/* Bytes of the side were not seen. */
void sl_direction_begin_anew(struct sl_detect *d, struct sl_detect_slot *slot, unsigned side)
{
	slot->tail[side].len = 0;
	for (unsigned lane = 0; lane < d->lanes; lane++)
		close_stream(d, streams_of(d, slot, false), lane, side, NULL, NULL);
}

/* The side's memory goes: most TLS flows live on for long. Nothing waits to be looked at in the window. */
static void let_go(struct sl_detect *d, struct sl_detect_slot *slot, unsigned side)
{
	struct sl_streams *s = streams_of(d, slot, false);
	slot->tail[side].windowless = 1;
	if (!s)
		return;
	sl_window_free(d, s->window[side]);
	s->window[side] = NULL;
	s->asked[side] = false;
	if (slot->tail[!side].hidden && slot->tail[!side].windowless) {
		sl_pool_give(&d->streams, slot->streams);
		slot->streams = 0;
	}
}

void sl_detect_encrypted(struct sl_detect *d, struct sl_flow *flow, unsigned side, size_t bytes)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	struct sl_tail *tail = &slot->tail[side];
	sl_count(d->config.counters, SL_COUNT_ENCRYPTED_PACKETS);
	sl_count_add(d->config.counters, SL_COUNT_ENCRYPTED_BYTES, bytes);
	if (!tail->hidden) {
		sl_direction_begin_anew(d, slot, side);
		tail->hidden = 1;
		tail->windowless = 0;
	}
	if (!tail->windowless && !slot->waiting)
		let_go(d, slot, side);
}

void sl_detect_stream_end(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			  unsigned side)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	struct sl_streams *streams = streams_of(d, slot, false);
	struct sl_span shown = sl_span_of(slot->tail[side].bytes, slot->tail[side].len);
	struct sl_place place = { .at = at, .flow = flow, .side = (uint8_t)side, .bytes = shown,
				  .end = flow->side[side].delivered, .value = ++d->value, .tx = SL_TX_FLOW,
				  .field = SL_FIELD_PAYLOAD, .ended = true };
	for (unsigned lane = 0; streams && lane < d->lanes; lane++) {
		struct sl_direct s = direct_of(d, streams, lane, &place, place.end - shown.len);
		close_stream(d, streams, lane, side, sl_direct_match, &s);
	}
}

void sl_direction_forget(struct sl_detect *d, struct sl_detect_slot *slot)
{
	struct sl_streams *s = streams_of(d, slot, false);
	if (!s)
		return;
	for (unsigned side = 0; side < 2; side++) {
		for (unsigned lane = 0; lane < d->lanes; lane++)
			close_stream(d, s, lane, side, NULL, NULL);
		sl_window_free(d, s->window[side]);
		s->window[side] = NULL;
	}
	sl_pool_give(&d->streams, slot->streams);
	slot->streams = 0;
}

/* The ruleset goes: flows open new streams as their bytes come, and ask again for windows. */
void sl_direction_close_lane(struct sl_detect *d, unsigned lane)
{
	for (uint32_t i = 1; i < d->streams.fresh; i++) {
		struct sl_streams *s = sl_pool_at(&d->streams, i);
		for (unsigned side = 0; side < 2; side++) {
			close_stream(d, s, lane, side, NULL, NULL);
			s->asked[side] = s->window[side] != NULL;
		}
	}
}
