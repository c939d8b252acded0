/* The packet's journey: decode ─► flow ─► TCP ─► inspect ─► detect ─► publish, a batch at a time.
 * This file alone names all stages. Passes over the batch, so that look-ups are prefetched. */
#include <netinet/in.h>
#include <sensor/capture/spread.h>
#include <sensor/decode/decode.h>
#include <sensor/decode/unpack.h>
#include <sensor/detect/detect.h>
#include <sensor/dump.h>
#include <sensor/flow/flow.h>
#include <sensor/flow/tcp.h>
#include <sensor/inspect/inspect.h>
#include <sensor/publish/publish.h>
#include <sensor/worker.h>
#include <stdlib.h>

enum { SHED_PAST = 64 << 10 }; /* bytes of a flow's direction that are inspected also under pressure */

struct sl_worker {
	struct sl_counters counters;
	bool checksums, carriers, live, scan_encrypted;
	unsigned sharing; /* workers that share an interface live; else 1 */
	struct sl_outbox *outbox;
	struct sl_defrag *defrag;
	struct sl_flow_table *flows;
	struct sl_tcp *tcp;
	struct sl_inspect *inspect;
	struct sl_detect *detect; /* or */
	struct sl_dump *dump;
	const struct sl_sighting *now; /* the packet at hand */
	struct sl_sighting ending;     /* for what is found when a flow ends */
	struct sl_sighting sighting[SL_BATCH_PACKETS];
	struct sl_flow_lookup lookup[SL_BATCH_PACKETS];
};

/* --- what one stage hands to the next --- */

static void on_stream(void *ctx, struct sl_flow *flow, unsigned side, struct sl_span bytes, uint32_t lost)
{
	struct sl_worker *w = ctx;
	uint64_t offset = flow->side[side].delivered - bytes.len;
	size_t encrypted = sl_inspect_stream(w->inspect, flow, sl_flow_slot(w->flows, flow, SL_SLOT_INSPECT), side,
					     bytes, lost);
	if (!w->detect) {
		sl_dump_stream(w->dump, flow, side, bytes);
		return;
	}
	if (w->scan_encrypted)
		encrypted = 0;
	if (!encrypted || encrypted < bytes.len)
		sl_detect_stream(w->detect, w->now, flow, side, sl_span_of(bytes.at, bytes.len - encrypted), offset,
				 lost != 0);
	if (encrypted)
		sl_detect_encrypted(w->detect, flow, side, encrypted);
}

static void on_stream_end(void *ctx, struct sl_flow *flow, unsigned side)
{
	struct sl_worker *w = ctx;
	sl_inspect_stream_end(w->inspect, flow, sl_flow_slot(w->flows, flow, SL_SLOT_INSPECT), side);
	if (w->detect)
		sl_detect_stream_end(w->detect, w->now, flow, side);
}

static void on_transaction(void *ctx, struct sl_flow *flow, unsigned side, uint32_t tx,
			   const struct sl_value *values, size_t n)
{
	struct sl_worker *w = ctx;
	if (w->detect)
		sl_detect_transaction(w->detect, w->now, flow, side, tx, values, n);
	else
		sl_dump_transaction(w->dump, w->now, flow, side, tx, values, n);
}

static void on_transaction_end(void *ctx, struct sl_flow *flow, uint32_t tx)
{
	struct sl_worker *w = ctx;
	if (w->detect)
		sl_detect_transaction_end(w->detect, w->now, flow, tx);
}

static void on_piece(void *ctx, struct sl_flow *flow, unsigned side, const struct sl_piece *piece)
{
	struct sl_worker *w = ctx;
	sl_detect_piece(w->detect, w->now, flow, side, piece);
}

static void on_match(void *ctx, const struct sl_match *m, const void *tail, size_t tail_len)
{
	struct sl_worker *w = ctx;
	if (sl_outbox_match(w->outbox, m, tail, tail_len))
		return;
	sl_count(&w->counters, SL_COUNT_MATCHES_LOST);
	sl_loaded_release(m->loaded);
}

/* A flow goes: what waits in it is handed on, then every stage lets go of it. */
static void on_flow_end(void *ctx, struct sl_flow *flow, enum sl_flow_end why)
{
	struct sl_worker *w = ctx;
	const struct sl_sighting *now = w->now;
	(void)why;
	w->ending = (struct sl_sighting){ .packet = now->packet, .time = now->time,
					  .observed = now->observed, .interface = now->interface,
					  .tunnel_kinds = flow->tunnel_kinds };
	sl_flow_moment(flow, &w->ending.flow);
	w->now = &w->ending;
	if (flow->key.proto == IPPROTO_TCP)
		sl_tcp_flush(w->tcp, flow);
	sl_inspect_forget(w->inspect, flow, sl_flow_slot(w->flows, flow, SL_SLOT_INSPECT));
	if (w->detect)
		sl_detect_forget(w->detect, w->now, flow);
	else
		sl_dump_flow(w->dump, w->now, flow);
	w->now = now;
}

