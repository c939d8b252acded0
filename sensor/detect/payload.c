/* Patterns on payloads.
 *
 * Short literals: the last bytes of each direction are kept in its flow; {these + the payload} of all
 * packets of a batch lie one behind the other in one buffer, which one hs_scan goes over. A match that
 * crosses from one entry into the next is known by the literal's length, and dropped. So a literal
 * split over segments is found without a Hyperscan stream.
 * Longer literals and expressions: a Hyperscan stream a direction of TCP, a block scan a datagram. */
#include <netinet/in.h>
#include <sensor/detect/detect_internal.h>

static const struct sl_scanner *scanner_of(const struct sl_detect *d, unsigned lane, enum sl_database_mode mode)
{
	return &d->lane[lane].e->scanner[SL_FIELD_PAYLOAD][mode];
}

/* --- gathered --- */

struct gathered_scan {
	struct sl_detect *d;
	const struct sl_scanner *scanner;
	uint32_t entry; /* matches come in the order of their ends */
	uint8_t lane;
};

static struct sl_window *window_of(const struct sl_detect *d, struct sl_flow *flow, unsigned side)
{
	uint32_t i = sl_detect_slot_of(d, flow)->streams;
	return i ? ((const struct sl_streams *)sl_pool_at(&d->streams, i))->window[side] : NULL;
}

static int on_gathered(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		       void *ctx)
{
	(void)from;
	(void)flags;
	struct gathered_scan *s = ctx;
	struct sl_detect *d = s->d;
	if (id >= s->scanner->patterns_n)
		return 0;
	const struct sl_ruleset_pattern *p = &s->scanner->patterns[id];
	const struct sl_gathered *g = &d->gathered[s->entry];
	while (to > g->start + g->tail + g->len)
		g = &d->gathered[++s->entry];
	uint64_t begin = to - p->len, payload = g->start + g->tail;
	if (to < p->len || begin < g->start || to <= payload)
		return 0; /* crosses from the entry before, or was found with the packet before */
	uint64_t offset = g->offset + begin - payload; /* wraps and comes back when it began in the tail */
	bool inside = offset != 0 || g->broken;
	if (p->flags & SL_PATTERN_STARTS && inside && begin != payload)
		return 0;
	struct sl_place at = { .at = g->at,
			       .flow = g->flow,
			       .bytes = sl_span_of(d->buffer + g->start, g->tail + g->len),
			       .from = (size_t)(begin - g->start),
			       .to = (size_t)(to - g->start),
			       .own = g->tail,
			       .end = g->offset + g->len,
			       .offset = offset,
			       .step = g->step,
			       .tx = g->tx,
			       .value = g->value,
			       .field = SL_FIELD_PAYLOAD,
			       .side = g->side,
			       .lane = s->lane,
			       .crosses = begin < payload,
			       .inside = inside,
			       .window = g->tx == SL_TX_FLOW ? window_of(d, g->flow, g->side) : NULL,
			       .stable = true };
	sl_place_add(d, p, &at, SL_ALL_SCOPES);
	return 0;
}

void sl_payload_scan(struct sl_detect *d)
{
	for (unsigned lane = 0; d->gathered_n && lane < d->lanes; lane++) {
		struct gathered_scan s = { d, scanner_of(d, lane, SL_MODE_GATHER), 0, (uint8_t)lane };
		if (!s.scanner->db)
			continue;
		sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, d->buffer_n);
		sl_scan_check(d, hs_scan(s.scanner->db, (const char *)d->buffer, d->buffer_n, 0, d->scratch,
					 on_gathered, &s));
	}
}

/* Keeps the direction's last bytes for the next payload. */
static void tail_keep(struct sl_detect_slot *slot, unsigned side, struct sl_span bytes)
{
	struct sl_tail *kept = &slot->tail[side];
	uint8_t *tail = kept->bytes;
	size_t have = kept->len;
	if (bytes.len >= SL_TAIL_MAX) {
		memcpy(tail, bytes.at + bytes.len - SL_TAIL_MAX, SL_TAIL_MAX);
		kept->len = SL_TAIL_MAX;
		return;
	}
	size_t keep = have + bytes.len > SL_TAIL_MAX ? SL_TAIL_MAX - bytes.len : have;
	memmove(tail, tail + have - keep, keep);
	memcpy(tail + keep, bytes.at, bytes.len);
	kept->len = (keep + bytes.len) & SL_TAIL_MAX;
}

