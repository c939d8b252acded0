/* Serialised databases of earlier compilations, in a folder of the user's own. */
#ifndef SELAT_RULES_CACHE_H
#define SELAT_RULES_CACHE_H

#include <selat/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SL_CACHE_KEY = 32 };

struct sl_cache;

struct sl_cached {
	char *bytes; /* serialised; malloc'd */
	size_t size;
	uint64_t memory_bytes, stream_bytes; /* as in struct sl_image_database */
};

/* path NULL: $XDG_CACHE_HOME/selat, or ~/.cache/selat. Makes the folder. */
int sl_cache_open(struct sl_cache **out, const char *path, struct sl_err *err);
void sl_cache_close(struct sl_cache *cache); /* NULL is fine */

/* false: it is not there, or is not what was put. The key says all that the bytes depend on. */
bool sl_cache_get(struct sl_cache *cache, const uint8_t key[SL_CACHE_KEY], struct sl_cached *out);

/* A failure costs time alone, later, and is not told. The oldest make room. */
void sl_cache_put(struct sl_cache *cache, const uint8_t key[SL_CACHE_KEY],
		  const struct sl_cached *entry);

#endif