/* --- life --- */

/* What inspect is to find out; without a ruleset everything. */
static void find_wanted(bool wanted[SL_FIELD_COUNT], const struct sl_loaded_ruleset *loaded)
{
	for (unsigned f = 0; f < SL_FIELD_COUNT; f++)
		wanted[f] = !loaded || sl_detect_wants(loaded, (enum sl_field)f);
}

static int new_stages(struct sl_worker *w, const struct sl_worker_config *c, struct sl_err *err)
{
	const struct sl_sensor_config *s = c->sensor;
	struct sl_flow_config flow = { .max = s->flow_max / c->workers, .vlan = s->flow_vlan,
				       .idle_s = { [SL_FLOW_CLOSED] = s->idle_closed,
						   [SL_FLOW_NEW] = s->idle_new,
						   [SL_FLOW_TCP_NEW] = s->idle_tcp_new,
						   [SL_FLOW_ESTABLISHED] = s->idle_established,
						   [SL_FLOW_TCP_ESTABLISHED] = s->idle_tcp },
				       .ended = on_flow_end, .ctx = w, .counters = &w->counters };
	struct sl_tcp_sink tcp = { w, on_stream, on_stream_end };
	struct sl_inspect_config inspect = { .gather_bytes = s->gather_bytes / c->workers,
					     .state_bytes = s->inspect_bytes / c->workers,
					     .sink = { w, on_transaction, c->loaded ? on_piece : NULL, on_transaction_end },
					     .seal_all = s->skip_alone, .counters = &w->counters };
	find_wanted(inspect.wanted, c->loaded);
	flow.slot_bytes[SL_SLOT_INSPECT] = sl_inspect_slot_bytes();
	flow.slot_bytes[SL_SLOT_DETECT] = c->loaded ? sl_detect_slot_bytes() : 0;
	flow.slot_bytes[SL_SLOT_DUMP] = c->loaded ? 0 : sl_dump_slot_bytes();

	int rc = sl_defrag_new(&w->defrag, s->fragment_bytes / c->workers, &w->counters, err);
	if (rc == SL_OK)
		rc = sl_flow_table_new(&w->flows, &flow, err);
	if (rc == SL_OK)
		rc = sl_tcp_new(&w->tcp, s->reassembly_bytes / c->workers, s->depth, &tcp, &w->counters, err);
	if (rc == SL_OK && strcmp(s->urgent, "inline") == 0)
		sl_tcp_urgent_inline(w->tcp);
	if (rc == SL_OK)
		rc = sl_inspect_new(&w->inspect, &inspect, err);
	if (rc == SL_OK && c->loaded) {
		struct sl_detect_config detect = { .loaded = c->loaded, .flows = w->flows,
						   .counters = &w->counters, .at = s->at_time,
						   .stream_bytes = s->stream_bytes / c->workers,
						   .match = on_match, .ctx = w };
		rc = sl_detect_new(&w->detect, &detect, err);
	} else if (rc == SL_OK) {
		struct sl_dump_config dump = { .what = s->dump, .flows = w->flows, .outbox = w->outbox,
					       .counters = &w->counters,
					       .community_seed = (uint16_t)s->community_seed };
		rc = sl_dump_new(&w->dump, &dump, err);
	}
	return rc;
}

int sl_worker_new(struct sl_worker **out, const struct sl_worker_config *c, struct sl_err *err)
{
	struct sl_worker *w = calloc(1, sizeof *w);
	if (!w)
		return sl_fail(err, SL_ENOMEM, "worker: out of memory");
	w->checksums = !c->sensor->no_checksums;
	w->carriers = c->sensor->flow_carriers && c->loaded;
	w->live = c->sensor->live;
	w->scan_encrypted = c->sensor->scan_encrypted;
	w->sharing = w->live ? (unsigned)c->sensor->workers : 1;
	w->outbox = c->outbox;
	w->now = &w->ending;
	int rc = new_stages(w, c, err);
	if (rc != SL_OK) {
		sl_worker_free(w);
		return rc;
	}
	*out = w;
	return SL_OK;
}

