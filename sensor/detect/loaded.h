/* A ruleset as the sensor holds it: the file's tables in place and its Hyperscan databases made
 * usable. Immutable, shared by all workers, counted: whoever holds a reference may read. */
#ifndef SELAT_SENSOR_DETECT_LOADED_H
#define SELAT_SENSOR_DETECT_LOADED_H

#include <selat/err.h>
#include <selat/ruleset.h>

struct sl_loaded_ruleset;

/* Reads, verifies and prepares the file; refuses another Hyperscan's or processor's. One reference. */
int sl_loaded_open(struct sl_loaded_ruleset **out, const char *path, struct sl_err *err);

/* A delta's file on top of a base, which it takes a reference of and which must be the one that it was
 * made for. What it gives is used like any ruleset; sl_loaded_view gives the base's view. */
int sl_loaded_open_delta(struct sl_loaded_ruleset **out, struct sl_loaded_ruleset *base,
			 const char *path, struct sl_err *err);
/* Finds out which indicator of the new ruleset is which of the one before, by (pack, id): what flows
 * have half seen is kept by it. Before the new one is handed to workers, which take no time for it; a
 * ruleset for which nobody asked begins with nothing half seen. */
int sl_loaded_follow(struct sl_loaded_ruleset *next, const struct sl_loaded_ruleset *before,
		     struct sl_err *err);

struct sl_loaded_ruleset *sl_loaded_retain(struct sl_loaded_ruleset *l);
void sl_loaded_release(struct sl_loaded_ruleset *l); /* the last one frees; NULL is fine */

const struct sl_ruleset *sl_loaded_view(const struct sl_loaded_ruleset *l);

/* The public identity (32 bytes) and the number of indicators: of base and delta together. */
const uint8_t *sl_loaded_identity(const struct sl_loaded_ruleset *l);
uint32_t sl_loaded_indicators(const struct sl_loaded_ruleset *l);

/* "5.4.0 …": borrowed. */
const char *sl_detect_library(void);

#endif
