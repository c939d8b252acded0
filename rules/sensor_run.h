/* Running the sensor over captures, for `selat-rules test`. */
#ifndef SELAT_RULES_SENSOR_RUN_H
#define SELAT_RULES_SENSOR_RUN_H

#include <jansson.h>
#include <selat/err.h>
#include <stddef.h>
#include <stdint.h>

typedef int sl_alert_fn(void *ctx, const json_t *alert, struct sl_err *err);

/* Runs selat-sensor (beside this program, else from PATH) with `-r CAPTURE… -R ruleset -o -` and
 * calls fn for every alert. 0, SL_EPARTIAL if the sensor exited with 3, or another failure; the
 * sensor's own sentences go to stderr as they are. */
int sl_sensor_run(const char *ruleset, char *const *captures, size_t n, sl_alert_fn *fn, void *ctx,
		  struct sl_err *err);

#endif
