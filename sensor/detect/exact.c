/* Exact values: addresses, domains, URLs, whole fields. All by tables; a miss is the usual case. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <selat/name.h>
#include <selat/url.h>
#include <sensor/detect/detect_internal.h>

enum { PORT_HTTP = 80 };

/* --- addresses, once a flow --- */

static const struct sl_ruleset_where *where_of(const struct sl_ruleset *rs, uint32_t indicator)
{
	return &rs->wheres[rs->indicators[indicator].where];
}

static bool any_proto(const struct sl_ruleset_where *w)
{
	return (w->protos[0] | w->protos[1] | w->protos[2] | w->protos[3]) == 0;
}

static bool ends_fit(const struct sl_ruleset *rs, const struct sl_ruleset_where *w, uint8_t proto, uint16_t port)
{
	if (!any_proto(w) && !(w->protos[proto / 64] >> proto % 64 & 1))
		return false;
	for (uint32_t i = 0; i < w->own_port.n; i++) {
		const struct sl_ruleset_ports *own = &rs->ports[w->own_port.first + i];
		if (port >= own->first && port <= own->last)
			return true;
	}
	return w->own_port.n == 0;
}

static void address_hit(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow,
			const struct sl_address *address, uint8_t field, uint32_t indicator)
{
	char text[SL_ADDRESS_TEXT];
	sl_address_format(text, address);
	struct sl_hit hit = { .at = at,
			      .flow = flow,
			      .condition = UINT32_MAX,
			      .indicator = indicator,
			      .transaction = ++d->transaction,
			      .field = field,
			      .side = flow->client,
			      .value = sl_span_str(text) };
	sl_hit_add(d, &hit, false);
}

typedef void found_fn(void *ctx, const struct sl_address *address, uint32_t indicator);

/* Every prefix that holds the address, longest first; one look-up a length that occurs. */
static void look_up_prefixes(struct sl_detect *d, const struct sl_address *address, found_fn *each, void *ctx)
{
	const struct sl_ruleset_prefixes *p = &d->rs->prefixes;
	bool v4 = address->family == 4;
	const struct sl_table *table = v4 ? &d->rs->prefix4 : &d->rs->prefix6;
	struct sl_address masked = *address;
	for (int bits = table->n == 0 ? -1 : v4 ? 32 : 128; bits >= 0; bits--) {
		if (!((v4 ? p->v4 : p->v6[bits / 64]) >> (bits % 64) & 1))
			continue;
		uint8_t key[17] = { (uint8_t)bits };
		sl_address_mask(&masked, (unsigned)bits);
		memcpy(key + 1, masked.bytes, v4 ? 4 : 16);
		struct sl_postings found = sl_table_get(table, sl_span_of(key, v4 ? 5 : 17));
		for (uint32_t i = 0; i < found.n; i++)
			if (!(found.value[i] & SL_POSTING_CONDITION))
				each(ctx, address, found.value[i]);
	}
}

/* One end of a flow. */
struct flow_end {
	struct sl_detect *d;
	const struct sl_sighting *at;
	struct sl_flow *flow;
	uint16_t port;
	uint8_t proto, field;
};

static void flow_end_found(void *ctx, const struct sl_address *address, uint32_t indicator)
{
	struct flow_end *e = ctx;
	if (ends_fit(e->d->rs, where_of(e->d->rs, indicator), e->proto, e->port))
		address_hit(e->d, e->at, e->flow, address, e->field, indicator);
}

void sl_detect_flow(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow)
{
	struct sl_flow_view view;
	if (d->rs->prefix4.n + d->rs->prefix6.n == 0)
		return;
	sl_flow_view(flow, &view);
	if (view.proto != IPPROTO_TCP && view.proto != IPPROTO_UDP && view.proto != IPPROTO_SCTP)
		view.sport = view.dport = 0; /* no ports: an indicator that names one does not hold */
	struct flow_end src = { d, at, flow, view.sport, view.proto, SL_FIELD_IP_SRC };
	struct flow_end dst = { d, at, flow, view.dport, view.proto, SL_FIELD_IP_DST };
	look_up_prefixes(d, &view.src, flow_end_found, &src);
	look_up_prefixes(d, &view.dst, flow_end_found, &dst);
}

/* --- addresses in answers --- */

struct answer {
	struct sl_detect *d;
	struct sl_looking *l;
	const struct sl_value *v;
};

/* An answer names no port: an indicator that does is about connections alone. */
static void answer_found(void *ctx, const struct sl_address *address, uint32_t indicator)
{
	struct answer *a = ctx;
	const struct sl_ruleset_where *w = where_of(a->d->rs, indicator);
	(void)address;
	if (w->own_port.n == 0 && any_proto(w))
		sl_hit_field(a->d, a->l, a->v, indicator, UINT32_MAX, 0, a->v->bytes.len);
}

static void look_up_answer(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	char text[SL_ADDRESS_TEXT];
	struct sl_address address = { .family = 4 };
	struct answer answer = { d, l, v };
	if (d->rs->prefix4.n + d->rs->prefix6.n == 0 || v->bytes.len >= sizeof text)
		return;
	memcpy(text, v->bytes.at, v->bytes.len);
	text[v->bytes.len] = '\0';
	if (inet_pton(AF_INET, text, address.bytes) != 1) {
		if (inet_pton(AF_INET6, text, address.bytes) != 1)
			return;
		address.family = 6;
	}
	look_up_prefixes(d, &address, answer_found, &answer);
}

