/* Names and records of DNS messages: RFC 1035, and for the data of each type the RFC named beside
 * it. Nothing is kept between calls. Per worker. */
#include <arpa/inet.h>
#include <sensor/inspect/dns.h>
#include <sys/socket.h>

enum { LABEL_MAX = 63, JUMPS_MAX = 32, POINTER = 0xc0 };
enum type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,   /* RFC 2782 */
	TYPE_DNAME = 39, /* RFC 6672 */
	TYPE_OPT = 41,   /* RFC 6891 */
	TYPE_SVCB = 64,  /* RFC 9460 */
	TYPE_HTTPS = 65,
};
enum { SVC_IPV4HINT = 4, SVC_IPV6HINT = 6 };

/* Pointers must go backwards, so a loop is impossible. RFC 1035, section 4.1.4. */
int sl_dns_name(struct sl_cur *c, struct sl_span message, uint8_t out[SL_DNS_NAME_MAX])
{
	struct sl_cur at = *c;
	size_t len = 0, lowest = c->failed ? 0 : (size_t)(c->p - message.at);
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
		if (!label || len + n + 1 > SL_DNS_NAME_MAX)
			return -1;
		if (len)
			out[len++] = '.';
		memcpy(out + len, label, n);
		len += n;
	}
	return -1;
}

struct sl_span sl_dns_value(struct sl_talk *t, enum sl_field field, const void *bytes, size_t n)
{
	uint8_t *copy = sl_talk_room(t, n);
	if (!copy)
		return sl_span_of(NULL, 0);
	memcpy(copy, bytes, n);
	sl_value_add(t, field, sl_span_of(copy, n));
	return sl_span_of(copy, n);
}

static void address_take(struct sl_talk *t, struct sl_cur *c, int family)
{
	char text[SL_ADDRESS_TEXT];
	size_t n = family == AF_INET ? 4 : 16;
	const uint8_t *bytes = sl_cur_take(c, n);
	struct sl_address address = { .family = family == AF_INET ? 4 : 6 };
	if (!bytes)
		return;
	memcpy(address.bytes, bytes, n);
	sl_address_format(text, &address);
	sl_dns_value(t, SL_FIELD_DNS_ANSWER, text, strlen(text));
}

void sl_dns_name_add(struct sl_talk *t, const struct sl_dns_message *m, struct sl_span *last,
		     enum sl_field field, struct sl_span name)
{
	if (!name.len || !sl_talk_wants(t, field) || (name.at == last->at && name.len == last->len) ||
	    sl_span_eq(name, *last))
		return;
	if (name.at != m->asked.at) {
		*last = sl_dns_value(t, field, name.at, name.len);
		return;
	}
	sl_value_add(t, field, name);
	*last = name;
}

/* response: the name is one of dns.response.rrname too. */
static void name_take(struct sl_talk *t, struct sl_cur *c, struct sl_dns_message *m, bool response)
{
	uint8_t name[SL_DNS_NAME_MAX];
	int len = sl_dns_name(c, m->bytes, name);
	if (len > 0)
		sl_dns_value(t, SL_FIELD_DNS_ANSWER, name, (size_t)len);
	if (len > 0 && response)
		sl_dns_name_add(t, m, &m->said, SL_FIELD_DNS_RRNAME, sl_span_of(name, (size_t)len));
	c->failed = c->failed || len < 0;
}

/* priority | target | (key | length | value)…   RFC 9460, section 2.2. A hint is a row of
 * addresses. */
static void service_take(struct sl_talk *t, struct sl_cur *c, struct sl_dns_message *m)
{
	sl_cur_be16(c);
	name_take(t, c, m, false);
	while (sl_cur_left(c)) {
		uint16_t key = sl_cur_be16(c);
		struct sl_cur value = sl_cur_sub(c, sl_cur_be16(c));
		while (sl_cur_left(&value) && (key == SVC_IPV4HINT || key == SVC_IPV6HINT))
			address_take(t, &value, key == SVC_IPV4HINT ? AF_INET : AF_INET6);
	}
}

