#ifndef SELAT_SENSOR_FLOW_APP_H
#define SELAT_SENSOR_FLOW_APP_H
#include <selat/app.h>
#endif