static void gather(struct sl_detect *d, const struct sl_gathered *what, struct sl_span tail,
		   struct sl_span bytes)
{
	if (d->gathered_n == SL_GATHER_ENTRIES || d->buffer_n + tail.len + bytes.len > SL_GATHER_BYTES)
		sl_detect_flush(d);
	struct sl_gathered *g = &d->gathered[d->gathered_n++];
	*g = *what;
	g->start = d->buffer_n;
	g->tail = (uint32_t)tail.len;
	g->len = (uint32_t)bytes.len;
	if (tail.len)
		memcpy(d->buffer + g->start, tail.at, tail.len);
	memcpy(d->buffer + g->start + tail.len, bytes.at, bytes.len);
	d->buffer_n += g->tail + g->len;
	sl_detect_slot_of(d, g->flow)->waiting = 1;
}

/* --- streams and blocks --- */

static void scan_block(struct sl_detect *d, const struct sl_place *place, enum sl_scopes scopes)
{
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		struct sl_direct s = { .d = d, .scanner = scanner_of(d, lane, SL_MODE_BLOCK), .place = *place,
				       .base = place->offset, .scopes = scopes };
		s.place.lane = (uint8_t)lane;
		if (!s.scanner->db)
			continue;
		sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, place->bytes.len);
		sl_scan_check(d, hs_scan(s.scanner->db, (const char *)place->bytes.at, (unsigned)place->bytes.len,
					 0, d->scratch, sl_direct_match, &s));
	}
}

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
	const struct sl_scanner *scanner = scanner_of(d, lane, SL_MODE_STREAM);
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
	struct sl_direct direct = { .d = d, .scanner = scanner_of(d, lane, SL_MODE_STREAM), .place = *place,
				    .base = s->at[lane][place->side],
				    .offset = offset - s->at[lane][place->side],
				    .lead = s->middle[lane][place->side],
				    .scopes = d->segments ? SL_LASTING_SCOPES : SL_ALL_SCOPES };
	direct.place.lane = (uint8_t)lane;
	direct.place.window = s->window[place->side];
	return direct;
}

static void scan_stream(struct sl_detect *d, struct sl_detect_slot *slot, unsigned lane,
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
	d->stream_budget += scanner_of(d, lane, SL_MODE_STREAM)->stream_bytes;
}

/* --- windows --- */

static bool wants_window(const struct sl_detect *d, const struct sl_flow *flow)
{
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		const struct sl_engine *e = d->lane[lane].e;
		for (uint32_t i = 0; i < e->windowed_n; i++)
			if (sl_where_may(&d->lane[lane], e->windowed[i], flow))
				return true;
	}
	return false;
}

/* A flush in the middle of a packet would judge its parts as two packets. So room is made before anything
 * is found in it. Held segments that it sets free come after it, and may be parted from it. */
void sl_payload_expect(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side,
		       size_t n)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	const struct sl_window *w = slot->waiting ? window_of(d, flow, side) : NULL;
	if (w && sl_window_would_drop(w, n, flow->side[side].delivered))
		sl_detect_flush(d);
	d->expected = slot->waiting ? NULL : at;
}

/* Before the bytes are scanned. What waits for the flush may need what the window would lose, unless it is
 * all of the packet that brings them. */
