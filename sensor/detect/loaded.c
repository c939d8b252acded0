/* Opens a ruleset for scanning. sl_ruleset_open has verified the digest, and only then is a database
 * given to Hyperscan, which trusts what it deserialises. */
#include <sensor/detect/loaded_internal.h>
#include <stdlib.h>

static int open_database(struct sl_loaded_ruleset *l, const struct sl_ruleset_database *d,
			 const char *path, struct sl_err *err)
{
	struct sl_scanner *s = &l->scanner[d->field][d->mode];
	hs_error_t rc = hs_deserialize_database((const char *)d->bytes.at, d->bytes.len, &s->db);
	if (rc == HS_DB_VERSION_ERROR || rc == HS_DB_PLATFORM_ERROR)
		return sl_fail(err, SL_EFORMAT,
			       "%s: was compiled %s; compile the packs again on this machine", path,
			       rc == HS_DB_VERSION_ERROR ? "by another version of Hyperscan"
							 : "for another kind of processor");
	if (rc != HS_SUCCESS)
		return sl_fail(err, SL_EFORMAT, "%s: Hyperscan refuses the database for %s (error %d)",
			       path, sl_field_info(sl_ruleset_field(l->rs, d->field))->name, rc);
	s->patterns = d->patterns;
	s->patterns_n = d->patterns_n;
	if (d->mode == SL_MODE_STREAM && hs_stream_size(s->db, &s->stream_bytes) != HS_SUCCESS)
		return sl_fail(err, SL_EFORMAT, "%s: the stream database is none", path);
	return SL_OK;
}

static int open_all(struct sl_loaded_ruleset *l, const char *path, struct sl_err *err)
{
	int rc = sl_ruleset_open(&l->rs, path, err);
	if (rc != SL_OK)
		return rc;
	if (strncmp(l->rs->header->hyperscan, hs_version(), sizeof l->rs->header->hyperscan) != 0)
		return sl_fail(err, SL_EFORMAT,
			       "%s: was compiled by Hyperscan %.48s, this is %s; compile the packs again",
			       path, l->rs->header->hyperscan, hs_version());
	if (hs_valid_platform() != HS_SUCCESS)
		return sl_fail(err, SL_EFAIL, "this processor lacks SSSE3, which Hyperscan needs");
	for (uint32_t i = 0; rc == SL_OK && i < l->rs->databases_n; i++)
		rc = open_database(l, &l->rs->database[i], path, err);
	return rc;
}

int sl_loaded_open(struct sl_loaded_ruleset **out, const char *path, struct sl_err *err)
{
	struct sl_loaded_ruleset *l = calloc(1, sizeof *l);
	if (!l)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	atomic_init(&l->references, 1);
	int rc = open_all(l, path, err);
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
	for (unsigned f = 0; f < SL_FIELDS_ALL; f++)
		for (unsigned m = 0; m < SL_MODES; m++)
			hs_free_database(l->scanner[f][m].db);
	sl_ruleset_free(l->rs);
	free(l);
}

const struct sl_ruleset *sl_loaded_view(const struct sl_loaded_ruleset *l)
{
	return l->rs;
}

const uint8_t *sl_loaded_identity(const struct sl_loaded_ruleset *l)
{
	return l->rs->header->identity;
}

uint32_t sl_loaded_indicators(const struct sl_loaded_ruleset *l)
{
	return l->rs->indicators_n;
}

const char *sl_detect_library(void)
{
	return hs_version();
}
