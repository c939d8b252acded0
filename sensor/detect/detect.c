/* detect's life, and the order of its work. Memory is taken at the start; a batch takes none. */
#include <selat/log.h>
#include <sensor/detect/detect_internal.h>
#include <stdlib.h>

enum { ALARM_MS = 60000 };

static int take_memory(struct sl_detect *d)
{
	d->hits = malloc(SL_HITS_MAX * sizeof *d->hits);
	d->last = calloc(d->rs->conditions_n + 1, sizeof *d->last);
	d->kept = malloc(SL_KEPT_MAX);
	d->gathered = malloc(SL_GATHER_ENTRIES * sizeof *d->gathered);
	d->buffer = malloc(SL_GATHER_BYTES);
	d->partials = malloc(SL_PARTIALS_POOL * sizeof *d->partials);
	d->streams = malloc(SL_STREAMS_POOL * sizeof *d->streams);
	return d->streams && d->hits && d->last && d->kept && d->gathered && d->buffer && d->partials ? SL_OK : SL_ENOMEM;
}

/* One scratch, grown over all databases. */
static int take_scratch(struct sl_detect *d)
{
	for (unsigned f = 0; f < SL_FIELDS_ALL; f++)
		for (unsigned m = 0; m < SL_MODES; m++) {
			const hs_database_t *db = d->config.loaded->scanner[f][m].db;
			if (db && hs_alloc_scratch(db, &d->scratch) != HS_SUCCESS)
				return SL_ENOMEM;
		}
	return SL_OK;
}

int sl_detect_new(struct sl_detect **out, const struct sl_detect_config *config, struct sl_err *err)
{
	struct sl_detect *d = calloc(1, sizeof *d);
	if (!d)
		return sl_fail(err, SL_ENOMEM, "detect: out of memory");
	d->config = *config;
	d->config.loaded = sl_loaded_retain(config->loaded);
	d->rs = sl_loaded_view(config->loaded);
	d->stream_budget = config->stream_bytes;
	d->segments = sl_payload_needs_segments(d);
	d->partials_fresh = d->streams_fresh = 1;
	if (take_memory(d) != SL_OK || take_scratch(d) != SL_OK) {
		sl_detect_free(d);
		return sl_fail(err, SL_ENOMEM, "detect: out of memory");
	}
	*out = d;
	return SL_OK;
}

void sl_detect_free(struct sl_detect *d)
{
	if (!d)
		return;
	hs_free_scratch(d->scratch);
	free(d->hits);
	free(d->last);
	free(d->kept);
	free(d->gathered);
	free(d->buffer);
	free(d->partials);
	free(d->streams);
	sl_loaded_release(d->config.loaded);
	free(d);
}

size_t sl_detect_slot_bytes(void)
{
	return (sizeof(struct sl_detect_slot) + 7) & ~(size_t)7;
}

bool sl_detect_wants(const struct sl_loaded_ruleset *loaded, enum sl_field field)
{
	const struct sl_ruleset *rs = sl_loaded_view(loaded);
	for (uint32_t i = 0; i < rs->conditions_n; i++)
		if (sl_ruleset_field(rs, rs->conditions[i].field) == field)
			return true;
	return sl_exact_wants(rs, field);
}

void sl_scan_check(struct sl_detect *d, hs_error_t rc)
{
	static _Thread_local struct sl_pace pace;
	uint64_t held;
	if (rc == HS_SUCCESS || rc == HS_SCAN_TERMINATED)
		return;
	sl_count(d->config.counters, SL_COUNT_SCAN_ERRORS);
	if (sl_pace_pass(&pace, ALARM_MS, &held))
		sl_log(SL_ERROR, "detect", "Hyperscan refuses to scan (error %d; %llu more before): traffic "
		       "goes unmatched; withdraw the newest pack and report this", rc,
		       (unsigned long long)held);
}

void sl_detect_transaction(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			   unsigned side, const struct sl_value *values, size_t n)
{
	/* a stream's messages count on; a datagram's belongs to its payload's transaction */
	if (flow->side[side].flags & SL_SIDE_STARTED)
		d->transaction++;
	struct sl_looking l = { .at = at,
				.flow = flow,
				.values = values,
				.n = n,
				.transaction = d->transaction,
				.side = (uint8_t)side };
	for (size_t i = 0; i < n; i++) {
		sl_exact_value(d, &l, &values[i]);
		sl_field_scan(d, &l, &values[i]);
	}
	sl_exact_url(d, &l);
}

void sl_detect_flush(struct sl_detect *d)
{
	sl_payload_scan(d);
	sl_hits_evaluate(d);
	for (uint32_t i = 0; i < d->gathered_n; i++)
		sl_detect_slot_of(d, d->gathered[i].flow)->waiting = 0;
	d->gathered_n = 0;
	d->buffer_n = 0;
}

void sl_detect_forget(struct sl_detect *d, struct sl_flow *flow)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	if (slot->waiting)
		sl_detect_flush(d);
	sl_payload_forget(d, slot);
	sl_partials_drop(d, slot);
}
