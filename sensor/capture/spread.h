/* Which worker gets a packet live: PACKET_FANOUT's program, and the same choice in C. By the outer
 * address pair, the same for both directions, so that fragments and answers meet. */
#ifndef SELAT_SENSOR_CAPTURE_SPREAD_H
#define SELAT_SENSOR_CAPTURE_SPREAD_H

#include <selat/address.h>

struct sock_filter;
enum { SL_SPREAD_MOST = 64 };

/* The classic BPF program for the kernel, in room for SL_SPREAD_MOST instructions. How many they are. */
unsigned short sl_spread_program(struct sock_filter *room);

/* The worker that the program chooses for an IP packet between these two. */
unsigned sl_spread_worker(const struct sl_address *a, const struct sl_address *b, unsigned workers);

#endif
