/* Alert: the JSON of one match, by the alert's contract (docs/schema/alert.schema.json). A key with
 * nothing to say is absent. Any thread; allocates nothing but the writer's buffer.
 *
 * Everything in the tail came from the wire: lengths are checked against what the record has. */
#include "alert.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <selat/digest.h>
#include <selat/tlp.h>
#include <sensor/decode/decode.h>
#include <stdio.h>

static void text_if(struct sl_json *j, const char *key, const char *value)
{
	if (value && value[0])
		sl_json_text(j, key, value);
}

char *sl_alert_id(char out[SL_ALERT_ID_TEXT], const char *sensor, const char *epoch, uint64_t seq)
{
	snprintf(out, SL_ALERT_ID_TEXT, "%s/%s/%" PRIu64, sensor, epoch, seq);
	return out;
}

const struct sl_ruleset_indicator *sl_alert_indicator(const struct sl_match *m)
{
	return &m->ruleset->indicators[m->indicator];
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

static void write_indicator(struct sl_json *j, const struct sl_ruleset *rs,
			    const struct sl_ruleset_indicator *ind)
{
	const struct sl_ruleset_pack *pack = &rs->packs[ind->pack];

	sl_json_open(j, "indicator", '{');
	text_if(j, "pack", sl_ruleset_string(rs, pack->name));
	sl_json_u64(j, "version", pack->version);
	text_if(j, "id", sl_ruleset_string(rs, ind->id));
	text_if(j, "type", sl_indicator_kind_text((enum sl_indicator_kind)ind->kind));
	text_if(j, "value", sl_ruleset_string(rs, ind->value));
	text_if(j, "name", sl_ruleset_string(rs, rs->metas[ind->meta].name));
	write_references(j, sl_ruleset_string(rs, rs->metas[ind->meta].references));
	text_if(j, "author", sl_ruleset_string(rs, pack->author));
	sl_json_close(j, '}');
}

const struct sl_ruleset_meta *sl_alert_meta(const struct sl_match *m)
{
	return sl_ruleset_meta(m->ruleset, m->indicator);
}

static void write_labels(struct sl_json *j, const struct sl_ruleset *rs, const struct sl_ruleset_meta *meta)
{
	text_if(j, "tlp", sl_tlp_text((enum sl_tlp)meta->tlp));
	text_if(j, "severity", sl_severity_text((enum sl_severity)meta->severity));
	sl_json_u64(j, "confidence", meta->confidence);
	text_if(j, "class", sl_ruleset_string(rs, meta->class_));
}

static void write_match(struct sl_json *j, const struct sl_match *m, const uint8_t *tail)
{
	sl_json_open(j, "match", '{');
	if (m->field < SL_FIELD_COUNT)
		sl_json_text(j, "field", sl_field_info((enum sl_field)m->field)->name);
	if (m->value_len)
		sl_json_bytes(j, "value", sl_span_of(tail, m->value_len));
	sl_json_u64(j, "packet", m->packet);
	sl_json_u64(j, "offset", m->offset);
	if (m->around_len)
		sl_json_base64(j, "bytes", sl_span_of(tail + m->value_len, m->around_len));
	sl_json_close(j, '}');
}

static void write_proto(struct sl_json *j, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		sl_json_text(j, "proto", "tcp");
		break;
	case IPPROTO_UDP:
		sl_json_text(j, "proto", "udp");
		break;
	case IPPROTO_SCTP:
		sl_json_text(j, "proto", "sctp");
		break;
	case IPPROTO_ICMP:
		sl_json_text(j, "proto", "icmp");
		break;
	case IPPROTO_ICMPV6:
		sl_json_text(j, "proto", "icmpv6");
		break;
	default:
		sl_json_u64(j, "proto", proto);
	}
}

static void write_end(struct sl_json *j, const char *key, const struct sl_address *address,
		      const uint16_t *port)
{
	char text[SL_ADDRESS_TEXT];

	if (address->family == 0)
		return;
	sl_json_open(j, key, '{');
	sl_json_text(j, "ip", sl_address_format(text, address));
	if (port)
		sl_json_u64(j, "port", *port);
	sl_json_close(j, '}');
}

static void write_address(struct sl_json *j, const char *key, const struct sl_address *a)
{
	char text[SL_ADDRESS_TEXT];

	if (a->family)
		sl_json_text(j, key, sl_address_format(text, a));
}

/* What each kind of tunnel calls the number that tells its tunnels apart. */
static const char *tunnel_number(enum sl_layer layer)
{
	switch (layer) {
	case SL_LAYER_GTP_U:
		return "teid";
	case SL_LAYER_VXLAN:
	case SL_LAYER_GENEVE:
		return "vni";
	case SL_LAYER_GRE:
		return "key";
	case SL_LAYER_NSH:
		return "path";
	default:
		return "session";
	}
}

