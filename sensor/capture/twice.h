/* Packets that come twice: a mirror port of both directions, or of two ports, shows a packet on its way
 * in and once more on its way out. Private to capture. */
#ifndef SELAT_SENSOR_CAPTURE_TWICE_H
#define SELAT_SENSOR_CAPTURE_TWICE_H

#include <sensor/capture/frame.h>
#include <stdbool.h>

struct sl_twice;
struct sl_twice *sl_twice_new(void); /* NULL: memory ended */
void sl_twice_free(struct sl_twice *t);

/* True if an IP packet with the same bytes, but for what a hop changes (link header, VLAN tags, time to
 * live, header checksum), came less than two milliseconds ago. A sender's own repetition has another
 * identification, or comes later. */
bool sl_twice_seen(struct sl_twice *t, const uint8_t *bytes, uint32_t len, uint64_t time);

#endif
