/* Alert: the JSON of one match, by the alert's contract (docs/schema/alert.schema.json). A key with
 * nothing to say is absent. Any thread; allocates nothing but the writer's buffer.
 *
 * Everything in the tail came from the wire: lengths are checked against what the record has. */
#include "alert_internal.h"

#include <inttypes.h>
#include <selat/digest.h>
#include <selat/tlp.h>
#include <sensor/detect/loaded.h>
#include <stdio.h>

void sl_alert_text(struct sl_json *j, const char *key, const char *value)
{
	if (value && value[0])
		sl_json_text(j, key, value);
}

char *sl_alert_id(char out[SL_ALERT_ID_TEXT], const char *sensor, const char *epoch, uint64_t seq)
{
	snprintf(out, SL_ALERT_ID_TEXT, "%s/%s/%" PRIu64, sensor, epoch, seq);
	return out;
}

void sl_alert_labels(const struct sl_match *m, enum sl_tlp *tlp, enum sl_severity *severity)
{
	const struct sl_ruleset_meta *meta = sl_ruleset_meta(m->ruleset, m->indicator);

	*tlp = (enum sl_tlp)meta->tlp;
	*severity = (enum sl_severity)meta->severity;
}

static void write_references(struct sl_json *j, const char *lines)
{
	if (!lines[0])
		return;
	sl_json_open(j, "references", '[');
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		if (len)
			sl_json_bytes(j, NULL, sl_span_of(lines, len));
		lines += len + (lines[len] == '\n');
	}
	sl_json_close(j, ']');
}

static void write_indicator(struct sl_json *j, const struct sl_match *m)
{
	const struct sl_ruleset *rs = m->ruleset;
	const struct sl_ruleset_indicator *ind = &rs->indicators[m->indicator];
	const struct sl_ruleset_meta *meta = sl_ruleset_meta(rs, m->indicator);
	const struct sl_ruleset_pack *pack = &rs->packs[ind->pack];

	sl_json_open(j, "indicator", '{');
	sl_alert_text(j, "pack", sl_ruleset_string(rs, pack->name));
	sl_json_u64(j, "version", pack->version);
	sl_alert_text(j, "id", sl_ruleset_string(rs, ind->id));
	sl_alert_text(j, "type", sl_indicator_kind_text((enum sl_indicator_kind)ind->kind));
	sl_alert_text(j, "value", sl_ruleset_string(rs, ind->value));
	sl_alert_text(j, "name", sl_ruleset_string(rs, meta->name));
	write_references(j, sl_ruleset_string(rs, meta->references));
	sl_alert_text(j, "author", sl_ruleset_string(rs, pack->author));
	sl_json_close(j, '}');
}

static void write_labels(struct sl_json *j, const struct sl_match *m)
{
	const struct sl_ruleset_meta *meta = sl_ruleset_meta(m->ruleset, m->indicator);

	sl_alert_text(j, "tlp", sl_tlp_text((enum sl_tlp)meta->tlp));
	sl_alert_text(j, "severity", sl_severity_text((enum sl_severity)meta->severity));
	sl_json_u64(j, "confidence", meta->confidence);
	sl_alert_text(j, "class", sl_ruleset_string(m->ruleset, meta->class_));
}

/* What tells where it was seen. */
static void write_place(struct sl_json *j, const struct sl_match *m)
{
	sl_json_u64(j, "packet", m->packet);
	sl_json_u64(j, "offset", m->offset);
}

static void write_field_name(struct sl_json *j, const struct sl_match *m)
{
	if (m->field < SL_FIELD_COUNT)
		sl_json_text(j, "field", sl_field_info((enum sl_field)m->field)->name);
}

static void write_match(struct sl_json *j, const struct sl_match *m, const uint8_t *tail)
{
	sl_json_open(j, "match", '{');
	write_field_name(j, m);
	if (m->value_len)
		sl_json_bytes(j, "value", sl_span_of(tail, m->value_len));
	write_place(j, m);
	if (m->around_len)
		sl_json_base64(j, "bytes", sl_span_of(tail + m->value_len, m->around_len));
	sl_json_close(j, '}');
}

static void write_values(struct sl_json *j, const struct sl_summary *s)
{
	sl_json_open(j, "match", '{');
	write_field_name(j, s->last);
	write_place(j, s->last);
	if (s->values) {
		sl_json_open(j, "values", '[');
		for (size_t i = 0; i < s->values; i++)
			sl_json_bytes(j, NULL, s->value[i]);
		sl_json_close(j, ']');
		sl_json_u64(j, "distinct", s->distinct);
	}
	sl_json_close(j, '}');
}

/* --- the transaction's fields --- */

struct values { /* of one field: how many, and where the first is */
	uint32_t n, first;
};

bool sl_alert_field_next(struct sl_span fields, size_t *at, uint8_t *field, struct sl_span *value)
{
	uint16_t len;

	if (fields.len - *at < 1 + sizeof len)
		return false;
	*field = fields.at[*at];
	memcpy(&len, fields.at + *at + 1, sizeof len);
	*at += 1 + sizeof len;
	if (fields.len - *at < len || *field >= SL_FIELD_COUNT)
		return false;
	*value = sl_span_of(fields.at + *at, len);
	*at += len;
	return true;
}

