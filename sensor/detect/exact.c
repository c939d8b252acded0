/* Exact values: addresses, domains, URLs, whole fields. All by tables; a miss is the usual case. */
#include <ctype.h>
#include <selat/name.h>
#include <sensor/detect/detect_internal.h>

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

/* A table's key: one byte behind the other. The next one is masked further, in place. */
struct prefix_key {
	uint8_t bits;
	struct sl_address masked;
};
_Static_assert(offsetof(struct prefix_key, masked.bytes) == 1, "no padding in a key");

/* Every prefix that holds the address, longest first; one look-up a length that occurs. */
void sl_exact_prefixes(const struct sl_ruleset *rs, const struct sl_address *address, sl_prefix_fn *each, void *ctx)
{
	bool v4 = address->family == 4;
	const struct sl_table *table = v4 ? &rs->prefix4 : &rs->prefix6;
	const uint64_t *lengths = v4 ? &rs->prefixes.v4 : rs->prefixes.v6;
	struct prefix_key key = { .masked = *address };
	int bits = table->n ? sl_prefix_below(lengths, v4 ? 33 : 129) : -1;
	for (; bits >= 0; bits = sl_prefix_below(lengths, bits)) {
		key.bits = (uint8_t)bits;
		sl_address_mask(&key.masked, (unsigned)bits);
		struct sl_postings found = sl_table_get(table, sl_span_of(&key, v4 ? 1 + 4 : 1 + 16));
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

/* False: it is no address. */
static bool look_up_answer(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	struct sl_address address;
	struct answer answer = { d, l, v };
	if (!sl_address_of(v->bytes, &address))
		return false;
	sl_exact_prefixes(d->lane[l->lane].rs, &address, answer_found, &answer);
	return true;
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
	case SL_FIELD_EMAIL_CC:
		return sl_name_of_mail(v->bytes);
	case SL_FIELD_DNS_ANSWER:
		return v->bytes;
	case SL_FIELD_DNS_RRNAME: /* each of its names is a value of another field too */
		return sl_span_of(v->bytes.at, 0);
	default:
		return sl_span_of(v->bytes.at, sl_field_is_name(v->field) ? v->bytes.len : 0);
	}
}

bool sl_exact_names(enum sl_field field)
{
	static const uint8_t any[] = "x@x";
	struct sl_value v = { field, sl_span_of(any, sizeof any - 1) };
	return name_in(&v).len > 0;
}

/* Do the tables have anything to look for in this field's values? */
bool sl_exact_wants(const struct sl_ruleset *rs, enum sl_field field)
{
	if (rs->domains.n && sl_exact_names(field))
		return true;
	if (rs->urls.n && field == SL_FIELD_HTTP_URL)
		return true;
	return rs->prefix4.n + rs->prefix6.n && field == SL_FIELD_DNS_ANSWER;
}

/* Where in the name those begin that have as many labels as some domain has: the longest last. */
static unsigned find_suffixes(const struct sl_engine *e, struct sl_span name, uint16_t start[SL_NAME_MAX])
{
	unsigned n = 0, labels = 1;
	uint64_t occur = e->labels >> labels;
	for (size_t end = name.len; end && occur;) {
		const uint8_t *dot = memrchr(name.at, '.', end);
		size_t first = dot ? (size_t)(dot + 1 - name.at) : 0;
		if (occur & 1)
			start[n++] = (uint16_t)first;
		end = dot ? first - 1 : 0;
		occur >>= ++labels <= SL_LABELS_MOST;
	}
	return n;
}

/* The name and those above it. False: none is known. */
static bool look_up_domains(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v,
			    struct sl_span name, size_t before)
{
	const struct sl_engine *e = d->lane[l->lane].e;
	uint16_t start[SL_NAME_MAX];
	bool known = false;
	for (unsigned n = find_suffixes(e, name, start); n-- > 0;) {
		size_t at = start[n];
		struct sl_span rest = sl_span_of(name.at + at, name.len - at);
		struct sl_postings found = sl_table_get(&e->rs->domains, rest);
		for (uint32_t i = 0; i < found.n; i++) {
			uint32_t ind = found.value[i];
			if (at == 0 || e->rs->indicators[ind].flags & SL_IND_SUBDOMAINS)
				sl_hit_field(d, l, v, ind, UINT32_MAX, before + at, rest.len);
		}
		known |= found.n > 0;
	}
	return known;
}

/* A message says a name more than once: a query's in the answers too. One that is unknown stays so. */
static void look_up_name(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	struct sl_span in = name_in(v), *unknown = &l->unknown[l->lane];
	if (!in.len || sl_span_eq(in, *unknown))
		return;
	size_t len = sl_name_normal((char *)d->key, SL_NAME_MAX, in);
	if (!look_up_domains(d, l, v, sl_span_of(d->key, len), (size_t)(in.at - v->bytes.at)))
		*unknown = in;
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
	if (v->bytes.len + 1 > sizeof d->key)
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
	const struct sl_engine *e = d->lane[l->lane].e;
	if (e->look[v->field] & SL_LOOK_EQUALS)
		look_up_equal(d, l, v, &e->rs->equals, false);
	if (e->look[v->field] & SL_LOOK_NOCASE)
		look_up_equal(d, l, v, &e->rs->equals_nocase, true);
}

/* Both are in normal form. */
static void look_up_url(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	struct sl_postings found = sl_table_get(&d->lane[l->lane].rs->urls, v->bytes);
	for (uint32_t i = 0; i < found.n; i++)
		sl_hit_field(d, l, v, found.value[i], UINT32_MAX, 0, v->bytes.len);
}

/* What is an address is no domain: their last label is no number. */
void sl_exact_value(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v)
{
	unsigned look = d->lane[l->lane].e->look[v->field];
	bool address = look & SL_LOOK_ADDRESS && look_up_answer(d, l, v);
	if (look & SL_LOOK_NAME && !address)
		look_up_name(d, l, v);
	if (look & SL_LOOK_URL)
		look_up_url(d, l, v);
	sl_exact_equal(d, l, v);
}
