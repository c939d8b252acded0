/* detect's life, and the order of its work. Memory is taken at the start; a batch takes none. */
#include <selat/log.h>
#include <sensor/detect/detect_internal.h>
#include <stdlib.h>

enum { ALARM_MS = 60000 };

/* --- lanes: the ruleset, and a delta on top --- */

static int lane_init(struct sl_lane *lane, const struct sl_engine *e, const uint64_t *gone)
{
	*lane = (struct sl_lane){ .e = e, .rs = e->rs, .gone = gone,
				  .last = calloc(e->rs->conditions_n + 1, sizeof *lane->last),
				  .atom_last = calloc(e->crowds.atoms + 1, sizeof *lane->atom_last),
				  .judged = calloc(e->rs->conditions_n + 1, sizeof *lane->judged) };
	return lane->last && lane->judged && lane->atom_last ? SL_OK : SL_ENOMEM;
}

static bool scratch_fit(hs_scratch_t **scratch, const struct sl_engine *e)
{
	for (unsigned f = 0; f < SL_FIELDS_ALL; f++)
		for (unsigned m = 0; m < SL_MODES; m++)
			if (e->scanner[f][m].db && hs_alloc_scratch(e->scanner[f][m].db, scratch) != HS_SUCCESS)
				return false;
	return true;
}

/* One scratch, grown over all databases: a clone of it, because a failure would take the one in use. */
static int scratch_grow(struct sl_detect *d, const struct sl_engine *const *engine, unsigned n)
{
	hs_scratch_t *grown = NULL;
	bool fits = !d->scratch || hs_clone_scratch(d->scratch, &grown) == HS_SUCCESS;
	for (unsigned i = 0; fits && i < n; i++)
		fits = scratch_fit(&grown, engine[i]);
	if (!fits) {
		hs_free_scratch(grown);
		return SL_ENOMEM;
	}
	hs_free_scratch(d->scratch);
	d->scratch = grown;
	return SL_OK;
}

void sl_lane_fini(struct sl_lane *lane)
{
	free(lane->last);
	free(lane->judged);
	free(lane->atom_last);
	*lane = (struct sl_lane){ .e = NULL };
}

int sl_lanes_init(struct sl_detect *d, struct sl_lane lane[SL_LANES], const struct sl_loaded_ruleset *loaded)
{
	const struct sl_engine *engine[SL_LANES];
	unsigned n = sl_loaded_engines(loaded, engine);
	int rc = SL_OK;
	for (unsigned i = 0; rc == SL_OK && i < n; i++)
		rc = lane_init(&lane[i], engine[i], i == 0 ? loaded->gone : NULL);
	return rc == SL_OK ? scratch_grow(d, engine, n) : rc;
}

void sl_lanes_join(struct sl_detect *d)
{
	d->addresses = d->lengths = d->flowwise = d->ends = d->bare = d->segments = d->gathers = d->scans = false;
	d->windows = false;
	d->watched = d->derives = (struct sl_field_set){ { 0 } };
	d->lanes = d->lane[1].e ? 2 : 1;
	for (unsigned i = 0; i < d->lanes; i++) {
		const struct sl_engine *e = d->lane[i].e;
		d->lengths |= e->lengths > 0;
		d->flowwise |= e->rs->flowwise_n > 0;
		d->addresses |= e->addresses;
		d->ends |= e->ends;
		d->bare |= e->bare;
		d->segments |= e->segments;
		d->windows |= e->windowed != NULL;
		d->gathers |= e->scanner[SL_FIELD_PAYLOAD][SL_MODE_GATHER].db != NULL;
		d->scans |= e->scanner[SL_FIELD_PAYLOAD][SL_MODE_BLOCK].db || e->windowed ||
			    e->scanner[SL_FIELD_PAYLOAD][SL_MODE_STREAM].db;
		sl_field_set_join(&d->derives, &e->derived);
		for (unsigned s = 0; s <= SL_SCOPE_PACKET; s++)
			sl_field_set_join(&d->watched, &e->watched[s]);
	}
	d->scans |= sl_field_set_has(&d->derives, SL_FIELD_PAYLOAD) || sl_field_set_has(&d->watched, SL_FIELD_PAYLOAD);
}

/* --- life --- */