void sl_worker_free(struct sl_worker *w)
{
	if (!w)
		return;
	sl_dump_free(w->dump);
	sl_detect_free(w->detect);
	sl_inspect_free(w->inspect);
	sl_tcp_free(w->tcp);
	sl_flow_table_free(w->flows);
	sl_defrag_free(w->defrag);
	free(w);
}

int sl_worker_swap(struct sl_worker *w, struct sl_loaded_ruleset *loaded, struct sl_err *err)
{
	bool wanted[SL_FIELD_COUNT];
	find_wanted(wanted, loaded);
	int rc = sl_inspect_want(w->inspect, wanted, err);
	return rc == SL_OK ? sl_detect_swap(w->detect, loaded, err) : rc;
}

struct sl_counters *sl_worker_counters(struct sl_worker *w)
{
	return &w->counters;
}

/* --- the journey --- */

void sl_worker_decode(struct sl_worker *w, struct sl_batch *batch)
{
	struct sl_packets to = { .at = batch->packet, .spare = SL_BATCH_PACKETS - batch->frames.n,
				 .carriers = w->carriers, .joined = batch->joined, .joined_max = SL_BATCH_PACKETS };
	for (size_t i = 0; i < batch->frames.n; i++)
		sl_unpack(w->defrag, &batch->frames.frame[i], w->checksums, &to);
	batch->n = to.n;
	if (to.lost)
		sl_count_add(&w->counters, SL_COUNT_FURTHER_LOST, to.lost);
	if (batch->frames.n)
		batch->reached = batch->frames.frame[batch->frames.n - 1].number;
}

static bool has_flow(const struct sl_packet *p)
{
	return p->verdict == SL_VERDICT_OK && p->src.family != 0;
}

static void count_verdicts(struct sl_worker *w, const struct sl_batch *batch)
{
	static const enum sl_counter counter[] = {
		[SL_VERDICT_OK] = SL_COUNT_DECODE_OK,
		[SL_VERDICT_TRUNCATED] = SL_COUNT_DECODE_TRUNCATED,
		[SL_VERDICT_MALFORMED] = SL_COUNT_DECODE_MALFORMED,
		[SL_VERDICT_UNSUPPORTED] = SL_COUNT_DECODE_UNSUPPORTED,
		[SL_VERDICT_FRAGMENT] = SL_COUNT_DECODE_FRAGMENT,
	};
	uint32_t n[5] = { 0 };
	for (size_t i = 0; i < batch->n; i++) {
		const struct sl_packet *p = &batch->packet[i];
		if (p->carrier)
			sl_count(&w->counters, SL_COUNT_CARRIER_PACKETS);
		else if (p->further) /* verdicts are of frames: their sum is what was received */
			sl_count(&w->counters, SL_COUNT_FURTHER_PACKETS);
		else
			n[p->verdict]++;
		if (p->reason == sl_reason_checksum)
			sl_count(&w->counters, SL_COUNT_BAD_CHECKSUM);
	}
	for (unsigned v = 0; v < 5; v++)
		if (n[v])
			sl_count_add(&w->counters, counter[v], n[v]);
}

static void sight(struct sl_sighting *s, const struct sl_batch *batch, size_t i)
{
	const struct sl_packet *p = &batch->packet[i];
	s->packet = p->number;
	s->time = p->time;
	s->observed = batch->frames.observed;
	s->mac = p->mac;
	s->interface = batch->frames.interface;
	s->tunnel = p->tunnel;
	s->tunnels = p->tunnels;
	s->tunnel_kinds = p->tunnel_kinds;
	s->tcp_flags = p->tcp_flags;
	s->icmp_type = (uint8_t)p->sport;
	s->icmp_code = (uint8_t)p->dport;
	s->has_vni = p->has_vni;
	s->vni = p->vni;
	s->payload = (uint32_t)p->payload.len + 1;
}

/* Live the outer address pair chose this worker. What belongs to the inner one, or to the one that an
 * ICMP error quotes, may be elsewhere. */
static void count_split(struct sl_worker *w, const struct sl_packet *p)
{
	const struct sl_address *a = &p->src, *b = &p->dst;
	const struct sl_tunnel *outer = p->tunnels ? &p->tunnel[0] : NULL;
	unsigned here = outer ? sl_spread_worker(&outer->src, &outer->dst, w->sharing) :
				sl_spread_worker(a, b, w->sharing);
	if (p->has_quoted) {
		a = &p->quoted.src;
		b = &p->quoted.dst;
	}
	if (sl_spread_worker(a, b, w->sharing) != here)
		sl_count(&w->counters, p->has_quoted ? SL_COUNT_ICMP_SPLIT : SL_COUNT_TUNNEL_SPLIT);
}