static void window_feed(struct sl_detect *d, const struct sl_sighting *at, struct sl_detect_slot *slot,
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

/* --- from the worker --- */

/* Bytes of the side were not seen. */
static void begin_anew(struct sl_detect *d, struct sl_detect_slot *slot, unsigned side)
{
	slot->tail[side].len = 0;
	for (unsigned lane = 0; lane < d->lanes; lane++)
		close_stream(d, streams_of(d, slot, false), lane, side, NULL, NULL);
}

static void look_at_derived(struct sl_detect *d, const struct sl_place *place)
{
	struct sl_value v = { .field = SL_FIELD_PAYLOAD, .bytes = place->bytes };
	struct sl_looking l = { .at = place->at, .flow = place->flow, .step = place->step, .tx = place->tx,
				.side = place->side };
	if (sl_field_set_has(&d->derives, SL_FIELD_PAYLOAD))
		sl_value_look(d, &l, &v);
}

static void payload_seen(struct sl_detect *d, const struct sl_place *place)
{
	struct sl_field_set payload = { { 0 } };
	sl_field_set_add(&payload, SL_FIELD_PAYLOAD);
	if (sl_field_set_has(&d->watched, SL_FIELD_PAYLOAD))
		sl_fields_add(d, place->at, place->flow, place->side, place->tx, &payload);
}

/* Most rulesets look at payloads for short literals alone: that way is kept short. */
static void scan_otherwise(struct sl_detect *d, struct sl_detect_slot *slot, struct sl_place *place)
{
	place->value = ++d->value;
	for (unsigned lane = 0; lane < d->lanes; lane++)
		if (scanner_of(d, lane, SL_MODE_STREAM)->db)
			scan_stream(d, slot, lane, place);
	if (d->segments)
		scan_block(d, place, SL_PACKET_SCOPE);
	look_at_derived(d, place);
	payload_seen(d, place);
}

void sl_detect_stream(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
		      unsigned side, struct sl_span bytes, uint64_t offset, bool after_gap)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	if (after_gap)
		begin_anew(d, slot, side);
	slot->tail[side].hidden = 0;
	if (d->windows)
		window_feed(d, at, slot, flow, side, bytes, offset);
	if (d->gathers) {
		struct sl_gathered g = { .at = at, .flow = flow, .offset = offset, .tx = SL_TX_FLOW,
					 .value = ++d->value, .side = (uint8_t)side,
					 .broken = flow->side[side].gap_bytes != 0 };
		gather(d, &g, sl_span_of(slot->tail[side].bytes, slot->tail[side].len), bytes);
		tail_keep(slot, side, bytes);
	}
	if (d->scans) {
		struct sl_place place = { .at = at, .flow = flow, .bytes = bytes, .offset = offset,
					  .end = offset + bytes.len, .tx = SL_TX_FLOW, .side = (uint8_t)side,
					  .field = SL_FIELD_PAYLOAD };
		scan_otherwise(d, slot, &place);
	}
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
		begin_anew(d, slot, side);
		tail->hidden = 1;
		tail->windowless = 0;
	}
	if (!tail->windowless && !slot->waiting)
		let_go(d, slot, side);
}

static void scan_datagram(struct sl_detect *d, struct sl_place *place)
{
	place->value = ++d->value;
	scan_block(d, place, SL_ALL_SCOPES);
	look_at_derived(d, place);
	payload_seen(d, place);
}

/* A datagram is a transaction: its payload, and the message in it, which comes with the next step. */
void sl_detect_datagram(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			unsigned side, struct sl_span payload)
{
	uint32_t step = ++d->step;
	if (!payload.len)
		return;
	if (d->gathers) {
		struct sl_gathered g = { .at = at, .flow = flow, .step = step, .tx = SL_TX_DATAGRAM,
					 .value = ++d->value, .side = (uint8_t)side };
		gather(d, &g, sl_span_of(NULL, 0), payload);
	}
	if (d->scans) {
		struct sl_place place = { .at = at, .flow = flow, .bytes = payload, .end = payload.len,
					  .step = step, .tx = SL_TX_DATAGRAM, .side = (uint8_t)side,
					  .field = SL_FIELD_PAYLOAD };
		scan_datagram(d, &place);
	}
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

void sl_payload_forget(struct sl_detect *d, struct sl_detect_slot *slot)
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
void sl_payload_close_lane(struct sl_detect *d, unsigned lane)
{
	for (uint32_t i = 1; i < d->streams.fresh; i++) {
		struct sl_streams *s = sl_pool_at(&d->streams, i);
		for (unsigned side = 0; side < 2; side++) {
			close_stream(d, s, lane, side, NULL, NULL);
			s->asked[side] = s->window[side] != NULL;
		}
	}
}
