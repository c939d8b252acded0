/* The parts of a DNS message (RFC 1035, section 4), for dns.c. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_DNS_H
#define SELAT_SENSOR_INSPECT_DNS_H

#include <sensor/inspect/parse.h>

enum { SL_DNS_NAME_MAX = 253 /* 255 on the wire, less the first length and the root */ };

/* Reads the name at the cursor, which lies in the message, and steps over it: the labels' bytes as
 * they are, dots between them, none at the end. Returns its length (0: the root), or -1: nonsense
 * or cut. */
int sl_dns_name(struct sl_cur *c, struct sl_span message, uint8_t out[SL_DNS_NAME_MAX]);

/* Puts a copy of the bytes into the message at hand. Borrowed as long as that; no bytes: there is no room. */
struct sl_span sl_dns_value(struct sl_talk *t, enum sl_field field, const void *bytes, size_t n);

enum { SL_DNS_HEADER = 12, SL_DNS_SECTIONS = 3 /* answers, authorities, additional */ };

/* A message while it is read. */
struct sl_dns_message {
	struct sl_span bytes;
	struct sl_span asked; /* the first question's name, a value: most records point to it; may be empty */
	struct sl_span said;  /* the last value of dns.response.rrname */
};

/* Puts the name into the message, if the field is wanted and it is not *last, the value before it, again:
 * names repeat from record to record. */
void sl_dns_name_add(struct sl_talk *t, const struct sl_dns_message *m, struct sl_span *last,
		     enum sl_field field, struct sl_span name);

/* Reads the records of each section: with `take` their names and data become values. False: not all of them
 * are there. *rcode gets the upper bits that an OPT record holds. */
bool sl_dns_records(struct sl_talk *t, struct sl_cur *c, struct sl_dns_message *m,
		    const uint16_t records[SL_DNS_SECTIONS], bool take, unsigned *rcode);

#endif
