/* A packet as such: its ends, looked up when a flow's side says its first word; its length; and those
 * indicators that hold by where alone. Most rulesets have little of it: most packets cost a glance. */
#include <netinet/in.h>
#include <sensor/detect/detect_internal.h>

/* What one packet may make, before a flush comes in its middle. */
enum { HITS_ROOM = 4096, ENTRIES_ROOM = 16, BYTES_ROOM = 128 * 1024 };

/* --- addresses --- */

struct end {
	struct sl_detect *d;
	const struct sl_sighting *at;
	struct sl_flow *flow;
	uint16_t port;
	uint8_t proto, field, side, lane;
	bool indicators; /* once a flow; conditions are judged for both sides */
	enum sl_field condition_field;
};

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

/* An address is of packets that go the way that `where` names. While it may turn out that the flow's
 * ends are the other way round, of both. */
static bool other_way(const struct sl_ruleset *rs, uint32_t indicator, const struct end *e)
{
	uint8_t direction = rs->wheres[rs->indicators[indicator].where].direction;
	bool to_client = e->side != e->flow->client;
	return e->flow->known_client && direction && (direction == SL_WHERE_TO_CLIENT) != to_client;
}

static void end_found(void *ctx, const struct sl_address *address, uint32_t posting)
{
	struct end *e = ctx;
	const struct sl_ruleset *rs = e->d->lane[e->lane].rs;
	uint32_t c = posting & SL_POSTING_CONDITION ? posting & ~SL_POSTING_CONDITION : UINT32_MAX;
	uint32_t indicator = c == UINT32_MAX ? posting : rs->conditions[c].indicator;
	char text[SL_ADDRESS_TEXT];
	uint16_t port = has_ports(e->proto) ? e->port : 0; /* none: what names one does not hold */
	if (c == UINT32_MAX ? !e->indicators || !sl_exact_end_fits(rs, indicator, e->proto, port)
			    : rs->conditions[c].field != e->condition_field || other_way(rs, indicator, e))
		return;
	struct sl_hit hit = { .at = e->at, .flow = e->flow, .condition = c, .indicator = indicator,
			      .step = ++e->d->step, .tx = SL_TX_FLOW, .side = e->side, .lane = e->lane,
			      .field = c == UINT32_MAX ? e->field : (uint8_t)e->condition_field,
			      .value = sl_span_str(sl_address_format(text, address)) };
	sl_hit_add(e->d, &hit, false);
}

/* One end, as the field it is of the flow and of the packet. */
static void look_up_end(struct end *e, bool high, enum sl_field field, enum sl_field condition_field)
{
	const struct sl_flow_key *key = &e->flow->key;
	struct sl_address address = { .family = key->family };
	memcpy(address.bytes, high ? key->high : key->low, sizeof address.bytes);
	e->field = (uint8_t)field;
	e->condition_field = condition_field;
	e->port = high ? key->high_port : key->low_port;
	sl_exact_prefixes(e->d->lane[e->lane].rs, &address, end_found, e);
}

static void look_up_ends(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side,
			 bool indicators)
{
	bool client = flow->client, sent = side == client;
	struct end e = { .d = d, .at = at, .flow = flow, .proto = flow->key.proto, .side = (uint8_t)side,
			 .indicators = indicators };
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		e.lane = (uint8_t)lane;
		look_up_end(&e, client, SL_FIELD_IP_SRC, sent ? SL_FIELD_IP_SRC : SL_FIELD_IP_DST);
		look_up_end(&e, !client, SL_FIELD_IP_DST, sent ? SL_FIELD_IP_DST : SL_FIELD_IP_SRC);
	}
}

static void ends_seen(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side)
{
	struct sl_field_set ends = { { 0 } };
	sl_field_set_add(&ends, SL_FIELD_IP_SRC);
	sl_field_set_add(&ends, SL_FIELD_IP_DST);
	if (sl_field_sets_meet(&ends, &d->watched))
		sl_fields_add(d, at, flow, side, SL_TX_FLOW, &ends);
}

/* --- lengths --- */

/* The payload's length is of the packet, also in a stream. Its bytes are not asked for. */
static void length_found(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side,
			 unsigned lane, uint32_t c)
{
	struct sl_hit hit = { .at = at, .flow = flow, .condition = c, .step = d->step,
			      .indicator = d->lane[lane].rs->conditions[c].indicator,
			      .tx = flow->key.proto == IPPROTO_TCP ? SL_TX_FLOW : SL_TX_DATAGRAM,
			      .field = SL_FIELD_PAYLOAD, .side = (uint8_t)side, .lane = (uint8_t)lane };
	if (sl_where_may(&d->lane[lane], hit.indicator, flow))
		sl_hit_add(d, &hit, true);
}

static void judge_length(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side)
{
	uint64_t payload = at->payload - 1;
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		const struct sl_engine *e = d->lane[lane].e;
		for (uint32_t i = sl_lengths_from(e, payload); i-- > 0 && e->length[i].reach >= payload;)
			if (e->length[i].max >= payload)
				length_found(d, at, flow, side, lane, e->length[i].condition);
	}
}

/* --- from the worker --- */

/* Is this the flow's first packet since the ruleset came? Until a second one comes nobody asks. */
static bool renew(const struct sl_detect *d, struct sl_flow *flow)
{
	struct sl_detect_slot *slot = d->generation ? sl_detect_slot_of(d, flow) : NULL;
	if (!slot || slot->generation == d->generation)
		return false;
	slot->generation = d->generation & SL_GENERATION_MAX;
	return true;
}

/* May an indicator that is judged for every packet hold for this one? */
static bool packet_is_judged(const struct sl_detect *d, uint8_t proto, uint8_t tcp_flags)
{
	for (unsigned lane = 0; lane < d->lanes; lane++) {
		const struct sl_flowwise *w = &d->lane[lane].e->packetwise;
		if (w->protos[proto / 64] >> proto % 64 & 1 ||
		    (proto == IPPROTO_TCP && w->tcp_flags[tcp_flags / 64] >> tcp_flags % 64 & 1))
			return true;
	}
	return false;
}

void sl_detect_packet(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side)
{
	bool first = at->flow.packets[side] == 1, fresh = first && at->flow.packets[!side] == 0;
	bool renewed = renew(d, flow);
	bool judged = d->flowwise && packet_is_judged(d, flow->key.proto, at->tcp_flags);
	if (d->hits_n > SL_HITS_MAX - HITS_ROOM || d->gathered_n > SL_GATHER_ENTRIES - ENTRIES_ROOM ||
	    d->buffer_n > SL_GATHER_BYTES - BYTES_ROOM)
		sl_detect_flush(d);
	if (at->payload > 1 && d->windows)
		sl_payload_expect(d, at, flow, side, at->payload - 1);
	if (!first && !renewed && !judged && !d->lengths)
		return;
	if (fresh || renewed || (first && d->addresses)) {
		look_up_ends(d, at, flow, side, fresh || renewed);
		ends_seen(d, at, flow, side);
	}
	d->step++;
	if (d->lengths)
		judge_length(d, at, flow, side);
	if (d->flowwise && (first || renewed))
		sl_event_add(d, SL_EVENT_FLOWWISE, at, flow, side, SL_TX_FLOW);
	else if (judged)
		sl_event_add(d, SL_EVENT_PACKETWISE, at, flow, side, SL_TX_FLOW);
}

void sl_detect_learnt(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side)
{
	if (d->flowwise)
		sl_event_add(d, SL_EVENT_FLOWWISE, at, flow, side, SL_TX_FLOW);
}
