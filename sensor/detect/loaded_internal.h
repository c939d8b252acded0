/* The inside of a loaded ruleset: private to detect. */
#ifndef SELAT_SENSOR_DETECT_LOADED_INTERNAL_H
#define SELAT_SENSOR_DETECT_LOADED_INTERNAL_H

#include <hs/hs_common.h>
#include <hs/hs_runtime.h>
#include <sensor/detect/loaded.h>
#include <stdatomic.h>

enum { SL_MODES = SL_MODE_STREAM + 1 };

struct sl_scanner {
	hs_database_t *db; /* NULL: nothing to look for */
	const struct sl_ruleset_pattern *patterns;
	uint32_t patterns_n;
	size_t stream_bytes; /* of one Hyperscan stream; 0 in the other modes */
};

struct sl_loaded_ruleset {
	atomic_uint references;
	struct sl_ruleset *rs;
	struct sl_scanner scanner[SL_FIELDS_ALL][SL_MODES];
};

#endif
