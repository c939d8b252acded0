/* Which protocol a stream speaks, and bringing each parser its message whole. Per worker.
 *
 * A parser works on the chunk as it lies in the packet. Only what it cannot finish is gathered, and
 * parsed from the gathered bytes when more have come. */
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/tls.h>

enum { TURN_LEAST = 6 /* bytes that tell TLS */ };

static const struct sl_span none = { NULL, 0 };

static void finish(struct sl_talk *t)
{
	sl_gather_drop(t->inspect->gather, &t->slot->buffer[t->side]);
	t->at->finished = true;
}

/* Begins anew with what comes next. */
static void side_reset(struct sl_talk *t)
{
	sl_gather_drop(t->inspect->gather, &t->slot->buffer[t->side]);
	uint64_t tries = t->at->tries, sealed = t->at->sealed;
	*t->at = (struct sl_side){ 0 };
	t->at->tries = tries & 7;
	t->at->sealed = sealed & 1;
}

/* --- which protocol --- */

/* Which protocol do these bytes begin? */
static enum sl_parse probe(const struct sl_talk *t, struct sl_span in, enum sl_app *app)
{
	enum sl_parse best = SL_PARSE_REFUSE;
	if (sl_expect_meets(t->inspect->expect, t->flow)) {
		*app = SL_APP_FTP_DATA;
		return SL_PARSE_DONE;
	}
	for (unsigned a = SL_APP_NONE + 1; a < SL_APP_COUNT; a++) {
		const struct sl_parser *parser = sl_parsers[a];
		enum sl_parse p = parser && parser->probe ? parser->probe(t, in) : SL_PARSE_REFUSE;
		if (p == SL_PARSE_DONE) {
			*app = (enum sl_app)a;
			return p;
		}
		if (p == SL_PARSE_MORE)
			best = p;
	}
	return best;
}

/* Was something sent that no protocol was found in? */
static bool in_midst(const struct sl_talk *t)
{
	const struct sl_side *side = t->slot->side;
	return side[0].tries || side[1].tries || side[0].finished || side[1].finished;
}

static bool found(struct sl_talk *t, enum sl_app app, bool guessed)
{
	if (!sl_talk_found(t, app))
		return false;
	if (app == SL_APP_TLS)
		((struct sl_tls_state *)t->state)->guessed = guessed;
	return true;
}

/* One step over the bytes at hand. */
static enum sl_parse step(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	t->inspect->values_n = 0;
	t->inspect->room_used = 0;
	if (t->flow->app == SL_APP_NONE) {
		enum sl_app app;
		enum sl_parse p = probe(t, in, &app);
		if (p != SL_PARSE_DONE)
			return t->last ? SL_PARSE_REFUSE : p;
		if (!found(t, app, in_midst(t)))
			return SL_PARSE_FINISH;
	}
	if (!t->parser->stream)
		return SL_PARSE_FINISH;
	enum sl_parse p = t->parser->stream(t, in, consumed);
	bool turned = t->flow->app == SL_APP_NONE; /* sl_talk_anew: these bytes may be the other's first */
	return p == SL_PARSE_DONE && !*consumed && !t->at->skip && !turned ? SL_PARSE_REFUSE : p;
}

/* TLS may begin in the middle of anything: after a STARTTLS that was not understood, in a tunnel, after
 * other TLS. A record of TLS, that is: SSLv2's hello is too short to be told from anything. */
static bool turns_to_tls(struct sl_talk *t, struct sl_span bytes)
{
	if (bytes.len < TURN_LEAST || bytes.at[0] != SL_RECORD_HANDSHAKE ||
	    sl_tls_parser.probe(t, bytes) != SL_PARSE_DONE)
		return false;
	if (t->at->sealed && sl_tls_begins_anew(bytes) != SL_PARSE_DONE)
		return false; /* an encrypted message may look like half a hello */
	if (t->flow->app == SL_APP_TLS) {
		*t->at = (struct sl_side){ 0 };
		return true;
	}
	sl_talk_anew(t);
	return found(t, SL_APP_TLS, true);
}

