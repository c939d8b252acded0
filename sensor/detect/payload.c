/* Patterns on payloads.
 *
 * Short literals: the last bytes of each direction are kept in its flow; {these + the payload} of all
 * packets of a batch lie one behind the other in one buffer, which one hs_scan goes over. A match that
 * crosses from one entry into the next is known by the literal's length, and dropped. So a literal
 * split over segments is found without a Hyperscan stream.
 * Longer literals and expressions: a Hyperscan stream a direction of TCP (direction.c), a block scan a datagram. */
#include <netinet/in.h>
#include <sensor/detect/direction.h>

/* --- gathered --- */

struct gathered_scan {
	struct sl_detect *d;
	const struct sl_scanner *scanner;
	uint32_t entry; /* matches come in the order of their ends */
	uint8_t lane;
};

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
			       .window = g->tx == SL_TX_FLOW ? sl_direction_window_of(d, g->flow, g->side) : NULL,
			       .stable = true };
	sl_place_add(d, p, &at, SL_ALL_SCOPES);
	return 0;
}

void sl_payload_scan(struct sl_detect *d)
{
	for (unsigned lane = 0; d->gathered_n && lane < d->lanes; lane++) {
		struct gathered_scan s = { d, sl_payload_scanner(d, lane, SL_MODE_GATHER), 0, (uint8_t)lane };
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
		struct sl_direct s = { .d = d, .scanner = sl_payload_scanner(d, lane, SL_MODE_BLOCK), .place = *place,
				       .base = place->offset, .scopes = scopes };
		s.place.lane = (uint8_t)lane;
		if (!s.scanner->db)
			continue;
		sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, place->bytes.len);
		sl_scan_check(d, hs_scan(s.scanner->db, (const char *)place->bytes.at, (unsigned)place->bytes.len,
					 0, d->scratch, sl_direct_match, &s));
	}
}

/* --- from the worker --- */

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
		if (sl_payload_scanner(d, lane, SL_MODE_STREAM)->db)
			sl_direction_scan(d, slot, lane, place);
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
		sl_direction_begin_anew(d, slot, side);
	slot->tail[side].hidden = 0;
	if (d->windows)
		sl_direction_feed(d, at, slot, flow, side, bytes, offset);
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