/* Under pressure: what a flow says past its beginning is let go, and counted. DNS never, nor what
 * begins or ends a flow. */
static bool shed(struct sl_worker *w, struct sl_flow *flow, unsigned side, const struct sl_packet *p)
{
	bool dns = flow->key.low_port == 53 || flow->key.high_port == 53 || flow->app == SL_APP_DNS;
	if (flow->bytes[side] <= SHED_PAST || !p->payload.len || dns ||
	    p->tcp_flags & (SL_TCP_SYN | SL_TCP_FIN | SL_TCP_RST))
		return false;
	if (p->proto == IPPROTO_TCP && !sl_tcp_shed(w->tcp, flow, side, p))
		return false;
	sl_count(&w->counters, SL_COUNT_SHED_PACKETS);
	sl_count_add(&w->counters, SL_COUNT_SHED_BYTES, p->payload.len);
	return true;
}

/* One packet: its flow, its bytes in order, what they say, and what that means. */
static void visit(struct sl_worker *w, const struct sl_batch *batch, size_t i)
{
	const struct sl_packet *p = &batch->packet[i];
	const struct sl_flow_lookup *lookup = &w->lookup[i];
	struct sl_sighting *now = &w->sighting[i];
	bool fresh;

	sight(now, batch, i);
	w->now = now;
	struct sl_flow *flow = sl_flow_get(w->flows, lookup, p, &fresh);
	if (p->has_quoted && sl_flow_quoted(w->flows, p))
		sl_count(&w->counters, SL_COUNT_ICMP_ERRORS);
	sl_flow_moment(flow, &now->flow);
	if (w->detect)
		sl_detect_packet(w->detect, now, flow, lookup->side);
	uint8_t app = flow->app;
	if (w->sharing > 1 && (p->tunnels || p->has_quoted))
		count_split(w, p);
	if (batch->frames.pressed && shed(w, flow, lookup->side, p))
		return;
	if (p->proto == IPPROTO_TCP) {
		sl_tcp_packet(w->tcp, flow, lookup->side, p);
		sl_flow_restate(w->flows, flow); /* late data may have closed it */
	} else {
		if (w->detect)
			sl_detect_datagram(w->detect, now, flow, lookup->side, p->payload);
		if (!p->carrier)
			sl_inspect_datagram(w->inspect, flow, sl_flow_slot(w->flows, flow, SL_SLOT_INSPECT),
					    lookup->side, p->payload);
	}
	/* A parser may have learnt what it is, and who the client is. Where one gives the flow up to what follows
	 * (CONNECT, STARTTLS), what came in this packet is still its own. */
	now->flow.app = flow->app ? flow->app : app;
	if (flow->app)
		now->flow.app_before = flow->app_before;
	now->flow.client = flow->client;
	if (w->detect && app != flow->app)
		sl_detect_learnt(w->detect, now, flow, lookup->side);
}

void sl_worker_batch(struct sl_worker *w, const struct sl_batch *batch)
{
	size_t n = batch->n;
	for (size_t i = 0; i < n; i++)
		if (has_flow(&batch->packet[i]))
			sl_flow_prepare(w->flows, &batch->packet[i], &w->lookup[i]);
	for (size_t i = 0; i < n; i++)
		if (has_flow(&batch->packet[i]))
			sl_flow_prefetch(w->flows, &w->lookup[i]);
	for (size_t i = 0; i < n; i++) {
		if (w->dump && !batch->packet[i].further)
			sl_dump_packet(w->dump, &batch->packet[i]);
		if (has_flow(&batch->packet[i]))
			visit(w, batch, i);
	}
	if (w->detect)
		sl_detect_flush(w->detect);
	count_verdicts(w, batch);
	if (n) {
		sight(&w->ending, batch, n - 1);
		w->ending.tunnels = 0; /* of that packet, not of the flows that end */
		w->ending.payload = 0;
		w->now = &w->ending;
		sl_flow_expire(w->flows, batch->packet[n - 1].time);
	}
	sl_outbox_reached(w->outbox, batch->reached);
}

void sl_worker_idle(struct sl_worker *w, uint64_t now)
{
	w->ending.time = w->ending.observed = now;
	w->now = &w->ending;
	sl_flow_expire(w->flows, now);
}

void sl_worker_end(struct sl_worker *w)
{
	w->now = &w->ending;
	sl_flow_end_all(w->flows);
	sl_outbox_reached(w->outbox, UINT64_MAX);
	sl_outbox_close(w->outbox);
}