static void strings_take(struct sl_talk *t, struct sl_cur *c)
{
	while (sl_cur_left(c)) {
		uint8_t n = sl_cur_u8(c);
		const uint8_t *text = sl_cur_take(c, n);
		if (text && n)
			sl_value_add(t, SL_FIELD_DNS_ANSWER, sl_span_of(text, n));
	}
}

static void data_take(struct sl_talk *t, uint16_t type, struct sl_cur c, struct sl_dns_message *m)
{
	switch ((enum type)type) {
	case TYPE_A:
		address_take(t, &c, AF_INET);
		break;
	case TYPE_AAAA:
		address_take(t, &c, AF_INET6);
		break;
	case TYPE_SRV: /* priority, weight, port, target */
		sl_cur_take(&c, 6);
		name_take(t, &c, m, false);
		break;
	case TYPE_MX:
		sl_cur_take(&c, 2);
		name_take(t, &c, m, true);
		break;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_SOA: /* its first name is the server's */
	case TYPE_PTR:
		name_take(t, &c, m, true);
		break;
	case TYPE_DNAME:
		name_take(t, &c, m, false);
		break;
	case TYPE_TXT:
		strings_take(t, &c);
		break;
	case TYPE_SVCB:
	case TYPE_HTTPS:
		service_take(t, &c, m);
		break;
	default:
		break;
	}
}

/* name | type | class | TTL(32) | length | data   RFC 1035, section 4.1.3 */
struct record {
	uint8_t room[SL_DNS_NAME_MAX];
	struct sl_span name; /* there, or the question's */
	uint16_t type;
	uint32_t ttl;
	struct sl_cur data;
};

/* Steps over the name if it is nothing but a pointer to the question's. */
static bool is_asked(struct sl_cur *c, const struct sl_dns_message *m)
{
	static const uint8_t pointer[] = { POINTER, SL_DNS_HEADER };
	if (!m->asked.len || sl_cur_left(c) < sizeof pointer || memcmp(c->p, pointer, sizeof pointer) != 0)
		return false;
	sl_cur_take(c, sizeof pointer);
	return true;
}

static bool record_read(struct sl_cur *c, const struct sl_dns_message *m, struct record *r)
{
	r->name = m->asked;
	if (!is_asked(c, m)) {
		int len = sl_dns_name(c, m->bytes, r->room);
		if (len < 0)
			return false;
		r->name = sl_span_of(r->room, (size_t)len);
	}
	r->type = sl_cur_be16(c);
	sl_cur_be16(c);
	r->ttl = sl_cur_be32(c);
	r->data = sl_cur_sub(c, sl_cur_be16(c));
	return !c->failed;
}

static void record_take(struct sl_talk *t, struct sl_dns_message *m, const struct record *r,
			enum sl_field owner, struct sl_span *last)
{
	sl_dns_name_add(t, m, last, owner, r->name);
	sl_dns_name_add(t, m, &m->said, SL_FIELD_DNS_RRNAME, r->name);
	data_take(t, r->type, r->data, m);
}

bool sl_dns_records(struct sl_talk *t, struct sl_cur *c, struct sl_dns_message *m,
		    const uint16_t records[SL_DNS_SECTIONS], bool take, unsigned *rcode)
{
	static const enum sl_field owners[SL_DNS_SECTIONS] = {
		SL_FIELD_DNS_ANSWERS, SL_FIELD_DNS_AUTHORITIES, SL_FIELD_DNS_ADDITIONALS
	};
	struct record r;
	for (unsigned s = 0; s < SL_DNS_SECTIONS; s++) {
		struct sl_span last = { NULL, 0 };
		for (unsigned i = 0; i < records[s]; i++) {
			if (!record_read(c, m, &r))
				return false;
			if (r.type == TYPE_OPT) /* RFC 6891, section 6.1.3: no record, but more of the header */
				*rcode = r.ttl >> 24 << 4;
			else if (take)
				record_take(t, m, &r, owners[s], &last);
		}
	}
	return true;
}
