/* From hits to matches: in the packets' order, conditions into indicators, each once in its scope.
 *
 * Hits wait until the flush, because those on payloads are found there. Sorted by packet and
 * transaction they come as if each packet had been scanned alone, so that the way packets fell into
 * batches cannot be seen in the result. */
#include <netinet/in.h>
#include <sensor/detect/detect_internal.h>
#include <stdlib.h>

enum { OPEN_MAX = 128 };

/* --- collecting --- */

static struct sl_span keep(struct sl_detect *d, struct sl_span bytes, bool *ok)
{
	if (bytes.len > SL_KEPT_MAX - d->kept_n) {
		*ok = false;
		return sl_span_of(NULL, 0);
	}
	uint8_t *at = d->kept + d->kept_n;
	if (bytes.len)
		memcpy(at, bytes.at, bytes.len);
	d->kept_n += bytes.len;
	return sl_span_of(at, bytes.len);
}

/* Where a hit is, as one number: the same condition in the same place is the same hit. */
static uint64_t place_of(const struct sl_hit *hit)
{
	uint64_t place = hit->at->packet * 0x9E3779B97F4A7C15u ^ hit->transaction * 0xC2B2AE3D27D4EB4Fu;
	return (place << 16 | place >> 48) ^ ((uint64_t)hit->field << 2 | (uint64_t)hit->side << 1 | hit->crosses) ^ 1;
}

static bool repeats(struct sl_detect *d, const struct sl_hit *hit)
{
	if (hit->condition == UINT32_MAX)
		return false; /* a table's answer: once a value */
	uint64_t place = place_of(hit);
	bool again = d->last[hit->condition] == place;
	d->last[hit->condition] = place;
	return again;
}

void sl_hit_add(struct sl_detect *d, const struct sl_hit *hit, bool stable)
{
	if (repeats(d, hit))
		return;
	bool ok = d->hits_n < SL_HITS_MAX;
	struct sl_hit kept = *hit;
	if (kept.value.len > SL_MATCH_VALUE_MAX)
		kept.value.len = SL_MATCH_VALUE_MAX;
	if (ok && !stable) {
		kept.value = keep(d, kept.value, &ok);
		kept.around = keep(d, kept.around, &ok);
	}
	if (!ok) {
		sl_count(d->config.counters, SL_COUNT_MATCHES_LIMITED);
		return;
	}
	kept.order = d->hits_n;
	d->hits[d->hits_n++] = kept;
	sl_detect_slot_of(d, kept.flow)->waiting = 1;
}

/* The transaction's fields as match.h lays them out; what has no room is left out. */
static struct sl_span serialise(struct sl_detect *d, const struct sl_looking *l)
{
	uint8_t room[SL_MATCH_FIELDS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++) {
		size_t len = l->values[i].bytes.len < SL_MATCH_VALUE_MAX ? l->values[i].bytes.len
									   : SL_MATCH_VALUE_MAX;
		uint16_t len16 = (uint16_t)len;
		if (n + 3 + len > sizeof room)
			break;
		room[n] = (uint8_t)l->values[i].field;
		memcpy(room + n + 1, &len16, 2);
		if (len)
			memcpy(room + n + 3, l->values[i].bytes.at, len);
		n += 3 + len;
	}
	bool ok = true;
	return keep(d, sl_span_of(room, n), &ok);
}

void sl_hit_field(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v,
		  uint32_t indicator, uint32_t condition, size_t offset, size_t len)
{
	if (!l->kept) {
		l->fields = serialise(d, l);
		l->kept = true;
	}
	enum { BEFORE = SL_MATCH_AROUND_MAX / 4 };
	size_t first = offset > BEFORE && offset + len > SL_MATCH_AROUND_MAX ? offset - BEFORE : 0;
	size_t left = v->bytes.len - first;
	struct sl_hit hit = {
		.at = l->at,
		.flow = l->flow,
		.condition = condition,
		.indicator = indicator,
		.transaction = l->transaction,
		.offset = (uint32_t)offset,
		.field = (uint8_t)v->field,
		.side = l->side,
		.value = v->bytes,
		.around = sl_span_of(v->bytes.at + first,
				     left < SL_MATCH_AROUND_MAX ? left : SL_MATCH_AROUND_MAX),
		.fields = l->fields,
	};
	sl_hit_add(d, &hit, false);
}

