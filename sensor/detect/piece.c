/* Patterns on values that come in pieces: bodies and files.
 *
 * Short literals: the value's last bytes are kept; they and the first of the next piece are scanned by
 * themselves, then the piece where it lies. What lies in one of the two alone is left to that one's own
 * scan. Longer literals and expressions: a Hyperscan stream a value. Both are taken from the budget for
 * streams; a value for which none is left is looked at piece by piece, and counted.
 * A condition that holds on a piece belongs to the flow: transaction 0. */
#include <sensor/detect/detect_internal.h>
#include <stdlib.h>

/* What is kept of a value. */
struct value {
	hs_stream_t *stream;
	uint64_t base; /* what Hyperscan calls 0, as an offset in the value */
	bool lead;     /* a byte that stands for lost ones is in front */
	bool broken;   /* bytes were lost: offset 0 may not be its start */
	uint8_t tail_len;
	uint8_t tail[SL_TAIL_MAX];
};

static const struct sl_scanner *scanner_of(const struct sl_detect *d, enum sl_field field,
					   enum sl_database_mode mode)
{
	return &d->config.loaded->scanner[field][mode];
}

static struct sl_place place_of(const struct sl_sighting *at, struct sl_flow *flow, unsigned side,
				const struct sl_piece *piece)
{
	return (struct sl_place){ .at = at, .flow = flow, .bytes = piece->bytes, .offset = piece->offset,
				  .field = (uint8_t)piece->field, .side = (uint8_t)side };
}

/* --- short literals --- */

struct literals {
	struct sl_detect *d;
	const struct sl_scanner *scanner;
	struct sl_place place; /* bytes: what is scanned; offset: of its first byte in the value */
	size_t tail;   /* bytes in front that were scanned before */
	bool junction; /* what begins behind them is found by the piece's own scan */
	bool broken;
};

static int on_literal(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	(void)from;
	(void)flags;
	struct literals *s = ctx;
	if (id >= s->scanner->patterns_n)
		return 0;
	const struct sl_ruleset_pattern *p = &s->scanner->patterns[id];
	if (to < p->len || to <= s->tail)
		return 0;
	uint64_t begin = to - p->len;
	if (s->junction && begin >= s->tail)
		return 0; /* in the piece alone */
	if (p->flags & SL_PATTERN_STARTS && (s->place.offset + begin != 0 || s->broken))
		return 0;
	struct sl_place at = s->place;
	at.from = (size_t)begin;
	at.to = (size_t)to;
	at.offset = s->place.offset + begin;
	at.crosses = begin < s->tail;
	sl_place_add(s->d, p, &at, SL_ALL_SCOPES);
	return 0;
}

static void scan_literals(struct literals *s)
{
	struct sl_span bytes = s->place.bytes;
	sl_count_add(s->d->config.counters, SL_COUNT_SCANNED_BYTES, bytes.len);
	sl_scan_check(s->d, hs_scan(s->scanner->db, (const char *)bytes.at, (unsigned)bytes.len, 0,
				    s->d->scratch, on_literal, s));
}

/* What begins in the kept tail and ends in the piece. */
static void scan_junction(const struct literals *whole, const struct value *v)
{
	uint8_t bytes[2 * SL_TAIL_MAX];
	struct sl_span piece = whole->place.bytes;
	size_t n = piece.len < SL_TAIL_MAX ? piece.len : SL_TAIL_MAX;
	struct literals s = *whole;
	memcpy(bytes, v->tail, v->tail_len);
	memcpy(bytes + v->tail_len, piece.at, n);
	s.place.bytes = sl_span_of(bytes, v->tail_len + n);
	s.place.offset -= v->tail_len;
	s.tail = v->tail_len;
	s.junction = true;
	scan_literals(&s);
}

static void tail_keep(struct value *v, struct sl_span bytes)
{
	size_t add = bytes.len < SL_TAIL_MAX ? bytes.len : SL_TAIL_MAX;
	size_t keep = v->tail_len + add > SL_TAIL_MAX ? SL_TAIL_MAX - add : v->tail_len;
	memmove(v->tail, v->tail + v->tail_len - keep, keep);
	memcpy(v->tail + keep, bytes.at + bytes.len - add, add);
	v->tail_len = (uint8_t)(keep + add);
}

