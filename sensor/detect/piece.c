/* Patterns on values that come in pieces: bodies and files.
 *
 * Short literals: the value's last bytes are kept; they and the first of the next piece are scanned by
 * themselves, then the piece where it lies. What lies in one of the two alone is left to that one's own
 * scan. Longer literals and expressions: a Hyperscan stream a value. Groups are verified in a window,
 * and transforms look at a value's beginning once it has ended. All is taken from the budget for
 * streams; a value for which none is left is looked at piece by piece, and counted. */
#include <sensor/detect/detect_internal.h>
#include <stdlib.h>

/* What is kept of a value. */
struct sl_body {
	struct sl_body *next, **link; /* in the list of all */
	hs_stream_t *stream[SL_LANES];
	uint64_t base[SL_LANES]; /* what Hyperscan calls 0, as an offset in the value */
	bool lead[SL_LANES];     /* a byte that stands for lost ones is in front */
	uint8_t field;
	bool broken;             /* bytes were lost: offset 0 may not be its start */
	bool asked;              /* whether it is to have a window was found out */
	uint8_t tail_len;
	uint8_t tail[SL_TAIL_MAX];
	struct sl_window *window;
	uint8_t *head;           /* the first bytes, for transforms: SL_DERIVED_BYTES of room */
	size_t head_len;
};

static const struct sl_scanner *scanner_of(const struct sl_detect *d, unsigned lane, unsigned field,
					   enum sl_database_mode mode)
{
	return &d->lane[lane].e->scanner[field][mode];
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

static int on_literal(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		      void *ctx)
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
static void scan_junction(const struct literals *whole, const struct sl_body *b)
{
	uint8_t bytes[2 * SL_TAIL_MAX];
	struct sl_span piece = whole->place.bytes;
	size_t n = piece.len < SL_TAIL_MAX ? piece.len : SL_TAIL_MAX;
	struct literals s = *whole;
	memcpy(bytes, b->tail, b->tail_len);
	memcpy(bytes + b->tail_len, piece.at, n);
	s.place.bytes = sl_span_of(bytes, b->tail_len + n);
	s.place.offset -= b->tail_len;
	s.place.own = b->tail_len;
	s.tail = b->tail_len;
	s.junction = true;
	scan_literals(&s);
}

static void tail_keep(struct sl_body *b, struct sl_span bytes)
{
	size_t add = bytes.len < SL_TAIL_MAX ? bytes.len : SL_TAIL_MAX;
	size_t keep = b->tail_len + add > SL_TAIL_MAX ? SL_TAIL_MAX - add : b->tail_len;
	memmove(b->tail, b->tail + b->tail_len - keep, keep);
	memcpy(b->tail + keep, bytes.at + bytes.len - add, add);
	b->tail_len = (uint8_t)(keep + add);
}

static void look_for_literals(struct sl_detect *d, const struct sl_body *b, const struct sl_place *place)
{
	struct literals s = { .d = d,
			      .scanner = scanner_of(d, place->lane, place->field, SL_MODE_GATHER),
			      .place = *place,
			      .broken = b->broken };
	if (!s.scanner->db)
		return;
	if (b->tail_len)
		scan_junction(&s, b);
	scan_literals(&s);
}

/* --- streams --- */

static bool open_stream(struct sl_detect *d, struct sl_body *b, unsigned lane,
			const struct sl_scanner *scanner, uint64_t offset)
{
	if (d->stream_budget < scanner->stream_bytes ||
	    hs_open_stream(scanner->db, 0, &b->stream[lane]) != HS_SUCCESS) {
		b->stream[lane] = NULL;
		sl_count_add(d->config.counters, SL_COUNT_STREAMS_FULL, offset == 0);
		return false;
	}
	d->stream_budget -= scanner->stream_bytes;
	b->lead[lane] = offset != 0 || b->broken;
	b->base[lane] = offset - b->lead[lane];
	if (b->lead[lane])
		sl_scan_check(d, hs_scan_stream(b->stream[lane], "\xff", 1, 0, d->scratch, NULL, NULL));
	return true;
}

static struct sl_direct direct_of(struct sl_detect *d, const struct sl_body *b,
				  const struct sl_place *place)
{
	unsigned lane = place->lane;
	return (struct sl_direct){ .d = d, .scanner = scanner_of(d, lane, place->field, SL_MODE_STREAM),
				   .place = *place, .base = b->base[lane],
				   .offset = place->offset - b->base[lane], .lead = b->lead[lane] };
}

static void look_through_stream(struct sl_detect *d, struct sl_body *b, const struct sl_place *place)
{
	const struct sl_scanner *scanner = scanner_of(d, place->lane, place->field, SL_MODE_STREAM);
	if (!scanner->db ||
	    (!b->stream[place->lane] && !open_stream(d, b, place->lane, scanner, place->offset)))
		return;
	struct sl_direct s = direct_of(d, b, place);
	sl_count_add(d->config.counters, SL_COUNT_SCANNED_BYTES, place->bytes.len);
	sl_scan_check(d, hs_scan_stream(b->stream[place->lane], (const char *)place->bytes.at,
					(unsigned)place->bytes.len, 0, d->scratch, sl_direct_match, &s));
}

static void drop_stream(struct sl_detect *d, struct sl_body *b, unsigned lane,
			match_event_handler on_end, void *ctx)
{
	if (!b->stream[lane])
		return;
	sl_scan_check(d, hs_close_stream(b->stream[lane], d->scratch, on_end, ctx));
	b->stream[lane] = NULL;
	d->stream_budget += scanner_of(d, lane, b->field, SL_MODE_STREAM)->stream_bytes;
}

/* What is decided at the value's end is decided. The piece may be empty: then the tail is shown. */
static void end_streams(struct sl_detect *d, struct sl_body *b, const struct sl_place *place)
{
	struct sl_place shown = *place;
	shown.window = b->window;
	if (!shown.bytes.len) {
		shown.bytes = sl_span_of(b->tail, b->tail_len);
		shown.offset -= b->tail_len;
	}
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		shown.lane = (uint8_t)lane;
		struct sl_direct s = direct_of(d, b, &shown);
		drop_stream(d, b, lane, sl_direct_match, &s);
	}
}

