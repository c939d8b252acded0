/* Which protocol a stream speaks, and bringing each parser its message whole. Per worker.
 *
 * A parser works on the chunk as it lies in the packet. Only what it cannot finish is gathered, and
 * parsed from the gathered bytes when more have come. */
#include <netinet/in.h>
#include <sensor/inspect/gather.h>
#include <sensor/inspect/parse.h>
#include <stdlib.h>

enum {
	TRIES_MOST = 4, /* chunks a side, or datagrams, after which no protocol is looked for */
	PORT_DNS = 53, /* where one is always looked for */
	PORT_NETBIOS = 137, /* shares DNS's shape, not its names (RFC 1002) */
};

typedef enum sl_parse parse_fn(struct sl_side *side, struct sl_span in, bool last,
			       struct sl_scratch *room, struct sl_message_values *out, size_t *consumed);

enum app { APP_NONE, APP_HTTP, APP_TLS, APP_DNS, APP_COUNT };

static const struct app_info {
	const char *name;
	enum sl_parse (*probe)(struct sl_span in);
	parse_fn *parse;
	enum sl_counter messages;
} apps[APP_COUNT] = {
	[APP_HTTP] = { "http", sl_http_probe, sl_http_parse, SL_COUNT_HTTP_REQUESTS },
	[APP_TLS] = { "tls", sl_tls_probe, sl_tls_parse, SL_COUNT_TLS_HELLOS },
	[APP_DNS] = { "dns", NULL, NULL, SL_COUNT_DNS_MESSAGES },
};

struct slot {
	struct sl_side side[2];
	uint8_t app; /* enum app */
};

struct sl_inspect {
	struct sl_inspect_sink sink;
	struct sl_counters *counters;
	struct sl_gather *gather;
	struct sl_scratch room;
};

int sl_inspect_new(struct sl_inspect **out, uint64_t gather_bytes, const struct sl_inspect_sink *sink,
		   struct sl_counters *counters, struct sl_err *err)
{
	struct sl_inspect *i = malloc(sizeof *i);
	if (!i)
		return sl_fail(err, SL_ENOMEM, "inspect: out of memory");
	i->sink = *sink;
	i->counters = counters;
	i->gather = NULL;
	int rc = sl_gather_new(&i->gather, gather_bytes, counters, err);
	if (rc != SL_OK) {
		sl_inspect_free(i);
		return rc;
	}
	*out = i;
	return SL_OK;
}

void sl_inspect_free(struct sl_inspect *i)
{
	if (!i)
		return;
	sl_gather_free(i->gather);
	free(i);
}

size_t sl_inspect_slot_bytes(void)
{
	return (sizeof(struct slot) + 7) & ~(size_t)7;
}

static void found(struct sl_flow *flow, struct slot *slot, enum app app)
{
	slot->app = (uint8_t)app;
	flow->app = apps[app].name;
}

/* Hands a message's fields on. The sender of a request is the client. */
static void hand_on(struct sl_inspect *i, struct sl_flow *flow, enum app app, unsigned side,
		    const struct sl_message_values *m, bool response)
{
	sl_count(i->counters, apps[app].messages);
	if (m->left_out)
		sl_count_add(i->counters, SL_COUNT_VALUES_LEFT_OUT, m->left_out);
	sl_flow_prove_client(flow, response ? side ^ 1 : side);
	i->sink.transaction(i->sink.ctx, flow, side, m->value, m->n);
}

/* --- streams --- */

static void finish(struct sl_inspect *i, struct sl_side *side)
{
	sl_gather_drop(i->gather, &side->buffer);
	side->finished = true;
}

/* Which protocol do these bytes begin? */
static enum sl_parse probe(struct sl_span in, enum app *app)
{
	enum sl_parse best = SL_PARSE_REFUSE;
	for (unsigned a = 0; a < APP_COUNT; a++) {
		enum sl_parse p = apps[a].probe ? apps[a].probe(in) : SL_PARSE_REFUSE;
		if (p == SL_PARSE_DONE) {
			*app = (enum app)a;
			return p;
		}
		if (p == SL_PARSE_MORE)
			best = p;
	}
	return best;
}

/* One step over the bytes at hand. */
static enum sl_parse step(struct sl_inspect *i, struct sl_flow *flow, struct slot *slot, unsigned s,
			  struct sl_span in, bool last, size_t *consumed)
{
	struct sl_side *side = &slot->side[s];
	struct sl_message_values m = { .n = 0 };
	if (slot->app == APP_NONE) {
		enum app app;
		enum sl_parse p = probe(in, &app);
		if (p != SL_PARSE_DONE)
			return last ? SL_PARSE_REFUSE : p;
		found(flow, slot, app);
	}
	enum sl_parse p = apps[slot->app].parse(side, in, last, &i->room, &m, consumed);
	if (p == SL_PARSE_DONE && (m.n || slot->app == APP_TLS)) /* a hello may name no server */
		hand_on(i, flow, slot->app, s, &m, false);
	if (p == SL_PARSE_DONE && slot->app == APP_TLS)
		return SL_PARSE_FINISH; /* what follows is encrypted */
	return p;
}