static int take_memory(struct sl_detect *d)
{
	bool ok = sl_pool_init(&d->partials, sizeof(struct sl_partial), SL_PARTIALS_POOL);
	ok = sl_pool_init(&d->scopes, sizeof(struct sl_ledger), SL_SCOPES_POOL) && ok;
	ok = sl_pool_init(&d->facts, sizeof(struct sl_facts), SL_FACTS_POOL) && ok;
	ok = sl_pool_init(&d->memos, sizeof(struct sl_memo), SL_MEMOS_POOL) && ok;
	ok = sl_pool_init(&d->streams, sizeof(struct sl_streams), SL_STREAMS_POOL) && ok;
	d->hits = malloc(SL_HITS_MAX * sizeof *d->hits);
	d->kept = malloc(SL_KEPT_MAX);
	d->gathered = malloc(SL_GATHER_ENTRIES * sizeof *d->gathered);
	d->buffer = malloc(SL_GATHER_BYTES);
	d->ready = malloc(SL_READY_MAX * sizeof *d->ready);
	d->derived[0] = malloc(SL_DERIVED_BYTES);
	d->derived[1] = malloc(SL_DERIVED_BYTES);
	return ok && d->hits && d->kept && d->gathered && d->buffer && d->ready && d->derived[0] &&
			       d->derived[1] && sl_verifier_init(&d->verifier)
		       ? SL_OK
		       : SL_ENOMEM;
}

int sl_detect_new(struct sl_detect **out, const struct sl_detect_config *config, struct sl_err *err)
{
	struct sl_detect *d = calloc(1, sizeof *d);
	if (!d)
		return sl_fail(err, SL_ENOMEM, "detect: out of memory");
	d->config = *config;
	d->config.loaded = sl_loaded_retain(config->loaded);
	d->stream_budget = config->stream_bytes;
	if (take_memory(d) != SL_OK || sl_lanes_init(d, d->lane, config->loaded) != SL_OK) {
		sl_detect_free(d);
		return sl_fail(err, SL_ENOMEM, "detect: out of memory");
	}
	sl_lanes_join(d);
	*out = d;
	return SL_OK;
}

void sl_detect_free(struct sl_detect *d)
{
	if (!d)
		return;
	struct sl_pool *pools[] = { &d->partials, &d->scopes, &d->facts, &d->memos, &d->streams };
	for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
		sl_pool_fini(pools[i]);
	for (unsigned i = 0; i < SL_LANES; i++)
		sl_lane_fini(&d->lane[i]);
	sl_verifier_fini(&d->verifier);
	hs_free_scratch(d->scratch);
	free(d->hits);
	free(d->kept);
	free(d->gathered);
	free(d->buffer);
	free(d->ready);
	free(d->derived[0]);
	free(d->derived[1]);
	sl_loaded_release(d->config.loaded);
	free(d);
}

size_t sl_detect_slot_bytes(void)
{
	return (sizeof(struct sl_detect_slot) + 7) & ~(size_t)7;
}

static bool engine_wants(const struct sl_engine *e, enum sl_field field)
{
	return sl_field_set_has(&e->looked, field) || sl_exact_wants(e->rs, field);
}

bool sl_detect_wants(const struct sl_loaded_ruleset *loaded, enum sl_field field)
{
	return engine_wants(loaded->engine, field) || (loaded->base && engine_wants(loaded->base->engine, field));
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

/* --- what is said --- */

static void transaction_seen(struct sl_detect *d, const struct sl_looking *l)
{
	struct sl_field_set fields = { { 0 } };
	for (size_t i = 0; i < l->n; i++)
		sl_field_set_add(&fields, l->values[i].field);
	if (d->bare || sl_field_sets_meet(&fields, &d->watched))
		sl_fields_add(d, l->at, l->flow, l->side, l->tx, &fields);
}

void sl_detect_transaction(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			   unsigned side, uint32_t tx, const struct sl_value *values, size_t n)
{
	struct sl_looking l = { .at = at,
				.flow = flow,
				.values = values,
				.n = n,
				.step = ++d->step,
				.tx = tx,
				.side = (uint8_t)side };
	for (size_t i = 0; i < n; i++)
		sl_value_look(d, &l, &values[i]);
	if (d->ends)
		transaction_seen(d, &l);
}

void sl_detect_transaction_end(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			       uint32_t tx)
{
	const struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	if (slot->scopes || slot->noted)
		sl_event_add(d, SL_EVENT_END, at, flow, flow->client, tx);
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

static void flow_decide(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow)
{
	const struct sl_hit end = { .at = at, .flow = flow, .event = SL_EVENT_FLOW_END,
				    .side = (uint8_t)flow->client, .condition = UINT32_MAX };
	sl_judge(d, &end, 1);
}

void sl_detect_forget(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow)
{
	struct sl_detect_slot *slot = sl_detect_slot_of(d, flow);
	bool decides = d->ends && (slot->scopes || d->bare), others = d->hits_n || d->gathered_n;
	if (slot->waiting || (decides && others)) /* what came before is said before */
		sl_detect_flush(d);
	if (d->ends && (slot->scopes || d->bare))
		flow_decide(d, at, flow);
	sl_payload_forget(d, slot);
	sl_scopes_drop(d, slot, true);
}