/* Fewer bytes, of which that cannot be said yet. */
static bool tls_may_begin(const struct sl_talk *t, struct sl_span bytes)
{
	return bytes.len && bytes.len < TURN_LEAST && bytes.at[0] == SL_RECORD_HANDSHAKE &&
	       sl_tls_parser.probe(t, bytes) == SL_PARSE_MORE;
}

/* The same for those of a flow whose protocol is not known: they are looked at with what follows. */
static bool may_turn_to_tls(struct sl_talk *t, struct sl_span bytes)
{
	if (t->flow->app != SL_APP_NONE || !tls_may_begin(t, bytes))
		return false;
	sl_talk_anew(t); /* the other side may have been given up too */
	t->at->tries = SL_TRIES_MOST - 1;
	return true;
}

/* One side may speak another protocol than the other, which came first: a web server that answers a TLS
 * hello with words. Once a call, so that two parsers cannot refuse the same bytes for ever. */
static bool turns_to_another(struct sl_talk *t, struct sl_span bytes)
{
	struct sl_talk fresh = *t;
	enum sl_app app;
	fresh.state = NULL;
	if (t->flow->app == SL_APP_NONE || t->turned || probe(&fresh, bytes, &app) != SL_PARSE_DONE ||
	    app == (enum sl_app)t->flow->app)
		return false;
	sl_talk_anew(t);
	t->turned = true;
	return sl_talk_found(t, app);
}

/* --- chunks --- */

/* No protocol here, or not any more. A stream picked up in its middle gets some chunks' patience. */
static void refused(struct sl_talk *t)
{
	side_reset(t);
	if (t->flow->app != SL_APP_NONE && !t->at->tries)
		sl_count(t->inspect->config.counters, SL_COUNT_PARSE_ERRORS);
	t->at->tries = (t->at->tries + 1) & 7;
	if (t->at->tries >= SL_TRIES_MOST)
		finish(t);
}

/* The message goes on beyond these bytes: keep what there is. Returns how much was kept; 0: lost. */
static size_t keep(struct sl_talk *t, struct sl_span bytes)
{
	uint32_t *buffer = &t->slot->buffer[t->side];
	size_t kept = sl_gather_append(t->inspect->gather, buffer, bytes);
	if (!kept) {
		sl_count(t->inspect->config.counters, SL_COUNT_GATHER_FULL);
		sl_gather_drop(t->inspect->gather, buffer);
		sl_side_searched(t->at, 0);
	}
	return kept;
}

/* Works on the chunk itself. Returns the rest that was not used up; it is empty unless a message ended
 * and another begins. */
static struct sl_span feed_direct(struct sl_talk *t, struct sl_span bytes)
{
	size_t consumed = 0;
	sl_side_searched(t->at, 0);
	switch (step(t, bytes, &consumed)) {
	case SL_PARSE_DONE:
		t->at->tries = 0;
		return sl_span_of(bytes.at + consumed, bytes.len - consumed);
	case SL_PARSE_MORE: {
		size_t kept = keep(t, bytes);
		return kept ? sl_span_of(bytes.at + kept, bytes.len - kept) : none;
	}
	case SL_PARSE_FINISH:
		finish(t);
		return none;
	default:
		if (turns_to_tls(t, bytes) || turns_to_another(t, bytes))
			return bytes;
		if (!tls_may_begin(t, bytes) || !keep(t, bytes))
			refused(t);
		return none;
	}
}

/* Steps over gathered bytes, of which `before` are older than the chunk. A message that ends among those had
 * others behind it, since to know the protocol took more than one: goes on with them. *consumed counts
 * from what is left in the buffer. */
static enum sl_parse step_gathered(struct sl_talk *t, size_t *before, size_t *consumed)
{
	uint32_t *buffer = &t->slot->buffer[t->side];
	for (;;) {
		struct sl_span whole = sl_gather_bytes(t->inspect->gather, *buffer);
		*consumed = 0;
		t->last = whole.len >= SL_GATHER_MAX;
		enum sl_parse p = step(t, whole, consumed);
		t->state = t->slot->state;
		if (p == SL_PARSE_REFUSE && !t->turned && turns_to_tls(t, whole)) {
			t->turned = true; /* its first bytes came apart */
			continue;
		}
		if (p == SL_PARSE_REFUSE && tls_may_begin(t, whole))
			return SL_PARSE_MORE;
		if (p != SL_PARSE_DONE || *consumed >= *before)
			return p;
		uint64_t skip = t->at->skip;
		size_t left = *before - *consumed, over = skip < left ? (size_t)skip : left;
		sl_side_skip(t->at, skip - over);
		*consumed += over;
		if (over == left)
			return p;
		sl_gather_use(t->inspect->gather, *buffer, *consumed);
		*before -= *consumed;
		sl_side_searched(t->at, 0);
	}
}