/* No protocol here, or not any more. A stream picked up in its middle gets some chunks' patience. */
static void refused(struct sl_inspect *i, struct slot *slot, struct sl_side *side)
{
	sl_gather_drop(i->gather, &side->buffer);
	side->searched = 0;
	side->phase = 0;
	if (slot->app != APP_NONE && !side->tries)
		sl_count(i->counters, SL_COUNT_PARSE_ERRORS);
	if (++side->tries >= TRIES_MOST)
		finish(i, side);
}

/* The message goes on beyond these bytes: keep what there is. Returns how much was kept; 0: lost. */
static size_t keep(struct sl_inspect *i, struct sl_side *side, struct sl_span bytes)
{
	size_t kept = sl_gather_append(i->gather, &side->buffer, bytes);
	if (!kept) {
		sl_count(i->counters, SL_COUNT_GATHER_FULL);
		sl_gather_drop(i->gather, &side->buffer);
		side->searched = 0;
	}
	return kept;
}

/* Works on the chunk itself. Returns the rest that was not used up; it is empty unless a message ended
 * and another begins. */
static struct sl_span feed_direct(struct sl_inspect *i, struct sl_flow *flow, struct slot *slot,
				  unsigned s, struct sl_span bytes)
{
	struct sl_side *side = &slot->side[s];
	struct sl_span none = { NULL, 0 };
	size_t consumed = 0;
	side->searched = 0;
	switch (step(i, flow, slot, s, bytes, false, &consumed)) {
	case SL_PARSE_DONE:
		return sl_span_of(bytes.at + consumed, bytes.len - consumed);
	case SL_PARSE_MORE: {
		size_t kept = keep(i, side, bytes);
		return kept ? sl_span_of(bytes.at + kept, bytes.len - kept) : none;
	}
	case SL_PARSE_FINISH:
		finish(i, side);
		return none;
	default:
		refused(i, slot, side);
		return none;
	}
}

/* Works on gathered bytes with the chunk behind them. A message that does not end within the bound is
 * parsed as far as it goes, once. */
static struct sl_span feed_gathered(struct sl_inspect *i, struct sl_flow *flow, struct slot *slot,
				    unsigned s, struct sl_span bytes)
{
	struct sl_side *side = &slot->side[s];
	struct sl_span none = { NULL, 0 };
	size_t before = sl_gather_bytes(i->gather, side->buffer).len, consumed = 0;
	size_t kept = before < SL_GATHER_MAX ? keep(i, side, bytes) : 0;
	if (!side->buffer)
		return none;
	struct sl_span whole = sl_gather_bytes(i->gather, side->buffer);
	bool full = whole.len >= SL_GATHER_MAX;
	enum sl_parse p = step(i, flow, slot, s, whole, full, &consumed);
	if (full)
		sl_count(i->counters, SL_COUNT_MESSAGE_TOO_LONG);
	if (p == SL_PARSE_MORE && !full)
		return sl_span_of(bytes.at + kept, bytes.len - kept);
	if (p == SL_PARSE_FINISH) {
		finish(i, side);
		return none;
	}
	if (p != SL_PARSE_DONE || consumed < before) {
		refused(i, slot, side);
		return none;
	}
	sl_gather_drop(i->gather, &side->buffer);
	side->searched = 0;
	size_t used = consumed - before;
	return sl_span_of(bytes.at + used, bytes.len - used);
}

static void lost_track(struct sl_inspect *i, struct sl_side *side)
{
	sl_gather_drop(i->gather, &side->buffer);
	side->searched = 0;
	side->phase = 0;
	side->skip = 0;
	side->tries = 0;
}

void sl_inspect_stream(struct sl_inspect *i, struct sl_flow *flow, void *at, unsigned s,
		       struct sl_span bytes, bool after_gap)
{
	struct slot *slot = at;
	struct sl_side *side = &slot->side[s];
	if (side->finished)
		return;
	if (after_gap)
		lost_track(i, side);
	while (bytes.len && !side->finished) {
		if (side->skip) {
			size_t n = side->skip < bytes.len ? (size_t)side->skip : bytes.len;
			side->skip -= n;
			bytes = sl_span_of(bytes.at + n, bytes.len - n);
			continue;
		}
		bytes = side->buffer ? feed_gathered(i, flow, slot, s, bytes)
				     : feed_direct(i, flow, slot, s, bytes);
	}
}

/* --- datagrams --- */

static bool on_port(const struct sl_flow *flow, uint16_t port)
{
	return flow->key.low_port == port || flow->key.high_port == port;
}

void sl_inspect_datagram(struct sl_inspect *i, struct sl_flow *flow, void *at, unsigned s,
			 struct sl_span payload)
{
	struct slot *slot = at;
	struct sl_side *side = &slot->side[s];
	struct sl_message_values m = { .n = 0 };
	bool response = false;
	if (side->finished || flow->key.proto != IPPROTO_UDP)
		return;
	if (on_port(flow, PORT_NETBIOS)) {
		side->finished = true;
		return;
	}
	if (sl_dns_parse(payload, &i->room, &m, &response)) {
		side->tries = 0;
		found(flow, slot, APP_DNS);
		hand_on(i, flow, APP_DNS, s, &m, response);
	} else if (++side->tries >= TRIES_MOST && !on_port(flow, PORT_DNS)) {
		side->finished = true;
	}
}

void sl_inspect_forget(struct sl_inspect *i, void *at)
{
	struct slot *slot = at;
	for (unsigned s = 0; s < 2; s++)
		sl_gather_drop(i->gather, &slot->side[s].buffer);
}
