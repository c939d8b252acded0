/* --dump: what the sensor sees, as JSON Lines, through the worker's outbox so that lines come in the
 * packets' order however many workers there are. One a worker. */
#ifndef SELAT_SENSOR_DUMP_H
#define SELAT_SENSOR_DUMP_H

#include <sensor/detect/detect.h>

struct sl_dump;
struct sl_outbox;

struct sl_dump_config {
	const char *what; /* "packets", "flows" or "fields" */
	const struct sl_flow_table *flows;
	struct sl_outbox *outbox;
	struct sl_counters *counters;
	uint16_t community_seed;
};

int sl_dump_new(struct sl_dump **out, const struct sl_dump_config *config, struct sl_err *err);
void sl_dump_free(struct sl_dump *d); /* NULL is fine */
size_t sl_dump_slot_bytes(void);      /* of SL_SLOT_DUMP */

/* Each prints if it is what was asked for. */
void sl_dump_packet(struct sl_dump *d, const struct sl_packet *p);
void sl_dump_transaction(struct sl_dump *d, const struct sl_sighting *at, struct sl_flow *flow,
			 unsigned side, uint32_t tx, const struct sl_value *values, size_t n);
void sl_dump_stream(struct sl_dump *d, struct sl_flow *flow, unsigned side, struct sl_span bytes);
void sl_dump_flow(struct sl_dump *d, const struct sl_sighting *at, struct sl_flow *flow); /* it ends */

#endif
