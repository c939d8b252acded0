/* A flow as others see it: a copy, for dumps and alerts, that outlives the flow. */
#ifndef SELAT_SENSOR_FLOW_VIEW_H
#define SELAT_SENSOR_FLOW_VIEW_H

#include <selat/address.h>
#include <stdint.h>

enum { SL_VIEW_VLANS = 4, SL_COMMUNITY_ID_TEXT = 32 };
enum { SL_SEEN_TO_SERVER = 1, SL_SEEN_TO_CLIENT = 2 };

struct sl_flow_view {
	struct sl_address src, dst; /* the client's and the server's */
	uint16_t sport, dport;      /* 0 without ports; ICMP: type and code of the first packet */
	uint8_t proto;              /* IP protocol number */
	uint8_t seen;               /* SL_SEEN_*: directions in which packets were seen */
	uint8_t vlans;
	uint16_t vlan[SL_VIEW_VLANS]; /* outermost first, of the first packet */
	const char *app;              /* "dns", "http", "tls"; NULL: not known. A constant */
	uint64_t start, last;         /* times of packets */
	uint64_t packets[2], bytes[2]; /* to server, to client */
};

/* community-id v1, "1:…"; returns out. */
char *sl_community_id(char out[SL_COMMUNITY_ID_TEXT], const struct sl_flow_view *v, uint16_t seed);

#endif
