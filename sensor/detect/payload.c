/* Patterns on payloads.
 *
 * Short literals: the last bytes of each direction are kept in its flow; {these + the payload} of all
 * packets of a batch lie one behind the other in one buffer, which one hs_scan goes over. A match that
 * crosses from one entry into the next is known by the literal's length, and dropped. So a literal
 * split over segments is found without a Hyperscan stream.
 * Longer literals and expressions: a Hyperscan stream a direction of TCP, a block scan a datagram. */
#include <netinet/in.h>
#include <sensor/detect/detect_internal.h>

static bool has(const struct sl_detect *d, enum sl_database_mode mode)
{
	return d->config.loaded->scanner[SL_FIELD_PAYLOAD][mode].db;
}

/* --- gathered --- */

struct gathered_scan {
	struct sl_detect *d;
	const struct sl_scanner *scanner;
	uint32_t entry; /* matches come in the order of their ends */
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
	if (p->flags & SL_PATTERN_STARTS && (offset != 0 || g->broken))
		return 0;
	struct sl_place at = { .at = g->at,
			       .flow = g->flow,
			       .bytes = sl_span_of(d->buffer + g->start, g->tail + g->len),
			       .from = (size_t)(begin - g->start),
			       .to = (size_t)(to - g->start),
			       .offset = offset,
			       .transaction = g->transaction,
			       .field = SL_FIELD_PAYLOAD,
			       .side = g->side,
			       .crosses = begin < payload,
			       .stable = true };
	sl_place_add(d, p, &at, SL_ALL_SCOPES);
	return 0;
}

void sl_payload_scan(struct sl_detect *d)
{
	const struct sl_scanner *scanner = &d->config.loaded->scanner[SL_FIELD_PAYLOAD][SL_MODE_GATHER];
	if (d->gathered_n == 0)
		return;
	struct gathered_scan s = { d, scanner, 0 };
	sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, d->buffer_n);
	sl_scan_check(d, hs_scan(scanner->db, (const char *)d->buffer, d->buffer_n, 0, d->scratch,
				 on_gathered, &s));
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
	const struct sl_scanner *scanner = &d->config.loaded->scanner[SL_FIELD_PAYLOAD][SL_MODE_BLOCK];
	struct sl_direct s = { .d = d, .scanner = scanner, .place = *place, .base = place->offset,
				 .scopes = scopes };
	sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, place->bytes.len);
	sl_scan_check(d, hs_scan(scanner->db, (const char *)place->bytes.at, (unsigned)place->bytes.len, 0,
				 d->scratch, sl_direct_match, &s));
}

/* The flow's streams; NULL: none yet, or no room for them. */
static struct sl_streams *streams_of(struct sl_detect *d, struct sl_detect_slot *slot, bool make)
{
	uint32_t i = slot->streams;
	if (!i && make) {
		i = d->streams_free;
		if (i)
			d->streams_free = d->streams[i].next;
		else if (d->streams_fresh < SL_STREAMS_POOL)
			i = d->streams_fresh++;
		if (i)
			d->streams[i] = (struct sl_streams){ .next = 0 };
		slot->streams = i;
	}
	return i ? &d->streams[i] : NULL;
}

/* A stream that does not begin with the direction's first byte gets a byte in front that stands for
 * the lost ones, so that an expression bound to the start does not hold there. */
static bool open_stream(struct sl_detect *d, struct sl_detect_slot *slot, unsigned side, uint64_t offset,
			bool middle)
{
	const struct sl_scanner *scanner = &d->config.loaded->scanner[SL_FIELD_PAYLOAD][SL_MODE_STREAM];
	struct sl_streams *s = streams_of(d, slot, true);
	if (!s || d->stream_budget < scanner->stream_bytes ||
	    hs_open_stream(scanner->db, 0, &s->stream[side]) != HS_SUCCESS) {
		sl_count_add(d->config.counters, SL_COUNT_STREAMS_FULL, !slot->tail[side].unscanned);
		slot->tail[side].unscanned = 1;
		return false;
	}
	d->stream_budget -= scanner->stream_bytes;
	s->at[side] = offset - middle;
	s->middle[side] = middle;
	if (middle)
		sl_scan_check(d, hs_scan_stream(s->stream[side], "\xff", 1, 0, d->scratch, NULL, NULL));
	return true;
}

