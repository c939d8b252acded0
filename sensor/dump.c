/* Lines for --dump, as docs/dump.md lays them out. A key with nothing to say is absent. */
#include <netinet/in.h>
#include <selat/digest.h>
#include <selat/json.h>
#include <sensor/decode/decode.h>
#include <sensor/dump.h>
#include <sensor/publish/publish.h>
#include <stdlib.h>

enum what { PACKETS, FLOWS, FIELDS };

struct sl_dump {
	enum what what;
	const struct sl_flow_table *flows;
	struct sl_outbox *outbox;
	struct sl_counters *counters;
	uint16_t community_seed;
	struct sl_json json;
};

struct slot {
	struct sl_sha256 *digest[2];
};

int sl_dump_new(struct sl_dump **out, const struct sl_dump_config *c, struct sl_err *err)
{
	struct sl_dump *d = calloc(1, sizeof *d);
	if (!d)
		return sl_fail(err, SL_ENOMEM, "dump: out of memory");
	d->what = strcmp(c->what, "packets") == 0 ? PACKETS
		  : strcmp(c->what, "flows") == 0 ? FLOWS
						  : FIELDS;
	d->flows = c->flows;
	d->outbox = c->outbox;
	d->counters = c->counters;
	d->community_seed = c->community_seed;
	sl_json_init(&d->json);
	*out = d;
	return SL_OK;
}

void sl_dump_free(struct sl_dump *d)
{
	if (!d)
		return;
	sl_json_fini(&d->json);
	free(d);
}

size_t sl_dump_slot_bytes(void)
{
	return sizeof(struct slot);
}

/* --- pieces --- */

static void begin(struct sl_dump *d)
{
	sl_json_reset(&d->json);
	sl_json_open(&d->json, NULL, '{');
}

static void end(struct sl_dump *d, uint64_t packet)
{
	sl_json_close(&d->json, '}');
	if (d->json.failed || !sl_outbox_line(d->outbox, packet, d->json.text, d->json.len))
		sl_count(d->counters, SL_COUNT_DUMP_LOST);
}

static void address(struct sl_json *j, const char *key, const struct sl_address *a)
{
	char text[SL_ADDRESS_TEXT];
	if (a->family)
		sl_json_text(j, key, sl_address_format(text, a));
}

static void proto(struct sl_json *j, uint8_t number)
{
	const char *name = sl_proto_text(number);
	if (name)
		sl_json_text(j, "proto", name);
	else
		sl_json_u64(j, "proto", number);
}

static void vlans(struct sl_json *j, const uint16_t *vlan, unsigned n)
{
	if (!n)
		return;
	sl_json_open(j, "vlan", '[');
	for (unsigned i = 0; i < n; i++)
		sl_json_u64(j, NULL, vlan[i]);
	sl_json_close(j, ']');
}

static void community(struct sl_dump *d, const struct sl_flow_view *v)
{
	char text[SL_COMMUNITY_ID_TEXT];
	sl_json_text(&d->json, "community_id", sl_community_id(text, v, d->community_seed));
}

/* --- packets --- */

static void packet_addresses(struct sl_dump *d, const struct sl_packet *p)
{
	struct sl_json *j = &d->json;
	address(j, "src", &p->src);
	address(j, "dst", &p->dst);
	if (p->src.family)
		proto(j, p->proto);
	if (p->has_ports) {
		sl_json_u64(j, "sport", p->sport);
		sl_json_u64(j, "dport", p->dport);
	}
	if (p->verdict != SL_VERDICT_FRAGMENT && p->src.family) {
		struct sl_flow_view v = { .src = p->src, .dst = p->dst, .sport = p->sport,
					  .dport = p->dport, .proto = p->proto };
		sl_json_u64(j, "payload", p->payload.len);
		community(d, &v);
	}
}

