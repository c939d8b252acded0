/* Long headers: RFC 9000, section 17.2, and for versions that are not known what RFC 8999 says of all.
 * No state; any thread. */
#include <sensor/inspect/quic_packet.h>

enum {
	LONG = 0x80,
	FIXED = 0x40,
	DATAGRAM_LEAST = 1200,  /* that a client begins with: RFC 9000, section 14.1 */
	SEALED_LEAST = 4 + 16,  /* packet number and what is sampled: RFC 9001, section 5.4.2 */
};

uint64_t sl_quic_int(struct sl_cur *c)
{
	uint8_t first = sl_cur_u8(c);
	uint64_t v = first & 0x3f;
	for (unsigned more = (1u << (first >> 6)) - 1; more; more--)
		v = v << 8 | sl_cur_u8(c);
	return c->failed ? 0 : v;
}

/* A version that a client sends to make sure that negotiation works: RFC 9000, section 15. */
static bool is_grease(uint32_t version)
{
	return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

static enum sl_quic_type type_of(uint8_t first, const struct sl_quic_version *version)
{
	unsigned type = first >> 4 & 3;
	return (enum sl_quic_type)(version && version->second ? (type + 3) & 3 : type);
}

/*  token length (i) | token    (INITIAL only)
 *  length (i) | packet number (8, 16, 24, 32) | payload */
static bool sealed_read(struct sl_cur *c, struct sl_span in, struct sl_quic_packet *p)
{
	if (p->type == SL_QUIC_INITIAL) {
		uint64_t token = sl_quic_int(c);
		if (token > sl_cur_left(c))
			return false;
		sl_cur_take(c, (size_t)token);
	}
	uint64_t len = sl_quic_int(c);
	if (c->failed || len > sl_cur_left(c) || len < SEALED_LEAST)
		return false;
	p->number_at = (size_t)(c->p - in.at);
	p->bytes = sl_span_of(in.at, p->number_at + (size_t)len);
	return true;
}

/*  1 1 type(2) (4) | version (32) | length (8), destination id | length (8), source id | … */
bool sl_quic_packet_read(struct sl_span in, struct sl_quic_packet *p)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	uint8_t first = sl_cur_u8(&c);
	*p = (struct sl_quic_packet){ .number = sl_cur_be32(&c), .bytes = in };
	p->to.len = sl_cur_u8(&c);
	p->to.at = sl_cur_take(&c, p->to.len);
	p->from.len = sl_cur_u8(&c);
	p->from.at = sl_cur_take(&c, p->from.len);
	if (c.failed || !(first & LONG) || p->to.len > SL_QUIC_ID_MAX || p->from.len > SL_QUIC_ID_MAX)
		return false;
	if (!p->number) {
		p->type = SL_QUIC_NEGOTIATION;
		return sl_cur_left(&c) && sl_cur_left(&c) % 4 == 0;
	}
	if (!(first & FIXED))
		return false;
	p->version = sl_quic_version(p->number);
	p->type = type_of(first, p->version);
	if (p->type == SL_QUIC_RETRY)
		return sl_cur_left(&c) > SL_QUIC_TAG;
	return sealed_read(&c, in, p);
}

/* One of the versions that the server has is known. */
static bool negotiation_plausible(const struct sl_quic_packet *p)
{
	size_t header = 7 + p->to.len + p->from.len;
	struct sl_cur c = sl_cur_of(p->bytes.at + header, p->bytes.len - header);
	while (sl_cur_left(&c))
		if (sl_quic_version(sl_cur_be32(&c)))
			return true;
	return false;
}

bool sl_quic_plausible(struct sl_span in)
{
	struct sl_quic_packet p;
	if (!sl_quic_packet_read(in, &p))
		return false;
	if (p.type == SL_QUIC_NEGOTIATION)
		return negotiation_plausible(&p);
	return p.version || (is_grease(p.number) && p.type == SL_QUIC_INITIAL && in.len >= DATAGRAM_LEAST);
}