static void scan_stream(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			unsigned side, struct sl_span bytes, uint64_t offset)
{
	const struct sl_scanner *scanner = &d->config.loaded->scanner[SL_FIELD_PAYLOAD][SL_MODE_STREAM];
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	bool middle = offset != 0 || flow->side[side].gap_bytes != 0;
	struct sl_streams *streams = streams_of(d, slot, false);
	if (!(streams && streams->stream[side]) && !open_stream(d, slot, side, offset, middle))
		return;
	streams = streams_of(d, slot, false);
	struct sl_direct s = { .d = d, .scanner = scanner,
				 .place = { .at = at, .flow = flow, .bytes = bytes, .side = (uint8_t)side,
					    .field = SL_FIELD_PAYLOAD },
				 .base = streams->at[side], .offset = offset - streams->at[side],
				 .lead = streams->middle[side],
				 .scopes = d->segments ? SL_LASTING_SCOPES : SL_ALL_SCOPES };
	sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, bytes.len);
	sl_scan_check(d, hs_scan_stream(streams->stream[side], (const char *)bytes.at, (unsigned)bytes.len, 0,
					d->scratch, sl_direct_match, &s));
}

static void close_stream(struct sl_detect *d, struct sl_detect_slot *slot, unsigned side,
			 match_event_handler on_end, void *ctx)
{
	struct sl_streams *s = streams_of(d, slot, false);
	if (!s || !s->stream[side])
		return;
	sl_scan_check(d, hs_close_stream(s->stream[side], d->scratch, on_end, ctx));
	s->stream[side] = NULL;
	d->stream_budget += d->config.loaded->scanner[SL_FIELD_PAYLOAD][SL_MODE_STREAM].stream_bytes;
}

/* --- from the worker --- */

void sl_detect_stream(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
		      unsigned side, struct sl_span bytes, uint64_t offset, bool after_gap)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	if (after_gap) {
		slot->tail[side].len = 0;
		close_stream(d, slot, side, NULL, NULL);
	}
	if (has(d, SL_MODE_GATHER)) {
		struct sl_gathered g = { .at = at, .flow = flow, .offset = offset, .side = (uint8_t)side,
					 .broken = flow->side[side].gap_bytes != 0 };
		gather(d, &g, sl_span_of(slot->tail[side].bytes, slot->tail[side].len), bytes);
		tail_keep(slot, side, bytes);
	}
	if (has(d, SL_MODE_STREAM))
		scan_stream(d, at, flow, side, bytes, offset);
	if (d->segments) {
		struct sl_place place = { .at = at, .flow = flow, .bytes = bytes, .offset = offset,
					  .side = (uint8_t)side, .field = SL_FIELD_PAYLOAD };
		scan_block(d, &place, SL_PACKET_SCOPE);
	}
}

void sl_detect_datagram(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			unsigned side, struct sl_span payload)
{
	d->transaction++; /* a datagram is one: its payload and the message in it */
	if (!payload.len)
		return;
	if (has(d, SL_MODE_GATHER)) {
		struct sl_gathered g = { .at = at, .flow = flow, .transaction = d->transaction,
					 .side = (uint8_t)side };
		gather(d, &g, sl_span_of(NULL, 0), payload);
	}
	if (has(d, SL_MODE_BLOCK)) {
		struct sl_place place = { .at = at, .flow = flow, .bytes = payload, .side = (uint8_t)side,
					  .transaction = d->transaction, .field = SL_FIELD_PAYLOAD };
		scan_block(d, &place, SL_ALL_SCOPES);
	}
}

void sl_detect_stream_end(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			  unsigned side)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	struct sl_span shown = sl_span_of(slot->tail[side].bytes, slot->tail[side].len);
	const struct sl_streams *streams = streams_of(d, slot, false);
	if (!streams)
		return;
	struct sl_direct s = { .d = d,
				 .scanner = &d->config.loaded->scanner[SL_FIELD_PAYLOAD][SL_MODE_STREAM],
				 .place = { .at = at, .flow = flow, .side = (uint8_t)side, .bytes = shown,
					    .field = SL_FIELD_PAYLOAD },
				 .base = streams->at[side],
				 .offset = flow->side[side].delivered - shown.len - streams->at[side],
				 .lead = streams->middle[side],
				 .scopes = d->segments ? SL_LASTING_SCOPES : SL_ALL_SCOPES };
	close_stream(d, slot, side, sl_direct_match, &s);
}

void sl_payload_forget(struct sl_detect *d, struct sl_detect_slot *slot)
{
	for (unsigned side = 0; side < 2; side++)
		close_stream(d, slot, side, NULL, NULL);
	if (slot->streams) {
		d->streams[slot->streams].next = d->streams_free;
		d->streams_free = slot->streams;
		slot->streams = 0;
	}
}

/* Does an indicator of scope packet need an expression? Then segments are scanned one by one too. */
bool sl_payload_needs_segments(const struct sl_detect *d)
{
	const struct sl_scanner *block = &d->config.loaded->scanner[SL_FIELD_PAYLOAD][SL_MODE_BLOCK];
	for (uint32_t i = 0; block->db && i < block->patterns_n; i++)
		for (uint32_t k = 0; k < block->patterns[i].conditions_n; k++) {
			uint32_t c = d->rs->pattern_conditions[block->patterns[i].condition + k];
			if (d->rs->indicators[d->rs->conditions[c].indicator].scope == SL_SCOPE_PACKET)
				return true;
		}
	return false;
}