/* --- names --- */

/* What follows the last "@" of "Name <user@domain>", up to what cannot be part of a name. */
static struct sl_span mail_domain(struct sl_span mail)
{
	const uint8_t *at = mail.len ? memrchr(mail.at, '@', mail.len) : NULL;
	size_t n = 0;
	if (!at)
		return sl_span_of(mail.at, 0);
	at++;
	while (at + n < mail.at + mail.len && (isalnum(at[n]) || at[n] == '.' || at[n] == '-' || at[n] == '_'))
		n++;
	return sl_span_of(at, n);
}

/* Where a domain may stand in the field's values; none in most. */
static struct sl_span name_in(const struct sl_value *v)
{
	switch (v->field) {
	case SL_FIELD_SMTP_MAIL_FROM:
	case SL_FIELD_SMTP_RCPT_TO:
	case SL_FIELD_EMAIL_FROM:
	case SL_FIELD_EMAIL_TO:
		return mail_domain(v->bytes);
	case SL_FIELD_DNS_ANSWER:
		return v->bytes;
	default:
		return sl_span_of(v->bytes.at, sl_field_is_name(v->field) ? v->bytes.len : 0);
	}
}

/* Do the tables have anything to look for in this field's values? */
bool sl_exact_wants(const struct sl_ruleset *rs, enum sl_field field)
{
	static const uint8_t any[] = "x@x";
	struct sl_value v = { field, sl_span_of(any, sizeof any - 1) };
	if (rs->domains.n && name_in(&v).len)
		return true;
	if (rs->urls.n && (field == SL_FIELD_HTTP_HOST_RAW || field == SL_FIELD_HTTP_URI_RAW))
		return true;
	return rs->prefix4.n + rs->prefix6.n && field == SL_FIELD_DNS_ANSWER;
}

static void look_up_name(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	struct sl_span in = name_in(v);
	char *name = (char *)d->key;
	size_t whole = in.len ? sl_name_normal(name, SL_NAME_MAX, in) : 0, before = (size_t)(in.at - v->bytes.at);
	struct sl_span rest = sl_span_of(name, whole);
	while (rest.len) {
		size_t at = whole - rest.len;
		struct sl_postings found = sl_table_get(&d->rs->domains, rest);
		for (uint32_t i = 0; i < found.n; i++) {
			uint32_t ind = found.value[i];
			if (at == 0 || d->rs->indicators[ind].flags & SL_IND_SUBDOMAINS)
				sl_hit_field(d, l, v, ind, UINT32_MAX, before + at, rest.len);
		}
		rest = sl_name_parent(rest);
	}
}

/* --- equal values --- */

static void look_up_equal(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v,
			  const struct sl_table *table, bool nocase)
{
	if (table->n == 0 || v->bytes.len + 1 > sizeof d->key)
		return;
	d->key[0] = (uint8_t)v->field;
	for (size_t i = 0; i < v->bytes.len; i++)
		d->key[i + 1] = nocase ? (uint8_t)tolower(v->bytes.at[i]) : v->bytes.at[i];
	struct sl_postings found = sl_table_get(table, sl_span_of(d->key, v->bytes.len + 1));
	for (uint32_t i = 0; i < found.n; i++) {
		uint32_t c = found.value[i];
		if (c & SL_POSTING_INDICATOR)
			sl_hit_field(d, l, v, c & ~SL_POSTING_INDICATOR, UINT32_MAX, 0, v->bytes.len);
		else
			sl_hit_field(d, l, v, d->rs->conditions[c].indicator, c, 0, v->bytes.len);
	}
}

void sl_exact_value(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	if (d->rs->domains.n)
		look_up_name(d, l, v);
	if (v->field == SL_FIELD_DNS_ANSWER)
		look_up_answer(d, l, v);
	look_up_equal(d, l, v, &d->rs->equals, false);
	look_up_equal(d, l, v, &d->rs->equals_nocase, true);
}

/* --- URLs --- */

void sl_exact_url(struct sl_detect *d, struct sl_looking *l)
{
	const struct sl_value *host = NULL, *target = NULL;
	for (size_t i = 0; i < l->n; i++) {
		if (l->values[i].field == SL_FIELD_HTTP_HOST_RAW && !host)
			host = &l->values[i];
		if (l->values[i].field == SL_FIELD_HTTP_URI_RAW)
			target = &l->values[i];
	}
	if (!target || d->rs->urls.n == 0)
		return;
	struct sl_flow_view view;
	char address[SL_ADDRESS_TEXT];
	sl_flow_view(l->flow, &view);
	struct sl_span name = host ? host->bytes : sl_span_str(sl_address_format(address, &view.dst));
	char *url = (char *)d->key;
	size_t len = sl_url_request(url, SL_URL_MAX, "http", name, view.dport ? view.dport : PORT_HTTP,
				    target->bytes);
	struct sl_postings found = len ? sl_table_get(&d->rs->urls, sl_span_of(url, len))
				       : (struct sl_postings){ NULL, 0 };
	for (uint32_t i = 0; i < found.n; i++)
		sl_hit_field(d, l, target, found.value[i], UINT32_MAX, 0, target->bytes.len);
}