static void write_tunnels(struct sl_json *j, const struct sl_match *m)
{
	if (!m->tunnels)
		return;
	sl_json_open(j, "tunnel", '[');
	for (size_t i = 0; i < m->tunnels && i < SL_TUNNELS_MAX; i++) {
		const struct sl_tunnel *t = &m->tunnel[i];
		sl_json_open(j, NULL, '{');
		sl_json_text(j, "type", sl_layer_text((enum sl_layer)t->layer));
		write_address(j, "src", &t->src);
		write_address(j, "dst", &t->dst);
		if (t->has_id)
			sl_json_u64(j, tunnel_number((enum sl_layer)t->layer), t->id);
		sl_json_close(j, '}');
	}
	sl_json_close(j, ']');
}

static void write_flow(struct sl_json *j, const struct sl_match *m, uint16_t community_seed)
{
	const struct sl_flow_view *f = &m->flow;
	bool ports = f->proto == IPPROTO_TCP || f->proto == IPPROTO_UDP || f->proto == IPPROTO_SCTP;
	char id[SL_COMMUNITY_ID_TEXT];

	sl_json_open(j, "flow", '{');
	text_if(j, "community_id", sl_community_id(id, f, community_seed));
	write_proto(j, f->proto);
	text_if(j, "app", f->app);
	write_tunnels(j, m);
	if (f->vlans) {
		sl_json_open(j, "vlan", '[');
		for (size_t i = 0; i < f->vlans && i < SL_VIEW_VLANS; i++)
			sl_json_u64(j, NULL, f->vlan[i]);
		sl_json_close(j, ']');
	}
	write_end(j, "src", &f->src, ports ? &f->sport : NULL);
	write_end(j, "dst", &f->dst, ports ? &f->dport : NULL);
	sl_json_text(j, "direction", m->to_client ? "to_client" : "to_server");
	if (f->seen == (SL_SEEN_TO_SERVER | SL_SEEN_TO_CLIENT))
		sl_json_text(j, "seen", "both");
	else if (f->seen)
		sl_json_text(j, "seen", f->seen == SL_SEEN_TO_SERVER ? "to_server" : "to_client");
	sl_json_time(j, "start", f->start);
	sl_json_u64(j, "packets", f->packets[0] + f->packets[1]);
	sl_json_u64(j, "bytes", f->bytes[0] + f->bytes[1]);
	sl_json_close(j, '}');
}

static void write_mac(struct sl_json *j, const char *key, const uint8_t mac[6])
{
	char text[18];
	snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	sl_json_text(j, key, text);
}

static void write_link(struct sl_json *j, const struct sl_match *m)
{
	if (!m->interface && !m->has_mac)
		return;
	sl_json_open(j, "link", '{');
	text_if(j, "interface", m->interface);
	if (m->has_mac) {
		write_mac(j, "src_mac", m->src_mac);
		write_mac(j, "dst_mac", m->dst_mac);
	}
	sl_json_close(j, '}');
}

/* --- the transaction's fields --- */

struct values { /* of one field: how many, and where the first is */
	uint32_t n, first;
};

/* Steps over one (u8 field, u16 length, bytes); false at the end or where the bytes end too early.
 */
static bool field_next(struct sl_span fields, size_t *at, uint8_t *field, struct sl_span *value)
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
	while (field_next(fields, &at, &field, &value))
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

	while (field_next(fields, &at, &field, &value)) {
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

static void write_ruleset(struct sl_json *j, const struct sl_ruleset *rs)
{
	char text[7 + 2 * SL_SHA256_SIZE + 1] = "sha256:";
	sl_hex(text + 7, sl_span_of(rs->header->identity, SL_SHA256_SIZE));
	sl_json_text(j, "ruleset", text);
}

void sl_alert_write(struct sl_json *j, const struct sl_alert *a)
{
	const struct sl_match *m = a->match;
	const struct sl_ruleset_indicator *ind = sl_alert_indicator(m);
	char id[SL_ALERT_ID_TEXT];

	sl_json_open(j, NULL, '{');
	sl_json_u64(j, "selat", 1);
	sl_json_text(j, "id", sl_alert_id(id, a->sensor_id, a->epoch, a->seq));
	sl_json_time(j, "time", m->time);
	sl_json_time(j, "observed", m->observed);
	sl_json_open(j, "sensor", '{');
	sl_json_text(j, "id", a->sensor_id);
	text_if(j, "country", a->country);
	sl_json_text(j, "epoch", a->epoch);
	sl_json_u64(j, "seq", a->seq);
	sl_json_close(j, '}');
	write_labels(j, m->ruleset, sl_alert_meta(m));
	write_indicator(j, m->ruleset, ind);
	write_match(j, m, a->tail);
	write_flow(j, m, a->community_seed);
	write_link(j, m);
	write_transaction(j, sl_span_of(a->tail + m->value_len + m->around_len, m->fields_len));
	sl_json_u64(j, "count", 1);
	sl_json_time(j, "first", m->time);
	sl_json_time(j, "last", m->time);
	write_ruleset(j, m->ruleset);
	text_if(j, "drill", sl_ruleset_string(m->ruleset, sl_alert_meta(m)->drill));
	if (a->retro)
		sl_json_bool(j, "retro", true);
	sl_json_close(j, '}');
}
