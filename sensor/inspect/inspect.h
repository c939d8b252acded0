/* inspect: from streams and datagrams to fields. Protocols are found by content, not by port. A
 * message split over segments is gathered in a bounded pool; one that arrives whole is not copied.
 *
 * One a worker. What a message yields is handed on at once, as a transaction: its fields together. */
#ifndef SELAT_SENSOR_INSPECT_INSPECT_H
#define SELAT_SENSOR_INSPECT_INSPECT_H

#include <selat/field.h>
#include <sensor/flow/flow.h>

struct sl_value {
	enum sl_field field;
	struct sl_span bytes;
};

enum { SL_VALUES_MAX = 32 }; /* of one transaction */

struct sl_inspect_sink {
	void *ctx;
	/* A message was read whole. Values are borrowed for the call. side: who sent it. */
	void (*transaction)(void *ctx, struct sl_flow *flow, unsigned side, const struct sl_value *values,
			    size_t n);
};

struct sl_inspect;
int sl_inspect_new(struct sl_inspect **out, uint64_t gather_bytes, const struct sl_inspect_sink *sink,
		   struct sl_counters *counters, struct sl_err *err);
void sl_inspect_free(struct sl_inspect *i); /* NULL is fine */

size_t sl_inspect_slot_bytes(void); /* of SL_SLOT_INSPECT */

/* slot is the flow's SL_SLOT_INSPECT. */
void sl_inspect_stream(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side,
		       struct sl_span bytes, bool after_gap);
void sl_inspect_datagram(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side,
			 struct sl_span payload);
void sl_inspect_forget(struct sl_inspect *i, void *slot); /* the flow ends */

#endif
