/* What the parsers share. Each sees the bytes of a message from its first byte on and says how far it
 * came. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_PARSE_H
#define SELAT_SENSOR_INSPECT_PARSE_H

#include <selat/cursor.h>
#include <sensor/inspect/inspect.h>

enum sl_parse {
	SL_PARSE_DONE,   /* *consumed bytes were a whole message, or part of its body */
	SL_PARSE_MORE,   /* not whole yet: come again with more bytes behind these */
	SL_PARSE_REFUSE, /* it is no such protocol, or nonsense */
	SL_PARSE_FINISH, /* nothing more on this side will be of interest */
};

/* The fields of one message, filled by a parser. */
struct sl_message_values {
	struct sl_value value[SL_VALUES_MAX];
	size_t n;
	size_t left_out; /* values beyond the bounds */
};

enum { SL_VALUES_A_FIELD = 4 }; /* of a header that comes again and again */

static inline void sl_value_add(struct sl_message_values *m, enum sl_field field, struct sl_span bytes)
{
	if (m->n < SL_VALUES_MAX)
		m->value[m->n++] = (struct sl_value){ field, bytes };
	else
		m->left_out++;
}

/* For a field that a sender may repeat as often as it likes: the first ones. */
static inline void sl_value_add_few(struct sl_message_values *m, enum sl_field field, struct sl_span bytes)
{
	size_t same = 0;
	for (size_t i = 0; i < m->n; i++)
		same += m->value[i].field == field;
	if (same < SL_VALUES_A_FIELD)
		sl_value_add(m, field, bytes);
	else
		m->left_out++;
}

/* One side of a stream, as long as it is inspected. Part of the flow's slot. */
struct sl_side {
	uint64_t skip;     /* bytes of a body still to come */
	uint32_t buffer;   /* gathered so far (gather.h) */
	uint32_t searched; /* of these, without finding the message's end */
	uint8_t phase;     /* the parser's own */
	uint8_t tries;     /* chunks in which no protocol was found */
	bool finished;
};

/* Room for values that are not as they stood on the wire. One a worker. */
struct sl_scratch {
	uint8_t a[65536], b[65536];
};

/* Could these bytes begin such a stream? DONE: yes; MORE: so far; REFUSE: no. */
enum sl_parse sl_http_probe(struct sl_span in);
enum sl_parse sl_tls_probe(struct sl_span in);

/* `last`: there will be no more bytes of this message; use what there is. */
enum sl_parse sl_http_parse(struct sl_side *side, struct sl_span in, bool last, struct sl_scratch *room,
			    struct sl_message_values *out, size_t *consumed);
enum sl_parse sl_tls_parse(struct sl_side *side, struct sl_span in, bool last, struct sl_scratch *room,
			   struct sl_message_values *out, size_t *consumed);

/* A whole datagram. *response: it answers. False: no DNS. */
bool sl_dns_parse(struct sl_span in, struct sl_scratch *room, struct sl_message_values *out,
		  bool *response);

#endif
