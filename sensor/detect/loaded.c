/* Loaded rulesets: an engine, or a small one (a delta) on top of another's. Counted. */
#include <sensor/detect/loaded_internal.h>
#include <stdlib.h>

static int loaded_new(struct sl_loaded_ruleset **out, const char *path, struct sl_err *err)
{
	struct sl_loaded_ruleset *l = calloc(1, sizeof *l);
	if (!l)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	atomic_init(&l->references, 1);
	int rc = sl_engine_open(&l->engine, path, err);
	if (rc != SL_OK) {
		sl_loaded_release(l);
		return rc;
	}
	*out = l;
	return SL_OK;
}

int sl_loaded_open(struct sl_loaded_ruleset **out, const char *path, struct sl_err *err)
{
	struct sl_loaded_ruleset *l = NULL;
	int rc = loaded_new(&l, path, err);
	if (rc == SL_OK && l->engine->rs->base) {
		sl_loaded_release(l);
		return sl_fail(err, SL_EFORMAT, "%s: is a delta; name the ruleset that it goes with",
			       path);
	}
	if (rc == SL_OK)
		*out = l;
	return rc;
}

/* What of the base the delta withdraws. */
static int withdraw(struct sl_loaded_ruleset *l, const char *path, struct sl_err *err)
{
	const struct sl_ruleset *delta = l->engine->rs, *base = l->base->engine->rs;
	if (!delta->base || memcmp(delta->base, base->header->digest, sizeof base->header->digest) != 0)
		return sl_fail(err, SL_EFORMAT, "%s: was not made for this ruleset; compile it again",
			       path);
	if (delta->withdrawn_n && delta->withdrawn[delta->withdrawn_n - 1] >= base->indicators_n)
		return sl_fail(err, SL_EFORMAT,
			       "%s: withdraws what its base does not have; compile it again", path);
	l->gone = calloc(base->indicators_n / 64 + 1, sizeof *l->gone);
	if (!l->gone)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	for (uint32_t i = 0; i < delta->withdrawn_n; i++)
		l->gone[delta->withdrawn[i] / 64] |= UINT64_C(1) << delta->withdrawn[i] % 64;
	return SL_OK;
}

int sl_loaded_open_delta(struct sl_loaded_ruleset **out, struct sl_loaded_ruleset *base,
			 const char *path, struct sl_err *err)
{
	struct sl_loaded_ruleset *l = NULL;
	int rc = loaded_new(&l, path, err);
	if (rc != SL_OK)
		return rc;
	l->base = sl_loaded_retain(base->base ? base->base : base);
	rc = withdraw(l, path, err);
	if (rc != SL_OK) {
		sl_loaded_release(l);
		return rc;
	}
	*out = l;
	return SL_OK;
}

struct sl_loaded_ruleset *sl_loaded_retain(struct sl_loaded_ruleset *l)
{
	atomic_fetch_add_explicit(&l->references, 1, memory_order_relaxed);
	return l;
}

void sl_loaded_release(struct sl_loaded_ruleset *l)
{
	if (!l || atomic_fetch_sub_explicit(&l->references, 1, memory_order_acq_rel) != 1)
		return;
	sl_engine_free(l->engine);
	sl_loaded_release(l->base);
	for (unsigned i = 0; i < SL_LANES; i++)
		free(l->succession.to[i]);
	free(l->gone);
	free(l);
}

const struct sl_ruleset *sl_loaded_view(const struct sl_loaded_ruleset *l)
{
	return l->base ? l->base->engine->rs : l->engine->rs;
}

const uint8_t *sl_loaded_identity(const struct sl_loaded_ruleset *l)
{
	return l->engine->rs->header->identity;
}

uint32_t sl_loaded_indicators(const struct sl_loaded_ruleset *l)
{
	uint32_t base = l->base ? l->base->engine->rs->indicators_n : 0;
	return base + l->engine->rs->indicators_n - l->engine->rs->withdrawn_n;
}

const char *sl_detect_library(void)
{
	return hs_version();
}
