/* Collecting: what the scans find and what else happens to scopes waits for the flush, because what
 * lies in payloads is found there. Sorted by packet and step, events come as if each packet had been
 * looked at alone, so that the way packets fell into batches cannot be seen in the result. */
#include <sensor/detect/detect_internal.h>
#include <stdlib.h>

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
	uint64_t place = hit->at->packet * 0x9E3779B97F4A7C15u ^ hit->step * 0xC2B2AE3D27D4EB4Fu;
	return (place << 16 | place >> 48) ^
	       ((uint64_t)hit->field << 2 | (uint64_t)hit->side << 1 | hit->crosses) ^ 1;
}

static bool repeats(struct sl_detect *d, const struct sl_hit *hit)
{
	const struct sl_lane *lane = &d->lane[hit->lane];
	if (hit->condition == UINT32_MAX)
		return false; /* a table's answer: once a value */
	uint64_t place = place_of(hit);
	uint64_t *last = &(hit->event == SL_EVENT_ATOM ? lane->atom_last : lane->last)[hit->condition];
	bool again = *last == place;
	*last = place;
	return again;
}

static bool push(struct sl_detect *d, const struct sl_hit *hit)
{
	if (d->hits_n == SL_HITS_MAX)
		return false;
	struct sl_hit *to = &d->hits[d->hits_n];
	*to = *hit;
	struct sl_detect_slot *slot = sl_detect_slot_of(d, hit->flow);
	to->order = d->hits_n++;
	slot->waiting = slot->noted = 1;
	return true;
}

void sl_hit_add(struct sl_detect *d, const struct sl_hit *hit, bool stable)
{
	if (repeats(d, hit))
		return;
	if (hit->event == SL_EVENT_HIT && sl_is_gone(d->lane[hit->lane].gone, hit->indicator))
		return;
	bool ok = true;
	struct sl_hit kept = *hit;
	if (kept.value.len > SL_MATCH_VALUE_MAX)
		kept.value.len = SL_MATCH_VALUE_MAX;
	if (!stable) {
		kept.value = keep(d, kept.value, &ok);
		kept.around = keep(d, kept.around, &ok);
	}
	if (!ok || !push(d, &kept))
		sl_count(d->config.counters, SL_COUNT_MATCHES_LIMITED);
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

static void add_field(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v,
		      struct sl_hit *hit, size_t offset, size_t len)
{
	enum { BEFORE = SL_MATCH_AROUND_MAX / 4 };
	size_t first = offset > BEFORE && offset + len > SL_MATCH_AROUND_MAX ? offset - BEFORE : 0;
	size_t left = v->bytes.len - first;
	if (!l->kept && hit->event == SL_EVENT_HIT) { /* atoms are common: they show what there is */
		l->fields = serialise(d, l);
		l->kept = true;
	}
	hit->at = l->at;
	hit->flow = l->flow;
	hit->step = l->step;
	hit->tx = l->tx;
	hit->offset = (uint32_t)offset;
	hit->field = (uint8_t)v->field;
	hit->side = l->side;
	hit->lane = l->lane;
	hit->value = v->bytes;
	hit->around =
		sl_span_of(v->bytes.at + first, left < SL_MATCH_AROUND_MAX ? left : SL_MATCH_AROUND_MAX);
	hit->fields = l->fields;
	sl_hit_add(d, hit, false);
}

void sl_hit_field(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v,
		  uint32_t indicator, uint32_t condition, size_t offset, size_t len)
{
	struct sl_hit hit = { .event = SL_EVENT_HIT, .condition = condition, .indicator = indicator };
	add_field(d, l, v, &hit, offset, len);
}

void sl_hit_atom(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v, uint32_t atom,
		 size_t offset, size_t len)
{
	struct sl_hit hit = { .event = SL_EVENT_ATOM, .condition = atom, .indicator = UINT32_MAX };
	add_field(d, l, v, &hit, offset, len);
}

/* --- what is no hit --- */

void sl_event_add(struct sl_detect *d, enum sl_event event, const struct sl_sighting *at,
		  struct sl_flow *flow, unsigned side, uint32_t tx)
{
	struct sl_hit hit = { .at = at,
			      .flow = flow,
			      .event = (uint8_t)event,
			      .side = (uint8_t)side,
			      .tx = tx,
			      .step = ++d->step,
			      .condition = UINT32_MAX };
	if (!push(d, &hit))
		sl_count(d->config.counters, SL_COUNT_MATCHES_LIMITED);
}

void sl_fields_add(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
		   unsigned side, uint32_t tx, const struct sl_field_set *fields)
{
	bool ok = true;
	struct sl_hit hit = { .at = at,
			      .flow = flow,
			      .event = SL_EVENT_SEEN,
			      .side = (uint8_t)side,
			      .tx = tx,
			      .step = d->step,
			      .condition = UINT32_MAX,
			      .value = keep(d, sl_span_of(fields, sizeof *fields), &ok) };
	if (!ok || !push(d, &hit))
		sl_count(d->config.counters, SL_COUNT_MATCHES_LIMITED);
}

/* --- the flush --- */

static int by_packet(const void *x, const void *y)
{
	const struct sl_hit *a = x, *b = y;
	if (a->at->packet != b->at->packet)
		return a->at->packet < b->at->packet ? -1 : 1;
	if (a->step != b->step)
		return a->step < b->step ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void sl_hits_evaluate(struct sl_detect *d)
{
	if (d->hits_n == 0)
		return;
	qsort(d->hits, d->hits_n, sizeof *d->hits, by_packet);
	for (uint32_t i = 0, end; i < d->hits_n; i = end) {
		const struct sl_hit *first = &d->hits[i];
		for (end = i + 1; end < d->hits_n && d->hits[end].at->packet == first->at->packet &&
				  d->hits[end].flow == first->flow;)
			end++;
		sl_judge(d, first, end - i);
	}
	for (uint32_t i = 0; i < d->hits_n; i++) {
		struct sl_detect_slot *slot = sl_detect_slot_of(d, d->hits[i].flow);
		slot->waiting = slot->noted = 0;
	}
	d->hits_n = 0;
	d->kept_n = 0;
}
