/* The parts of a DNS message (RFC 1035, section 4), for dns.c. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_DNS_H
#define SELAT_SENSOR_INSPECT_DNS_H

#include <sensor/inspect/parse.h>

enum { SL_DNS_NAME_MAX = 253 /* 255 on the wire, less the first length and the root */ };

/* Reads the name at the cursor, which lies in the message, and steps over it: the labels' bytes as
 * they are, dots between them, none at the end. Returns its length (0: the root), or -1: nonsense
 * or cut. */
int sl_dns_name(struct sl_cur *c, struct sl_span message, uint8_t out[SL_DNS_NAME_MAX]);

/* Puts a copy of the bytes into the message at hand. */
void sl_dns_value(struct sl_talk *t, enum sl_field field, const void *bytes, size_t n);

/* The name last put into the message under a field: names repeat from record to record. */
struct sl_dns_last {
	int len;
	uint8_t name[SL_DNS_NAME_MAX];
};

/* Puts the name into the message, if the field is wanted and it is not the last again. */
void sl_dns_name_add(struct sl_talk *t, struct sl_dns_last *last, enum sl_field field,
		     const uint8_t *name, int len);

enum { SL_DNS_SECTIONS = 3 }; /* answers, authorities, additional */

/* Reads the records of each section: with `take` their names and data become values; said: the last
 * of dns.response.rrname. False: not all of them are there. *rcode gets the upper bits that an OPT
 * record holds. */
bool sl_dns_records(struct sl_talk *t, struct sl_cur *c, struct sl_span message,
		    const uint16_t records[SL_DNS_SECTIONS], struct sl_dns_last *said, bool take,
		    unsigned *rcode);

#endif
