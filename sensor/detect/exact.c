/* Exact values: addresses, domains, URLs, whole fields. All by tables; a miss is the usual case. */
#include <ctype.h>
#include <selat/name.h>
#include <selat/url.h>
#include <sensor/detect/detect_internal.h>

enum { PORT_HTTP = 80 };

/* --- addresses --- */

static const struct sl_ruleset_where *where_of(const struct sl_ruleset *rs, uint32_t indicator)
{
	return &rs->wheres[rs->indicators[indicator].where];
}

static bool any_proto(const struct sl_ruleset_where *w)
{
	return (w->protos[0] | w->protos[1] | w->protos[2] | w->protos[3]) == 0;
}

/* May an address indicator hold at an end with that port? */
bool sl_exact_end_fits(const struct sl_ruleset *rs, uint32_t indicator, uint8_t proto, uint16_t port)
{
	const struct sl_ruleset_where *w = where_of(rs, indicator);
	if (!any_proto(w) && !(w->protos[proto / 64] >> proto % 64 & 1))
		return false;
	for (uint32_t i = 0; i < w->own_port.n; i++) {
		const struct sl_ruleset_ports *own = &rs->ports[w->own_port.first + i];
		if (port >= own->first && port <= own->last)
			return true;
	}
	return w->own_port.n == 0;
}

/* Every prefix that holds the address, longest first; one look-up a length that occurs. */
void sl_exact_prefixes(const struct sl_ruleset *rs, const struct sl_address *address, sl_prefix_fn *each, void *ctx)
{
	const struct sl_ruleset_prefixes *p = &rs->prefixes;
	bool v4 = address->family == 4;
	const struct sl_table *table = v4 ? &rs->prefix4 : &rs->prefix6;
	struct sl_address masked = *address;
	for (int bits = table->n == 0 ? -1 : v4 ? 32 : 128; bits >= 0; bits--) {
		if (!((v4 ? p->v4 : p->v6[bits / 64]) >> (bits % 64) & 1))
			continue;
		uint8_t key[17] = { (uint8_t)bits };
		sl_address_mask(&masked, (unsigned)bits);
		memcpy(key + 1, masked.bytes, v4 ? 4 : 16);
		struct sl_postings found = sl_table_get(table, sl_span_of(key, v4 ? 5 : 17));
		for (uint32_t i = 0; i < found.n; i++)
			each(ctx, address, found.value[i]);
	}
}

/* --- addresses in answers --- */

struct answer {
	struct sl_detect *d;
	struct sl_looking *l;
	const struct sl_value *v;
};

/* An answer names no port: an indicator that does is about connections alone. */
static void answer_found(void *ctx, const struct sl_address *address, uint32_t posting)
{
	struct answer *a = ctx;
	const struct sl_ruleset *rs = a->d->lane[a->l->lane].rs;
	uint32_t c = posting & SL_POSTING_CONDITION ? posting & ~SL_POSTING_CONDITION : UINT32_MAX;
	(void)address;
	if (c != UINT32_MAX) {
		if (rs->conditions[c].field == SL_FIELD_DNS_ANSWER)
			sl_hit_field(a->d, a->l, a->v, rs->conditions[c].indicator, c, 0, a->v->bytes.len);
		return;
	}
	const struct sl_ruleset_where *w = where_of(rs, posting);
	if (w->own_port.n == 0 && any_proto(w))
		sl_hit_field(a->d, a->l, a->v, posting, UINT32_MAX, 0, a->v->bytes.len);
}

static void look_up_answer(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	struct sl_address address;
	struct answer answer = { d, l, v };
	const struct sl_ruleset *rs = d->lane[l->lane].rs;
	if (rs->prefix4.n + rs->prefix6.n && sl_address_of(v->bytes, &address))
		sl_exact_prefixes(rs, &address, answer_found, &answer);
}

/* --- names --- */