static void drop_streams(struct sl_detect *d, struct sl_body *b)
{
	for (unsigned lane = 0; lane < d->lanes; lane++)
		drop_stream(d, b, lane, NULL, NULL);
}

/* --- windows and beginnings --- */

static void window_feed(struct sl_detect *d, struct sl_body *b, const struct sl_place *place)
{
	if (!b->asked) {
		bool wanted = false;
		for (unsigned lane = 0; lane < d->lanes; lane++)
			wanted |= sl_field_set_has(&d->lane[lane].e->confirmed, place->field);
		b->asked = true;
		b->window = wanted ? sl_window_new(d) : NULL;
	}
	if (b->window)
		sl_window_add(d, b->window, place->bytes, place->offset);
}

static void head_keep(struct sl_detect *d, struct sl_body *b, const struct sl_place *place)
{
	struct sl_span bytes = place->bytes;
	if (!sl_field_set_has(&d->derives, place->field) || b->broken || place->offset != b->head_len)
		return;
	if (!b->head && d->stream_budget >= SL_DERIVED_BYTES && (b->head = malloc(SL_DERIVED_BYTES)))
		d->stream_budget -= SL_DERIVED_BYTES;
	else if (!b->head)
		sl_count_add(d->config.counters, SL_COUNT_WINDOWS_FULL, place->offset == 0);
	if (!b->head)
		return;
	if (bytes.len > SL_DERIVED_BYTES - b->head_len)
		bytes.len = SL_DERIVED_BYTES - b->head_len;
	if (bytes.len)
		memcpy(b->head + b->head_len, bytes.at, bytes.len);
	b->head_len += bytes.len;
}

