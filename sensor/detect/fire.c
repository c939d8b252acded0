/* From an indicator that holds to the match that is published. */
#include <sensor/detect/detect_internal.h>

bool sl_match_valid(const struct sl_detect *d, const struct sl_hit *hit)
{
	const struct sl_ruleset_meta *meta = sl_ruleset_meta(d->lane[hit->lane].rs, hit->indicator);
	int64_t now = (int64_t)((d->config.at ? d->config.at : hit->at->time) / 1000000000u);
	return now >= meta->valid_from && now < meta->valid_until;
}

static size_t put(uint8_t *out, size_t n, struct sl_span bytes)
{
	if (bytes.len)
		memcpy(out + n, bytes.at, bytes.len);
	return n + bytes.len;
}

/* What transforms made is shown under its source's name. */
static uint8_t shown_field(const struct sl_ruleset *rs, uint8_t field)
{
	return field == SL_FIELD_NONE ? field : (uint8_t)sl_ruleset_field(rs, field);
}

static void publish(struct sl_detect *d, const struct sl_hit *hit)
{
	uint8_t tail[SL_MATCH_VALUE_MAX + SL_MATCH_AROUND_MAX + SL_MATCH_FIELDS_MAX];
	const struct sl_sighting *at = hit->at;
	const struct sl_ruleset *rs = d->lane[hit->lane].rs;
	struct sl_match m = {
		.packet = at->packet,
		.time = at->time,
		.observed = at->observed,
		.loaded = sl_loaded_retain(d->config.loaded),
		.ruleset = rs,
		.indicator = hit->indicator,
		.offset = hit->offset,
		.field = shown_field(rs, hit->field),
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

void sl_match_fire(struct sl_detect *d, const struct sl_hit *hit)
{
	const struct sl_ruleset_indicator *ind = sl_hit_indicator(d, hit);
	if (!sl_match_valid(d, hit))
		sl_count(d->config.counters, SL_COUNT_MATCHES_EXPIRED);
	else if (ind->flags & SL_IND_SHADOW)
		sl_count(d->config.counters, SL_COUNT_MATCHES_SHADOW);
	else if (ind->flags & (SL_IND_SILENT | SL_IND_PASS))
		sl_count(d->config.counters, SL_COUNT_MATCHES_SILENT);
	else
		publish(d, hit);
}
