/* Routes: a topic and what may go there, as the configuration names them. */
#ifndef SELAT_SENSOR_PUBLISH_ROUTE_H
#define SELAT_SENSOR_PUBLISH_ROUTE_H

#include <selat/options.h>
#include <selat/tlp.h>
#include <stdbool.h>

enum { SL_ROUTE_NAME_MAX = 64, SL_ROUTES_MAX = 64 };

struct sl_route {
	char name[SL_ROUTE_NAME_MAX + 1];
	const char *topic; /* borrowed from the configuration */
	enum sl_tlp tlp;   /* the highest that may pass */
};

struct sl_routes {
	struct sl_route route[SL_ROUTES_MAX];
	size_t n;
};

/* Checks every setting under `routes` against `kafka`. No Kafka and no routes is fine: n is 0. The
 * embedded broker without routes has one, "trial". */
int sl_routes_read(struct sl_routes *out, const struct sl_map *kafka, const struct sl_map *routes,
		   struct sl_err *err);

#endif
