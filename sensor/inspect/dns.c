/* DNS over UDP (RFC 1035), mDNS (RFC 6762) and LLMNR (RFC 4795): the questions of queries and of
 * responses. Recognised by its content: a plausible header and questions that read to their end. */
#include <sensor/inspect/parse.h>

enum {
	HEADER = 12,
	LABEL_MAX = 63,
	NAME_MAX = 253,    /* 255 on the wire, less the first length and the root */
	JUMPS_MAX = 32,
	QUESTIONS_MAX = 16,
	POINTER = 0xc0,
};

struct header {
	uint16_t flags, questions, answers, authorities, additional;
};

/*  ID | QR Opcode(4) AA TC RD RA Z AD CD RCODE(4) | QDCOUNT | ANCOUNT | NSCOUNT | ARCOUNT
 *  RFC 1035, section 4.1.1; RFC 2535, section 6.1 */
static bool header_read(struct sl_cur *c, struct header *h)
{
	sl_cur_be16(c);
	h->flags = sl_cur_be16(c);
	h->questions = sl_cur_be16(c);
	h->answers = sl_cur_be16(c);
	h->authorities = sl_cur_be16(c);
	h->additional = sl_cur_be16(c);
	unsigned opcode = h->flags >> 11 & 15;
	bool response = h->flags >> 15;
	if (c->failed || opcode > 5 || opcode == 3 || h->flags & 0x40)
		return false;
	if (h->questions > QUESTIONS_MAX || h->answers > 512 || h->authorities > 512 || h->additional > 512)
		return false;
	if (!response && !h->questions)
		return false;
	return h->questions + h->answers + h->authorities + h->additional > 0;
}

/* Reads the name at the cursor into out with dots between labels; pointers must go backwards, so a
 * loop is impossible. Returns its length, or -1. RFC 1035, section 4.1.4. */
static int name_read(struct sl_cur *c, struct sl_span message, uint8_t out[NAME_MAX])
{
	struct sl_cur at = *c;
	size_t len = 0, lowest = (size_t)(c->p - message.at);
	bool jumped = false;
	for (unsigned jumps = 0; jumps <= JUMPS_MAX;) {
		uint8_t n = sl_cur_u8(&at);
		if (at.failed)
			return -1;
		if ((n & POINTER) == POINTER) {
			size_t to = (size_t)(n & 0x3f) << 8 | sl_cur_u8(&at);
			if (at.failed || to >= lowest)
				return -1;
			if (!jumped)
				*c = at;
			jumped = true;
			lowest = to;
			at = sl_cur_of(message.at + to, message.len - to);
			jumps++;
			continue;
		}
		if (n == 0) {
			if (!jumped)
				*c = at;
			return (int)len;
		}
		const uint8_t *label = n <= LABEL_MAX ? sl_cur_take(&at, n) : NULL;
		if (!label || len + n + 1 > NAME_MAX)
			return -1;
		if (len)
			out[len++] = '.';
		memcpy(out + len, label, n);
		len += n;
	}
	return -1;
}

/* Classes of RFC 1035 section 3.2.4 and RFC 2136; mDNS sets the top bit. */
static bool class_plausible(uint16_t class)
{
	class &= 0x7fff;
	return class >= 1 && (class <= 4 || class == 254 || class == 255);
}

static bool datagram(struct sl_talk *t, struct sl_span in)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	struct header h;
	if (!header_read(&c, &h))
		return false;
	bool response = h.flags >> 15;
	for (unsigned i = 0; i < h.questions; i++) {
		uint8_t *text = sl_talk_room(t, NAME_MAX);
		int len = text ? name_read(&c, in, text) : -1;
		uint16_t type = sl_cur_be16(&c);
		uint16_t class = sl_cur_be16(&c);
		if (len < 0 || c.failed || !type || !class_plausible(class))
			return false;
		sl_value_add(t, SL_FIELD_DNS_QUERY, sl_span_of(text, (size_t)len));
	}
	sl_talk_client(t, response ? t->side ^ 1 : t->side);
	sl_talk_done(t);
	return true;
}

const struct sl_parser sl_dns_parser = { .messages = SL_COUNT_DNS_MESSAGES, .datagram = datagram };