/* --- scopes --- */

/* Indicators seen in one transaction or packet. */
struct open_scope {
	uint64_t packet;
	uint32_t transaction;
	uint32_t n;
	struct sl_partial seen[OPEN_MAX];
};

static void scope_enter(struct open_scope *s, uint64_t packet, uint32_t transaction)
{
	if (s->packet == packet && s->transaction == transaction)
		return;
	s->packet = packet;
	s->transaction = transaction;
	s->n = 0;
}

static struct sl_partial *scope_find(struct sl_detect *d, struct open_scope *s, uint32_t indicator)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->seen[i].indicator == indicator)
			return &s->seen[i];
	if (s->n == OPEN_MAX) {
		sl_count(d->config.counters, SL_COUNT_PARTIALS_FULL);
		return NULL;
	}
	s->seen[s->n] = (struct sl_partial){ .indicator = indicator };
	return &s->seen[s->n++];
}

static struct sl_partial *flow_find(struct sl_detect *d, struct sl_flow *flow, uint32_t indicator)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	unsigned n = 0;
	for (uint32_t i = slot->partials; i; i = d->partials[i].next, n++)
		if (d->partials[i].indicator == indicator)
			return &d->partials[i];
	uint32_t i = n < SL_PARTIALS_MAX ? d->partials_free : 0;
	if (i)
		d->partials_free = d->partials[i].next;
	else if (n < SL_PARTIALS_MAX && d->partials_fresh < SL_PARTIALS_POOL)
		i = d->partials_fresh++;
	if (!i) {
		sl_count(d->config.counters, SL_COUNT_PARTIALS_FULL);
		return NULL;
	}
	d->partials[i] = (struct sl_partial){ .next = slot->partials, .indicator = indicator };
	slot->partials = i & INT32_MAX;
	return &d->partials[i];
}

void sl_partials_drop(struct sl_detect *d, struct sl_detect_slot *slot)
{
	while (slot->partials) {
		uint32_t i = slot->partials;
		slot->partials = d->partials[i].next & INT32_MAX;
		d->partials[i].next = d->partials_free;
		d->partials_free = i;
	}
}

/* A stream's payload lasts as long as its flow: so does an indicator that looks at it, or at a body,
 * which comes in packets after the head that it belongs to. */
static bool lasts_a_flow(const struct sl_detect *d, const struct sl_ruleset_indicator *ind,
			 const struct sl_hit *hit)
{
	if (ind->scope == SL_SCOPE_FLOW || hit->transaction == 0)
		return true;
	bool stream = false;
	for (uint32_t i = 0; i < ind->conditions_n; i++)
		stream |= sl_ruleset_field_streams(d->rs->conditions[ind->condition + i].field);
	return stream && hit->flow->key.proto == IPPROTO_TCP;
}

/* --- matches --- */

static bool valid(const struct sl_detect *d, uint32_t indicator, uint64_t time)
{
	const struct sl_ruleset_meta *meta = sl_ruleset_meta(d->rs, indicator);
	int64_t now = (int64_t)((d->config.at ? d->config.at : time) / 1000000000u);
	return now >= meta->valid_from && now < meta->valid_until;
}

static size_t put(uint8_t *out, size_t n, struct sl_span bytes)
{
	if (bytes.len)
		memcpy(out + n, bytes.at, bytes.len);
	return n + bytes.len;
}