static void head_look(struct sl_detect *d, const struct sl_body *b, const struct sl_place *place)
{
	struct sl_value v = { .field = (enum sl_field)place->field,
			      .bytes = sl_span_of(b->head, b->head_len) };
	struct sl_looking l = { .at = place->at,
				.flow = place->flow,
				.step = place->step,
				.tx = place->tx,
				.side = place->side };
	if (b->head)
		sl_value_look(d, &l, &v);
}

/* --- values --- */

static struct sl_body *body_new(struct sl_detect *d, const struct sl_piece *piece)
{
	struct sl_body *b = d->stream_budget >= sizeof *b ? calloc(1, sizeof *b) : NULL;
	if (!b) {
		sl_count_add(d->config.counters, SL_COUNT_STREAMS_FULL, piece->offset == 0);
		return NULL;
	}
	d->stream_budget -= sizeof *b;
	b->field = (uint8_t)piece->field;
	b->next = d->bodies;
	b->link = &d->bodies;
	if (b->next)
		b->next->link = &b->next;
	d->bodies = b;
	return b;
}

static void body_free(struct sl_detect *d, struct sl_body *b)
{
	if (!b)
		return;
	drop_streams(d, b);
	sl_window_free(d, b->window);
	d->stream_budget += sizeof *b + (b->head ? SL_DERIVED_BYTES : 0);
	free(b->head);
	*b->link = b->next;
	if (b->next)
		b->next->link = b->link;
	free(b);
}

/* The ruleset goes. */
void sl_pieces_close_lane(struct sl_detect *d, unsigned lane)
{
	for (struct sl_body *b = d->bodies; b; b = b->next) {
		drop_stream(d, b, lane, NULL, NULL);
		b->asked = b->window != NULL;
	}
}

static bool any_wants(const struct sl_detect *d, unsigned field)
{
	bool wanted = sl_field_set_has(&d->derives, field) || sl_field_set_has(&d->watched, field);
	for (unsigned lane = 0; lane < d->lanes; lane++)
		wanted |= scanner_of(d, lane, field, SL_MODE_GATHER)->db ||
			  scanner_of(d, lane, field, SL_MODE_STREAM)->db;
	return wanted;
}

static void piece_look(struct sl_detect *d, struct sl_body *b, bool loose, struct sl_place *place)
{
	if (!loose) {
		window_feed(d, b, place);
		head_keep(d, b, place);
	}
	place->window = b->window;
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		place->lane = (uint8_t)lane;
		look_for_literals(d, b, place);
		if (!loose)
			look_through_stream(d, b, place);
	}
	tail_keep(b, place->bytes);
}

static void body_seen(struct sl_detect *d, const struct sl_place *place)
{
	struct sl_field_set field = { { 0 } };
	sl_field_set_add(&field, place->field);
	if (sl_field_set_has(&d->watched, place->field))
		sl_fields_add(d, place->at, place->flow, place->side, place->tx, &field);
}

void sl_detect_piece(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
		     unsigned side, const struct sl_piece *piece)
{
	if (!any_wants(d, piece->field) && !*piece->kept)
		return;
	struct sl_body scratch = { .field = (uint8_t)piece->field }; /* when there is no memory */
	struct sl_place place = { .at = at,
				  .flow = flow,
				  .bytes = piece->bytes,
				  .offset = piece->offset,
				  .end = piece->offset + piece->bytes.len,
				  .tx = piece->tx,
				  .step = ++d->step,
				  .value = ++d->value,
				  .field = (uint8_t)piece->field,
				  .side = (uint8_t)side,
				  .ended = piece->last };
	if (!*piece->kept && piece->bytes.len)
		*piece->kept = body_new(d, piece);
	struct sl_body *b = *piece->kept ? *piece->kept : &scratch;
	if (piece->after_gap) {
		drop_streams(d, b);
		b->tail_len = 0;
		b->broken = true;
	}
	if (place.bytes.len) {
		if (piece->offset == 0)
			body_seen(d, &place);
		piece_look(d, b, b == &scratch, &place);
	}
	if (piece->last) {
		if (piece->whole_end)
			end_streams(d, b, &place);
		head_look(d, b, &place);
		body_free(d, *piece->kept);
		*piece->kept = NULL;
	}
}