static void write_field(struct sl_json *j, struct sl_span fields, uint8_t want, const char *key,
			const struct values *values)
{
	size_t at = values->first;
	uint8_t field;
	struct sl_span value;

	if (values->n > 1)
		sl_json_open(j, key, '[');
	while (sl_alert_field_next(fields, &at, &field, &value))
		if (field == want)
			sl_json_bytes(j, values->n > 1 ? NULL : key, value);
	if (values->n > 1)
		sl_json_close(j, ']');
}

/* The length of "http" in "http.uri.raw"; 0 if the field belongs to no protocol's object. */
static size_t group_len(uint8_t field)
{
	const struct sl_field_info *info = sl_field_info((enum sl_field)field);
	const char *dot = strchr(info->name, '.');
	return !dot || strcmp(info->protocol, "ip") == 0 ? 0 : (size_t)(dot - info->name);
}

static void write_group(struct sl_json *j, struct sl_span fields, struct values *values,
			uint8_t begin, size_t len)
{
	const char *name = sl_field_info((enum sl_field)begin)->name;
	char group[32];

	snprintf(group, sizeof group, "%.*s", (int)len, name);
	sl_json_open(j, group, '{');
	for (uint8_t f = begin; f < SL_FIELD_COUNT; f++) {
		const char *other = sl_field_info((enum sl_field)f)->name;
		if (values[f].n == 0 || group_len(f) != len || memcmp(other, name, len) != 0)
			continue;
		write_field(j, fields, f, other + len + 1, &values[f]);
		values[f].n = 0;
	}
	sl_json_close(j, '}');
}

static void write_transaction(struct sl_json *j, struct sl_span fields)
{
	struct values values[SL_FIELD_COUNT] = { 0 };
	size_t at = 0, before = 0;
	uint8_t field;
	struct sl_span value;

	while (sl_alert_field_next(fields, &at, &field, &value)) {
		if (values[field].n++ == 0)
			values[field].first = (uint32_t)before;
		before = at;
	}
	for (uint8_t f = 0; f < SL_FIELD_COUNT; f++) {
		size_t len = group_len(f);
		if (values[f].n && len)
			write_group(j, fields, values, f, len);
	}
}

static void write_ruleset(struct sl_json *j, const struct sl_match *m)
{
	char text[7 + 2 * SL_SHA256_SIZE + 1] = "sha256:";
	const uint8_t *identity =
		m->loaded ? sl_loaded_identity(m->loaded) : m->ruleset->header->identity;
	sl_hex(text + 7, sl_span_of(identity, SL_SHA256_SIZE));
	sl_json_text(j, "ruleset", text);
	sl_alert_text(j, "drill",
		      sl_ruleset_string(m->ruleset, sl_ruleset_meta(m->ruleset, m->indicator)->drill));
}

void sl_alert_rule(struct sl_json *j, const struct sl_match *m)
{
	write_labels(j, m);
	write_indicator(j, m);
	write_ruleset(j, m);
}

/* Opens the object: who says it, and when it was seen. */
static void open_alert(struct sl_json *j, const struct sl_alert *a, const struct sl_match *m)
{
	char id[SL_ALERT_ID_TEXT];

	sl_json_open(j, NULL, '{');
	sl_json_u64(j, "selat", 1);
	sl_json_text(j, "id", sl_alert_id(id, a->sensor_id, a->epoch, a->seq));
	sl_json_time(j, "time", m->time);
	sl_json_time(j, "observed", m->observed);
	sl_json_open(j, "sensor", '{');
	sl_json_text(j, "id", a->sensor_id);
	sl_alert_text(j, "country", a->country);
	sl_json_text(j, "epoch", a->epoch);
	sl_json_u64(j, "seq", a->seq);
	sl_json_close(j, '}');
}

static void write_stretch(struct sl_json *j, const struct sl_stretch *s)
{
	sl_json_u64(j, "count", s->count);
	sl_json_time(j, "first", s->first);
	sl_json_time(j, "last", s->last);
}

static void close_alert(struct sl_json *j, const struct sl_alert *a)
{
	if (a->retro)
		sl_json_bool(j, "retro", true);
	sl_json_close(j, '}');
}

void sl_alert_write(struct sl_json *j, const struct sl_alert *a)
{
	const struct sl_match *m = a->match;

	open_alert(j, a, m);
	write_labels(j, m);
	write_indicator(j, m);
	write_match(j, m, a->tail);
	sl_alert_flow(j, m, a->community_seed);
	sl_alert_link(j, m);
	write_transaction(j, sl_span_of(a->tail + m->value_len + m->around_len, m->fields_len));
	write_stretch(j, &a->stretch);
	write_ruleset(j, m);
	close_alert(j, a);
}

void sl_alert_write_summary(struct sl_json *j, const struct sl_alert *a, const struct sl_summary *s)
{
	open_alert(j, a, s->last);
	sl_json_raw(j, NULL, s->rule);
	write_values(j, s);
	sl_alert_flow(j, s->last, a->community_seed);
	sl_alert_link(j, s->last);
	write_stretch(j, &s->stretch);
	close_alert(j, a);
}