/* Where a domain may stand in the field's values; none in most. */
static struct sl_span name_in(const struct sl_value *v)
{
	switch (v->field) {
	case SL_FIELD_SMTP_MAIL_FROM:
	case SL_FIELD_SMTP_RCPT_TO:
	case SL_FIELD_EMAIL_FROM:
	case SL_FIELD_EMAIL_TO:
		return sl_name_of_mail(v->bytes);
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
	const struct sl_ruleset *rs = d->lane[l->lane].rs;
	struct sl_span in = name_in(v);
	char *name = (char *)d->key;
	size_t whole = in.len ? sl_name_normal(name, SL_NAME_MAX, in) : 0, before = (size_t)(in.at - v->bytes.at);
	struct sl_span rest = sl_span_of(name, whole);
	while (rest.len) {
		size_t at = whole - rest.len;
		struct sl_postings found = sl_table_get(&rs->domains, rest);
		for (uint32_t i = 0; i < found.n; i++) {
			uint32_t ind = found.value[i];
			if (at == 0 || rs->indicators[ind].flags & SL_IND_SUBDOMAINS)
				sl_hit_field(d, l, v, ind, UINT32_MAX, before + at, rest.len);
		}
		rest = sl_name_parent(rest);
	}
}

/* --- equal values --- */

static void equal_found(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v, uint32_t posting)
{
	const struct sl_ruleset *rs = d->lane[l->lane].rs;
	if (posting & SL_POSTING_INDICATOR)
		sl_hit_field(d, l, v, posting & ~SL_POSTING_INDICATOR, UINT32_MAX, 0, v->bytes.len);
	else if (rs->conditions[posting].flags & SL_COND_CONFIRM)
		sl_value_confirm(d, l, v, posting);
	else
		sl_hit_field(d, l, v, rs->conditions[posting].indicator, posting, 0, v->bytes.len);
}

static void look_up_equal(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v,
			  const struct sl_table *table, bool nocase)
{
	if (table->n == 0 || v->bytes.len + 1 > sizeof d->key)
		return;
	d->key[0] = (uint8_t)v->field;
	for (size_t i = 0; i < v->bytes.len; i++)
		d->key[i + 1] = nocase ? (uint8_t)tolower(v->bytes.at[i]) : v->bytes.at[i];
	struct sl_postings found = sl_table_get(table, sl_span_of(d->key, v->bytes.len + 1));
	const struct sl_crowds *crowds = &d->lane[l->lane].e->crowds;
	const struct sl_trigger *t = sl_crowd_find(crowds, found);
	const uint32_t *list = t ? &crowds->leader[t->first] : found.value;
	for (uint32_t i = 0; i < (t ? t->n : found.n); i++)
		equal_found(d, l, v, list[i]);
	if (t && t->atom)
		sl_hit_atom(d, l, v, t->atom, 0, v->bytes.len);
}

void sl_exact_equal(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	const struct sl_ruleset *rs = d->lane[l->lane].rs;
	look_up_equal(d, l, v, &rs->equals, false);
	look_up_equal(d, l, v, &rs->equals_nocase, true);
}

void sl_exact_value(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	if (d->lane[l->lane].rs->domains.n)
		look_up_name(d, l, v);
	if (v->field == SL_FIELD_DNS_ANSWER)
		look_up_answer(d, l, v);
	sl_exact_equal(d, l, v);
}

/* --- URLs --- */

/* The request's URL, in normal form, into the key; 0: it has none. */
static size_t request_url(struct sl_detect *d, const struct sl_looking *l, const struct sl_value **target)
{
	const struct sl_value *host = NULL;
	for (size_t i = 0; i < l->n; i++) {
		if (l->values[i].field == SL_FIELD_HTTP_HOST_RAW && !host)
			host = &l->values[i];
		if (l->values[i].field == SL_FIELD_HTTP_URI_RAW)
			*target = &l->values[i];
	}
	if (!*target)
		return 0;
	struct sl_flow_view view;
	char address[SL_ADDRESS_TEXT];
	sl_flow_view(l->flow, &view);
	struct sl_span name = host ? host->bytes : sl_span_str(sl_address_format(address, &view.dst));
	return sl_url_request((char *)d->key, SL_URL_MAX, "http", name, view.dport ? view.dport : PORT_HTTP,
			      (*target)->bytes);
}

static bool any_urls(const struct sl_detect *d)
{
	for (unsigned lane = 0; lane < d->lanes; lane++)
		if (d->lane[lane].rs->urls.n)
			return true;
	return false;
}

void sl_exact_url(struct sl_detect *d, struct sl_looking *l)
{
	const struct sl_value *target = NULL;
	size_t len = any_urls(d) ? request_url(d, l, &target) : 0;
	for (unsigned lane = 0; len && lane < d->lanes; lane++) {
		l->lane = (uint8_t)lane;
		struct sl_postings found = sl_table_get(&d->lane[lane].rs->urls, sl_span_of(d->key, len));
		for (uint32_t i = 0; i < found.n; i++)
			sl_hit_field(d, l, target, found.value[i], UINT32_MAX, 0, target->bytes.len);
	}
}
