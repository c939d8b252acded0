/* DNS over UDP and TCP (RFC 1035), mDNS (RFC 6762) and LLMNR (RFC 4795): the questions of queries
 * and of responses, and the records of responses. Recognised by its content: a plausible header,
 * questions and records that read to their end. On its own ports, and once a flow is known, a
 * message that is cut or ends in nonsense gives what could be read, if a question was. Nothing is
 * kept between messages: a query and its response are one transaction by their id. */
#include <sensor/inspect/dns.h>
#include <stdio.h>

enum {
	HEADER = SL_DNS_HEADER,
	QUESTION_LEAST = 5, /* the root, type, class */
	RECORD_LEAST = 11,
	OPCODE_LAST = 6, /* RFC 8490 */
	OPCODE_NONE = 3, /* never given out */
	ODD_MOST = 4, /* messages over TCP, one after the other, that are nonsense */
};

struct header {
	uint16_t id, flags, questions, records[SL_DNS_SECTIONS];
};

static unsigned records_of(const struct header *h)
{
	return (unsigned)h->records[0] + h->records[1] + h->records[2];
}

static bool is_response(const struct header *h)
{
	return h->flags >> 15;
}

/*  ID | QR Opcode(4) AA TC RD RA Z AD CD RCODE(4) | QDCOUNT | ANCOUNT | NSCOUNT | ARCOUNT
 *  RFC 1035, section 4.1.1; RFC 2535, section 6.1 */
static void header_read(struct sl_cur *c, struct header *h)
{
	h->id = sl_cur_be16(c);
	h->flags = sl_cur_be16(c);
	h->questions = sl_cur_be16(c);
	for (unsigned i = 0; i < SL_DNS_SECTIONS; i++)
		h->records[i] = sl_cur_be16(c);
}

static bool flags_plausible(uint16_t flags)
{
	unsigned opcode = flags >> 11 & 15;
	return opcode <= OPCODE_LAST && opcode != OPCODE_NONE && !(flags & 0x40);
}

/* Of a flow that nothing else speaks for. bytes: the message's. */
static bool header_plausible(const struct header *h, size_t bytes)
{
	if (!flags_plausible(h->flags) || (!h->questions && !(is_response(h) && h->records[0])))
		return false;
	return bytes >= HEADER + QUESTION_LEAST * (size_t)h->questions +
				RECORD_LEAST * (size_t)records_of(h);
}

static bool header_possible(const struct header *h, size_t bytes)
{
	return (h->flags >> 11 & 15) <= OPCODE_LAST &&
	       bytes >= HEADER + QUESTION_LEAST * (size_t)h->questions;
}

/* Classes of RFC 1035 section 3.2.4 and RFC 2136; mDNS sets the top bit. */
static bool class_plausible(uint16_t class)
{
	class &= 0x7fff;
	return class >= 1 && (class <= 4 || class == 254 || class == 255);
}

static bool name_plausible(const uint8_t *name, int len)
{
	for (int i = 0; i < len; i++)
		if (name[i] < ' ' || name[i] == 0x7f)
			return false;
	return true;
}

static bool at_home(const struct sl_flow *flow)
{
	static const uint16_t ports[] = { 53, 5353, 5355 };
	bool is = false;
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		is = is || flow->key.low_port == ports[i] || flow->key.high_port == ports[i];
	return is;
}

/* name | type | class. Returns the name's length, or -1. RFC 1035, section 4.1.2 */
static int question_read(struct sl_cur *c, struct sl_span message, uint8_t name[SL_DNS_NAME_MAX],
			 bool known)
{
	int len = sl_dns_name(c, message, name);
	uint16_t type = sl_cur_be16(c);
	uint16_t class = sl_cur_be16(c);
	if (len < 0 || c->failed)
		return -1;
	return known || (type && class_plausible(class) && name_plausible(name, len)) ? len : -1;
}

/* RFC 6895, section 2.3 */
static void rcode_take(struct sl_talk *t, unsigned rcode)
{
	static const char *const texts[] = {
		"NOERROR", "FORMERR",   "SERVFAIL",       "NXDOMAIN", "NOTIMP",
		"REFUSED", "YXDOMAIN",  "YXRRSET",        "NXRRSET",  "NOTAUTH",
		"NOTZONE", "DSOTYPENI", [16] = "BADVERS", "BADKEY",   "BADTIME",
		"BADMODE", "BADNAME",   "BADALG",         "BADTRUNC", "BADCOOKIE",
	};
	char number[8];
	const char *text = rcode < sizeof texts / sizeof *texts ? texts[rcode] : NULL;
	if (!text) {
		snprintf(number, sizeof number, "%u", rcode & 0xfff);
		text = number;
	}
	sl_dns_value(t, SL_FIELD_DNS_RCODE, text, strlen(text));
}

