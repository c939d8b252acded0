/* A match: an indicator held. What detect hands to publish, through a worker's outbox. */
#ifndef SELAT_SENSOR_DETECT_MATCH_H
#define SELAT_SENSOR_DETECT_MATCH_H

#include <selat/field.h>
#include <selat/ruleset.h>
#include <sensor/decode/packet.h>
#include <sensor/flow/view.h>

enum {
	SL_MATCH_VALUE_MAX = 1024, /* bytes of the value that are kept */
	SL_MATCH_AROUND_MAX = 256, /* bytes around the match */
	SL_MATCH_FIELDS_MAX = 4096, /* bytes of the transaction's other fields */
};

/* The record: this struct, then value_len bytes of the value, around_len bytes around the match,
 * and fields_len bytes of the transaction's fields, each (u8 field, u16 length in the machine's
 * order, bytes). Lives in memory; never on disk. */
struct sl_match {
	uint64_t packet;   /* number in the capture, from 1 */
	uint64_t time;     /* the packet's */
	uint64_t observed; /* wall clock when the sensor read it */
	struct sl_loaded_ruleset *loaded; /* a reference that the record owns; the publisher drops it */
	const struct sl_ruleset *ruleset; /* where `indicator` is: valid while `loaded` is held */
	uint32_t indicator;
	uint32_t offset;   /* of the match in the value (payload: in the stream or datagram) */
	uint8_t field;     /* enum sl_field of the condition that made it hold */
	uint8_t to_client; /* direction of the packet */
	uint8_t src_mac[6], dst_mac[6];
	uint8_t has_mac;
	const char *interface; /* live: a constant for the process's life; NULL: from a file */
	struct sl_flow_view flow;
	struct sl_tunnel tunnel[SL_TUNNELS_MAX]; /* that the packet travelled in, outermost first */
	uint8_t tunnels;
	uint16_t value_len, around_len, fields_len;
};

#endif