static void look_for_literals(struct sl_detect *d, struct value *v, const struct sl_place *place)
{
	struct literals s = { .d = d, .scanner = scanner_of(d, (enum sl_field)place->field, SL_MODE_GATHER),
			      .place = *place, .broken = v->broken };
	if (!s.scanner->db)
		return;
	if (v->tail_len)
		scan_junction(&s, v);
	scan_literals(&s);
}

/* --- streams --- */

static bool open_stream(struct sl_detect *d, struct value *v, const struct sl_scanner *scanner, uint64_t offset)
{
	if (d->stream_budget < scanner->stream_bytes ||
	    hs_open_stream(scanner->db, 0, &v->stream) != HS_SUCCESS) {
		v->stream = NULL;
		sl_count_add(d->config.counters, SL_COUNT_STREAMS_FULL, offset == 0);
		return false;
	}
	d->stream_budget -= scanner->stream_bytes;
	v->lead = offset != 0 || v->broken;
	v->base = offset - v->lead;
	if (v->lead)
		sl_scan_check(d, hs_scan_stream(v->stream, "\xff", 1, 0, d->scratch, NULL, NULL));
	return true;
}

static struct sl_direct direct_of(struct sl_detect *d, const struct value *v, const struct sl_scanner *scanner,
				  const struct sl_place *place)
{
	return (struct sl_direct){ .d = d, .scanner = scanner, .place = *place, .base = v->base,
				   .offset = place->offset - v->base, .lead = v->lead };
}

static void look_through_stream(struct sl_detect *d, struct value *v, const struct sl_place *place)
{
	const struct sl_scanner *scanner = scanner_of(d, (enum sl_field)place->field, SL_MODE_STREAM);
	if (!scanner->db || (!v->stream && !open_stream(d, v, scanner, place->offset)))
		return;
	struct sl_direct s = direct_of(d, v, scanner, place);
	sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, place->bytes.len);
	sl_scan_check(d, hs_scan_stream(v->stream, (const char *)place->bytes.at, (unsigned)place->bytes.len,
					0, d->scratch, sl_direct_match, &s));
}

/* at_end: what is decided at the value's end is decided. The piece may be empty: then the tail is shown. */
static void close_stream(struct sl_detect *d, struct value *v, const struct sl_place *place, bool at_end)
{
	if (!v->stream)
		return;
	const struct sl_scanner *scanner = scanner_of(d, (enum sl_field)place->field, SL_MODE_STREAM);
	struct sl_place shown = *place;
	if (!shown.bytes.len) {
		shown.bytes = sl_span_of(v->tail, v->tail_len);
		shown.offset -= v->tail_len;
	}
	struct sl_direct s = direct_of(d, v, scanner, &shown);
	sl_scan_check(d, hs_close_stream(v->stream, d->scratch, at_end ? sl_direct_match : NULL, &s));
	v->stream = NULL;
	d->stream_budget += scanner->stream_bytes;
}

/* --- values --- */

static struct value *value_new(struct sl_detect *d, const struct sl_piece *piece)
{
	struct value *v = d->stream_budget >= sizeof *v ? calloc(1, sizeof *v) : NULL;
	if (v)
		d->stream_budget -= sizeof *v;
	else
		sl_count_add(d->config.counters, SL_COUNT_STREAMS_FULL, piece->offset == 0);
	return v;
}

static void value_free(struct sl_detect *d, struct value *v)
{
	d->stream_budget += v ? sizeof *v : 0;
	free(v);
}

void sl_detect_piece(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
		     unsigned side, const struct sl_piece *piece)
{
	if (!scanner_of(d, piece->field, SL_MODE_GATHER)->db && !scanner_of(d, piece->field, SL_MODE_STREAM)->db)
		return;
	struct value loose = { 0 }; /* when there is no memory */
	struct sl_place place = place_of(at, flow, side, piece);
	if (!*piece->kept && piece->bytes.len)
		*piece->kept = value_new(d, piece);
	struct value *v = *piece->kept ? *piece->kept : &loose;
	if (piece->after_gap) {
		close_stream(d, v, &place, false);
		v->tail_len = 0;
		v->broken = true;
	}
	if (place.bytes.len) {
		look_for_literals(d, v, &place);
		if (v != &loose)
			look_through_stream(d, v, &place);
		tail_keep(v, place.bytes);
	}
	if (piece->last) {
		close_stream(d, v, &place, piece->whole_end);
		value_free(d, *piece->kept);
		*piece->kept = NULL;
	}
}
