/* TLS (RFC 8446, RFC 5246): the server name of a ClientHello, which may be spread over records and
 * segments. */
#include <sensor/inspect/parse.h>

enum {
	RECORD_HEADER = 5,
	RECORD_MAX = 16384 + 2048, /* RFC 5246, section 6.2.3: a record with its expansion */
	RECORDS_MAX = 2048, /* of one hello: one of a byte each is still read */
	ROOM = 65536,
	RECORD_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	EXTENSION_SERVER_NAME = 0, /* RFC 6066, section 3 */
	NAME_HOST = 0,
};

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	(void)t;
	static const uint8_t start[] = { RECORD_HANDSHAKE, 3 };
	size_t n = in.len < sizeof start ? in.len : sizeof start;
	if (memcmp(in.at, start, n) != 0)
		return SL_PARSE_REFUSE;
	if (in.len < RECORD_HEADER + 1)
		return SL_PARSE_MORE;
	size_t len = (size_t)in.at[3] << 8 | in.at[4];
	uint8_t type = in.at[5];
	bool hello = type == CLIENT_HELLO || type == SERVER_HELLO;
	return in.at[2] <= 4 && len && len <= RECORD_MAX && hello ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

/* Server name list: length (2), then entries of type (1), length (2), name. */
static void server_name(struct sl_cur c, struct sl_talk *t)
{
	struct sl_cur list = sl_cur_sub(&c, sl_cur_be16(&c));
	while (sl_cur_left(&list)) {
		uint8_t type = sl_cur_u8(&list);
		uint16_t len = sl_cur_be16(&list);
		const uint8_t *name = sl_cur_take(&list, len);
		if (name && type == NAME_HOST && len)
			sl_value_add(t, SL_FIELD_TLS_SNI, sl_span_of(name, len));
	}
}

/* version (2), random (32), session id (1 + n), cipher suites (2 + n), compression methods (1 + n),
 * extensions (2 + n), each extension: type (2), length (2), data. RFC 8446, section 4.1.2 */
static void client_hello(struct sl_cur c, struct sl_talk *t)
{
	sl_cur_take(&c, 34);
	sl_cur_take(&c, sl_cur_u8(&c));
	sl_cur_take(&c, sl_cur_be16(&c));
	sl_cur_take(&c, sl_cur_u8(&c));
	struct sl_cur extensions = sl_cur_sub(&c, sl_cur_be16(&c));
	while (sl_cur_left(&extensions)) {
		uint16_t type = sl_cur_be16(&extensions);
		struct sl_cur data = sl_cur_sub(&extensions, sl_cur_be16(&extensions));
		if (!extensions.failed && type == EXTENSION_SERVER_NAME)
			server_name(data, t);
	}
}

/* Puts the handshake bytes of consecutive records together. A message that lies in one record, the
 * usual case, is borrowed; one that does not is copied. Returns the message's bytes so far. */
static struct sl_span handshake_bytes(struct sl_cur *records, uint8_t *room, bool *refused)
{
	struct sl_span whole = { NULL, 0 };
	for (unsigned n = 0; sl_cur_left(records) >= RECORD_HEADER; n++) {
		uint8_t type = sl_cur_u8(records);
		sl_cur_be16(records);
		uint16_t len = sl_cur_be16(records);
		*refused = type != RECORD_HANDSHAKE || !len || len > RECORD_MAX || n == RECORDS_MAX;
		size_t take = len < sl_cur_left(records) ? len : sl_cur_left(records);
		const uint8_t *at = sl_cur_take(records, take);
		if (*refused || !at)
			break;
		if (!whole.len) {
			whole = sl_span_of(at, take);
		} else if (whole.len + take <= ROOM) {
			if (whole.at != room)
				memcpy(room, whole.at, whole.len);
			memcpy(room + whole.len, at, take);
			whole = sl_span_of(room, whole.len + take);
		}
		if (whole.len >= 4 &&
		    whole.len - 4 >= ((size_t)whole.at[1] << 16 | (size_t)whole.at[2] << 8 | whole.at[3]))
			break;
	}
	return whole;
}

/* Where the record ends that these bytes break off in. */
static size_t end_of_record(struct sl_span in)
{
	size_t at = 0;
	while (at + RECORD_HEADER <= in.len)
		at += RECORD_HEADER + ((size_t)in.at[at + 3] << 8 | in.at[at + 4]);
	return at < in.len + 1 ? in.len + 1 : at;
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	(void)consumed;
	if (in.len < t->at->searched && !t->last)
		return SL_PARSE_MORE; /* the record at hand is not whole: nothing new to see */
	struct sl_cur records = sl_cur_of(in.at, in.len);
	bool refused = false;
	struct sl_span message = handshake_bytes(&records, sl_talk_room(t, ROOM), &refused);
	if (message.len && message.at[0] != CLIENT_HELLO)
		return SL_PARSE_FINISH;
	if (refused)
		return SL_PARSE_REFUSE;

	struct sl_cur c = sl_cur_of(message.at, message.len);
	sl_cur_u8(&c);
	uint32_t len = sl_cur_be24(&c);
	if (c.failed || sl_cur_left(&c) < len) {
		if (!t->last) {
			size_t missing = c.failed ? 4 - message.len : len - sl_cur_left(&c);
			size_t record = end_of_record(in);
			sl_side_searched(t->at, in.len + missing < record ? in.len + missing : record);
			return SL_PARSE_MORE;
		}
		len = (uint32_t)sl_cur_left(&c);
	}
	client_hello(sl_cur_sub(&c, len), t);
	sl_talk_client(t, t->side);
	sl_talk_done(t);
	return SL_PARSE_FINISH; /* what follows is encrypted */
}

const struct sl_parser sl_tls_parser = { .messages = SL_COUNT_TLS_HELLOS, .probe = probe, .stream = stream };
