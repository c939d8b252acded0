/* The identity says nothing of how the packs came to be live: compiled whole, or as a base and
 * a delta. */
#include <rules/identity.h>

#include <selat/digest.h>
#include <stdlib.h>
#include <string.h>

struct live {
	const char *name;
	uint32_t version;
	const uint8_t *digest;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct live *)a)->name, ((const struct live *)b)->name);
}

/* NULL: out of memory. */
static struct live *live_packs(const struct sl_packs *packs, const struct sl_delta *delta, size_t *n)
{
	size_t kept = delta ? delta->kept_n : 0;
	struct live *live = calloc(packs->n + kept + 1, sizeof *live);
	if (!live)
		return NULL;
	for (size_t i = 0; i < packs->n; i++) {
		const struct sl_pack *pack = &packs->pack[i];
		live[i] = (struct live){ pack->name, pack->version, pack->digest };
	}
	for (size_t i = 0; i < kept; i++) {
		const struct sl_kept_pack *pack = &delta->kept[i];
		live[packs->n + i] = (struct live){ pack->name, pack->version, pack->digest };
	}
	*n = packs->n + kept;
	qsort(live, *n, sizeof *live, by_name);
	return live;
}

int sl_identity_compute(uint8_t identity[32], const struct sl_packs *packs, const struct sl_delta *delta,
			struct sl_err *err)
{
	size_t n = 0;
	struct live *live = live_packs(packs, delta, &n);
	struct sl_sha256 *d = live ? sl_sha256_new() : NULL;
	if (!d) {
		free(live);
		return sl_fail(err, SL_ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < n; i++) {
		char hex[2 * SL_SHA256_SIZE + 1], rest[128];
		sl_hex(hex, sl_span_of(live[i].digest, SL_SHA256_SIZE));
		int len = snprintf(rest, sizeof rest, " %u %s\n", live[i].version, hex);
		sl_sha256_add(d, sl_span_str(live[i].name));
		sl_sha256_add(d, sl_span_of(rest, (size_t)len));
	}
	sl_sha256_end(d, identity);
	free(live);
	return SL_OK;
}
