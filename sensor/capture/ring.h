/* What libpcap does not tell about a live handle's ring. Private to capture. */
#ifndef SELAT_SENSOR_CAPTURE_RING_H
#define SELAT_SENSOR_CAPTURE_RING_H

#include <stdint.h>

/* The size in bytes of the packet socket's receive ring as the kernel has it; 0: not to be found out. */
uint64_t sl_ring_bytes(int fd);

struct sl_ring_loss {
	uint64_t packets; /* that came, with those that were dropped */
	uint64_t drops;   /* packets for which there was no room */
	uint64_t freezes; /* times the ring was full */
};

/* Since the last call: the kernel's own counters begin again when they are read, so nothing wraps.
 * Reads them past libpcap, whose pcap_stats must not be used beside it. */
struct sl_ring_loss sl_ring_loss(int fd);

/* What the network card or its driver dropped on the interface, since it came up. */
uint64_t sl_interface_drops(const char *interface);

#endif