void sl_dump_packet(struct sl_dump *d, const struct sl_packet *p)
{
	struct sl_json *j = &d->json;
	if (d->what != PACKETS)
		return;
	begin(d);
	sl_json_u64(j, "n", p->number);
	sl_json_time(j, "time", p->time);
	sl_json_u64(j, "len", p->len);
	sl_json_u64(j, "caplen", p->caplen);
	sl_json_open(j, "layers", '[');
	for (unsigned i = 0; i < p->layers; i++)
		sl_json_text(j, NULL, sl_layer_text((enum sl_layer)p->layer[i]));
	sl_json_close(j, ']');
	vlans(j, p->vlan, p->vlans);
	if (p->labels) {
		sl_json_open(j, "mpls", '[');
		for (unsigned i = 0; i < p->labels; i++)
			sl_json_u64(j, NULL, p->mpls[i]);
		sl_json_close(j, ']');
	}
	if (p->has_vni)
		sl_json_u64(j, "vni", p->vni);
	if (p->has_teid)
		sl_json_u64(j, "teid", p->teid);
	packet_addresses(d, p);
	sl_json_text(j, "verdict", sl_verdict_text((enum sl_verdict)p->verdict));
	if (p->reason)
		sl_json_text(j, "reason", p->reason);
	end(d, p->number);
}

/* --- fields --- */

void sl_dump_transaction(struct sl_dump *d, const struct sl_sighting *at, struct sl_flow *flow,
			 unsigned side, uint32_t tx, const struct sl_value *values, size_t n)
{
	struct sl_json *j = &d->json;
	struct sl_flow_view view;
	if (d->what != FIELDS)
		return;
	sl_flow_view(flow, &view);
	for (size_t i = 0; i < n; i++) {
		begin(d);
		sl_json_u64(j, "n", at->packet);
		sl_json_time(j, "time", at->time);
		community(d, &view);
		if (tx)
			sl_json_u64(j, "transaction", tx);
		sl_json_text(j, "field", sl_field_info(values[i].field)->name);
		sl_json_bytes(j, "value", values[i].bytes);
		sl_json_text(j, "direction", sl_flow_to_client(flow, side) ? "to_client" : "to_server");
		end(d, at->packet);
	}
}

/* --- flows --- */

void sl_dump_stream(struct sl_dump *d, struct sl_flow *flow, unsigned side, struct sl_span bytes)
{
	struct slot *slot = sl_flow_slot(d->flows, flow, SL_SLOT_DUMP);
	if (d->what != FLOWS)
		return;
	if (!slot->digest[side])
		slot->digest[side] = sl_sha256_new();
	if (slot->digest[side])
		sl_sha256_add(slot->digest[side], bytes);
}

static void direction(struct sl_json *j, const char *key, const struct sl_flow *flow, unsigned side)
{
	sl_json_open(j, key, '{');
	sl_json_u64(j, "packets", flow->packets[side]);
	sl_json_u64(j, "bytes", flow->bytes[side]);
	if (flow->key.proto == IPPROTO_TCP) {
		sl_json_u64(j, "gap_bytes", flow->side[side].gap_bytes);
		sl_json_u64(j, "stream_bytes", flow->side[side].delivered);
	}
	sl_json_close(j, '}');
}

static void stream_digest(struct sl_json *j, const char *key, struct sl_sha256 *digest)
{
	uint8_t bytes[SL_SHA256_SIZE];
	char hex[2 * SL_SHA256_SIZE + 1];
	if (!digest)
		return;
	sl_sha256_end(digest, bytes);
	sl_hex(hex, sl_span_of(bytes, sizeof bytes));
	sl_json_text(j, key, hex);
}

void sl_dump_flow(struct sl_dump *d, const struct sl_sighting *at, struct sl_flow *flow)
{
	struct slot *slot = sl_flow_slot(d->flows, flow, SL_SLOT_DUMP);
	struct sl_json *j = &d->json;
	struct sl_flow_view v;
	if (d->what != FLOWS)
		return;
	sl_flow_view(flow, &v);
	begin(d);
	community(d, &v);
	proto(j, v.proto);
	address(j, "src", &v.src);
	address(j, "dst", &v.dst);
	if (v.proto == IPPROTO_TCP || v.proto == IPPROTO_UDP) {
		sl_json_u64(j, "sport", v.sport);
		sl_json_u64(j, "dport", v.dport);
	}
	vlans(j, v.vlan, v.vlans);
	if (v.app)
		sl_json_text(j, "app", v.app);
	sl_json_time(j, "start", v.start);
	sl_json_time(j, "end", v.last);
	sl_json_text(j, "state", sl_flow_state_text(flow));
	if (flow->icmp_errors)
		sl_json_u64(j, "icmp_errors", flow->icmp_errors);
	direction(j, "to_server", flow, flow->client);
	direction(j, "to_client", flow, !flow->client);
	stream_digest(j, "to_server_sha256", slot->digest[flow->client]);
	stream_digest(j, "to_client_sha256", slot->digest[!flow->client]);
	end(d, at->packet);
}
