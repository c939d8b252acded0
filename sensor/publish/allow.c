/* Allow: looking up. One exact table holds all lines; a match costs a look-up a prefix length that
 * occurs, a label of its name, and two for its id, however long the file is. */
#include "allow_internal.h"
#include "alert_internal.h"

#include <selat/log.h>
#include <selat/name.h>
#include <stdio.h>
#include <stdlib.h>

enum { TELL_MOST = 20, ID_MAX = 1024 };

static bool found(struct sl_allow *a, struct sl_span key)
{
	struct sl_postings lines = sl_table_get(&a->table, key);

	if (lines.n)
		a->line[lines.value[0]].hits++;
	return lines.n != 0;
}

/* --- addresses --- */

static bool allows_address(struct sl_allow *a, const struct sl_address *address)
{
	bool v4 = address->family == 4;
	struct sl_address masked = *address;
	uint8_t key[SL_ALLOW_PREFIX_KEY];

	if (address->family == 0)
		return false;
	for (int bits = v4 ? 32 : 128; bits >= 0; bits--) {
		if (!a->occurs[v4 ? 0 : 1][bits])
			continue;
		sl_address_mask(&masked, (unsigned)bits);
		if (found(a, sl_allow_prefix_key(key, &masked, (unsigned)bits)))
			return true;
	}
	return false;
}

static bool allows_address_text(struct sl_allow *a, struct sl_span value)
{
	struct sl_address address;

	return sl_address_of(value, &address) && allows_address(a, &address);
}

/* --- names --- */

static bool allows_name(struct sl_allow *a, struct sl_span name)
{
	uint8_t key[1 + SL_NAME_MAX] = { SL_ALLOW_NAME };
	char *normal = (char *)key + 1;
	struct sl_span rest = sl_span_of(normal, sl_name_normal(normal, SL_NAME_MAX, name));

	for (; rest.len; rest = sl_name_parent(rest)) {
		key[rest.at - key - 1] = SL_ALLOW_NAME; /* in place of the dot */
		if (found(a, sl_span_of(rest.at - 1, rest.len + 1)))
			return true;
	}
	return false;
}

/* The name in a field's value; none in most fields. */
static struct sl_span name_in(enum sl_field field, struct sl_span value)
{
	switch (field) {
	case SL_FIELD_SMTP_MAIL_FROM:
	case SL_FIELD_SMTP_RCPT_TO:
	case SL_FIELD_EMAIL_FROM:
	case SL_FIELD_EMAIL_TO:
	case SL_FIELD_EMAIL_CC:
		return sl_name_of_mail(value);
	case SL_FIELD_DNS_ANSWER:
	case SL_FIELD_SMTP_HELO:
		return value;
	default:
		return sl_span_of(value.at, sl_field_is_name(field) ? value.len : 0);
	}
}

/* A URL's match has the target as its value; the host stands beside it. */
static struct sl_span host_of(const struct sl_match *m, const uint8_t *tail)
{
	struct sl_span fields = sl_span_of(tail + m->value_len + m->around_len, m->fields_len), value;
	size_t at = 0;
	uint8_t field;

	while (sl_alert_field_next(fields, &at, &field, &value))
		if (field == SL_FIELD_HTTP_HOST)
			return value;
	return sl_span_of(tail, 0);
}

static bool allows_value(struct sl_allow *a, const struct sl_match *m, const uint8_t *tail)
{
	bool url = m->ruleset->indicators[m->indicator].kind == SL_IND_URL;
	struct sl_span name = url ? host_of(m, tail)
				  : name_in((enum sl_field)m->field, sl_span_of(tail, m->value_len));

	return name.len && (allows_name(a, name) || allows_address_text(a, name));
}

/* --- ids --- */

static bool allows_id(struct sl_allow *a, const struct sl_match *m)
{
	const struct sl_ruleset_indicator *ind = &m->ruleset->indicators[m->indicator];
	const char *id = sl_ruleset_string(m->ruleset, ind->id);
	const char *pack = sl_ruleset_string(m->ruleset, m->ruleset->packs[ind->pack].name);
	char key[ID_MAX];

	int len = snprintf(key, sizeof key, "%c%s/%s", SL_ALLOW_ID, pack, id);
	if ((size_t)len >= sizeof key)
		return false;
	if (found(a, sl_span_of(key, (size_t)len)))
		return true;
	len = snprintf(key, sizeof key, "%c%s", SL_ALLOW_ID, id);
	return found(a, sl_span_of(key, (size_t)len));
}

bool sl_allow_silences(struct sl_allow *a, const struct sl_match *m, const uint8_t *tail)
{
	if (a->lines == 0)
		return false;
	return allows_id(a, m) || allows_address(a, &m->flow.src) ||
	       allows_address(a, &m->flow.dst) || allows_value(a, m, tail);
}

size_t sl_allow_lines(const struct sl_allow *a)
{
	return a->lines;
}

/* --- telling --- */

static int by_hits(const void *left, const void *right)
{
	const struct sl_allow_line *a = *(const struct sl_allow_line *const *)left;
	const struct sl_allow_line *b = *(const struct sl_allow_line *const *)right;

	if (a->hits != b->hits)
		return a->hits < b->hits ? 1 : -1;
	return a->number < b->number ? -1 : 1;
}

void sl_allow_tell(const struct sl_allow *a)
{
	const struct sl_allow_line **hit = calloc(a->lines + 1, sizeof(struct sl_allow_line *));
	size_t n = 0;

	for (size_t i = 0; hit && i < a->lines; i++)
		if (a->line[i].hits)
			hit[n++] = &a->line[i];
	if (n)
		qsort(hit, n, sizeof *hit, by_hits);
	for (size_t i = 0; i < n && i < TELL_MOST; i++)
		sl_log(SL_INFO, "allow", "%s:%u: %s: %llu matches silenced", a->path, hit[i]->number,
		       hit[i]->text, (unsigned long long)hit[i]->hits);
	free(hit);
}
