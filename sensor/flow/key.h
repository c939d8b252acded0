/* ICMP's stand-in for ports, as community-id defines it. Private to flow. */
#ifndef SELAT_SENSOR_FLOW_KEY_H
#define SELAT_SENSOR_FLOW_KEY_H

#include <stdbool.h>
#include <stdint.h>

/* Type and code into a pair of "ports": the type and its counterpart (echo request and reply); a type
 * without one gives type and code, and returns false: such a pair is never swapped. */
bool sl_icmp_ports(uint8_t proto, uint8_t type, uint8_t code, uint16_t *from, uint16_t *to);

#endif
