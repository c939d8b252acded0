/* A run of the sensor: its threads, their beginning and their end. */
#ifndef SELAT_SENSOR_RUN_H
#define SELAT_SENSOR_RUN_H

#include <sensor/config.h>

/* Builds everything, runs until the input ends or a signal says so, drains. SL_OK, SL_EPARTIAL, or a
 * failure whose sentence is in err. */
int sl_run(const struct sl_sensor_config *config, struct sl_err *err);

/* Everything that can be checked without privileges. */
int sl_run_check(const struct sl_sensor_config *config, struct sl_err *err);

#endif