/* Returns how many questions were read. */
static unsigned questions_read(struct sl_talk *t, struct sl_cur *c, struct sl_dns_message *m,
			       const struct header *h, bool known)
{
	for (unsigned i = 0; i < h->questions; i++) {
		uint8_t name[SL_DNS_NAME_MAX];
		int len = question_read(c, m->bytes, name, known);
		if (len < 0)
			return i;
		struct sl_span asked = sl_dns_value(t, SL_FIELD_DNS_QUERY, name, (size_t)len);
		m->asked = i ? m->asked : asked;
		if (is_response(h))
			sl_dns_name_add(t, m, &m->said, SL_FIELD_DNS_RRNAME, i ? sl_span_of(name, (size_t)len) : asked);
	}
	return h->questions;
}

static bool records_wanted(const struct sl_talk *t)
{
	static const enum sl_field fields[] = { SL_FIELD_DNS_RRNAME,      SL_FIELD_DNS_ANSWERS,
						SL_FIELD_DNS_AUTHORITIES, SL_FIELD_DNS_ADDITIONALS,
						SL_FIELD_DNS_ANSWER,      SL_FIELD_DNS_RCODE };
	bool wanted = false;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		wanted = wanted || sl_talk_wants(t, fields[i]);
	return wanted;
}

/* A query ends what had its id before it and was not answered. */
static void hand_on(struct sl_talk *t, const struct header *h)
{
	t->tx = 1u + h->id;
	if (!is_response(h))
		sl_talk_tx_end(t, t->tx);
	sl_talk_done(t);
	if (is_response(h))
		sl_talk_tx_end(t, t->tx);
}

/* One message. known: it is DNS, whatever it looks like. */
static bool message_read(struct sl_talk *t, struct sl_span message, bool known)
{
	struct sl_cur c = sl_cur_of(message.at, message.len);
	struct header h;
	header_read(&c, &h);
	if (c.failed ||
	    !(known ? header_possible(&h, message.len) : header_plausible(&h, message.len)))
		return false;
	struct sl_dns_message m = { .bytes = message };
	unsigned questions = questions_read(t, &c, &m, &h, known);
	if (questions < h.questions && (!known || !questions))
		return false;
	bool take = is_response(&h) && records_wanted(t);
	unsigned rcode = 0;
	if (take || !known) {
		bool whole = questions == h.questions &&
			     sl_dns_records(t, &c, &m, h.records, take, &rcode);
		if (!known && (!whole || sl_cur_left(&c)))
			return false;
	}
	if (is_response(&h))
		rcode_take(t, rcode | (h.flags & 15));
	sl_talk_client(t, is_response(&h) ? t->side ^ 1 : t->side);
	hand_on(t, &h);
	return true;
}

static bool datagram(struct sl_talk *t, struct sl_span in)
{
	return message_read(t, in, t->flow->app == SL_APP_DNS || at_home(t->flow));
}

/* --- over TCP: each message behind two bytes of length (RFC 1035, section 4.2.2) --- */

/* A first message with one question, of which the name is enough. */
static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	struct header h;
	bool home = at_home(t->flow);
	size_t bytes = sl_cur_be16(&c);
	if (!c.failed && bytes < HEADER + (home ? 0 : QUESTION_LEAST))
		return SL_PARSE_REFUSE;
	if (in.len >= 6 && !flags_plausible((uint16_t)(in.at[4] << 8 | in.at[5])))
		return SL_PARSE_REFUSE;
	header_read(&c, &h);
	if (c.failed)
		return SL_PARSE_MORE;
	if (!header_plausible(&h, bytes) || (!home && h.questions != 1))
		return SL_PARSE_REFUSE;
	if (!h.questions)
		return SL_PARSE_DONE;
	struct sl_span message = sl_span_of(in.at + 2, in.len - 2 < bytes ? in.len - 2 : bytes);
	struct sl_cur question = sl_cur_of(message.at + HEADER, message.len - HEADER);
	uint8_t name[SL_DNS_NAME_MAX];
	int len = question_read(&question, message, name, false);
	if (len < 0)
		return message.len < bytes && message.len < HEADER + 255 + 4 ? SL_PARSE_MORE
									     : SL_PARSE_REFUSE;
	return home || len > 0 ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

/* A side's phase counts the messages that were nonsense since the last good one. */
static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	size_t bytes = sl_cur_be16(&c);
	if (!t->last && (c.failed || sl_cur_left(&c) < bytes))
		return SL_PARSE_MORE;
	size_t have = sl_cur_left(&c);
	struct sl_span message = sl_span_of(c.p, have < bytes ? have : bytes);
	*consumed = in.len - have + message.len;
	sl_side_skip(t->at, bytes - message.len);
	if (message_read(t, message, true)) {
		t->at->phase = 0;
		return SL_PARSE_DONE;
	}
	if (t->at->phase + 1u >= ODD_MOST)
		return SL_PARSE_REFUSE;
	t->at->phase = (t->at->phase + 1) & 15;
	sl_count(sl_talk_counters(t), SL_COUNT_PARSE_ERRORS);
	return SL_PARSE_DONE;
}

const struct sl_parser sl_dns_parser = {
	.messages = SL_COUNT_DNS_MESSAGES, .probe = probe, .stream = stream, .datagram = datagram
};