static void publish(struct sl_detect *d, const struct sl_hit *hit)
{
	uint8_t tail[SL_MATCH_VALUE_MAX + SL_MATCH_AROUND_MAX + SL_MATCH_FIELDS_MAX];
	const struct sl_sighting *at = hit->at;
	struct sl_match m = {
		.packet = at->packet,
		.time = at->time,
		.observed = at->observed,
		.loaded = sl_loaded_retain(d->config.loaded),
		.ruleset = d->rs,
		.indicator = hit->indicator,
		.offset = hit->offset,
		.field = hit->field,
		.to_client = hit->side != at->flow.client,
		.has_mac = at->mac != NULL,
		.interface = at->interface,
		.tunnels = at->tunnels,
		.value_len = (uint16_t)hit->value.len,
		.around_len = (uint16_t)hit->around.len,
		.fields_len = (uint16_t)hit->fields.len,
	};
	sl_flow_view_at(hit->flow, &at->flow, &m.flow);
	for (unsigned i = 0; i < at->tunnels; i++)
		m.tunnel[i] = at->tunnel[i];
	if (at->mac) {
		memcpy(m.dst_mac, at->mac, 6);
		memcpy(m.src_mac, at->mac + 6, 6);
	}
	size_t n = put(tail, 0, hit->value);
	n = put(tail, n, hit->around);
	n = put(tail, n, hit->fields);
	d->config.match(d->config.ctx, &m, tail, n);
}

static void fire(struct sl_detect *d, const struct sl_hit *hit)
{
	const struct sl_ruleset_indicator *ind = &d->rs->indicators[hit->indicator];
	sl_count(d->config.counters, SL_COUNT_MATCHES);
	if (!valid(d, hit->indicator, hit->at->time))
		sl_count(d->config.counters, SL_COUNT_MATCHES_EXPIRED);
	else if (ind->flags & SL_IND_SHADOW)
		sl_count(d->config.counters, SL_COUNT_MATCHES_SHADOW);
	else
		publish(d, hit);
}

static void evaluate(struct sl_detect *d, const struct sl_hit *hit, struct open_scope *transaction,
		     struct open_scope *packet)
{
	const struct sl_ruleset_indicator *ind = &d->rs->indicators[hit->indicator];
	struct sl_partial *seen;
	if (ind->scope == SL_SCOPE_PACKET) {
		if (hit->crosses)
			return;
		seen = scope_find(d, packet, hit->indicator);
	} else if (lasts_a_flow(d, ind, hit)) {
		seen = flow_find(d, hit->flow, hit->indicator);
	} else {
		seen = scope_find(d, transaction, hit->indicator);
	}
	if (!seen || seen->fired)
		return;
	if (hit->condition != UINT32_MAX) {
		seen->held |= 1u << d->rs->conditions[hit->condition].bit;
		unsigned groups = d->rs->conditions[ind->condition + ind->conditions_n - 1].bit + 1u;
		uint32_t all = groups >= 32 ? UINT32_MAX : (1u << groups) - 1;
		if (seen->held != all)
			return;
	}
	seen->fired = true;
	fire(d, hit);
}

static int by_packet(const void *x, const void *y)
{
	const struct sl_hit *a = x, *b = y;
	if (a->at->packet != b->at->packet)
		return a->at->packet < b->at->packet ? -1 : 1;
	if (a->transaction != b->transaction)
		return a->transaction < b->transaction ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void sl_hits_evaluate(struct sl_detect *d)
{
	struct open_scope transaction, packet;
	if (d->hits_n == 0)
		return;
	transaction.packet = packet.packet = 0;
	transaction.transaction = packet.transaction = 0;
	transaction.n = packet.n = 0;
	qsort(d->hits, d->hits_n, sizeof *d->hits, by_packet);
	for (uint32_t i = 0; i < d->hits_n; i++) {
		const struct sl_hit *hit = &d->hits[i];
		scope_enter(&transaction, hit->at->packet, hit->transaction);
		scope_enter(&packet, hit->at->packet, 0);
		evaluate(d, hit, &transaction, &packet);
	}
	for (uint32_t i = 0; i < d->hits_n; i++)
		sl_detect_slot_of(d, d->hits[i].flow)->waiting = 0;
	d->hits_n = 0;
	d->kept_n = 0;
}