/* Works on gathered bytes with the chunk behind them. A message that does not end within the bound is
 * parsed as far as it goes, once. */
static struct sl_span feed_gathered(struct sl_talk *t, struct sl_span bytes)
{
	struct sl_gather *g = t->inspect->gather;
	uint32_t *buffer = &t->slot->buffer[t->side];
	size_t before = sl_gather_bytes(g, *buffer).len, consumed;
	bool sealed = t->at->sealed;
	size_t kept = before < SL_GATHER_MAX ? keep(t, bytes) : 0;
	if (!*buffer)
		return none;
	enum sl_parse p = step_gathered(t, &before, &consumed);
	bool last = t->last;
	if (!sealed && t->at->sealed)
		t->sealed += bytes.len - kept;
	t->last = false;
	if (last)
		sl_count(t->inspect->config.counters, SL_COUNT_MESSAGE_TOO_LONG);
	if (p == SL_PARSE_MORE && !last)
		return sl_span_of(bytes.at + kept, bytes.len - kept);
	if (p == SL_PARSE_FINISH) {
		finish(t);
		return none;
	}
	if (p != SL_PARSE_DONE) {
		if (turns_to_tls(t, bytes) || may_turn_to_tls(t, bytes)) {
			sl_gather_drop(g, buffer);
			sl_side_searched(t->at, 0);
			return bytes;
		}
		refused(t);
		return none;
	}
	t->at->tries = 0;
	sl_gather_drop(g, buffer);
	sl_side_searched(t->at, 0);
	size_t used = consumed - before;
	return sl_span_of(bytes.at + used, bytes.len - used);
}

/* --- a stream --- */

/* Bytes are missing. What a parser was to skip may be among them. */
static void lost_bytes(struct sl_talk *t, uint64_t lost)
{
	const struct sl_parser *p = t->parser;
	uint64_t skipped = t->at->skip < lost ? t->at->skip : lost;
	sl_side_skip(t->at, t->at->skip - skipped);
	lost -= skipped;
	if (lost == 0 || (p && p->lost && !t->slot->buffer[t->side] && p->lost(t, lost)))
		return;
	side_reset(t);
	t->at->tries = 0;
	if (t->at->sealed || t->slot->side[!t->side].sealed) { /* past the handshake: there is nothing to find */
		sl_talk_seal(t, SIZE_MAX, true);
		finish(t);
	}
}

static void take(struct sl_talk *t, struct sl_span bytes)
{
	while (bytes.len && !t->at->finished) {
		uint64_t skip = t->at->skip;
		if (skip) {
			size_t n = skip < bytes.len ? (size_t)skip : bytes.len;
			sl_side_skip(t->at, skip - n);
			bytes = sl_span_of(bytes.at + n, bytes.len - n);
			continue;
		}
		bytes = t->slot->buffer[t->side] ? feed_gathered(t, bytes) : feed_direct(t, bytes);
		t->state = t->slot->state;
	}
}

size_t sl_inspect_stream(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side,
			 struct sl_span bytes, uint64_t lost)
{
	struct sl_talk t = sl_talk_of(i, flow, slot, side);
	t.sealed = bytes.len; /* counts if the side is, and stays so */
	if (t.at->finished && !turns_to_tls(&t, bytes) && !may_turn_to_tls(&t, bytes))
		return t.at->sealed ? bytes.len : 0;
	if (lost)
		lost_bytes(&t, lost);
	take(&t, bytes);
	if (!t.at->sealed)
		return 0;
	return t.sealed < bytes.len ? t.sealed : bytes.len;
}

void sl_inspect_stream_end(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side)
{
	struct sl_talk t = sl_talk_of(i, flow, slot, side);
	const struct sl_parser *p = t.parser;
	if (p && p->end && !t.at->finished)
		p->end(&t);
}
