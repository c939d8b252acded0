/* Buffers for messages that arrive in pieces: a bounded pool of 4, 16 and 64 KiB. A message begins in
 * a small one and moves on as it grows. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_GATHER_H
#define SELAT_SENSOR_INSPECT_GATHER_H

#include <selat/counter.h>
#include <selat/err.h>
#include <selat/span.h>

enum { SL_GATHER_MAX = 65536 - 24 }; /* bytes of a message */

struct sl_gather;
int sl_gather_new(struct sl_gather **out, uint64_t bytes, struct sl_counters *counters,
		  struct sl_err *err);
void sl_gather_free(struct sl_gather *g); /* NULL is fine */

/* Appends to the buffer *handle (0: none yet; it is made) as much as fits under SL_GATHER_MAX. Returns
 * how many bytes were taken. The handle must stay where it is: when the pool is used up the buffer that
 * was begun first is taken from its owner, whose handle becomes 0; that is counted. 0: it was this one,
 * or there is no room at all. */
size_t sl_gather_append(struct sl_gather *g, uint32_t *handle, struct sl_span bytes);
struct sl_span sl_gather_bytes(const struct sl_gather *g, uint32_t handle);
void sl_gather_use(struct sl_gather *g, uint32_t handle, size_t n); /* the first n bytes go */
void sl_gather_drop(struct sl_gather *g, uint32_t *handle);         /* 0 is fine */

#endif
