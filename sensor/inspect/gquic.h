/* Google's QUIC before it took over the IETF's: Q0xx. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_GQUIC_H
#define SELAT_SENSOR_INSPECT_GQUIC_H

#include <selat/cursor.h>

/* Reads a client's packet as far as it is in the clear: versions Q009 to Q043 with their own header,
 * Q044 to Q046 with a long one. False: it is no such packet. *hello: from a CHLO to the
 * packet's end, borrowed; none if there is no CHLO in it. */
bool sl_gquic_read(struct sl_span in, uint32_t *version, struct sl_span *hello);

enum sl_gquic_hello { SL_GQUIC_READ, SL_GQUIC_MORE, SL_GQUIC_OTHER };

/* A CHLO's server name; none if it has none. MORE: the name is not among these bytes yet. */
enum sl_gquic_hello sl_gquic_chlo(struct sl_span in, struct sl_span *name);

#endif
